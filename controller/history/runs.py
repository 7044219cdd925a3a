"""Which machine worked on a stage of a job, under which tickets, from when to when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlmodel import select

from controller.desk import NotFound
from controller.gaps import gaps_of
from controller.line import STAGES
from controller.request import Refused
from controller.store import Store
from controller.tables import Job, Operation
from controller.way import way_of

BEHIND_S = 2
"""So long behind the end of an operation its machine still shows the last metre, which no look may have met before."""


@dataclass(frozen=True)
class Run:
    """An operation as far as the history needs it; from second `begin` to before `end`, from 1970.

    `begins_m` is where each of its tickets began along the cloth, as the machine counts each from 0.
    """

    machine: str
    begins_m: Mapping[int, float]
    begin: int
    end: int


def run_of(store: Store, job_id: int, stage: str, oldest: int, until: int) -> Run:
    """Return the run of a job's stage.

    Parameters
    ----------
    store
        The database.
    job_id, stage
        Of which job.
    oldest, until
        First second that samples are kept of, and the second after the last.

    Raises
    ------
    NotFound, Refused
        No such job, it has not begun, or its samples are gone; no such stage.
    """
    if stage not in STAGES:
        msg = f"there is no stage {stage!r:.40}; the stages are {', '.join(STAGES)}"
        raise Refused(msg, "stage")
    asked = select(Operation).where(Operation.job_id == job_id, Operation.stage == stage)
    with store.read() as session:
        operation = session.exec(asked).first()
        job, gaps = session.get(Job, job_id), gaps_of(session, job_id)
    if job is None or operation is None or operation.started_at is None:
        why = f"there is no job {job_id}" if operation is None else f"job {job_id} has not begun to {stage}"
        raise NotFound(why)
    begin = int(operation.started_at.timestamp())
    if begin < oldest:
        began, kept = operation.started_at, datetime.fromtimestamp(oldest, UTC)
        msg = f"job {job_id} began to {stage} on {began:%Y-%m-%d}; samples are kept from {kept:%Y-%m-%d} on"
        raise NotFound(msg)
    end = until if operation.ended_at is None else int(operation.ended_at.timestamp()) + BEHIND_S
    tickets = [gap.ticket for gap in gaps if gap.operation_id == operation.id] + [operation.ticket]
    way = way_of(job, gaps)
    begins_m = {ticket: leg.cloth_row * way.pitch_m for ticket, leg in zip(tickets, way.legs, strict=False)}
    return Run(operation.machine, begins_m, begin, max(begin, min(end, until)))
