"""What is wanted next, read from the database: of every machine, and of the RIP."""

import math
from collections.abc import Mapping
from typing import Any

from sqlmodel import Session, and_, col, func, not_, or_, select

from controller.decide import Intent
from controller.ending import LIVE
from controller.intents import intent_of
from controller.interlocks import OVERRIDE
from controller.line import Line
from controller.plan import next_operation, soon
from controller.plans import Place
from controller.plans.read import UNREAD
from controller.questions import YES
from controller.queue import turn
from controller.states import ON_THE_LINE, State
from controller.tables import Gap, Job, Operation, Question, Roll, now
from controller.tracing.standing import Shelf

BEFORE_THE_LINE = (State.QUEUED, State.RIPPING)
"""States of a job whose raster is still to be made."""


def read_intents(
    session: Session, line: Line, places: Mapping[int, Place], shelf: Shelf
) -> dict[str, tuple[Operation, Intent]]:
    """Return what the plan wants of each machine that has something to do.

    Parameters
    ----------
    session
        Reads.
    line
        Its machines.
    places
        Where the released plan puts operations, by their id.
    shelf
        Reads what is recorded of goods.
    """
    # a machine may also wait for a job that is not prepared yet, if that is planned for about now
    theirs = select(Operation.job_id).where(col(Operation.id).in_(soon(places, now())))
    queued = and_(col(Job.status).in_(BEFORE_THE_LINE), col(Job.id).in_(theirs))
    running = select(Job).where(or_(col(Job.status).in_(ON_THE_LINE), queued)).options(*UNREAD)
    jobs = {job.id or 0: job for job in session.exec(running)}
    operations = session.exec(select(Operation).where(col(Operation.job_id).in_(jobs))).all()
    live = [one for one in operations if one.status in LIVE]
    goods = shelf.standing(session, jobs.keys(), live)
    intents = {}
    for spec in line.machines:
        operation = next_operation(spec.name, live, jobs, places, now())
        if operation is not None:
            done = [one for one in operations if one.job_id == operation.job_id and one.status == "done"]
            roll = session.exec(select(Roll).where(Roll.job_id == operation.job_id)).one()
            confirmed, back = _answered(session, operation)
            job = jobs[operation.job_id]
            intents[spec.name] = operation, intent_of(operation, job, done, roll.name, confirmed, back, goods, line)
    return intents


def _answered(session: Session, operation: Operation) -> tuple[frozenset[str], dict[str, int]]:
    """Return the kinds of an operation's questions that were answered with yes, and those with a row to go back to."""
    asked = select(Question.kind, Question.answer, Question.row).where(Question.operation_id == operation.id)
    if operation.leg:  # what was overridden for one ticket is asked anew for the next
        since = select(func.max(Gap.made_at)).where(Gap.operation_id == operation.id).scalar_subquery()
        asked = asked.where(not_(and_(col(Question.kind).startswith(OVERRIDE), col(Question.asked_at) <= since)))
    answers = session.exec(asked).all()
    confirmed = frozenset(kind for kind, answer, _ in answers if answer == YES)
    return confirmed, {kind: row for kind, _, row in answers if row is not None}


def next_to_prepare(session: Session, places: Mapping[int, Place]) -> Job | None:
    """Return the job whose raster is made next: in the order of the released plan, then in turn.

    What a killed controller left half made comes before all others.
    """
    jobs = session.exec(select(Job).where(col(Job.status).in_(BEFORE_THE_LINE)).options(*UNREAD)).all()
    theirs = select(Operation).where(col(Operation.job_id).in_([job.id for job in jobs]))
    firsts: dict[int | None, Operation] = {}
    for one in session.exec(theirs.order_by(col(Operation.id))) if places else ():
        firsts.setdefault(one.job_id, one)
    ranks = {job_id: places[one.id].rank for job_id, one in firsts.items() if one.id is not None and one.id in places}

    def order(job: Job) -> tuple[Any, ...]:
        return job.status != State.RIPPING, ranks.get(job.id, math.inf), turn(job)

    first = min(jobs, default=None, key=order)
    return None if first is None else session.get(Job, first.id, populate_existing=True)
