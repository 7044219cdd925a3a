"""Small devices on real sockets: a Modbus server and an OPC UA server, each a machine of a dozen lines."""

import asyncio
import contextlib
import math
from typing import ClassVar

from asyncua import ua
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from drivers import load_profile

HEAD = """
profile: small
title: Test machine
protocol: {protocol}
stage: print
{section}
heartbeat: {{write: heartbeat, watch: machine_heartbeat, period_s: 0.2, timeout_s: 2.0}}
"""
DEFAULTS = {
    "identification": "{manufacturer: nobody, model: small}",
    "alarms": '[{bit: 0, name: power_lost, priority: high, text: "Power was lost", response: "Look"}]',
}
# name, type, access, place in its kind of registers, more keys
TAGS = [
    ("state", "uint16", "r", 0, "low: 0, high: 17"),
    ("machine_heartbeat", "uint16", "r", 1, ""),
    ("alarm_word", "uint16", "r", 2, ""),
    ("command_ack", "uint16", "r", 3, ""),
    ("command_result", "uint16", "r", 4, ""),
    ("remote", "bool", "r", 5, ""),
    ("speed_m_min", "float32", "r", 6, "unit: m/min, setpoint: speed_sp_m_min"),
    ("offset_mm", "int16", "r", 8, "unit: mm, scale: 0.1"),
    ("balance", "int32", "r", 9, ""),
    ("row", "uint32", "r", 300, ""),  # behind a gap
    ("heartbeat", "uint16", "rw", 0, "low: 0, high: 65535"),
    ("command", "uint16", "rw", 1, "low: 0, high: 10"),
    ("command_token", "uint16", "rw", 2, "low: 0, high: 65535"),
    ("ticket", "uint32", "rw", 3, "low: 0, high: 4294967295"),
    ("speed_sp_m_min", "float32", "rw", 5, "unit: m/min, low: 1, high: 40"),
    ("lamp", "bool", "rw", 7, ""),
    ("stubborn_c", "float32", "rw", 8, "unit: °C, low: 0, high: 100"),
    ("bias_mm", "int16", "rw", 10, "unit: mm, low: -100, high: 100, scale: 0.1"),
]
STRINGS = [("message", "string", "r", 0, ""), ("raster_path", "string", "rw", 0, "")]
# What the small device answers to a command; no entry: nothing at all.
RESULTS = {1: 4, 2: 1, 3: 1, 4: 2, 8: 3}


def small_profile(folder, protocol, keys="", tags=()):
    """Write and load a profile of every type and access, with further keys (YAML lines) and tags (as in TAGS)."""
    modbus = protocol == "modbus-tcp"
    # All tests share one OPC UA server: each has nodes of its own there.
    opcua = f"opcua: {{namespace: 'urn:test:small', root: {folder.name}}}"
    section = "modbus: {unit_id: 7}" if modbus else opcua
    lines = [keys, HEAD.format(protocol=protocol, section=section)]
    lines += [f"{key}: {value}\n" for key, value in DEFAULTS.items() if f"{key}:" not in keys]
    lines.append("tags:\n")
    replaced = {tag[0] for tag in tags}
    shipped = [tag for tag in (TAGS if modbus else TAGS + STRINGS) if tag[0] not in replaced]
    for name, kind, access, place, more in [*shipped, *tags]:
        where = f'address: "{"input" if access == "r" else "holding"}:{place}"' if modbus else f"node: {name.title()}"
        lines.append(f"  - {{name: {name}, title: {name}, type: {kind}, access: {access}, {where}, {more}}}\n")
    path = folder / f"{protocol}.yaml"
    path.write_text("".join(lines), encoding="utf-8")
    return load_profile(path)


class _Device:
    """A machine of a dozen lines: it beats, answers commands, and keeps one tag as it is."""

    def __init__(self, profile):
        self.profile = profile
        self.port = 0
        self.beating = True
        self.commands = []
        self.results = RESULTS
        self.started = {
            "state": 4,
            "speed_m_min": 12.5,
            "offset_mm": -2.5,
            "balance": -70000,
            "row": 4_000_000_000,
            "remote": True,
        }
        if "message" in profile.tags:
            self.started["message"] = "no such raster"

    @property
    def endpoint(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    async def __aenter__(self):
        await self.start()
        return self

    async def __aexit__(self, *exc):
        await self.stop()

    async def start(self):
        await self.listen()
        for name, value in self.started.items():
            await self.set(name, value)
        self.plc = asyncio.create_task(self.live())

    async def stop(self):
        self.plc.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.plc
        await self.hang_up()

    async def live(self):
        seen = await self.get("command_token")
        while True:
            if self.beating:
                await self.set("machine_heartbeat", (await self.get("machine_heartbeat") + 1) % 0x10000)
            await self.set("stubborn_c", 20.0)
            token = await self.get("command_token")
            if token != seen:
                seen = token
                self.commands.append(await self.get("command"))
                if result := self.results.get(self.commands[-1]):
                    await self.set("command_result", result)
                    await self.set("command_ack", token)
            await asyncio.sleep(0.03)


class ModbusDevice(_Device):
    scheme = "modbus"

    async def listen(self):
        blocks = {"holding": [], "input": []}
        for tag in self.profile.tags.values():
            place = tag.registers
            blocks[place.kind].append(SimData(place.start, count=place.count, values=0, datatype=DataType.REGISTERS))
        bits = SimData(0, values=[False] * 16, datatype=DataType.BITS)
        device = SimDevice(7, simdata=([bits], [bits], blocks["holding"], blocks["input"]))
        self.server = ModbusTcpServer(device, address=("127.0.0.1", self.port))
        await self.server.serve_forever(background=True)
        self.port = self.server.transport.sockets[0].getsockname()[1]

    async def hang_up(self):
        await self.server.shutdown()
        await asyncio.sleep(0)

    async def get(self, name):
        tag = self.profile.tags[name]
        code = 4 if tag.registers.kind == "input" else 3
        words = await self.server.async_getValues(7, code, tag.registers.start, tag.registers.count)
        return tag.decode(words)

    async def set(self, name, value):
        tag = self.profile.tags[name]
        code = 4 if tag.registers.kind == "input" else 16
        await self.server.async_setValues(7, code, tag.registers.start, tag.encode(value))

    async def spoil(self, name):
        """Put NaN into a float."""
        await self.server.async_setValues(7, 4, self.profile.tags[name].registers.start, [0x7FC0, 0])


class OpcUaDevice(_Device):
    scheme = "opc.tcp"
    types: ClassVar = {
        "bool": "Boolean",
        "float64": "Double",
        "uint64": "UInt64",
        "float32": "Float",
        "string": "String",
        "uint16": "UInt16",
        "uint32": "UInt32",
        "int16": "Int16",
        "int32": "Int32",
    }

    def __init__(self, profile, server):
        super().__init__(profile)
        self.server = server
        self.nodes = {}

    async def listen(self):
        self.server.set_endpoint(self.endpoint)
        if not self.nodes:
            await self.build()
        await self.server.start()
        self.port = self.server.bserver.port

    async def build(self):
        index, name = await self.server.get_namespace_index("urn:test:small"), self.profile.opcua.root
        root = await self.server.nodes.objects.add_object(index, name)
        for tag in self.profile.tags.values():
            node = await root.add_variable(
                ua.NodeId(f"{name}.{tag.node}", index), tag.name, tag.to_raw("" if tag.type == "string" else 0),
                ua.VariantType[self.types[tag.type]],
            )  # fmt: skip
            if tag.access == "rw":
                await node.set_writable()
            self.nodes[tag.name] = node

    async def hang_up(self):
        await self.server.stop()

    async def condition(self, name, source="small", *, retain=True, active=True, branch=None, told=True):
        """Tell the state of a condition; with ``told`` false nobody is told but who asks for a refresh."""
        generator = await self.server.get_event_generator(ua.ObjectIds.AlarmConditionType)
        event = generator.event
        event.ConditionName, event.SourceName, event.Retain = name, source, retain
        event.NodeId = ua.NodeId(f"{self.profile.opcua.root}.{source}.{name}", 2)
        event.BranchId = branch or ua.NodeId()
        setattr(event, "ActiveState/Id", active)
        if told:
            await generator.trigger()
        elif retain:
            self.server.iserver.subscription_service._conditions[event.NodeId] = event
        else:
            self.server.iserver.subscription_service._conditions.pop(event.NodeId, None)

    async def get(self, name):
        return self.profile.tags[name].from_raw(await self.nodes[name].read_value())

    async def set(self, name, value):
        tag = self.profile.tags[name]
        await self.nodes[name].write_value(tag.to_raw(value), ua.VariantType[self.types[tag.type]])

    async def spoil(self, name):
        """Put NaN into a float."""
        await self.nodes[name].write_value(math.nan, ua.VariantType.Float)
