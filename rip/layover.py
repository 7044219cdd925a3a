"""A job's overlays on a reduced picture, without reading a row of the raster."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rip.overlay import Counter, Patch
from rip.raster import Raster

LEAST_PX = 0.25
"""An overlay lower than this part of a picture pixel is left out: nobody sees it, and there may be very many."""


def lay_over(cover: NDArray[np.float32], raster: Raster, shrink: int, top: int, left: int) -> None:
    """Lay the overlays of a job over mean coverage, in place.

    Parameters
    ----------
    cover : float32 (inks, h, w)
        Mean relative drop volume under each picture pixel, without overlays. What an overlay clears is taken to carry
        as much ink as the rest of its pixel.
    raster : Raster
        Of the job: its overlays and drop volumes are taken.
    shrink : int
        A picture pixel is 2**shrink device pixels a side.
    top, left : int
        Place of the array in the whole picture, picture pixels.
    """
    height, width = cover.shape[1:]
    volumes = np.array(raster.drop_volumes, np.float32)
    least = round(LEAST_PX * (1 << shrink))
    for item in raster.overlays.items:
        columns, over_columns = _overlap((item.x >> shrink) - left, width)
        for row, levels in _occurrences(item, top << shrink, (top + height) << shrink, least):
            rows, over_rows = _overlap((row >> shrink) - top, height)
            cleared = np.ones_like(levels) if item.ground == "clear" else levels > 0
            keep = 1 - _shrunk(cleared, row, item.x, shrink)[over_rows, over_columns]
            put = _shrunk(volumes[levels], row, item.x, shrink)[over_rows, over_columns]
            for ink in item.inks if item.ground == "overprint" else range(len(cover)):
                place = cover[ink, rows, columns][: keep.shape[0], : keep.shape[1]]
                here = slice(place.shape[0]), slice(place.shape[1])
                place *= keep[here]
                if ink in item.inks:
                    place += put[here]


def _overlap(at: int, size: int) -> tuple[slice, slice]:
    """What of something that begins at `at` lies within 0..size: where it lies, and which part of it."""
    return slice(max(0, at), size), slice(max(0, -at), None)


def _occurrences(item: Patch | Counter, first: int, last: int, least: int) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yield first row and drop levels of each time the item touches rows first..last of the job."""
    height = item.levels.shape[0] if isinstance(item, Patch) else item.size[0]
    if height < least:
        return
    every, until = item.every_rows, last if item.until_row is None else min(last, item.until_row)
    turn = 0 if every is None else max(0, (first - item.row - height) // every + 1)
    while (row := item.row + turn * (every or 0)) < until:
        if row + height > first:
            yield row, item.levels if isinstance(item, Patch) else item.levels(item.first + turn * item.step)
        if every is None:
            return
        turn += 1


def _shrunk(drawn: NDArray[Any], row: int, x: int, shrink: int) -> NDArray[np.float32]:
    """Mean over picture pixels of what lies at that place of the job, nothing around it."""
    side = 1 << shrink
    above, before = row % side, x % side
    below, after = -(above + drawn.shape[0]) % side, -(before + drawn.shape[1]) % side
    padded = np.pad(drawn, ((above, below), (before, after)))
    return padded.reshape(padded.shape[0] // side, side, -1, side).mean(axis=(1, 3), dtype=np.float32)
