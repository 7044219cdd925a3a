"""The plan as the line follows it: which operation a machine does next."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from controller.plans.content import Place
from controller.queue import turn
from controller.tables import Job, Operation

LEAST_STAND = timedelta(minutes=60)
"""A machine may stand still so long before and after the planned start of what is not there yet; longer only for a
set-up that is longer. More than most set-ups take, less than a planner would accept. Default from practice."""


def next_operation(
    machine: str,
    operations: Iterable[Operation],
    jobs: Mapping[int, Job],
    released: Mapping[int, Place],
    now: datetime,
) -> Operation | None:
    """Return what `machine` has to do now, or None.

    What already runs goes on. Then the released plan's order counts, and behind it all that the plan does not know, by
    priority, due date and age. Whatever is ready is taken as soon as nothing in front of it is planned for about now,
    or its own planned time has come: a plan never blocks a machine. How long it may stand is what there is to lose: the
    longest set-up planned up to what would be taken, which would be made now and undone again.

    Parameters
    ----------
    machine
        Name of the machine.
    operations
        Operations that are not over, of any machine.
    jobs
        Their jobs by id.
    released
        Where the released plan puts operations, by their id; operations of any state.
    now
        Timezone-aware.
    """
    mine = [operation for operation in operations if operation.machine == machine]
    running = [operation for operation in mine if operation.status == "running"]
    if running:
        return min(running, key=lambda operation: turn(jobs[operation.job_id]))
    mine = [operation for operation in mine if operation.status in ("waiting", "ready")]
    last = max((place.end for one in mine if (place := released.get(one.id or 0))), default=now)
    stand, nearest = LEAST_STAND, timedelta.max
    for operation in sorted(mine, key=lambda one: _turn(one, jobs, released)):
        place = released.get(operation.id or 0)
        if place is not None:
            stand = max(stand, timedelta(minutes=place.setup_min))
        wanted = jobs[operation.job_id].want == "run"
        begins = place is None or place.not_before is None or place.not_before <= now
        due = now >= (place.start if place else last)
        if operation.status == "ready" and wanted and begins and (due or nearest > stand):
            return operation
        if wanted and place is not None:
            nearest = min(nearest, abs(place.start - now))
    return None


def soon(released: Mapping[int, Place], now: datetime) -> list[int]:
    """Return the operations for which any machine may stand still now."""
    longest = max((timedelta(minutes=place.setup_min) for place in released.values()), default=LEAST_STAND)
    stand = max(LEAST_STAND, longest)
    return [operation_id for operation_id, place in released.items() if abs(place.start - now) <= stand]


def _turn(operation: Operation, jobs: Mapping[int, Job], released: Mapping[int, Place]) -> tuple[bool, Any]:
    place = released.get(operation.id or 0)
    return (True, turn(jobs[operation.job_id])) if place is None else (False, place.rank)


def progress(job: Job, operations: Iterable[Operation]) -> float:
    """Return how far a job is, 0 to 1: each stage counts the same, a running stage by its metres."""
    if job.status == "complete":
        return 1.0
    parts = [1.0 if item.status == "done" else min(item.metres / item.length_m, 0.99) for item in operations]
    return sum(parts) / len(parts) if parts else 0.0
