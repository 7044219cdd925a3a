"""The alarms' door: what people may do with alarms, each act with its permission checked first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from controller.actor import Actor, Permission
from controller.alarms.alarm import Act, Alarm, first_outs, in_order
from controller.alarms.book import AlarmBook
from controller.alarms.rates import Figures, figures
from controller.alarms.states import NAMES, TABLE, Event
from controller.desk import Conflict, NotFound
from controller.request import Refused
from controller.tables import now

SHELVED_LONGEST_MIN = 8 * 60
"""The longest time an alarm may be shelved, minutes: a shift; default from practice."""

FIGURES_LONGEST_H = 30 * 24
"""The longest span that figures are counted over, hours."""


@dataclass(frozen=True, slots=True)
class Left:
    """An alarm that was not acknowledged, and why not."""

    alarm: Alarm
    why: str


class AlarmDesk:
    """The use cases of alarms.

    Parameters
    ----------
    book
        The alarms behind the desk.
    """

    def __init__(self, book: AlarmBook) -> None:
        self._book = book

    def alarms(self, actor: Actor, *, normal: bool = False) -> list[Alarm]:
        """Return the alarms that are not normal, or all, in the order an operator reads them."""
        actor.require(Permission.LINE_READ)
        return in_order([alarm for alarm in self._book.all() if normal or alarm.position.state != "A"])

    def of(self, actor: Actor, machine: str) -> list[Alarm]:
        """Return the announced alarms of a machine in the same order."""
        actor.require(Permission.LINE_READ)
        return in_order([alarm for alarm in self._book.of(machine) if alarm.position.announced])

    def alarm(self, actor: Actor, alarm_id: int) -> Alarm:
        """Return one alarm; raises `NotFound`."""
        actor.require(Permission.LINE_READ)
        return self._alarm(alarm_id)

    def firsts(self, actor: Actor) -> frozenset[int]:
        """Return the ids of the alarms that were the first of a burst at their machine."""
        actor.require(Permission.LINE_READ)
        return first_outs(self._book.all())

    def flood(self, actor: Actor) -> int:
        """Return how many new alarms the last ten minutes brought, if that is a flood; else 0."""
        actor.require(Permission.LINE_READ)
        return self._book.flood(now())

    def figures(self, actor: Actor, hours: float) -> Figures:
        """Return what the alarms did in the last hours; raises `Refused` for a span that cannot be counted."""
        actor.require(Permission.LINE_READ)
        if not 0 < hours <= FIGURES_LONGEST_H:
            msg = f"{hours:g} hours cannot be counted; give more than 0 and at most {FIGURES_LONGEST_H}"
            raise Refused(msg, "hours")
        span, at = timedelta(hours=hours), now()
        return figures(self._book.announced(at - span), self._book.all(), at, span)

    def acknowledge(self, actor: Actor, seen: Mapping[int, int | None]) -> tuple[list[Alarm], list[Left]]:
        """Acknowledge some alarms at once.

        Parameters
        ----------
        actor
            Who has seen them.
        seen
            Id to the occurrence that was seen, or None for whichever it is; one that has come again since then is left.

        Returns
        -------
        tuple
            The alarms that are acknowledged now, and those that are left as they were. Who acknowledges second changes
            nothing: the alarm counts as acknowledged, by whoever was first.

        Raises
        ------
        Forbidden, NotFound
            Without permission; no such alarm. Nothing is done then.
        """
        actor.require(Permission.ALARM_ACKNOWLEDGE)
        alarms = [self._alarm(alarm_id) for alarm_id in seen]
        left = [Left(alarm, why) for alarm in alarms if (why := _left_why(alarm, seen[alarm.id]))]
        out = {one.alarm.id for one in left}
        act = Act((Event.ACKNOWLEDGE,), now(), actor.name)
        self._book.write([(alarm, act) for alarm in alarms if alarm.id not in out])
        return [self._alarm(alarm.id) for alarm in alarms if alarm.id not in out], left

    def reset(self, actor: Actor, alarm_id: int) -> Alarm:
        """Reset a latched alarm; raises `Forbidden`, `NotFound`, `Conflict`."""
        return self._act(actor, Permission.ALARM_ACKNOWLEDGE, alarm_id, Event.RESET)

    def shelve(self, actor: Actor, alarm_id: int, minutes: float, why: str) -> Alarm:
        """Shelve an alarm for some minutes, saying why.

        Raises
        ------
        Forbidden, NotFound, Conflict, Refused
            Without permission; no such alarm; shelved, suppressed or out of service already; for longer than allowed.
        """
        actor.require(Permission.ALARM_SHELVE)
        if not 1 <= minutes <= SHELVED_LONGEST_MIN:
            msg = f"{minutes:g} minutes cannot be shelved; give 1 to {SHELVED_LONGEST_MIN}"
            raise Refused(msg, "minutes")
        return self._act(actor, Permission.ALARM_SHELVE, alarm_id, Event.SHELVE, why, minutes)

    def unshelve(self, actor: Actor, alarm_id: int) -> Alarm:
        """Take an alarm from the shelf before its time; raises `Forbidden`, `NotFound`, `Conflict`."""
        return self._act(actor, Permission.ALARM_SHELVE, alarm_id, Event.UNSHELVE)

    def remove(self, actor: Actor, alarm_id: int, why: str) -> Alarm:
        """Take an alarm out of service, saying why; raises `Forbidden`, `NotFound`, `Conflict`."""
        return self._act(actor, Permission.ALARM_SERVICE, alarm_id, Event.REMOVE, why)

    def restore(self, actor: Actor, alarm_id: int) -> Alarm:
        """Put an alarm back into service; raises `Forbidden`, `NotFound`, `Conflict`."""
        return self._act(actor, Permission.ALARM_SERVICE, alarm_id, Event.RESTORE)

    def _act(
        self, actor: Actor, permission: Permission, alarm_id: int, event: Event, why: str = "",
        minutes: float | None = None,
    ) -> Alarm:  # fmt: skip
        actor.require(permission)
        alarm, at = self._alarm(alarm_id), now()
        if event in (Event.SHELVE, Event.REMOVE) and not alarm.kind.shelvable:
            msg = f"alarm {alarm.machine} {alarm.name} is always announced; its profile says that it is not shelvable"
            raise Conflict(msg)
        if TABLE[alarm.position, event] == alarm.position:
            msg = f"alarm {alarm.machine} {alarm.name} is {_state(alarm)}; there is nothing to {_WORDS[event]}"
            raise Conflict(msg)
        until = None if minutes is None else at + timedelta(minutes=minutes)
        self._book.write([(alarm, Act((event,), at, actor.name, why, until))])
        return self._alarm(alarm_id)

    def _alarm(self, alarm_id: int) -> Alarm:
        alarm = self._book.get(alarm_id)
        if alarm is None:
            msg = f"there is no alarm {alarm_id}"
            raise NotFound(msg)
        return alarm


_WORDS = {
    Event.RESET: "reset",
    Event.SHELVE: "shelve",
    Event.UNSHELVE: "unshelve",
    Event.REMOVE: "take out of service",
    Event.RESTORE: "put into service",
}


def _state(alarm: Alarm) -> str:
    return NAMES[alarm.position.state].lower()


def _left_why(alarm: Alarm, occurrence: int | None) -> str:
    """Why an alarm cannot be acknowledged; empty if it can, or is acknowledged already."""
    if alarm.position.cover:
        return f"it is {_state(alarm)}"
    if occurrence is not None and occurrence != alarm.occurrence:
        return "it has come again since you looked; look at it first"
    return ""
