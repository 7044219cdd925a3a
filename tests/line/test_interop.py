"""Stacks that share no code with ours read, write, call and subscribe on the simulated machines and the line's server.

These are mbpoll, pyModbusTCP and node-opcua; as servers other stacks meet our drivers in ``test_foreign_machines``.
"""

import asyncio
import json
import re
import shutil
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pyModbusTCP.client import ModbusClient

import rip
from drivers import POLICIES, State, load_profile
from drivers.isa95_types import NAMESPACE, JobState, ReturnStatus
from drivers.profile import TagSpec
from simulators import Plant
from simulators.security import USER
from tests.hmi.opcua import running

pytestmark = [pytest.mark.line, pytest.mark.timeout(240)]
INTEROP = Path(__file__).parent.parent / "interop"
MODBUS = {"padder": "padder-stenter", "steamer": "loop-steamer"}
OPCUA = {"press": "press", "washer": "open-width-washer"}
FLOATS = ["chamber_temp_sp_c", "metres"]
"""Tags both Modbus machines have: a set-point (holding registers) and an actual value (input registers)."""


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """A plant that runs in a thread of its own, so that tests may block; it lets people in without encryption, too."""
    ready, stop, found = threading.Event(), asyncio.Event(), []
    loop = asyncio.new_event_loop()

    async def run() -> None:
        async with Plant(tmp_path_factory.mktemp("plant"), 1.0, insecure=True) as plant:
            found.append(plant)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    try:
        assert ready.wait(60)
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        loop.close()


@pytest.fixture(scope="module")
def endpoints(plant: Plant) -> dict[str, str]:
    return plant.endpoints


@pytest.fixture(params=POLICIES)
def security(request: pytest.FixtureRequest, plant: Plant, tmp_path: Path) -> dict[str, str]:
    """What node-opcua needs to enter a machine of the plant encrypted: the certificate and the password of the line."""
    own, password = plant.client / "machines", plant.client / "secrets" / "press"
    return {"certificate": str(own / "own.der"), "key": str(own / "own.key.pem"), "folder": str(tmp_path / "pki"),
            "user": USER, "password": password.read_text(), "policy": request.param}  # fmt: skip


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


@pytest.mark.skipif(shutil.which("mbpoll") is None, reason="mbpoll is not installed (Debian package mbpoll)")
@pytest.mark.parametrize("machine", MODBUS)
def test_mbpoll_writes_a_set_point(endpoints: dict[str, str], machine: str) -> None:
    tag, url = load_profile(MODBUS[machine]).tags["chamber_temp_sp_c"], urlsplit(endpoints[machine])
    command = ["mbpoll", "-m", "tcp", "-a", "1", "-0", "-r", str(tag.registers.start), "-t", "4:float", "-B", "-1",
               "-p", str(url.port), str(url.hostname)]  # fmt: skip
    subprocess.run([*command, "102.5"], capture_output=True, text=True, timeout=20, check=True)
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True)
    assert re.findall(r"^\[\d+\]:\s+(\S+)", done.stdout, re.MULTILINE) == ["102.5"]


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


@pytest.mark.parametrize("machine", OPCUA)
def test_node_opcua_reads_every_tag_in_the_open(endpoints: dict[str, str], node: Path, machine: str) -> None:
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


def exercise(node: Path, endpoint: str, steps: list[dict[str, Any]], security: dict[str, str] | None = None) -> list:
    """Answers of node-opcua to the steps."""
    script = json.dumps({"endpoint": endpoint, "steps": steps, "security": security})
    done = subprocess.run([str(node), "exercise.mjs"], cwd=INTEROP, input=script, capture_output=True, text=True,
                          timeout=90, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_node_opcua_writes_and_subscribes_encrypted(
    endpoints: dict[str, str], node: Path, security: dict[str, str]
) -> None:
    machine = "press"
    profile = load_profile(OPCUA[machine])
    assert profile.opcua is not None

    def at(tag: str) -> list[str]:
        assert profile.opcua is not None
        return [profile.opcua.namespace, f"{profile.opcua.root}.{profile.tags[tag].node}"]

    written, refused, too_much, read, beats, _, ack = exercise(node, endpoints[machine], [
        {"do": "write", "node": at("speed_sp_m_min"), "type": "Float", "value": 21.5},
        {"do": "write", "node": at("state"), "type": "UInt16", "value": 6},
        {"do": "write", "node": at("speed_sp_m_min"), "type": "Float", "value": 1e6},
        {"do": "read", "nodes": [at("speed_sp_m_min"), at("state")]},
        {"do": "subscribe", "node": at("machine_heartbeat"), "changes": 3},
        {"do": "write", "node": at("command_token"), "type": "UInt16", "value": 77},
        {"do": "subscribe", "node": at("command_ack"), "until": 77},
    ], security)  # fmt: skip
    assert (written, too_much) == ("Good", "Good")
    assert refused.startswith("Bad")
    assert read[0]["value"] == profile.tags["speed_sp_m_min"].high  # a PLC clamps what is too much
    assert read[1]["value"] == State.STOPPED
    assert len(set(beats)) == 3
    assert ack[-1] == 77


def test_node_opcua_hands_a_job_to_the_press(endpoints: dict[str, str], node: Path, raster: rip.Raster) -> None:
    profile = load_profile("press")
    assert profile.opcua is not None
    press = profile.opcua.namespace
    control, results = "Press.JobManagement.JobOrderControl", "Press.JobManagement.JobOrderResults"

    def store(order_id: str, path: str) -> dict[str, Any]:
        parameters = [
            {"ID": "RasterPath", "type": "String", "value": path},
            {"ID": "RasterSha256", "type": "String", "value": raster.sha256},
            {"ID": "TotalRows", "type": "UInt32", "value": 500},
        ]
        order = {"structure": [NAMESPACE, 3008], "value": {"jobOrderID": order_id, "jobOrderParameters": parameters}}
        return call("Store", order)

    def call(method: str, argument: dict[str, Any], owner: str = control) -> dict[str, Any]:
        comment = [{"type": "LocalizedText", "value": [], "array": True}] if owner == control else []
        return {"do": "call", "object": [press, owner], "method": [press, f"{owner}.{method}"],
                "inputs": [argument, *comment]}  # fmt: skip

    def order_id(name: str) -> dict[str, Any]:
        return {"type": "String", "value": name}

    watch = {"do": "watch", "node": [press, results],
             "fields": [[NAMESPACE, "JobOrder"], [NAMESPACE, "JobState"]]}  # fmt: skip
    _, stored, again, wrong, listed, unknown, answer, cancelled, told, empty = exercise(node, endpoints["press"], [
        watch,
        store("summer-3", str(raster.path)),
        store("summer-3", str(raster.path)),
        store("summer-4", "/nowhere.tif"),
        {"do": "read", "nodes": [[press, f"{control}.JobOrderList"], [press, f"{control}.MaxDownloadableJobOrders"]]},
        call("Start", order_id("winter")),
        call("RequestJobResponseByJobOrderID", order_id("summer-3"), results),
        call("Cancel", order_id("summer-3")),
        {"do": "events", "count": 2},
        {"do": "read", "nodes": [[press, f"{control}.JobOrderList"]]},
    ])  # fmt: skip
    assert (stored["status"], stored["outputs"]) == ("Good", [[0, ReturnStatus.NO_ERROR]])  # 64 bits: high and low word
    assert again == stored
    assert wrong["outputs"] == [[0, ReturnStatus.UNABLE_TO_ACCEPT_JOB_ORDER]]
    (pair,) = listed[0]["value"]
    assert pair["jobOrder"]["jobOrderID"] == "summer-3"
    assert {item["ID"] for item in pair["jobOrder"]["jobOrderParameters"]} >= {
        "RasterPath",
        "RasterSha256",
        "TotalRows",
    }
    assert pair["state"][0]["stateNumber"] == JobState.NOT_ALLOWED_TO_START
    assert listed[1]["value"] >= 2
    assert unknown["outputs"] == [[0, ReturnStatus.UNKNOWN_JOB_ORDER_ID]]
    assert answer["outputs"][0]["jobOrderID"] == "summer-3"
    assert cancelled["outputs"] == [[0, ReturnStatus.NO_ERROR]]
    assert [order["jobOrderID"] for order, _ in told] == ["summer-3", "summer-3"]
    assert not empty[0]["value"]


def test_node_opcua_reads_the_line_encrypted(node: Path, tmp_path: Path) -> None:
    with running(tmp_path) as line:
        security = {"certificate": str(line.client / "client.der"), "key": str(line.client / "client.pem"),
                    "folder": str(tmp_path / "pki"), "user": "admin", "password": line.web.admin_password,
                    "policy": "Basic256Sha256"}  # fmt: skip
        machine = ["urn:foulard:line", "Line.Machines.press.StateName"]
        title, waiting, refused = exercise(node, line.endpoint, [
            {"do": "read", "nodes": [["urn:foulard:line", "Line.Title"], machine]},
            {"do": "subscribe", "node": ["urn:foulard:line", "Line.Figures.JobsComplete"], "changes": 1},
            {"do": "write", "node": ["urn:foulard:line", "Line.Title"], "type": "String", "value": "ours"},
        ], security)  # fmt: skip
        assert title[0] == {"value": "Line without machines", "type": "String", "status": "Good"}
        assert title[1]["status"] == "BadNoCommunication"
        assert waiting == [0]
        assert refused.startswith("Bad")
