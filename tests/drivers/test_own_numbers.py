"""A machine with state, command and mode numbers of its own is, to everybody else, a machine like all others."""

import asyncio

import pytest
from structlog.testing import capture_logs

from drivers import OPEN, CommandRefused, Identity, Machine, State, Verb

KEYS = """
states: {stopped: 10, idle: [20, 21], execute: 30, aborted: 90}
commands: {start: 105, stop: 106}
mode: {tag: unit_mode, commands_in: [1, 3]}
"""
TAGS = [
    ("state", "uint16", "r", 0, "low: 0, high: 99"),
    ("command", "uint16", "rw", 1, "low: 0, high: 200"),
    ("unit_mode", "uint16", "r", 20, "low: 0, high: 31"),
]


def test_states_commands_and_mode(run, device_of, bench):
    device = device_of(KEYS, TAGS)
    device.results = {105: 1, 106: 1}
    device.started |= {"state": 20, "unit_mode": 1}

    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            async with bench.running(machine):
                await bench.until(machine, lambda s: s.good("state"))
                assert machine.snapshot().state is State.IDLE
                assert machine.snapshot().value("state") == State.IDLE
                await machine.command(Verb.START)
                for number, state in ((30, State.EXECUTE), (21, State.IDLE), (90, State.ABORTED)):
                    await device.set("state", number)
                    await bench.until(machine, lambda s, state=state: s.state is state)
                for verb in (Verb.CLEAR, Verb.ABORT):
                    with pytest.raises(CommandRefused) as refused:
                        await machine.command(verb)
                    said = f"press: command {verb.name} was not sent: the machine has no such command"
                    assert str(refused.value) == said
                await device.set("state", 20)
                await device.set("unit_mode", 2)
                await bench.until(machine, lambda s: s.state is State.IDLE and s.value("unit_mode") == 2)
                with pytest.raises(
                    CommandRefused, match="START was not sent: unit_mode is 2, commands are taken in 1 or"
                ):
                    await machine.command(Verb.START)
                await machine.command(Verb.STOP)  # in any mode
                assert device.commands == [105, 106]

    run(main())


def test_a_number_of_no_state_is_bad_and_said(run, device_of, bench):
    device = device_of(KEYS, TAGS)
    device.started |= {"state": 20, "unit_mode": 1}

    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            with capture_logs() as logs:
                async with bench.running(machine):
                    await bench.until(machine, lambda s: s.good("state"))
                    await device.set("state", 4)
                    await bench.until(machine, lambda s: not s.good("state") and len(logs) == 2)
                    assert machine.snapshot().state is None
            assert logs[1]["why"] == {"state": "4 is the number of no state"}

    run(main())


def test_who_the_machine_is_and_what_it_has_left(run, device_of, bench):
    keys = """
consumables: [{name: ink, title: Ink, level: ink_l, capacity: 20, low: 3}]
identification: {manufacturer: nobody, model: small, serial_number: {tag: serial}}
"""
    tags = [("ink_l", "float32", "r", 30, "unit: l, low: 0, high: 25"), ("serial", "uint64", "r", 40, "")]
    device = device_of(keys, tags)
    device.started |= {"ink_l": 2.5, "serial": 12345678901}

    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            assert machine.snapshot().identity.serial_number is None
            assert machine.snapshot().consumables[0].is_low is None
            async with bench.running(machine):
                await bench.until(machine, lambda s: s.good("ink_l"))
                snapshot = machine.snapshot()
                assert snapshot.identity == Identity("nobody", "small", "12345678901")
                (ink,) = snapshot.consumables
                assert (ink.title, ink.level.value, ink.level.unit, ink.capacity, ink.is_low) == (
                    "Ink",
                    2.5,
                    "l",
                    20,
                    True,
                )
                await device.set("ink_l", 19.5)
                await bench.until(machine, lambda s: s.consumables[0].is_low is False)

    run(main())


def test_alarm_bits_in_more_than_one_word(run, device_of, bench):
    keys = """
alarms:
  - {bit: 0, name: power_lost, priority: high, text: "Power was lost", response: "Look"}
  - {word: more_alarms, bit: 17, name: belt, priority: medium, text: "The belt slips", response: "Look"}
"""
    device = device_of(keys, [("more_alarms", "uint32", "r", 50, "")])

    async def main():
        async with device:
            machine = Machine("press", device.profile, device.endpoint, OPEN)
            async with bench.running(machine):
                await bench.until(machine, lambda s: s.good("more_alarms"))
                assert machine.snapshot().active_alarms == frozenset()
                await asyncio.gather(device.set("more_alarms", 1 << 17), device.set("alarm_word", 1))
                await bench.until(machine, lambda s: s.active_alarms == {"belt", "power_lost"})

    run(main())
