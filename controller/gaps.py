"""Taking up a print further back: a new ticket of the same operation, and the gap it leaves on the roll."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from controller.cutting import begin_row
from controller.request import Refused
from controller.tables import Gap, Job, Operation
from controller.way import CutOut, Way, printed_row, to_carry, way_of
from controller.work import counting_on

BACK = "Go back"
"""The answer of a person who named a row."""


def new_ticket() -> int:
    """Return a random number that names an operation to its machine."""
    return secrets.randbelow(2**31 - 1) + 1


def gaps_of(session: Session, job_id: int | None) -> list[Gap]:
    """Return the gaps of a job's print, oldest first."""
    return list(session.exec(select(Gap).where(Gap.job_id == job_id).order_by(col(Gap.id))))


def ways_of(session: Session, jobs: Mapping[int, Job]) -> dict[int, Way]:
    """Return the ways of the prints of some jobs, by job."""
    found: dict[int, list[Gap]] = {}
    for gap in session.exec(select(Gap).where(col(Gap.job_id).in_(jobs)).order_by(col(Gap.id))):
        found.setdefault(gap.job_id, []).append(gap)
    return {number: way_of(job, found.get(number, ())) for number, job in jobs.items()}


@dataclass(frozen=True)
class Retreat:
    """What it would mean to go on at a row further back.

    Attributes
    ----------
    row
        Where the print goes on.
    at_m
        That row's metre along the print.
    cut_out
        What is cut out then; None at the row where the press stands.
    """

    row: int
    at_m: float
    cut_out: CutOut | None


def retreat(job: Job, gaps: Sequence[Gap], stop_row: int, row: int) -> Retreat:
    """Say what it means to go on at a row of a print that stands.

    Parameters
    ----------
    job
        Its raster is made.
    gaps
        Those it has already.
    stop_row
        The row that its press has come to.
    row
        Where to go on.

    Raises
    ------
    Refused
        That row is not printed, or lies in a piece, which would be made in two parts.
    """
    pitch_m = (job.mm_per_row or 0.0) / 1000
    if not 0 <= row <= stop_row:
        msg = f"row {row} ({row * pitch_m:.3f} m) is not printed yet: give a row from 0 to {stop_row}"
        raise Refused(f"{msg} ({stop_row * pitch_m:.3f} m)", "row")
    if row == stop_row:
        return Retreat(row, row * pitch_m, None)
    if (begin := begin_row(job.raster_meta, row)) != row:
        msg = f"row {row} lies in a piece, which would be made in two parts"
        raise Refused(f"{msg}: go back to row {begin} ({begin * pitch_m:.3f} m)", "row")
    new = Gap(job_id=job.id or 0, operation_id=0, ticket=0, stop_row=stop_row, resume_row=row, decided_by="")
    return Retreat(row, row * pitch_m, way_of(job, [*gaps, new]).cut_outs[-1])


def open_gap(session: Session, operation: Operation, job: Job, row: int, actor: str) -> tuple[Gap, Way]:
    """End a print's ticket where its press stands, and let a new one go on at a row further back.

    The operation, and those behind it, take so much more cloth; what is looked at goes on behind the gap.

    Returns
    -------
    tuple
        The gap, and the way of the print with it.
    """
    gap = Gap(job_id=operation.job_id, operation_id=operation.id or 0, ticket=operation.ticket,
              stop_row=printed_row(operation, job), resume_row=row, decided_by=actor)  # fmt: skip
    session.add(gap)
    session.flush()
    way = way_of(job, gaps_of(session, operation.job_id))
    again_m = (gap.stop_row - row) * way.pitch_m
    operation.behind = to_carry(round(way.legs[-1].cloth_row * way.pitch_m, 4), operation.actuals)
    operation.ticket, operation.start_row, operation.leg = new_ticket(), row, operation.leg + 1
    operation.metres, operation.actuals = operation.behind["metres"], operation.actuals | {"row": row}
    operation.length_m = round(operation.length_m + again_m, 4)
    waiting = select(Operation).where(Operation.job_id == operation.job_id, Operation.status == "waiting")
    for later in session.exec(waiting):
        later.length_m = round(later.length_m + again_m, 4)
    look_on(job, way, job.inspected_leg, min(job.inspected_rows, gap.stop_row))
    return gap, way


def look_on(job: Job, way: Way, leg: int, row: int) -> None:
    """Let inspection go on behind what it has come to: streaks do not run on over a gap."""
    after, job.inspected_rows = way.next_look(leg, row)
    if after != job.inspected_leg:
        job.inspected_leg, job.inspection = after, counting_on(job.inspection)
