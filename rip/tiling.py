"""Filling bands of the period with the repeat, resampled with neighbours taken round the edges: no seam can show."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from rip.layout import Layout

KERNEL = Image.Resampling.HAMMING
"""A positive kernel: it never overshoots, so it cannot break the ink limit or ring round a motif; support 1 pixel."""

_MODES = {1: "L", 3: "RGB", 4: "CMYK"}


def resample_rows(tile: NDArray[np.uint8], width: int, height: int, start: int, count: int) -> NDArray[np.uint8]:
    """Return rows start..start+count of the repeat resampled to width × height.

    Parameters
    ----------
    tile : uint8 (h, w) or (h, w, 3 or 4)
    width, height : int
        Size of the whole resampled repeat.
    start, count : int
        0 ≤ start, start + count ≤ height.

    Returns
    -------
    uint8 (count, width) or (count, width, channels)
    """
    rows, columns = tile.shape[:2]
    if (rows, columns) == (height, width):
        return tile[start : start + count]
    if height > rows:
        return _stretch_rows(tile, width, height, start, count)
    step_y, step_x = rows / height, columns / width
    first = math.floor((start - 1) * step_y) - 1
    last = math.ceil((start + count + 1) * step_y) + 1
    return _resize(tile, first, last, width, count, (start * step_y - first, (start + count) * step_y - first), step_x)


def _stretch_rows(tile: NDArray[np.uint8], width: int, height: int, start: int, count: int) -> NDArray[np.uint8]:
    """Enlarge downwards: each row is a mix of two source rows, so only those are resampled across."""
    rows, columns = tile.shape[:2]
    centre = (np.arange(start, start + count) + 0.5) * rows / height - 0.5
    above = np.floor(centre).astype(int)
    share = centre - above
    weight = _hamming(share) / (_hamming(share) + _hamming(1 - share))
    first, last = int(above[0]), int(above[-1]) + 2
    lines = _resize(tile, first, last, width, last - first, (0.0, float(last - first)), columns / width)
    band = np.empty((count, *lines.shape[1:]), np.uint8)
    for row, (line, near) in enumerate(zip(above - first, weight.tolist(), strict=True)):
        cv2.addWeighted(lines[line], near, lines[line + 1], 1 - near, 0, dst=band[row])
    return band


def _hamming(distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weight of a source row at that distance 0..1; Pillow's kernel of the same name."""
    return np.sinc(distance) * (0.54 + 0.46 * np.cos(np.pi * distance))


def _resize(
    tile: NDArray[np.uint8], first: int, last: int, width: int, count: int, span: tuple[float, float], step_x: float
) -> NDArray[np.uint8]:
    """Resample rows first..last (taken round the edges) to width × count; `span` is the part of them that is meant."""
    rows, columns = tile.shape[:2]
    pad = math.ceil(max(step_x, 1)) + 1
    source = tile[np.arange(first, last) % rows]
    source = source[:, np.arange(-pad, columns + pad) % columns]
    mode = _MODES[1 if tile.ndim == 2 else tile.shape[2]]
    image = Image.frombytes(mode, (source.shape[1], source.shape[0]), source.tobytes())
    return np.asarray(image.resize((width, count), KERNEL, box=(pad, span[0], pad + columns, span[1])))


def lay_band(inks: NDArray[np.uint8], layout: Layout, start: int, out: NDArray[np.uint8]) -> None:
    """Fill rows of the period with the ink tones that lie there.

    Parameters
    ----------
    inks : uint8 (h, w, 4)
        One repeat, any resolution.
    layout : Layout
    start : int
        First row.
    out : uint8 (4, rows, at least width_px)
        Receives the tones; columns beyond the width are left alone.
    """
    bands: dict[int, NDArray[np.uint8]] = {}
    for left, right, shift in layout.columns():
        if shift not in bands:
            bands[shift] = _tile_band(inks, layout, start, out.shape[1], shift)
        out[:, :, left:right] = bands[shift][:, :, : right - left]


def _tile_band(inks: NDArray[np.uint8], layout: Layout, start: int, count: int, shift: int) -> NDArray[np.uint8]:
    """Return rows of the resampled repeat under one column, as planes (4, count, tile width)."""
    rows = layout.tile_rows(start, count, shift)
    runs = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)
    band = np.concatenate(
        [resample_rows(inks, layout.tile_w_px, layout.tile_h_px, int(run[0]), len(run)) for run in runs]
    )
    return np.stack(cv2.split(band), dtype=np.uint8)
