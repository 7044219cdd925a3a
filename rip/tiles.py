"""Pictures of a layout on the cloth at every zoom, tile by tile, from the very drops that will be printed.

The picture of a job is `width_px` × rows of the job; level by level its sides are halved. The finest level shows a
device pixel as 16 × 16, with every drop as a round dot; the coarsest is one pixel. Coarse tiles come from the raster's
pyramid with the job's overlays laid over, fine ones from its rows.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from rip.appearance import proof
from rip.cells import halve, levels_in, mean_cells
from rip.condition import Condition
from rip.dots import dots
from rip.inkmap import heat_map, limit_map
from rip.layover import lay_over
from rip.pyramid import AREA_LEVEL, BASE_LEVEL, PEAK_PCT, Pyramid, load_pyramid
from rip.raster import Raster

View = Literal["proof", "coverage", "limit"]
VIEWS: tuple[View, ...] = ("proof", "coverage", "limit")

TILES_VERSION = 1
"""Raise it when the same drops give another picture: it is part of the tiles' address."""

TILE_PX = 512
MAGNIFIED = 4
"""Levels beyond one to one: ×2, ×4, ×8, ×16."""


_MOST_CELLS = 1 << 20


class TileError(LookupError):
    """There is no such tile; one line says which there are."""


@dataclass(frozen=True)
class Zoom:
    """The levels of a job's picture; level 0 is one pixel.

    Attributes
    ----------
    width_px, rows : int
        Width of the raster and rows of the job.
    """

    width_px: int
    rows: int

    @property
    def levels(self) -> int:
        """How many there are."""
        return (max(self.width_px, self.rows) - 1).bit_length() + MAGNIFIED + 1

    @property
    def one_to_one(self) -> int:
        """The level whose pixels are device pixels."""
        return self.levels - 1 - MAGNIFIED

    def size(self, level: int) -> tuple[int, int]:
        """Width and height of the whole picture at a level."""
        shrink = self.one_to_one - level
        if shrink < 0:
            return self.width_px << -shrink, self.rows << -shrink
        return -(-self.width_px >> shrink), -(-self.rows >> shrink)

    def tiles(self, level: int) -> tuple[int, int]:
        """Columns and rows of tiles at a level."""
        width, height = self.size(level)
        return -(-width // TILE_PX), -(-height // TILE_PX)

    def check(self, level: int, column: int, row: int) -> None:
        """Pass if there is such a tile.

        Raises
        ------
        TileError
        """
        if not 0 <= level < self.levels:
            raise TileError(f"level {level} is not in 0..{self.levels - 1}")
        columns, rows = self.tiles(level)
        if not (0 <= column < columns and 0 <= row < rows):
            raise TileError(f"level {level} has {columns} × {rows} tiles: {column}, {row} is none of them")


def tile(
    raster: Raster, condition: Condition, rows: int, level: int, column: int, row: int, view: View = "proof"
) -> NDArray[np.uint8]:
    """Return one tile of the picture of a job.

    Parameters
    ----------
    raster : Raster
    condition : Condition
        The one the raster was made for.
    rows : int
        Rows of the job; a period repeats down to them.
    level, column, row : int
        As `Zoom` counts them.
    view : {"proof", "coverage", "limit"}
        The look of the dry print on the cloth's white; the sum of inks as a heat map; where it is near or over the
        condition's limit.

    Returns
    -------
    uint8 (h, w, 3)
        sRGB; smaller than `TILE_PX` at the right and lower edge.

    Raises
    ------
    TileError
        If there is no such tile.
    """
    zoom = Zoom(raster.width_px, rows)
    zoom.check(level, column, row)
    if not raster.wraps and rows > raster.period_rows:
        raise ValueError(f"{rows} rows of a sheet that has {raster.period_rows}")
    shrink = zoom.one_to_one - level
    side = TILE_PX << shrink if shrink >= 0 else TILE_PX >> -shrink
    top, left = row * side, column * side
    bottom, right = min(top + side, rows), min(left + side, raster.width_px)
    on_cells = bottom <= raster.period_rows or raster.period_rows % (1 << BASE_LEVEL) == 0
    if shrink > BASE_LEVEL or (shrink == BASE_LEVEL and on_cells and view != "limit"):
        return _from_pyramid(raster, condition, rows, shrink, column, row, view)
    if view != "proof":
        areas = mean_cells(raster, top, bottom - top, 1 << AREA_LEVEL, left, right)
        times = 1 << (AREA_LEVEL - shrink)
        width, height = (min(TILE_PX, whole - TILE_PX * at)
                         for whole, at in zip(zoom.size(level), (column, row), strict=True))  # fmt: skip
        return _painted(areas.repeat(times, axis=1).repeat(times, axis=2)[:, :height, :width], condition, view)
    if shrink > 0:
        return proof(mean_cells(raster, top, bottom - top, 1 << shrink, left, right), condition)
    return proof(dots(_with_border(raster, rows, top, bottom, left, right), raster.drop_volumes, -shrink), condition)


def _from_pyramid(
    raster: Raster, condition: Condition, rows: int, shrink: int, column: int, row: int, view: View
) -> NDArray[np.uint8]:
    """Return a tile whose pixels stand for 16 × 16 device pixels or more, or for 8 × 8 that are cells of the pyramid.

    A pixel is the mean over what is under it (in the limit view the highest area under it). In the first period it is
    exact; further down, where pixels do not begin with a period, it is made of cells at most half as large.
    """
    pyramid = load_pyramid(raster)
    edges = np.minimum(np.arange(row * TILE_PX, (row + 1) * TILE_PX + 1) << shrink, rows)
    edges = edges[: int(np.searchsorted(edges, rows)) + 1]
    if view == "limit":
        peaks = _peak_rows(pyramid, min(shrink, pyramid.top), slice(column * TILE_PX, (column + 1) * TILE_PX), edges)
        return limit_map(peaks * np.float32(PEAK_PCT / condition.total_limit_pct))
    level = _fine_enough(pyramid, shrink, (len(edges) - 1) * min(TILE_PX, -(-pyramid.width_px >> shrink)))
    first = column * TILE_PX << (shrink - level)
    means = _mean_rows(pyramid, level, slice(first, first + (TILE_PX << (shrink - level))), edges)
    for merged in range(level, shrink):
        pixels = min(pyramid.width_px - (first << level), means.shape[2] << merged)
        means = halve(means, pixels, 1 << merged, 2)
    lay_over(means, raster, shrink, row * TILE_PX, column * TILE_PX)
    return _painted(means, condition, view)


def _fine_enough(pyramid: Pyramid, shrink: int, pixels: int) -> int:
    """Level of the cells a picture is made of: half a pixel, or finer where that is still little work."""
    halved = 1
    while halved < shrink - BASE_LEVEL and pixels << 2 * (halved + 1) <= _MOST_CELLS:
        halved += 1
    return min(max(shrink - halved, BASE_LEVEL), pyramid.top)


def _mean_rows(pyramid: Pyramid, level: int, columns: slice, edges: NDArray[np.int64]) -> NDArray[np.float32]:
    """Mean coverage between rows of the job: float32 (inks, len(edges) - 1, cells), from cells of one level.

    Every cell that is touched counts by the rows of it that lie between.
    """
    numbers, bounds = _cell_rows(pyramid, level, edges)
    taken = _rows_of(pyramid.cells(level)[:, :, columns], numbers)
    first = np.searchsorted(bounds, edges[:-1], side="right") - 1
    touched = int((np.searchsorted(bounds, edges[1:], side="left") - first).max())
    means = np.zeros((len(edges) - 1, *taken.shape[1:]), np.float32)
    for nth in range(touched):
        cell = np.minimum(first + nth, len(numbers) - 1)
        rows = np.minimum(bounds[cell + 1], edges[1:]) - np.maximum(bounds[cell], edges[:-1])
        rows[(first + nth > cell) | (rows < 0)] = 0
        share = (rows / (255 * np.diff(edges))).astype(np.float32)
        means += taken[cell] * share[:, None, None]
    return means.transpose(1, 0, 2)


def _peak_rows(pyramid: Pyramid, level: int, columns: slice, edges: NDArray[np.int64]) -> NDArray[np.uint16]:
    """Highest total between rows of the job: uint16 (len(edges) - 1, cells), of all cells that are touched."""
    numbers, bounds = _cell_rows(pyramid, level, edges)
    taken = _rows_of(pyramid.peaks(level)[:, columns], numbers)
    first = np.searchsorted(bounds, edges[:-1], side="right") - 1
    end = np.searchsorted(bounds, edges[1:], side="left")
    padded = np.concatenate([taken, taken[-1:]])
    return np.maximum.reduceat(padded, np.stack([first, end], axis=1).ravel(), axis=0)[::2]


def _cell_rows(pyramid: Pyramid, level: int, edges: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of cells that touch the rows from the first edge to the last: their numbers in the period, their bounds."""
    per_period, period, cell = pyramid.shape(level)[0], pyramid.period_rows, 1 << level

    def at(row: int) -> int:
        return row // period * per_period + row % period // cell

    numbers = np.arange(at(int(edges[0])), at(int(edges[-1]) - 1) + 2)
    bounds = numbers // per_period * period + numbers % per_period * cell
    return numbers[:-1] % per_period, bounds


def _rows_of(cells: NDArray[Any], numbers: NDArray[np.int64]) -> NDArray[Any]:
    """Rows by number, without a copy where they follow each other."""
    first, last = int(numbers[0]), int(numbers[-1])
    return cells[first : last + 1] if last - first + 1 == len(numbers) else cells[numbers]


def _with_border(raster: Raster, rows: int, top: int, bottom: int, left: int, right: int) -> NDArray[np.uint8]:
    """Drop levels of a window and of the pixels around it, none beyond the edges: uint8 (inks, h + 2, w + 2)."""
    above, below = min(top, 1), min(rows - bottom, 1)
    before, after = min(left, 1), min(raster.width_px - right, 1)
    levels = levels_in(raster, top - above, bottom - top + above + below, left - before, right + after)
    return np.pad(levels, ((0, 0), (1 - above, 1 - below), (1 - before, 1 - after)))


def _painted(coverage: NDArray[np.float32], condition: Condition, view: View) -> NDArray[np.uint8]:
    if view == "proof":
        return proof(coverage, condition)
    share = coverage.sum(axis=0) * np.float32(100 / condition.total_limit_pct)
    return heat_map(share) if view == "coverage" else limit_map(share)
