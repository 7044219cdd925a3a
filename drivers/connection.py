"""What a protocol has to offer to :class:`drivers.machine.Machine`; ``modbus`` and ``opcua`` do."""

import asyncio
import math
import time
from collections.abc import Callable, Collection, Coroutine, Mapping
from datetime import datetime
from typing import Any, NoReturn, Protocol, TypeVar

from drivers.machinery import Identification
from drivers.packml import Verb
from drivers.profile import Profile, TagSpec
from drivers.registers import TagValue
from drivers.snapshot import Quality, Reading

__all__ = ["Connect", "Connection", "Requests", "Take", "poll", "reading"]

Result = TypeVar("Result")

Take = Callable[[Mapping[str, Reading], Collection[str], float], None]
"""Takes readings, the names of all tags they confirm, and the monotonic time at which the machine was asked."""


class Connection(Protocol):
    """One live connection; it is never repaired: after a ``LinkLost`` it is closed and a fresh one made."""

    @property
    def skew_s(self) -> float | None:
        """How far the machine's clock is ahead of ours, where the protocol itself tells; seconds."""
        ...

    def read(self, names: Collection[str]) -> Coroutine[Any, Any, Mapping[str, Reading]]:
        """Read tags in as few requests as the protocol allows; LinkLost if there is no answer in time."""
        ...

    async def watch(self, names: tuple[str, ...], period_s: float, take: Take) -> NoReturn:
        """Hand over the tags' values at least every period, or when they change; LinkLost if the machine is silent.

        The only name may be ``CONDITIONS`` if the profile has alarms that are conditions.
        """
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


class Requests:
    """Requests on their way; each ends by itself, even if who waits for it is cancelled.

    The libraries wait by ``asyncio.wait_for``, which in Python 3.11 loses a cancellation that comes together with the
    answer; and a late answer must not meet the next request.
    """

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    async def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do some work to its end, and give its result to the caller if it still waits."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(task)

    async def ended(self) -> None:
        """Wait until nothing is on its way."""
        if self._tasks:
            await asyncio.wait(self._tasks)


async def poll(connection: Connection, names: tuple[str, ...], period_s: float, take: Take) -> NoReturn:
    """Read tags every period; when the machine is slower than that, as often as it answers."""
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        due = max(due + period_s, loop.time())
        await asyncio.sleep(due - loop.time())
        asked_at = time.monotonic()
        take(await connection.read(names), names, asked_at)


def reading(spec: TagSpec, raw: object, source_time: datetime | None = None) -> Reading:
    """Turn what the machine keeps into a reading; what is not of the tag's kind, NaN and infinity are bad."""
    if spec.type == "string":
        if not isinstance(raw, str):
            return Reading(None, Quality.BAD, source_time, f"{raw!r} is not a text")
        if "\ufffd" in raw:
            return Reading(None, Quality.BAD, source_time, "not all characters are ASCII")
        return Reading(raw, Quality.GOOD, source_time)
    if spec.type == "bool":
        if not isinstance(raw, (bool, int)):
            return Reading(None, Quality.BAD, source_time, f"{raw!r} is neither true nor false")
        return Reading(bool(raw), Quality.GOOD, source_time)
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not math.isfinite(raw):
        return Reading(None, Quality.BAD, source_time, f"{raw!r} is not a number")
    return Reading(spec.from_raw(raw), Quality.GOOD, source_time)
