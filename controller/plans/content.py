"""What a plan of the line says: frozen values that go to the database and to people as they are."""

import hashlib
from datetime import datetime

from pydantic import BaseModel, ConfigDict


class Kept(BaseModel):
    """What is kept as JSON."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Slot(Kept):
    """One operation with its time on its machine.

    Attributes
    ----------
    setup_min, dumped_l
        The set-up before it, minutes, and the litres of liquor it dumps; it is made between `setup_start` and
        `setup_end`.
    nominal_min
        What length and speed alone come to; `end` less `start` is that times the factor learned.
    late_min
        Minutes after the job's due date; counts at the last operation of a job that has one.
    rank, not_before
        What a person has pinned: the place at the head of the machine's queue, from 1, and the earliest start.
    running
        It is on the machine now.
    """

    operation_id: int
    job_id: int
    stage: str
    machine: str
    start: datetime
    end: datetime
    setup_start: datetime
    setup_end: datetime
    setup_min: int = 0
    dumped_l: float = 0.0
    nominal_min: float = 0.0
    late_min: int = 0
    rank: int | None = None
    not_before: datetime | None = None
    running: bool = False

    @property
    def name(self) -> str:
        """What people call an operation: the job's number and the stage."""
        return f"{self.job_id}@{self.stage}"


class Timed(Kept):
    """A whole plan: the slots of each machine in their order, and what they come to.

    Attributes
    ----------
    points
        What the search judges by (`docs/planning.md`); fewer are better.
    setup_min, dumped_l, late_min, late_jobs
        Minutes of set-up, litres dumped, minutes after due dates, and how many jobs are late.
    """

    slots: tuple[Slot, ...] = ()
    points: float = 0.0
    setup_min: int = 0
    dumped_l: float = 0.0
    late_min: int = 0
    late_jobs: int = 0
    warnings: tuple[str, ...] = ()

    def of(self, machine: str) -> tuple[Slot, ...]:
        """Slots of a machine, in its order."""
        return tuple(slot for slot in self.slots if slot.machine == machine)

    def queue(self, machine: str) -> tuple[Slot, ...]:
        """The same without what runs already."""
        return tuple(slot for slot in self.of(machine) if not slot.running)

    @property
    def order(self) -> str:
        """A short digest of what a release would settle: which operation after which, and what must not begin yet."""
        said = [(slot.machine, slot.operation_id, slot.not_before) for slot in self.slots if not slot.running]
        return hashlib.sha256(repr(sorted(said, key=lambda one: one[0])).encode()).hexdigest()[:12]


class LeftOut(Kept):
    """A job that is in no plan now, and why."""

    job_id: int
    why: str


class Content(Kept):
    """A proposal as it is stored.

    Attributes
    ----------
    made_at
        When its times were calculated.
    proposal
        The plan.
    standing
        What the line comes to if nobody releases it: the released plan, then all else, oldest first.
    bound
        Points below which no plan can be.
    seconds
        Time spent on it.
    trouble
        Why no plan can be made of what is pinned, else empty; `proposal` is the last one then.
    """

    made_at: datetime
    proposal: Timed = Timed()
    standing: Timed = Timed()
    left_out: tuple[LeftOut, ...] = ()
    bound: float = 0.0
    seconds: float = 0.0
    trouble: str = ""

    @property
    def best(self) -> bool:
        """Whether no plan can be better, in points."""
        return self.proposal.points <= self.bound + 1e-6


class Place(Kept):
    """What the released plan says of an operation, for whoever decides whose turn it is."""

    rank: int
    start: datetime
    end: datetime
    setup_min: int = 0
    not_before: datetime | None = None


def settles(released: Timed, proposal: Timed) -> bool:
    """Whether a released plan says already all that a proposal says about what has not begun."""
    for machine in {slot.machine for slot in proposal.slots}:
        queue = [(slot.operation_id, slot.not_before) for slot in proposal.queue(machine)]
        left = {operation_id for operation_id, _ in queue}
        if queue != [(slot.operation_id, slot.not_before) for slot in released.of(machine)
                     if slot.operation_id in left]:  # fmt: skip
            return False
    return True


def places(released: Timed) -> dict[int, Place]:
    """Return the place of each operation of a released plan, by the operation's id; ranks count on each machine."""
    return {
        slot.operation_id: Place(
            rank=rank, start=slot.start, end=slot.end, setup_min=slot.setup_min, not_before=slot.not_before
        )
        for machine in {slot.machine for slot in released.slots}
        for rank, slot in enumerate(released.of(machine))
    }
