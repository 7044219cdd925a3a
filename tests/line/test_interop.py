"""Clients that share no code with ours read what the profiles promise: mbpoll, pyModbusTCP and node-opcua."""

import asyncio
import json
import re
import shutil
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pyModbusTCP.client import ModbusClient

from drivers import load_profile
from drivers.profile import TagSpec
from hmi.webbuild import install
from simulators import Plant

pytestmark = [pytest.mark.line, pytest.mark.timeout(240)]
INTEROP = Path(__file__).parent.parent / "interop"
MODBUS = {"padder": "padder-stenter", "steamer": "loop-steamer"}
OPCUA = {"press": "press", "washer": "open-width-washer"}
FLOATS = ["chamber_temp_sp_c", "metres"]
"""Tags both Modbus machines have: a set-point (holding registers) and an actual value (input registers)."""


@pytest.fixture(scope="module")
def endpoints(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Endpoints of a plant that runs in a thread of its own, so that tests may block."""
    ready, stop, found = threading.Event(), asyncio.Event(), {}
    loop = asyncio.new_event_loop()

    async def run() -> None:
        async with Plant(tmp_path_factory.mktemp("plant"), 1.0) as plant:
            found.update(plant.endpoints)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    try:
        assert ready.wait(60)
        yield found
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


def expected(tag: TagSpec) -> tuple[float, float]:
    assert tag.low is not None
    assert tag.high is not None
    return tag.low, tag.high


@pytest.mark.skipif(shutil.which("mbpoll") is None, reason="mbpoll is not installed (Debian package mbpoll)")
@pytest.mark.parametrize("machine", MODBUS)
def test_mbpoll_reads_what_the_profile_says(endpoints: dict[str, str], machine: str) -> None:
    profile, url = load_profile(MODBUS[machine]), urlsplit(endpoints[machine])
    for name in FLOATS:
        tag = profile.tags[name]
        kind = {"input": "3:float", "holding": "4:float"}[tag.registers.kind]
        command = ["mbpoll", "-m", "tcp", "-a", "1", "-0", "-r", str(tag.registers.start), "-t", kind, "-B", "-c", "1",
                   "-1", "-p", str(url.port), str(url.hostname)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
        (shown,) = re.findall(r"^\[\d+\]:\s+(\S+)", done.stdout, re.MULTILINE)
        low, high = expected(tag)
        assert low <= float(shown) <= high, f"{name}: {done.stdout}"


@pytest.mark.parametrize("machine", MODBUS)
def test_pymodbustcp_reads_every_tag_and_writes_a_set_point(endpoints: dict[str, str], machine: str) -> None:
    profile, url = load_profile(MODBUS[machine]), urlsplit(endpoints[machine])
    client = ModbusClient(host=str(url.hostname), port=url.port or 0, unit_id=1, auto_open=True)
    for tag in profile.tags.values():
        place = tag.registers
        read = client.read_input_registers if place.kind == "input" else client.read_holding_registers
        words = read(place.start, place.count)
        assert words is not None, f"{tag.name}: {client.last_error_as_txt} {client.last_except_as_txt}"
        value = tag.decode(words)
        if tag.low is not None and tag.high is not None:
            assert tag.low <= value <= tag.high, tag.name
    tag = profile.tags["chamber_temp_sp_c"]
    assert client.write_multiple_registers(tag.registers.start, list(struct.unpack(">HH", struct.pack(">f", 101.5))))
    words = client.read_holding_registers(tag.registers.start, 2)
    assert tag.decode(words or []) == pytest.approx(101.5)
    client.close()


@pytest.fixture(scope="module")
def node() -> Path:
    """Node, with node-opcua installed from its lock file."""
    return install(INTEROP)


@pytest.mark.parametrize("machine", OPCUA)
def test_node_opcua_reads_every_tag(endpoints: dict[str, str], node: Path, machine: str) -> None:
    profile = load_profile(OPCUA[machine])
    assert profile.opcua is not None
    names = {f"{profile.opcua.root}.{tag.node}": tag for tag in profile.tags.values()}
    command = [str(node), "read.mjs", endpoints[machine], profile.opcua.namespace, *names]
    done = subprocess.run(command, cwd=INTEROP, capture_output=True, text=True, timeout=60, check=True)
    answer = json.loads(done.stdout.splitlines()[-1])
    types = {"uint16": "UInt16", "uint32": "UInt32", "int16": "Int16", "int32": "Int32", "float32": "Float",
             "bool": "Boolean", "string": "String"}  # fmt: skip
    for identifier, tag in names.items():
        read = answer[identifier]
        assert read["status"] == "Good", f"{tag.name}: {read}"
        assert read["type"] == types[tag.type], tag.name
        if tag.low is not None and tag.high is not None:
            assert tag.low <= read["value"] <= tag.high, tag.name
