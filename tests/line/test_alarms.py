"""Alarms of a simulated steamer, from its bits to the door: suppressed, announced, seen, over, through a restart."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlmodel import col, select

from controller import Actor, Alarm, Controller, Line, Store, load_line
from controller.archive import stored
from controller.tables import Event
from controller.verify import verify
from drivers import Link, State, Verb
from simulators import Plant

pytestmark = [pytest.mark.line, pytest.mark.timeout(180)]

ROSA = Actor("Rosa", "operator")
NOWHERE = {"padder": "modbus://127.0.0.1:1", "press": "opc.tcp://127.0.0.1:1", "washer": "opc.tcp://127.0.0.1:1"}


def test_an_alarm_from_the_steamer_to_the_operator_and_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Plant(tmp_path / "plant", 60.0, only=["steamer"], client=tmp_path) as plant:
            line = load_line().at(NOWHERE | {"steamer": plant.endpoints["steamer"]})
            await plant.order("steamer", "fault steam_pressure_drop bar=3")
            await with_controller(line, tmp_path, lambda controller: comes_and_is_seen(controller, plant))
            await with_controller(line, tmp_path, lambda controller: goes_after_a_restart(controller, plant))

    asyncio.run(scenario())
    store = Store.in_folder(tmp_path)
    with store.read() as session:
        lines = session.exec(select(Event).order_by(col(Event.seq))).all()
        assert verify(stored(session.connection())).faults == ()
    store.close()
    ours = [(line.actor, line.kind, line.payload["from"], line.payload["to"]) for line in lines
            if line.payload.get("alarm") == "emergency_stop"]  # fmt: skip
    assert ours == [
        ("steamer", "alarm", "A", "B"),
        ("Rosa", "alarm acknowledged", "B", "C"),
        ("steamer", "alarm over", "C", "A"),
        ("steamer", "alarm", "A", "B"),
        ("steamer", "alarm over", "B", "D"),
        ("Rosa", "alarm acknowledged", "D", "A"),
    ]


async def with_controller(line: Line, folder: Path, scenario: Callable[[Controller], Awaitable[None]]) -> None:
    store = Store.in_folder(folder)
    try:
        async with Controller.running(line, store, folder) as controller:
            await scenario(controller)
    finally:
        store.close()


async def comes_and_is_seen(controller: Controller, plant: Plant) -> None:
    steam = await reaches(controller, "steam_pressure_low", "H", active=True)
    assert steam.covered_why == "not while stopped"
    await plant.order("steamer", "estop")
    alarm = await reaches(controller, "emergency_stop", "B")
    done, left = controller.alarms.acknowledge(ROSA, {alarm.id: alarm.occurrence})
    assert ([one.position.state for one in done], left) == (["C"], [])


async def goes_after_a_restart(controller: Controller, plant: Plant) -> None:
    before = await reaches(controller, "emergency_stop", "C")
    assert (before.acknowledged_by, before.occurrence) == ("Rosa", 1)
    for state in ("A", "D"):
        await plant.order("steamer", "release")
        await stands_aborted(controller)
        await controller.machines["steamer"].command(Verb.CLEAR)
        alarm = await reaches(controller, "emergency_stop", state)
        if state == "A":
            await plant.order("steamer", "estop")
            alarm = await reaches(controller, "emergency_stop", "B")
            assert alarm.occurrence == 2
    controller.alarms.acknowledge(ROSA, {alarm.id: alarm.occurrence})
    await reaches(controller, "emergency_stop", "A")


async def stands_aborted(controller: Controller) -> None:
    machine = controller.machines["steamer"]
    async with asyncio.timeout(30):
        snapshot = machine.snapshot()
        while snapshot.link is not Link.CONNECTED or snapshot.state is not State.ABORTED:
            snapshot = await machine.changed(snapshot, 1.0)


async def reaches(controller: Controller, name: str, state: str, *, active: bool | None = None) -> Alarm:
    feed = controller.book.store.feed
    async with asyncio.timeout(30):
        while True:
            seen = feed.version
            for alarm in controller.alarms.alarms(ROSA, normal=True):
                fits = alarm.position.state == state and active in (None, alarm.position.active)
                if (alarm.machine, alarm.name) == ("steamer", name) and fits:
                    return alarm
            await feed.wait(seen, timeout_s=1.0)
