"""Faults of the print that can be ordered, as text.

``nozzle_out:ink=0,nozzle=1200,from_m=0.3;spot:at_m=0.5,x_mm=400,d_mm=4``
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields

__all__ = ["Fault", "NozzleOut", "Spot", "parse_faults"]


@dataclass(frozen=True, slots=True)
class NozzleOut:
    """Nozzle ``nozzle`` (device column) of ink number ``ink`` stops firing at ``from_m`` metres of the job."""

    ink: int
    nozzle: int
    from_m: float


@dataclass(frozen=True, slots=True)
class Spot:
    """A round blob of ink, ``d_mm`` wide, centred ``at_m`` metres along the job, ``x_mm`` from its left edge."""

    at_m: float
    x_mm: float
    d_mm: float


Fault = NozzleOut | Spot

# (kind, {parameter: (type, lowest, highest)}); the ranges are what the simulated press can do
_KINDS: dict[str, tuple[type[Fault], Mapping[str, tuple[type, float, float]]]] = {
    "nozzle_out": (NozzleOut, {"ink": (int, 0, 3), "nozzle": (int, 0, 99_999), "from_m": (float, 0, 100_000)}),
    "spot": (Spot, {"at_m": (float, 0, 100_000), "x_mm": (float, 0, 5_000), "d_mm": (float, 0.2, 100)}),
}


def parse_faults(spec: str) -> tuple[Fault, ...]:
    """Faults from their text; an empty text is no fault.

    Raises
    ------
    ValueError
        One line that names the fault, the parameter, the value and the allowed range.
    """
    return tuple(_fault(part.strip()) for part in spec.split(";") if part.strip())


def _fault(text: str) -> Fault:
    name, _, tail = text.partition(":")
    if name not in _KINDS:
        raise ValueError(f"fault {name!r} is not known; there are: {', '.join(_KINDS)}")
    kind, ranges = _KINDS[name]
    values: dict[str, float] = {}
    for item in filter(None, (item.strip() for item in tail.split(","))):
        key, _, value = item.partition("=")
        if key not in ranges:
            raise ValueError(f"fault {name}: parameter {key!r} is not known; there are: {', '.join(ranges)}")
        if key in values:
            raise ValueError(f"fault {name}: parameter {key!r} is there twice")
        values[key] = _number(name, key, value, *ranges[key])
    if missing := [field.name for field in fields(kind) if field.name not in values]:
        raise ValueError(f"fault {name}: parameter {missing[0]!r} is missing")
    return kind(**values)  # pyright: ignore[reportArgumentType] (the table gives each parameter its type)


def _number(name: str, key: str, text: str, kind: type, low: float, high: float) -> float:
    try:
        value = kind(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        what = "a whole number" if kind is int else "a number"
        raise ValueError(f"fault {name}: {key}={text!r} is not {what} from {low:g} to {high:g}")
    return value
