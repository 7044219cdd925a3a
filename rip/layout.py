"""The repeat on the cloth: which pixel of the design lies under which pixel of the press.

One repeat is `tile_w_px` × `tile_h_px` device pixels. Columns of repeats start at x = 0; in half-drop every second
column is shifted by half a repeat; the last column is cut at the print width. The period (rows after which all is the
same again) must hold a whole number of screening masks, so its height is nudged to a number with a divisor that is a
fitting mask height.
"""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Repeat = Literal["straight", "half-drop"]
REPEATS: tuple[Repeat, ...] = ("straight", "half-drop")
MASK_ROWS = (96, 192)
MASK_ROWS_BEST = 128
SNAP_REL = 0.001
SNAP_ROWS = 6
"""A repeat may change by 0.1 % of its height, or by 6 rows (0.25 mm at 600 dpi) where 0.1 % is less."""
MIN_TILE_PX = 16


class LayoutError(ValueError):
    """The design cannot be laid out as asked."""


@dataclass(frozen=True)
class Layout:
    """A repeat over the print width, in device pixels.

    Attributes
    ----------
    width_px : int
        Print width.
    tile_w_px, tile_h_px : int
        One repeat of the design.
    repeat : "straight" or "half-drop"
    period_rows : int
        Rows after which the print is the same again: one repeat, or several of a design lower than a mask.
    mask_rows : int
        Height of the screening mask; divides `period_rows`.
    height_error : float
        (tile height − wanted height) / wanted height, by snapping to whole rows and masks.
    """

    width_px: int
    tile_w_px: int
    tile_h_px: int
    repeat: Repeat
    period_rows: int
    mask_rows: int
    height_error: float

    def shift(self, column: int) -> int:
        """Rows by which a column of repeats is shifted down."""
        return self.tile_h_px // 2 if self.repeat == "half-drop" and column % 2 else 0

    def columns(self) -> list[tuple[int, int, int]]:
        """Columns of repeats as (first x, one past last x, shift in rows)."""
        count = math.ceil(self.width_px / self.tile_w_px)
        edges = [min(column * self.tile_w_px, self.width_px) for column in range(count + 1)]
        return [(edges[column], edges[column + 1], self.shift(column)) for column in range(count)]

    def tile_rows(self, start: int, count: int, shift: int) -> NDArray[np.intp]:
        """Rows of the repeat under the period rows start..start+count of a column with that shift."""
        return (np.arange(start, start + count) - shift) % self.tile_h_px


def plan_layout(
    width_px: int, dpi: int, design_px: tuple[int, int], repeat_width_mm: float, repeat: Repeat = "straight"
) -> Layout:
    """Lay one repeat of a design over the print width.

    Parameters
    ----------
    width_px : int
        Print width, device pixels.
    dpi : int
        Resolution of the press.
    design_px : tuple of 2 int
        Width and height of the design; only their ratio counts.
    repeat_width_mm : float
        Physical width of one repeat; the height follows.
    repeat : {"straight", "half-drop"}

    Raises
    ------
    LayoutError
        Names the size that cannot be printed.
    """
    if repeat not in REPEATS:
        raise LayoutError(f"repeat {repeat!r} is unknown: straight or half-drop")
    if not math.isfinite(repeat_width_mm) or repeat_width_mm <= 0:
        raise LayoutError(f"repeat width {repeat_width_mm:g} mm must be above 0")
    wanted_w = repeat_width_mm / 25.4 * dpi
    wanted_h = wanted_w * design_px[1] / design_px[0]
    limit_px = 20_000 / 25.4 * dpi
    for side, wanted in (("width", wanted_w), ("height", wanted_h)):
        if not MIN_TILE_PX <= wanted <= limit_px:
            raise LayoutError(
                f"repeat {side} {wanted * 25.4 / dpi:.2f} mm is outside of {MIN_TILE_PX * 25.4 / dpi:.2f}..20000 mm: "
                "give another width for one repeat"
            )
    tile_h, mask_rows, repeats = _snap(wanted_h)
    return Layout(
        width_px=width_px,
        tile_w_px=round(wanted_w),
        tile_h_px=tile_h,
        repeat=repeat,
        period_rows=tile_h * repeats,
        mask_rows=mask_rows,
        height_error=tile_h / wanted_h - 1,
    )


def _snap(wanted: float) -> tuple[int, int, int]:
    """Return repeat height, mask height and repeats per period for a wanted repeat height in rows."""
    nearest = round(wanted)
    if nearest < MASK_ROWS[0]:
        repeats = math.ceil(MASK_ROWS[0] / nearest)
        return nearest, nearest * repeats, repeats
    reach = max(SNAP_ROWS, int(wanted * SNAP_REL))
    for height in sorted(range(max(MASK_ROWS[0], nearest - reach), nearest + reach + 1), key=lambda h: abs(h - wanted)):
        fitting = [rows for rows in range(MASK_ROWS[0], MASK_ROWS[1] + 1) if height % rows == 0]
        if fitting:
            return height, min(fitting, key=lambda rows: abs(rows - MASK_ROWS_BEST)), 1
    raise LayoutError(f"no repeat height near {wanted:.1f} rows holds a whole number of masks")
