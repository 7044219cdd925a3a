"""What figures are made of, read from the database: operations, journal lines, questions and findings."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlmodel import Session, col, or_, select

import recipes
from controller.figures.record import UNHEARD, Done, Record, Span, states_of, union
from controller.gaps import gaps_of
from controller.line import STAGES, Line
from controller.pieces import counted_of
from controller.plans.tables import ForecastRow
from controller.plans.traits import traits_of
from controller.store import Store
from controller.tables import Event, FindingRow, Job, Operation, Question
from controller.way import way_of

LEAST_SECONDS_M = 0.2286
"""Cloth that one defect spoils at least: the allowance of a quarter of a yard for a defect that is not cut out."""

BEFORE = timedelta(days=7)
"""How far back it is looked for the state that a machine was in when a span began."""


def read_record(store: Store, line: Line, start: datetime, end: datetime) -> Record:
    """Return what happened in a span of time; reads only, from any thread.

    Parameters
    ----------
    store, line
        The database, and its machines.
    start, end
        Timezone-aware; `end` is not in the future.
    """
    names = [spec.name for spec in line.machines]
    with store.read() as session:
        states = {name: states_of(_changes(session, name, start, end), start, end) for name in names}
        questions = session.exec(
            select(Question).where(
                Question.asked_at < end, or_(col(Question.answered_at).is_(None), col(Question.answered_at) > start)
            )
        ).all()
        done = tuple(_done(session, start, end))
    asked = {
        name: union(Span(one.asked_at, one.answered_at or end, "") for one in questions if one.machine == name)
        for name in names
    }
    return Record(start, end, states, asked, done)


def _changes(session: Session, machine: str, start: datetime, end: datetime) -> list[tuple[datetime, str]]:
    lines = select(Event.time, Event.kind, Event.payload).where(
        Event.machine == machine, col(Event.kind).in_(["state", "link"]), Event.time >= start - BEFORE, Event.time < end
    )
    found: list[tuple[datetime, str]] = []
    known = UNHEARD
    for time, kind, said in session.exec(lines.order_by(col(Event.seq))):
        if kind == "state":
            known = str(said.get("to") or UNHEARD)
            found.append((time, known))
        else:  # the state that comes back with the link is told only if it is another
            found.append((time, known if said.get("link") == "connected" else UNHEARD))
    return found


def _done(session: Session, start: datetime, end: datetime) -> Iterable[Done]:
    touching = (
        select(Operation, ForecastRow)
        .join(ForecastRow, col(ForecastRow.operation_id) == col(Operation.id), isouter=True)
        .where(or_(col(Operation.ended_at).is_(None), col(Operation.ended_at) > start))
        .where(or_(col(Operation.started_at).is_(None), col(Operation.started_at) < end))
    )
    rows = [(one, forecast) for one, forecast in session.exec(touching) if one.status != "waiting"]
    jobs = {one.job_id: session.get_one(Job, one.job_id) for one, _ in rows}
    others = session.exec(select(Operation).where(col(Operation.job_id).in_(jobs))).all()
    for one, forecast in rows:
        job, ready = jobs[one.job_id], _ready_at(session, one, others)
        if ready is None or ready >= end or (one.started_at is None and one.ended_at is not None):
            continue
        recipe = recipes.ControlRecipe.model_validate(job.control_recipe).recipe
        nominal = traits_of(recipe, job.length_m, {}).nominal_min[one.stage]
        looked = one.stage == "print" and job.inspected_rows > 0
        yield Done(
            one.id or 0, one.job_id, one.machine, job.fabric, ready, one.started_at, _past(one.ended_at, end),
            one.metres, _seconds_m(session, job) if looked else None, nominal / job.length_m,
            forecast and Span(forecast.start, forecast.end).minutes, forecast and forecast.end,
        )  # fmt: skip


def _past(at: datetime | None, end: datetime) -> datetime | None:
    return None if at is None or at > end else at


def _ready_at(session: Session, one: Operation, others: Sequence[Operation]) -> datetime | None:
    """Return when an operation's cloth was there: the stage before had ended, or the job's raster was made."""
    index = STAGES.index(one.stage)
    before = [two for two in others if two.job_id == one.job_id and STAGES.index(two.stage) < index]
    if before:
        return max(before, key=lambda two: STAGES.index(two.stage)).ended_at
    made = select(Event.time).where(Event.job_id == one.job_id, Event.kind == "raster ready").limit(1)
    return session.exec(made).first() or one.started_at


def _seconds_m(session: Session, job: Job) -> float:
    """Return the metres of second quality: all of a roll that was graded so, else what its defects spoil.

    What is cut out is none of the goods either.
    """
    way = way_of(job, gaps_of(session, job.id or 0))
    if job.grade.get("quality") == "second":
        return job.length_m + way.cut_out_m
    spoilt = []
    for found in counted_of(session.exec(select(FindingRow).where(FindingRow.job_id == job.id)), way):
        length_m = max(found.length_mm / 1000, LEAST_SECONDS_M)
        begin = found.at_m if found.cls == "streak" else found.at_m - length_m / 2  # a streak grows from where it began
        spoilt.append((max(begin, 0.0), min(begin + length_m, job.length_m)))
    total, reached = way.cut_out_m, 0.0
    for begin, stop in sorted(spoilt):
        total += max(stop - max(begin, reached), 0.0)
        reached = max(reached, stop)
    return total
