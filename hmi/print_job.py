"""One job, the whole way, on a plant started for it: what `foulard print` does."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from controller import Actor, Controller, JobRequest, Store, accept, load_line
from controller.desk import JobRecord
from controller.pieces import results_of
from hmi import report
from hmi.operator import simulated_operator
from hmi.serve import check_folder
from hmi.uploads import keep_file
from hmi.views import finding_views, piece_view
from simulators import Plant

ACTOR = Actor("command line", "admin")

OVER = ("complete", "cancelled", "failed")


async def print_design(
    request: JobRequest, out: Path, speed: float, faults: str, progress: Callable[[JobRecord], None]
) -> dict[str, Any]:
    """Print a design from cloth to report.

    Parameters
    ----------
    request
        The job; its designs may be anywhere on this machine.
    out
        Folder for the data and the report.
    speed
        Plant seconds per second; infinity: as fast as computing allows.
    faults
        Faults of the simulated print.
    progress
        Is told whenever the job has moved.

    Returns
    -------
    dict
        What `foulard print --json` prints.
    """
    accept(request)
    check_folder(out, "--out")
    folder = out.resolve()
    designs = await asyncio.to_thread(_keep, request.designs, folder / "designs")
    kept = replace(request, designs=designs)
    store = Store.in_folder(folder)
    try:
        async with (
            Plant(folder / "plant", speed, faults, client=folder) as plant,
            Controller.running(load_line().at(plant.endpoints), store, folder) as controller,
        ):
            operator = asyncio.create_task(simulated_operator(controller, walk_s=0.0))
            job = controller.desk.submit(ACTOR, kept)
            record = await _until_over(controller, job.id or 0, progress)
            operator.cancel()
            await asyncio.gather(operator, return_exceptions=True)
    finally:
        store.close()
    page = folder / f"report-{job.id}.html"
    await asyncio.to_thread(page.write_text, report.page(record, folder / "jobs" / str(job.id)), "utf-8")
    return result(record, page)


def _keep(designs: tuple[Path, ...], folder: Path) -> tuple[Path, ...]:
    return tuple(keep_file(design, folder).path for design in designs)


async def _until_over(controller: Controller, job_id: int, progress: Callable[[JobRecord], None]) -> JobRecord:
    feed = controller.book.store.feed
    while True:
        seen = feed.version
        record = controller.desk.job(ACTOR, job_id)
        progress(record)
        if record.job.status in OVER:
            return record
        await feed.wait(seen, timeout_s=5.0)


ALONG_CLOTH = {"cloth_m", "cut_out"}
"""What only tells something of a print that was taken up further back, as this one never is."""


def result(record: JobRecord, page: Path) -> dict[str, Any]:
    """Return a job's outcome as plain data: the contract of `foulard print --json`."""
    job = record.job
    printed_rows = next(int(item.actuals.get("row", 0)) for item in record.operations if item.stage == "print")
    return {
        "status": job.status,
        **({"error": job.error} if job.error else {}),
        "job": job.id,
        "fabric": job.fabric,
        "stages": [
            {"stage": item.stage, "machine": item.machine, "protocol": item.protocol, "state": item.state,
             "metres": round(item.metres, 3)}
            for item in record.operations
        ],
        "printed_m": round(printed_rows * (job.mm_per_row or 0.0) / 1000, 3),
        "strips": len(record.strips),
        "findings": [
            view.model_dump(mode="json", exclude={"id", "picture", *ALONG_CLOTH})
            for view in sorted(finding_views(record, ""), key=lambda view: view.at_m)
        ],
        "pieces": [
            piece_view(piece, record.way).model_dump(mode="json", exclude=ALONG_CLOTH)
            for piece in results_of(job, record.findings, record.way)
        ],
        "grade": {"points_per_100m2": job.grade.get("points_per_100m2"), "quality": job.grade.get("quality")},
        "report": str(page),
    }  # fmt: skip
