"""The line's nodes: built once from the profiles, written from frozen states."""

from collections.abc import Mapping
from typing import Any

from asyncua import Node, Server, ua

from controller.alarms.own import kinds_of
from drivers import Profile, TagSpec, of_packml
from hmi.northbound.state import CurrentJob, Figures, LineState, MachineState
from hmi.northbound.values import data_value, plain, variant_type

__all__ = ["NAMESPACE", "LineNodes"]

NAMESPACE = "urn:foulard:line"

_INT, _DOUBLE = ua.VariantType.UInt32, ua.VariantType.Double
_BOOL, _STRING = ua.VariantType.Boolean, ua.VariantType.String

FIGURES = {
    "JobsComplete": ("jobs_complete", _INT),
    "JobsFailed": ("jobs_failed", _INT),
    "JobsWaiting": ("jobs_waiting", _INT),
    "MetresPrinted": ("metres_printed", _DOUBLE),
    "Findings": ("findings", _INT),
    "LastGrade": ("last_grade", _STRING),
    "LastPointsPer100m2": ("last_points_per_100m2", _DOUBLE),
}
JOB = {
    "Id": ("id", _INT),
    "Title": ("title", _STRING),
    "Status": ("status", _STRING),
    "Stage": ("stage", _STRING),
    "Want": ("want", _STRING),
    "LengthM": ("length_m", _DOUBLE),
    "Done": ("done", _DOUBLE),
}
IDENTIFICATION = {
    "Manufacturer": "manufacturer",
    "Model": "model",
    "SerialNumber": "serial_number",
    "ProductInstanceUri": "product_instance_uri",
}
HANDSHAKE = frozenset({"link", "job"})
"""Groups of tags between controller and machine; nobody else needs them."""


class LineNodes:
    """The address space of the line; identifiers are paths, such as ``Line.Machines.press.Values.row``.

    Parameters
    ----------
    server : Server
        It does not listen yet.
    title : str
        What people call the line.
    profiles : mapping
        Machine name → its profile.
    writable : bool
        Whether ``CurrentJob.Want`` may be written.
    """

    def __init__(self, server: Server, title: str, profiles: Mapping[str, Profile], *, writable: bool) -> None:
        self._server, self._title, self._profiles, self._writable = server, title, profiles, writable
        self._shown: dict[str, ua.DataValue] = {}
        self._index = 0
        self.wants: dict[ua.NodeId, str] = {}  # node of CurrentJob.Want → machine

    async def build(self) -> None:
        """Build all nodes; until the first state is shown they have no values."""
        self._index = await self._server.register_namespace(NAMESPACE)
        line = await self._object(self._server.nodes.objects, "Line")
        await self._variable(line, "Title", _STRING)
        figures = await self._object(line, "Figures")
        for name, (_, kind) in FIGURES.items():
            await self._variable(figures, name, kind)
        await self._variable(line, "ActiveAlarms", _STRING, rank=ua.ValueRank.OneDimension)
        await self._variable(line, "UnacknowledgedAlarms", _INT)
        machines = await self._object(line, "Machines")
        for name, profile in self._profiles.items():
            await self._machine(machines, name, profile)

    async def show(self, state: LineState) -> None:
        """Write what differs from what is shown."""
        values = {"Line.Title": plain(self._title, _STRING)}
        values |= _fields("Line.Figures", state.figures, FIGURES)
        alarms: list[str] = []
        for name, machine in state.machines.items():
            profile = self._profiles[name]
            values |= _machine(f"Line.Machines.{name}", profile, machine)
            alarms += [
                f"{name}: {alarm.text}" for alarm in profile.alarms if alarm.name in machine.snapshot.active_alarms
            ]
        values["Line.ActiveAlarms"] = plain(alarms, _STRING)
        values["Line.UnacknowledgedAlarms"] = plain(state.unacknowledged, _INT)
        for identifier, value in values.items():
            before = self._shown.get(identifier)
            if before is None or _content(before) != _content(value):
                self._shown[identifier] = value
                await self._server.write_attribute_value(self._node(identifier), value)

    def _node(self, identifier: str) -> ua.NodeId:
        return ua.NodeId(ua.String(identifier), ua.Int16(self._index))

    async def _machine(self, machines: Node, name: str, profile: Profile) -> None:
        machine = await self._object(machines, name)
        for label, kind in _MACHINE.items():
            await self._variable(machine, label, kind)
        identification = await self._object(machine, "Identification")
        for label in IDENTIFICATION:
            await self._variable(identification, label, _STRING)
        values = await self._object(machine, "Values")
        for spec in _shown_tags(profile):
            node = await self._variable(values, spec.name, variant_type(spec), title=spec.title)
            if spec.unit:
                unit = ua.EUInformation(DisplayName=ua.LocalizedText(spec.unit), UnitId=-1)
                await node.add_property(
                    self._node(f"{node.nodeid.Identifier}.EngineeringUnits"),
                    ua.QualifiedName("EngineeringUnits", 0),
                    unit,
                )
        alarms = await self._object(machine, "Alarms")
        for alarm in profile.alarms:
            await self._variable(alarms, alarm.name, _BOOL, title=alarm.text)
        states = await self._object(machine, "AlarmStates")
        for kind in kinds_of(name, profile):
            await self._variable(states, kind.name, _STRING, title=kind.text)
        job = await self._object(machine, "CurrentJob")
        for label, (_, kind) in JOB.items():
            node = await self._variable(job, label, kind)
            if label == "Want":
                self.wants[node.nodeid] = name
                if self._writable:
                    await node.set_writable()

    async def _object(self, parent: Node, name: str) -> Node:
        return await parent.add_object(self._node(_below(parent, name)), ua.QualifiedName(name, self._index))

    async def _variable(
        self, parent: Node, name: str, kind: ua.VariantType, *, title: str = "", rank: int = ua.ValueRank.Scalar
    ) -> Node:
        identifier = self._node(_below(parent, name))
        empty = [] if rank == ua.ValueRank.OneDimension else _EMPTY[kind]
        node = await parent.add_variable(
            identifier,
            ua.QualifiedName(name, self._index),
            ua.Variant(empty, kind, is_array=rank == ua.ValueRank.OneDimension),
            datatype=ua.NodeId(ua.Int32(kind.value)),
        )
        if title:
            text = ua.DataValue(ua.Variant(ua.LocalizedText(title)))
            await node.write_attribute(ua.AttributeIds.DisplayName, text)
        waiting = ua.DataValue(ua.Variant(), ua.StatusCode(ua.UInt32(ua.StatusCodes.BadWaitingForInitialData)))
        await self._server.write_attribute_value(identifier, waiting)
        return node


_MACHINE = {
    "Title": _STRING,
    "StageOfWork": _STRING,
    "Connected": _BOOL,
    "State": ua.VariantType.UInt16,
    "StateName": _STRING,
    "ItemState": _STRING,
    "OperationMode": _STRING,
    "WaitingFor": _STRING,
}
_EMPTY: dict[ua.VariantType, Any] = {_STRING: "", _BOOL: False, _DOUBLE: 0.0}
_EMPTY |= dict.fromkeys((ua.VariantType.UInt16, ua.VariantType.Int16, _INT, ua.VariantType.Int32), 0)


def _machine(path: str, profile: Profile, machine: MachineState) -> dict[str, ua.DataValue]:
    snapshot = machine.snapshot
    state = snapshot.tags.get("state")
    number = data_value(profile.tags["state"], state, snapshot.link)
    names = {"StateName": snapshot.state.name} if snapshot.state else {}
    if snapshot.state:
        item, mode = of_packml(snapshot.state)
        names |= {"ItemState": item.name, "OperationMode": mode.name}
    values = {
        f"{path}.Title": plain(profile.title, _STRING),
        f"{path}.StageOfWork": plain(profile.stage, _STRING),
        f"{path}.Connected": plain(snapshot.link.value == "connected", _BOOL),
        f"{path}.State": number,
        f"{path}.WaitingFor": plain(machine.waiting, _STRING),
    }
    for label in ("StateName", "ItemState", "OperationMode"):
        text = ua.Variant(_camel(names[label]), _STRING) if label in names else ua.Variant()
        values[f"{path}.{label}"] = ua.DataValue(text, number.StatusCode, SourceTimestamp=number.SourceTimestamp)
    for label, field in IDENTIFICATION.items():
        known = getattr(machine.identification, field) if machine.identification else None
        values[f"{path}.Identification.{label}"] = plain(known, _STRING)
    for spec in _shown_tags(profile):
        values[f"{path}.Values.{spec.name}"] = data_value(spec, snapshot.tags.get(spec.name), snapshot.link)
    for name, active in snapshot.alarms.items():
        values[f"{path}.Alarms.{name}"] = plain(active, _BOOL)
    for name, alarm_state in machine.alarms.items():
        values[f"{path}.AlarmStates.{name}"] = plain(alarm_state, _STRING)
    return values | _fields(f"{path}.CurrentJob", machine.job, JOB)


def _shown_tags(profile: Profile) -> list[TagSpec]:
    return [spec for spec in profile.tags.values() if (spec.access == "r" and spec.group not in HANDSHAKE) or spec.key]


def _fields(
    path: str, source: Figures | CurrentJob | None, table: Mapping[str, tuple[str, ua.VariantType]]
) -> dict[str, ua.DataValue]:
    return {
        f"{path}.{label}": plain(None if source is None else getattr(source, field), kind)
        for label, (field, kind) in table.items()
    }


def _content(value: ua.DataValue) -> tuple[Any, Any]:
    """What makes a value another one; a younger time alone does not."""
    return (value.Value.Value if value.Value is not None else None), value.StatusCode


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))


def _below(parent: Node, name: str) -> str:
    above = parent.nodeid.Identifier
    return f"{above}.{name}" if isinstance(above, str) else name
