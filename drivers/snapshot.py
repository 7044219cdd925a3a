"""What a machine reported at one time, and how far it can be trusted. Frozen values only."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NamedTuple

from drivers.packml import State
from drivers.registers import TagValue

__all__ = ["ConsumableLevel", "Identity", "Link", "Quality", "Reading", "Snapshot", "Tag", "quality_at_age"]


class Quality(IntEnum):
    """How far a value can be trusted, numbered like the severity bits of an OPC UA status code (OPC 10000-4 §7.39)."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


class Link(StrEnum):
    """Whether the machine answers."""

    CONNECTED = "connected"
    LOST = "lost"


class Reading(NamedTuple):
    """One value as a connection delivers it; ``value`` is None where the machine gave none that can be used.

    ``source_time`` (UTC) is when the machine says it took the value, None where it does not say; ``fault`` tells in a
    few words why a value cannot be used.
    """

    value: TagValue | None
    quality: Quality
    source_time: datetime | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Tag:
    """One value: in ``unit``, of ``quality``, last confirmed by the machine at ``time`` (UTC; None: never yet).

    ``time`` is by the controller's clock; ``source_time`` is by the machine's, and None where the machine gives none.
    A value that went bad is the last one known, to be shown as such and never acted upon.
    """

    value: TagValue | None
    unit: str
    quality: Quality
    time: datetime | None
    source_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class ConsumableLevel:
    """What is left of something that is used up; ``capacity`` and ``low`` are in the unit of ``level``."""

    name: str
    title: str
    level: Tag
    capacity: float
    low: float

    @property
    def is_low(self) -> bool | None:
        """Whether it should be refilled; None if the level is not known."""
        if self.level.quality is Quality.BAD or isinstance(self.level.value, (str, type(None))):
            return None
        return self.level.value <= self.low


@dataclass(frozen=True, slots=True)
class Identity:
    """Who made the machine, its model and serial number; None where the machine was to tell it and has not yet."""

    manufacturer: str | None
    model: str | None
    serial_number: str | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a machine reports at time ``at`` (UTC); ``number`` grows with every change seen.

    The value of tag ``state`` is PackML's number, whatever numbers the machine has. ``alarms`` says of each alarm of
    the profile by its name whether it is active, in whichever way the machine tells it; None: that is not known.
    ``clock_skew_s`` is how far the machine's clock is ahead of the controller's; None where it cannot be measured.
    """

    machine: str
    at: datetime
    link: Link
    tags: Mapping[str, Tag]
    number: int = 0
    consumables: tuple[ConsumableLevel, ...] = ()
    identity: Identity | None = None
    clock_skew_s: float | None = field(default=None, compare=False)
    alarms: Mapping[str, bool | None] = field(default_factory=dict)

    def value(self, name: str) -> TagValue | None:
        """Value of a tag, whatever its quality; None if it was never read. KeyError if the machine has no such tag."""
        return self._tag(name).value

    def good(self, name: str) -> bool:
        """Tell whether a tag's value is fresh and sound, so that one may act upon it."""
        return self._tag(name).quality is Quality.GOOD

    @property
    def active_alarms(self) -> frozenset[str]:
        """Names of the alarms that are active for certain."""
        return frozenset(name for name, active in self.alarms.items() if active)

    @property
    def state(self) -> State | None:
        """PackML state; None if it is bad or no number of PackML. It may be uncertain: see ``good("state")``."""
        tag = self.tags.get("state")
        if tag is None or tag.quality is Quality.BAD:
            return None
        try:
            return State(tag.value)
        except ValueError:
            return None

    def _tag(self, name: str) -> Tag:
        if name not in self.tags:
            raise KeyError(f"{self.machine} has no tag {name!r}")
        return self.tags[name]


def quality_at_age(age_s: float, uncertain_after_s: float, bad_after_s: float) -> Quality:
    """Quality of something that should be renewed: good, then uncertain, then bad; all in seconds."""
    if age_s <= uncertain_after_s:
        return Quality.GOOD
    return Quality.UNCERTAIN if age_s <= bad_after_s else Quality.BAD
