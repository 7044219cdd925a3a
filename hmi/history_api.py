"""The part of the API that is for what machines showed: thin routes to the history's door."""

import asyncio
import csv
import io
import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from numpy.typing import NDArray
from pydantic import AfterValidator

from controller.history import MOST_POINTS, Recorded, Samples
from drivers import Quality
from hmi import schemas
from hmi.api import AppState, Id, Reader

router = APIRouter(prefix="/api/v1/history")

COLUMNS = ("time", "machine", "tag", "value", "text", "unit", "quality")
"""Of an export; a number stands under value, a text under text, and neither where the quality is bad."""

PAUSE_S, PAUSE_AFTER = 0.005, 2000
"""An export rests after so many samples, so that the control loop gets the interpreter."""

POINTS = 500
"""Points of a curve, if nothing is said."""


def _in_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


Name = Annotated[str, Query(max_length=64)]
Moment = Annotated[datetime, AfterValidator(_in_utc)]
From = Annotated[Moment, Query(alias="from", description="ISO 8601; UTC if it names no zone.")]
To = Annotated[Moment, Query(alias="to", description="As `from`; it is not part of the span.")]
Points = Annotated[int, Query(ge=2, le=MOST_POINTS)]
Metre = Annotated[float, Query(ge=0, allow_inf_nan=False)]


class RecordedView(schemas.View):
    """A tag that is recorded; a text has no curve."""

    machine: str
    name: str
    title: str
    unit: str
    decimals: int
    group: str
    key: bool
    text: bool


class CurveView(schemas.View):
    """A tag over time. Each point stands for `step_s` seconds from its second on; 0: each is a sample that holds on.

    `seconds` count from 1970 in UTC. Where low, mean and high are null, nothing is known.
    """

    tag: RecordedView
    step_s: int
    seconds: list[float]
    low: list[float | None]
    mean: list[float | None]
    high: list[float | None]


class MetreCurveView(schemas.View):
    """A tag over the metres of a job. Each point stands for `step_m` of cloth from its metre on; 0: each is a look."""

    tag: RecordedView
    step_m: float
    metres: list[float]
    low: list[float | None]
    mean: list[float | None]
    high: list[float | None]


class PassedView(schemas.View):
    """When a metre of a job was at a machine: from when it came until it went on."""

    machine: str
    reached: datetime
    left: datetime


@router.get("/tags", operation_id="history_tags")
async def tags(app: AppState, actor: Reader) -> list[RecordedView]:
    """All tags that are recorded."""
    return [_tag(one) for one in app.controller.history.tags(actor)]


@router.get("/curve", operation_id="history_curve")
async def curve(
    app: AppState, actor: Reader, machine: Name, tag: Name, begin: From, end: To, points: Points = POINTS
) -> CurveView:
    """A tag of a machine over time."""
    desk = app.controller.history
    recorded = desk.tag(actor, machine, tag)
    found = await asyncio.to_thread(desk.curve, actor, machine, tag, begin, end, points)
    return CurveView(
        tag=_tag(recorded),
        step_s=found.step_s,
        seconds=found.seconds.tolist(),
        **{name: _numbers(getattr(found, name)) for name in ("low", "mean", "high")},
    )


@router.get("/jobs/{job_id}/curve", operation_id="history_job_curve")
async def job_curve(
    app: AppState, actor: Reader, job_id: Id, stage: Name, tag: Name, from_m: Metre = 0.0, to_m: Metre | None = None,
    points: Points = POINTS,
) -> MetreCurveView:  # fmt: skip
    """A tag of the machine of a job's stage over the metres of the job."""
    desk = app.controller.history
    recorded, found = await asyncio.to_thread(desk.job_curve, actor, job_id, stage, tag, (from_m, to_m), points)
    return MetreCurveView(
        tag=_tag(recorded),
        step_m=found.step_m,
        metres=found.metres.tolist(),
        **{name: _numbers(getattr(found, name)) for name in ("low", "mean", "high")},
    )


@router.get("/jobs/{job_id}/when", operation_id="history_when")
async def when(app: AppState, actor: Reader, job_id: Id, stage: Name, metre: Metre) -> PassedView:
    """When a metre of a job was in a stage."""
    machine, passed = await asyncio.to_thread(app.controller.history.when, actor, job_id, stage, metre)
    moments = (datetime.fromtimestamp(round(second, 1), UTC) for second in (passed.reached, passed.left))
    return PassedView(machine=machine, **dict(zip(("reached", "left"), moments, strict=True)))


@router.get("/export", operation_id="history_export", response_class=StreamingResponse,
            responses={200: {"content": {"text/csv": {}}}})  # fmt: skip
async def export(
    app: AppState, actor: Reader, machine: Name, begin: From, end: To,
    tag: Annotated[list[str], Query(max_length=200)] = [],  # noqa: B006 (FastAPI copies it)
) -> StreamingResponse:  # fmt: skip
    """All samples of some tags of a machine, or of all, as CSV: one line each, tag after tag, in order of time."""
    pieces = app.controller.history.samples(actor, machine, tag, begin, end)
    headers = {"Content-Disposition": 'attachment; filename="history.csv"'}
    return StreamingResponse(csv_lines(pieces), media_type="text/csv; charset=utf-8", headers=headers)


def csv_lines(pieces: Iterator[tuple[Recorded, Samples]]) -> Iterator[str]:
    """Yield samples as CSV, the heading first, then a piece at a time."""
    yield ",".join(COLUMNS) + "\r\n"
    words = [quality.name.lower() for quality in Quality]
    written = 0
    for (machine, spec), samples in pieces:
        text = io.StringIO()
        times = np.datetime_as_string(samples.seconds.astype("datetime64[s]"))
        rows = zip(times.tolist(), samples, strict=True)
        csv.writer(text).writerows(
            (f"{moment}Z", machine, spec.name, *_value(one.value), spec.unit, words[one.quality])
            for moment, one in rows
        )
        yield text.getvalue()
        written += len(samples)
        if written >= PAUSE_AFTER:
            written = 0
            time.sleep(PAUSE_S)


def _value(value: float | str | None) -> tuple[float | str, str]:
    if isinstance(value, str):
        return "", value
    return ("" if value is None else value), ""


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]


def _tag(recorded: Recorded) -> RecordedView:
    machine, spec = recorded
    return RecordedView(machine=machine, name=spec.name, title=spec.title, unit=spec.unit, decimals=spec.decimals,
                        group=spec.group, key=spec.key, text=spec.type == "string")  # fmt: skip
