"""The task that has every printed strip inspected, in order, in a worker process."""

import asyncio
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import structlog
from sqlmodel import col, select

from controller.book import Book
from controller.tables import Job, Operation
from controller.work import InspectTask, inspect
from drivers import Camera, CameraStrip

log = structlog.get_logger(__name__)


async def watch_prints(book: Book, camera: Camera, executor: Executor) -> None:
    """Inspect the job that is printed, then the next, until cancelled.

    Inspection goes on where the job's record says it is, so a strip that was on its way when the controller or the
    press was killed is asked for again.
    """
    while True:
        seen = book.store.feed.version
        found = _to_inspect(book)
        if found is None:
            await book.store.feed.wait(seen, timeout_s=5.0)
            continue
        job, operation = found
        try:
            await _watch_job(book, camera, executor, job, operation)
        except BrokenProcessPool:
            log.warning("a worker process died; the strip is inspected again", job=job.id)
        except (ValueError, OSError) as error:
            book.failed(job.id or 0, f"inspection failed: {error}")


def _to_inspect(book: Book) -> tuple[Job, Operation] | None:
    with book.store.read() as session:
        printing = (
            select(Job, Operation)
            .join(Operation, col(Operation.job_id) == col(Job.id))
            .where(Operation.stage == "print", col(Operation.status).in_(["running", "done"]))
            .where(col(Job.status).in_(["running", "held"]), col(Job.inspected_rows) < col(Job.total_rows))
        )
        return next(iter(session.exec(printing.order_by(col(Job.id)).limit(1))), None)


async def _watch_job(book: Book, camera: Camera, executor: Executor, job: Job, operation: Operation) -> None:
    if job.id is None:
        return
    folder = book.job_folder(job.id) / "spool"
    folder.mkdir(parents=True, exist_ok=True)
    inspection, before = job.inspection, None
    strips = camera.strips(operation.ticket, job.inspected_rows, folder)
    over = asyncio.create_task(_until_over(book, job.id))
    try:
        while True:
            arriving = asyncio.ensure_future(anext(strips, None))
            await asyncio.wait({arriving, over}, return_when=asyncio.FIRST_COMPLETED)
            if not arriving.done():
                arriving.cancel()
                await asyncio.gather(arriving, return_exceptions=True)
                return
            strip = arriving.result()
            if strip is None:
                return
            task = _task(book, job, job.id, strip, before, inspection)
            result = await asyncio.get_running_loop().run_in_executor(executor, inspect, task)
            # the last rows may be fewer than a camera row takes; they are looked at with the row before
            rows = (job.total_rows or 0) - strip.row_start if strip.last else strip.rows
            book.inspected(job.id, strip.index, strip.row_start, rows, result)
            inspection = result.inspection
            if before is not None:
                before.path.unlink(missing_ok=True)
            before = strip
            if strip.last:
                strip.path.unlink(missing_ok=True)
                return
    finally:
        over.cancel()
        await asyncio.gather(over, return_exceptions=True)
        await strips.aclose()


async def _until_over(book: Book, job_id: int) -> None:
    """Return when the job is cancelled or has failed: no more strips will come."""
    while True:
        seen = book.store.feed.version
        with book.store.read() as session:
            if session.get_one(Job, job_id).status in ("cancelled", "failed"):
                return
        await book.store.feed.wait(seen, timeout_s=5.0)


def _task(
    book: Book, job: Job, job_id: int, strip: CameraStrip, before: CameraStrip | None, inspection: str
) -> InspectTask:
    return InspectTask(
        captured=strip.path,
        captured_before=before.path if before else None,
        shape=(strip.height_px, strip.width_px),
        shape_before=(before.height_px, before.width_px) if before else (0, 0),
        raster=Path(job.raster or ""),
        control_recipe=job.control_recipe,
        row_start=strip.row_start,
        rows=strip.rows,
        index=strip.index,
        mm_per_px=strip.mm_per_px,
        x_mm=strip.x_mm,
        inspection=inspection,
        job_folder=book.job_folder(job_id),
    )
