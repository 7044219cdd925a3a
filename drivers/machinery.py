"""Numbers of OPC UA for Machinery (OPC 40001-1), what a PackML state is in them, and a machine's identification."""

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from drivers.packml import State

if TYPE_CHECKING:
    from asyncua import Client, ua

__all__ = ["DI", "IDENTIFICATION", "MACHINERY", "Identification", "ItemState", "OperationMode", "of_packml", "read"]

MACHINERY = "http://opcfoundation.org/UA/Machinery/"
DI = "http://opcfoundation.org/UA/DI/"

IDENTIFICATION = {
    "manufacturer": "Manufacturer",
    "model": "Model",
    "serial_number": "SerialNumber",
    "product_instance_uri": "ProductInstanceUri",
    "software_revision": "SoftwareRevision",
    "device_class": "DeviceClass",
}
"""What is read of a machine's identification, and its browse name in the namespace of OPC UA for Devices."""


class ItemState(IntEnum):
    """MachineryItemState (``StateNumber`` of its states)."""

    NOT_AVAILABLE = 0
    OUT_OF_SERVICE = 1
    NOT_EXECUTING = 2
    EXECUTING = 3


class OperationMode(IntEnum):
    """MachineryOperationMode (``StateNumber`` of its states)."""

    NONE = 0
    MAINTENANCE = 1
    SETUP = 2
    PROCESSING = 3


_SETUP = {State.RESETTING, State.STARTING, State.UNHOLDING, State.UNSUSPENDING}
_PROCESSING = {State.EXECUTE, State.COMPLETING}
_OUT = {State.ABORTING, State.ABORTED, State.CLEARING}


def of_packml(state: State) -> tuple[ItemState, OperationMode]:
    """Item state and operation mode for a PackML state.

    Executing with Setup is what ISO 22400 counts as set-up time, Executing with Processing as production time; an
    aborted machine is out of service until it is cleared. Default from practice.
    """
    if state in _OUT:
        return ItemState.OUT_OF_SERVICE, OperationMode.NONE
    if state in _SETUP:
        return ItemState.EXECUTING, OperationMode.SETUP
    return ItemState.EXECUTING if state in _PROCESSING else ItemState.NOT_EXECUTING, OperationMode.PROCESSING


@dataclass(frozen=True, slots=True)
class Identification:
    """Who a machine says it is; empty where it says nothing."""

    manufacturer: str = ""
    model: str = ""
    serial_number: str = ""
    product_instance_uri: str = ""
    software_revision: str = ""
    device_class: str = ""


async def read(client: "Client", machine: "ua.NodeId") -> Identification | None:
    """Read the identification below a machine's object; None if it has none."""
    from asyncua import ua

    namespaces = await client.get_namespace_array()
    if DI not in namespaces:
        return None
    index = namespaces.index(DI)
    try:
        node = await client.get_node(machine).get_child(f"{index}:Identification")
        described = await node.get_children_descriptions()
    except ua.UaStatusCodeError:
        return None
    found = {str(each.BrowseName.Name): each.NodeId for each in described}
    names = [name for name, browse_name in IDENTIFICATION.items() if browse_name in found]
    nodes = [found[IDENTIFICATION[name]] for name in names]
    values = await client.uaclient.read_attributes(
        [ua.NodeId(node.Identifier, node.NamespaceIndex) for node in nodes], ua.AttributeIds.Value
    )
    return Identification(**{name: _text(value) for name, value in zip(names, values, strict=True)})


def _text(value: "ua.DataValue") -> str:
    content = value.Value.Value if value.Value is not None else None
    return str(getattr(content, "Text", content) or "")
