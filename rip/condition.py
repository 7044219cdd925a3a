"""The condition a design is prepared for: fabric × ink set × print mode."""

import hashlib
import json
import math
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import pairwise

import numpy as np

from rip.icc import ProfileError, read_header
from rip.packed import lanes_for

MAX_INKS = 12
LEVELS = (4, 8, 16)
"""Drop levels of 2, 3 and 4 bits."""

NEUTRAL_CHROMA = 15.0
BLACK_LIGHTNESS = 50.0
"""An ink below this chroma is a black or a grey, a black if it is also darker than this; default from practice."""

STRAIGHT = ((0.0, 0.0), (1.0, 1.0))


@dataclass(frozen=True)
class Ink:
    """One ink on the cloth.

    Attributes
    ----------
    name : str
    lab : tuple of 3 float
        CIELAB (D50) of its solid on the cloth.
    limit_pct : float
        Most of this ink the cloth takes anywhere, per cent of the largest drop on every pixel.
    linear : tuple of (float, float)
        Linearisation: points from (0, 0) to (1, y), both rising, from the tone wanted to the drop volume that gives it.
    light_of : str, optional
        Name of the dark ink of which this is the light one: tones of the dark ink are split between the two.
    strength : float
        Density of a light ink relative to its dark one, 0..1; 1 = take it from the two Lab values.

    Raises
    ------
    ValueError
        Names the ink and the value that is out of its range.
    """

    name: str
    lab: tuple[float, float, float]
    limit_pct: float = 100.0
    linear: tuple[tuple[float, float], ...] = STRAIGHT
    light_of: str | None = None
    strength: float = 1.0

    def __post_init__(self) -> None:
        def demand(fine: bool, message: str) -> None:
            if not fine:
                raise ValueError(f"ink {self.name}: {message}")

        points = tuple((float(wanted), float(volume)) for wanted, volume in self.linear)
        object.__setattr__(self, "linear", points)  # lists from a file become what can be hashed
        numbers = (*self.lab, self.limit_pct, self.strength, *(value for point in points for value in point))
        demand(all(math.isfinite(number) for number in numbers), "every value must be a finite number")
        demand(0 < self.lab[0] < 100, f"L* {self.lab[0]:g} is not in 0..100")
        demand(0 < self.limit_pct <= 100, f"limit_pct {self.limit_pct:g} is not in 0..100")
        rising = all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(points))
        ends = len(points) >= 2 and points[0] == (0, 0) and points[-1][0] == 1 and points[-1][1] <= 1
        demand(rising and ends, "linear must be points rising from (0, 0) to (1, y) with y not above 1")
        demand(0 < self.strength <= 1, f"strength {self.strength:g} is not in 0..1")
        demand(self.strength == 1 or self.light_of is not None, "strength is for a light ink: say light_of")

    @property
    def neutral(self) -> bool:
        """Whether it is a black or a grey."""
        return math.hypot(self.lab[1], self.lab[2]) < NEUTRAL_CHROMA

    @property
    def most(self) -> float:
        """Largest tone (0..1) whose drop volume is within the ink's limit."""
        wanted, volume = zip(*self.linear, strict=True)
        return float(np.interp(self.limit_pct / 100, volume, wanted))


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
    inks : tuple of 1 to 12 Ink
        The press's channels in order.
    drop_volumes : tuple of 4, 8 or 16 float
        Volume of each level relative to the largest, rising from 0 to 1.
    drop_pl : float
        Volume of the largest drop, picolitres.
    total_limit_pct : float
        Most ink the cloth takes, sum over the inks (100 = one solid), 100..1200.
    black_start : float
        Tone (0..1) of a balanced cyan-magenta-yellow grey above which black joins in.
    profile : bytes, optional
        ICC output profile of this condition, in place of the computed default. Its device channels are the inks that
        are not light ones, in order.

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
    profile: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        numbers = (self.width_mm, self.drop_pl, self.total_limit_pct, self.black_start, *self.white_lab)
        _demand(all(math.isfinite(number) for number in numbers), "every value must be a finite number")
        _demand(50 <= self.width_mm <= 5500, f"width_mm {self.width_mm:g} is not in 50..5500")
        _demand(72 <= self.dpi <= 2400, f"dpi {self.dpi} is not in 72..2400")
        _demand(50 < self.white_lab[0] <= 100, f"white_lab L* {self.white_lab[0]:g} is not in 50..100")
        rising = all(small < large for small, large in pairwise(self.drop_volumes))
        ends = len(self.drop_volumes) in LEVELS and self.drop_volumes[0] == 0 and self.drop_volumes[-1] == 1
        _demand(ends and rising, f"drop_volumes {self.drop_volumes} must be 4, 8 or 16 values rising from 0 to 1")
        _demand(self.drop_pl > 0, f"drop_pl {self.drop_pl:g} must be above 0")
        _demand(100 <= self.total_limit_pct <= 1200, f"total_limit_pct {self.total_limit_pct:g} is not in 100..1200")
        _demand(0 <= self.black_start < 1, f"black_start {self.black_start:g} is not in 0..1")
        self._check_inks()
        if self.profile is not None:
            self._check_profile(self.profile)

    def _check_inks(self) -> None:
        count = len(self.inks)
        _demand(1 <= count <= MAX_INKS, f"{count} inks given, 1 to {MAX_INKS} needed")
        by_name = {ink.name: ink for ink in self.inks}
        _demand(len(by_name) == count, f"ink names {', '.join(ink.name for ink in self.inks)} are not distinct")
        for ink in self.inks:
            if ink.light_of is None:
                continue
            dark = by_name.get(ink.light_of)
            if dark is None or dark.light_of is not None:
                raise ValueError(
                    f"condition: ink {ink.name} is light_of {ink.light_of}, which is no dark ink of the set"
                )
            _demand(
                ink.lab[0] > dark.lab[0], f"ink {ink.name} is not lighter than {dark.name}, of which it is the light"
            )

    def _check_profile(self, profile: bytes) -> None:
        try:
            header = read_header(profile)
        except ProfileError as error:
            raise ValueError(f"condition: the profile {error}") from None
        _demand(header.device_class == "prtr", f"the profile is of class {header.device_class}, prtr (output) needed")
        inks = len(self.colour_inks)
        _demand(
            header.channels == inks,
            f"the profile has {header.channels} channels ({header.space.strip()}), one per ink needed: {inks}",
        )

    @property
    def width_px(self) -> int:
        """Print width in device pixels."""
        return round(self.width_mm / 25.4 * self.dpi)

    @property
    def bits(self) -> int:
        """Bits of a drop level: 2, 3 or 4."""
        return (len(self.drop_volumes) - 1).bit_length()

    @property
    def lanes(self) -> int:
        """Bytes of a row of ink tones in tables: 4, 8 or 16, the inks first, then zeros."""
        return lanes_for(len(self.inks))

    @property
    def colour_inks(self) -> tuple[int, ...]:
        """Channels of the inks a colour is separated into: all but the light ones, which share their dark ink's."""
        return tuple(at for at, ink in enumerate(self.inks) if ink.light_of is None)

    @property
    def black(self) -> int | None:
        """Channel of the black: the darkest neutral ink, if there is one."""
        dark = [at for at in self.colour_inks if self.inks[at].neutral and self.inks[at].lab[0] < BLACK_LIGHTNESS]
        return min(dark, key=lambda at: self.inks[at].lab[0], default=None)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of the whole condition."""
        return _digest(self, ())

    @cached_property
    def colour_digest(self) -> str:
        """SHA-256 (hex) of what decides the ink tones of a colour: all but width, resolution and drops."""
        return _digest(self, ("width_mm", "dpi", "drop_volumes", "drop_pl"))


def _demand(fine: bool, message: str) -> None:
    if not fine:
        raise ValueError(f"condition: {message}")


def _digest(condition: Condition, without: tuple[str, ...]) -> str:
    basis = {name: value for name, value in asdict(condition).items() if name not in without}
    if condition.profile is not None:
        basis["profile"] = hashlib.sha256(condition.profile).hexdigest()
    canonical = json.dumps(basis, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()
