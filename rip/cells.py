"""Small windows of a raster, as drop levels or as mean coverage of square cells."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from rip.packed import unpacking
from rip.raster import Raster

_READ_ROWS = 128
_SUM_MAX = 65535


def levels_in(raster: Raster, start: int, count: int, left: int, right: int) -> NDArray[np.uint8]:
    """Return drop levels of a window of the job: uint8 (inks, count, right - left)."""
    pixels = 8 // raster.bits
    first = left // pixels
    packed = raster.stream(start, count, threads=1)[:, :, first : -(-right // pixels)]
    levels = np.take(unpacking(raster.bits), packed, mode="clip").view(np.uint8)
    return levels[:, :, left - first * pixels : right - first * pixels]


def mean_cells(
    raster: Raster, start: int, count: int, step: int, left: int = 0, right: int | None = None
) -> NDArray[np.float32]:
    """Return the mean relative drop volume of step × step cells of a window of the job.

    Parameters
    ----------
    raster : Raster
    start, count : int
        Rows of the job.
    step : int
        Cell side, device pixels: a power of two.
    left, right : int
        Columns, whole cells; the window may end with the raster instead. `left` is a multiple of 4.

    Returns
    -------
    float32 (inks, ceil(count / step), ceil((right - left) / step))
        0..1. A cell that is cut by the window's lower edge or the raster's right one is the mean of what is left of it.
    """
    right = raster.width_px if right is None else right
    down, across = -(-count // step), -(-(right - left) // step)
    first, last = left * raster.bits // 8, -(-right * raster.bits // 8)
    cells = np.empty((len(raster.inks), down, across), np.float32)
    band = max(1, _READ_ROWS // step)
    buffer = np.empty((len(raster.inks), min(band * step, count), raster.row_bytes), np.uint8)
    for top in range(0, down, band):
        rows = min(band * step, count - top * step)
        out = buffer if rows == buffer.shape[1] else None
        packed = raster.stream(start + top * step, rows, out, threads=1)
        for ink, plane in enumerate(packed[:, :, first:last]):
            cells[ink, top : top + band] = _sums(plane, raster, step, across)
    cells *= np.float32(1 / step**2)
    cells[:, -1] *= step / _sizes(count, step)[-1]
    cells[:, :, -1] *= step / _sizes(right - left, step)[-1]
    return cells


def halve(cells: NDArray[np.float32], pixels: int, cell_px: int, axis: int) -> NDArray[np.float32]:
    """Return the means of pairs of cells along one axis, each counted by the pixels in it.

    Parameters
    ----------
    cells : float32 (…)
    pixels : int
        Pixels under all cells of the axis; the last cell may hold fewer than `cell_px`.
    cell_px : int
        Pixels of a whole cell.
    axis : int
    """
    sizes = _sizes(pixels, cell_px)
    lined = np.moveaxis(cells, axis, -1)
    first, second = slice(0, len(sizes) // 2 * 2, 2), slice(1, None, 2)
    sums = lined[..., first] * sizes[first] + lined[..., second] * sizes[second]
    means = np.asarray(sums / (sizes[first] + sizes[second]), np.float32)
    if len(sizes) % 2:
        means = np.concatenate([means, lined[..., -1:]], axis=-1)
    return np.moveaxis(means, -1, axis)


def _sizes(pixels: int, cell_px: int) -> NDArray[np.float32]:
    """Pixels in each cell of a line."""
    sizes = np.full(-(-pixels // cell_px), cell_px, np.float32)
    sizes[-1] = pixels - (len(sizes) - 1) * cell_px
    return sizes


def _sums(plane: NDArray[np.uint8], raster: Raster, step: int, across: int) -> NDArray[np.float32]:
    """Sum of the volumes in cells of packed rows (rows, bytes): float32 (ceil(rows / step), across)."""
    pixels = 8 // raster.bits
    rows = -(-len(plane) // step) * step
    width = -(-across * step // pixels)
    if plane.shape != (rows, width):
        plane = np.pad(plane, ((0, rows - len(plane)), (0, width - plane.shape[1])))
    table, unit = _volume_sums(raster.drop_volumes, pixels, step)
    if table.shape[1] == 1:
        volumes = cv2.LUT(np.ascontiguousarray(plane), table[:, 0])
    else:
        volumes = np.take(table, plane, axis=0, mode="clip").reshape(rows, -1)
    lines = np.add.reduce(np.asarray(volumes).reshape(rows // step, step, -1), axis=1, dtype=np.uint16)
    sums = lines.astype(np.float32) * unit
    side = min(step, pixels)
    while side < step:
        sums, side = sums[:, 0::2] + sums[:, 1::2], 2 * side
    return sums[:, :across]


@lru_cache(maxsize=32)
def _volume_sums(drop_volumes: tuple[float, ...], pixels: int, step: int) -> tuple[NDArray[np.uint16], np.float32]:
    """Summed volumes of the pixels of each byte value, in groups that lie in one cell.

    Returns
    -------
    uint16 (256, groups)
        So scaled that the sum over `step` rows still fits; at 8 rows of 4 pixels that is 0.05 % of a drop.
    float32
        What one count is worth.
    """
    grouped = min(step, pixels)
    volumes = np.zeros(256)
    volumes[: len(drop_volumes)] = drop_volumes
    counts = np.rint(volumes * (_SUM_MAX // (grouped * step)))[unpacking(8 // pixels).view(np.uint8)]
    sums = counts.reshape(256, pixels // grouped, grouped).sum(axis=2).astype(np.uint16)
    return sums, np.float32(1 / (_SUM_MAX // (grouped * step)))
