"""Faults that can be ordered, as text: ``superheat:k=15,at_m=40,for_m=10;press.web_break:at_s=600``.

Each fault is a row of a table: its name, the machines it can happen at, its parameters and ranges. Where and when:
``at_m`` (metre of the job), ``at_s`` (second of the plant's clock), or neither: at once; it lasts ``for_m`` metres or
``for_s`` seconds, else until it is cleared. A name that several machines know is written ``machine.name``.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["KINDS", "MACHINES", "Fault", "FaultKind", "draw_faults", "parse_faults"]

MACHINES = ("padder", "press", "steamer", "washer")

_PLACES = {"at_m": (0.0, 100_000.0), "at_s": (0.0, 1e9), "for_m": (0.0, 100_000.0), "for_s": (0.0, 1e9)}


@dataclass(frozen=True, slots=True)
class FaultKind:
    """One row of the table.

    Attributes
    ----------
    name : str
    machines : tuple of str
        Where it can happen.
    says : str
        What is wrong, and what it shows as.
    parameters : Mapping[str, tuple]
        Name to (type, lowest, highest, default); None: it must be given. Ranges are what the simulated machines can do.
    place : str
        Other name of ``at_m`` where the trade says it so.
    lasts_s : float
        How long it lasts if nothing else is said.
    in_picture : bool
        Whether the camera sees it as marks on the print.
    """

    name: str
    machines: tuple[str, ...]
    says: str
    parameters: Mapping[str, tuple[type, float, float, float | None]] = field(default_factory=dict)
    place: str = "at_m"
    lasts_s: float = math.inf
    in_picture: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """One ordered fault; ``values`` by parameter, places and durations None where nothing is said."""

    machine: str
    name: str
    values: tuple[tuple[str, float], ...] = ()
    at_m: float | None = None
    at_s: float | None = None
    for_m: float | None = None
    for_s: float | None = None

    def __getitem__(self, parameter: str) -> float:
        return dict(self.values)[parameter]

    @property
    def kind(self) -> FaultKind:
        """Its row of the table."""
        return KINDS[self.name]

    @property
    def until_m(self) -> float:
        """Metre of the job where it ends, if it has a place."""
        return (self.at_m or 0.0) + (math.inf if self.for_m is None else self.for_m)

    def __str__(self) -> str:
        places = {"at_m": self.at_m, "at_s": self.at_s, "for_m": self.for_m, "for_s": self.for_s}
        given = [*self.values, *((key, value) for key, value in places.items() if value is not None)]
        head = self.name if len(self.kind.machines) == 1 else f"{self.machine}.{self.name}"
        items = ",".join(f"{self.kind.place if key == 'at_m' else key}={value!r}" for key, value in given)
        return f"{head}:{items}" if items else head


def _rows() -> tuple[FaultKind, ...]:
    ink = {"ink": (int, 0, 3, 0)}
    return (
        # the print
        FaultKind("nozzle_out", ("press",), "a nozzle (device column) prints no more: light line along the web",
                  {"ink": (int, 0, 3, None), "nozzle": (int, 0, 99_999, None)}, place="from_m", in_picture=True),
        FaultKind("spot", ("press",), "a drop of ink on the cloth",
                  {"x_mm": (float, 0, 5_000, None), "d_mm": (float, 0.2, 100, None)}, lasts_s=0.0, in_picture=True),
        FaultKind("head_strike", ("press",), "cloth touches a head: crash bar, abort; some nozzles of the head are out",
                  ink | {"head": (int, 0, 15, 2)}, lasts_s=1.0, in_picture=True),
        FaultKind("ink_starvation", ("press",), "the sub-tank runs dry: the ink fades, the vacuum swings",
                  ink, in_picture=True),
        FaultKind("vacuum_loss", ("press",), "the meniscus vacuum is lost: drips, random blots, the press holds",
                  {"mbar": (float, 1, 40, 15), "seed": (int, 0, 2**31, 1)}, lasts_s=20.0, in_picture=True),
        FaultKind("crease", ("press",), "a fold at the entry: unprinted aslant wedge, the lift sensor holds the press",
                  {"x_mm": (float, 0, 5_000, 400), "width_mm": (float, 2, 500, 40)}, lasts_s=2.0, in_picture=True),
        FaultKind("splice", ("padder", "press"), "a seam: the padder opens its nip, the press skips 0.3 m",
                  lasts_s=1.0, in_picture=True),
        FaultKind("bow_skew", ("padder", "press"), "the weft is bent or askew: printed lines bend",
                  {"bow_mm": (float, -50, 50, 0), "skew_mm": (float, -50, 50, 0)}, in_picture=True),
        FaultKind("belt_slip", ("press",), "the belt slips on the encoder: length error",
                  {"pct": (float, -2, 2, 0.3)}),
        FaultKind("cold_dryer", ("press",), "the dryer heats less: a wet print, which bleeds in the steam",
                  {"pct": (float, 1, 100, 100)}),
        # the web
        FaultKind("tension_loss", MACHINES, "a dancer at its limit: low tension, the machine holds",
                  {"pct": (float, 1, 99, 80)}, lasts_s=5.0),
        FaultKind("web_break", MACHINES, "the web breaks: no tension, abort", {"on": (int, 1, 1, 1)}, lasts_s=5.0),
        FaultKind("wrong_roll", MACHINES, "another roll lies at the entry: the machine refuses the job",
                  {"on": (int, 1, 1, 1)}),
        # pretreatment
        FaultKind("under_drying", ("padder",), "the burners give less: wet cloth, ink bleeds",
                  {"pct": (float, 1, 100, 60)}),
        FaultKind("over_drying", ("padder",), "the chambers run hotter than they show: harsh cloth, chemistry dies",
                  {"k": (float, 1, 60, 40)}),
        FaultKind("uneven_nip", ("padder",), "the nip presses harder on the left: less liquor there",
                  {"kn_m": (float, -15, 15, 8)}),
        # fixation
        FaultKind("steam_pressure_drop", ("steamer",), "the boiler dips: air enters, the chamber cools, lighter shade",
                  {"bar": (float, 0.1, 4, 1)}),
        FaultKind("superheat", ("steamer",), "the desuperheater fails: hot dry steam, dull shade",
                  {"k": (float, 1, 60, 15)}),
        FaultKind("condensation", ("steamer",), "the ceiling is cold: drops fall on the cloth",
                  {"k": (float, 1, 60, 20)}),
        FaultKind("fixation_delay", ("steamer",), "the roll waited before steaming: dye reacts with the air",
                  {"hours": (float, 0, 500, 30)}),
        # washing
        FaultKind("bath_exhaustion", ("washer",), "fresh water is missing: conductivity and colour of the baths rise",
                  {"pct": (float, 1, 100, 90)}),
        FaultKind("hot_first_bath", ("washer",), "the first bath is too hot: loose dye stains the white ground",
                  {"k": (float, 1, 70, 45)}),
        # the machine's own controller
        FaultKind("plc_restart", MACHINES, "the controller restarts; keep=0: with an empty memory",
                  {"keep": (int, 0, 1, 1)}, lasts_s=0.0),
        FaultKind("clock_jump", MACHINES, "the machine's clock jumps", {"seconds": (float, -86_400, 86_400, 3600)},
                  lasts_s=0.0),
        FaultKind("freeze", MACHINES, "process values stand still; with heartbeat=0 the heartbeat as well",
                  {"heartbeat": (int, 0, 1, 1)}),
    )  # fmt: skip


KINDS = {kind.name: kind for kind in _rows()}
"""The table of faults by name."""


def parse_faults(spec: str, machine: str | None = None) -> tuple[Fault, ...]:
    """Faults from their text; an empty text is no fault.

    ``machine`` is where a name belongs that several machines know and that does not say its own.
    ``random:seed=1,count=3,length_m=50`` draws some.

    Raises
    ------
    ValueError
        One line that names the fault, the parameter, the value and the allowed range.
    """
    faults: list[Fault] = []
    for part in filter(None, (part.strip() for part in spec.split(";"))):
        head, _, tail = part.partition(":")
        if head == "random":
            faults += _drawn(tail)
        else:
            faults.append(_fault(head, tail, machine))
    return tuple(faults)


def draw_faults(seed: int, count: int, length_m: float) -> tuple[Fault, ...]:
    """``count`` faults somewhere on ``length_m`` metres of the line; the same seed draws the same."""
    dice = random.Random(seed)  # noqa: S311 (a drawing that can be repeated, not a secret)
    places = [(kind, machine) for kind in KINDS.values() for machine in kind.machines]
    drawn = []
    for kind, machine in (dice.choice(places) for _ in range(count)):
        values = {}
        for name, (number, low, high, default) in kind.parameters.items():
            values[name] = default if default is not None else _round(number, dice.uniform(low, min(high, 1000)))
        at_m = round(dice.uniform(0.0, length_m), 2)
        drawn.append(Fault(machine, kind.name, tuple(values.items()), at_m=at_m, for_m=round(length_m / 10, 2)))
    return tuple(drawn)


def _round(number: type, value: float) -> float:
    return int(value) if number is int else round(value, 1)


def _fault(head: str, tail: str, here: str | None) -> Fault:
    where, _, name = head.rpartition(".")
    kind = KINDS.get(name)
    if kind is None:
        raise ValueError(f"fault {name!r} is not known; there are: {', '.join(KINDS)}")
    machine = where or (kind.machines[0] if len(kind.machines) == 1 else here)
    if machine is None or machine not in kind.machines:
        choices = " or ".join(f"{known}.{name}" for known in kind.machines)
        raise ValueError(f"fault {head!r}: say at which machine: {choices}")
    ranges = {key: (number, low, high) for key, (number, low, high, _) in kind.parameters.items()}
    places = {key: (float, *_PLACES[key]) for key in _PLACES} | {kind.place: (float, *_PLACES["at_m"])}
    values = _numbers(name, tail, ranges | places)
    given = {key: values.get(key, default) for key, (_, _, _, default) in kind.parameters.items()}
    needed = [key for key, value in given.items() if value is None]
    if needed:
        raise ValueError(f"fault {name}: parameter {needed[0]!r} is missing")
    if len(values.keys() & {kind.place, "at_m", "at_s"}) > 1:
        raise ValueError(f"fault {name}: give one of {kind.place} and at_s, not several")
    at_m = values.get(kind.place, values.get("at_m"))
    parameters = tuple((key, value) for key, value in given.items() if value is not None)
    return Fault(machine, name, parameters, at_m, *(values.get(key) for key in ("at_s", "for_m", "for_s")))


def _drawn(tail: str) -> tuple[Fault, ...]:
    ranges = {"seed": (int, 0, 2**31), "count": (int, 1, 1000), "length_m": (float, 0.1, 100_000)}
    values = _numbers("random", tail, ranges)
    if missing := [key for key in ranges if key not in values]:
        raise ValueError(f"fault random: parameter {missing[0]!r} is missing")
    return draw_faults(int(values["seed"]), int(values["count"]), values["length_m"])


def _numbers(name: str, tail: str, ranges: Mapping[str, tuple[type, float, float]]) -> dict[str, float]:
    values: dict[str, float] = {}
    for item in filter(None, (item.strip() for item in tail.split(","))):
        key, _, value = item.partition("=")
        if key not in ranges:
            raise ValueError(f"fault {name}: parameter {key!r} is not known; there are: {', '.join(ranges)}")
        if key in values:
            raise ValueError(f"fault {name}: parameter {key!r} is there twice")
        values[key] = _number(name, key, value, *ranges[key])
    return values


def _number(name: str, key: str, text: str, kind: type, low: float, high: float) -> float:
    try:
        value = kind(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        what = "a whole number" if kind is int else "a number"
        raise ValueError(f"fault {name}: {key}={text!r} is not {what} from {low:g} to {high:g}")
    return value
