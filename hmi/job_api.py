"""The part of the API that is for what people do with jobs: thin routes to the jobs' door."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field, FiniteFloat, StringConstraints

import rip
from controller.jobs import Recoloured
from controller.queue import MOST_PRIORITY
from hmi import schemas
from hmi.api import AppState, Id, Key, Writer, job_view

router = APIRouter(prefix="/api/v1/jobs/{job_id}")

MOST_COPIES = 40
"""Copies made at once: the colourways of a collection; default from practice."""

Metres = Annotated[FiniteFloat, Field(gt=0, le=10_000)]
Amount = Annotated[FiniteFloat, Field(gt=0, le=1_000_000)]


class Approve(schemas.View):
    """What the person who approves has to say of it."""

    comment: Annotated[str, Field(max_length=200)] = ""


class Schedule(schemas.View):
    """A job's new priority, -9 to 9, or due date; what is left out stays, `never_due` takes the date away."""

    priority: Annotated[int, Field(ge=-MOST_PRIORITY, le=MOST_PRIORITY)] | None = None
    due_at: datetime | None = None
    never_due: bool = False


class Cut(schemas.View):
    """The metre at which a job is to end; none: as soon as can be."""

    at_m: Metres | None = None


class Split(schemas.View):
    """What the job keeps of its order: pieces of each design, or metres."""

    first: Amount


class Repeat(schemas.View):
    """How much is printed again, pieces of each design or metres; none: as before. `missing`: what is missing, only."""

    amount: Amount | None = None
    missing: bool = False


class Copy(schemas.View):
    """Other colours for a copy, and what people call them."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
    colourway: rip.Colourway


class Recolour(schemas.View):
    """One copy of the job for each colourway."""

    colourways: Annotated[tuple[Copy, ...], Field(min_length=1, max_length=MOST_COPIES)]


@router.post("/approve", operation_id="jobs_approve")
async def approve(job_id: Id, body: Approve, app: AppState, actor: Writer, key: Key) -> schemas.JobView:
    """Let a job that waits for approval be printed; or approve the result of a complete one as a strike-off."""
    return app.once(actor, key, lambda: job_view(app, actor, app.controller.jobs.approve(
        actor, job_id, body.comment).id))  # fmt: skip


@router.post("/schedule", operation_id="jobs_schedule")
async def schedule(job_id: Id, body: Schedule, app: AppState, actor: Writer, key: Key) -> schemas.JobView:
    """Change a job's priority or due date."""
    return app.once(actor, key, lambda: job_view(app, actor, app.controller.jobs.schedule(
        actor, job_id, priority=body.priority, due_at=body.due_at, never_due=body.never_due).id))  # fmt: skip


@router.post("/cut", operation_id="jobs_cut")
async def cut(job_id: Id, body: Cut, app: AppState, actor: Writer, key: Key) -> schemas.JobView:
    """Let a job end at a metre, or as soon as can be."""
    return app.once(actor, key, lambda: job_view(app, actor, app.controller.jobs.cut(
        actor, job_id, body.at_m).id))  # fmt: skip


@router.post("/split", operation_id="jobs_split")
async def split(job_id: Id, body: Split, app: AppState, actor: Writer, key: Key) -> list[schemas.JobView]:
    """Make two jobs of one that waits; the second gets the rest."""

    def act() -> list[schemas.JobView]:
        parts = app.controller.jobs.split(actor, job_id, body.first)
        return [job_view(app, actor, job.id) for job in parts]

    return app.once(actor, key, act)


@router.post("/repeat", operation_id="jobs_repeat", status_code=201)
async def repeat(job_id: Id, body: Repeat, app: AppState, actor: Writer, key: Key) -> schemas.JobView:
    """Print a job again, with its own recipe; or what is missing of it."""
    return app.once(actor, key, lambda: job_view(app, actor, app.controller.jobs.repeat(
        actor, job_id, body.amount, missing=body.missing).id))  # fmt: skip


@router.post("/recolour", operation_id="jobs_recolour", status_code=201)
async def recolour(job_id: Id, body: Recolour, app: AppState, actor: Writer, key: Key) -> list[schemas.JobView]:
    """Copy a job once for each colourway, within its order."""
    wanted = [Recoloured(one.name, one.colourway) for one in body.colourways]

    def act() -> list[schemas.JobView]:
        copies = app.controller.jobs.recolour(actor, job_id, wanted)
        return [job_view(app, actor, job.id) for job in copies]

    return app.once(actor, key, act)
