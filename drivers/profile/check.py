"""What cannot be in a profile although every key has the right shape: pure functions from a profile to complaints."""

from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import pairwise
from typing import NamedTuple

from drivers.profile.spec import CONDITION_GROUP, AlarmSpec, FromTag, Profile
from drivers.profile.tag import TagSpec
from drivers.registers import INTEGERS, to_raw

__all__ = ["Complaint", "Loc", "complaints", "did_you_mean"]

Loc = tuple[str | int, ...]

# What Machine needs of every machine, besides its heartbeat tags.
REQUIRED = {"state": "r", "command_ack": "r", "command_result": "r", "command": "rw", "command_token": "rw"}

# States without which the line cannot tell where a machine is: the least that ISA-TR88.00.02-2022 asks for.
LEAST_STATES = ("stopped", "idle", "execute", "aborted")

HANDSHAKE_PERIOD_MAX_S = 1.0  # a silent machine is found by reading it: one period and one time-out, 3 s at most
NUMBER_KEYS = ("low", "high", "scale", "deadband", "decimals")
WORD_BITS = {"uint16": 16, "uint32": 32, "uint64": 64}
CLOCK_TYPES = ("uint32", "uint64", "int64", "float64")


class Complaint(NamedTuple):
    """What is wrong at ``loc`` (keys and list indices from the top); ``other`` is the place it collides with."""

    loc: Loc
    message: str
    other: Loc | None = None


def complaints(profile: Profile) -> Iterator[Complaint]:
    """All that is wrong with a profile of the right shape."""
    yield from _twice([(tag.name, ("tags", index, "name")) for index, tag in enumerate(profile.tag_list)], "tag")
    for index, tag in enumerate(profile.tag_list):
        yield from _tag(profile, tag, ("tags", index))
    yield from _opcua(profile) if profile.protocol == "opcua" else _modbus(profile)
    yield from _required(profile)
    yield from _heartbeat(profile)
    yield from _groups(profile)
    yield from _numbers(profile)
    yield from _alarms(profile)
    yield from _consumables(profile)
    yield from _identification(profile)
    yield from _job(profile)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Name the known word that is nearest, in brackets; nothing where none is near."""
    near = get_close_matches(word, list(known), n=1)
    return f' (did you mean "{near[0]}"?)' if near else ""


def _twice(named: Iterable[tuple[object, Loc]], what: str) -> Iterator[Complaint]:
    seen: dict[object, Loc] = {}
    for name, loc in named:
        if name in seen:
            yield Complaint(loc, f"{what} {name!r} is there twice", seen[name])
        seen.setdefault(name, loc)


def _tag(profile: Profile, tag: TagSpec, at: Loc) -> Iterator[Complaint]:
    if not tag.is_number:
        for key in NUMBER_KEYS:
            if key in tag.model_fields_set and getattr(tag, key) is not None:
                yield Complaint((*at, key), f"type {tag.type} has no {key}")
    elif tag.access == "rw" and (tag.low is None or tag.high is None):
        yield Complaint(at, "a writable number needs low and high")
    if tag.length is not None and (tag.type != "string" or profile.protocol == "opcua"):
        yield Complaint((*at, "length"), "only a text in Modbus registers has a length")
    if tag.is_number:
        yield from _range(tag, at)
    if tag.setpoint is not None:
        target = profile.tags.get(tag.setpoint)
        if target is None or target.access != "rw":
            writable = [name for name, spec in profile.tags.items() if spec.access == "rw"]
            hint = did_you_mean(tag.setpoint, writable)
            yield Complaint((*at, "setpoint"), f"{tag.setpoint!r} is not a writable tag{hint}")
        elif target.unit != tag.unit:
            yield Complaint((*at, "setpoint"), f"{tag.setpoint} is in {target.unit!r}, the tag in {tag.unit!r}")


def _range(tag: TagSpec, at: Loc) -> Iterator[Complaint]:
    if tag.low is not None and tag.high is not None and tag.low >= tag.high:
        yield Complaint((*at, "low"), f"impossible range: low {tag.low:g} is not below high {tag.high:g}")
    for key in ("low", "high"):
        limit = getattr(tag, key)
        if limit is None:
            continue
        try:
            raw = to_raw(limit, tag.type, tag.scale)
        except ValueError as error:
            yield Complaint((*at, key), str(error))
            continue
        # A set-point is rounded to a step; a limit between two steps would let a value beyond it through.
        if tag.access == "rw" and tag.type in INTEGERS and abs(float(raw) * tag.scale - limit) > 1e-6 * tag.scale:
            yield Complaint((*at, key), f"{limit:g} is no multiple of scale {tag.scale:g}")


def _opcua(profile: Profile) -> Iterator[Complaint]:
    if profile.opcua is None:
        yield Complaint(("protocol",), "protocol opcua needs the key opcua")
    if profile.modbus is not None:
        yield Complaint(("modbus",), "unused: the protocol is opcua")
    for index, tag in enumerate(profile.tag_list):
        if tag.node is None:
            yield Complaint(("tags", index), "protocol opcua needs node")
        if tag.address is not None:
            yield Complaint(("tags", index, "address"), "unused: the protocol is opcua")
    nodes = [(tag.node, ("tags", index, "node")) for index, tag in enumerate(profile.tag_list) if tag.node]
    yield from _twice(nodes, "node")


def _modbus(profile: Profile) -> Iterator[Complaint]:
    if profile.modbus is None:
        yield Complaint(("protocol",), "protocol modbus-tcp needs the key modbus")
    if profile.opcua is not None:
        yield Complaint(("opcua",), "unused: the protocol is modbus-tcp")
    laid: list[tuple[TagSpec, Loc]] = []
    for index, tag in enumerate(profile.tag_list):
        at: Loc = ("tags", index)
        if tag.node is not None:
            yield Complaint((*at, "node"), "unused: the protocol is modbus-tcp")
        if tag.address is None:
            yield Complaint(at, "protocol modbus-tcp needs address")
            continue
        try:
            kind = tag.registers.kind
        except ValueError as error:
            yield Complaint((*at, "address"), str(error))
            continue
        if tag.access == "rw" and kind == "input":
            yield Complaint((*at, "address"), f"{tag.address} is read-only, but access is rw")
        laid.append((tag, (*at, "address")))
    laid.sort(key=lambda item: (item[0].registers.kind, item[0].registers.start))
    for (before, other), (tag, at) in pairwise(laid):
        if before.registers.kind == tag.registers.kind and before.registers.stop > tag.registers.start:
            yield Complaint(at, f"{tag.address} overlaps {before.name} ({before.address})", other)
    places = {tag.name: (tag.registers, at) for tag, at in laid}
    if "command" in places and "command_token" in places:
        (command, other), (token, at) = places["command"], places["command_token"]
        if (token.kind, token.start) != (command.kind, command.stop):
            yield Complaint(at, "must lie right behind command, so that one request carries both", other)


def _required(profile: Profile) -> Iterator[Complaint]:
    for name, access in REQUIRED.items():
        tag = profile.tags.get(name)
        if tag is None or tag.type != "uint16" or tag.access != access:
            yield Complaint(_loc(profile, name), f"{name!r} must be a tag of type uint16 and access {access}")


def _heartbeat(profile: Profile) -> Iterator[Complaint]:
    beat = profile.heartbeat
    for key, name, access in (("write", beat.write, "rw"), ("watch", beat.watch, "r")):
        tag = profile.tags.get(name)
        if tag is None or tag.type != "uint16" or tag.access != access:
            hint = "" if tag else did_you_mean(name, profile.tags)
            yield Complaint(("heartbeat", key), f"{name!r} must be a tag of type uint16 and access {access}{hint}")
    if beat.timeout_s <= 3 * beat.period_s:
        yield Complaint(("heartbeat", "timeout_s"), "must be more than three periods")
    if profile.clock is not None:
        tag = profile.tags.get(profile.clock)
        if tag is None or tag.type not in CLOCK_TYPES:
            hint = "" if tag else did_you_mean(profile.clock, profile.tags)
            yield Complaint(("clock",), f"{profile.clock!r} must be a tag of type {', '.join(CLOCK_TYPES)}{hint}")


def _groups(profile: Profile) -> Iterator[Complaint]:
    used = Counter(tag.group for tag in profile.tag_list)
    if profile.conditions:
        used[CONDITION_GROUP] += 1
    for name, group in profile.groups.items():
        if name not in used:
            yield Complaint(("groups", name), f"unused: no tag is in this group{did_you_mean(name, used)}")
        if not 2 * group.period_s <= group.uncertain_after_s < group.bad_after_s:
            ages = "uncertain_after_s must be two periods at least, and bad_after_s more than that"
            yield Complaint(("groups", name), ages)
    periods = {name: profile.group_of(name).period_s for name in profile.handshake}
    for name, period_s in periods.items():
        if period_s != periods.get("state", period_s):
            yield Complaint(_loc(profile, name, "group"), f"{name!r} must be read with the period of 'state'")
    if periods.get("state", 0) > HANDSHAKE_PERIOD_MAX_S:
        message = f"'state' must be read every {HANDSHAKE_PERIOD_MAX_S:g} s or oftener"
        yield Complaint(_loc(profile, "state", "group"), message)


def _numbers(profile: Profile) -> Iterator[Complaint]:
    if profile.states is not None:
        for name in LEAST_STATES:
            if name not in profile.states:
                yield Complaint(("states",), f"{name} is missing; a machine has at least {', '.join(LEAST_STATES)}")
        own = {name: [given] if isinstance(given, int) else given for name, given in profile.states.items()}
        given = [(number, ("states", name)) for name, numbers in own.items() for number in numbers]
        yield from _outside(profile, "state", given)
        yield from _twice(given, "number")
    if profile.commands is not None:
        given = [(number, ("commands", name)) for name, number in profile.commands.items()]
        yield from _outside(profile, "command", given)
        yield from _twice(given, "number")
    if profile.mode is not None:
        tag = profile.tags.get(profile.mode.tag)
        if tag is None or tag.type not in INTEGERS:
            hint = "" if tag else did_you_mean(profile.mode.tag, profile.tags)
            yield Complaint(("mode", "tag"), f"{profile.mode.tag!r} must be a tag with whole numbers{hint}")


def _outside(profile: Profile, name: str, given: Iterable[tuple[int, Loc]]) -> Iterator[Complaint]:
    tag = profile.tags.get(name)
    if tag is None or tag.type not in INTEGERS:
        return
    low, high = INTEGERS[tag.type]
    low, high = low if tag.low is None else tag.low, high if tag.high is None else tag.high
    for number, loc in given:
        if not low <= number <= high:
            yield Complaint(loc, f"{number} is outside the range of tag {name} ({low:g} to {high:g})")


def _alarms(profile: Profile) -> Iterator[Complaint]:
    bits: list[tuple[object, Loc]] = []
    events: list[tuple[object, Loc]] = []
    for index, alarm in enumerate(profile.alarms):
        at: Loc = ("alarms", index)
        if alarm.event is not None:
            yield from _condition(profile, alarm, at)
            of = "" if alarm.source is None else f" of {alarm.source}"
            events.append((f"{alarm.event}{of}", (*at, "event")))
        elif alarm.bit is None:
            yield Complaint(at, "needs bit, its place in an alarm word, or event, the ConditionName at the server")
        else:
            yield from _bit(profile, alarm, alarm.bit, at)
            bits.append((f"{alarm.word}.{alarm.bit}", (*at, "bit")))
        yield from _only_while(profile, alarm, at)
    yield from _twice(bits, "bit")
    yield from _twice(events, "event")
    yield from _twice([(alarm.name, ("alarms", index, "name")) for index, alarm in enumerate(profile.alarms)], "alarm")


def _only_while(profile: Profile, alarm: AlarmSpec, at: Loc) -> Iterator[Complaint]:
    yield from _twice([(name, (*at, "only_while")) for name in alarm.only_while], "state")
    # some states too many do no harm, as in a profile that extends another; none that is there would hide it for ever
    if alarm.only_while and profile.states is not None and not {*alarm.only_while} & {*profile.states}:
        states = ", ".join(alarm.only_while)
        yield Complaint((*at, "only_while"), f"the machine has none of these states: {states}")


def _bit(profile: Profile, alarm: AlarmSpec, bit: int, at: Loc) -> Iterator[Complaint]:
    tag = profile.tags.get(alarm.word)
    if tag is None or tag.type not in WORD_BITS:
        hint = "" if tag else did_you_mean(alarm.word, profile.tags)
        message = f"{alarm.word!r} must be a tag of type {', '.join(WORD_BITS)}{hint}"
        yield Complaint((*at, "word"), message)
    elif bit >= WORD_BITS[tag.type]:
        yield Complaint((*at, "bit"), f"bit {bit} is not in a {tag.type}")
    if alarm.source is not None:
        yield Complaint((*at, "source"), "unused: the alarm is a bit")


def _condition(profile: Profile, alarm: AlarmSpec, at: Loc) -> Iterator[Complaint]:
    if profile.protocol != "opcua":
        yield Complaint((*at, "event"), f"alarms as events are a way of OPC UA, not of {profile.protocol}")
    for key in ("word", "bit"):
        if key in alarm.model_fields_set:
            yield Complaint((*at, key), "an alarm is a bit or an event, not both")


def _consumables(profile: Profile) -> Iterator[Complaint]:
    for index, consumable in enumerate(profile.consumables):
        at: Loc = ("consumables", index)
        tag = profile.tags.get(consumable.level)
        if tag is None or not tag.is_number:
            hint = "" if tag else did_you_mean(consumable.level, profile.tags)
            yield Complaint((*at, "level"), f"{consumable.level!r} must be a tag with a number{hint}")
        if consumable.low >= consumable.capacity:
            yield Complaint((*at, "low"), f"{consumable.low:g} is not below the capacity {consumable.capacity:g}")
    named = [(item.name, ("consumables", index, "name")) for index, item in enumerate(profile.consumables)]
    yield from _twice(named, "consumable")


def _identification(profile: Profile) -> Iterator[Complaint]:
    for key in ("manufacturer", "model", "serial_number"):
        given = getattr(profile.identification, key)
        if isinstance(given, FromTag) and given.tag not in profile.tags:
            hint = did_you_mean(given.tag, profile.tags)
            yield Complaint(("identification", key, "tag"), f"there is no tag {given.tag!r}{hint}")


def _loc(profile: Profile, name: str, key: str | None = None) -> Loc:
    """Where a tag stands; the list of tags if there is none of that name."""
    for index, tag in enumerate(profile.tag_list):
        if tag.name == name:
            return ("tags", index) if key is None else ("tags", index, key)
    return ("tags",)


def _job(profile: Profile) -> Iterator[Complaint]:
    if profile.job.handover == "tags":
        if profile.job.node is not None:
            yield Complaint(("job", "node"), "unused: the job is handed over by tags")
        return
    if profile.protocol != "opcua":
        yield Complaint(("job", "handover"), f"isa95 is a way of OPC UA, not of {profile.protocol}")
    if profile.job.node is None:
        yield Complaint(("job",), "handover isa95 needs node, the object with the methods Store, Start …")
    if "ticket" not in (tag.name for tag in profile.job_tags):
        yield Complaint(("job", "handover"), "isa95 needs a writable tag ticket in group job; it is the JobOrderID")
