"""Numbers and structures of ISA-95 Job Control, OPC 10031-4 version 2.0.0: what both sides of a job hand-over share.

Node numbers, fields and transitions are those of the companion specification's nodeset
(``http://opcfoundation.org/UA/ISA95-JOBCONTROL_V2/``), so that any client that knows it finds its way. The numbers need
no OPC UA library; only :func:`structures` loads asyncua.
"""

from enum import IntEnum, IntFlag, StrEnum
from functools import cache
from typing import Any

__all__ = [
    "NAMESPACE",
    "STRUCTURES",
    "TRANSITIONS",
    "EndedSub",
    "InterruptedSub",
    "JobState",
    "JobVerb",
    "PrepareSub",
    "ReturnStatus",
    "definition",
    "structures",
]

NAMESPACE = "http://opcfoundation.org/UA/ISA95-JOBCONTROL_V2/"


class JobState(IntEnum):
    """State of a job order (``StateNumber`` of the receiver's states)."""

    NOT_ALLOWED_TO_START = 1
    ALLOWED_TO_START = 2
    RUNNING = 3
    INTERRUPTED = 4
    ENDED = 5
    ABORTED = 6


class PrepareSub(IntEnum):
    """Sub-state of both states before the start."""

    WAITING = 1
    READY = 2
    LOADED = 3


class InterruptedSub(IntEnum):
    """Sub-state of an interrupted job order."""

    HELD = 1
    SUSPENDED = 2


class EndedSub(IntEnum):
    """Sub-state of an ended job order."""

    COMPLETED = 1
    CLOSED = 2


class JobVerb(StrEnum):
    """Methods of the receiver, by their browse names."""

    STORE = "Store"
    STORE_AND_START = "StoreAndStart"
    START = "Start"
    REVOKE_START = "RevokeStart"
    UPDATE = "Update"
    PAUSE = "Pause"
    RESUME = "Resume"
    STOP = "Stop"
    CANCEL = "Cancel"
    ABORT = "Abort"
    CLEAR = "Clear"


class ReturnStatus(IntFlag):
    """Bits of a method's ReturnStatus (OPC 10031-4, B.2)."""

    NO_ERROR = 1 << 0
    UNKNOWN_JOB_ORDER_ID = 1 << 1
    INVALID_JOB_ORDER_STATUS = 1 << 3
    UNABLE_TO_ACCEPT_JOB_ORDER = 1 << 4
    INVALID_REQUEST = 1 << 32


_NOT_ALLOWED, _ALLOWED, _RUNNING, _INTERRUPTED, _ENDED, _ABORTED = JobState

TRANSITIONS: dict[tuple[JobState, JobState], int] = {
    (_NOT_ALLOWED, _NOT_ALLOWED): 1,
    (_NOT_ALLOWED, _ALLOWED): 2,
    (_ALLOWED, _NOT_ALLOWED): 3,
    (_ALLOWED, _ALLOWED): 4,
    (_ALLOWED, _RUNNING): 5,
    (_RUNNING, _INTERRUPTED): 6,
    (_RUNNING, _ENDED): 7,
    (_RUNNING, _ABORTED): 8,
    (_INTERRUPTED, _ABORTED): 9,
    (_INTERRUPTED, _RUNNING): 10,
    (_INTERRUPTED, _ENDED): 11,
    (_NOT_ALLOWED, _ABORTED): 12,
    (_ALLOWED, _ABORTED): 13,
}
"""Every transition of the standard's diagram with its TransitionNumber."""

_RESOURCE = "Quantity:DecimalString? EngineeringUnits:EUInformation? Properties:ISA95PropertyDataType[]?"
_DESCRIBED = "Description:LocalizedText[]?"
_NOTED = f"{_DESCRIBED} EngineeringUnits:EUInformation?"
_MATERIAL = "MaterialClassID:String? MaterialDefinitionID:String? MaterialLotID:String? MaterialSublotID:String?"
_ORDER = f"""
    JobOrderID:String {_DESCRIBED} WorkMasterID:ISA95WorkMasterDataType[]? StartTime:DateTime? EndTime:DateTime?
    Priority:Int16? JobOrderParameters:ISA95ParameterDataType[]? PersonnelRequirements:ISA95PersonnelDataType[]?
    EquipmentRequirements:ISA95EquipmentDataType[]? PhysicalAssetRequirements:ISA95PhysicalAssetDataType[]?
    MaterialRequirements:ISA95MaterialDataType[]?
"""
_RESPONSE = """
    JobResponseID:String Description:LocalizedText? JobOrderID:String StartTime:DateTime? EndTime:DateTime?
    JobState:ISA95StateDataType[] JobResponseData:ISA95ParameterDataType[]? PersonnelActuals:ISA95PersonnelDataType[]?
    EquipmentActuals:ISA95EquipmentDataType[]? PhysicalAssetActuals:ISA95PhysicalAssetDataType[]?
    MaterialActuals:ISA95MaterialDataType[]?
"""

# name → (number of the data type, number of its binary encoding, its fields); [] is an array, ? is optional
STRUCTURES: dict[str, tuple[int, int, str]] = {
    "ISA95PropertyDataType": (
        3002,
        5002,
        f"ID:String Value:BaseDataType {_NOTED} Subproperties:ISA95PropertyDataType[]?",
    ),
    "ISA95ParameterDataType": (
        3003,
        5005,
        f"ID:String Value:BaseDataType {_NOTED} Subparameters:ISA95ParameterDataType[]?",
    ),
    "ISA95EquipmentDataType": (3005, 5008, f"ID:String {_DESCRIBED} EquipmentUse:String? {_RESOURCE}"),
    "ISA95PersonnelDataType": (3011, 5020, f"ID:String {_DESCRIBED} PersonnelUse:String? {_RESOURCE}"),
    "ISA95PhysicalAssetDataType": (3012, 5023, f"ID:String {_DESCRIBED} PhysicalAssetUse:String? {_RESOURCE}"),
    "ISA95MaterialDataType": (3010, 5017, f"{_MATERIAL} {_DESCRIBED} MaterialUse:String? {_RESOURCE}"),
    "ISA95WorkMasterDataType": (
        3007,
        5011,
        "ID:String Description:LocalizedText? Parameters:ISA95ParameterDataType[]?",
    ),
    "ISA95StateDataType": (3006, 5029, "BrowsePath:RelativePath StateText:LocalizedText StateNumber:UInt32"),
    "ISA95JobOrderDataType": (3008, 5014, _ORDER),
    "ISA95JobOrderAndStateDataType": (3015, 5032, "JobOrder:ISA95JobOrderDataType State:ISA95StateDataType[]"),
    "ISA95JobResponseDataType": (3013, 5026, _RESPONSE),
}


def definition(name: str, index: int) -> Any:
    """Give the ``ua.StructureDefinition`` of a structure, for a server on which the namespace has this index."""
    from asyncua import ua

    def of(kind: str) -> Any:
        if kind in STRUCTURES:
            return ua.NodeId(ua.Int32(STRUCTURES[kind][0]), ua.Int16(index))
        return ua.NodeId(ua.Int32(getattr(ua.ObjectIds, kind)))

    _, encoding, declared = STRUCTURES[name]
    fields = []
    for part in declared.split():
        field_name, _, kind = part.partition(":")
        array, optional = "[]" in kind, kind.endswith("?")
        fields.append(
            ua.StructureField(
                Name=field_name,
                DataType=of(kind.rstrip("?").removesuffix("[]")),
                ValueRank=ua.Int32(ua.ValueRank.OneDimension if array else ua.ValueRank.Scalar),
                ArrayDimensions=[ua.UInt32(0)] if array else [],
                IsOptional=optional,
            )
        )
    some_optional = any(field.IsOptional for field in fields)
    return ua.StructureDefinition(
        DefaultEncodingId=ua.NodeId(ua.Int32(encoding), ua.Int16(index)),
        BaseDataType=ua.NodeId(ua.Int32(ua.ObjectIds.Structure)),
        StructureType=(ua.StructureType.StructureWithOptionalFields if some_optional else ua.StructureType.Structure),
        Fields=fields,
    )


@cache
def structures(index: int) -> dict[str, Any]:
    """Give the classes of all structures by name, known to asyncua's codec under this namespace index."""
    from asyncua import ua
    from asyncua.common.structures104 import make_structure

    classes: dict[str, Any] = {}
    for name, (number, encoding, _) in STRUCTURES.items():
        data_type, alone = ua.NodeId(ua.Int32(number), ua.Int16(index)), f"{name}_{index}"
        classes[name] = make_structure(data_type, alone, definition(name, index))[alone]
        ua.register_extension_object(alone, ua.NodeId(ua.Int32(encoding), ua.Int16(index)), classes[name], data_type)
    return classes
