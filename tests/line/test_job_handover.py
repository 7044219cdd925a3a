"""A job to the press by our driver, as a job order and by tags: the same face, the same machine, verified on it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import rip
from drivers import CommandRefused, Machine, Snapshot, State, Verb, WriteRefused, access_in, load_profile
from drivers.isa95_types import JobState
from drivers.profile import Profile
from drivers.profile.load import FOLDER
from simulators import Plant
from simulators.security import USER

pytestmark = [pytest.mark.line, pytest.mark.timeout(240)]


@pytest.fixture(params=["isa95", "tags"])
def profile(request: pytest.FixtureRequest, tmp_path: Path) -> Profile:
    """The press's profile with either way of handing a job over."""
    text = (FOLDER / "press.yaml").read_text("utf-8")
    if request.param == "tags":
        text = "\n".join(line for line in text.splitlines() if not line.startswith("job:"))
    path = tmp_path / "press.yaml"
    path.write_text(text, "utf-8")
    found = load_profile(path)
    assert found.job.handover == request.param
    return found


@contextlib.asynccontextmanager
async def press(profile: Profile, folder: Path, speed: float) -> AsyncIterator[Machine]:
    async with Plant(folder, speed, only=["press"]) as plant:
        machine = Machine("press", profile, plant.endpoints["press"], access_in(plant.client, "press", USER))
        running = asyncio.create_task(machine.run())
        try:
            yield machine
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def reach(machine: Machine, **wanted: object) -> Snapshot:
    async with asyncio.timeout(60):
        snapshot = machine.snapshot()
        while not all(snapshot.value(name) == value and snapshot.good(name) for name, value in wanted.items()):
            snapshot = await machine.changed(snapshot, 1.0)
    return snapshot


def job(raster: rip.Raster, ticket: int, rows: int) -> dict[str, float | int | str]:
    return {"ticket": ticket, "raster_path": str(raster.path), "raster_sha256": raster.sha256, "total_rows": rows,
            "length_m": 1.0, "speed_sp_m_min": 24.0}  # fmt: skip


def test_a_job_is_printed_and_then_another(profile: Profile, raster: rip.Raster, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with press(profile, tmp_path, 200.0) as machine:
            for ticket, rows in ((2_000_000_001, 3000), (5, 2000)):
                await reach(machine, remote=True)
                assert machine.identification is not None
                assert machine.identification.serial_number == "SIM-press"
                wanted = job(raster, ticket, rows)
                await machine.write(wanted)
                await machine.write(wanted)  # once more, as after a lost answer
                snapshot = await reach(machine, ticket=ticket)
                assert {name: snapshot.value(name) for name in wanted} == pytest.approx(wanted)
                await machine.command(Verb.RESET)
                await reach(machine, state=State.IDLE, active_ticket=ticket, row=0)
                await machine.command(Verb.START)
                await reach(machine, state=State.COMPLETE, row=rows)

    asyncio.run(scenario())


def test_holding_stopping_and_refusals(profile: Profile, raster: rip.Raster, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with press(profile, tmp_path, 20.0) as machine:
            await reach(machine, remote=True)
            await machine.write(job(raster, 7, 40_000_000))
            await reach(machine, ticket=7)
            with pytest.raises(CommandRefused):
                await machine.command(Verb.HOLD)
            await machine.command(Verb.RESET)
            await reach(machine, state=State.IDLE)
            await machine.command(Verb.START)
            await reach(machine, state=State.EXECUTE)
            await machine.command(Verb.HOLD)
            await reach(machine, state=State.HELD)
            await machine.command(Verb.UNHOLD)
            await reach(machine, state=State.EXECUTE)
            if profile.job.handover == "isa95":
                with pytest.raises(WriteRefused, match="press: job order 7 runs on the machine"):
                    await machine.write(job(raster, 8, 100))
            await machine.command(Verb.STOP)
            stopped = await reach(machine, state=State.STOPPED)
            assert stopped.value("active_ticket") == 7
            if profile.job.handover == "isa95":
                with pytest.raises(WriteRefused, match=r"Store of job order 8: .* accepted: .*no such raster"):
                    await machine.write(job(raster, 8, 100) | {"raster_path": "/nowhere.tif"})
                (order,) = await orders(machine)
                assert (order.id, order.state) == ("7", JobState.ENDED)
            await machine.write(job(raster, 7, 40_000_000))
            await machine.command(Verb.RESET)
            idle = await reach(machine, state=State.IDLE)
            assert idle.value("row") == stopped.value("row")

    asyncio.run(scenario())


async def orders(machine: Machine) -> tuple:
    """Job orders as a second client sees them."""
    from drivers.isa95 import JobConnection
    from drivers.opcua import connect

    assert machine.access
    connection = await connect(machine.profile, machine.endpoint, machine.access)
    try:
        assert isinstance(connection, JobConnection)
        return await connection.orders()
    finally:
        await connection.close(lost=False)
