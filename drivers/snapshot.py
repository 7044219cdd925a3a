"""What a machine reported at one time, and how far it can be trusted. Frozen values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from drivers.packml import State
from drivers.registers import TagValue

__all__ = ["Link", "Quality", "Reading", "Snapshot", "Tag", "quality_at_age"]


class Quality(IntEnum):
    """How far a value can be trusted, numbered like the severity bits of an OPC UA status code (OPC 10000-4 §7.39)."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2


class Link(StrEnum):
    """Whether the machine answers."""

    CONNECTED = "connected"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Reading:
    """One value as a connection delivers it; ``value`` is None where the machine gave none that can be used."""

    value: TagValue | None
    quality: Quality


@dataclass(frozen=True, slots=True)
class Tag:
    """One value: in ``unit``, of ``quality``, read at ``time`` (UTC; None: never yet).

    A value that went bad is the last one known, to be shown as such and never acted upon.
    """

    value: TagValue | None
    unit: str
    quality: Quality
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a machine reports at time ``at`` (UTC); ``number`` grows with every change seen."""

    machine: str
    at: datetime
    link: Link
    tags: Mapping[str, Tag]
    number: int = 0

    def value(self, name: str) -> TagValue | None:
        """Value of a tag, whatever its quality; None if it was never read. KeyError if the machine has no such tag."""
        return self._tag(name).value

    def good(self, name: str) -> bool:
        """Tell whether a tag's value is fresh and sound, so that one may act upon it."""
        return self._tag(name).quality is Quality.GOOD

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


def quality_at_age(age_s: float, period_s: float, timeout_s: float) -> Quality:
    """Quality of something that should be renewed every period.

    Good up to three periods, uncertain up to the timeout, then bad; all in seconds.
    """
    if age_s <= 3 * period_s:
        return Quality.GOOD
    return Quality.UNCERTAIN if age_s <= timeout_s else Quality.BAD
