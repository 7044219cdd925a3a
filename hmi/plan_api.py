"""The part of the API that is for plans: thin routes to the plans' door."""

import asyncio
from concurrent.futures.process import BrokenProcessPool
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from pydantic import AwareDatetime, Field

from controller import Actor
from hmi import schemas
from hmi.api import AppState, Key, Reader, Writer
from hmi.plan_tools import why_of
from hmi.plan_views import MoveView, PlanView, WhyView, plan_view
from hmi.state import App

router = APIRouter(prefix="/api/v1/plan")

Name = Annotated[str, Field(pattern=r"^\d{1,10}@[a-z]{1,12}$", description="JOB@STAGE, like 12@print")]


class Release(schemas.View):
    """The `order` of the proposal that was looked at."""

    order: Annotated[str, Field(min_length=1, max_length=20)]


class Pin(schemas.View):
    """What is pinned of an operation: its place in the machine's queue from 1, its earliest start, or both."""

    operation: Name
    place: Annotated[int | None, Field(ge=1, le=100_000)] = None
    not_before: AwareDatetime | None = None


class Unpin(schemas.View):
    """An operation that the plan may put where it likes."""

    operation: Name


@router.get("", operation_id="plan_get")
async def plan(app: AppState, actor: Reader) -> PlanView:
    """The newest proposal, what the line follows, and what is pinned."""
    return await asyncio.to_thread(_view, app, actor)


@router.get("/why", operation_id="plan_why")
async def why(app: AppState, actor: Reader, operation: Annotated[Name, Query()]) -> WhyView:
    """Why an operation has its place in the proposal, and what the places next to it cost."""
    situation, content = await asyncio.to_thread(app.controller.plans.solved, actor, operation)
    try:
        told = await asyncio.get_running_loop().run_in_executor(
            app.controller.viewing, why_of, situation, content, operation
        )
    except BrokenProcessPool as error:
        raise HTTPException(503, "the worker ended; ask again") from error
    if told is None:
        raise HTTPException(409, f"the plan is made anew just now; ask again for {operation}")
    moves = tuple(MoveView(place=move.pop("position") + 1, **move) for move in told["moves"])
    return WhyView(operation=operation, machine=told["machine"], place=told["position"] + 1,
                   reasons=tuple(told["reasons"]), moves=moves)  # fmt: skip


@router.post("/release", operation_id="plan_release")
async def release(body: Release, app: AppState, actor: Writer, key: Key) -> PlanView:
    """Let the line follow the newest proposal."""

    def act() -> PlanView:
        app.controller.plans.release(actor, body.order)
        return _view(app, actor)

    return app.once(actor, key, act)


@router.post("/pin", operation_id="plan_pin")
async def pin(body: Pin, app: AppState, actor: Writer, key: Key) -> PlanView:
    """Pin an operation's place or earliest start; the next proposal keeps it."""

    def act() -> PlanView:
        app.controller.plans.pin(actor, body.operation, body.place, body.not_before)
        return _view(app, actor)

    return app.once(actor, key, act)


@router.post("/unpin", operation_id="plan_unpin")
async def unpin(body: Unpin, app: AppState, actor: Writer, key: Key) -> PlanView:
    """Let the plan put an operation where it likes."""

    def act() -> PlanView:
        app.controller.plans.unpin(actor, body.operation)
        return _view(app, actor)

    return app.once(actor, key, act)


def _view(app: App, actor: Actor) -> PlanView:
    machines = {spec.name: spec.stage for spec in app.controller.line.machines}
    return plan_view(app.controller.plans.state(actor), machines)
