"""The cloth under the press: its print width in pixels, and how it changes until it is finished.

Sizes are asked for as they shall be on the finished cloth. The cloth shrinks on its way there, so what is printed is
larger by 1 / (1 − shrinkage), each way by its own.
"""

import math
from dataclasses import dataclass

from rip.plan import LayoutError

MM_PER_INCH = 25.4

LEAST_ROWS = 96
"""A lower repeat is screened several times, side by side: in 4 mm at 600 dpi a mask would be seen to repeat."""

MIN_PX = 16
MAX_MM = 20_000.0
"""Smallest and largest side of a design; defaults from practice, editable."""


@dataclass(frozen=True)
class Cloth:
    """A fabric lot on the press.

    Attributes
    ----------
    width_px : int
        Print width, device pixels.
    dpi : int
        Resolution of the press, across and along.
    shrink_warp_pct, shrink_weft_pct : float
        Shrinkage from printing to the finished cloth, along (warp) and across (weft); negative if it grows.
    skew_mm : float
        How much further along the right edge of the width is to be printed than the left one.
    bow_mm : float
        How much further along the middle is to be printed than the straight line between both edges.

    Raises
    ------
    LayoutError
        Names the value that is out of its range.
    """

    width_px: int
    dpi: int
    shrink_warp_pct: float = 0.0
    shrink_weft_pct: float = 0.0
    skew_mm: float = 0.0
    bow_mm: float = 0.0

    def __post_init__(self) -> None:
        limits = {
            "width_px": (1, 1_000_000), "dpi": (1, 10_000), "shrink_warp_pct": (-20, 40), "shrink_weft_pct": (-20, 40),
            "skew_mm": (-300, 300), "bow_mm": (-300, 300),
        }  # fmt: skip
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not low <= value <= high:  # also refuses NaN
                raise LayoutError(f"cloth: {name} {value:g} is not in {low}..{high}")

    def across_px(self, mm: float) -> float:
        """Return pixels across that become `mm` on the finished cloth."""
        return mm / MM_PER_INCH * self.dpi / (1 - self.shrink_weft_pct / 100)

    def along_px(self, mm: float) -> float:
        """Return rows that become `mm` on the finished cloth."""
        return mm / MM_PER_INCH * self.dpi / (1 - self.shrink_warp_pct / 100)

    def press_px(self, mm: float) -> float:
        """Return pixels that are `mm` on the press; for marks and gutters, which nobody wears."""
        return mm / MM_PER_INCH * self.dpi

    def rows(self, length_m: float) -> int:
        """Return the rows of a length on the press."""
        return round(self.press_px(length_m * 1000))


def check_size(thing: str, size_mm: tuple[float, float], cloth: Cloth) -> tuple[float, float]:
    """Return a size in device pixels, not yet rounded.

    Raises
    ------
    LayoutError
        If it cannot be printed; names the thing, the side and the limits.
    """
    wanted = cloth.across_px(size_mm[0]), cloth.along_px(size_mm[1])
    least = MIN_PX * MM_PER_INCH / cloth.dpi
    for side, mm, px in zip(("width", "height"), size_mm, wanted, strict=True):
        if not (math.isfinite(mm) and px >= MIN_PX and mm <= MAX_MM):
            raise LayoutError(f"{thing}: {side} {mm:g} mm is outside of {least:.2f}..{MAX_MM:g} mm: give another size")
    return wanted


def units_screened(unit_rows: int, units: int = 1) -> int:
    """Return how many units of a layout make up its period: those after which it is the same again, or enough."""
    return units * max(1, -(-LEAST_ROWS // (unit_rows * units)))
