"""Figures of alarms against what ISA-18.2 and EEMUA 191 call acceptable. Pure.

The targets are for one operator's position, which a line is; they stand here from practice and can be edited.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.alarms.alarm import Alarm

WINDOW = timedelta(minutes=10)
"""Rates are counted in this time."""

FLOOD_ABOVE = 10
"""More new alarms than this in a window are a flood: nobody can act on them."""

CHATTERS_AT, CHATTER_WITHIN = 3, timedelta(minutes=1)
"""An alarm that comes this often in this time chatters."""

STALE_AFTER = timedelta(hours=24)
"""An alarm that stands longer is stale."""

TARGETS = {
    "per_day": 150.0,
    "per_10_min": 1.0,
    "most_in_10_min": 10.0,
    "flood_pct": 1.0,
    "chattering": 0.0,
    "stale": 5.0,
}
"""At most; see the figures of the same names."""

SHARES_PCT = {"high": 5.0, "medium": 15.0, "low": 80.0}
"""How announced alarms should be spread over the priorities; urgent counts as high."""


@dataclass(frozen=True, slots=True)
class Announced:
    """One alarm that an operator was told of, by its id, and when."""

    at: datetime
    alarm_id: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What alarms did in a span of time; each figure of `TARGETS` has its target there.

    Attributes
    ----------
    hours
        Length of the span, up to now.
    announced
        New alarms in it.
    per_day, per_10_min
        The same as rates.
    now_in_10_min, most_in_10_min
        New alarms in the last ten minutes, and in the worst ten minutes.
    flood
        Whether the last ten minutes are a flood.
    flood_pct
        Share of the span's ten-minute windows that were one, in percent.
    chattering, stale
        Ids of the alarms that chattered in the span, and of those that stand for more than a day.
    shares_pct
        New alarms by priority, in percent; empty if there were none.
    frequent
        The ten alarms that came most often, with their count.
    """

    hours: float
    announced: int
    per_day: float
    per_10_min: float
    now_in_10_min: int
    most_in_10_min: int
    flood: bool
    flood_pct: float
    chattering: tuple[int, ...]
    stale: tuple[int, ...]
    shares_pct: Mapping[str, float]
    frequent: tuple[tuple[int, int], ...]


def figures(told: Sequence[Announced], alarms: Iterable[Alarm], now: datetime, span: timedelta) -> Figures:
    """Count.

    Parameters
    ----------
    told
        What was announced since `now - span`, in the order of time.
    alarms
        All alarms as they stand.
    now
        Timezone-aware.
    span
        Above zero.
    """
    alarms = list(alarms)
    times = [one.at for one in told]
    windows = [_windowed(times, now - number * WINDOW) for number in range(max(1, round(span / WINDOW)))]
    recent = _windowed(times, now)
    priority = {alarm.id: alarm.kind.priority for alarm in alarms}
    shares = Counter("high" if priority[one.alarm_id] == "urgent" else priority[one.alarm_id]
                     for one in told if one.alarm_id in priority)  # fmt: skip
    known = shares.total()
    return Figures(
        hours=span / timedelta(hours=1),
        announced=len(told),
        per_day=round(len(told) * (timedelta(days=1) / span), 1),
        per_10_min=round(len(told) * (WINDOW / span), 2),
        now_in_10_min=recent,
        most_in_10_min=most_within(times, WINDOW),
        flood=recent > FLOOD_ABOVE,
        flood_pct=round(100 * sum(count > FLOOD_ABOVE for count in windows) / len(windows), 2),
        chattering=tuple(sorted(_chattering(told))),
        stale=tuple(alarm.id for alarm in alarms if is_stale(alarm, now)),
        shares_pct={name: round(100 * shares[name] / known, 1) for name in SHARES_PCT} if known else {},
        frequent=tuple(Counter(one.alarm_id for one in told).most_common(10)),
    )


def is_stale(alarm: Alarm, now: datetime) -> bool:
    """Whether an announced alarm has been active for more than a day."""
    position = alarm.position
    return (
        position.announced and position.active and alarm.active_at is not None and now - alarm.active_at > STALE_AFTER
    )


def most_within(times: Sequence[datetime], length: timedelta) -> int:
    """Return the largest number of times, which are in order, that lie within `length` of each other."""
    most, start = 0, 0
    for end, time in enumerate(times):
        while time - times[start] > length:
            start += 1
        most = max(most, end - start + 1)
    return most


def _windowed(times: Sequence[datetime], end: datetime) -> int:
    return sum(end - WINDOW < time <= end for time in times)


def _chattering(told: Sequence[Announced]) -> set[int]:
    by_alarm: dict[int, list[datetime]] = {}
    for one in told:
        by_alarm.setdefault(one.alarm_id, []).append(one.at)
    return {alarm_id for alarm_id, times in by_alarm.items() if most_within(times, CHATTER_WITHIN) >= CHATTERS_AT}
