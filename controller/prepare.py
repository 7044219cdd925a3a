"""The task that gives every queued job its raster, in order, in a worker process."""

import asyncio
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import structlog

from controller.book import Book
from controller.passing import in_turns, passing
from controller.tables import Job
from controller.work import PrepareTask, prepare

log = structlog.get_logger(__name__)


async def prepare_jobs(book: Book, executor: Executor) -> None:
    """Prepare the oldest waiting job, then the next, until cancelled."""
    await in_turns(lambda: _prepare_next(book, executor), "preparing")


async def _prepare_next(book: Book, executor: Executor) -> None:
    seen = book.store.feed.version
    job = book.next_to_prepare()
    if job is None or job.id is None:
        await book.store.feed.wait(seen, timeout_s=5.0)
        return
    book.preparing(job.id)
    try:
        result = await asyncio.get_running_loop().run_in_executor(executor, prepare, _task(book, job, job.id))
    except (ValueError, OSError, BrokenProcessPool) as error:
        if why := passing(error):
            book.stalled(job.id, f"{why}: make room, and it goes on by itself")
            raise
        log.warning("job failed", job=job.id, error=str(error))
        book.failed(job.id, str(error) or "the RIP's process ended; submit the job again")
    else:
        book.prepared(job.id, result)


def _task(book: Book, job: Job, job_id: int) -> PrepareTask:
    return PrepareTask(
        designs=tuple(Path(design) for design in job.designs),
        control_recipe=job.control_recipe,
        layout=job.layout,
        length_m=job.length_m,
        title=job.title,
        label=(f"FOULARD {job_id}", job.title, job.fabric),
        cache=book.folder / "rasters",
        kept=book.kept_folder,
        job_folder=book.job_folder(job_id),
    )
