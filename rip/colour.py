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
    """Convert CIELAB (…, 3) to XYZ (…, 3), white Y = 1, both float64 and of D50."""
    lab = np.asarray(lab, np.float64)
    y = (lab[..., 0] + 16) / 116
    f = np.stack([y + lab[..., 1] / 500, y, y - lab[..., 2] / 200], axis=-1)
    return np.where(f > _KNEE, f**3, 3 * _KNEE**2 * (f - 4 / 29)) * D50


def xyz_to_lab(xyz: Float) -> Float:
    """Convert XYZ (…, 3), white Y = 1, to CIELAB (…, 3), both float64 and of D50."""
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
    """Return the sRGB code value (0..1) of linear light (0..1), float64 of any shape (IEC 61966-2-1)."""
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def lab_to_srgb(lab: tuple[float, float, float]) -> tuple[int, int, int]:
    """Return the 8-bit sRGB of a CIELAB (D50) colour, cut to the gamut."""
    code = srgb_code(XYZ_TO_SRGB @ lab_to_xyz(np.array(lab)))
    red, green, blue = (int(value) for value in np.rint(code * 255))
    return red, green, blue


def delta_e00(one: Float, other: Float) -> Float:
    """Return the CIEDE2000 difference, float64 (…), of CIELAB (…, 3); all parametric factors 1 (ISO/CIE 11664-6)."""
    one, other = np.asarray(one, np.float64), np.asarray(other, np.float64)
    mean_chroma = (np.hypot(one[..., 1], one[..., 2]) + np.hypot(other[..., 1], other[..., 2])) / 2
    stretch = 1.5 - 0.5 * np.sqrt(mean_chroma**7 / (mean_chroma**7 + 25.0**7))
    chroma1, chroma2 = (np.hypot(lab[..., 1] * stretch, lab[..., 2]) for lab in (one, other))
    hue1, hue2 = (np.arctan2(lab[..., 2], lab[..., 1] * stretch) for lab in (one, other))
    turn = np.mod(hue2 - hue1 + np.pi, 2 * np.pi) - np.pi
    lightness = (one[..., 0] + other[..., 0]) / 2
    chroma = (chroma1 + chroma2) / 2
    hue = np.where((chroma1 == 0) | (chroma2 == 0), hue1 + hue2, hue1 + turn / 2)
    t = (
        1
        - 0.17 * np.cos(hue - np.radians(30))
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.radians(6))
        - 0.20 * np.cos(4 * hue - np.radians(63))
    )
    from_blue = np.mod(np.degrees(hue) - 275 + 180, 360) - 180
    rotation = (
        -2 * np.sqrt(chroma**7 / (chroma**7 + 25.0**7)) * np.sin(np.radians(60) * np.exp(-((from_blue / 25) ** 2)))
    )
    l_off = (other[..., 0] - one[..., 0]) / (1 + 0.015 * (lightness - 50) ** 2 / np.sqrt(20 + (lightness - 50) ** 2))
    c_off = (chroma2 - chroma1) / (1 + 0.045 * chroma)
    h_off = 2 * np.sqrt(chroma1 * chroma2) * np.sin(turn / 2) / (1 + 0.015 * chroma * t)
    return np.sqrt(np.maximum(l_off**2 + c_off**2 + h_off**2 + rotation * c_off * h_off, 0))
