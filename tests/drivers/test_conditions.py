"""Alarms told by bits of a word or by events of the server: the same to everybody else, and never untrue for long."""

import asyncio
import struct

import pytest
from asyncua import ua
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from drivers import OPEN, Link, LinkLost, Machine, ProfileError, Verb, try_machine
from drivers.opcua_conditions import Conditions, Told, told
from drivers.opcua_subscription import Refused, refusals
from drivers.profile import CONDITIONS, AlarmSpec
from simulators.faultylink import FaultyLink
from simulators.linktable import parse_fault
from simulators.wire import WIRES

AGE_S = 3.0
"""Age at which what is not proven any more is bad; see Group."""


def alarm(name, **place):
    return AlarmSpec(name=name, priority="high", text=name, response="Look", **place)


def written(*alarms):
    lines = [f"  - {{{place}, name: {name}, priority: high, text: {name}, response: Look}}\n" for name, place in alarms]
    return "alarms:\n" + "".join(lines)


class Bits:
    """The alarms of a machine that tells them by bits."""

    keys = written(("belt", "bit: 1"), ("door", "bit: 2"))

    def __init__(self, device):
        self.device, self.word = device, 0

    async def set(self, name, *, active):
        bit = {"belt": 2, "door": 4}[name]
        self.word = self.word | bit if active else self.word & ~bit
        await self.device.set("alarm_word", self.word)


class Events:
    """The alarms of a machine that tells them by events."""

    keys = written(("belt", "event: BeltSlips"), ("door", "event: DoorOpen"))

    def __init__(self, device):
        self.device = device

    async def set(self, name, *, active):
        await self.device.condition({"belt": "BeltSlips", "door": "DoorOpen"}[name], retain=active, active=active)


@pytest.fixture
def events(run, opcua_device_of):
    """Make a device whose alarms are events, forgetting what other tests' devices told on the shared server."""

    def build(keys=Events.keys, tags=()):
        device = opcua_device_of(keys, tags)
        device.server.iserver.subscription_service._conditions.clear()
        return device

    return build


@pytest.fixture(params=[Bits, Events])
def alarmed(request, events, opcua_device_of):
    """A device and the way it tells its alarms."""
    device = (events if request.param is Events else opcua_device_of)(request.param.keys)
    return device, request.param(device)


def known(snapshot):
    return None not in snapshot.alarms.values()


def test_an_alarm_comes_and_goes(run, alarmed, bench):
    device, alarms = alarmed

    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            assert machine.snapshot().alarms == {"belt": None, "door": None}
            async with bench.running(machine):
                await bench.until(machine, known)
                assert machine.snapshot().alarms == {"belt": False, "door": False}
                await alarms.set("belt", active=True)
                await bench.until(machine, lambda s: s.active_alarms == {"belt"}, timeout_s=1)
                await alarms.set("door", active=True)
                await bench.until(machine, lambda s: s.active_alarms == {"belt", "door"}, timeout_s=1)
                await alarms.set("belt", active=False)
                await bench.until(machine, lambda s: s.alarms == {"belt": False, "door": True}, timeout_s=1)
                await alarms.set("door", active=False)
                await bench.until(machine, lambda s: known(s) and not s.active_alarms, timeout_s=1)

    run(main())


def test_what_was_before_the_link_and_what_changed_without_it(run, alarmed, bench):
    device, alarms = alarmed

    async def main():
        async with device, bench.Proxy(device) as proxy:
            await alarms.set("belt", active=True)
            machine = Machine("press", device.profile, proxy.endpoint, OPEN)
            async with bench.running(machine):
                await bench.until(machine, known)
                assert machine.snapshot().alarms == {"belt": True, "door": False}
                proxy.silent = True
                await bench.until(machine, lambda s: set(s.alarms.values()) == {None})
                await alarms.set("belt", active=False)
                await alarms.set("door", active=True)
                await bench.until(machine, lambda s: s.link is Link.LOST)
                assert machine.snapshot().active_alarms == frozenset()
                proxy.silent = False
                await bench.until(machine, known, timeout_s=10)
                assert machine.snapshot().alarms == {"belt": False, "door": True}

    run(main())


def test_an_event_that_was_lost_is_made_good(run, events, bench):
    """Nobody told that one alarm is over and another one is there: it is known all the same, and never was wrong."""
    device = events()

    async def main():
        async with device:
            await device.condition("BeltSlips")
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            async with bench.running(machine):
                await bench.until(machine, lambda s: s.active_alarms == {"belt"})
                await device.condition("BeltSlips", retain=False, told=False)
                await device.condition("DoorOpen", told=False)
                await bench.until(machine, lambda s: s.alarms == {"belt": False, "door": True}, timeout_s=1)

    run(main())


def test_a_subscription_that_died_quietly(run, events, bench):
    """What it told last is not shown for longer than its age allows, and another one takes its place."""
    device = events()

    async def main():
        async with device:
            service = device.server.iserver.subscription_service
            others = set(service.subscriptions)
            await device.condition("BeltSlips")
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            with capture_logs() as logs:
                async with bench.running(machine):
                    await bench.until(machine, lambda s: s.active_alarms == {"belt"})
                    mine = [sub for key, sub in service.subscriptions.items() if key not in others]
                    (dead,) = [sub for sub in mine if sub.monitored_item_srv._monitored_events]
                    await dead.stop()
                    await device.condition("BeltSlips", retain=False, active=False)
                    await device.condition("DoorOpen")
                    gone_s = await bench.until(machine, lambda s: not s.alarms["belt"])
                    assert gone_s < AGE_S
                    await bench.until(machine, lambda s: s.alarms == {"belt": False, "door": True}, timeout_s=AGE_S)
                    assert machine.snapshot().link is Link.CONNECTED
                    await machine.command(Verb.STOP)
            told_once = [entry["reason"] for entry in logs if entry["event"] == "alarms not told, subscribing again"]
            assert told_once == ["no end of the refresh within 1.6 s"]

    run(main())


def test_a_server_without_a_refresh_leaves_the_alarms_unknown(run, events, bench):
    device = events()
    node = ua.NodeId(ua.ObjectIds.ConditionType_ConditionRefresh)

    async def main():
        space = device.server.iserver.aspace
        method, space._nodes[node].call = space._nodes[node].call, None
        try:
            async with device:
                machine = Machine("press", device.profile, device.endpoint, OPEN)
                with capture_logs() as logs:
                    async with bench.running(machine):
                        await bench.until(machine, lambda s: s.good("row"))
                        await device.condition("BeltSlips")
                        await bench.until(machine, lambda s: len(logs) > 2)
                        await device.set("row", 17)
                        await bench.until(machine, lambda s: s.value("row") == 17)
                        assert machine.snapshot().alarms == {"belt": None, "door": None}
                        assert all(machine.snapshot().good(name) for name in machine.snapshot().tags)
                trial = await try_machine(device.profile, device.endpoint, OPEN)
                assert trial.alarm_fault.startswith("the server refuses ConditionRefresh: Bad")
                assert trial.snapshot.alarms == {"belt": None, "door": None}
                why = [entry["why"] for entry in logs if entry["event"] == "tags without a usable value"]
                assert why[0]["alarm conditions"].startswith("the server refuses ConditionRefresh: Bad")
                assert len([entry for entry in logs if "subscribing again" in entry["event"]]) == 1
        finally:
            space._nodes[node].call = method

    run(main())


@pytest.mark.parametrize("text", ["drop:by=rst", "half_open:direction=replies,for_s=1.2", "garble:part=payload,bits=8"])
def test_a_link_with_faults_tells_no_untrue_alarm(run, events, bench, text):
    device, fault = events(), parse_fault(text)

    async def main():
        async with device, FaultyLink(WIRES["opcua"], "127.0.0.1", device.port, seed=3) as link:
            await device.condition("BeltSlips")
            machine = Machine("press", device.profile, link.endpoint, OPEN)
            async with bench.running(machine):
                await bench.until(machine, known)
                suffering = asyncio.create_task(link.suffer(fault))
                snapshot = machine.snapshot()
                while not suffering.done():
                    snapshot = await machine.changed(snapshot, 0.05)
                    wrong = snapshot.alarms["belt"] is False or snapshot.alarms["door"]
                    # nothing in an event without a signature tells that a bit of it was turned over
                    assert not wrong or fault.name == "garble"
                await suffering
                await bench.until(
                    machine, lambda s: s.alarms == {"belt": True, "door": False} and s.good("row"), timeout_s=12
                )

    run(main())


def test_a_trial_tells_the_alarms(run, alarmed):
    device, alarms = alarmed

    async def main():
        async with device:
            await alarms.set("door", active=True)
            trial = await try_machine(device.profile, device.endpoint, OPEN)
            assert trial.snapshot.alarms == {"belt": False, "door": True}
            assert trial.alarm_fault == ""
            if isinstance(alarms, Events):
                await device.condition("Elsewhere")
                trial = await try_machine(device.profile, device.endpoint, OPEN)
                assert trial.alarm_fault == "the profile has no alarm for Elsewhere"

    run(main())


def test_conditions_are_told_apart_by_name_source_and_branch(run, events, bench):
    device = events(written(("belt", "event: Slips, source: Belt"), ("any", "event: Hot"), ("cold", "event: Cold")))

    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            with capture_logs() as logs:
                async with bench.running(machine):
                    await bench.until(machine, known)
                    await device.condition("Slips", source="Roller")
                    await device.condition("Cold", branch=ua.NodeId(7, 2))  # of an earlier time
                    await device.condition("Cold", active=False)  # waits to be acknowledged
                    await device.condition("Hot", source="One")
                    await device.condition("Hot", source="Two")
                    await bench.until(machine, lambda s: s.active_alarms == {"any"})
                    await device.condition("Hot", source="One", retain=False)
                    await device.condition("Slips", source="Belt")
                    await bench.until(machine, lambda s: s.active_alarms == {"any", "belt"})
                    await device.condition("Hot", source="Two", retain=False)
                    await device.condition("Elsewhere")
                    await bench.until(machine, lambda s: s.active_alarms == {"belt"})
                    await bench.until(machine, lambda _: any("conditions" in entry for entry in logs))
            strangers = [entry["conditions"] for entry in logs if entry["event"].startswith("alarms that the profile")]
            assert strangers == [["Elsewhere"]]

    run(main())


def test_how_often_a_refresh_is_asked_for_is_said_by_a_group(opcua_device_of):
    groups = "groups: {alarms: {period_s: 2.0, uncertain_after_s: 5.0, bad_after_s: 10.0}}\n"
    assert opcua_device_of(Events.keys + groups).profile.group_of(CONDITIONS).period_s == 2.0
    assert opcua_device_of(Events.keys).profile.group_of(CONDITIONS).period_s == 0.4
    with pytest.raises(ProfileError, match=r"groups.alarms: unused: no tag is in this group"):
        opcua_device_of(Bits.keys + groups)


START, END = int(ua.ObjectIds.RefreshStartEventType), int(ua.ObjectIds.RefreshEndEventType)
NAMES = ("Slips", "Hot", "Cold")
ALARMS = tuple(alarm(name.lower(), event=name) for name in NAMES)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("event"), st.sampled_from(NAMES), st.booleans()),
        st.tuples(st.just("lost"), st.sampled_from(NAMES), st.booleans()),
        st.just(("refresh",)),
        st.just(("cut",)),
    ),
    max_size=30,
)


def of(name, *, active):
    return Told(int(ua.ObjectIds.AlarmConditionType), name, "small", name, active)


@given(steps, st.data())
def test_after_a_refresh_the_word_is_the_truth_and_between_two_what_was_told(steps, data):
    conditions, truth, shown = Conditions(ALARMS), set(), set()
    for step in steps:
        if step[0] in ("event", "lost"):
            _, name, active = step
            (truth.add if active else truth.discard)(name)
            if step[0] == "event":
                (shown.add if active else shown.discard)(name)
                assert not conditions.take(of(name, active=active))
        else:
            assert not conditions.take(Told(START, "", "", "", active=False))
            told_now = sorted(truth) if step == ("refresh",) else sorted(truth)[:1]
            for name in told_now:
                assert not conditions.take(of(name, active=True))
            if step == ("refresh",):
                # one that changes in the middle of a refresh
                name, active = data.draw(st.sampled_from(NAMES)), data.draw(st.booleans())
                (truth.add if active else truth.discard)(name)
                assert not conditions.take(of(name, active=active))
                assert conditions.take(Told(END, "", "", "", active=False))
                shown = set(truth)
            else:
                shown.update(told_now)
        assert conditions.word == sum(1 << index for index, name in enumerate(NAMES) if name in shown)


odd = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.lists(st.none()))


@given(st.one_of(st.lists(odd, min_size=7, max_size=7), st.lists(odd)))
def test_whatever_an_event_carries_it_is_read_or_refused(fields):
    conditions = Conditions(ALARMS)
    try:
        found = told(fields)
    except Refused:
        assert len(fields) != 7
        return
    assert found is None or not conditions.take(found)
    assert conditions.word in (0, 1, 2, 4)


def test_an_answer_that_cannot_be_decoded_is_the_loss_of_the_link():
    with pytest.raises(LinkLost, match="the answer cannot be read"), refusals("ConditionRefresh"):
        struct.unpack(">I", b"no")


def test_an_event_of_seven_odd_fields_is_no_alarm():
    assert not told([None, [], {}, "Slips", 0, True, 1]).active
    assert told([None, None, None, "Slips", ua.NodeId(), True, True]).active
