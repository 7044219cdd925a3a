"""A print under way is cut short on the whole line: stopped behind the metre, and what is printed goes on."""

import asyncio
import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from skimage import data

import rip
from controller import Controller, JobRequest, Store, load_line
from controller.archive import stored
from controller.desk import JobRecord
from controller.verify import verify
from hmi.operator import simulated_operator
from hmi.print_job import ACTOR, OVER
from hmi.uploads import keep_file
from simulators import Plant

FULL = bool(os.environ.get("FOULARD_FULL"))  # the long form; see `make test-full`

pytestmark = [
    pytest.mark.line,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not FULL, reason="long form only: the model in tests/controller stands for it; FOULARD_FULL=1"),
]

LENGTH_M, CUT_AT_M = 2.4, 1.0


def test_a_print_under_way_is_cut_and_what_is_printed_goes_on(tmp_path: Path, primed: Callable[[Path], Path]) -> None:
    primed(tmp_path / "rasters")
    design = tmp_path / "astronaut.png"
    Image.fromarray(data.astronaut()).save(design)
    record = asyncio.run(run(tmp_path, design))
    job, operations = record.job, {one.stage: one for one in record.operations}
    assert (job.status, job.grade["points"]) == ("complete", 0), job.error
    assert CUT_AT_M <= job.length_m < LENGTH_M
    assert job.length_m == pytest.approx((job.total_rows or 0) * (job.mm_per_row or 0) / 1000, abs=1e-4)
    lines = [json.loads(line) for line in (tmp_path / "plant" / "press" / "cloth.jsonl").read_text().splitlines()]
    assert lines[-1]["to_row"] == job.total_rows, "the job is as long as its cloth"
    for stage in ("fix", "wash"):
        assert operations[stage].length_m == job.length_m
        assert operations[stage].metres == pytest.approx(job.length_m, abs=0.02)
    assert 0 < job.inspected_rows <= job.total_rows


async def run(folder: Path, design: Path) -> JobRecord:
    store = Store.in_folder(folder)
    async with (
        Plant(folder / "plant", math.inf, client=folder) as plant,
        Controller.running(load_line().at(plant.endpoints), store, folder) as controller,
    ):
        operator = asyncio.create_task(simulated_operator(controller, walk_s=0.0))
        kept = keep_file(design, folder / "designs").path
        job_id = controller.desk.submit(ACTOR, JobRequest((kept,), "silk-twill", rip.Layout(), LENGTH_M, "cut")).id or 0
        machine = controller.machines["press"]
        snapshot = machine.snapshot()
        while not (snapshot.value("state") == 6 and int(snapshot.value("row") or 0) > 0):
            snapshot = await machine.changed(snapshot, timeout_s=5.0)
        controller.jobs.cut(ACTOR, job_id, CUT_AT_M)
        while controller.desk.job(ACTOR, job_id).job.status not in OVER:
            await controller.book.store.feed.wait(controller.book.store.feed.version, timeout_s=1.0)
        operator.cancel()
        await asyncio.gather(operator, return_exceptions=True)
        record = controller.desk.job(ACTOR, job_id)
    with store.read() as session:
        assert verify(stored(session.connection())).faults == ()
    store.close()
    return record
