"""What there is to plan: jobs, operations and machines as frozen data, equal as long as a plan of it stays right."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from controller.planning.planfile import Value
from controller.plans.content import LeftOut
from controller.tables import Job


@dataclass(frozen=True)
class Task:
    """One operation that is not over.

    Attributes
    ----------
    nominal_min, minutes
        By length and speed; and by what was learned of this machine and fabric.
    share_done
        0 to 1. Two situations that differ only in it are equal: a plan of one is right for the other.
    rank, not_before
        What a person has pinned.
    """

    operation_id: int
    stage: str
    machine: str
    nominal_min: float
    minutes: float
    running: bool = False
    rank: int | None = None
    not_before: datetime | None = None
    share_done: float = field(default=0.0, compare=False)


@dataclass(frozen=True)
class Work:
    """One job with the operations that are left of it, in their order.

    Attributes
    ----------
    weight, due_at
        What a minute of tardiness weighs, and when the job is due, if anybody said so.
    wait_h
        Hours that the cloth may lie before a stage, by stage.
    lies_since
        When the last stage that is done ended.
    """

    job_id: int
    created_at: datetime
    weight: float
    due_at: datetime | None
    attributes: Mapping[str, Value]
    wait_h: Mapping[str, float]
    lies_since: datetime | None
    tasks: tuple[Task, ...]


@dataclass(frozen=True)
class Situation:
    """All that a plan is made of.

    Attributes
    ----------
    machines
        Name to stage.
    states
        What each machine is set up for: the attributes of the job it did last.
    works
        Jobs that may run, oldest first.
    left_out
        The others that are not over.
    """

    machines: Mapping[str, str]
    states: Mapping[str, Mapping[str, Value]]
    works: tuple[Work, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def open(self) -> bool:
        """Whether there is anything to decide: two operations that wait for the same machine."""
        waiting = [task.machine for work in self.works for task in work.tasks if not task.running]
        return len(set(waiting)) < len(waiting)

    def pinned(self, ranks: Mapping[int, int], not_before: Mapping[int, datetime | None]) -> "Situation":
        """Return the same with other pins, by the operation's id; pins of operations that are not named stay."""

        def with_pins(task: Task) -> Task:
            rank = ranks.get(task.operation_id, task.rank)
            return replace(task, rank=rank, not_before=not_before.get(task.operation_id, task.not_before))

        works = tuple(replace(work, tasks=tuple(map(with_pins, work.tasks))) for work in self.works)
        return replace(self, works=works)


@dataclass(frozen=True)
class Asked:
    """What was asked for of a job beside its metres: what a minute of tardiness weighs, and when it is due."""

    weight: float = 1.0
    due_at: datetime | None = None


def asked_for(job: Job) -> Asked:
    """Return what was asked for of a job; each step of priority weighs half as much again, default from practice."""
    return Asked(weight=1.5**job.priority, due_at=job.due_at)
