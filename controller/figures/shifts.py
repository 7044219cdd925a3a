"""Shifts: which one a moment belongs to, and where a span of time is cut between them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_SHIFT = re.compile(r"\s*(\w[\w -]{0,19}?)\s+(([01]\d|2[0-3]):[0-5]\d)\s*")


@dataclass(frozen=True)
class Shift:
    """One shift of one day.

    Attributes
    ----------
    name
        As people call it.
    day
        The day on which it begins.
    start, end
        Timezone-aware.
    """

    name: str
    day: date
    start: datetime
    end: datetime

    @property
    def label(self) -> str:
        """Day and name."""
        return f"{self.day.isoformat()} {self.name}"


def read_shifts(text: str) -> tuple[tuple[str, time], ...]:
    """Return names and beginnings of shifts, each until the next one.

    Raises
    ------
    ValueError
        The text is no such list, or its hours do not follow one another within a day.
    """
    found = [_SHIFT.fullmatch(part) for part in text.split(",")]
    shifts = tuple((match[1], time.fromisoformat(match[2])) for match in found if match)
    begins = [begin for _, begin in shifts]
    if not shifts or None in found or begins != sorted(set(begins)):
        msg = f"shifts {text!r:.80} are not names and beginnings in the order of the day, like 'day 06:00, night 18:00'"
        raise ValueError(msg)
    return shifts


def zone_of(name: str) -> ZoneInfo:
    """Return a time zone; raises ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        msg = f"no time zone is called {name!r:.60}; give one like Europe/Rome or UTC"
        raise ValueError(msg) from error


def shifts_of(shifts: tuple[tuple[str, time], ...], zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[Shift]:
    """Give the shifts that touch a span, in order; the one in which the clock changes is an hour longer or shorter."""
    first = start.astimezone(zone).date() - timedelta(days=1)
    last = end.astimezone(zone).date() + timedelta(days=1)
    begins = [
        (name, first + timedelta(days=number), datetime.combine(first + timedelta(days=number), begin, zone))
        for number in range((last - first).days + 1)
        for name, begin in shifts
    ]
    for (name, day, begun), (_, _, over) in pairwise(begins):
        if begun < end and over > start:
            yield Shift(name, day, begun.astimezone(UTC), over.astimezone(UTC))
