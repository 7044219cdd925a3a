"""Situations of a small line, drawn by hypothesis: jobs of three cloths at any point of their way, with pins."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import strategies as st

from controller.line import STAGES
from controller.plans.content import Timed
from controller.plans.situation import Situation, Task, Work

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
MACHINES = {"padder": "pretreat", "press": "print", "steamer": "fix", "washer": "wash"}
OF_STAGE = {stage: machine for machine, stage in MACHINES.items()}
CLOTHS = {
    "silk": {"fabric": "silk", "width_mm": 1400.0, "ink_class": "acid", "liquor": "a", "steam_c": 102.0, "bath": "a"},
    "satin": {"fabric": "satin", "width_mm": 1500.0, "ink_class": "disperse", "liquor": "d", "steam_c": 175.0,
              "bath": "d"},
    "crepe": {"fabric": "crepe", "width_mm": 1400.0, "ink_class": "acid", "liquor": "a", "steam_c": 102.0, "bath": "a"},
}  # fmt: skip


def work(job_id: int, cloth: str, minutes: float = 20.0, stages: tuple[str, ...] = STAGES, **more: object) -> Work:
    """A job that waits; `more` are fields of `Work`."""
    tasks = tuple(Task(job_id * 10 + STAGES.index(stage), stage, OF_STAGE[stage], minutes, minutes) for stage in stages)
    created = START - timedelta(hours=100 - job_id)
    fields = {"created_at": created, "weight": 1.0, "due_at": None, "wait_h": {"fix": 24.0}, "lies_since": None} | more
    return Work(job_id=job_id, attributes=CLOTHS[cloth] | {"lightness": 80}, tasks=tasks, **fields)


def situation(*works: Work) -> Situation:
    return Situation(MACHINES, {"padder": CLOTHS["silk"] | {"lightness": 80}}, works)


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    """At most one operation runs on each machine; a few are pinned first, in an order."""
    works, busy = [], set()
    for number in range(draw(st.integers(0, 6))):
        stages = STAGES[draw(st.integers(0, 3)) :]
        made = work(number + 1, draw(st.sampled_from(sorted(CLOTHS))), draw(st.floats(0.2, 90)), stages,
                    due_at=draw(st.sampled_from((None, START + timedelta(hours=1)))))  # fmt: skip
        tasks = list(made.tasks)
        if tasks[0].machine not in busy and draw(st.booleans()):
            busy.add(tasks[0].machine)
            tasks[0] = _changed(tasks[0], running=True, share_done=draw(st.floats(0, 1)))
        elif draw(st.integers(0, 3)) == 0:
            later = START + timedelta(minutes=draw(st.integers(-60, 600)))
            tasks[0] = _changed(tasks[0], not_before=later)
        if not tasks[0].running and tasks[0].not_before is None and draw(st.integers(0, 2)) == 0:
            tasks[0] = _changed(tasks[0], rank=draw(st.integers(1, 9)))
        works.append(Work(**{**vars(made), "tasks": tuple(tasks)}))
    return situation(*works)


def faults(of: Situation, plan: Timed) -> list[str]:
    """Whatever a plan breaks of what the line, the jobs and the pins ask for."""
    found, tasks = [], {task.operation_id: task for one in of.works for task in one.tasks}
    if sorted(slot.operation_id for slot in plan.slots) != sorted(tasks):
        return ["not every operation is planned once"]
    for machine in of.machines:
        free = START
        for slot in plan.of(machine):
            if slot.start < free or slot.setup_end > slot.start:
                found.append(f"{slot.name} begins before its machine is free and set up")
            free = slot.end
        queue = plan.queue(machine)
        ranks = [slot.rank for slot in queue if slot.rank is not None]
        if ranks != sorted(ranks) or [slot.rank for slot in queue[: len(ranks)]] != ranks:
            found.append(f"{machine}: what is pinned does not come first, in its order")
    for one in of.works:
        slots = sorted((slot for slot in plan.slots if slot.job_id == one.job_id), key=lambda slot: slot.start)
        if [slot.stage for slot in slots] != [task.stage for task in one.tasks]:
            found.append(f"{one.job_id} does not go its way")
        if any(earlier.end > later.start for earlier, later in pairwise(slots)):
            found.append(f"{one.job_id} begins a stage before the one before it is done")
        found += [
            f"{slot.name} begins before it may"
            for slot in slots
            if slot.not_before is not None and slot.start < slot.not_before and not slot.running
        ]
    return found


def _changed(task: Task, **fields: object) -> Task:
    return Task(**{**vars(task), **fields})
