"""A picture of the first periods of a raster, small enough for a screen; made from the pyramid beside the raster."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from rip.appearance import proof
from rip.cells import mean_cells
from rip.condition import Condition
from rip.pyramid import BASE_LEVEL, load_pyramid
from rip.raster import Raster

_FINEST = 2
"""A pixel stands for 4 × 4 drops or more: finer than that drops are seen, not colours."""


def preview(raster: Raster, condition: Condition, max_px: int = 1600) -> NDArray[np.uint8]:
    """Return the look of the whole width and of as many periods as make the picture at least half as high.

    Parameters
    ----------
    raster : Raster
    condition : Condition
        The one the raster was made for.
    max_px : int
        Longest side.

    Returns
    -------
    uint8 (h, w, 3)
        sRGB.
    """
    scale = min(1 / (1 << _FINEST), max_px / max(raster.width_px, raster.period_rows))
    width, height = (max(1, int(side * scale)) for side in (raster.width_px, raster.period_rows))
    level = max(_FINEST, math.floor(math.log2(1 / scale)))
    if level < BASE_LEVEL:
        coverage = mean_cells(raster.bare, 0, raster.period_rows, 1 << level)
    else:
        coverage = load_pyramid(raster).cells(level).transpose(1, 0, 2) * np.float32(1 / 255)
    period = proof(coverage, condition)
    small = np.asarray(cv2.resize(period, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    periods = max(1, min(math.ceil(width / 2 / height), max_px // height))
    return np.tile(small, (periods, 1, 1))
