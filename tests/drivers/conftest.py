"""Small devices on real sockets: a Modbus server, an OPC UA server, and a proxy that can go silent."""

import asyncio
import contextlib
import logging
import math
import time
from pathlib import Path
from typing import ClassVar

import pytest
from asyncua import Server, ua
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

import drivers
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

    async def get(self, name):
        return self.profile.tags[name].from_raw(await self.nodes[name].read_value())

    async def set(self, name, value):
        tag = self.profile.tags[name]
        await self.nodes[name].write_value(tag.to_raw(value), ua.VariantType[self.types[tag.type]])

    async def spoil(self, name):
        """Put NaN into a float."""
        await self.nodes[name].write_value(math.nan, ua.VariantType.Float)


class Proxy:
    """A TCP proxy in front of a device that keeps what it heard; ``silent`` holds connections and forwards nothing."""

    def __init__(self, device):
        self.device = device
        self.silent = False
        self.heard = b""
        self.tasks = set()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        port = self.server.sockets[0].getsockname()[1]
        self.endpoint = f"{self.device.scheme}://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *exc):
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def serve(self, reader, writer):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.device.port)
        for source, sink in ((reader, far_writer), (far_reader, writer)):
            self.tasks.add(asyncio.create_task(self.pump(source, sink)))

    async def pump(self, source, sink):
        with contextlib.suppress(OSError):
            try:
                while data := await source.read(65536):
                    self.heard += data
                    if not self.silent:
                        sink.write(data)
            finally:
                sink.close()


def home(task):
    """File of the coroutine that a task runs."""
    return task.get_coro().cr_code.co_filename


@contextlib.asynccontextmanager
async def running(*machines):
    """Run machines until the block ends; nothing may be left over of them."""
    before = asyncio.all_tasks()
    tasks = [asyncio.create_task(machine.run()) for machine in machines]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(ended, asyncio.CancelledError), ended
        rooms = (str(Path(drivers.__file__).parent), "asyncua/client", "pymodbus/client")
        left = [task for task in asyncio.all_tasks() - before if any(room in home(task) for room in rooms)]
        assert not left


async def until(machine, holds, timeout_s=5.0):
    """Await a snapshot for which ``holds`` is true; tell how long it took."""
    began = time.monotonic()
    snapshot = machine.snapshot()
    while not holds(snapshot):
        assert time.monotonic() - began < timeout_s, f"not within {timeout_s} s: {snapshot}"
        snapshot = await machine.changed(snapshot, 0.1)
    return time.monotonic() - began


@pytest.fixture(scope="session")
def run():
    """Run coroutines in one loop for all tests, so that they can share the server below."""
    with asyncio.Runner() as runner:
        yield runner.run


@pytest.fixture(scope="session")
def opcua_server(run):
    """An OPC UA server that does not listen yet: building its standard nodes takes seconds, so it is built once."""
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)

    async def build():
        server = Server()
        await server.init()
        server.disable_clock()  # stopping would wait for its next tick
        server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        await server.register_namespace("urn:test:small")
        return server

    return run(build())


@pytest.fixture
def modbus_device(tmp_path):
    """A small Modbus device that is not started yet."""
    return ModbusDevice(small_profile(tmp_path, "modbus-tcp"))


@pytest.fixture
def opcua_device(tmp_path, opcua_server):
    """A small OPC UA device that is not started yet."""
    return OpcUaDevice(small_profile(tmp_path, "opcua"), opcua_server)


@pytest.fixture(params=["modbus", "opcua"])
def device(request):
    """A small device that is not started yet; once per protocol."""
    return request.getfixturevalue(f"{request.param}_device")


@pytest.fixture(params=["modbus-tcp", "opcua"])
def device_of(request, tmp_path):
    """Make a small device that is not started yet from further keys and tags; once per protocol."""

    def build(keys="", tags=()):
        profile = small_profile(tmp_path, request.param, keys, tags)
        if request.param == "modbus-tcp":
            return ModbusDevice(profile)
        return OpcUaDevice(profile, request.getfixturevalue("opcua_server"))

    return build


@pytest.fixture
def bench():
    """The tools a test of a machine needs."""
    return Bench


class Bench:
    Proxy = Proxy
    running = staticmethod(running)
    until = staticmethod(until)
