"""The part of the API that is for figures: one route to their door."""

import asyncio
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from controller.figures.desk import By, FiguresDesk, Reported
from controller.figures.oee import Figures
from controller.figures.record import Done, Span
from controller.figures.shifts import read_shifts, zone_of
from controller.tables import now
from hmi.api import AppState, Reader
from hmi.schemas import View

router = APIRouter(prefix="/api/v1/figures")

SHOWN = 100
"""Operations whose forecast is shown beside what it came to, the newest first."""


class FiguresRow(View):
    """Figures of a machine, or of one of its shifts or fabrics (`part`); the names are those of ISO 22400-2.

    Shares are 0 to 1 and none where there is nothing to divide by; `quality` and `seconds_rate` are none where nobody
    looks at the cloth. `waiting_min` splits the delay by what was waited for.
    """

    machine: str
    part: str
    oee: float | None
    availability: float | None
    effectiveness: float | None
    quality: float | None
    planned_busy_min: float
    production_min: float
    setup_min: float
    delay_min: float
    waiting_min: dict[str, float]
    changeovers: int
    changeover_min: float
    produced_m: float
    m_per_h: float | None
    seconds_rate: float | None
    expected_min: float
    actual_min: float


class ForecastView(View):
    """An operation as it was expected when it began, and as it was."""

    operation_id: int
    job_id: int
    machine: str
    fabric: str
    expected_min: float
    actual_min: float
    expected_end: datetime
    ended_at: datetime


class FiguresView(View):
    """Figures of a span of time."""

    start: datetime
    end: datetime
    by: By
    rows: tuple[FiguresRow, ...]
    forecasts: tuple[ForecastView, ...]


@router.get("", operation_id="figures_get")
async def figures(
    app: AppState,
    actor: Reader,
    start: Annotated[AwareDatetime | None, Query()] = None,
    end: Annotated[AwareDatetime | None, Query()] = None,
    by: By = "machine",
) -> FiguresView:
    """Overall equipment effectiveness and its parts; of the last 24 hours if no span is given."""
    until = end or now()
    desk = FiguresDesk(app.controller.book.store, app.controller.line, read_shifts(app.settings.shifts),
                       zone_of(app.settings.time_zone))  # fmt: skip
    found = await asyncio.to_thread(desk.figures, actor, start or until - timedelta(hours=24), until, by)
    return _view(found, by)


def _view(found: Reported, by: By) -> FiguresView:
    return FiguresView(
        start=found.start, end=found.end, by=by, rows=tuple(_row(one) for one in found.figures),
        forecasts=tuple(view for one in found.ended[:SHOWN] if (view := _forecast(one)) is not None),
    )  # fmt: skip


def _row(one: Figures) -> FiguresRow:
    return FiguresRow(
        machine=one.machine, part=one.part, oee=_rounded(one.oee), availability=_rounded(one.availability),
        effectiveness=_rounded(one.effectiveness), quality=_rounded(one.quality),
        planned_busy_min=round(one.planned_busy_min, 2), production_min=round(one.production_min, 2),
        setup_min=round(one.setup_min, 2), delay_min=round(one.delay_min, 2),
        waiting_min={name: round(minutes, 2) for name, minutes in one.waiting_min.items()},
        changeovers=one.changeovers, changeover_min=round(one.changeover_min, 2), produced_m=round(one.produced_m, 2),
        m_per_h=_rounded(one.m_per_h, 1), seconds_rate=_rounded(one.seconds_rate),
        expected_min=round(one.expected_min, 2), actual_min=round(one.actual_min, 2),
    )  # fmt: skip


def _forecast(one: Done) -> ForecastView | None:
    if one.started_at is None or one.ended_at is None or one.expected_end is None or one.expected_min is None:
        return None
    return ForecastView(
        operation_id=one.operation_id, job_id=one.job_id, machine=one.machine, fabric=one.fabric,
        expected_min=round(one.expected_min, 2), actual_min=round(Span(one.started_at, one.ended_at).minutes, 2),
        expected_end=one.expected_end, ended_at=one.ended_at,
    )  # fmt: skip


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)
