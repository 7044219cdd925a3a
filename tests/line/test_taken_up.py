"""A print that stopped is taken up further back, on the whole line: what lies between is cut out, the rest is whole."""

import asyncio
import dataclasses
import json
import math
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from sqlmodel import select

import rip
from controller import Actor, Controller, JobRequest, Store, load_line
from controller.archive import stored
from controller.desk import JobRecord
from controller.pieces import counted_of
from controller.tables import Event, Question
from controller.verify import verify
from hmi.print_job import OVER
from hmi.report import page
from simulators import Plant
from tests.kills.run import narrow

LONG = "long form only: test_taken_up and test_way in tests/controller, test_rolls in tests/simulators stand for it"
pytestmark = [
    pytest.mark.line,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not os.environ.get("FOULARD_FULL"), reason=LONG),
]

ROSA = Actor("rosa", "admin")
MACHINES = ("padder", "press", "steamer", "washer")
LENGTH_M, STOP_M, SPOT_M, BACK_M = 1.9, 0.7, 0.6, 0.5
STRIP_ROWS, STRIPS = 4096, 2
FAULTS = f"head_strike:at_m={STOP_M};spot:at_m={SPOT_M},x_mm=50,d_mm=4"


def test_a_print_is_taken_up_at_the_row_that_the_operator_names(tmp_path: Path, primed: Callable[[Path], Path]) -> None:
    primed(tmp_path / "rasters")
    design = tmp_path / "design.png"
    picture = Image.radial_gradient("L").resize((240, 240))
    Image.merge("RGB", [picture, picture.rotate(90), picture.rotate(180)]).save(design, dpi=(150, 150))
    record = asyncio.run(run(tmp_path, design))
    job, operations = record.job, {one.stage: one for one in record.operations}
    assert (operations["print"].status, job.inspected_rows) == ("done", job.total_rows), job.error

    # the press's own log: the rows before the gap from one ticket, those behind it from the next, each once
    (gap,) = record.gaps
    printed: dict[int, list[tuple[int, int]]] = {}
    for line in (tmp_path / "plant" / "press" / "cloth.jsonl").read_text().splitlines():
        laid = json.loads(line)
        printed.setdefault(laid["ticket"], []).append((laid["from_row"], laid["to_row"]))
    assert [*printed] == [gap.ticket, operations["print"].ticket]
    for ticket, (first, last) in {gap.ticket: (0, gap.stop_row),
                                  operations["print"].ticket: (gap.resume_row, job.total_rows)}.items():  # fmt: skip
        reached = first
        for low, high in printed[ticket]:
            assert low == reached
            reached = high
        assert reached == last
    pitch_m = (job.mm_per_row or 0) / 1000
    assert gap.resume_row == round(BACK_M / pitch_m)
    cut_m = (gap.stop_row - gap.resume_row) * pitch_m
    assert STOP_M - BACK_M < cut_m < LENGTH_M - BACK_M

    # strips: all of the goods once, in legs; the spot lies in what is cut out and counts for nothing
    seen = [(strip.leg, strip.row_start) for strip in record.strips]
    assert seen == sorted(seen)
    assert next(row for leg, row in seen if leg) == gap.resume_row // 4 * 4
    assert sum(strip.rows for strip in record.strips if strip.leg) == pytest.approx(
        job.total_rows - gap.resume_row, abs=4
    )
    (spot,) = record.findings
    assert (spot.leg, round(spot.at_m, 1)) == (0, SPOT_M)
    assert counted_of(record.findings, record.way) == []

    # the cloth is longer than the print, all the way
    for stage in ("print", "fix", "wash"):
        assert operations[stage].length_m == pytest.approx(LENGTH_M + cut_m, abs=1e-3)
    assert operations["print"].metres == pytest.approx(LENGTH_M + cut_m, abs=2e-3)
    (cut_out,) = record.way.cut_outs
    assert (cut_out.from_m, cut_out.to_m) == pytest.approx((BACK_M, gap.stop_row * pitch_m), abs=1e-4)
    (stop,) = [one for one in record.stops if one.stage == "print"]
    assert stop.at_m == pytest.approx(cut_out.to_m, abs=2e-3)
    rolls = [path.name.partition(".")[::2] for path in (tmp_path / "plant" / "rolls").iterdir()]
    assert len({number for number, _ in rolls}) == 1, "one roll, through all machines"
    assert {machine for _, machine in rolls} == set(MACHINES)
    assert (job.status, job.grade["points"], job.grade["quality"]) == ("complete", 0, "first")
    assert [operations[stage].metres for stage in ("fix", "wash")] == pytest.approx([LENGTH_M + cut_m] * 2, abs=0.02)
    used = [operations["print"].actuals[f"ink{number}_used_ml"] for number in range(1, 5)]
    planned = sum(job.planned_ml.values())
    assert sum(used) == pytest.approx(planned * (1 + cut_m / LENGTH_M), rel=0.02)


async def run(folder: Path, design: Path) -> JobRecord:
    store = Store.in_folder(folder)
    async with (
        Plant(folder / "plant", math.inf, FAULTS, only=MACHINES, client=folder) as plant,
        Controller.running(load_line().at(plant.endpoints), store, folder) as controller,
    ):
        request = JobRequest((design,), "cotton-sateen", rip.Layout(), LENGTH_M, "taken up")
        accepted = dataclasses.replace(controller.desk.freeze(request), control=narrow("cotton-sateen"))
        job_id = controller.desk.submit(ROSA, request, accepted).id or 0
        while controller.desk.job(ROSA, job_id).job.status not in OVER:
            seen = store.feed.version
            for question in controller.desk.questions(ROSA):
                if not question.kind.startswith("resume@"):
                    controller.desk.answer(ROSA, question.id or 0, question.answers[0])
                elif controller.desk.job(ROSA, job_id).job.inspected_rows >= STRIPS * STRIP_ROWS:
                    for fault in ("head_strike", "spot"):
                        await plant.order("press", f"clear {fault}")
                    told = controller.resuming.answer(ROSA, question.id or 0, at_m=BACK_M)
                    assert told.cut_out is not None
            await store.feed.wait(seen, timeout_s=1.0)
        record = controller.desk.job(ROSA, job_id)
    with store.read() as session:
        assert verify(stored(session.connection())).faults == ()
        (line,) = session.exec(select(Event).where(Event.kind == "print taken up")).all()
        assert (line.actor, line.payload["to_row"]) == ("rosa", record.gaps[0].resume_row)
        asked = [kind.partition("@")[0] for kind in session.exec(select(Question.kind))]
        assert asked.count("resume") == 1
        assert asked.count("override cloth length") == 1
    store.close()
    assert page(record, folder / "jobs" / str(job_id))
    return record
