"""The task that has every printed strip inspected in worker processes."""

import asyncio
from collections import deque
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from pathlib import Path

import structlog
from sqlmodel import col, func, or_, select

from controller.book import Book
from controller.gaps import gaps_of
from controller.passing import in_turns, passing
from controller.tables import Job, Operation, Strip
from controller.work import Looked, LookTask, judge, look, reaches_back
from drivers import Camera, CameraStrip

log = structlog.get_logger(__name__)

AHEAD = 2
"""Strips looked at or received at once: one for each worker process."""


async def watch_prints(book: Book, camera: Camera, executor: Executor) -> None:
    """Inspect the job that is printed, then the next, until cancelled.

    Inspection goes on where the job's record says it is, so a strip that was on its way when the controller or the
    press was killed is asked for again.
    """
    await in_turns(lambda: _watch_next(book, camera, executor), "inspecting")


async def _watch_next(book: Book, camera: Camera, executor: Executor) -> None:
    seen = book.store.feed.version
    found = _to_inspect(book)
    if found is None:
        await book.store.feed.wait(seen, timeout_s=5.0)
        return
    job, operation = found
    try:
        await _watch_job(book, camera, executor, job, operation)
    except BrokenProcessPool:
        log.warning("a worker process died; the strip is inspected again", job=job.id)
    except (ValueError, OSError) as error:
        if passing(error):
            raise
        book.failed(job.id or 0, f"inspection failed: {error}")


def _to_inspect(book: Book) -> tuple[Job, Operation] | None:
    with book.store.read() as session:
        printing = (
            select(Job, Operation)
            .join(Operation, col(Operation.job_id) == col(Job.id))
            .where(Operation.stage == "print", col(Operation.status).in_(["running", "done"]))
            .where(col(Job.status).in_(["running", "held"]), col(Job.inspected_rows) < col(Job.total_rows))
            .where(or_(col(Job.cut_m).is_(None), Operation.status == "running"))
        )
        return next(iter(session.exec(printing.order_by(col(Job.id)).limit(1))), None)


@dataclass(frozen=True)
class _Look:
    """A strip that a worker looks at."""

    strip: CameraStrip
    task: LookTask
    result: asyncio.Future[Looked]


async def _watch_job(book: Book, camera: Camera, executor: Executor, job: Job, operation: Operation) -> None:
    """Look at several strips of one leg of a print at once, judge them in their order."""
    if job.id is None:
        return
    folder = book.job_folder(job.id) / "spool"
    folder.mkdir(parents=True, exist_ok=True)
    looks: deque[_Look] = deque()
    received: CameraStrip | None = None
    judged: CameraStrip | None = None
    inspection, ended = job.inspection, False
    ticket, number = _where(book, job, operation)
    strips = camera.strips(ticket, job.inspected_rows, folder)
    arriving: asyncio.Future[CameraStrip | None] | None = None
    over = asyncio.create_task(_until_over(book, job.id, operation.id or 0, job.inspected_leg))
    try:
        while not (ended and not looks):
            if arriving is None and not ended and len(looks) < AHEAD:
                arriving = asyncio.ensure_future(anext(strips, None))
            awaited = [over, *([arriving] if arriving else []), *(look.result for look in list(looks)[:1])]
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
            if over.done():
                return
            if arriving is not None and arriving.done():
                strip, arriving = arriving.result(), None
                ended = strip is None or strip.last
                if strip is not None:
                    task = _task(book, job, job.id, strip, received, number)
                    result = asyncio.get_running_loop().run_in_executor(executor, look, task)
                    looks.append(_Look(strip, task, result))
                    received, number = strip, number + 1
            if looks and looks[0].result.done():
                seen = looks.popleft()
                inspection = await _judge(book, executor, job, seen, inspection)
                if judged is not None:
                    judged.path.unlink(missing_ok=True)  # the strip after it is done with it too
                judged = seen.strip
        if judged is not None:
            judged.path.unlink(missing_ok=True)
    finally:
        left = [over, *([arriving] if arriving else []), *(look.result for look in looks)]
        for waiting in left:
            waiting.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await strips.aclose()


def _where(book: Book, job: Job, operation: Operation) -> tuple[int, int]:
    """Return the ticket whose strips are looked at now, and the number of the next strip of the job."""
    with book.store.read() as session:
        last = session.exec(select(func.max(Strip.index)).where(Strip.job_id == job.id)).one()
        tickets = [gap.ticket for gap in gaps_of(session, job.id or 0)] + [operation.ticket]
    return tickets[job.inspected_leg], 0 if last is None else last + 1


async def _judge(book: Book, executor: Executor, job: Job, seen: _Look, inspection: str) -> str:
    """Judge one strip, write it into the job's record and return what the next strip must know."""
    looked, strip = seen.result.result(), seen.strip
    if reaches_back(seen.task, looked, inspection):
        again = replace(seen.task, tail=seen.task.shape_before[0], sought=looked.seen)
        longer = await asyncio.get_running_loop().run_in_executor(executor, look, again)
        looked.evidence.unlink(missing_ok=True)
        looked = longer
    result = await asyncio.to_thread(judge, seen.task, looked, inspection)
    # the last rows may be fewer than a camera row takes; they are looked at with the row before
    rows = None if strip.last else strip.rows
    book.inspected(job.id or 0, job.inspected_leg, seen.task.index, strip.row_start, rows, result)
    looked.evidence.unlink(missing_ok=True)
    return result.inspection


async def _until_over(book: Book, job_id: int, operation_id: int, leg: int) -> None:
    """Return when no more strips of this leg will come, or are wanted.

    The job is cancelled, has failed, its print was cut short, or it was taken up further back.
    """
    while True:
        seen = book.store.feed.version
        with book.store.read() as session:
            job, printing = session.get_one(Job, job_id), session.get_one(Operation, operation_id)
        cut = job.cut_m is not None and printing.status == "done"
        if job.status in ("cancelled", "failed") or cut or job.inspected_leg != leg:
            return
        await book.store.feed.wait(seen, timeout_s=5.0)


def _task(book: Book, job: Job, job_id: int, strip: CameraStrip, before: CameraStrip | None, number: int) -> LookTask:
    return LookTask(
        captured=strip.path,
        captured_before=before.path if before else None,
        shape=(strip.height_px, strip.width_px),
        shape_before=(before.height_px, before.width_px) if before else (0, 0),
        raster=Path(job.raster or ""),
        raster_sha256=job.raster_sha256 or "",
        control_recipe=job.control_recipe,
        row_start=strip.row_start,
        mm_per_row=job.mm_per_row or 0.0,
        index=number,
        mm_per_px=strip.mm_per_px,
        x_mm=strip.x_mm,
        job_folder=book.job_folder(job_id),
    )
