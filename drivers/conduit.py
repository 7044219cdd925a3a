"""What may go over Modbus to a machine: which functions, and on which registers. Pure functions over a profile.

Modbus asks nobody for a name: whoever reaches a device may do anything to it. So the profile is the list of what is
allowed, and both ends of the conduit keep to it: a driver sends nothing else, a simulated machine answers nothing else.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from drivers.blocks import READ_MAX
from drivers.profile import Profile, TagSpec

__all__ = ["READ_HOLDING", "READ_INPUT", "WRITE", "WRITE_ONE", "Conduit", "conduit_of"]

READ_HOLDING, READ_INPUT, WRITE_ONE, WRITE = 3, 4, 6, 16
"""Function codes of the Modbus Application Protocol 1.1b3 §6."""


@dataclass(frozen=True, slots=True)
class Conduit:
    """Which registers may be touched by which function; a function that is not named is not allowed."""

    registers: Mapping[int, tuple[range, ...]]

    def allows_function(self, function: int) -> bool:
        """Tell whether a function is used at all."""
        return function in self.registers

    def allows(self, function: int, start: int, count: int) -> bool:
        """Tell whether a function may be used on ``count`` registers from ``start`` on (0-based)."""
        allowed = self.registers.get(function, ())
        return any(span.start <= start and start + count <= span.stop for span in allowed)


def conduit_of(profile: Profile, writes: Iterable[int] = (WRITE,)) -> Conduit:
    """Give what a profile allows.

    Parameters
    ----------
    profile : Profile
        Of a machine that speaks Modbus. Its tags may be read, with the gaps of up to ``gap_max`` registers between them
        that are read along; its writable tags may be written, gaps never.
    writes : Iterable[int]
        Functions to write with.
    """
    assert profile.modbus is not None
    tags, gap_max = profile.tags.values(), min(profile.modbus.gap_max, READ_MAX)
    writable = _spans((tag for tag in tags if tag.access == "rw"), 0)
    readable = {
        READ_HOLDING: _spans((tag for tag in tags if tag.registers.kind == "holding"), gap_max),
        READ_INPUT: _spans((tag for tag in tags if tag.registers.kind == "input"), gap_max),
    }
    return Conduit(readable | dict.fromkeys(writes, writable))


def _spans(tags: Iterable[TagSpec], gap_max: int) -> tuple[range, ...]:
    """Registers of tags as spans without a gap larger than ``gap_max``."""
    spans: list[range] = []
    for place in sorted((tag.registers for tag in tags), key=lambda place: place.start):
        if spans and place.start - spans[-1].stop <= gap_max:
            spans[-1] = range(spans[-1].start, max(spans[-1].stop, place.stop))
        else:
            spans.append(range(place.start, place.stop))
    return tuple(spans)
