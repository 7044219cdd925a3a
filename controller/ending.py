"""What follows when an operation or a job is over: the next stage, the grade, or all of it given up.

Each function is part of a transaction of the book.
"""

from sqlmodel import Session, col, select

import qc
import recipes
from controller import journal
from controller.actor import CONTROLLER
from controller.cutting import as_printed, looked_at
from controller.gaps import gaps_of
from controller.pieces import counted_of
from controller.questions import withdraw_all
from controller.states import Step, leads
from controller.tables import FindingRow, Job, Operation, now
from controller.way import way_of

LIVE = ("waiting", "ready", "running")
"""Operations that are not over."""


def operations_of(session: Session, job_id: int | None) -> list[Operation]:
    """Return the operations of a job, in the way of the cloth."""
    return list(session.exec(select(Operation).where(Operation.job_id == job_id).order_by(col(Operation.id))))


def findings_of(session: Session, job_id: int | None) -> list[FindingRow]:
    """Return what the camera has found on a job, along the roll."""
    return list(session.exec(select(FindingRow).where(FindingRow.job_id == job_id).order_by(col(FindingRow.at_m))))


def ready_next(session: Session, job_id: int | None) -> None:
    """Let the next stage of a job begin."""
    waiting = [operation for operation in operations_of(session, job_id) if operation.status == "waiting"]
    if waiting:
        waiting[0].status = "ready"


def cut(session: Session, job: Job, printing: Operation) -> None:
    """The print was ended before its length: the stages behind it have only what is there."""
    if job.total_rows and job.mm_per_row:
        as_printed(job, printing)
    cut_out_m = way_of(job, gaps_of(session, job.id)).cut_out_m
    for operation in operations_of(session, job.id):
        if operation.status == "waiting":
            operation.length_m = round(job.length_m + cut_out_m, 4)
    journal.append(session, actor=CONTROLLER, kind="print cut short", job_id=job.id,
                   payload={"asked_m": job.cut_m, "printed_m": job.length_m})  # fmt: skip


def complete(session: Session, job: Job) -> None:
    """Grade a job and end it, if all its stages are done and all of it was looked at."""
    over = all(operation.status == "done" for operation in operations_of(session, job.id))
    after = leads(job.status, Step.DONE)
    if not over or not looked_at(job) or after is None:
        return
    findings = counted_of(findings_of(session, job.id), way_of(job, gaps_of(session, job.id)))
    fabric = recipes.ControlRecipe.model_validate(job.control_recipe).recipe.fabric
    inspected_m = min(job.inspected_rows * (job.mm_per_row or 0.0) / 1000, job.length_m)
    length_m = job.length_m if job.cut_m is None else inspected_m  # the rest of a cut print nobody has looked at
    if length_m > 0:
        grade = qc.grade(findings, length_m, fabric.print_width_mm, fabric.points_limit_per_100m2)
        job.grade = {"points": grade.points, "points_per_100m2": grade.points_per_100m2, "quality": grade.quality}
    job.status, job.ended_at = after, now()
    journal.append(session, actor=CONTROLLER, kind="job complete", job_id=job.id, payload={"grade": job.grade})


def give_up(session: Session, job: Job) -> None:
    """End a job that was cancelled or failed, with its operations and what they ask."""
    job.status = leads(job.status, Step.GAVE_UP if job.error else Step.STOPPED) or job.status
    job.ended_at = now()
    for operation in operations_of(session, job.id):
        if operation.status in LIVE:
            operation.status, operation.ended_at = "cancelled", now()
    withdraw_all(session, job.id)
