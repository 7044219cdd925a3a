"""A picture of the beginning of a job, small enough for a screen: the layout's tiles, put together."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from rip.condition import Condition
from rip.raster import Raster
from rip.tiles import Zoom, tile

FINEST = 2
"""A pixel stands for 4 × 4 drops or more: finer than that drops are seen, not colours."""


def preview(raster: Raster, condition: Condition, max_px: int = 1600, *, rows: int | None = None) -> NDArray[np.uint8]:
    """Return a picture of the dry print.

    Parameters
    ----------
    raster : Raster
    condition : Condition
        The one the raster was made for.
    max_px : int
        Longest side of the picture; the whole print width is shown.
    rows : int, optional
        Of the job; as the raster says, or without an end, unless told.

    Returns
    -------
    uint8 (h, w, 3)
        sRGB. One period, or as many as make half as much length as width, with what lies over them.
    """
    whole = rows or raster.job_rows
    shown = max(raster.period_rows, raster.width_px // 2)
    shown = min(shown if raster.wraps else raster.period_rows, whole or shown)
    zoom = Zoom(raster.width_px, shown)
    scale = min(1 / (1 << FINEST), max_px / max(raster.width_px, shown))
    level = zoom.one_to_one - max(FINEST, math.floor(math.log2(1 / scale)))
    columns, lines = zoom.tiles(level)
    large = np.concatenate(
        [
            np.concatenate([tile(raster, condition, shown, level, column, line) for column in range(columns)], axis=1)
            for line in range(lines)
        ]
    )
    size = tuple(max(1, int(side * scale)) for side in (raster.width_px, shown))
    return np.asarray(cv2.resize(large, size, interpolation=cv2.INTER_AREA), np.uint8)
