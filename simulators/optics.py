"""How printed cloth looks to the simulated camera: coverage of ink to density, density to sRGB code values.

An own model, on purpose not the one the prints are predicted with: the inks' absorptions add up per channel of linear
sRGB (dyes in a fibre), tone follows Murray-Davies with a dot gain, over a surface reflection no dye takes away.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["DENSITY_SCALE", "FULL_COVER", "TEXTURE_ZERO", "Optics", "linear_srgb", "optics"]

FULL_COVER = 252
"""Code of a fully covered camera pixel: 16 device pixels of the largest drop."""

DENSITY_SCALE = 3000.0
"""Codes (uint16) per natural unit of density."""

TEXTURE_ZERO = 1500
"""Density code that texture and light add where they neither lighten nor darken."""

DOT_GAIN = 0.14  # at half tone; default from practice, editable
SURFACE = 0.006  # reflection of the fibre's surface; default from practice, editable

# CIELAB (D50) of solids on white cloth where a raster does not say its own; default from practice, editable
DEFAULT_WHITE = (93.0, 0.0, 2.0)
DEFAULT_LABS = {
    "cyan": (54.0, -32.0, -45.0),
    "magenta": (47.0, 70.0, -4.0),
    "yellow": (86.0, -5.0, 88.0),
    "black": (18.0, 0.0, -2.0),
}

# D50 XYZ to linear sRGB: IEC 61966-2-1 primaries, Bradford adaptation
_TO_SRGB = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
_D50 = np.array([0.9642, 1.0, 0.8249])


@dataclass(frozen=True, slots=True, eq=False)
class Optics:
    """Look-up tables of one raster's inks on its cloth.

    Attributes
    ----------
    volume : uint8 (256,)
        Packed byte (four device pixels of 2 bits) to covered share; four rows add up to ``FULL_COVER`` at most.
    density : uint16 (inks, 3, 256)
        Coverage code of an ink to the density it adds in a channel.
    code : uint8 (3, 65536)
        Density, texture included, to the sRGB code value of a channel.
    """

    volume: NDArray[np.uint8]
    density: NDArray[np.uint16]
    code: NDArray[np.uint8]


def linear_srgb(lab: Sequence[float]) -> NDArray[np.float64]:
    """Linear sRGB (3,) of a CIELAB (D50) colour, kept inside 0.003..1."""
    y = (lab[0] + 16) / 116
    f = np.array([y + lab[1] / 500, y, y - lab[2] / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * _D50
    return np.clip(_TO_SRGB @ xyz, 0.003, 1.0)


def optics(meta: dict[str, Any], drop_volumes: tuple[float, ...]) -> Optics:
    """Tables for a raster's metadata (``inks`` with ``name`` and ``lab``, ``white_lab``)."""
    white = linear_srgb(meta.get("white_lab", DEFAULT_WHITE))
    cover = np.minimum(np.arange(256) / FULL_COVER, 1.0)
    cover = np.minimum(cover + 4 * DOT_GAIN * cover * (1 - cover), 1.0)
    density = []
    for ink in meta["inks"]:
        solid = linear_srgb(ink.get("lab") or DEFAULT_LABS.get(ink["name"], DEFAULT_LABS["black"]))
        through = np.clip((solid - SURFACE) / (white - SURFACE), 0.004, 0.995)
        density.append(-np.log(1 - cover[None] * (1 - through[:, None])))
    byte = np.arange(256)
    volumes = np.array(drop_volumes)
    four = sum(volumes[(byte >> shift) & 3] for shift in (6, 4, 2, 0))
    light = np.exp(-(np.arange(65536) - TEXTURE_ZERO) / DENSITY_SCALE)
    linear = np.clip(SURFACE + (white - SURFACE)[:, None] * light, 0.0, 1.0)
    code = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return Optics(
        volume=np.rint(four * (FULL_COVER / 16)).astype(np.uint8),
        density=np.rint(np.array(density) * DENSITY_SCALE).astype(np.uint16),
        code=np.rint(code * 255).astype(np.uint8),
    )
