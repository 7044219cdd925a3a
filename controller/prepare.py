"""The task that gives every queued job its raster, in order, in a worker process."""

import asyncio
import errno
from concurrent.futures import Executor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import structlog
from sqlalchemy.exc import DBAPIError

from controller.book import Book
from controller.tables import Job
from controller.work import PrepareTask, prepare

log = structlog.get_logger(__name__)

AGAIN_S = 2.0
"""The pause after a disk that was full or a database that could not be written."""


async def prepare_jobs(book: Book, executor: Executor) -> None:
    """Prepare the oldest waiting job, then the next, until cancelled."""
    while True:
        seen = book.store.feed.version
        job = book.next_to_prepare()
        if job is None or job.id is None:
            await book.store.feed.wait(seen, timeout_s=5.0)
            continue
        try:
            await _prepare(book, executor, job, job.id)
        except DBAPIError as error:
            log.error("nothing can be written down; tried again", job=job.id, error=str(error.orig))
            await asyncio.sleep(AGAIN_S)


async def _prepare(book: Book, executor: Executor, job: Job, job_id: int) -> None:
    book.preparing(job_id)
    try:
        result = await asyncio.get_running_loop().run_in_executor(executor, prepare, _task(book, job, job_id))
    except (ValueError, OSError, BrokenProcessPool) as error:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            log.error("the disk is full; tried again", job=job_id)
            book.stalled(job_id, "the disk is full: make room, and it goes on by itself")
            await asyncio.sleep(AGAIN_S)
            return
        log.warning("job failed", job=job_id, error=str(error))
        book.failed(job_id, str(error) or "the RIP's process ended; submit the job again")
    else:
        book.prepared(job_id, result)


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
