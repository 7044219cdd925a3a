"""What the dry print will look like: the ink model of the profile, over whole pictures, fast."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from rip.colour import srgb_code
from rip.condition import Condition
from rip.inkmodel import InkModel

_CODES = 4096
_BAND_PX = 8192


@lru_cache(maxsize=16)
def _terms(condition: Condition) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], float]:
    model = InkModel.of(condition)
    matrix, offset = model.srgb_terms()
    scale = _CODES - 1
    return (
        model.k.astype(np.float32),
        (matrix * scale).astype(np.float32),
        (offset * scale + 0.5).astype(np.float32),
        model.n,
    )


@lru_cache(maxsize=1)
def _srgb_codes() -> NDArray[np.uint8]:
    linear = np.arange(_CODES) / (_CODES - 1)
    return np.rint(255 * srgb_code(linear)).astype(np.uint8)


def proof(coverage: NDArray[np.float32], condition: Condition) -> NDArray[np.uint8]:
    """Predict the look of the dry print on the cloth.

    Parameters
    ----------
    coverage : float32 (inks, h, w)
        Mean relative drop volume, 0..1.
    condition : Condition

    Returns
    -------
    uint8 (h, w, 3)
        sRGB; absolute, so unprinted cloth has the cloth's own white.
    """
    k, matrix, offset, n = _terms(condition)
    codes = _srgb_codes()
    inks, height, width = coverage.shape
    flat = np.ascontiguousarray(coverage, np.float32).reshape(inks, -1)
    look = np.empty((flat.shape[1], 3), np.uint8)
    light = np.empty((3, _BAND_PX), np.float32)
    factor = np.empty(_BAND_PX, np.float32)
    for first in range(0, flat.shape[1], _BAND_PX):
        band = flat[:, first : first + _BAND_PX]
        size = band.shape[1]
        for channel in range(3):
            product, term = light[channel, :size], factor[:size]
            np.multiply(band[0], -k[0, channel], out=product)
            product += 1
            for ink in range(1, inks):
                np.multiply(band[ink], -k[ink, channel], out=term)
                term += 1
                product *= term
            if n == 2:
                product *= product
            else:
                np.power(product, n, out=product)
        linear = matrix @ light[:, :size]
        linear += offset[:, None]
        np.clip(linear, 0, _CODES - 1, out=linear)
        found = np.take(codes, linear.astype(np.intp), mode="clip")
        cv2.merge([found[0:1], found[1:2], found[2:3]], dst=look[None, first : first + size])
    return look.reshape(height, width, 3)
