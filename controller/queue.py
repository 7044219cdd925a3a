"""Whose turn it is among jobs that wait: priority, then due date, then age."""

from datetime import UTC, datetime
from typing import Any

from sqlmodel import col

from controller.tables import Job

MOST_PRIORITY = 9
"""Priorities go from minus this to plus this; 0 is usual, higher comes first."""

_NEVER = datetime.max.replace(tzinfo=UTC)


def turn(job: Job) -> tuple[int, datetime, int]:
    """Return what jobs are put in order by, the first first; one that runs is never put behind another."""
    return -job.priority, job.due_at or _NEVER, job.id or 0


def in_turn() -> tuple[Any, ...]:
    """Return the same for a query's `order_by`."""
    return col(Job.priority).desc(), col(Job.due_at).is_(None), col(Job.due_at), col(Job.id)
