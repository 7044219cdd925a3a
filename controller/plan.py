"""The plan: which operation a machine does next, by priority, due date and age."""

from collections.abc import Iterable, Mapping

from controller.queue import turn
from controller.tables import Job, Operation


def next_operation(machine: str, operations: Iterable[Operation], jobs: Mapping[int, Job]) -> Operation | None:
    """Return what `machine` has to do now, or None.

    What already runs goes on; then the job whose turn it is among those that are ready for this machine and not held.

    Parameters
    ----------
    machine
        Name of the machine.
    operations
        Operations that are not over, of any machine.
    jobs
        Their jobs by id.
    """
    mine = [operation for operation in operations if operation.machine == machine]
    running = [operation for operation in mine if operation.status == "running"]
    ready = [operation for operation in mine if operation.status == "ready" and jobs[operation.job_id].want == "run"]
    return min(running or ready, key=lambda operation: turn(jobs[operation.job_id]), default=None)


def progress(job: Job, operations: Iterable[Operation]) -> float:
    """Return how far a job is, 0 to 1: each stage counts the same, a running stage by its metres."""
    if job.status == "complete":
        return 1.0
    parts = [1.0 if item.status == "done" else min(item.metres / item.length_m, 0.99) for item in operations]
    return sum(parts) / len(parts) if parts else 0.0
