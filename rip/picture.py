"""A picture of the first periods of a job, small enough for a screen."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from rip.appearance import proof
from rip.condition import Condition
from rip.raster import Raster

_BAND_ROWS = 256


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
    rows_kept = raster.period_rows - raster.period_rows % 4
    period = np.concatenate(
        [
            proof(raster.coverage(first, min(_BAND_ROWS, rows_kept - first)), condition)
            for first in range(0, rows_kept, _BAND_ROWS)
        ]
    )
    scale = min(1.0, max_px / max(period.shape[:2]))
    width, height = (max(1, round(side * scale)) for side in (period.shape[1], period.shape[0]))
    small = np.asarray(cv2.resize(period, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    periods = max(1, min(math.ceil(width / 2 / height), max_px // height))
    return np.tile(small, (periods, 1, 1))
