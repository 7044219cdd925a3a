"""One alarm of one machine, and what a look at the machine or an act of a person makes of it. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.alarms.kinds import Kind
from controller.alarms.states import NORMAL, Cover, Event, Position, Standing, moved

FIRST_OUT_S = 10.0
"""Alarms of a machine that follow each other so soon are one burst, whose first names the cause; from practice."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm with all that is remembered of it.

    Attributes
    ----------
    id
        Its number, the same over restarts.
    machine, kind, position
        Where it is, what it means, and how it stands.
    occurrence
        How often it has become active; an acknowledgement names the occurrence that was seen.
    active_at, returned_at
        When it last became active, and when that was over.
    acknowledged_at, acknowledged_by
        Of this occurrence.
    covered_at, covered_by, covered_why, shelved_until
        Of the cover, while there is one.
    job_id
        The job the machine worked on when it became active.
    """

    id: int
    machine: str
    kind: Kind
    position: Position = NORMAL
    occurrence: int = 0
    active_at: datetime | None = None
    returned_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    covered_at: datetime | None = None
    covered_by: str | None = None
    covered_why: str = ""
    shelved_until: datetime | None = None
    job_id: int | None = None

    @property
    def name(self) -> str:
        """Name of the alarm at its machine."""
        return self.kind.name


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happens to an alarm at a time: events, by whom, why, and until when it is shelved."""

    events: tuple[Event, ...]
    at: datetime
    by: str
    why: str = ""
    until: datetime | None = None
    job_id: int | None = None


def after(alarm: Alarm, act: Act) -> Alarm:
    """Return the alarm after an act; the same one if that changes nothing."""
    position = moved(alarm.position, act.events)
    before, cover = alarm.position, position.cover
    then = replace(alarm, position=position)
    if position.active and not before.active:
        then = replace(then, occurrence=alarm.occurrence + 1, active_at=act.at, returned_at=None,
                       acknowledged_at=None, acknowledged_by=None, job_id=act.job_id)  # fmt: skip
    elif before.active and not position.active:
        then = replace(then, returned_at=act.at)
    if Event.ACKNOWLEDGE in act.events and position != before:
        then = replace(then, acknowledged_at=act.at, acknowledged_by=act.by)
    if cover is not before.cover:
        by = act.by if cover in (Cover.SHELVED, Cover.OUT_OF_SERVICE) else None
        covered_at = None if cover is Cover.NONE else act.at
        until = act.until if cover is Cover.SHELVED else None
        why = "" if cover is Cover.NONE else act.why
        then = replace(then, covered_at=covered_at, covered_by=by, covered_why=why, shelved_until=until)
    elif cover is Cover.SUPPRESSED and act.why:
        then = replace(then, covered_why=act.why)  # suppressed still, for another reason
    return then


def seen(alarm: Alarm, condition: bool | None, why: str, now: datetime) -> tuple[Event, ...]:
    """Return what a look at the machine means for an alarm.

    Parameters
    ----------
    alarm
        As it is.
    condition
        Whether its condition is there; None: that is not known, and changes nothing.
    why
        Why the design suppresses it; empty: it does not.
    now
        Timezone-aware.
    """
    events: list[Event] = []
    cover = alarm.position.cover
    over = cover is Cover.SHELVED and alarm.shelved_until is not None and now >= alarm.shelved_until
    if why and (cover is Cover.NONE or over):
        events.append(Event.SUPPRESS)
    if condition is not None and condition != alarm.position.active:
        events.append(Event.ACTIVE if condition else Event.LATCHED if alarm.kind.latched else Event.RETURNED)
    if over and not why:
        events.append(Event.TIME_OVER)
    if cover is Cover.SUPPRESSED and not why and condition is not None:
        events.append(Event.UNSUPPRESS)
    return tuple(events)


def first_outs(alarms: Iterable[Alarm]) -> frozenset[int]:
    """Return the ids of the first alarm of each burst of two or more of a machine, whatever has become of it since."""
    standing = [
        (alarm.machine, alarm.active_at, alarm.id)
        for alarm in alarms
        if alarm.active_at is not None and alarm.position.cover is not Cover.SUPPRESSED
    ]
    bursts: list[list[tuple[str, datetime, int]]] = []
    for one in sorted(standing):
        last = bursts[-1][-1] if bursts else None
        if last and last[0] == one[0] and one[1] - last[1] <= timedelta(seconds=FIRST_OUT_S):
            bursts[-1].append(one)
        else:
            bursts.append([one])
    return frozenset(burst[0][2] for burst in bursts if len(burst) > 1)


_RANK = {"urgent": 0, "high": 1, "medium": 2, "low": 3}


def in_order(alarms: Sequence[Alarm]) -> list[Alarm]:
    """Return alarms as an operator reads them: unacknowledged first, then by priority, the newest first."""
    return sorted(
        alarms,
        key=lambda alarm: (
            not alarm.position.unacknowledged,
            alarm.position.cover is not Cover.NONE,
            alarm.position.standing is Standing.NORMAL,
            _RANK[alarm.kind.priority],
            -(alarm.active_at.timestamp() if alarm.active_at else 0.0),
            alarm.machine,
            alarm.name,
        ),
    )
