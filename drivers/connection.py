"""What a protocol has to offer to :class:`drivers.machine.Machine`; ``modbus`` and ``opcua`` do."""

import math
from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any, Protocol

from drivers.machinery import Identification
from drivers.packml import Verb
from drivers.profile import Profile, TagSpec
from drivers.registers import TagValue
from drivers.snapshot import Quality, Reading

__all__ = ["Connect", "Connection", "reading"]


class Connection(Protocol):
    """One live connection; it is never repaired: after a ``LinkLost`` it is closed and a fresh one made."""

    def read(self, names: Collection[str]) -> Coroutine[Any, Any, Mapping[str, Reading]]:
        """Read tags in as few requests as the protocol allows; LinkLost if there is no answer in time."""
        ...

    def write(self, values: Mapping[str, TagValue]) -> Coroutine[Any, Any, None]:
        """Write tags, values in their units; LinkLost without an answer, WriteRefused if the device says no."""
        ...

    def act(self, verb: Verb) -> Coroutine[Any, Any, bool]:
        """Give a command in the machine's own way; False: it has none, the tags command and command_token are it.

        LinkLost without an answer, CommandRefused if the device says no.
        """
        ...

    def identify(self) -> Coroutine[Any, Any, Identification | None]:
        """Ask the machine who it is; None if it does not say. LinkLost without an answer."""
        ...

    async def close(self, *, lost: bool) -> None:
        """Close and free everything; with ``lost`` without waiting for the other side."""
        ...


Connect = Callable[[Profile, str], Coroutine[Any, Any, Connection]]


def reading(spec: TagSpec, raw: object) -> Reading:
    """Turn what the machine keeps into a reading; what is not of the tag's kind, NaN and infinity are bad."""
    if spec.type == "string":
        return Reading(raw, Quality.GOOD) if isinstance(raw, str) else Reading(None, Quality.BAD)
    if spec.type == "bool":
        return Reading(bool(raw), Quality.GOOD) if isinstance(raw, (bool, int)) else Reading(None, Quality.BAD)
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not math.isfinite(raw):
        return Reading(None, Quality.BAD)
    return Reading(spec.from_raw(raw), Quality.GOOD)
