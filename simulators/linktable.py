"""Faults of links and PLCs as data: a table of kinds, their text, and schedules drawn from a seed.

A fault is ``half_open:direction=replies,for_s=2``; what is left out takes its default. A schedule is a text of lines
``AFTER_S MACHINE FAULT``: on each machine its faults come one after the other, each AFTER_S seconds after the machine
had recovered from the one before. So a run follows what happens, not the speed of the computer, and can be replayed.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random

from simulators.wire import WIRES

__all__ = [
    "KINDS",
    "Choice",
    "Kind",
    "LinkFault",
    "Number",
    "Scheduled",
    "draw_schedule",
    "format_fault",
    "format_schedule",
    "parse_fault",
    "parse_schedule",
]


@dataclass(frozen=True, slots=True)
class Number:
    """A parameter from ``low`` to ``high``; schedules draw it from ``drawn``."""

    low: float
    high: float
    default: float
    drawn: tuple[float, float]
    whole: bool = False

    def read(self, text: str) -> float:
        """Value from its text; ValueError says what is possible."""
        try:
            value = int(text) if self.whole else float(text)
        except ValueError:
            value = math.nan
        if not self.low <= value <= self.high:
            raise ValueError(f"{'a whole number' if self.whole else 'a number'} from {self.low:g} to {self.high:g}")
        return value

    def draw(self, random: Random) -> float:
        """Value by chance, with three decimals."""
        low, high = self.drawn
        return random.randint(int(low), int(high)) if self.whole else round(random.uniform(low, high), 3)


@dataclass(frozen=True, slots=True)
class Choice:
    """A parameter that is one of some words; the first is the default."""

    words: tuple[str, ...]

    @property
    def default(self) -> str:
        """The first word."""
        return self.words[0]

    def read(self, text: str) -> str:
        """Value from its text; ValueError says what is possible."""
        if text not in self.words:
            raise ValueError(f"one of {', '.join(self.words)}")
        return text

    def draw(self, random: Random) -> str:
        """Value by chance."""
        return random.choice(self.words)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a fault does, its parameters, on which protocols, and whether the link or the machine itself suffers it.

    ``cuts``: while it lasts the machine cannot be read, so that a driver has to call the link lost.
    """

    does: str
    parameters: Mapping[str, Number | Choice]
    protocols: frozenset[str] = frozenset(WIRES)
    on_machine: bool = False
    cuts: bool = False


# Durations are drawn around the drivers' time limits (1 s, 2 s, 3 s), shorter and longer. Default from practice.
_FOR_S = Number(0.0, 3600.0, 2.0, drawn=(0.2, 4.0))
_MODBUS, _OPCUA = frozenset({"modbus-tcp"}), frozenset({"opcua"})

KINDS: Mapping[str, Kind] = {
    "drop": Kind("all connections end at once", {"by": Choice(("fin", "rst"))}),
    "refuse": Kind("all connections end, new ones are refused", {"for_s": _FOR_S}, cuts=True),
    "half_open": Kind(
        "messages vanish; a connection that lost one stays open and silent for good",
        {"for_s": _FOR_S, "direction": Choice(("both", "replies", "requests"))},
        cuts=True,
    ),
    "delay": Kind(
        "every message waits, also one whose sender has gone meanwhile",
        {
            "for_s": _FOR_S,
            "ms": Number(0, 60_000, 200, drawn=(20, 1500)),
            "jitter_ms": Number(0, 60_000, 0, drawn=(0, 300)),
        },
    ),
    "trickle": Kind(
        "bytes come one by one", {"for_s": _FOR_S, "bytes_s": Number(1, 100_000, 50, drawn=(20, 4000), whole=True)}
    ),
    "garble": Kind(
        "some bits of every reply are turned over",
        {"for_s": _FOR_S, "part": Choice(("header", "payload")), "bits": Number(1, 8, 1, drawn=(1, 4), whole=True)},
    ),
    "wrong_transaction": Kind(
        "replies carry the number of an earlier request",
        {"for_s": _FOR_S, "back": Number(1, 1000, 1, drawn=(1, 3), whole=True)},
        _MODBUS,
        cuts=True,
    ),
    "duplicate": Kind("every reply comes twice", {"for_s": _FOR_S}),
    "truncate": Kind(
        "replies end in the middle; then the connection ends, or the next reply follows",
        {"for_s": _FOR_S, "then": Choice(("fin", "next"))},
        cuts=True,
    ),
    "exception": Kind(
        "requests are not passed on but answered by a Modbus exception: 4 device failure, 6 device busy",
        {"for_s": _FOR_S, "code": Choice(("6", "4"))},
        _MODBUS,
    ),
    "session_refused": Kind(
        "all connections end; new ones are accepted, and refused when they activate their session",
        {"for_s": _FOR_S},
        _OPCUA,
        cuts=True,
    ),
    "plc_restart": Kind(
        "the machine loses its power, and comes back with its retentive memory or without",
        {"for_s": Number(0.0, 3600.0, 0.5, drawn=(0.0, 1.5)), "memory": Choice(("kept", "lost"))},
        on_machine=True,
        cuts=True,
    ),
    "certificate_expired": Kind(
        "the machine presents an expired certificate, and then its own again; all sessions end",
        {"for_s": _FOR_S},
        _OPCUA,
        on_machine=True,
        cuts=True,
    ),
    "freeze": Kind("the machine stands still with its connections open", {"for_s": _FOR_S}, on_machine=True, cuts=True),
}


@dataclass(frozen=True, slots=True)
class LinkFault:
    """A fault of one of ``KINDS`` with a value for each of its parameters."""

    name: str
    values: Mapping[str, float | str] = field(default_factory=dict)

    @property
    def kind(self) -> Kind:
        """Its row of the table."""
        return KINDS[self.name]

    def number(self, parameter: str) -> float:
        """Value of a parameter that is a number."""
        return float(self.values[parameter])

    def word(self, parameter: str) -> str:
        """Value of a parameter that is a word."""
        return str(self.values[parameter])

    def __str__(self) -> str:
        return format_fault(self)


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A fault of one machine, ``after_s`` seconds after it recovered from the one before."""

    after_s: float
    machine: str
    fault: LinkFault


def parse_fault(text: str) -> LinkFault:
    """Fault from its text.

    Raises
    ------
    ValueError
        One line that names the fault, the parameter, the value and what is possible.
    """
    name, _, tail = text.strip().partition(":")
    if name not in KINDS:
        raise ValueError(f"fault {name!r} is not known; there are: {', '.join(KINDS)}")
    parameters = KINDS[name].parameters
    values: dict[str, float | str] = {}
    for item in filter(None, (item.strip() for item in tail.split(","))):
        key, _, value = item.partition("=")
        if key not in parameters:
            raise ValueError(f"fault {name}: parameter {key!r} is not known; there are: {', '.join(parameters)}")
        if key in values:
            raise ValueError(f"fault {name}: parameter {key!r} is there twice")
        try:
            values[key] = parameters[key].read(value)
        except ValueError as error:
            raise ValueError(f"fault {name}: {key}={value!r} is not {error}") from None
    return LinkFault(name, {key: values.get(key, spec.default) for key, spec in parameters.items()})


def format_fault(fault: LinkFault) -> str:
    """Text of a fault, all parameters said; the inverse of :func:`parse_fault`."""
    said = ",".join(f"{key}={_said(value)}" for key, value in fault.values.items())
    return f"{fault.name}:{said}"


def parse_schedule(text: str) -> tuple[Scheduled, ...]:
    """Schedule from its text; empty lines and lines that begin with # say nothing.

    Raises
    ------
    ValueError
        One line that names the line and what is wrong with it.
    """
    schedule = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            after, machine, fault = line.split()
            schedule.append(Scheduled(_FOR_S.read(after), machine, parse_fault(fault)))
        except ValueError as error:
            raise ValueError(f"line {number} is not AFTER_S MACHINE FAULT: {line!r} ({error})") from None
    return tuple(schedule)


def format_schedule(schedule: Iterable[Scheduled]) -> str:
    """Text of a schedule; the inverse of :func:`parse_schedule`."""
    return "".join(f"{_said(item.after_s)} {item.machine} {item.fault}\n" for item in schedule)


def draw_schedule(
    seed: int, machines: Mapping[str, str], count: int, kinds: Iterable[str] = tuple(KINDS)
) -> tuple[Scheduled, ...]:
    """Draw ``count`` faults by a seed, the machines in turn; the same arguments give the same schedule.

    Parameters
    ----------
    seed : int
        Any number.
    machines : Mapping[str, str]
        Protocol (``modbus-tcp`` or ``opcua``) by name of the machine.
    count : int
        How many faults.
    kinds : Iterable[str]
        Names of the kinds to draw from.
    """
    random = Random(seed)  # noqa: S311 (chance that can be repeated, no secret)
    names, kinds, schedule = list(machines), list(kinds), []
    for number in range(count):
        machine = names[number % len(names)]
        name = random.choice([name for name in kinds if machines[machine] in KINDS[name].protocols])
        fault = LinkFault(name, {key: spec.draw(random) for key, spec in KINDS[name].parameters.items()})
        schedule.append(Scheduled(round(random.uniform(0.0, 0.8), 3), machine, fault))
    return tuple(schedule)


def _said(value: float | str) -> str:
    return value if isinstance(value, str) else repr(value).removesuffix(".0")
