"""Who acts, and what they may do: roles, permissions, and the one check."""

from dataclasses import dataclass
from enum import StrEnum

CONTROLLER = "controller"
"""The actor of what the controller does by itself."""


class Permission(StrEnum):
    """One kind of act on the line."""

    LINE_READ = "line.read"
    JOB_SUBMIT = "job.submit"
    JOB_CANCEL = "job.cancel"
    JOB_HOLD = "job.hold"
    JOB_SCHEDULE = "job.schedule"
    JOB_APPROVE = "job.approve"
    QUESTION_ANSWER = "question.answer"
    GOODS_RECORD = "goods.record"
    ALARM_ACKNOWLEDGE = "alarm.acknowledge"
    ALARM_SHELVE = "alarm.shelve"
    ALARM_SERVICE = "alarm.service"
    PLAN_RELEASE = "plan.release"
    USER_MANAGE = "user.manage"


_AT_THE_MACHINE = frozenset({Permission.ALARM_ACKNOWLEDGE, Permission.ALARM_SHELVE, Permission.GOODS_RECORD})
"""Who stands at the machines answers for their alarms and for what goes into them; a planner in the office does not."""

ROLES: dict[str, frozenset[Permission]] = {
    "viewer": frozenset({Permission.LINE_READ}),
    "designer": frozenset({Permission.LINE_READ, Permission.JOB_SUBMIT}),
    "operator": frozenset(
        {Permission.LINE_READ, Permission.JOB_HOLD, Permission.JOB_CANCEL, Permission.QUESTION_ANSWER}
    )
    | _AT_THE_MACHINE,
    "planner": frozenset(
        {Permission.LINE_READ, Permission.JOB_SUBMIT, Permission.JOB_HOLD, Permission.JOB_CANCEL}
        | {Permission.JOB_SCHEDULE, Permission.JOB_APPROVE, Permission.PLAN_RELEASE}
    ),
    "technician": frozenset(
        {Permission.LINE_READ, Permission.JOB_HOLD, Permission.QUESTION_ANSWER, Permission.ALARM_SERVICE}
    )
    | _AT_THE_MACHINE,
    "admin": frozenset(Permission),
}
"""What each role may do."""


class Forbidden(PermissionError):
    """The actor's role does not carry the permission."""


@dataclass(frozen=True)
class Actor:
    """A person or program that acts on the line.

    Attributes
    ----------
    name
        As it stands in the journal.
    role
        A key of `ROLES`.
    """

    name: str
    role: str

    @property
    def permissions(self) -> frozenset[Permission]:
        """Everything this actor may do; empty for an unknown role."""
        return ROLES.get(self.role, frozenset())

    def require(self, permission: Permission) -> None:
        """Pass if the actor has `permission`.

        Raises
        ------
        Forbidden
            Naming the actor, the role and the missing permission.
        """
        if permission not in self.permissions:
            msg = f"{self.name} ({self.role}) may not do this: {permission} is needed; ask an admin for the role"
            raise Forbidden(msg)
