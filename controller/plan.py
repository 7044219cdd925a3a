"""The plan as the line follows it: which operation a machine does next."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from controller.plans.content import Place
from controller.tables import Job, Operation

SOON = timedelta(minutes=60)
"""A machine stands still for an operation that is not there yet only so long before and after its planned start: longer
than most set-ups, shorter than what a planner would accept. Default from practice."""


def next_operation(
    machine: str,
    operations: Iterable[Operation],
    jobs: Mapping[int, Job],
    released: Mapping[int, Place],
    now: datetime,
) -> Operation | None:
    """Return what `machine` has to do now, or None.

    What already runs goes on. Then the released plan's order counts, and behind it all that the plan does not know,
    oldest first. Whatever is ready is taken as soon as nothing in front of it is still coming, or its own planned time
    has come: a plan never blocks a machine.

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
        return min(running, key=lambda operation: operation.job_id)
    mine = [operation for operation in mine if operation.status in ("waiting", "ready")]
    last = max((released[one.id].end for one in mine if one.id in released), default=now)
    ahead = False
    for operation in sorted(mine, key=lambda one: _turn(one, released)):
        place = released.get(operation.id or 0)
        wanted = jobs[operation.job_id].want == "run"
        begins = place is None or place.not_before is None or place.not_before <= now
        if operation.status == "ready" and wanted and begins and (not ahead or now >= (place.start if place else last)):
            return operation
        ahead = ahead or (wanted and place is not None and soon(place, now))
    return None


def soon(place: Place, now: datetime) -> bool:
    """Whether an operation is planned for about now, so that its machine may wait for it."""
    return abs(place.start - now) <= SOON


def _turn(operation: Operation, released: Mapping[int, Place]) -> tuple[bool, int]:
    place = released.get(operation.id or 0)
    return (True, operation.job_id) if place is None else (False, place.rank)


def progress(job: Job, operations: Iterable[Operation]) -> float:
    """Return how far a job is, 0 to 1: each stage counts the same, a running stage by its metres."""
    if job.status == "complete":
        return 1.0
    parts = [
        1.0 if operation.status == "done" else min(operation.metres / job.length_m, 0.99) for operation in operations
    ]
    return sum(parts) / len(parts) if parts else 0.0
