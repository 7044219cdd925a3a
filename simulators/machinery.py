"""A machine as OPC UA for Machinery (OPC 40001-1) shows it: identification, item state, operation mode, counters.

Numbers of types and states are those of the companion specifications. The counters are retentive.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from asyncua import Node, Server, ua

from drivers.machinery import DI, MACHINERY, ItemState, OperationMode, of_packml
from drivers.packml import State
from drivers.profile import Profile
from simulators.nodes import camel, number, numeric, state_machine_type, typed, under
from simulators.retained import Memory

__all__ = ["Counters", "Machinery", "count"]

SOFTWARE = "1.0"
STORE_S = 5.0  # plant seconds between two storings of the counters

_ITEM_STATES: dict[IntEnum, tuple[int, int]] = {
    ItemState.NOT_AVAILABLE: (5005, 6039),
    ItemState.OUT_OF_SERVICE: (5004, 6038),
    ItemState.NOT_EXECUTING: (5007, 6041),
    ItemState.EXECUTING: (5006, 6040),
}
_MODES: dict[IntEnum, tuple[int, int]] = {
    OperationMode.NONE: (5024, 6059),
    OperationMode.MAINTENANCE: (5025, 6060),
    OperationMode.SETUP: (5027, 6062),
    OperationMode.PROCESSING: (5026, 6061),
}


@dataclass(frozen=True, slots=True)
class Counters:
    """What a machine did in its life: seconds of the plant, jobs brought to their end, and what was seen last."""

    power_on_s: float = 0.0
    operation_s: float = 0.0
    cycles: int = 0
    plant_s: float = 0.0
    state: int = State.STOPPED


def count(before: Counters, state: State, plant_s: float) -> Counters:
    """Counters after the machine was seen in a state at a time of the plant's clock."""
    passed_s = max(plant_s - before.plant_s, 0.0)
    executing = of_packml(State(before.state))[0] is ItemState.EXECUTING
    return Counters(
        power_on_s=before.power_on_s + passed_s,
        operation_s=before.operation_s + (passed_s if executing else 0.0),
        cycles=before.cycles + (state is State.COMPLETE and before.state != State.COMPLETE),
        plant_s=plant_s,
        state=int(state),
    )


class Machinery:
    """The nodes of one machine below ``Objects/Machines``."""

    def __init__(self, profile: Profile, memory: Memory) -> None:
        self._profile, self._memory = profile, memory
        self._counters = Counters(**(memory.load() or {}))
        self._stored = self._counters
        self._nodes: dict[str, ua.NodeId] = {}
        self._shown: dict[str, Any] = {}

    async def build(self, server: Server, root: Node) -> None:
        """Build types and nodes for a machine's object."""
        self._server = server
        self._di = await server.register_namespace(DI)
        self._index = await server.register_namespace(MACHINERY)
        base, machines = server.nodes.base_object_type, ua.QualifiedName("Machines", self._index)
        folder = await typed(
            server.nodes.objects,
            numeric(1001, self._index),
            machines,
            numeric(ua.ObjectIds.FolderType),
            ua.ObjectIds.Organizes,
        )
        await folder.add_reference(root, ua.ObjectIds.Organizes)
        identification = await base.add_object_type(
            numeric(1012, self._index), ua.QualifiedName("MachineIdentificationType", self._index)
        )
        counters = await base.add_object_type(
            numeric(1009, self._index), ua.QualifiedName("MachineryOperationCounterType", self._index)
        )
        finite = server.get_node(ua.ObjectIds.FiniteStateMachineType)
        item = await state_machine_type(
            finite, numeric(1002, self._index), "MachineryItemState_StateMachineType", _ITEM_STATES
        )
        mode = await state_machine_type(
            finite, numeric(1008, self._index), "MachineryOperationModeStateMachineType", _MODES
        )
        await self._identification(await self._add_in(root, "Identification", self._di, identification))
        blocks = await typed(
            root,
            under(root, "MachineryBuildingBlocks"),
            ua.QualifiedName("MachineryBuildingBlocks", self._index),
            numeric(ua.ObjectIds.FolderType),
        )
        await self._state(await self._add_in(blocks, "MachineryItemState", self._index, item))
        await self._state(await self._add_in(blocks, "MachineryOperationMode", self._index, mode))
        operation = await self._add_in(blocks, "OperationCounters", self._di, counters)
        for name, kind in (
            ("PowerOnDuration", ua.ObjectIds.Duration),
            ("OperationDuration", ua.ObjectIds.Duration),
            ("OperationCycleCounter", ua.ObjectIds.UInt32),
        ):
            value = ua.Variant(0, ua.VariantType.UInt32) if kind == ua.ObjectIds.UInt32 else ua.Variant(0.0)
            node = await operation.add_property(
                under(operation, name), ua.QualifiedName(name, self._di), value, datatype=numeric(kind)
            )
            self._nodes[name] = node.nodeid

    async def publish(self, values: Mapping[str, Any]) -> None:
        """Follow the machine, whose values are these."""
        state, before = State(values["state"]), self._counters
        self._counters = count(before, state, values["plant_s"])
        if self._counters.cycles != before.cycles or self._counters.plant_s - self._stored.plant_s > STORE_S:
            self._store()
        item, mode = of_packml(state)
        await self._show_state("MachineryItemState", item, _ITEM_STATES)
        await self._show_state("MachineryOperationMode", mode, _MODES)
        for name, value in (
            ("PowerOnDuration", ua.Variant(self._counters.power_on_s * 1000, ua.VariantType.Double)),
            ("OperationDuration", ua.Variant(self._counters.operation_s * 1000, ua.VariantType.Double)),
            ("OperationCycleCounter", ua.Variant(self._counters.cycles, ua.VariantType.UInt32)),
        ):
            await self._show(name, value)

    def _store(self) -> None:
        self._stored = replace(self._counters)
        self._memory.store({name: getattr(self._counters, name) for name in Counters.__slots__})

    async def _add_in(self, parent: Node, name: str, index: int, kind: Node) -> Node:
        return await typed(
            parent, under(parent, name), ua.QualifiedName(name, index), kind.nodeid, ua.ObjectIds.HasAddIn
        )

    async def _identification(self, parent: Node) -> None:
        profile = self._profile
        serial = f"SIM-{profile.profile}"
        for name, value in (
            ("Manufacturer", ua.LocalizedText(profile.manufacturer)),
            ("Model", ua.LocalizedText(profile.title)),
            ("SerialNumber", serial),
            ("ProductInstanceUri", f"urn:foulard:plant:{serial}"),
            ("SoftwareRevision", SOFTWARE),
            ("DeviceClass", profile.stage),
        ):
            await parent.add_property(under(parent, name), ua.QualifiedName(name, self._di), value)

    async def _state(self, parent: Node) -> None:
        name = str(parent.nodeid.Identifier).rpartition(".")[2]
        current = await parent.add_variable(
            under(parent, "CurrentState"),
            ua.QualifiedName("CurrentState", 0),
            ua.Variant(ua.LocalizedText("")),
            datatype=numeric(ua.ObjectIds.LocalizedText),
        )
        identifier = await current.add_property(
            under(current, "Id"), ua.QualifiedName("Id", 0), ua.Variant(ua.NodeId(), ua.VariantType.NodeId)
        )
        count_of = await number(current, under(current, "Number"), "Number", 0)
        self._nodes |= {name: current.nodeid, f"{name}.Id": identifier.nodeid, f"{name}.Number": count_of.nodeid}

    async def _show_state(self, name: str, state: IntEnum, known: Mapping[IntEnum, tuple[int, int]]) -> None:
        await self._show(f"{name}.Id", ua.Variant(numeric(known[state][0], self._index), ua.VariantType.NodeId))
        await self._show(f"{name}.Number", ua.Variant(int(state), ua.VariantType.UInt32))
        await self._show(name, ua.Variant(ua.LocalizedText(camel(state.name))))

    async def _show(self, name: str, value: ua.Variant) -> None:
        if self._shown.get(name) != value.Value:
            self._shown[name] = value.Value
            await self._server.write_attribute_value(self._nodes[name], ua.DataValue(value))
