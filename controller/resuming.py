"""The part of the door that is for a print that stopped: where it may be taken up, and the person's answer."""

from dataclasses import dataclass
from typing import Literal

from sqlmodel import Session, col, select

from controller.actor import Actor, Permission
from controller.book import Book
from controller.cutting import begin_row
from controller.decide import RESUME, resume_kind
from controller.desk import unanswered
from controller.gaps import BACK, Retreat, gaps_of, retreat
from controller.questions import YES
from controller.request import Refused
from controller.states import Conflict
from controller.tables import Gap, Job, Operation, Question, Strip
from controller.way import printed_row

SHOWN_STRIPS = 3
"""Strips that are shown of the cloth before the stop: about half a metre of it."""

AMISS_M = 0.02
"""The press has not moved since it asked, if its counter shows the same to so much; the question names centimetres."""


@dataclass(frozen=True)
class Choice:
    """A row at which a print may go on, and what it is the beginning of; `here` is where the press stands.

    `start` is where its ticket began: the print's first row, or the one at which it was taken up last.
    """

    name: Literal["here", "piece", "repeat", "start"]
    retreat: Retreat


@dataclass(frozen=True)
class Offer:
    """Where a print that stopped may be taken up.

    Attributes
    ----------
    question
        What the press asks.
    stop_row, stop_m
        The row that it has come to, and its metre along the print.
    pitch_m
        Height of a row.
    choices
        Rows that somebody may want, the nearest first.
    strips
        What the camera saw last, in the order of the cloth.
    """

    question: Question
    stop_row: int
    stop_m: float
    pitch_m: float
    choices: tuple[Choice, ...]
    strips: tuple[Strip, ...]


class ResumeDesk:
    """What a person may answer when a print has stopped, besides going on where it stands.

    Parameters
    ----------
    book
        The order book behind the desk.
    """

    def __init__(self, book: Book) -> None:
        self._book = book

    def offer(self, actor: Actor, question_id: int) -> Offer:
        """Say where a print may be taken up.

        Raises
        ------
        Forbidden, NotFound, Conflict, Refused
            Without permission; no such question; answered already; one that is not about a print that stopped.
        """
        actor.require(Permission.LINE_READ)
        with self._book.store.read() as session:
            question, operation, job = _asked(session, question_id)
            gaps, stop_row = gaps_of(session, question.job_id), printed_row(operation, job)
            strips = select(Strip).where(Strip.job_id == job.id).order_by(col(Strip.index).desc())
            last = session.exec(strips.limit(SHOWN_STRIPS)).all()
        pitch_m = (job.mm_per_row or 0.0) / 1000
        choices = _choices(job, gaps, operation, stop_row)
        return Offer(question, stop_row, stop_row * pitch_m, pitch_m, choices, tuple(reversed(last)))

    def preview(self, actor: Actor, question_id: int, *, row: int | None = None, at_m: float | None = None) -> Retreat:
        """Say what would be cut out if the print went on at a row, or at a metre of it; raises as `answer`."""
        actor.require(Permission.LINE_READ)
        with self._book.store.read() as session:
            return _retreat(session, question_id, row, at_m)

    def answer(self, actor: Actor, question_id: int, *, row: int | None = None, at_m: float | None = None) -> Retreat:
        """Let a print go on at a row, or at the nearest to a metre along the print.

        Raises
        ------
        Forbidden, NotFound, Conflict, Refused
            Without permission; no such question; answered already, or the press has moved since; one that is not about
            a print that stopped, a row that is not printed or lies in a piece.
        """
        actor.require(Permission.QUESTION_ANSWER)
        with self._book.store.read() as session:
            found = _retreat(session, question_id, row, at_m)
        if found.cut_out is None:
            self._book.answer(actor.name, question_id, YES)
        else:
            self._book.answer(actor.name, question_id, BACK, found.row)
        return found


def _asked(session: Session, question_id: int) -> tuple[Question, Operation, Job]:
    """Return an open question about a print that stopped, while its press stands where it asked."""
    question = unanswered(session, question_id)
    operation, job = session.get_one(Operation, question.operation_id), session.get_one(Job, question.job_id)
    if operation.stage != "print" or not question.kind.startswith(RESUME):
        msg = f"question {question_id} is not about a print that stopped, so no row can be gone back to: answer "
        raise Refused(msg + " or ".join(question.answers))
    metres = operation.metres - operation.behind.get("metres", 0.0)
    asked_m, _, leg = question.kind.removeprefix(RESUME).partition("/")
    if abs(float(asked_m) - metres) > AMISS_M or int(leg or 0) != operation.leg:
        msg = f"the {question.machine} has moved since it asked question {question_id}"
        raise Conflict(f"{msg} ({question.kind}, now {resume_kind(operation.leg, metres)}): wait until it asks again")
    return question, operation, job


def _retreat(session: Session, question_id: int, row: int | None, at_m: float | None) -> Retreat:
    question, operation, job = _asked(session, question_id)
    if (row is None) == (at_m is None):
        raise Refused("say where to go on: give either a row or a metre", "row")
    if at_m is not None:
        row = round(at_m * 1000 / (job.mm_per_row or 1.0))
    return retreat(job, gaps_of(session, question.job_id), printed_row(operation, job), row or 0)


def _choices(job: Job, gaps: list[Gap], operation: Operation, stop_row: int) -> tuple[Choice, ...]:
    """Return where the press stands, and the beginnings of what was in work there; each row once."""
    repeat_rows = 0 if job.raster_meta.get("pieces") else job.raster_meta.get("tile_h_px") or 0
    rows: dict[int, Literal["here", "piece", "repeat", "start"]] = {stop_row: "here"}
    rows.setdefault(begin_row(job.raster_meta, stop_row), "piece")
    if repeat_rows:
        rows.setdefault(stop_row // repeat_rows * repeat_rows, "repeat")
    rows.setdefault(operation.start_row, "start")
    return tuple(Choice(rows[row], retreat(job, gaps, stop_row, row)) for row in sorted(rows, reverse=True))
