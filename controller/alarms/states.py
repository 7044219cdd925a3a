"""The states of an alarm by ISA-18.2 / IEC 62682 and what moves it between them: one table, pure and total.

An alarm has a *standing*, which follows its condition and the operator's answer, and a *cover* while it is not
announced: shelved, suppressed by design or out of service. The standing goes on beneath a cover, so that nothing is
lost by it: what is still there when the cover is taken off is announced then, and what an operator had acknowledged
before stays acknowledged.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

__all__ = ["NAMES", "NORMAL", "POSITIONS", "TABLE", "Cover", "Event", "Position", "Standing", "moved", "transitions"]


class Standing(StrEnum):
    """What came of the condition and of the operator's answer; the letters are the standard's."""

    NORMAL = "A"
    UNACKNOWLEDGED = "B"
    ACKNOWLEDGED = "C"
    RETURNED = "D"
    LATCHED = "E"
    LATCHED_ACKNOWLEDGED = "F"
    UNTOLD = "untold"
    """Active, and came beneath a cover: nobody was told. It has no letter of its own, for the cover's is shown."""


class Cover(StrEnum):
    """Why an alarm is not announced; the letters are the standard's."""

    NONE = ""
    SHELVED = "G"
    SUPPRESSED = "H"
    OUT_OF_SERVICE = "I"


class Event(StrEnum):
    """What can happen to an alarm."""

    ACTIVE = "active"
    RETURNED = "returned"
    LATCHED = "returned, latched"
    """The condition is over, but the alarm stays until somebody resets it."""
    ACKNOWLEDGE = "acknowledge"
    RESET = "reset"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    TIME_OVER = "time over"
    SUPPRESS = "suppress"
    UNSUPPRESS = "unsuppress"
    REMOVE = "out of service"
    RESTORE = "in service"


NAMES: Mapping[str, str] = MappingProxyType(
    {
        "A": "Normal",
        "B": "Unacknowledged",
        "C": "Acknowledged",
        "D": "Returned unacknowledged",
        "E": "Latched unacknowledged",
        "F": "Latched acknowledged",
        "G": "Shelved",
        "H": "Suppressed by design",
        "I": "Out of service",
    }
)
"""Names of the states by their letters."""


@dataclass(frozen=True, slots=True)
class Position:
    """Where an alarm is: its standing, and the cover over it."""

    standing: Standing = Standing.NORMAL
    cover: Cover = Cover.NONE

    @property
    def state(self) -> str:
        """Letter of the state, A to I."""
        return (self.cover or self.standing).value

    @property
    def active(self) -> bool:
        """Whether the condition is there, announced or not."""
        return self.standing in (Standing.UNACKNOWLEDGED, Standing.ACKNOWLEDGED, Standing.UNTOLD)

    @property
    def announced(self) -> bool:
        """Whether it stands in the operator's list: B, C, D, E or F."""
        return self.cover is Cover.NONE and self.standing is not Standing.NORMAL

    @property
    def unacknowledged(self) -> bool:
        """Whether it waits for an operator to acknowledge it: B, D or E."""
        return self.cover is Cover.NONE and self.standing in _UNACKNOWLEDGED


NORMAL = Position()
"""Where every alarm begins."""

_A, _B, _C, _D, _E, _F, _UNTOLD = Standing
_UNACKNOWLEDGED = (_B, _D, _E)

_BY_CONDITION = {
    (_A, Event.ACTIVE): _B,
    (_B, Event.RETURNED): _D,
    (_B, Event.LATCHED): _E,
    (_C, Event.RETURNED): _A,
    (_C, Event.LATCHED): _F,
    (_D, Event.ACTIVE): _B,
    (_E, Event.ACTIVE): _B,
    (_F, Event.ACTIVE): _B,
}
_BENEATH_A_COVER = _BY_CONDITION | {
    (_A, Event.ACTIVE): _UNTOLD,
    (_F, Event.ACTIVE): _UNTOLD,
    (_UNTOLD, Event.RETURNED): _A,
    (_UNTOLD, Event.LATCHED): _E,
}
_BY_OPERATOR = {
    (_B, Event.ACKNOWLEDGE): _C,
    (_D, Event.ACKNOWLEDGE): _A,
    (_E, Event.ACKNOWLEDGE): _F,
    (_E, Event.RESET): _D,
    (_F, Event.RESET): _A,
}
_COVERS = {
    (Cover.NONE, Event.SHELVE): Cover.SHELVED,
    (Cover.NONE, Event.SUPPRESS): Cover.SUPPRESSED,
    (Cover.NONE, Event.REMOVE): Cover.OUT_OF_SERVICE,
    (Cover.SHELVED, Event.UNSHELVE): Cover.NONE,
    (Cover.SHELVED, Event.TIME_OVER): Cover.NONE,
    (Cover.SHELVED, Event.SUPPRESS): Cover.SUPPRESSED,
    (Cover.SHELVED, Event.REMOVE): Cover.OUT_OF_SERVICE,
    (Cover.SUPPRESSED, Event.UNSUPPRESS): Cover.NONE,
    (Cover.SUPPRESSED, Event.REMOVE): Cover.OUT_OF_SERVICE,
    (Cover.OUT_OF_SERVICE, Event.RESTORE): Cover.NONE,
}

POSITIONS: tuple[Position, ...] = tuple(
    Position(standing, cover)
    for cover in Cover
    for standing in Standing
    if standing is not _UNTOLD or cover is not Cover.NONE
)
"""All there are."""


def _rows() -> Iterable[tuple[tuple[Position, Event], Position]]:
    for position in POSITIONS:
        covered = position.cover is not Cover.NONE
        standings = _BENEATH_A_COVER if covered else _BY_CONDITION | _BY_OPERATOR
        for event in Event:
            standing = standings.get((position.standing, event), position.standing)
            cover = _COVERS.get((position.cover, event), position.cover)
            if cover is Cover.NONE and standing is _UNTOLD:
                standing = _B  # now it is told
            yield (position, event), Position(standing, cover)


TABLE: Mapping[tuple[Position, Event], Position] = MappingProxyType(dict(_rows()))
"""Where every event leads from every position; an event that means nothing there leads to the same position."""


def moved(position: Position, events: Iterable[Event]) -> Position:
    """Return where events lead, one after the other."""
    for event in events:
        position = TABLE[position, event]
    return position


def transitions() -> tuple[tuple[str, Event, tuple[str, ...]], ...]:
    """Return the table by the standard's letters: from, event, to; several where it depends on what a cover hid."""
    found: dict[tuple[str, Event], set[str]] = {}
    for (position, event), after in TABLE.items():
        if after.state != position.state:
            found.setdefault((position.state, event), set()).add(after.state)
    return tuple((state, event, tuple(sorted(to))) for (state, event), to in sorted(found.items()))
