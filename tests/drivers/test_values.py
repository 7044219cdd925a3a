"""How old a value is, when it was taken, whose clock says so, and which change is worth telling."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

import pytest
from asyncua import ua
from structlog.testing import capture_logs

from drivers import OPEN, Link, Machine, Quality, load_profile

SLOW = "groups: {slow: {period_s: 0.5, uncertain_after_s: 1.0, bad_after_s: 1.5}}"
SLOW_TAG = [("slow_c", "float32", "r", 60, "unit: °C, group: slow, low: 0, high: 100")]
POLLING = "subscription given up, polling"


def test_each_group_ages_by_itself(run, bench, device_of):
    """A value that does not change stays good while it is confirmed; in silence it turns uncertain, then bad."""
    device = device_of(SLOW, SLOW_TAG)

    async def main():
        async with device, bench.Proxy(device) as proxy:
            machine = Machine("press", device.profile, proxy.endpoint, OPEN)
            async with bench.running(machine):
                await device.set("slow_c", 42.5)
                await bench.until(machine, lambda s: s.good("slow_c") and s.value("slow_c") == 42.5)
                before = machine.snapshot().tags["slow_c"].time
                await bench.until(machine, lambda s: s.tags["slow_c"].time > before)
                assert machine.snapshot().good("slow_c")  # unchanged, but confirmed
                proxy.silent = True
                seen = []

                def kept(snapshot):
                    if not seen or seen[-1] is not snapshot.tags["slow_c"].quality:
                        seen.append(snapshot.tags["slow_c"].quality)
                    return seen[-1] is Quality.BAD

                await bench.until(machine, kept)
                assert Quality.GOOD in seen[:1]
                assert machine.snapshot().value("slow_c") == 42.5
                proxy.silent = False
                await bench.until(machine, lambda s: s.good("slow_c"), timeout_s=10)

    run(main())


def test_slow_tags_are_asked_for_seldom(run, device_of, bench):
    device = device_of(SLOW, SLOW_TAG)

    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            async with bench.running(machine):
                await bench.until(machine, lambda s: s.good("slow_c"))
                times = {"slow_c": set(), "row": set()}
                began = time.monotonic()
                while time.monotonic() - began < 2.0:
                    snapshot = await machine.changed(machine.snapshot(), 0.05)
                    for name, seen in times.items():
                        seen.add(snapshot.tags[name].time)
                assert 2 <= len(times["slow_c"]) < len(times["row"])

    run(main())


def test_source_times_are_the_machines(run, opcua_device, bench):
    """OPC UA values carry the time at which the machine took them, whatever clock it has."""
    taken = datetime(2020, 2, 29, 12, tzinfo=UTC)

    async def main():
        async with opcua_device as device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            async with bench.running(machine):
                await bench.until(machine, lambda s: s.good("row"))
                value = ua.DataValue(ua.Variant(815, ua.VariantType.UInt32), SourceTimestamp=taken)
                await device.server.write_attribute_value(device.nodes["row"].nodeid, value)
                await bench.until(machine, lambda s: s.value("row") == 815)
                tag = machine.snapshot().tags["row"]
                assert tag.source_time == taken
                assert datetime.now(UTC) - tag.time < timedelta(seconds=2)

    run(main())


def test_uncertain_and_bad_values_say_so(run, opcua_device, bench):
    async def main():
        async with opcua_device as device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            node = device.nodes["speed_m_min"].nodeid
            async with bench.running(machine):
                await bench.until(machine, lambda s: s.good("speed_m_min"))
                value = ua.Variant(3.5, ua.VariantType.Float)
                doubtful = ua.DataValue(value, ua.StatusCode(ua.StatusCodes.UncertainLastUsableValue))
                await device.server.write_attribute_value(node, doubtful)
                await bench.until(machine, lambda s: s.value("speed_m_min") == 3.5)
                assert machine.snapshot().tags["speed_m_min"].quality is Quality.UNCERTAIN
                failed = ua.DataValue(value, ua.StatusCode(ua.StatusCodes.BadSensorFailure))
                await device.server.write_attribute_value(node, failed)
                await bench.until(machine, lambda s: s.tags["speed_m_min"].quality is Quality.BAD)

    run(main())


def test_the_clock_of_an_opcua_server(run, opcua_device, bench):
    async def main():
        async with opcua_device as device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            assert machine.snapshot().clock_skew_s is None
            async with bench.running(machine):
                await bench.until(machine, lambda s: s.good("row"))
                assert abs(machine.snapshot().clock_skew_s) < 0.5  # both ends have the same clock
            assert machine.snapshot().clock_skew_s is None

    run(main())


@pytest.mark.parametrize("ahead_s", [-7200, 0, 90])
def test_a_clock_tag(run, device_of, bench, ahead_s):
    device = device_of("clock: plc_time", [("plc_time", "uint32", "r", 70, "")])

    async def tick():
        while True:
            await device.set("plc_time", int(time.time() + ahead_s))
            await asyncio.sleep(0.02)

    async def main():
        async with device:
            ticking = asyncio.create_task(tick())
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            async with bench.running(machine):
                near = lambda s: s.clock_skew_s is not None and abs(s.clock_skew_s - ahead_s) < 0.4  # noqa: E731
                await bench.until(machine, near)
            ticking.cancel()

    run(main())


def test_a_change_below_the_deadband_is_no_news(run, device_of, bench):
    device = device_of("", [("warm_c", "float32", "r", 80, "unit: °C, deadband: 0.5")])

    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            async with bench.running(machine):
                await device.set("warm_c", 20.0)
                await bench.until(machine, lambda s: s.value("warm_c") == 20.0)
                snapshot = machine.snapshot()
                await device.set("warm_c", 20.25)
                assert (await machine.changed(snapshot, 0.6)).value("warm_c") == 20.25  # known, but told to nobody
                assert machine.snapshot().number == snapshot.number
                await device.set("warm_c", 20.75)
                after = await machine.changed(snapshot, 5)
                assert after.number > snapshot.number
                assert after.value("warm_c") == 20.75

    run(main())


class TestSubscriptions:
    """A server that refuses them, lets them die quietly, or ends them: the values keep coming, by polling."""

    def follow(self, run, device, bench, spoil):
        async def main():
            async with device:
                subscriptions = device.server.iserver.subscription_service.subscriptions
                others = set(subscriptions)
                machine = Machine("press", device.profile, device.endpoint, OPEN)
                with capture_logs() as logs:
                    async with bench.running(machine):
                        await bench.until(machine, lambda s: s.good("row"))
                        await spoil(machine, lambda: [sub for key, sub in subscriptions.items() if key not in others])
                        await device.set("row", 4711)
                        await bench.until(machine, lambda s: s.value("row") == 4711 and s.good("row"))
                        await bench.until(machine, lambda s: any(entry["event"] == POLLING for entry in logs))
                        await device.set("row", 4712)
                        await bench.until(machine, lambda s: s.value("row") == 4712 and s.good("row"))
                        assert machine.snapshot().link is Link.CONNECTED
                told = [entry["event"] for entry in logs]
                assert told == ["link up", POLLING, "link closed"]
                return logs[1]["reason"]

        return run(main())

    def test_refused(self, run, opcua_device, bench):
        server = opcua_device.server.iserver
        server.max_subscriptions, allowed = 0, server.max_subscriptions

        async def nothing(machine, subscriptions):
            assert not subscriptions()

        try:
            assert "BadTooManySubscriptions" in self.follow(run, opcua_device, bench, nothing)
        finally:
            server.max_subscriptions = allowed

    def test_died_quietly(self, run, opcua_device, bench):
        async def die(machine, subscriptions):
            await bench.until(machine, lambda _: subscriptions())
            await subscriptions()[0].stop()

        assert "not in the subscription" in self.follow(run, opcua_device, bench, die)

    def test_a_node_that_is_not_there(self, run, opcua_device, bench, tmp_path):
        path = tmp_path / "opcua.yaml"
        ghost = "  - {name: ghost_c, title: Ghost, type: float32, access: r, node: Ghost}\n"
        path.write_text(path.read_text() + ghost)

        async def main():
            async with opcua_device as device:
                machine = Machine("press", load_profile(path), device.endpoint, OPEN)
                with capture_logs() as logs:
                    async with bench.running(machine):
                        await bench.until(machine, lambda s: s.good("row") and len(logs) == 3)
                        assert machine.snapshot().tags["ghost_c"].quality is Quality.BAD
                assert {"ghost_c": "BadNodeIdUnknown"} in [entry.get("why") for entry in logs]
                assert any("1 of 21 nodes: BadNodeIdUnknown" in entry.get("reason", "") for entry in logs)

        run(main())
