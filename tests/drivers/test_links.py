"""A machine behind a link that suffers every fault of the table: never a wrong value, and always back."""

import asyncio
import contextlib
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from drivers import OPEN, LinkLost, Machine, State, Verb, WriteRefused
from simulators.faultylink import FaultyLink
from simulators.linktable import (
    KINDS,
    Scheduled,
    draw_schedule,
    format_fault,
    format_schedule,
    parse_fault,
    parse_schedule,
)
from simulators.wire import MODBUS, OPCUA, WIRES, WireError, garbled

ROOT = Path(__file__).parents[2]
MACHINES = {"padder": "modbus-tcp", "press": "opcua"}
CUTS = [
    "refuse",
    "half_open:direction=both",
    "half_open:direction=replies",
    "half_open:direction=requests",
    "wrong_transaction",
    "truncate:then=fin",
    "truncate:then=next",
    "session_refused",
]
NUISANCES = [
    "drop:by=fin",
    "drop:by=rst",
    "delay:ms=3000,for_s=4",
    "delay:ms=700,jitter_ms=300",
    "trickle:bytes_s=40,for_s=4",
    "trickle:bytes_s=5000",
    "garble:part=header",
    "garble:part=header,bits=3",
    "garble:part=payload",
    "garble:part=payload,bits=8",
    "duplicate",
    "exception",
]


def lasting(text, for_s):
    """A fault that lasts so long, unless it says how long or is over at once."""
    fault = parse_fault(text)
    said = "for_s=" in text or "for_s" not in fault.values
    return fault if said else replace(fault, values={**fault.values, "for_s": for_s})


def link_to(device, seed=0):
    return FaultyLink(WIRES[device.profile.protocol], "127.0.0.1", device.port, seed=seed)


def sound(snapshot):
    return all(snapshot.good(name) for name in snapshot.tags)


async def until_written(bench, machine, values):
    """Write as soon as the machine lets itself be written to; it may not know yet that it has been cut off."""
    while True:
        await bench.until(machine, sound, timeout_s=12)
        with contextlib.suppress(LinkLost, WriteRefused):
            return await machine.write(values)


@pytest.mark.parametrize("text", [*CUTS, *NUISANCES])
def test_no_fault_makes_a_value_wrong_or_the_machine_lost_for_ever(run, device, bench, text):
    fault = lasting(text, 1.2)

    async def main():
        async with device, link_to(device, seed=len(text)) as link:
            if not link.possible(fault):
                with pytest.raises(ValueError, match=f"fault {fault.name} is not one of a link that speaks"):
                    await link.suffer(fault)
                return
            machine = Machine("press", device.profile, link.endpoint, OPEN)
            steady = {**device.started, "state": State.IDLE, "ticket": 0, "speed_sp_m_min": 0.0}
            async with bench.running(machine):
                await bench.until(machine, sound)
                suffering = asyncio.create_task(link.suffer(fault))
                snapshot = machine.snapshot()
                while not suffering.done():
                    snapshot = await machine.changed(snapshot, 0.05)
                    wrong = {
                        n: snapshot.value(n) for n, v in steady.items() if snapshot.good(n) and snapshot.value(n) != v
                    }
                    # Nothing in these protocols, as they are spoken here, tells a value with a bit turned over.
                    assert not wrong or fault.values.get("part") == "payload"
                await suffering
                await until_written(bench, machine, {"ticket": 7})
                assert await device.get("ticket") == 7

    run(main())


@pytest.mark.parametrize("text", CUTS)
def test_a_fault_that_cuts_is_told_once_with_its_return(run, device, bench, text):
    async def main():
        async with device, link_to(device) as link:
            fault = lasting(text, 60.0)
            if not link.possible(fault):
                pytest.skip("no fault of this protocol")
            machine = Machine("press", device.profile, link.endpoint, OPEN)
            with capture_logs() as logs:
                async with bench.running(machine):
                    await bench.until(machine, sound)
                    suffering = asyncio.create_task(link.suffer(fault))
                    await bench.until(machine, lambda s: s.link == "lost", timeout_s=10)
                    with pytest.raises(LinkLost):
                        await machine.command(Verb.START)
                    suffering.cancel()
                    await bench.until(machine, sound, timeout_s=12)
            told = [entry["event"] for entry in logs if entry["event"].startswith("link ")]
            assert told[told.index("link up") :] == ["link up", "link lost", "link up", "link closed"]

    run(main())


@pytest.mark.parametrize("which", ["connecting", "heartbeat", "ages", " s"])
def test_a_cancellation_that_nobody_asked_for_is_a_lost_link(run, device, bench, which):
    """A library that closes a connection may cancel whoever waits for it: the machine must not stay lost for ever."""

    async def main():
        async with device, link_to(device) as link:
            machine = Machine("press", device.profile, link.endpoint, OPEN)
            async with bench.running(machine):
                if which == "connecting":
                    suffering = asyncio.create_task(link.suffer(lasting("half_open:direction=both", 60.0)))
                else:
                    suffering = asyncio.create_task(asyncio.sleep(0))
                    await bench.until(machine, sound)
                found = []
                while not found:
                    await asyncio.sleep(0)
                    named = [task for task in asyncio.all_tasks() if task.get_name().startswith("press ")]
                    found = [task for task in named if task.get_name().endswith(which)]
                found[0].cancel()
                await asyncio.wait(found[:1])
                suffering.cancel()
                await bench.until(machine, lambda s: s.link == "lost")
                await bench.until(machine, sound, timeout_s=12)

    run(main())


def test_an_end_that_comes_with_a_loss_ends(run, device, bench):
    """Also when the link is lost in the very round of the loop in which the machine is told to end."""

    async def main():
        async with device, link_to(device) as link:
            for rounds in range(8):
                machine = Machine("press", device.profile, link.endpoint, OPEN)
                async with bench.running(machine):
                    await bench.until(machine, sound)
                    await link.suffer(parse_fault("drop:by=rst"))
                    for _ in range(rounds):
                        await asyncio.sleep(0)

    run(asyncio.wait_for(main(), 60))


def test_a_command_whose_reply_is_lost_is_executed_once(run, device, bench):
    async def main():
        async with device, link_to(device) as link:
            machine = Machine("press", device.profile, link.endpoint, OPEN)
            async with bench.running(machine):
                await bench.until(machine, sound)
                suffering = asyncio.create_task(link.suffer(parse_fault("half_open:direction=replies,for_s=3")))
                with pytest.raises(LinkLost):
                    await machine.command(Verb.START)
                await suffering
                await bench.until(machine, sound, timeout_s=12)
                assert device.commands.count(Verb.START) <= 1

    run(main())


def test_a_command_never_comes_without_its_token(run, device, bench):
    """Else what a link that was given up still delivers could change a command that came over the next one."""

    async def look(seen):
        while True:
            command = await device.get("command")
            seen.append((command, await device.get("command_token")))
            await asyncio.sleep(0)

    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            async with bench.running(machine):
                await bench.until(machine, sound)
                seen = []
                looking = asyncio.create_task(look(seen))
                await machine.command(Verb.STOP)
                await machine.command(Verb.START)
                looking.cancel()
                await asyncio.wait([looking])
                tokens = {command: {token for c, token in seen if c == command} for command in (Verb.STOP, Verb.START)}
                assert not tokens[Verb.STOP] & tokens[Verb.START]
                assert 0 not in tokens[Verb.STOP]

    run(main())


@pytest.mark.parametrize("wire", [MODBUS, OPCUA], ids=lambda wire: wire.protocol)
@given(st.data())
def test_messages_are_found_however_the_bytes_come(wire, data):
    def message(body):
        if wire is MODBUS:
            return b"\x00\x07\x00\x00" + (len(body) + 2).to_bytes(2, "big") + b"\x01\x03" + body
        return b"MSGF" + (len(body) + 24).to_bytes(4, "little") + bytes(16) + body

    messages = [message(body) for body in data.draw(st.lists(st.binary(max_size=200), max_size=5))]
    stream = b"".join(messages)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    buffer, found = bytearray(), []
    for start, stop in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        buffer += stream[start:stop]
        found += wire.take(buffer)
    assert found == messages
    assert not buffer


def test_what_is_no_message_is_said():
    with pytest.raises(WireError, match=r"type b'GET ', .* bytes: this is no message of opcua"):
        list(OPCUA.take(bytearray(b"GET / HTTP/1.1")))
    with pytest.raises(WireError, match="this is no message of modbus-tcp"):
        list(MODBUS.take(bytearray(b"GET / HTTP/1.1")))


@given(
    st.sampled_from([MODBUS, OPCUA]),
    st.binary(min_size=8, max_size=80),
    st.sampled_from(["header", "payload"]),
    st.integers(1, 8),
    st.randoms(use_true_random=False),
)
def test_garbling_turns_so_many_bits_of_that_part(wire, message, part, bits, random):
    spoiled = garbled(wire, message, part, bits, random)
    turned = [place for place, (a, b) in enumerate(zip(message, spoiled, strict=True)) if a != b]
    assert sum((a ^ b).bit_count() for a, b in zip(message, spoiled, strict=True)) == bits
    if len(message) > wire.header_bytes:
        assert all((place < wire.header_bytes) == (part == "header") for place in turned)


@given(st.integers(), st.integers(1, 40))
def test_a_schedule_is_its_seed_and_its_text(seed, count):
    schedule = draw_schedule(seed, MACHINES, count)
    assert draw_schedule(seed, MACHINES, count) == schedule
    assert parse_schedule(format_schedule(schedule)) == schedule
    assert [item.machine for item in schedule] == [["padder", "press"][number % 2] for number in range(count)]
    assert all(MACHINES[item.machine] in item.fault.kind.protocols for item in schedule)


def test_the_faults_that_cut_are_those_of_the_table():
    cutting = {name for name, kind in KINDS.items() if kind.cuts and not kind.on_machine}
    assert {parse_fault(text).name for text in CUTS} == cutting


def test_every_kind_is_drawn_and_every_default_is_said():
    drawn = {item.fault.name for item in draw_schedule(1, MACHINES, 400)}
    assert drawn == set(KINDS)
    for name in KINDS:
        assert parse_fault(format_fault(parse_fault(name))) == parse_fault(name)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("melt", "fault 'melt' is not known; there are: drop, refuse,"),
        ("drop:at=1", "fault drop: parameter 'at' is not known; there are: by"),
        ("drop:by=fin,by=rst", "fault drop: parameter 'by' is there twice"),
        ("drop:by=axe", "fault drop: by='axe' is not one of fin, rst"),
        ("half_open:for_s=-1", "fault half_open: for_s='-1' is not a number from 0 to 3600"),
        ("half_open:for_s=nan", "fault half_open: for_s='nan' is not a number from 0 to 3600"),
        ("garble:bits=1.5", "fault garble: bits='1.5' is not a whole number from 1 to 8"),
    ],
)
def test_a_wrong_fault_is_refused_in_one_line(text, told):
    with pytest.raises(ValueError, match="fault") as refused:
        parse_fault(text)
    assert told in str(refused.value)


@pytest.mark.parametrize("line", ["1 padder", "x padder drop", "1 padder drop:by=axe", "1 padder drop now"])
def test_a_wrong_schedule_names_its_line(line):
    with pytest.raises(ValueError, match="line 3 is not AFTER_S MACHINE FAULT: "):
        parse_schedule(f"# recorded\n\n{line}\n")


def test_the_command_line_records_what_it_does(run, modbus_device, bench, tmp_path):
    async def main():
        async with modbus_device as device:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "simulators.linkfaults", "--listen", "modbus://127.0.0.1:0", "--to",
                device.endpoint, "--fault", "drop:by=rst", "--fault", "half_open:for_s=0.5", "--pause-s", "0.5",
                "--record", str(tmp_path / "faults"), cwd=ROOT, stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            ready = (await process.stdout.readline()).decode().split()
            machine = Machine("padder", device.profile, ready[1], OPEN)
            async with bench.running(machine):
                await bench.until(machine, sound)
                said = [(await process.stdout.readline()).decode().strip() for _ in range(3)]
                await bench.until(machine, sound, timeout_s=12)
            process.terminate()
            assert await process.wait() == 0
            assert said == ["fault drop:by=rst", "fault half_open:for_s=0.5,direction=both", "sound"]

    run(main())
    recorded = parse_schedule((tmp_path / "faults").read_text())
    assert recorded == tuple(Scheduled(0.5, "link", parse_fault(f)) for f in ("drop:by=rst", "half_open:for_s=0.5"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--to", "http://127.0.0.1:1"], "endpoint 'http://127.0.0.1:1' is not of the form modbus://host:port"),
        (["--to", "modbus://127.0.0.1:1", "--fault", "melt"], "fault 'melt' is not known"),
        (["--to", "modbus://127.0.0.1:1", "--fault", "freeze"], "fault freeze is not one of a link"),
        (["--to", "opc.tcp://127.0.0.1:1", "--fault", "exception"], "is not of the form opc.tcp://host:port"),
    ],
)
def test_the_command_line_refuses_in_one_line(arguments, told):
    command = [sys.executable, "-m", "simulators.linkfaults", "--listen", "modbus://127.0.0.1:0", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1
