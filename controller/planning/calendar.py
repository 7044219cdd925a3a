"""When a machine can be used: open windows in minutes after the plan's start."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from controller.planning.planfile import WEEK, Closed, Shift

FOREVER = 1 << 40
"""Minutes; later than anything planned."""


@dataclass(frozen=True)
class Calendar:
    """Open windows of a machine, in order and apart; the last one is open to the end.

    Attributes
    ----------
    opens, closes : tuple of int
        Minutes after the plan's start. Window ``i`` is ``[opens[i], closes[i])``.
    """

    opens: tuple[int, ...] = (0,)
    closes: tuple[int, ...] = (FOREVER,)

    @property
    def always_open(self) -> bool:
        """Whether it is never closed."""
        return self.opens == (0,)

    def work(self, earliest: int, minutes: int) -> tuple[int, int]:
        """Return start and end of work that may stand still while the machine is closed.

        No work (0 minutes) starts and ends at `earliest`, open or not.
        """
        if not minutes:
            return earliest, earliest
        window = max(bisect_right(self.opens, earliest) - 1, 0)
        if self.closes[window] <= earliest:
            window += 1
        start = now = max(earliest, self.opens[window])
        while now + minutes > self.closes[window]:
            minutes -= self.closes[window] - now
            window += 1
            now = self.opens[window]
        return start, now + minutes

    def fit(self, earliest: int, minutes: int) -> tuple[int, int]:
        """Return start and end of work that has to fit into one open window."""
        window = max(bisect_right(self.opens, earliest) - 1, 0)
        start = max(earliest, self.opens[window])
        while start + minutes > self.closes[window]:
            window += 1
            start = self.opens[window]
        return start, start + minutes

    def longest(self, horizon: int) -> int:
        """Minutes of the longest window before the horizon, after which nothing is known."""
        windows = zip(self.opens, self.closes, strict=True)
        return max((min(closes, horizon) - opens for opens, closes in windows if opens < horizon), default=0)


def calendar_of(
    shifts: Iterable[Shift], closed: Iterable[Closed], start: datetime, zone: ZoneInfo, horizon_days: int
) -> Calendar:
    """Return the calendar that shifts and closed windows make; after the horizon it is open.

    Parameters
    ----------
    shifts, closed
        As in the file; no shifts means always staffed.
    start
        When the plan begins, UTC.
    zone
        Of the shifts' hours. A shift has the length its clock shows, also on the day the clock is put forward or back.
    horizon_days
        So many days the shifts are laid out.
    """
    horizon = horizon_days * 1440
    shifts = tuple(shifts)
    opened = sorted(_laid_out(shifts, start, zone, horizon_days)) if shifts else [(0, horizon)]
    windows: list[tuple[int, int]] = []
    for begin, end in opened:
        if windows and begin <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(end, windows[-1][1]))
        else:
            windows.append((begin, end))
    for window in closed:
        begin, end = _minutes(window.begin - start), _minutes(window.end - start, up=True)
        cut = [((left, min(right, begin)), (max(left, end), right)) for left, right in windows]
        windows = [(left, right) for pair in cut for left, right in pair if left < right]
    windows = [(max(left, 0), min(right, horizon)) for left, right in windows if right > 0 and left < horizon]
    if windows and windows[-1][1] == horizon:
        windows[-1] = (windows[-1][0], FOREVER)
    else:
        windows.append((horizon, FOREVER))
    return Calendar(tuple(left for left, _ in windows), tuple(right for _, right in windows))


def _laid_out(shifts: tuple[Shift, ...], start: datetime, zone: ZoneInfo, days: int) -> Iterable[tuple[int, int]]:
    first = start.astimezone(zone).date() - timedelta(days=1)
    for number in range(days + 3):
        day = first + timedelta(days=number)
        for shift in shifts:
            if WEEK[day.weekday()] in shift.days:
                length = _clock(shift.end) - _clock(shift.begin)
                begin = datetime.combine(day, time(), zone) + timedelta(minutes=_clock(shift.begin))
                opened = _minutes(begin.astimezone(UTC) - start)
                yield opened, opened + (length if length > 0 else length + 1440)


def _clock(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def _minutes(span: timedelta, up: bool = False) -> int:
    seconds = int(span.total_seconds())
    return -(-seconds // 60) if up else seconds // 60
