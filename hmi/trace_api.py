"""The part of the API that is for goods: lots, rolls, what goes into machines, scanning and tracing."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Path as PathParameter

from controller.tracing.delivery import Delivery
from controller.tracing.identity import LONGEST
from hmi import labels, schemas, trace_views, views
from hmi.api import AppState, Id, Key, Reader, Writer
from hmi.trace_views import GoodsKind

router = APIRouter(prefix="/api/v1")

Named = Annotated[str, PathParameter(min_length=1, max_length=LONGEST)]
Metre = Annotated[float | None, Query(ge=0, allow_inf_nan=False)]
Moment = Annotated[datetime | None, Query()]
Most = Annotated[int, Query(ge=1, le=1000)]


@router.get("/lots", operation_id="lots_list")
async def lots(
    app: AppState, actor: Reader, kind: GoodsKind | None = None, limit: Most = 200
) -> list[trace_views.LotView]:
    """The newest lots, newest first, or those of one kind."""
    return [trace_views.lot_view(one) for one in app.controller.goods.lots(actor, kind, limit)]


@router.post("/lots", operation_id="lots_receive", status_code=201)
async def receive(body: trace_views.GoodsIn, app: AppState, actor: Writer, key: Key) -> trace_views.LotView:
    """Take goods in, or a liquor that was mixed; rolls of cloth get their names here."""
    said: dict[str, Any] = body.model_dump() | {"best_before": _utc(body.best_before)}
    return app.once(actor, key, lambda: trace_views.lot_view(app.controller.goods.receive(actor, Delivery(**said))))


@router.get("/lots/{name}", operation_id="lots_get")
async def lot(name: Named, app: AppState, actor: Reader) -> trace_views.LotView:
    """One lot by its name here."""
    return trace_views.lot_view(app.controller.goods.lot(actor, name))


@router.get("/lots/{name}/label.svg", operation_id="lots_label", response_class=Response,
            responses={200: {"content": {"image/svg+xml": {}}}, 404: {"model": schemas.Problem}})  # fmt: skip
async def lot_label(name: Named, app: AppState, actor: Reader) -> Response:
    """The label of a lot with its code, to be printed."""
    return Response(labels.lot_label(app.controller.goods.lot(actor, name)), media_type="image/svg+xml")


@router.get("/rolls", operation_id="rolls_list")
async def rolls(app: AppState, actor: Reader, delivered: bool = True, limit: Most = 200) -> list[trace_views.RollView]:
    """The newest rolls that were delivered, or that jobs make, with what is left of each."""
    return [trace_views.roll_view(one) for one in app.controller.goods.rolls(actor, limit, delivered=delivered)]


@router.get("/rolls/{name}", operation_id="rolls_get")
async def roll(name: Named, app: AppState, actor: Reader) -> trace_views.RollView:
    """One roll by its name or a scanned code."""
    return trace_views.roll_view(app.controller.goods.roll(actor, name))


@router.get("/rolls/{name}/label.svg", operation_id="rolls_label", response_class=Response,
            responses={200: {"content": {"image/svg+xml": {}}}, 404: {"model": schemas.Problem}})  # fmt: skip
async def label(name: Named, app: AppState, actor: Reader) -> Response:
    """The label of a roll with its code, to be printed."""
    record = app.controller.goods.roll(actor, name)
    return Response(labels.roll_label(record), media_type="image/svg+xml")


@router.post("/rolls/{name}/lay", operation_id="rolls_lay")
async def lay(name: Named, body: trace_views.Lay, app: AppState, actor: Writer, key: Key) -> trace_views.LaidView:
    """Say that a job's cloth comes from this roll: from metre 0 on where it begins, from a later one a splice."""

    def act() -> trace_views.LaidView:
        row = app.controller.goods.lay(actor, name, body.job_id, body.at_m)
        return trace_views.LaidView(
            job_id=row.job_id, at_m=row.at_m, roll=app.controller.goods.roll(actor, name).roll.name
        )

    return app.once(actor, key, act)


@router.post("/rolls/{name}/wound", operation_id="rolls_wind")
async def wind(name: Named, body: trace_views.Wind, app: AppState, actor: Writer, key: Key) -> trace_views.RollView:
    """Say how a roll is wound: one that was delivered, as it came; one that a job makes, as it lies now."""
    return app.once(actor, key, lambda: trace_views.roll_view(app.controller.goods.wind(actor, name, body.wound)))


@router.get("/tanks", operation_id="tanks_list")
async def tanks(
    app: AppState, actor: Reader, machine: Annotated[str | None, Query(max_length=32)] = None,
    limit: Most = 200,
) -> list[trace_views.FilledView]:  # fmt: skip
    """What was filled into the tanks of the machines, newest first."""
    return [trace_views.filled_view(one) for one in app.controller.goods.filled(actor, machine, limit)]


@router.get("/tanks/for/{kind}", operation_id="tanks_for")
async def tanks_for(kind: GoodsKind, app: AppState, actor: Reader) -> list[trace_views.TankView]:
    """The tanks that a lot of this kind may be filled into."""
    found = app.controller.goods.tanks(actor, kind)
    return [trace_views.TankView(machine=machine, place=place) for machine, place in found]


@router.post("/tanks", operation_id="tanks_fill", status_code=201)
async def fill(body: trace_views.Fill, app: AppState, actor: Writer, key: Key) -> trace_views.FilledView:
    """Say that a lot was filled into a tank just now, on top of what was in it or into an empty one; or emptied it."""
    return app.once(actor, key, lambda: trace_views.filled_view(
        app.controller.goods.mount(actor, body.machine, body.place, body.lot, topped_up=body.topped_up)))  # fmt: skip


@router.post("/questions/{question_id}/scan", operation_id="questions_scan")
async def scan(
    question_id: Id, body: trace_views.ScanCode, app: AppState, actor: Writer, key: Key
) -> schemas.QuestionView:
    """Answer the question for a roll with the code on its label; another roll is refused in words."""
    return app.once(actor, key, lambda: views.question_view(app.controller.goods.scan(actor, question_id, body.code)))


@router.get("/trace", operation_id="trace_get")
async def trace(
    app: AppState, actor: Reader, name: Annotated[str, Query(min_length=1, max_length=LONGEST)], from_m: Metre = None,
    to_m: Metre = None, since: Moment = None, until: Moment = None,
) -> trace_views.TraceView:  # fmt: skip
    """What went into a roll or a piece, and where a lot, a roll or the work of a machine went."""
    tracing = app.controller.tracing
    found = await asyncio.to_thread(tracing.trace, actor, name, from_m, to_m, _utc(since), _utc(until))
    return trace_views.trace_view(found)


def _utc(time: datetime | None) -> datetime | None:
    """Take a time without a zone as UTC, as all times here are."""
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time
