import asyncio
import math
import time

import pytest
from structlog.testing import capture_logs

from drivers import (
    OPEN,
    AccessError,
    CommandRefused,
    LimitError,
    Link,
    LinkLost,
    Machine,
    Quality,
    State,
    Verb,
    WriteRefused,
    load_profile,
)


def connected(snapshot):
    return snapshot.link is Link.CONNECTED


def lost(snapshot):
    return snapshot.link is Link.LOST


def all_bad(snapshot):
    return all(tag.quality is Quality.BAD for tag in snapshot.tags.values())


async def write_until_refused(machine, values):
    while True:  # the device puts its own value back every 30 ms: now and then between write and read
        await machine.write(values)


def test_reads_every_type(run, device, bench):
    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            assert lost(machine.snapshot())
            assert all_bad(machine.snapshot())
            async with bench.running(machine):
                await bench.until(machine, connected)
                snapshot = machine.snapshot()
                assert snapshot.state is State.IDLE
                assert {name: snapshot.value(name) for name in device.started} == device.started
                assert all(snapshot.good(name) for name in snapshot.tags)
                assert snapshot.tags["speed_m_min"].unit == "m/min"
                assert abs((snapshot.at - snapshot.tags["speed_m_min"].time).total_seconds()) < 1
                with pytest.raises(KeyError, match="press has no tag 'nonsense'"):
                    snapshot.value("nonsense")
                await device.set("row", 17)
                await bench.until(machine, lambda s: s.value("row") == 17)

    run(main())


def test_controller_heartbeat_arrives(run, device, bench):
    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            async with bench.running(machine):
                beats = []
                while len(beats) < 4:
                    await bench.until(machine, lambda s: s.value("heartbeat") not in (None, *beats[-1:]))
                    beats.append(machine.snapshot().value("heartbeat"))
                assert await device.get("heartbeat") in (beats[-1], beats[-1] + 1)

    run(main())


def test_writes_are_checked_and_verified(run, device, bench):
    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            async with bench.running(machine):
                await bench.until(machine, connected)
                job = {"ticket": 4_000_000_001, "speed_sp_m_min": 23.45, "lamp": True, "bias_mm": -12.3}
                await machine.write(job)
                assert await device.get("ticket") == 4_000_000_001
                assert math.isclose(await device.get("speed_sp_m_min"), 23.45, rel_tol=1e-6)
                assert await device.get("lamp") is True
                assert math.isclose(await device.get("bias_mm"), -12.3)

                for value in (60, 0.5, -1e9, math.nan, math.inf):
                    with pytest.raises(LimitError) as error:
                        await machine.write({"ticket": 5, "speed_sp_m_min": value})
                    assert "press" in str(error.value)
                    assert "speed_sp_m_min" in str(error.value)
                with pytest.raises(LimitError, match="press: speed_sp_m_min = 60 m/min is outside 1 to 40 m/min"):
                    await machine.write({"ticket": 5, "speed_sp_m_min": 60})
                with pytest.raises(LimitError, match="press: ticket: 'seven' is not a number"):
                    await machine.write({"ticket": "seven"})
                for name, reason in [
                    ("state", "press: state is read-only"),
                    ("colour", "press: there is no tag 'colour'"),
                    ("command_token", "press: command_token is written by the driver itself"),
                ]:
                    with pytest.raises(AccessError, match=reason):
                        await machine.write({"ticket": 5, name: 1})
                assert await device.get("ticket") == 4_000_000_001  # nothing of the refused writes was sent

                with pytest.raises(WriteRefused, match="press: stubborn_c was set to 80 °C, but reads back 20 °C"):
                    await write_until_refused(machine, {"stubborn_c": 80})

    run(main())


async def shows(device, bench, machine, **values):
    """Set tags on the device and wait until the machine has seen them."""
    for name, value in values.items():
        await device.set(name, value)
    await bench.until(machine, lambda s: all(s.good(name) and s.value(name) == values[name] for name in values))


def test_commands(run, device, bench):
    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            async with bench.running(machine):
                await bench.until(machine, connected)
                await machine.command(Verb.START)
                await shows(device, bench, machine, state=State.EXECUTE)
                with pytest.raises(CommandRefused, match="press refused HOLD: not possible in state EXECUTE"):
                    await machine.command(Verb.HOLD)
                with pytest.raises(CommandRefused, match="press refused ABORT: the machine is under local control"):
                    await machine.command(Verb.ABORT)
                await asyncio.gather(*(machine.command(Verb.STOP) for _ in range(4)))
                await shows(device, bench, machine, state=State.STOPPED)
                with pytest.raises(CommandRefused) as refused:
                    await machine.command(Verb.RESET)
                said = ": no such raster" if "message" in device.profile.tags else ""
                assert str(refused.value) == f"press refused RESET: the job is not valid{said}"
                assert device.commands == [Verb.START, Verb.HOLD, Verb.ABORT, *[Verb.STOP] * 4, Verb.RESET]
                await shows(device, bench, machine, state=State.ABORTED)
                began = time.monotonic()
                with pytest.raises(LinkLost, match="press: no answer to command CLEAR within 2 s"):
                    await machine.command(Verb.CLEAR)
                assert time.monotonic() - began < 2.5
                assert machine.snapshot().link is Link.CONNECTED

    run(main())


def test_what_the_machine_would_refuse_is_not_sent(run, device, bench):
    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            async with bench.running(machine):
                await bench.until(machine, connected)
                for verb in (Verb.RESET, Verb.HOLD, Verb.UNHOLD, Verb.CLEAR, Verb.COMPLETE):
                    with pytest.raises(CommandRefused) as refused:
                        await machine.command(verb)
                    said = f"press: command {verb.name} was not sent: not possible in state IDLE"
                    assert str(refused.value) == said
                await shows(device, bench, machine, remote=False)
                with pytest.raises(CommandRefused, match="START was not sent: the machine is under local"):
                    await machine.command(Verb.START)
                with pytest.raises(WriteRefused, match="press: ticket: the machine is under local control"):
                    await machine.write({"ticket": 815})
                assert await device.get("ticket") == 0
                await device.set("remote", True)
                await device.set("state", 99)
                await bench.until(machine, lambda s: s.state is None)
                assert not machine.snapshot().good("state")
                with pytest.raises(CommandRefused, match="START was not sent: the state of the machine is not known"):
                    await machine.command(Verb.START)
                assert device.commands == []
                await machine.command(Verb.STOP)  # what makes it safe is tried all the same
                assert device.commands == [Verb.STOP]

    run(main())


def test_a_cancelled_caller_leaves_the_link_alone(run, device, bench):
    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            with capture_logs() as logs:
                async with bench.running(machine):
                    await bench.until(machine, connected)
                    for ticket in range(1, 40):
                        caller = asyncio.create_task(machine.write({"ticket": ticket}))
                        await asyncio.sleep(0.0002 * ticket)
                        caller.cancel()
                        await asyncio.wait([caller])
                    await machine.write({"ticket": 99})
                    assert await device.get("ticket") == 99
            assert [entry["event"] for entry in logs] == ["link up", "link closed"]

    run(main())


def test_server_gone_and_back(run, device, bench):
    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            with capture_logs() as logs:
                async with bench.running(machine):
                    await shows(device, bench, machine, state=State.ABORTED)
                    waiting = asyncio.create_task(machine.command(Verb.CLEAR))  # never answered
                    await bench.until(machine, lambda s: s.value("command") == Verb.CLEAR)
                    await device.stop()
                    took_s = await bench.until(machine, lost)
                    assert took_s < 3
                    snapshot = machine.snapshot()
                    assert all_bad(snapshot)
                    assert snapshot.state is None
                    assert snapshot.value("row") == 4_000_000_000  # the last known, to be shown as such
                    with pytest.raises(LinkLost, match="press"):
                        await waiting
                    began = time.monotonic()
                    with pytest.raises(LinkLost, match=r"press at .* is not connected"):
                        await machine.write({"ticket": 1})
                    with pytest.raises(LinkLost, match=r"press at .* is not connected"):
                        await machine.command(Verb.START)
                    assert time.monotonic() - began < 0.1
                    await asyncio.sleep(0.7)  # some vain attempts
                    await device.start()
                    await bench.until(machine, connected, timeout_s=6)
                    assert machine.snapshot().good("row")
                    await machine.write({"ticket": 12})
            told = [entry["event"] for entry in logs]
            assert told == ["link up", "link lost", "link up", "link closed"]
            assert logs[1]["log_level"] == "warning"

    run(main())


def test_half_open_link_is_found(run, device, bench):
    async def main():
        async with device, bench.Proxy(device) as proxy:
            machine = Machine("press", device.profile, proxy.endpoint, OPEN)
            async with bench.running(machine):
                await bench.until(machine, connected)
                proxy.silent = True
                calls = [asyncio.create_task(machine.write({"ticket": 1})) for _ in range(3)]
                calls += [asyncio.create_task(machine.command(Verb.START)) for _ in range(3)]
                began = time.monotonic()
                await bench.until(machine, all_bad)
                assert time.monotonic() - began < 3
                results = await asyncio.gather(*calls, return_exceptions=True)
                assert time.monotonic() - began < 3
                assert all(isinstance(result, LinkLost) for result in results), results
                proxy.silent = False
                await bench.until(machine, connected, timeout_s=10)

    run(main())


def test_a_silent_machine_never_slows_another(run, modbus_device, opcua_device, bench):
    async def main():
        async with (
            modbus_device,
            opcua_device,
            bench.Proxy(modbus_device) as first,
            bench.Proxy(opcua_device) as second,
        ):
            silent = [
                Machine("padder", modbus_device.profile, first.endpoint, OPEN),
                Machine("press", opcua_device.profile, second.endpoint, OPEN),
            ]
            lively = [
                Machine("steamer", modbus_device.profile, modbus_device.endpoint, OPEN),
                Machine("washer", opcua_device.profile, opcua_device.endpoint, OPEN),
            ]
            with capture_logs() as logs:
                async with bench.running(*silent, *lively):
                    for machine in (*silent, *lively):
                        await bench.until(machine, lambda s: s.good("row"))
                    first.silent = second.silent = True
                    stuck = [asyncio.create_task(machine.write({"ticket": 1})) for machine in silent]
                    for ticket in range(2, 6):
                        await asyncio.gather(*(machine.write({"ticket": ticket}) for machine in lively))
                        await asyncio.gather(*(machine.command(Verb.STOP) for machine in lively))
                    assert not any(task.done() for task in stuck)  # all that went while the silent ones kept silent
                    for machine in silent:
                        await bench.until(machine, all_bad, timeout_s=3)
                    assert all(
                        isinstance(lost, LinkLost) for lost in await asyncio.gather(*stuck, return_exceptions=True)
                    )
                    assert all(machine.snapshot().good("row") for machine in lively)
                    first.silent = second.silent = False
                    for machine in silent:
                        await bench.until(machine, connected, timeout_s=6)
                        await bench.until(machine, lambda s: s.good("row"), timeout_s=1)
            for machine in silent:
                told = [entry["event"] for entry in logs if entry.get("machine") == machine.name]
                assert told == ["link up", "link lost", "link up", "link closed"]

    run(main())


def test_stalled_heartbeat_spoils_the_values(run, modbus_device, bench):
    async def main():
        async with modbus_device as device:
            machine = Machine("padder", device.profile, device.endpoint, OPEN)
            with capture_logs() as logs:
                async with bench.running(machine):
                    await bench.until(machine, lambda s: s.good("state"))
                    device.beating = False
                    assert await bench.until(machine, lambda s: not s.good("state")) > 0.4
                    assert machine.snapshot().tags["state"].quality is Quality.UNCERTAIN
                    assert machine.snapshot().state is State.IDLE
                    assert await bench.until(machine, all_bad) < 3
                    await bench.until(machine, lambda _: len(logs) == 2)
                    assert machine.snapshot().link is Link.CONNECTED
                    device.beating = True
                    await bench.until(machine, lambda s: s.good("state") and len(logs) == 3)
            told = [(entry["event"], entry.get("stalled")) for entry in logs]
            stall = "heartbeat of the machine"
            assert told == [("link up", None), (stall, True), (stall, False), ("link closed", None)]

    run(main())


def test_ending_at_any_moment_ends(run, device, bench):
    """Also when the end comes together with an answer from the device."""

    async def main():
        async with device:
            for step in range(60):
                machine = Machine("press", device.profile, device.endpoint, OPEN)
                async with bench.running(machine):
                    if step % 2:
                        await bench.until(machine, connected)
                    await asyncio.sleep(step * 0.0002)

    run(asyncio.wait_for(main(), 15))


def test_nobody_there(run, device, bench):
    async def main():
        async with device:
            pass  # now its port is free, and nobody listens
        machine = Machine("press", device.profile, device.endpoint, OPEN)
        with capture_logs() as logs:
            async with bench.running(machine):
                snapshot = await machine.changed(machine.snapshot(), 3)
                assert lost(snapshot)
                assert lost(await machine.changed(snapshot, 0.8))
        assert [entry["event"] for entry in logs] == ["link lost", "link closed"]

    run(main())


def test_a_device_that_lacks_registers_gives_bad_tags_only(run, modbus_device, bench, tmp_path):
    text = (tmp_path / "modbus-tcp.yaml").read_text()
    (tmp_path / "more.yaml").write_text(
        text + '  - {name: ghost_c, title: Ghost, type: float32, access: r, address: "input:900"}\n'
    )

    async def main():
        async with modbus_device as device:
            machine = Machine("padder", load_profile(tmp_path / "more.yaml"), device.endpoint, OPEN)
            with capture_logs() as logs:
                async with bench.running(machine):
                    await bench.until(machine, lambda s: s.good("row"))
                    assert machine.snapshot().tags["ghost_c"].quality is Quality.BAD
                    await bench.until(machine, lambda s: s.value("machine_heartbeat") > 10)
            complaints = [entry for entry in logs if entry["event"] == "tags without a usable value"]
            assert [entry["tags"] for entry in complaints] == [["ghost_c"]]
            assert complaints[0]["why"] == {"ghost_c": "illegal address"}

    run(main())


def test_nan_is_bad(run, device, bench):
    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            async with bench.running(machine):
                await bench.until(machine, connected)
                await device.spoil("speed_m_min")
                await bench.until(machine, lambda s: s.value("speed_m_min") is None)
                assert not machine.snapshot().good("speed_m_min")
                assert machine.snapshot().good("row")

    run(main())


@pytest.mark.parametrize(
    ("profile", "endpoint"), [("press", "modbus://127.0.0.1:1"), ("loop-steamer", "opc.tcp://127.0.0.1:1")]
)
def test_endpoint_must_fit_the_protocol(profile, endpoint):
    with pytest.raises(ValueError, match=f"m: endpoint '{endpoint}' is not "):
        Machine("m", load_profile(profile), endpoint, OPEN)
