"""Try a profile on the machine it is for: read everything once, write nothing, say what is not as declared."""

import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from drivers.access import Access
from drivers.board import Board
from drivers.connection import Connection
from drivers.errors import LinkLost
from drivers.limits import said
from drivers.profile import CONDITIONS, Profile, TagSpec
from drivers.protocols import connector
from drivers.registers import TagValue
from drivers.snapshot import Quality, Reading, Snapshot

__all__ = ["TagTrial", "Trial", "try_machine"]

BEAT_LOOK_S = 0.1
CONDITIONS_S = 3.0  # within which a refresh is back, or has been found not to come back
SILENT_TAGS = 3  # as many tags without an answer one after the other are no missing registers, but a silent machine


@dataclass(frozen=True, slots=True)
class TagTrial:
    """What one tag answered; ``faults`` is empty if that is as the profile declares it."""

    spec: TagSpec
    reading: Reading
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trial:
    """What a machine answered, tag by tag, and all of it as a snapshot; ``alarm_fault`` is said of its conditions."""

    tags: tuple[TagTrial, ...]
    snapshot: Snapshot
    alarm_fault: str


async def try_machine(profile: Profile, endpoint: str, access: Access | None = None) -> Trial:
    """Connect, read every tag once, wait for the machine's heartbeat to change, and disconnect; nothing is written.

    Alarms that are conditions of the server are asked for by one refresh.

    Each tag is asked for by itself, so that one the machine lacks is found whatever its neighbours are.

    Raises
    ------
    LinkLost
        If the machine cannot be reached, or answers nothing; EntryRefused if a certificate or password is not right.
    ValueError
        If the endpoint does not fit the profile's protocol, or has to be entered and ``access`` does not say how.
    """
    connect = connector(profile.profile, profile, endpoint, access)
    board = Board(profile.profile, profile)
    connection = await connect(profile, endpoint)
    found: dict[str, Reading] = {}
    silent = 0
    try:
        for name in profile.tags:
            asked_at = time.monotonic()
            try:
                found[name] = (await connection.read((name,)))[name]
                silent = 0
            except LinkLost as error:
                silent += 1
                if silent == SILENT_TAGS:
                    raise
                # Some devices answer a register they lack by silence or by hanging up.
                found[name] = Reading(None, Quality.BAD, None, f"no answer: {error}")
                await connection.close(lost=True)
                connection = await connect(profile, endpoint)
            board.take({name: found[name]}, (name,), asked_at)
        beats = await _beats(connection, profile, found[profile.heartbeat.watch])
        alarm_fault = await _conditions(connection, profile, board) if profile.conditions else ""
        if profile.clock is None:
            board.clock_skew_s = connection.skew_s
    finally:
        await connection.close(lost=False)
    snapshot = board.snapshot()
    tags = tuple(
        TagTrial(spec, found[name], _faults(profile, spec, found[name])) for name, spec in profile.tags.items()
    )
    if not beats:
        still = f"did not change within {profile.heartbeat.timeout_s:g} s: this is no heartbeat"
        watch = profile.heartbeat.watch
        tags = tuple(TagTrial(t.spec, t.reading, (*t.faults, still)) if t.spec.name == watch else t for t in tags)
    return Trial(tags, snapshot, alarm_fault)


async def _conditions(connection: Connection, profile: Profile, board: Board) -> str:
    """Follow the server's alarms until they are known once; gives what is wrong with them."""
    first: asyncio.Future[Reading] = asyncio.get_running_loop().create_future()

    def take(readings: Mapping[str, Reading], names: Collection[str], asked_at: float) -> None:
        if not first.done():
            board.take(readings, names, asked_at)
            first.set_result(readings[CONDITIONS])

    watching = asyncio.create_task(connection.watch((CONDITIONS,), profile.group_of(CONDITIONS).period_s, take))
    await asyncio.wait((watching, first), timeout=CONDITIONS_S, return_when=asyncio.FIRST_COMPLETED)
    watching.cancel()
    await asyncio.wait((watching,))
    if not watching.cancelled() and (error := watching.exception()) is not None:
        raise error
    return first.result().fault if first.done() else f"the server tells no alarms within {CONDITIONS_S:g} s"


async def _beats(connection: Connection, profile: Profile, first: Reading) -> bool:
    watch = profile.heartbeat.watch
    deadline = time.monotonic() + profile.heartbeat.timeout_s
    if first.quality is Quality.BAD:
        return True  # that it cannot be read is said already
    while time.monotonic() < deadline:
        await asyncio.sleep(BEAT_LOOK_S)
        if (await connection.read((watch,)))[watch].value != first.value:
            return True
    return False


def _faults(profile: Profile, spec: TagSpec, found: Reading) -> tuple[str, ...]:
    if found.quality is not Quality.GOOD:
        return (found.fault,)
    value = found.value
    faults = []
    if outside := _outside(spec, value):
        faults.append(outside)
    if spec.name == "state" and profile.state_of(value) is None:
        faults.append(f"{value} is the number of no state: see the key states")
    known = {bit for word, bit in profile.alarm_places.values() if word == spec.name}
    if known and isinstance(value, int):
        unknown = [bit for bit in range(value.bit_length()) if value >> bit & 1 and bit not in known]
        if unknown:
            faults.append(f"bit {', '.join(map(str, unknown))} is set, but the profile has no alarm for it")
    return (*faults, *_overfull(profile, spec, value))


def _overfull(profile: Profile, spec: TagSpec, value: TagValue | None) -> list[str]:
    if not isinstance(value, (int, float)):
        return []
    capacities = [item.capacity for item in profile.consumables if item.level == spec.name]
    return [f"{said(spec, value)} is more than the capacity {said(spec, c)}" for c in capacities if value > c]


def _outside(spec: TagSpec, value: TagValue | None) -> str | None:
    if not spec.is_number or not isinstance(value, (int, float)):
        return None
    low, high = spec.low, spec.high
    if (low is None or value >= low) and (high is None or value <= high):
        return None
    limits = f"{'-∞' if low is None else f'{low:.10g}'} to {'∞' if high is None else said(spec, high)}"
    return f"{said(spec, value)} is outside {limits}: look at type, scale and word order"
