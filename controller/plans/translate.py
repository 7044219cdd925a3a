"""From a situation to a planning file, and from a solved plan back to slots. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from controller.planning import PlanFile, Problem, Schedule
from controller.planning.planfile import Closed, Job, Machine, Operation, Pin, PinnedOrder, ShelfLife
from controller.planning.rules import DEFAULT_SETUPS
from controller.plans.content import Slot, Timed
from controller.plans.situation import Situation, Task, Work

SETUPS = tuple(rule.model_copy(update={"stage": "fix"}) if rule.stage == "steam" else rule for rule in DEFAULT_SETUPS)
"""The set-ups from practice (`docs/planning.md`), by the line's names of stages."""

PROMISE = timedelta(days=5)
"""A job that nobody gave a due date is planned as due so long after it came, so that none is put off for ever. The
shorter end of the 5 to 8 days that digital printers quote."""


def planning_file(situation: Situation, start: datetime) -> PlanFile | None:
    """Return the planning problem of a situation; None if nothing is left to plan.

    What runs is no part of it: its machine is closed until it is done, and its job is released then.

    Parameters
    ----------
    situation
        What there is to do.
    start
        Now.
    """
    stages = tuple(dict.fromkeys(situation.machines.values()))
    jobs = [job for work in situation.works if (job := _job(work, start)) is not None]
    if not jobs:
        return None
    running = {task.machine: task for work in situation.works for task in work.tasks if task.running}
    machines = []
    for name, stage in situation.machines.items():
        closed = [Closed.model_validate({"from": start, "to": ends(running[name], start), "why": "it runs"})
                  for _ in range(name in running)]  # fmt: skip
        machines.append(
            Machine(name=name, stage=stage, state=dict(situation.states.get(name, {})), maintenance=tuple(closed))
        )
    return PlanFile(start=start, stages=stages, machines=tuple(machines), jobs=tuple(jobs), setups=SETUPS,
                    shelf_lives=_shelf_lives(situation, stages), pinned_orders=_pinned(situation))  # fmt: skip


def ends(task: Task, start: datetime) -> datetime:
    """Return when a running task is done if it goes on as planned; in a minute at the earliest."""
    return start + timedelta(minutes=max(round(task.minutes * (1 - task.share_done)), 1))


def whole_min(task: Task) -> int:
    """Minutes of a task as plans count: whole ones, at least one."""
    return max(round(task.minutes), 1)


def running_slots(situation: Situation, start: datetime) -> tuple[Slot, ...]:
    """Return what is on the machines now."""
    return tuple(
        Slot(operation_id=task.operation_id, job_id=work.job_id, stage=task.stage, machine=task.machine, start=start,
             end=ends(task, start), setup_start=start, setup_end=start, nominal_min=task.nominal_min, running=True,
             late_min=_late_min(work, ends(task, start)) if task is work.tasks[-1] else 0)
        for work in situation.works for task in work.tasks if task.running
    )  # fmt: skip


def timed(problem: Problem, schedule: Schedule, situation: Situation, running: Sequence[Slot]) -> Timed:
    """Return a solved plan as slots: what runs, then the sequence of each machine."""
    tasks = {f"{work.job_id}@{task.stage}": (work, task) for work in situation.works for task in work.tasks}
    slots = list(running)
    for sequence in schedule.decisions.sequences:
        for one in sequence:
            work, task = tasks[problem.name(one)]
            begins = schedule.start[one]
            set_up = (
                (schedule.setup_start[one], schedule.setup_end[one]) if schedule.setup_min[one] else (begins, begins)
            )
            minutes = begins, schedule.end[one], *set_up
            at = [problem.start + timedelta(minutes=minute) for minute in minutes]
            slots.append(Slot(
                operation_id=task.operation_id, job_id=work.job_id, stage=task.stage, machine=task.machine,
                start=at[0], end=at[1], setup_start=at[2], setup_end=at[3], setup_min=schedule.setup_min[one],
                dumped_l=schedule.dumped_l[one], nominal_min=task.nominal_min, rank=task.rank,
                not_before=task.not_before, late_min=_late_min(work, at[1]) if task is work.tasks[-1] else 0,
            ))  # fmt: skip
    costs = schedule.costs
    return Timed(slots=tuple(slots), points=costs.objective, setup_min=costs.setup_min, dumped_l=costs.dumped_l,
                 late_min=sum(slot.late_min for slot in slots), late_jobs=sum(slot.late_min > 0 for slot in slots),
                 warnings=schedule.warnings)  # fmt: skip


def sequences(
    problem: Problem, wanted: Mapping[str, Iterable[str]], *, beside: bool = False
) -> tuple[tuple[int, ...], ...]:
    """Return the operations of each machine in an order that was wanted before.

    Names that are no more are left out; operations that are not named come behind, in the problem's order; what is
    pinned comes where it is pinned whatever was wanted.

    Parameters
    ----------
    problem
        Each operation can be done by one machine.
    wanted
        Machine to operations (``JOB@STAGE``).
    beside
        What is not named comes behind the last named one that needs no other set-up, if there is one.
    """
    found = []
    for of, machine in enumerate(problem.machines):
        place = {name: number for number, name in enumerate(wanted.get(machine, ()))}
        mine = [one for one in problem.operations if of in problem.minutes[one]]
        last: dict[int, int] = {}
        for one in mine:
            if problem.name(one) in place and beside:
                last[problem.family[one]] = max(last.get(problem.family[one], 0), place[problem.name(one)])
        places = {one: place.get(problem.name(one), last.get(problem.family[one], len(place))) for one in mine}
        found.append(tuple(sorted(
            mine, key=lambda one, at=places, named=place: (problem.order[one], at[one], problem.name(one) not in named)
        )))  # fmt: skip
    return tuple(found)


def _job(work: Work, start: datetime) -> Job | None:
    operations, release = [], None
    for task in work.tasks:
        if task.running:
            release = ends(task, start)
            continue
        later = task.not_before is not None and task.not_before > (release or start)
        operations.append(
            Operation(stage=task.stage, minutes=whole_min(task), pin=Pin(start=task.not_before) if later else None)
        )
    if not operations:
        return None
    return Job(
        name=str(work.job_id), release=release, due=_due(work, release), weight=work.weight,
        attributes=dict(work.attributes) | {f"{stage}_wait_h": hours for stage, hours in work.wait_h.items()},
        operations=tuple(operations),
    )  # fmt: skip


def _due(work: Work, released: datetime | None) -> datetime:
    """Return when the job is due, or earlier if its cloth lies already and would lie too long before the next stage."""
    due = work.due_at or work.created_at + PROMISE
    waiting = [task for task in work.tasks if not task.running]
    since, hours = released or work.lies_since, work.wait_h.get(waiting[0].stage)
    if since is None or hours is None:
        return due
    return min(due, since + timedelta(hours=hours, minutes=sum(whole_min(task) for task in waiting)))


def _late_min(work: Work, end: datetime) -> int:
    return 0 if work.due_at is None else max(int((end - work.due_at) / timedelta(minutes=1)), 0)


def _shelf_lives(situation: Situation, stages: Sequence[str]) -> tuple[ShelfLife, ...]:
    known = sorted({
        (stage, hours) for work in situation.works for stage, hours in work.wait_h.items()
        if stage in stages[1:] and not all(task.running for task in work.tasks)
    })  # fmt: skip
    return tuple(
        ShelfLife.model_validate({"from": stages[stages.index(stage) - 1], "to": stage, "hours": hours,
                                  "only": {f"{stage}_wait_h": hours}})
        for stage, hours in known
    )  # fmt: skip


def _pinned(situation: Situation) -> tuple[PinnedOrder, ...]:
    pinned = [(task.machine, task.rank, work.job_id) for work in situation.works for task in work.tasks
              if task.rank is not None and not task.running]  # fmt: skip
    return tuple(
        PinnedOrder(machine=machine, first=True,
                    jobs=tuple(str(job) for of, _, job in sorted(pinned) if of == machine))
        for machine in dict.fromkeys(of for of, _, _ in pinned)
    )  # fmt: skip
