"""Padder and steamer over the other protocol, by another profile: the same job by the same driver, the same line."""

import asyncio
import math
import os
import signal
from pathlib import Path

import pytest
from PIL import Image
from skimage import data
from sqlmodel import select

import rip
from controller import Controller, JobRequest, Store, load_line
from controller.tables import Job, Operation
from drivers import Link, Machine, Snapshot, State, Verb, access_in, load_profile
from hmi.operator import simulated_operator
from hmi.print_job import ACTOR, OVER
from hmi.uploads import keep_file
from simulators import Plant
from simulators.security import USER

pytestmark = [pytest.mark.line, pytest.mark.timeout(400)]

FULL = bool(os.environ.get("FOULARD_FULL"))  # the long form; see `make test-full`
SETPOINTS = {"padder": {"speed_sp_m_min": 20.0, "chamber_temp_sp_c": 95.0}, "steamer": {"dwell_sp_min": 8.0}}


async def reach(machine: Machine, **wanted: object) -> Snapshot:
    async with asyncio.timeout(60):
        snapshot = machine.snapshot()
        while not all(snapshot.value(name) == value and snapshot.good(name) for name, value in wanted.items()):
            snapshot = await machine.changed(snapshot, 1.0)
    return snapshot


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        ("padder", "padder-stenter"),
        ("padder", "padder-stenter-opcua"),
        ("steamer", "loop-steamer"),
        ("steamer", "loop-steamer-opcua"),
    ],
)
def test_a_job_by_the_driver(name: str, profile: str, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with Plant(tmp_path, math.inf, only=[name], profiles={name: profile}) as plant:
            machine = Machine(name, load_profile(profile), plant.endpoints[name], access_in(plant.client, name, USER))
            running = asyncio.create_task(machine.run())
            try:
                await reach(machine, remote=True, state=State.STOPPED)
                wanted = {"ticket": 3_000_000_007, "length_m": 2.5, **SETPOINTS[name]}
                await machine.write(wanted)
                snapshot = await reach(machine, ticket=3_000_000_007)
                assert {tag: snapshot.value(tag) for tag in wanted} == pytest.approx(wanted)
                await machine.command(Verb.RESET)
                await reach(machine, state=State.IDLE, active_ticket=3_000_000_007)
                await machine.command(Verb.START)
                done = await reach(machine, state=State.COMPLETE)
                assert done.value("metres") == pytest.approx(2.5)
                assert [tag for tag in done.tags if not done.good(tag)] == []
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scenario())


@pytest.mark.parametrize("profile", ["loop-steamer", "loop-steamer-opcua"], ids=["bits", "events"])
def test_an_alarm_of_the_steamer_comes_and_goes(profile: str, tmp_path: Path) -> None:
    async def active(machine: Machine, *names: str) -> None:
        async with asyncio.timeout(30):
            snapshot = machine.snapshot()
            while None in snapshot.alarms.values() or snapshot.active_alarms != {*names}:
                snapshot = await machine.changed(snapshot, 1.0)

    async def scenario() -> None:
        async with Plant(tmp_path, 60, only=["steamer"], profiles={"steamer": profile}) as plant:
            await plant.order("steamer", "fault steam_pressure_drop bar=3")
            access = access_in(plant.client, "steamer", USER)
            machine = Machine("steamer", load_profile(profile), plant.endpoints["steamer"], access)
            running = asyncio.create_task(machine.run())
            try:
                await active(machine, "steam_pressure_low")
                await plant.order("steamer", "estop")
                await active(machine, "steam_pressure_low", "emergency_stop")
                await plant.order("steamer", "clear steam_pressure_drop")
                await active(machine, "emergency_stop")
                await plant.order("steamer", "release")
                await reach(machine, emergency_stop=False, state=State.ABORTED)
                await machine.command(Verb.CLEAR)
                await active(machine)
                os.kill(plant.pids["steamer"], signal.SIGKILL)
                await reach_link(machine, Link.LOST)
                assert set(machine.snapshot().alarms.values()) == {None}
                await active(machine, "power_lost")  # its keeper switches it on again
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    asyncio.run(scenario())


async def reach_link(machine: Machine, link: Link) -> None:
    async with asyncio.timeout(30):
        snapshot = machine.snapshot()
        while snapshot.link is not link:
            snapshot = await machine.changed(snapshot, 1.0)


LINE = """
title: Padder and steamer over OPC UA
machines:
  - {name: padder, stage: pretreat, profile: padder-stenter-opcua, endpoint: "opc.tcp://127.0.0.1:4842", user: foulard}
  - {name: press, stage: print, profile: press, endpoint: "opc.tcp://127.0.0.1:4840", user: foulard}
  - {name: steamer, stage: fix, profile: loop-steamer-opcua, endpoint: "opc.tcp://127.0.0.1:4843", user: foulard}
  - {name: washer, stage: wash, profile: open-width-washer, endpoint: "opc.tcp://127.0.0.1:4841", user: foulard}
camera: "tcp://127.0.0.1:5030"
"""


@pytest.mark.skipif(not FULL, reason="long form only: each machine does its job above; FOULARD_FULL=1 prints it whole")
def test_a_whole_print_by_another_line_description(tmp_path: Path) -> None:
    path, design = tmp_path / "line.yaml", tmp_path / "astronaut.png"
    path.write_text(LINE, "utf-8")
    Image.fromarray(data.astronaut()).save(design)
    store = Store.in_folder(tmp_path)
    asyncio.run(run(tmp_path, path, design, store))
    with store.read() as session:
        job = session.exec(select(Job)).one()
        assert (job.status, job.grade["quality"]) == ("complete", "first"), job.error
        operations = session.exec(select(Operation)).all()
        assert {operation.stage: operation.protocol for operation in operations} == dict.fromkeys(
            ("pretreat", "print", "fix", "wash"), "opcua"
        )
    store.close()


async def run(folder: Path, description: Path, design: Path, store: Store) -> None:
    line = load_line(description)
    profiles = {machine.name: machine.profile for machine in line.machines}
    async with (
        Plant(folder / "plant", math.inf, profiles=profiles, client=folder) as plant,
        Controller.running(line.at(plant.endpoints), store, folder) as controller,
    ):
        operator = asyncio.create_task(simulated_operator(controller, walk_s=0.0))
        kept = keep_file(design, folder / "designs").path
        job = controller.desk.submit(ACTOR, JobRequest((kept,), "silk-twill", rip.Layout(), 1.0, "other protocol"))
        while controller.desk.job(ACTOR, job.id or 0).job.status not in OVER:
            await controller.book.store.feed.wait(controller.book.store.feed.version, timeout_s=1.0)
        operator.cancel()
        await asyncio.gather(operator, return_exceptions=True)
