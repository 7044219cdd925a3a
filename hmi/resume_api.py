"""The part of the API that is for a print that stopped: where it may be taken up, and the answer that names a row."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field, FiniteFloat

from controller.gaps import Retreat
from hmi import schemas, views
from hmi.api import AppState, Id, Key, Reader, Writer

router = APIRouter(prefix="/api/v1/questions/{question_id}/resume")

Row = Annotated[int, Field(ge=0, le=2**32 - 1)]
Metres = Annotated[FiniteFloat, Field(ge=0, le=10_000)]


class ResumeAt(schemas.View):
    """Where a print goes on: a row, or the nearest to a metre along the print."""

    row: Row | None = None
    at_m: Metres | None = None


class RetreatView(schemas.View):
    """A row at which a print may go on, its metre along the print, and what is cut out then."""

    row: int
    at_m: float
    cut_out: schemas.CutOutView | None


class ChoiceView(RetreatView):
    """A row that somebody may want: where the press stands, or where what was in work there begins.

    `start` is the print's first row, or the one at which it was taken up last.
    """

    name: Literal["here", "piece", "repeat", "start"]


class ResumeView(schemas.View):
    """Where a print that stopped may be taken up: any row up to `stop_row`; and what the camera saw last."""

    question_id: int
    job_id: int
    stop_row: int
    stop_m: float
    mm_per_row: float
    choices: tuple[ChoiceView, ...]
    strips: tuple[schemas.StripView, ...]


@router.get("", operation_id="questions_resume_offer")
async def offer(question_id: Id, app: AppState, actor: Reader) -> ResumeView:
    """Rows at which a print that stopped may go on, and what would be cut out."""
    found = app.controller.resuming.offer(actor, question_id)
    job_id = found.question.job_id
    way = app.controller.desk.job(actor, job_id).way
    return ResumeView(
        question_id=question_id, job_id=job_id, stop_row=found.stop_row, stop_m=round(found.stop_m, 4),
        mm_per_row=found.pitch_m * 1000,
        choices=tuple(ChoiceView(name=one.name, **dict(_view(one.retreat))) for one in found.choices),
        strips=tuple(views.strip_view(one, f"/api/v1/jobs/{job_id}", way) for one in found.strips),
    )  # fmt: skip


@router.get("/preview", operation_id="questions_resume_preview")
async def preview(
    question_id: Id, app: AppState, actor: Reader, row: Annotated[Row | None, Query()] = None,
    at_m: Annotated[Metres | None, Query()] = None,
) -> RetreatView:  # fmt: skip
    """What would be cut out if the print went on at a row, or at the nearest to a metre."""
    return _view(app.controller.resuming.preview(actor, question_id, row=row, at_m=at_m))


@router.post("", operation_id="questions_resume")
async def resume(question_id: Id, body: ResumeAt, app: AppState, actor: Writer, key: Key) -> RetreatView:
    """Answer the question of a print that stopped with the row at which it goes on."""
    return app.once(actor, key, lambda: _view(app.controller.resuming.answer(
        actor, question_id, row=body.row, at_m=body.at_m)))  # fmt: skip


def _view(found: Retreat) -> RetreatView:
    cut_out = None if found.cut_out is None else views.cut_out_view(found.cut_out)
    return RetreatView(row=found.row, at_m=round(found.at_m, 4), cut_out=cut_out)
