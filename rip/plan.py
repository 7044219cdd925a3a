"""The plan of a print: which pixel of which artwork lies under which pixel of the press.

Every layout (repeats, pieces, shawls, strike-offs) becomes a list of cells: rectangles of the print that show a
rectangle of a source, as it is or mirrored. Rows are counted along the cloth, columns across it, in device pixels.
`Plan.source_at` is the definition; `rip.fill` does the same for whole bands, fast.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]
"""sRGB, 0..255 each."""

WHITE: Colour = (255, 255, 255)
"""The ground that takes no ink: the cloth itself."""


class LayoutError(ValueError):
    """The design cannot be laid out as asked; `field` is the value of a `Layout` it is about."""

    def __init__(self, message: str, field: str = "layout") -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Cell:
    """A rectangle of the print that shows a rectangle of a source.

    Attributes
    ----------
    source : int
        Number of the source.
    x, y : int
        Its upper left corner in the print. Rows beyond the end of a period go on at its beginning.
    width, height : int
    source_x, source_y : int
        Upper left corner of what it shows.
    flip_x, flip_y : bool
        Whether it shows that left for right, upside down.
    times, step : int
        The cell lies there `times` times, each `step` columns to the right of the one before.
    """

    source: int
    x: int
    y: int
    width: int
    height: int
    source_x: int = 0
    source_y: int = 0
    flip_x: bool = False
    flip_y: bool = False
    times: int = 1
    step: int = 0

    @property
    def right(self) -> int:
        """One past the last column of the last time."""
        return self.x + (self.times - 1) * self.step + self.width

    def moved(self, x: int, y: int) -> "Cell":
        """Return the cell moved by x columns and y rows."""
        return replace(self, x=self.x + x, y=self.y + y)

    def mirrored(self, width: int, height: int, *, across: bool, along: bool) -> "Cell":
        """Return the cell as it lies when an area of width × height from (0, 0) is mirrored across and/or along."""
        return replace(
            self,
            x=width - self.right if across else self.x,
            y=height - self.y - self.height if along else self.y,
            flip_x=self.flip_x ^ across,
            flip_y=self.flip_y ^ along,
        )

    def cut_across(self, left: int, right: int) -> tuple["Cell", ...]:
        """Return what is left of the cell between two columns: up to three cells, as the first and last may be cut."""
        step = max(self.step, 1)
        first = max(0, (left - self.x - self.width) // step + 1)
        last = min(self.times - 1, -((self.x - right) // step) - 1)
        parts: list[Cell] = []
        if first <= last and self.x + first * step < left:
            parts += self._time(first, left, right)
            first += 1
        if first <= last and self.x + last * step + self.width > right:
            parts += self._time(last, left, right)
            last -= 1
        if first <= last:
            times = last - first + 1
            parts.append(replace(self, x=self.x + first * step, times=times, step=self.step if times > 1 else 0))
        return tuple(parts)

    def cut_along(self, top: int, bottom: int) -> tuple["Cell", ...]:
        """Return what is left of the cell between two rows: one cell or none."""
        above, below = max(0, top - self.y), max(0, self.y + self.height - bottom)
        height = self.height - above - below
        if height <= 0:
            return ()
        source_y = self.source_y + (below if self.flip_y else above)
        return (replace(self, y=self.y + above, height=height, source_y=source_y),)

    def _time(self, number: int, left: int, right: int) -> list["Cell"]:
        x = self.x + number * self.step
        before, after = max(0, left - x), max(0, x + self.width - right)
        width = self.width - before - after
        source_x = self.source_x + (after if self.flip_x else before)
        cell = replace(self, x=x + before, width=width, source_x=source_x, times=1, step=0)
        return [cell] if width > 0 else []


@dataclass(frozen=True)
class Piece:
    """One piece to be cut out of the print; keeps its name to the end.

    Attributes
    ----------
    name : str
    x, y : int
        Its upper left corner: column, and row of the whole job.
    width, height : int
        As cut, hem allowance included.
    """

    name: str
    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is printed where.

    Attributes
    ----------
    width_px : int
        Print width.
    period_rows : int
        Rows described here.
    wraps : bool
        True: row r of the job is row r mod `period_rows`. False: a sheet that ends after `period_rows`.
    cells : tuple of Cell
        Within the width; later ones lie over earlier ones.
    sources_px : tuple of (int, int)
        Width and height in device pixels at which each source is wanted.
    ground : Colour
        Where no cell lies.
    covered : bool
        The planner knows that cells cover every pixel.
    pieces : tuple of Piece
        In printing order.
    job_rows : int or None
        Rows of the whole job if the plan decides them; None: the length ordered does.
    notes : tuple of str
        What had to be decided, one line each.
    scale_error : float
        Largest relative deviation of a printed motif from its wanted size, by rounding to whole pixels.

    Raises
    ------
    LayoutError
        If a cell reaches out of the print or of its source.
    """

    width_px: int
    period_rows: int
    wraps: bool
    cells: tuple[Cell, ...]
    sources_px: tuple[tuple[int, int], ...]
    ground: Colour = WHITE
    covered: bool = False
    pieces: tuple[Piece, ...] = ()
    job_rows: int | None = None
    notes: tuple[str, ...] = ()
    scale_error: float = 0.0

    def __post_init__(self) -> None:
        if self.width_px < 1 or self.period_rows < 1:
            raise LayoutError(f"a plan of {self.width_px} px × {self.period_rows} rows is impossible")
        for number, cell in enumerate(self.cells):
            if fault := self._fault(cell):
                raise LayoutError(f"cell {number} {fault}: {cell}")

    def _fault(self, cell: Cell) -> str | None:
        if cell.width < 1 or cell.height < 1 or cell.times < 1 or (cell.times > 1 and cell.step < cell.width):
            return "is empty or lies over itself"
        if cell.x < 0 or cell.right > self.width_px:
            return f"reaches out of the print width of {self.width_px} px"
        if cell.height > self.period_rows or (not self.wraps and not 0 <= cell.y <= self.period_rows - cell.height):
            return f"reaches out of the {self.period_rows} rows"
        if not 0 <= cell.source < len(self.sources_px):
            return f"shows a source that is none of the {len(self.sources_px)}"
        width, height = self.sources_px[cell.source]
        if not (0 <= cell.source_x <= width - cell.width and 0 <= cell.source_y <= height - cell.height):
            return f"reaches out of its source of {width} × {height} px"
        return None

    def source_at(self, x: int, y: int) -> tuple[int, int, int] | None:
        """Return (source, its column, its row) under column x and row y of the job; None where the ground shows.

        This is the definition of a plan. Slow: for tests, and for asking after single pixels.
        """
        for cell in reversed(self.cells):
            across = x - cell.x
            if cell.times > 1:
                across = across % cell.step if 0 <= across < cell.times * cell.step else -1
            along = (y - cell.y) % self.period_rows if self.wraps else y - cell.y
            if 0 <= across < cell.width and 0 <= along < cell.height:
                column = cell.source_x + (cell.width - 1 - across if cell.flip_x else across)
                row = cell.source_y + (cell.height - 1 - along if cell.flip_y else along)
                return cell.source, column, row
        return None

    def mirrored(self, *, across: bool = False, along: bool = False) -> "Plan":
        """Return the plan of the whole job mirrored left for right and/or end for end (both: turned by 180°)."""
        rows = self.job_rows or self.period_rows
        cells = (cell.mirrored(self.width_px, rows, across=across, along=along) for cell in self.cells)
        pieces = [
            replace(
                piece,
                x=self.width_px - piece.x - piece.width if across else piece.x,
                y=rows - piece.y - piece.height if along else piece.y,
            )
            for piece in self.pieces
        ]
        return replace(
            self,
            cells=tuple(replace(cell, y=cell.y % self.period_rows) for cell in cells),
            pieces=tuple(sorted(pieces, key=lambda piece: (piece.y, piece.x))),
        )

    @cached_property
    def cell_rows(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """First row and height of every cell, intp (cells,) each: finds the cells of a band without a walk over all."""
        spans = np.array([(cell.y, cell.height) for cell in self.cells], np.intp).reshape(-1, 2)
        return spans[:, 0], spans[:, 1]
