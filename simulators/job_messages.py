"""Job orders as the structures of ISA-95 Job Control, both ways."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from asyncua import ua

from drivers.isa95_types import EndedSub, InterruptedSub, JobState, PrepareSub, structures
from drivers.profile import TagSpec
from simulators.job_orders import PREPARED, Entry, JobOrder
from simulators.limits import accept
from simulators.nodes import camel
from simulators.opcua_server import VARIANTS

__all__ = ["JobMessages"]

ID_LENGTH = 64  # default from practice

_SUBS = {JobState.INTERRUPTED: InterruptedSub, JobState.ENDED: EndedSub}
_SUB_MACHINE = {
    JobState.NOT_ALLOWED_TO_START: "NotAllowedToStartSubstates",
    JobState.ALLOWED_TO_START: "AllowedToStartSubstates",
    JobState.INTERRUPTED: "InterruptedSubstates",
    JobState.ENDED: "EndedSubstates",
}


class JobMessages:
    """Turns entries of the list into structures, and a client's order into ours.

    Parameters
    ----------
    index : int
        Index of the companion specification's namespace on this server.
    parameters, results : mapping
        Tags an order carries, and those that tell what was done for it, by their names in the structures.
    """

    def __init__(self, index: int, parameters: Mapping[str, TagSpec], results: Mapping[str, TagSpec]) -> None:
        self._types, self._index = structures(index), index
        self._parameters, self._results = parameters, results

    def understood(self, argument: Any) -> JobOrder | str:
        """Job order or its ID; TypeError for neither of both, ValueError with the reason for a bad one."""
        if isinstance(argument, str):
            return argument
        if not isinstance(argument, self._types["ISA95JobOrderDataType"]):
            raise TypeError
        order_id = argument.JobOrderID or ""
        if not 0 < len(order_id) <= ID_LENGTH:
            raise ValueError(f"JobOrderID has {len(order_id)} characters; 1 to {ID_LENGTH} are possible")
        parameters: dict[str, Any] = {}
        for parameter in argument.JobOrderParameters or []:
            tag = self._parameters.get(parameter.ID)
            if tag is None:
                raise ValueError(f"parameter {parameter.ID!r} is unknown; there are {', '.join(self._parameters)}")
            value = parameter.Value.Value if isinstance(parameter.Value, ua.Variant) else parameter.Value
            if not isinstance(value, (bool, int, float, str)):
                raise ValueError(f"parameter {parameter.ID} has no single value")
            raw = tag.to_raw(value)
            if accept(tag, raw) != raw:
                raise ValueError(
                    f"parameter {parameter.ID} = {raw} is outside {tag.low} to {tag.high} {tag.unit}".strip()
                )
            parameters[parameter.ID] = raw
        return JobOrder(order_id, parameters, argument.Priority or 0)

    def order(self, order: JobOrder) -> Any:
        """ISA95JobOrderDataType."""
        parameters = [self._parameter(self._parameters[name], name, value) for name, value in order.parameters.items()]
        make = self._types["ISA95JobOrderDataType"]
        return make(JobOrderID=order.id, Priority=order.priority, JobOrderParameters=parameters)

    def state(self, entry: Entry) -> list[Any]:
        """ISA95StateDataType for the state, and one for the sub-state where there is one."""
        make = self._types["ISA95StateDataType"]
        top = make(ua.RelativePath(), ua.LocalizedText(camel(entry.state.name)), int(entry.state))
        if entry.state not in _SUB_MACHINE:
            return [top]
        step = ua.RelativePathElement(TargetName=ua.QualifiedName(_SUB_MACHINE[entry.state], self._index))
        step.IsInverse = False  # pyright: ignore[reportAttributeAccessIssue] (asyncua has a Boolean that is no bool)
        sub = (PrepareSub if entry.state in PREPARED else _SUBS[entry.state])(entry.sub)
        return [top, make(ua.RelativePath([step]), ua.LocalizedText(camel(sub.name)), int(sub))]

    def order_and_state(self, entry: Entry) -> Any:
        """ISA95JobOrderAndStateDataType."""
        return self._types["ISA95JobOrderAndStateDataType"](self.order(entry.order), self.state(entry))

    def response(self, entry: Entry | None) -> Any:
        """ISA95JobResponseDataType; an empty one where there is no such order."""
        make = self._types["ISA95JobResponseDataType"]
        if entry is None:
            return make(JobResponseID="", JobOrderID="")
        return make(
            JobResponseID=entry.order.id,
            JobOrderID=entry.order.id,
            StartTime=datetime.fromisoformat(entry.started_at) if entry.started_at else None,
            EndTime=datetime.fromisoformat(entry.ended_at) if entry.ended_at else None,
            JobState=self.state(entry),
            JobResponseData=[self._parameter(self._results[name], name, value) for name, value in entry.results],
        )

    def _parameter(self, tag: TagSpec, name: str, value: Any) -> Any:
        return self._types["ISA95ParameterDataType"](ID=name, Value=ua.Variant(value, VARIANTS[tag.type]))
