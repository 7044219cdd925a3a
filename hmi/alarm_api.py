"""The part of the API that is for alarms: thin routes to the alarms' door."""

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from controller import Actor
from controller.alarms import SHELVED_LONGEST_MIN, Alarm, AlarmDesk, Figures
from controller.alarms.rates import SHARES_PCT, TARGETS
from hmi import schemas
from hmi.alarm_views import alarm_views
from hmi.api import AppState, Id, Key, Reader, Writer
from hmi.state import App

router = APIRouter(prefix="/api/v1/alarms")

Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
Why = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
MOST_AT_ONCE = 1000


class SeenAlarm(schemas.View):
    """An alarm to acknowledge, with the occurrence that was seen; without one, whichever it is."""

    id: Number
    occurrence: Number | None = None


class Acknowledge(schemas.View):
    """The alarms somebody acknowledges."""

    alarms: Annotated[tuple[SeenAlarm, ...], Field(min_length=1, max_length=MOST_AT_ONCE)]


class LeftView(schemas.View):
    """An alarm that was not acknowledged, and why not."""

    alarm: schemas.AlarmView
    why: str


class AcknowledgedView(schemas.View):
    """The alarms that count as acknowledged now, whoever was first, and those that were left."""

    acknowledged: tuple[schemas.AlarmView, ...]
    left: tuple[LeftView, ...]


class Shelve(schemas.View):
    """For how long an alarm is shelved, in minutes, and why."""

    minutes: Annotated[float, Field(ge=1, le=SHELVED_LONGEST_MIN, allow_inf_nan=False)]
    why: Why


class OutOfService(schemas.View):
    """Why an alarm is taken out of service."""

    why: Why


class AlarmCountView(schemas.View):
    """How often an alarm came."""

    alarm: schemas.AlarmView
    count: int


class AlarmFiguresView(schemas.View):
    """What the alarms did in the last hours, and what is acceptable at most; see `docs/alarms.md`."""

    hours: float
    announced: int
    per_day: float
    per_10_min: float
    now_in_10_min: int
    most_in_10_min: int
    flood: bool
    flood_pct: float
    chattering: tuple[schemas.AlarmView, ...]
    stale: tuple[schemas.AlarmView, ...]
    shares_pct: dict[str, float]
    frequent: tuple[AlarmCountView, ...]
    targets: dict[str, float]
    target_shares_pct: dict[str, float]


@router.get("", operation_id="alarms_list")
async def alarms(app: AppState, actor: Reader, normal: bool = False) -> list[schemas.AlarmView]:
    """The alarms that are not normal, or all of them: unacknowledged first, then by priority, the newest first."""
    return _views(app, actor, app.controller.alarms.alarms(actor, normal=normal))


@router.get("/figures", operation_id="alarms_figures")
async def figures(
    app: AppState, actor: Reader, hours: Annotated[float, Query(gt=0, le=720, allow_inf_nan=False)] = 24.0
) -> AlarmFiguresView:
    """Rates, floods, chattering and stale alarms of the last hours."""
    found = await asyncio.to_thread(app.controller.alarms.figures, actor, hours)  # a month of the journal is long
    shown = {view.id: view for view in _views(app, actor, app.controller.alarms.alarms(actor, normal=True))}
    return _figures_view(found, shown)


@router.post("/acknowledge", operation_id="alarms_acknowledge")
async def acknowledge(body: Acknowledge, app: AppState, actor: Writer, key: Key) -> AcknowledgedView:
    """Acknowledge some alarms at once."""

    def act() -> AcknowledgedView:
        done, left = app.controller.alarms.acknowledge(actor, {one.id: one.occurrence for one in body.alarms})
        shown = {view.id: view for view in _views(app, actor, app.controller.alarms.alarms(actor, normal=True))}
        return AcknowledgedView(
            acknowledged=tuple(shown[alarm.id] for alarm in done),
            left=tuple(LeftView(alarm=shown[one.alarm.id], why=one.why) for one in left),
        )

    return app.once(actor, key, act)


@router.post("/{alarm_id}/reset", operation_id="alarms_reset")
async def reset(alarm_id: Id, app: AppState, actor: Writer, key: Key) -> schemas.AlarmView:
    """Reset a latched alarm."""
    return _acted(app, actor, key, lambda desk: desk.reset(actor, alarm_id))


@router.post("/{alarm_id}/shelve", operation_id="alarms_shelve")
async def shelve(alarm_id: Id, body: Shelve, app: AppState, actor: Writer, key: Key) -> schemas.AlarmView:
    """Shelve an alarm for a time; it comes back by itself."""
    return _acted(app, actor, key, lambda desk: desk.shelve(actor, alarm_id, body.minutes, body.why))


@router.post("/{alarm_id}/unshelve", operation_id="alarms_unshelve")
async def unshelve(alarm_id: Id, app: AppState, actor: Writer, key: Key) -> schemas.AlarmView:
    """Take an alarm from the shelf before its time."""
    return _acted(app, actor, key, lambda desk: desk.unshelve(actor, alarm_id))


@router.post("/{alarm_id}/out-of-service", operation_id="alarms_remove")
async def remove(alarm_id: Id, body: OutOfService, app: AppState, actor: Writer, key: Key) -> schemas.AlarmView:
    """Take an alarm out of service, for maintenance."""
    return _acted(app, actor, key, lambda desk: desk.remove(actor, alarm_id, body.why))


@router.post("/{alarm_id}/in-service", operation_id="alarms_restore")
async def restore(alarm_id: Id, app: AppState, actor: Writer, key: Key) -> schemas.AlarmView:
    """Put an alarm back into service."""
    return _acted(app, actor, key, lambda desk: desk.restore(actor, alarm_id))


def _acted(app: App, actor: Actor, key: str, act: Callable[[AlarmDesk], Alarm]) -> schemas.AlarmView:
    return app.once(actor, key, lambda: _views(app, actor, [act(app.controller.alarms)])[0])


def _views(app: App, actor: Actor, alarms: list[Alarm]) -> list[schemas.AlarmView]:
    return list(alarm_views(alarms, app.controller.alarms.firsts(actor)))


def _figures_view(found: Figures, shown: dict[int, schemas.AlarmView]) -> AlarmFiguresView:
    return AlarmFiguresView(
        hours=found.hours,
        announced=found.announced,
        per_day=found.per_day,
        per_10_min=found.per_10_min,
        now_in_10_min=found.now_in_10_min,
        most_in_10_min=found.most_in_10_min,
        flood=found.flood,
        flood_pct=found.flood_pct,
        chattering=tuple(shown[alarm_id] for alarm_id in found.chattering if alarm_id in shown),
        stale=tuple(shown[alarm_id] for alarm_id in found.stale),
        shares_pct=dict(found.shares_pct),
        frequent=tuple(
            AlarmCountView(alarm=shown[alarm_id], count=count)
            for alarm_id, count in found.frequent
            if alarm_id in shown
        ),
        targets=TARGETS,
        target_shares_pct=SHARES_PCT,
    )
