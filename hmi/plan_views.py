"""From plans to what the API says of them: frozen models and pure functions."""

from datetime import datetime
from typing import Literal

from controller.plans import Slot, Timed
from controller.plans.desk import PlanState
from hmi.schemas import View


class SlotView(View):
    """One operation in a plan.

    `operation` is its name, ``JOB@STAGE``; `place` its number in the machine's queue, none if it runs. `pinned_place`
    and `not_before` are what a person has pinned. `late_min` counts at a job's last operation. `expected_end` is when
    one that runs was expected to be done before it began.
    """

    operation: str
    job_id: int
    title: str
    fabric: str
    start: datetime
    end: datetime
    setup_start: datetime
    setup_end: datetime
    setup_min: int
    dumped_l: float
    late_min: int
    running: bool
    place: int | None
    pinned_place: int | None
    not_before: datetime | None
    pinned_by: str | None
    expected_end: datetime | None


class LaneView(View):
    """One machine of a plan with its operations in order."""

    machine: str
    stage: str
    slots: tuple[SlotView, ...]


class TimedView(View):
    """A plan and what it comes to; of points, which say how good it is, fewer are better."""

    lanes: tuple[LaneView, ...]
    points: float
    setup_min: int
    dumped_l: float
    late_min: int
    late_jobs: int
    warnings: tuple[str, ...]


class ChangeView(View):
    """What a release would change: the proposal's figures less those of what the line follows now."""

    setup_min: int
    late_min: int
    dumped_l: float


class LeftOutView(View):
    """A job that is in no plan now, and why."""

    job_id: int
    title: str
    why: str


class PlanView(View):
    """The plans as they stand.

    `proposal` is the newest plan and `standing` what the line comes to without it: the released plan, then all else,
    oldest first. `order` names the proposal for a release; `settled` says that the line follows it already, `best` that
    no plan has fewer points. `trouble` says why nothing can be planned.
    """

    mode: Literal["first-come", "release", "automatic"]
    made_at: datetime | None
    order: str
    proposal: TimedView
    standing: TimedView
    change: ChangeView
    settled: bool
    best: bool
    released_by: str
    released_at: datetime | None
    left_out: tuple[LeftOutView, ...]
    trouble: str


class MoveView(View):
    """Another place for an operation, and what it costs more: minutes of set-up, of tardiness, litres, points."""

    machine: str
    place: int
    setup_min: int
    tardiness_min: int
    dumped_l: float
    points: float
    told: str


class WhyView(View):
    """Why an operation has its place in the proposal, and what the places next to it cost."""

    operation: str
    machine: str
    place: int
    reasons: tuple[str, ...]
    moves: tuple[MoveView, ...]


def plan_view(state: PlanState, machines: dict[str, str]) -> PlanView:
    """Return the plans; `machines` are names to stages, in the line's order."""
    content = state.content
    proposal, standing = (content.proposal, content.standing) if content else (Timed(), Timed())
    return PlanView(
        mode=state.mode,
        made_at=content and content.made_at,
        order=proposal.order if content else "",
        proposal=_timed_view(proposal, state, machines),
        standing=_timed_view(standing, state, machines),
        change=ChangeView(
            setup_min=proposal.setup_min - standing.setup_min,
            late_min=proposal.late_min - standing.late_min,
            dumped_l=round(proposal.dumped_l - standing.dumped_l, 1),
        ),
        settled=state.settled,
        best=content is not None and content.best,
        released_by=state.released_by,
        released_at=state.released_at,
        left_out=tuple(
            LeftOutView(job_id=one.job_id, title=_job(state, one.job_id)[0], why=one.why)
            for one in (content.left_out if content else ())
        ),
        trouble=content.trouble if content else "",
    )


def _timed_view(plan: Timed, state: PlanState, machines: dict[str, str]) -> TimedView:
    lanes = [LaneView(machine=name, stage=stage, slots=_slots(plan, name, state)) for name, stage in machines.items()]
    return TimedView(
        lanes=tuple(lanes), points=round(plan.points, 3), setup_min=plan.setup_min, dumped_l=round(plan.dumped_l, 1),
        late_min=plan.late_min, late_jobs=plan.late_jobs, warnings=plan.warnings,
    )  # fmt: skip


def _slots(plan: Timed, machine: str, state: PlanState) -> tuple[SlotView, ...]:
    places = {slot.operation_id: place for place, slot in enumerate(plan.queue(machine), start=1)}
    return tuple(_slot_view(slot, places.get(slot.operation_id), state) for slot in plan.of(machine))


def _slot_view(slot: Slot, place: int | None, state: PlanState) -> SlotView:
    title, fabric = _job(state, slot.job_id)
    pin = state.pins.get(slot.operation_id)
    return SlotView(
        operation=slot.name, job_id=slot.job_id, title=title, fabric=fabric, start=slot.start, end=slot.end,
        setup_start=slot.setup_start, setup_end=slot.setup_end, setup_min=slot.setup_min, dumped_l=slot.dumped_l,
        late_min=slot.late_min, running=slot.running, place=place, pinned_place=pin and pin.rank,
        not_before=pin and pin.not_before, pinned_by=pin and pin.by,
        expected_end=state.expected.get(slot.operation_id),
    )  # fmt: skip


def _job(state: PlanState, job_id: int) -> tuple[str, str]:
    return state.jobs.get(job_id, ("", ""))
