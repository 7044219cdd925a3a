"""Our drivers meet servers of other stacks with our own profiles: node-opcua, open and encrypted, and modbus-serial."""

import asyncio
import contextlib
import json
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers import (
    OPEN,
    POLICIES,
    Access,
    CommandRefused,
    EntryRefused,
    Machine,
    Snapshot,
    State,
    Verb,
    access_in,
    load_profile,
    try_machine,
)
from drivers.profile import TagSpec
from drivers.trust import Trust, own_certificate
from simulators.security import USER

pytestmark = [pytest.mark.line, pytest.mark.timeout(240)]
INTEROP = Path(__file__).parent.parent / "interop"


@contextlib.contextmanager
def foreign_server(
    node: Path, script: str, description: dict[str, Any]
) -> Iterator[tuple[str, Callable[[dict[str, Any]], None]]]:
    """A server of another stack, which ends with the block: its endpoint, and what says further lines to it."""
    process = subprocess.Popen([str(node), script], cwd=INTEROP, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               text=True)  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    stdin = process.stdin

    def say(line: dict[str, Any]) -> None:
        stdin.write(json.dumps(line) + "\n")
        stdin.flush()

    try:
        say(description)
        ready, _, endpoint = process.stdout.readline().partition(" ")
        assert ready == "ready"
        yield endpoint.strip(), say
    finally:
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def first_value(tag: TagSpec) -> Any:
    """What a foreign machine shows first: within the tag's range."""
    if tag.type in ("string", "bool"):
        return "" if tag.type == "string" else tag.name == "remote"
    return tag.to_raw(State.STOPPED if tag.name == "state" else max(tag.low or 0, 0))


@pytest.fixture(params=["opcua", *(f"opcua {policy}" for policy in POLICIES), "modbus"])
def foreign(request: pytest.FixtureRequest, node: Path, tmp_path: Path) -> Iterator[Machine]:
    """Our driver, not running yet, for a machine of another stack with one of our profiles."""
    access = OPEN
    if request.param.startswith("opcua"):
        profile = load_profile("open-width-washer")
        assert profile.opcua is not None
        tags = [{"name": tag.name, "node": tag.node, "type": tag.type, "access": tag.access, "value": first_value(tag)}
                for tag in profile.tags.values()]  # fmt: skip
        description = {"port": free_port(), "namespace": profile.opcua.namespace, "root": profile.opcua.root,
                       "tags": tags}  # fmt: skip
        if policy := request.param.partition(" ")[2]:
            access, description["security"] = secured(tmp_path, policy)
    else:
        profile = load_profile("padder-stenter")
        assert profile.modbus is not None
        words: dict[str, dict[int, int]] = {"input": {}, "holding": {}}
        for tag in profile.tags.values():
            registers = tag.encode(tag.from_raw(first_value(tag)), profile.modbus.word_order)
            words[tag.registers.kind] |= dict(enumerate(registers, tag.registers.start))
        places = {tag.name: [tag.registers.kind, tag.registers.start] for tag in profile.tags.values()}
        description = {"port": free_port(), "unit": profile.modbus.unit_id, "places": places, **words}
    with foreign_server(node, f"{request.param.partition(' ')[0]}_server.mjs", description) as (endpoint, _):
        yield Machine(profile.stage, profile, endpoint, access)


def secured(folder: Path, policy: str) -> tuple[Access, dict[str, Any]]:
    """Make certificates and a password for both sides: our access, and what the other server is told."""
    access, uri = access_in(folder / "line", "washer", USER, (policy,)), "urn:foreign:machine"
    machine = own_certificate(folder / "machine", uri, "Foreign machine")
    (access.trust().trusted / "washer.der").write_bytes(machine.certificate.read_bytes())
    assert access.password_file
    access.password_file.parent.mkdir()
    access.password_file.touch(0o600)
    access.password_file.write_text("known to both sides")
    return access, {"certificate": str(machine.certificate), "key": str(machine.key), "uri": uri,
                    "folder": str(folder / "pki"), "trusted": [str(access.own().certificate)], "user": USER,
                    "password": "known to both sides", "policies": [policy]}  # fmt: skip


def test_a_foreign_machine_and_we_refuse_whom_we_do_not_know(node: Path, tmp_path: Path) -> None:
    access, security = secured(tmp_path, "Basic256Sha256")
    profile = load_profile("open-width-washer")
    assert profile.opcua is not None
    description = {"port": free_port(), "namespace": profile.opcua.namespace, "root": profile.opcua.root, "tags": []}

    def refused(endpoint: str, access: Access) -> str:
        with pytest.raises(EntryRefused) as caught:
            asyncio.run(try_machine(profile, endpoint, access))
        return str(caught.value)

    with foreign_server(node, "opcua_server.mjs", {**description, "security": security}) as (endpoint, _):
        assert "offers no Aes256_Sha256_RsaPss with SignAndEncrypt, only Basic256Sha256" in refused(
            endpoint, access_in(tmp_path / "line", "washer", USER, ("Aes256_Sha256_RsaPss",))
        )
        assert access.password_file
        access.password_file.write_text("a guess")
        assert "it refuses user 'foulard'" in refused(endpoint, access)
        (access.trust().trusted / "washer.der").unlink()
        assert "its certificate 'Foreign machine'" in refused(endpoint, access)
        stranger = access_in(tmp_path / "stranger", "washer")
        (machine,) = access.trust().rejected.iterdir()
        (Trust(tmp_path / "stranger" / "machines").trusted / "washer.der").write_bytes(machine.read_bytes())
        own = tmp_path / "stranger" / "machines" / "own.der"
        assert f"it opens no channel for our certificate: have it trust {own}" in refused(endpoint, stranger)


def test_our_drivers_read_write_and_command_a_foreign_machine(foreign: Machine) -> None:
    async def reach(**wanted: object) -> Snapshot:
        async with asyncio.timeout(20):
            snapshot = foreign.snapshot()
            while not all(snapshot.value(name) == value and snapshot.good(name) for name, value in wanted.items()):
                snapshot = await foreign.changed(snapshot, 1.0)
        return snapshot

    async def scenario() -> None:
        running = asyncio.create_task(foreign.run())
        try:
            snapshot = await reach(state=State.STOPPED, remote=True)
            assert [name for name in snapshot.tags if not snapshot.good(name)] == []
            await foreign.write({"speed_sp_m_min": 22.5, "ticket": 4_000_000_000, "length_m": 12.5})
            await reach(speed_sp_m_min=22.5, ticket=4_000_000_000, length_m=12.5)
            await foreign.command(Verb.RESET)
            await reach(state=State.IDLE)
            with pytest.raises(CommandRefused, match="not possible in state IDLE"):
                await foreign.command(Verb.HOLD)
            await foreign.command(Verb.START)
            beats = await reach(state=State.EXECUTE)
            async with asyncio.timeout(5):
                while foreign.snapshot().value("machine_heartbeat") == beats.value("machine_heartbeat"):
                    await foreign.changed(foreign.snapshot(), 1.0)
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scenario())
