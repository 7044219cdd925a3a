"""The ink of a raster at every scale, computed once and kept beside the raster; without the overlays of single jobs.

Level L holds cells of 2**L × 2**L device pixels of one period, from 8 × 8 up to a single cell: the mean coverage of
each ink, and the peak of the total ink among the areas in the cell. All levels come from one reading of the raster,
band by band, on all processors; the file is whole or not there.
"""

import json
import os
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rip.cells import halve, mean_cells
from rip.raster import Raster

VERSION = 1
BASE_LEVEL = 3
AREA_LEVEL = 4
"""Over 16 × 16 pixels, 0.7 mm at 600 dpi, the drops of all inks run together: total ink is judged on these areas.
Default from practice, editable."""

PEAK_PCT = 0.02
"""One count of a peak, in percent of a solid."""

_BAND_LEVEL = 9
_PCT_BINS = 1301
_HEAD_BYTES = 32768


@dataclass(frozen=True)
class Pyramid:
    """All levels of a raster's period, in a file.

    Attributes
    ----------
    path : Path
    raster_sha256 : str
        The raster it was made from.
    width_px, period_rows, inks : int
        As in the raster.
    area_pct : tuple of (int, int)
        Histogram: total ink in whole percent, and how many areas carry it.
    """

    path: Path
    raster_sha256: str
    width_px: int
    period_rows: int
    inks: int
    area_pct: tuple[tuple[int, int], ...] = ()

    @property
    def top(self) -> int:
        """The highest level; it is one cell."""
        return max(_BAND_LEVEL, (max(self.width_px, self.period_rows) - 1).bit_length())

    def shape(self, level: int) -> tuple[int, int]:
        """Rows and columns of cells."""
        return -(-self.period_rows >> level), -(-self.width_px >> level)

    def cells(self, level: int) -> NDArray[np.uint8]:
        """Return the mean coverage in a level from `BASE_LEVEL` to `top`, read-only.

        Returns
        -------
        uint8 (rows of cells, inks, columns of cells)
            255: every pixel has the largest drop.
        """
        rows, columns = self.shape(level)
        at = self.cells_at(level)
        return self._bytes[at : at + rows * self.inks * columns].reshape(rows, self.inks, columns)

    def peaks(self, level: int) -> NDArray[np.uint16]:
        """Return the highest total ink of an area in each cell, from `AREA_LEVEL` to `top`, read-only.

        Returns
        -------
        uint16 (rows of cells, columns of cells)
            In steps of `PEAK_PCT`.
        """
        rows, columns = self.shape(level)
        at = self.peaks_at(level)
        return self._bytes[at : at + 2 * rows * columns].view(np.uint16).reshape(rows, columns)

    def cells_at(self, level: int) -> int:
        """Byte of the file at which a level's cells begin; levels follow each other, each begins at an even byte."""
        size = (rows * columns * self.inks + 1 & ~1 for rows, columns in map(self.shape, range(BASE_LEVEL, level)))
        return _HEAD_BYTES + sum(size)

    def peaks_at(self, level: int) -> int:
        """Byte of the file at which a level's peaks begin: after all cells."""
        size = (2 * rows * columns for rows, columns in map(self.shape, range(AREA_LEVEL, level)))
        return self.cells_at(self.top + 1) + sum(size)

    @cached_property
    def _bytes(self) -> NDArray[np.uint8]:
        return np.memmap(self.path, np.uint8, "r").view(np.ndarray)


def find_pyramid(raster: Raster) -> Pyramid | None:
    """Return the pyramid of a raster, or None if there is no sound one beside it."""
    path = _beside(raster)
    try:
        with path.open("rb") as file:
            head: dict[str, Any] = json.loads(file.read(_HEAD_BYTES))
            size = os.fstat(file.fileno()).st_size
        area_pct = tuple((int(pct), int(areas)) for pct, areas in head["area_pct"])
        made = _of(raster, path, area_pct)
        sound = (head["version"], head["sha256"], size) == (VERSION, made.raster_sha256, made.peaks_at(made.top + 1))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return made if sound else None


def load_pyramid(raster: Raster, threads: int | None = None) -> Pyramid:
    """Return the pyramid of a raster; it is made if it is not there yet.

    Parameters
    ----------
    raster : Raster
    threads : int, optional
        All processors by default. Each holds a band of 128 rows.

    Raises
    ------
    RasterError
        If the raster has been cut.
    """
    found = find_pyramid(raster)
    if found is not None:
        return found
    partial = raster.planes_path.with_name(f".{uuid.uuid4().hex}.pyramid")
    made = _of(raster, partial, ())
    try:
        with partial.open("xb") as file:
            # a full disk must fail here
            os.posix_fallocate(file.fileno(), 0, made.peaks_at(made.top + 1))
            area_pct = _write_levels(raster.bare, made, file.fileno(), threads or os.cpu_count() or 1)
            head = {"version": VERSION, "sha256": made.raster_sha256, "area_pct": area_pct}
            os.pwrite(file.fileno(), json.dumps(head).encode("ascii").ljust(_HEAD_BYTES), 0)
        partial.replace(_beside(raster))
    finally:
        partial.unlink(missing_ok=True)
    return _of(raster, _beside(raster), area_pct)


def _of(raster: Raster, path: Path, area_pct: tuple[tuple[int, int], ...]) -> Pyramid:
    return Pyramid(path, raster.planes_sha256, raster.width_px, raster.period_rows, len(raster.inks), area_pct)


def _beside(raster: Raster) -> Path:
    return raster.planes_path.with_suffix(".pyramid")


def _write_levels(raster: Raster, made: Pyramid, file: int, threads: int) -> tuple[tuple[int, int], ...]:
    """Write every level and return the histogram; bands of 2**9 rows do not need each other up to their own level."""
    rows, width = raster.period_rows, raster.width_px
    bands = range(0, rows, 1 << _BAND_LEVEL)

    def of_band(first: int) -> tuple[NDArray[np.float32], NDArray[np.uint16], NDArray[np.int64]]:
        size = (min(1 << _BAND_LEVEL, rows - first), width)
        cells = mean_cells(raster, first, size[0], 1 << BASE_LEVEL)
        peaks = np.zeros((0, 0), np.uint16)
        histogram = np.zeros(_PCT_BINS, np.int64)
        for level in range(BASE_LEVEL, _BAND_LEVEL):
            if level == AREA_LEVEL:
                total_pct = cells.sum(axis=0) * 100
                peaks = np.rint(total_pct / PEAK_PCT).astype(np.uint16)
                histogram = np.bincount(np.rint(total_pct).astype(np.intp).ravel(), minlength=_PCT_BINS)
            _write(made, file, level, first >> level, cells, peaks)
            cells, peaks = _next(cells, peaks, size, level)
        return cells, peaks, histogram

    with ThreadPoolExecutor(threads, "pyramid") as pool:
        of_bands = list(pool.map(of_band, bands))
    cells = np.concatenate([band[0] for band in of_bands], axis=1)
    peaks = np.concatenate([band[1] for band in of_bands], axis=0)
    for level in range(_BAND_LEVEL, made.top + 1):
        _write(made, file, level, 0, cells, peaks)
        cells, peaks = _next(cells, peaks, (rows, width), level)
    histogram = np.sum([band[2] for band in of_bands], axis=0)
    return tuple((int(pct), int(histogram[pct])) for pct in np.flatnonzero(histogram))


def _write(
    made: Pyramid, file: int, level: int, first: int, cells: NDArray[np.float32], peaks: NDArray[np.uint16]
) -> None:
    ordered = np.ascontiguousarray((cells * 255 + 0.5).astype(np.uint8).transpose(1, 0, 2))
    os.pwrite(file, ordered.data, made.cells_at(level) + first * ordered[0].size)
    if level >= AREA_LEVEL:
        os.pwrite(file, peaks.data, made.peaks_at(level) + 2 * first * peaks.shape[1])


def _next(
    cells: NDArray[np.float32], peaks: NDArray[np.uint16], size: tuple[int, int], level: int
) -> tuple[NDArray[np.float32], NDArray[np.uint16]]:
    """Cells and peaks of the next level."""
    for axis in (1, 2):
        cells = halve(cells, size[axis - 1], 1 << level, axis)
    for axis in (0, 1):
        if peaks.size:
            peaks = np.maximum.reduceat(peaks, np.arange(0, peaks.shape[axis], 2), axis=axis)
    return cells, np.ascontiguousarray(peaks)
