"""What figures are made of: what machines and people did, as frozen data."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

PRODUCING = frozenset({"EXECUTE", "COMPLETING"})
"""PackML states in which cloth is worked on."""

SETTING_UP = frozenset({"STARTING", "RESETTING", "CLEARING", "UNHOLDING", "UNSUSPENDING"})
"""PackML states in which the machine gets ready: warming up, cleaning, starting again."""

FAULTY = frozenset({"ABORTING", "ABORTED", "STOPPING"})

NEIGHBOUR = frozenset({"SUSPENDING", "SUSPENDED"})
"""It waits for the machine before or behind it."""

HELD = frozenset({"HOLDING", "HELD"})

UNHEARD = ""
"""Stands for a state while the link is lost."""


@dataclass(frozen=True)
class Span:
    """A stretch of time with what was so in it: the state of a machine, or anything that has a name."""

    start: datetime
    end: datetime
    what: str = ""

    @property
    def minutes(self) -> float:
        """Its length."""
        return (self.end - self.start).total_seconds() / 60

    def within(self, start: datetime, end: datetime) -> "Span | None":
        """Return the part that lies in another stretch, or None."""
        left, right = max(self.start, start), min(self.end, end)
        return replace(self, start=left, end=right) if left < right else None


@dataclass(frozen=True)
class Done:
    """An operation as it was.

    Attributes
    ----------
    operation_id, job_id, machine, fabric
        What and where.
    ready_at
        When its cloth was there: the stage before had ended, or the raster was made.
    started_at, ended_at
        None while it has not begun, or goes on.
    metres
        Cloth done.
    seconds_m
        Metres of second quality among them; None where nobody looks.
    nominal_min_m
        Minutes that a metre takes by the recipe.
    expected_min, expected_end
        What was expected when it began; None if nothing was.
    """

    operation_id: int
    job_id: int
    machine: str
    fabric: str
    ready_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    metres: float
    seconds_m: float | None
    nominal_min_m: float
    expected_min: float | None = None
    expected_end: datetime | None = None


@dataclass(frozen=True)
class Record:
    """All that is known of a span of time.

    Attributes
    ----------
    start, end
        Timezone-aware; `end` is not in the future.
    states
        Of each machine, in order and without gaps from the first that is known.
    asked
        Of each machine: how long questions waited for an answer; `what` is the kind.
    done
        Operations that were ready, ran or ended in it.
    """

    start: datetime
    end: datetime
    states: dict[str, tuple[Span, ...]]
    asked: dict[str, tuple[Span, ...]]
    done: tuple[Done, ...]


def states_of(changes: Iterable[tuple[datetime, str]], start: datetime, end: datetime) -> tuple[Span, ...]:
    """Return the states of a machine as spans, from its changes.

    Parameters
    ----------
    changes
        When, and to which state; `UNHEARD` when the link was lost. In order; those before `start` say what was so then.
    start, end
        The span.
    """
    found: list[Span] = []
    known: str | None = None
    since = start
    for at, state in changes:
        if at > start and known is not None and since < min(at, end):
            found.append(Span(since, min(at, end), known))
        if at >= end:
            return tuple(found)
        known, since = state, max(at, start)
    if known is not None and since < end:
        found.append(Span(since, end, known))
    return tuple(found)


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the same time without overlaps."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda one: one.start):
        if joined and span.start <= joined[-1].end:
            joined[-1] = replace(joined[-1], end=max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return tuple(joined)
