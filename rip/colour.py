"""CIE arithmetic the room shares: CIELAB, XYZ (all D50, as in ICC profiles), wide-gamut bands and sRGB.

Sources: CIE 15 for CIELAB; ISO 22028-2 for the ROMM primaries; IEC 61966-2-1 for sRGB, its matrix adapted to D50 by
Bradford as ICC.1 asks.
"""

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]

D50 = np.array([0.9642, 1.0, 0.8249])
"""Profile connection space white (ICC.1)."""

_KNEE = 6 / 29


def lab_to_xyz(lab: Float) -> Float:
    """Convert CIELAB (…, 3) to XYZ (…, 3), white Y = 1."""
    lab = np.asarray(lab, np.float64)
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    return np.where(f > _KNEE, f**3, 3 * _KNEE**2 * (f - 4 / 29)) * D50


def xyz_to_lab(xyz: Float) -> Float:
    """Convert XYZ (…, 3), white Y = 1, to CIELAB (…, 3)."""
    t = np.asarray(xyz, np.float64) / D50
    f = np.where(t > _KNEE**3, np.cbrt(t), t / (3 * _KNEE**2) + 4 / 29)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def _from_primaries(chromaticities: tuple[tuple[float, float], ...], white: Float) -> Float:
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in chromaticities]).T
    return columns * np.asarray(np.linalg.solve(columns, white), np.float64)


BANDS_TO_XYZ: Float = _from_primaries(((0.7347, 0.2653), (0.1596, 0.8404), (0.0366, 0.0001)), D50)
"""ROMM red, green and blue bands to XYZ: wide enough that no ink is negative in any of them."""

XYZ_TO_BANDS: Float = np.asarray(np.linalg.inv(BANDS_TO_XYZ), np.float64)

XYZ_TO_SRGB: Float = np.array(
    [
        [3.1338561, -1.6168667, -0.4906146],
        [-0.9787684, 1.9161415, 0.0334540],
        [0.0719453, -0.2289914, 1.4052427],
    ]
)
"""XYZ (D50) to linear sRGB."""


def srgb_code(linear: Float) -> Float:
    """Return the sRGB code value (0..1) of linear light (0..1)."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def lab_to_srgb(lab: tuple[float, float, float]) -> tuple[int, int, int]:
    """Return the 8-bit sRGB of a CIELAB (D50) colour, cut to the gamut."""
    code = srgb_code(XYZ_TO_SRGB @ lab_to_xyz(np.array(lab)))
    red, green, blue = (int(value) for value in np.rint(code * 255))
    return red, green, blue
