"""Total ink made visible: as a heat map, and against what the cloth bears."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from rip.colour import lab_to_srgb

NEAR_LIMIT = 0.95
OVER_LIMIT = 1.02
"""Shares of the total limit from which an area counts as near it, and above which as over it; screening alone moves an
area's total by about 1 %. Default from practice, editable."""

NEAR_COLOUR = (232, 198, 142)
OVER_COLOUR = (226, 32, 40)
HATCH_COLOUR = (30, 30, 30)
_HATCH_PX, _HATCH_WIDE_PX = 8, 2
_LIGHTEST, _DARKEST = 96, 14


def heat_colours(count: int = 256) -> NDArray[np.uint8]:
    """Return the colours from no ink to the total limit: uint8 (count, 3), sRGB.

    CIELAB lightness falls evenly while the hue goes from yellow over green to blue: more ink is darker for every eye.
    """
    share = np.linspace(0, 1, count)
    light = _LIGHTEST + (_DARKEST - _LIGHTEST) * share
    hue, chroma = np.radians(100 + 175 * share), 38 * np.sin(np.pi * (0.08 + 0.84 * share))
    lab = zip(light.tolist(), (chroma * np.cos(hue)).tolist(), (chroma * np.sin(hue)).tolist(), strict=True)
    return np.array([lab_to_srgb(colour) for colour in lab], np.uint8)


def heat_map(share: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the picture, uint8 (h, w, 3) sRGB, of shares of the total limit, float32 (h, w); above 1 as at 1."""
    return _scale()[np.minimum(share * 255, 255).astype(np.uint8)]


def limit_map(share: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the picture, uint8 (h, w, 3) sRGB, of shares of the total limit, float32 (h, w).

    Grey below the limit, sand near it, red and hatched over it, so that it can be read without colour.
    """
    picture = (240 - 90 * np.minimum(share, 1)).astype(np.uint8)[:, :, None].repeat(3, axis=2)
    picture[share >= NEAR_LIMIT] = NEAR_COLOUR
    over = share > OVER_LIMIT
    picture[over] = OVER_COLOUR
    rows, columns = np.indices(share.shape)
    picture[over & ((rows + columns) % _HATCH_PX >= _HATCH_PX - _HATCH_WIDE_PX)] = HATCH_COLOUR
    return picture


@lru_cache(maxsize=1)
def _scale() -> NDArray[np.uint8]:
    return heat_colours()
