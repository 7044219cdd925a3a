"""Real processes, real sockets: machines are started as their own processes and driven by plain protocol clients.

These let everybody in: it is the machines that are looked at here; tests/drivers/test_security.py looks at the doors.
"""

import asyncio
import contextlib
import logging
import sys
from pathlib import Path

import numpy as np
import pytest
from asyncua import Client, ua
from PIL import Image
from pymodbus.client import AsyncModbusTcpClient

import rip
from drivers.profile import load_profile
from simulators.packml import State, Verb

ROOT = Path(__file__).parents[2]
PROFILES = {"padder": "padder-stenter", "steamer": "loop-steamer", "washer": "open-width-washer", "press": "press"}
STARTS_S = 60.0
"""A process that has not said that it is ready by then, on a computer however busy, will not."""
logging.getLogger("asyncua").setLevel(logging.CRITICAL)
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)


@pytest.fixture(scope="session")
def raster(tmp_path_factory):
    """A small raster, 60 mm wide, of a real design through the real RIP."""
    folder = tmp_path_factory.mktemp("raster")
    y, x = np.mgrid[0:180, 0:180]
    design = np.stack([(x * 1.3) % 256, 128 + 100 * np.sin(y / 9), (x + y) % 200], axis=-1).astype(np.uint8)
    Image.fromarray(design).save(folder / "design.png", dpi=(150, 150))
    inks = (("cyan", (53, -33, -46)), ("magenta", (46, 73, -4)), ("yellow", (86, -5, 92)), ("black", (17, 1, -2)))
    condition = rip.Condition(
        width_mm=60.0,
        dpi=600,
        white_lab=(93.0, 0.0, 2.0),
        inks=tuple(rip.Ink(name, lab) for name, lab in inks),
        drop_volumes=(0.0, 0.28, 0.61, 1.0),
        drop_pl=18.0,
        total_limit_pct=250.0,
        black_start=0.5,
    )
    return rip.rip(folder / "design.png", condition, layout=rip.Layout(width_mm=30.0), length_m=1.0, folder=folder)


class Process:
    """One simulated machine as a process, with another profile than its own if one is named."""

    def __init__(self, machine, folder, speed="max", extra=(), profile=None):
        self.machine, self.folder, self.speed = machine, folder, speed
        self.extra = [*extra, *(["--profile", profile] if profile else [])]
        self.endpoint, self.camera = None, "tcp://127.0.0.1:0" if machine == "press" else None
        self.process = None

    async def start(self):
        arguments = [self.machine, "--speed", str(self.speed), "--state-dir", str(self.folder), "--follow-stdin"]
        arguments += ["--insecure", *self.extra, *(["--endpoint", self.endpoint] if self.endpoint else [])]
        if self.camera:
            arguments += ["--camera", self.camera]
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "simulators", *arguments, cwd=ROOT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        words = (await asyncio.wait_for(self.process.stdout.readline(), STARTS_S)).decode().split()
        assert words[:2] == ["ready", self.machine], (await self.process.stderr.read()).decode()
        self.endpoint = words[2]
        self.camera = words[3] if len(words) > 3 else None

    async def kill(self):
        self.process.kill()
        await self.process.wait()

    async def say(self, line):
        self.process.stdin.write(f"{line}\n".encode())
        await self.process.stdin.drain()

    async def end(self):
        if self.process.returncode is None:
            self.process.stdin.close()
            await asyncio.wait_for(self.process.wait(), 10)
        return self.process.returncode


class Tags:
    """Reads, writes and commands a machine by tag name, over Modbus or OPC UA, without our own drivers."""

    def __init__(self, profile):
        self.profile = profile
        self.token = 0
        self.alive = True
        self.beat = 0

    async def wait(self, wanted, within_s=30.0):
        """Wait until the machine's values satisfy a condition; returns them all."""
        async with asyncio.timeout(within_s):
            while not wanted(values := await self.all()):
                if self.alive:
                    self.beat += 1
                    await self.write({"heartbeat": self.beat % 65536})
                await asyncio.sleep(0.02)
        return values

    async def reach(self, state, within_s=30.0):
        return await self.wait(lambda values: values["state"] == state, within_s)

    async def command(self, verb, token=None):
        self.token = self.token + 1 if token is None else token
        await self.write({"command": int(verb), "command_token": self.token})
        values = await self.wait(lambda values: values["command_ack"] == self.token)
        return values["command_result"]

    async def run_through(self):
        """Reset, start, and wait for the end."""
        assert await self.command(Verb.RESET) == 1
        await self.reach(State.IDLE)
        assert await self.command(Verb.START) == 1
        return await self.reach(State.COMPLETE)


class ModbusTags(Tags):
    async def open(self, endpoint):
        host, port = endpoint.removeprefix("modbus://").split(":")
        self.client = AsyncModbusTcpClient(host, port=int(port))
        assert await self.client.connect()

    async def close(self):
        self.client.close()

    async def all(self):
        values = {}
        for kind, read in (
            ("input", self.client.read_input_registers),
            ("holding", self.client.read_holding_registers),
        ):
            specs = [spec for spec in self.profile.tags.values() if spec.registers.kind == kind]
            count = max(spec.registers.stop for spec in specs)
            words = (await read(0, count=count)).registers
            for spec in specs:
                values[spec.name] = spec.decode(words[spec.registers.start : spec.registers.stop])
        return values

    async def write(self, values):
        for name, value in values.items():
            spec = self.profile.tags[name]
            answer = await self.client.write_registers(spec.registers.start, spec.encode(value))
            assert not answer.isError(), (name, value, answer)


TYPES = {"uint16": "UInt16", "uint32": "UInt32", "float32": "Float", "string": "String", "bool": "Boolean"}


class OpcUaTags(Tags):
    async def open(self, endpoint):
        self.client = Client(endpoint)
        await self.client.connect()
        opcua = self.profile.opcua
        index = await self.client.get_namespace_index(opcua.namespace)
        self.nodes = {
            name: self.client.get_node(f"ns={index};s={opcua.root}.{spec.node}")
            for name, spec in self.profile.tags.items()
        }

    async def close(self):
        with contextlib.suppress(ConnectionError, TimeoutError, ua.UaError):
            await self.client.disconnect()

    async def all(self):
        return dict(zip(self.nodes, await self.client.read_values(list(self.nodes.values())), strict=True))

    async def write(self, values):
        nodes, data = [], []
        for name, value in values.items():
            nodes.append(self.nodes[name])
            data.append(ua.DataValue(ua.Variant(value, ua.VariantType[TYPES[self.profile.tags[name].type]])))
        await self.client.write_values(nodes, data)


def tags_by(profile):
    return (OpcUaTags if profile.protocol == "opcua" else ModbusTags)(profile)


@pytest.fixture
def machine(tmp_path):
    """Context manager: a running machine and its tags."""

    @contextlib.asynccontextmanager
    async def run(name, speed="max", extra=(), folder=None, profile=None):
        process = Process(name, tmp_path / (folder or name), speed, extra, profile)
        await process.start()
        tags = tags_by(load_profile(profile or PROFILES[name]))
        await tags.open(process.endpoint)
        try:
            yield process, tags
        finally:
            await tags.close()
            await process.end()

    return run


@pytest.fixture
def tags_of():
    """Connect to a machine that runs already."""

    async def connect(name, endpoint, profile=None):
        tags = tags_by(load_profile(profile or PROFILES[name]))
        await tags.open(endpoint)
        return tags

    return connect
