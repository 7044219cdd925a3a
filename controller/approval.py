"""Who may let a job be printed, and whether it still waits for that."""

from sqlmodel import Session, col, select

from controller.actor import ROLES, Permission
from controller.states import Conflict, State
from controller.tables import Job, User


def to_be_approved(session: Session, job: Job) -> bool:
    """Whether somebody must approve a job before it may be printed, or approve its strike-off."""
    if job.needs_approval and job.approved_by is None:
        return True
    if job.strike_off_id is None:
        return False
    strike_off = session.get_one(Job, job.strike_off_id)
    lost = strike_off.status in (State.CANCELLED, State.FAILED)
    return strike_off.accepted_by is None and not (lost and job.approved_by is not None)


def not_twice(job: Job, by: str | None) -> None:
    """Pass if nobody has approved it yet; raises `Conflict`."""
    if by is not None:
        raise Conflict(f"job {job.id} was approved by {by}")


def approvers(session: Session, but: str) -> list[str]:
    """Return who else may approve."""
    roles = [role for role, permissions in ROLES.items() if Permission.JOB_APPROVE in permissions]
    return list(session.exec(select(User.name).where(col(User.role).in_(roles), User.name != but).order_by(User.name)))
