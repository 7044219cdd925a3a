"""The cloth under the press: its print width in pixels, and how it changes until it is finished.

Sizes are asked for as they shall be on the finished cloth. The cloth shrinks on its way there, so what is printed is
larger by 1 / (1 − shrinkage), each way by its own.
"""

import math
from dataclasses import dataclass

from rip.plan import LayoutError

MM_PER_INCH = 25.4

MASK_ROWS = (96, 192)
MASK_ROWS_BEST = 128
"""Heights of a screening mask, and the one it is made for."""

SNAP_REL = 0.001
SNAP_ROWS = 6
"""A repeat may change by 0.1 % of its height, or by 6 rows (0.25 mm at 600 dpi) where 0.1 % is less."""

EXACT_ROWS = 2048
"""A period up to this long takes the repeat several times rather than change its height."""

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


@dataclass(frozen=True)
class Period:
    """How many rows the print takes until it is the same again.

    Attributes
    ----------
    unit_rows : int
        Rows of one unit (a repeat with its gap).
    units : int
        Units in the period.
    mask_rows : int
        Height of the screening mask, which divides the period.
    """

    unit_rows: int
    units: int
    mask_rows: int

    @property
    def rows(self) -> int:
        """Rows of the period."""
        return self.unit_rows * self.units


def fit_period(wanted: float, units: int = 1) -> Period:
    """Find the unit height nearest to the wanted one for which a screening mask divides the period.

    Parameters
    ----------
    wanted : float
        Height of one unit in rows, at least 0.5.
    units : int
        Units after which the layout is the same again.

    Returns
    -------
    Period
        Its units are a multiple of those asked for: a short period is taken several times.

    Raises
    ------
    LayoutError
        If no mask divides any height near.
    """
    nearest = max(1, round(wanted))
    reach = max(SNAP_ROWS, int(wanted * SNAP_REL)) if nearest >= MASK_ROWS[0] else 0
    heights = range(max(nearest - reach, min(nearest, MASK_ROWS[0])), nearest + reach + 1)
    for height in sorted(heights, key=lambda rows: abs(rows - wanted)):
        most = EXACT_ROWS if height >= MASK_ROWS[0] else MASK_ROWS[1] * height * units
        for times in range(1, max(1, most // (height * units)) + 1):
            if mask := _mask_rows(height * units * times):
                return Period(height, units * times, mask)
    raise LayoutError(f"no height near {wanted:.1f} rows, taken {units} times, holds a whole number of masks")


def fill_up(rows: int) -> tuple[int, int]:
    """Return the next number of rows, `rows` or more, that a mask divides, and the height of that mask."""
    while True:
        if mask := _mask_rows(rows):
            return rows, mask
        rows += 1


def _mask_rows(rows: int) -> int | None:
    fitting = [mask for mask in range(MASK_ROWS[0], MASK_ROWS[1] + 1) if rows % mask == 0]
    return min(fitting, key=lambda mask: abs(mask - MASK_ROWS_BEST), default=None)
