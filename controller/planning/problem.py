"""The planning problem as frozen tables, indexed by operation, machine and job; times in minutes after the start."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from controller.planning.calendar import Calendar
from controller.planning.planfile import Value, Weights

NEVER = -1
"""Minute of a pinned start that is not pinned; index of an operation or machine that there is not."""


@dataclass(frozen=True)
class Campaigning:
    """A campaign rule on a stage: which families belong together, and how long they should run."""

    minutes: int
    group: tuple[int, ...]
    """Of each family of the stage; equal numbers run on."""


@dataclass(frozen=True)
class Problem:
    """What is to be planned.

    Attributes
    ----------
    start : datetime
        UTC; all minutes count from here.
    zone : ZoneInfo
        Of the times people read.
    horizon : int
        Minutes so far the calendars are known.
    stages, machines, jobs : tuple of str
        Names.
    stage_machines : tuple of tuple of int
        Machines of each stage.
    machine_stage : tuple of int
    calendars : tuple of Calendar
        Of each machine.
    may_pause : tuple of bool
        Whether the machine's operations may stand still while it is closed.
    first_family : tuple of int
        What each machine is set up for at the start.
    setup_min, dumped_l
        ``[machine][family before][family after]``; machines with the same rules share a table.
    release, due : tuple of int
        Minutes, of each job; a job without due date is due at `FOREVER`.
    weight : tuple of float
        Points for a minute of tardiness, the job's weight times that of the plan.
    job_operations : tuple of tuple of int
        Of each job, in the order of its route.
    job, stage, family : tuple of int
        Of each operation; families count within a stage.
    families : tuple of tuple of dict
        The attributes that tell the families of each stage apart.
    minutes : tuple of dict
        Of each operation: machine to duration; the machines that can do it, and no others.
    before, after : tuple of int
        The job's operation before and after, or `NEVER`.
    pin_start : tuple of int
        Pinned start or `NEVER`.
    order : tuple of int
        Rank within the pinned order of its machine, or `NEVER`; those of the same rank have no order.
    waits : tuple of tuple of (int, int)
        Of each operation: earlier operations of the job, and the minutes between their end and its start at most.
    campaigns : tuple of tuple of Campaigning
        Of each stage.
    """

    start: datetime
    zone: ZoneInfo
    horizon: int
    stages: tuple[str, ...]
    machines: tuple[str, ...]
    stage_machines: tuple[tuple[int, ...], ...]
    machine_stage: tuple[int, ...]
    calendars: tuple[Calendar, ...]
    may_pause: tuple[bool, ...]
    first_family: tuple[int, ...]
    setup_min: tuple[list[list[int]], ...]
    dumped_l: tuple[list[list[float]], ...]
    jobs: tuple[str, ...]
    release: tuple[int, ...]
    due: tuple[int, ...]
    weight: tuple[float, ...]
    job_operations: tuple[tuple[int, ...], ...]
    job: tuple[int, ...]
    stage: tuple[int, ...]
    family: tuple[int, ...]
    families: tuple[tuple[dict[str, Value], ...], ...]
    minutes: tuple[dict[int, int], ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    pin_start: tuple[int, ...]
    order: tuple[int, ...]
    waits: tuple[tuple[tuple[int, int], ...], ...]
    campaigns: tuple[tuple[Campaigning, ...], ...]
    weights: Weights
    default_setups: bool

    @property
    def operations(self) -> range:
        """All operations; they count through the jobs, each in the order of its route."""
        return range(len(self.job))

    def name(self, operation: int) -> str:
        """Return what people call an operation: the job and the stage."""
        return f"{self.jobs[self.job[operation]]}@{self.stages[self.stage[operation]]}"

    def of_stage(self, stage: int) -> Iterator[int]:
        """Operations of a stage."""
        return (operation for operation in self.operations if self.stage[operation] == stage)

    def time(self, minute: int) -> str:
        """Return a minute of the plan as ISO 8601, in the file's time zone."""
        return (self.start + timedelta(minutes=minute)).astimezone(self.zone).isoformat()


@dataclass(frozen=True)
class Decisions:
    """What a solver decides; everything else of a plan follows from it.

    Attributes
    ----------
    sequences : tuple of tuple of int
        Operations of each machine, in the order in which it does them.
    holds : tuple of (int, int)
        Operations that wait although they could begin, and the minute before which they do not; so cloth does not
        lie too long before a machine that is closed.
    """

    sequences: tuple[tuple[int, ...], ...]
    holds: tuple[tuple[int, int], ...] = ()
