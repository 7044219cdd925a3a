"""The condition a design is prepared for: fabric × ink set × print mode."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import pairwise

INK_COUNT = 4
"""The condition's profile is a CMYK profile: cyan, magenta, yellow and black, in this order."""


@dataclass(frozen=True)
class Ink:
    """One ink: its name and the CIELAB (D50) of its solid on the cloth."""

    name: str
    lab: tuple[float, float, float]


@dataclass(frozen=True)
class Condition:
    """What the separation and the screen must know of cloth, inks and press.

    Attributes
    ----------
    width_mm : float
        Print width.
    dpi : int
        Resolution of the press, across and along.
    white_lab : tuple of 3 float
        CIELAB (D50) of the unprinted cloth.
    inks : tuple of 4 Ink
        Cyan, magenta, yellow, black: the press's channels in order.
    drop_volumes : tuple of 4 float
        Volume of each level relative to the largest, rising from 0 to 1.
    drop_pl : float
        Volume of the largest drop, picolitres.
    total_limit_pct : float
        Most ink the cloth takes, sum over the inks (100 = one solid).
    black_start : float
        Tone (0..1) of a balanced cyan-magenta-yellow grey above which black joins in.

    Raises
    ------
    ValueError
        Names the value that is out of its range.
    """

    width_mm: float
    dpi: int
    white_lab: tuple[float, float, float]
    inks: tuple[Ink, ...]
    drop_volumes: tuple[float, ...]
    drop_pl: float
    total_limit_pct: float
    black_start: float

    def __post_init__(self) -> None:
        def demand(fine: bool, message: str) -> None:
            if not fine:
                raise ValueError(f"condition: {message}")

        numbers = (self.width_mm, self.drop_pl, self.total_limit_pct, self.black_start, *self.white_lab)
        demand(all(math.isfinite(number) for number in numbers), "every value must be a finite number")
        demand(50 <= self.width_mm <= 5500, f"width_mm {self.width_mm:g} is not in 50..5500")
        demand(72 <= self.dpi <= 2400, f"dpi {self.dpi} is not in 72..2400")
        demand(len(self.inks) == INK_COUNT, f"{len(self.inks)} inks given, {INK_COUNT} needed (C, M, Y, K)")
        names = [ink.name for ink in self.inks]
        demand(len(set(names)) == len(names), f"ink names {', '.join(names)} are not distinct")
        demand(50 < self.white_lab[0] <= 100, f"white_lab L* {self.white_lab[0]:g} is not in 50..100")
        for ink in self.inks:
            demand(0 < ink.lab[0] < 100, f"ink {ink.name} L* {ink.lab[0]:g} is not in 0..100")
        rising = all(small < large for small, large in pairwise(self.drop_volumes))
        demand(
            len(self.drop_volumes) == 4 and self.drop_volumes[0] == 0 and self.drop_volumes[-1] == 1 and rising,
            f"drop_volumes {self.drop_volumes} must be 4 values rising from 0 to 1",
        )
        demand(self.drop_pl > 0, f"drop_pl {self.drop_pl:g} must be above 0")
        demand(100 <= self.total_limit_pct <= 400, f"total_limit_pct {self.total_limit_pct:g} is not in 100..400")
        demand(0 <= self.black_start < 1, f"black_start {self.black_start:g} is not in 0..1")

    @property
    def width_px(self) -> int:
        """Print width in device pixels."""
        return round(self.width_mm / 25.4 * self.dpi)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the condition's canonical JSON."""
        canonical = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("ascii")).hexdigest()
