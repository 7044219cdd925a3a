"""Repeats: one design laid over the whole cloth.

A design with its gap is a *pitch* wide and high. In the kinds that drop along the cloth (half-drop, drop) each column
lies lower than the one to its left; in brick each row lies further to the right than the one above. The shift is
counted within one pitch, so column 0, n, 2n of a drop by x/n begin at the same row.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, get_args

from rip.cloth import Cloth, check_size, units_screened
from rip.plan import WHITE, Cell, Colour, LayoutError, Plan
from rip.shear import sheared
from rip.shifts import shifts_across, shifts_down

Kind = Literal["straight", "half-drop", "brick", "drop"]
Mirror = Literal["none", "columns", "rows", "both", "turned"]

MAX_PARTS = 96
"""A drop of x/n has n up to this; any other drop is given as a length."""

NOTED_ERROR = 0.003
"""A change of the size by rounding that is told."""


@dataclass(frozen=True)
class Repeat:
    """How a design repeats.

    Attributes
    ----------
    kind : {"straight", "half-drop", "brick", "drop"}
        Brick shifts every row across, half-drop and drop shift every column down.
    drop : Fraction or float, optional
        The shift: a Fraction of the pitch, or a length in mm. Half-drop and brick have 1/2 unless told.
    mirror : {"none", "columns", "rows", "both", "turned"}
        Every second column mirrored left for right, every second row upside down, both; turned: every second column
        (in a brick: row) turned by 180°.
    gap_mm : tuple of 2 float
        Between repeats, across and along.
    gap_colour : Colour
        Of gaps and of all that the repeats do not cover.
    columns : float, optional
        How many repeats lie across, decimals allowed; without, as many as the width takes.
    origin_mm : tuple of 2 float
        Where the upper left corner of the first repeat lies, from the left edge and the first row.

    Raises
    ------
    LayoutError
        Names the value that is out of its range.
    """

    kind: Kind = "straight"
    drop: Fraction | float | None = None
    mirror: Mirror = "none"
    gap_mm: tuple[float, float] = (0.0, 0.0)
    gap_colour: Colour = WHITE
    columns: float | None = None
    origin_mm: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise LayoutError(f"repeat {self.kind!r} is unknown: one of {', '.join(get_args(Kind))}")
        if self.mirror not in get_args(Mirror):
            raise LayoutError(f"mirror {self.mirror!r} is unknown: one of {', '.join(get_args(Mirror))}")
        if self.kind == "drop" and self.drop is None:
            raise LayoutError("repeat drop: say by how much, like drop:1/3 or drop:120mm")
        if self.kind == "straight" and self.drop is not None:
            raise LayoutError(f"repeat straight has no drop, {self.drop} was given: take drop or brick")
        if self.kind == "half-drop" and self.drop not in (None, Fraction(1, 2)):
            raise LayoutError(f"repeat half-drop drops by 1/2, {self.drop} was given: take drop")
        if isinstance(self.drop, Fraction) and not (self.drop.denominator <= MAX_PARTS and abs(self.drop) <= 1):
            raise LayoutError(f"drop {self.drop} is not x/n with n up to {MAX_PARTS}: give it as a length in mm")
        if isinstance(self.drop, float | int) and not abs(self.drop) <= 20_000:
            raise LayoutError(f"drop {self.drop:g} mm is not in -20000..20000 mm")
        if not all(0 <= gap <= 1000 for gap in self.gap_mm):
            raise LayoutError(f"gap {self.gap_mm} mm is not in 0..1000 mm")
        if self.columns is not None and not 0 < self.columns <= 1_000_000:
            raise LayoutError(f"{self.columns:g} columns of repeats are impossible: give a number above 0")
        if not all(abs(origin) <= 20_000 for origin in self.origin_mm):
            raise LayoutError(f"origin {self.origin_mm} mm is not in -20000..20000 mm")
        if not all(0 <= level <= 255 for level in self.gap_colour):
            raise LayoutError(f"gap colour {self.gap_colour} is not three values 0..255")

    @property
    def axis(self) -> Literal["down", "across"]:
        """Whether columns drop down or rows shift across."""
        return "across" if self.kind == "brick" else "down"

    @property
    def shift(self) -> Fraction | float:
        """The drop, with the default of the kind."""
        if self.drop is not None:
            return self.drop
        return Fraction(0) if self.kind == "straight" else Fraction(1, 2)

    def quarter_turned(self, tile_mm: tuple[float, float]) -> "Repeat":
        """Return the repeat of the job turned clockwise by 90° around its first corner.

        Parameters
        ----------
        tile_mm : tuple of 2 float
            Width and height of the design before it is turned the same way.

        Returns
        -------
        Repeat
            Mirrored ones may begin with the other one of their two copies; `columns` is not kept.
        """
        mirror: dict[Mirror, Mirror] = {"columns": "rows", "rows": "columns"}
        drop = -self.shift % 1 if isinstance(self.shift, Fraction) else -self.shift
        kind: Kind = "brick" if self.axis == "down" else "drop"
        straight = drop == 0 and self.mirror != "turned"
        return replace(
            self,
            kind="straight" if straight else kind,
            drop=None if straight else drop,
            mirror=mirror.get(self.mirror, self.mirror),
            gap_mm=(self.gap_mm[1], self.gap_mm[0]),
            columns=None,
            origin_mm=(-self.origin_mm[1] - tile_mm[1], self.origin_mm[0]),
        )


def parse_repeat(text: str) -> Repeat:
    """Read KIND[:DROP], like straight, half-drop, drop:1/3, drop:120mm, brick, brick:1/4, brick:35mm.

    Raises
    ------
    LayoutError
        One line with what was given and what is possible.
    """
    word, colon, drop = text.strip().lower().partition(":")
    kind: Kind | None = next((kind for kind in get_args(Kind) if kind == word), None)
    if kind is None or (colon and not drop):
        raise LayoutError(
            f"repeat {text!r:.60} is unknown: straight, half-drop, brick[:DROP] or drop:DROP, like brick:1/4"
        )
    if not drop:
        return Repeat(kind)
    if share := re.fullmatch(r"([+-]?\d{1,6})/(\d{1,6})", drop):
        if int(share[2]):
            return Repeat(kind, Fraction(int(share[1]), int(share[2])))
    elif length := re.fullmatch(r"([+-]?\d{1,6}(?:\.\d{1,6})?)mm", drop):
        return Repeat(kind, float(length[1]))
    raise LayoutError(
        f"drop {drop!r:.40} of repeat {text!r:.60} is neither a fraction like 1/3 nor a length like 120mm"
    )


def plan_repeat(repeat: Repeat, tile_mm: tuple[float, float], cloth: Cloth, *, length_m: float | None = None) -> Plan:
    """Lay a design over the width.

    Parameters
    ----------
    repeat : Repeat
    tile_mm : tuple of 2 float
        Width and height of one repeat of the design on the finished cloth.
    cloth : Cloth
    length_m : float, optional
        Length of the job. Only a brick by a length that is no fraction of the repeat needs it.

    Returns
    -------
    Plan
        Wraps; its only source is the design at `sources_px[0]`.

    Raises
    ------
    LayoutError
        If the repeat cannot be printed.
    """
    grid = _grid(repeat, tile_mm, cloth, length_m)
    left, right = 0, cloth.width_px
    if repeat.columns is not None:
        left = max(0, grid.x)
        right = max(left, min(right, grid.x + round(repeat.columns * grid.pitch)))
    laid = _columns(repeat, grid) if repeat.axis == "down" else _rows(repeat, grid)
    cells = tuple(part for cell, step in laid for part in _along_width(cell, step, left, right))
    plan = Plan(
        width_px=cloth.width_px,
        period_rows=grid.unit_rows * grid.units,
        wraps=True,
        cells=cells,
        sources_px=((grid.width, grid.height),),
        ground=repeat.gap_colour,
        covered=repeat.gap_mm == (0, 0) and (left, right) == (0, cloth.width_px),
        notes=grid.notes,
        scale_error=grid.scale_error,
    )
    return sheared(plan, cloth)


@dataclass(frozen=True)
class _Grid:
    """The grid of repeats in device pixels: first corner, size of the design, pitches, shifts; units of a period."""

    x: int
    y: int
    width: int
    height: int
    pitch: int
    shifts: tuple[int, ...]
    unit_rows: int
    units: int
    notes: tuple[str, ...]
    scale_error: float


def _grid(repeat: Repeat, tile_mm: tuple[float, float], cloth: Cloth, length_m: float | None) -> _Grid:
    wanted_w, wanted_h = check_size("repeat", tile_mm, cloth)
    gap_w, gap_h = round(cloth.across_px(repeat.gap_mm[0])), round(cloth.along_px(repeat.gap_mm[1]))
    width, height = round(wanted_w), round(wanted_h)
    pitch, unit_rows = width + gap_w, height + gap_h
    # mirrored or turned in turn: only an even number of lanes comes back to the first
    even = 2 if repeat.mirror == "turned" else 1
    units = 2 if repeat.mirror in ("rows", "both") else 1
    if repeat.axis == "across":
        most = None if length_m is None else math.ceil(cloth.rows(length_m) / unit_rows)
        shifts, notes = shifts_across(repeat.shift, pitch, cloth, most)
        shifts = shifts * (math.lcm(len(shifts), even * units) // len(shifts))
        units = len(shifts)
    else:
        notes = ()
        shifts = shifts_down(repeat.shift, unit_rows, cloth)
        parity = 2 if repeat.mirror in ("columns", "both", "turned") else 1
        shifts = shifts * (math.lcm(len(shifts), parity) // len(shifts))
    error = max(abs(width / wanted_w - 1), abs(height / wanted_h - 1))
    if error > NOTED_ERROR:
        printed = f"{width * tile_mm[0] / wanted_w:.2f} × {height * tile_mm[1] / wanted_h:.2f} mm"
        notes += (f"one repeat is {printed} instead of {tile_mm[0]:g} × {tile_mm[1]:g} mm: whole pixels",)
    x, y = round(cloth.across_px(repeat.origin_mm[0])), round(cloth.along_px(repeat.origin_mm[1]))
    return _Grid(x, y, width, height, pitch, shifts, unit_rows, units_screened(unit_rows, units), notes, error)


def _columns(repeat: Repeat, grid: _Grid) -> Iterator[tuple[Cell, int]]:
    """Yield a cell and its step across for each kind of column and each repeat down the period."""
    for column, shift in enumerate(grid.shifts):
        odd_column = column % 2 == 1
        for row in range(grid.units):
            turned = repeat.mirror == "turned" and odd_column
            cell = Cell(
                source=0,
                x=grid.x + column * grid.pitch,
                y=(grid.y + shift + row * grid.unit_rows) % (grid.unit_rows * grid.units),
                width=grid.width,
                height=grid.height,
                flip_x=turned or (repeat.mirror in ("columns", "both") and odd_column),
                flip_y=turned or (repeat.mirror in ("rows", "both") and row % 2 == 1),
            )
            yield cell, len(grid.shifts) * grid.pitch


def _rows(repeat: Repeat, grid: _Grid) -> Iterator[tuple[Cell, int]]:
    """Yield a cell and its step across for each row of repeats of the period, and for each kind of column in it."""
    kinds = 2 if repeat.mirror in ("columns", "both") else 1
    for row in range(grid.units):
        turned = repeat.mirror == "turned" and row % 2 == 1
        for column in range(kinds):
            cell = Cell(
                source=0,
                x=grid.x + grid.shifts[row % len(grid.shifts)] + column * grid.pitch,
                y=(grid.y + row * grid.unit_rows) % (grid.unit_rows * grid.units),
                width=grid.width,
                height=grid.height,
                flip_x=turned or column == 1,
                flip_y=turned or (repeat.mirror in ("rows", "both") and row % 2 == 1),
            )
            yield cell, kinds * grid.pitch


def _along_width(cell: Cell, step: int, left: int, right: int) -> tuple[Cell, ...]:
    """Return the cell repeated every `step` columns in both directions, cut to left..right."""
    first = cell.x + ((left - cell.width - cell.x) // step + 1) * step
    times = -(-(right - first) // step)
    if times < 1:
        return ()
    return replace(cell, x=first, times=times, step=step if times > 1 else 0).cut_across(left, right)
