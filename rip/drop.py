"""Finding the repeat in an artwork: a smaller tile it is made of, or the drop by which its edges meet.

The artwork is read once. Inside it, a tile repeats where the picture, moved around its edges, is itself: found as
peaks of the autocorrelation of a reduced picture, then verified on rows of full size. At its edges, the right one is
moved along the left one (and the lower along the upper) until they match.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from rip.fill import Rows
from rip.likeness import MOST_PARTS, STILL, Likeness, Shift, candidates
from rip.repeat import Repeat

LEAST_PX = 16
REDUCED_PX = 256
SURE = 0.93
"""Likeness at full size that is believed."""

FRACTION_PX = 2.0
FRACTION_PARTS = 12
"""A drop at the edges within 2 px of x/n, n up to 12, is taken as x/n."""

_BAND_ROWS = 256


@dataclass(frozen=True)
class FoundRepeat:
    """A repeat found in an artwork.

    Attributes
    ----------
    columns, rows : int
        How many tiles the artwork holds across and along; 1 × 1 if only its edges told the drop.
    axis : {"down", "across"}
        Whether each column of tiles lies lower, or each row further to the right.
    drop : Fraction
        By how much, of the tile's height or width.
    score : float
        How well it fits, 0..1.
    """

    columns: int
    rows: int
    axis: Literal["down", "across"]
    drop: Fraction
    score: float

    def tile(self, width: float, height: float) -> tuple[float, float]:
        """Return width and height of the tile in an artwork of that size, in the same unit."""
        return width / self.columns, height / self.rows

    def repeat(self, width_mm: float, height_mm: float) -> Repeat:
        """Return how to lay the tile of an artwork of that size."""
        tile = self.tile(width_mm, height_mm)
        if self.drop == 0:
            return Repeat()
        size = tile[1] if self.axis == "down" else tile[0]
        drop = self.drop if self.drop.denominator <= FRACTION_PARTS else float(self.drop * Fraction(size))
        if self.axis == "across":
            return Repeat("brick", drop)
        return Repeat("half-drop") if drop == Fraction(1, 2) else Repeat("drop", drop)


@dataclass(frozen=True)
class _Look:
    """What one reading of the artwork keeps: a reduced picture, and its edges with their neighbours."""

    small: NDArray[np.float32]
    left: NDArray[np.float32]
    right: NDArray[np.float32]
    top: NDArray[np.float32]
    bottom: NDArray[np.float32]


def find_drop(rows: Rows, width: int, height: int) -> FoundRepeat | None:
    """Find the smallest tile an artwork is made of, or the drop by which its edges meet.

    Parameters
    ----------
    rows : callable
        (first row, count) → uint8 (count, width, 3).
    width, height : int
        Size of the artwork, px.

    Returns
    -------
    FoundRepeat or None
        None if the artwork is one tile that repeats straight, or not at all.
    """
    if min(width, height) < LEAST_PX:
        return None
    look = _look(rows, width, height)
    return _inside(look.small, rows, width, height) or _at_edges(look)


def _look(rows: Rows, width: int, height: int) -> _Look:
    small_w, small_h = min(width, REDUCED_PX), min(height, REDUCED_PX)
    edges = [number * height // small_h for number in range(small_h + 1)]
    small = np.empty((small_h, small_w, 3), np.float32)
    left, right = np.empty((height, 2, 3), np.float32), np.empty((height, 2, 3), np.float32)
    outer: dict[str, NDArray[np.float32]] = {}
    done = 0
    while done < small_h:
        # at least one reduced row, else as many as a band holds
        last = max(done + 1, next((n for n in range(small_h, done, -1) if edges[n] - edges[done] <= _BAND_ROWS), 0))
        first, count = edges[done], edges[last] - edges[done]
        band = rows(first, count)
        left[first : first + count], right[first : first + count] = band[:, :2], band[:, -2:]
        if done == 0:
            outer["top"] = band[:2].astype(np.float32)
        if last == small_h:
            outer["bottom"] = band[-2:].astype(np.float32)
        lines = np.asarray(cv2.resize(band, (small_w, count), interpolation=cv2.INTER_AREA), np.float32)
        starts = np.array(edges[done:last]) - first
        sizes = np.diff(edges[done : last + 1])
        small[done:last] = np.add.reduceat(lines, starts, axis=0) / sizes[:, None, None]
        done = last
    top, bottom = (np.ascontiguousarray(outer[name].swapaxes(0, 1)) for name in ("top", "bottom"))
    return _Look(small, left, right, top, bottom)


def _inside(small: NDArray[np.float32], rows: Rows, width: int, height: int) -> FoundRepeat | None:
    likely = candidates(small)
    if not likely:
        return None
    likeness = Likeness(rows, width, height)
    for grid in sorted(_grids({*likely, STILL}), key=lambda grid: -grid[0] * grid[1]):
        columns, tiles_down, drop = grid
        # what holds for the two steps from tile to tile holds for all
        steps = {(Fraction(1, columns) % 1, drop / tiles_down), (Fraction(0), Fraction(1, tiles_down) % 1)} - {STILL}
        score = min((likeness.of(step) for step in steps), default=0.0)
        if score >= SURE:
            return FoundRepeat(columns, tiles_down, "down", drop, score)
    return None


def _grids(likely: set[Shift]) -> Iterator[tuple[int, int, Fraction]]:
    """Yield columns, rows and drop of every grid of tiles of which the likely shifts hold all."""
    parts = range(1, MOST_PARTS + 1)
    for tiles_down in (parts_down for parts_down in parts if _shifts(1, parts_down, Fraction(0)) <= likely):
        for columns in parts:
            # to the next column, at most to the next tile of it
            steps = [along for across, along in likely if across * columns == 1 or (columns == 1 and across == 0)]
            for drop in (along * tiles_down for along in steps if along * tiles_down < 1):
                if (drop * columns) % 1 == 0 and _shifts(columns, tiles_down, drop) <= likely:
                    yield columns, tiles_down, drop


def _shifts(columns: int, rows: int, drop: Fraction) -> set[Shift]:
    """Return all shifts from tile to tile in a grid of them, each column lower by `drop` of a tile."""
    tiles = product(range(columns), range(rows))
    return {(Fraction(column, columns), (column * drop + row) / rows % 1) for column, row in tiles}


def _at_edges(look: _Look) -> FoundRepeat | None:
    found: list[FoundRepeat] = []
    if match := _match(look.right, look.left):
        found.append(FoundRepeat(1, 1, "down", _near_fraction(match[0], len(look.left)), match[1]))
    if match := _match(look.bottom, look.top):
        found.append(FoundRepeat(1, 1, "across", _near_fraction(match[0], len(look.top)), match[1]))
    return max(found, key=lambda repeat: repeat.score, default=None)


def _match(end: NDArray[np.float32], begin: NDArray[np.float32]) -> tuple[int, float] | None:
    """Return by how much the next tile must be moved along its edge to go on where this one ends, and how sure.

    Parameters
    ----------
    end, begin : float32 (length, 2, 3)
        The last two lines of the tile, and the first two.

    Returns
    -------
    (int, float) or None
        None if not moving it fits as well, or nothing fits.
    """
    # each edge gone on by its own slope, so that a smooth design meets without a step
    last = end[:, 1] + (end[:, 1] - end[:, 0]) / 2
    first = begin[:, 0] - (begin[:, 1] - begin[:, 0]) / 2
    product = np.fft.rfft(last, axis=0) * np.conj(np.fft.rfft(first, axis=0))
    correlation = np.fft.irfft(product, len(last), axis=0).sum(axis=1)
    cost = np.maximum((last**2).sum() + (first**2).sum() - 2 * correlation, 0) / last.size
    usual = float(((end[:, 1] - end[:, 0]) ** 2).mean() + ((begin[:, 1] - begin[:, 0]) ** 2).mean()) / 2 + 1
    best = int(cost.argmin())
    typical = float(np.median(cost))
    fits = cost[best] < 4 * usual and cost[best] < typical / 4
    if not fits or cost[0] < 2 * (cost[best] + usual):
        return None
    return best, float(1 - cost[best] / typical)


def _near_fraction(pixels: int, size: int) -> Fraction:
    for parts in range(1, FRACTION_PARTS + 1):
        share = Fraction(round(pixels * parts / size), parts)
        if abs(float(share * size) - pixels) <= FRACTION_PX:
            return share % 1
    return Fraction(pixels, size)
