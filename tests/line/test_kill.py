"""The press process is really killed in the middle of a job: it ends complete, and no row is printed twice."""

import asyncio
import json
import math
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from skimage import data
from sqlmodel import col, select

import rip
from controller import Controller, JobRequest, Store, load_line
from controller.archive import stored
from controller.tables import Event, Job, Stop, Strip
from controller.verify import verify
from drivers.isa95_types import JobState
from hmi.operator import simulated_operator
from hmi.print_job import ACTOR, OVER
from hmi.uploads import keep_file
from simulators import Plant
from simulators.retained import Memory

pytestmark = [pytest.mark.line, pytest.mark.timeout(300)]

KILL_AT = 0.15
"""Share of the job after which the press is killed."""


def test_a_killed_press_loses_no_row_and_prints_none_twice(tmp_path: Path, primed: Callable[[Path], Path]) -> None:
    primed(tmp_path / "rasters")
    design = tmp_path / "astronaut.png"
    Image.fromarray(data.astronaut()).save(design)
    asyncio.run(run(tmp_path, design))


async def run(folder: Path, design: Path) -> None:
    store = Store.in_folder(folder)
    async with (
        Plant(folder / "plant", math.inf, client=folder) as plant,
        Controller.running(load_line().at(plant.endpoints), store, folder) as controller,
    ):
        operator = asyncio.create_task(simulated_operator(controller, walk_s=0.0))
        kept = keep_file(design, folder / "designs").path
        job = controller.desk.submit(ACTOR, JobRequest((kept,), "silk-twill", rip.Layout(), 1.2, "killed"))
        await kill_at(controller, plant, KILL_AT)
        while controller.desk.job(ACTOR, job.id or 0).job.status not in OVER:
            await controller.book.store.feed.wait(controller.book.store.feed.version, timeout_s=1.0)
        operator.cancel()
        await asyncio.gather(operator, return_exceptions=True)
    check(store, folder)
    store.close()


async def kill_at(controller: Controller, plant: Plant, share: float) -> None:
    """Kill the press with SIGKILL once it has printed this share of the job."""
    machine = controller.machines["press"]
    snapshot = machine.snapshot()
    while True:
        row, total = snapshot.value("row") or 0, snapshot.value("total_rows") or 0
        if snapshot.good("row") and total and int(row) >= share * int(total) and snapshot.value("state") == 6:
            assert int(row) < int(total)
            os.kill(plant.pids["press"], signal.SIGKILL)
            return
        snapshot = await machine.changed(snapshot, timeout_s=5.0)


def check(store: Store, folder: Path) -> None:
    with store.read() as session:
        job = session.exec(select(Job)).one()
        assert job.status == "complete", job.error
        total = job.total_rows or 0
        assert job.inspected_rows == total
        assert job.grade["points"] == 0
        stops = [stop for stop in session.exec(select(Stop)).all() if stop.stage == "print"]
        assert any(stop.state == "Aborted" and stop.ended_at for stop in stops), stops
        strips = session.exec(select(Strip).order_by(col(Strip.row_start))).all()
        ends = [strip.row_start + strip.rows for strip in strips]
        assert [strip.row_start for strip in strips] == [0, *ends[:-1]]
        assert ends[-1] == total
        events = session.exec(select(Event).order_by(col(Event.seq))).all()
        assert verify(stored(session.connection())).faults == ()
        alarms = [event for event in events if event.kind == "alarm" and event.payload["alarm"] == "power_lost"]
        assert len(alarms) == 1
        asked = [event for event in events if event.kind == "question" and event.payload["kind"].startswith("resume@")]
        assert len(asked) == 1
    (entry,) = (Memory(folder / "plant" / "press" / "job-orders").load() or {})["entries"]
    assert entry["state"] == JobState.ENDED, "the job went through the press as one job order"
    assert dict(entry["results"])["Row"] == total
    lines = [json.loads(line) for line in (folder / "plant" / "press" / "cloth.jsonl").read_text().splitlines()]
    reached = 0
    for line in lines:
        assert line["from_row"] == reached, "every row once, in order"
        reached = line["to_row"]
    assert reached == total
