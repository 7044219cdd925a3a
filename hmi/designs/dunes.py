"""Ombré Dunes: waves of continuous tone from sand to dusk, 240 mm; shows steps and bands a press may print."""

import numpy as np
from numpy.typing import NDArray

from hmi.designs.canvas import linear_to_srgb, srgb_to_linear

SIDE_MM = 240.0
PX_PER_MM = 4

PALETTE = ("#2a2f4a", "#5b3f5e", "#9c5a5e", "#cf8a68", "#e6bd8f", "#f2e2c8")
"""From the shadow to the crest."""

_RIDGES = 4
_SWELLS = (
    (1, 0, 0.34, 0.9), (2, 1, 0.12, 2.6), (1, -1, 0.16, 4.4), (1, 2, 0.11, 1.4), (3, -1, 0.022, 5.2),
)  # fmt: skip
"""Whole periods across and along, amplitude in ridges, phase in rad: whole periods make the tile seamless."""


def draw() -> NDArray[np.uint8]:
    """Draw the design.

    Returns
    -------
    NDArray[np.uint8]
        sRGB (960, 960, 3), seamless across and along.
    """
    size = round(SIDE_MM * PX_PER_MM)
    unit = (np.arange(size) + 0.5) / size
    x, y = unit[None, :], unit[:, None]
    height = _RIDGES * y + np.zeros((size, size))
    for across, along, amplitude, phase in _SWELLS:
        height += amplitude * np.sin(2.0 * np.pi * (across * x + along * y) + phase)
    tone = _dune(height)
    # Wind ripples follow the dune, die out on its crest and in its shadow.
    ripple_phase = 2.0 * np.pi * (13.0 * height + 1.1 * np.sin(2.0 * np.pi * (2.0 * x - y)))
    drift = 0.5 + 0.5 * np.sin(2.0 * np.pi * (x + 2.0 * y) + 1.0)
    tone = tone + 0.045 * drift * np.sin(ripple_phase) * np.sin(np.pi * tone) ** 2
    # The light itself wanders over the cloth, so that no two dunes are alike.
    dusk = 0.5 + 0.5 * np.sin(2.0 * np.pi * (x - y) + 0.7)
    tone = tone**0.85 * (0.70 + 0.30 * dusk)
    return np.rint(_colour(np.clip(tone, 0.0, 1.0)) * 255.0).astype(np.uint8)


def _dune(height: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the light 0..1 on dunes with a long windward and a short lee slope, smooth at the crest and the foot."""
    phase = 2.0 * np.pi * height
    return 0.5 + 0.5 * np.sin(phase + 0.60 * np.sin(phase + 0.35 * np.sin(phase)))


def _colour(tone: NDArray[np.float64]) -> NDArray[np.float64]:
    """Blend the palette along tone 0..1 in linear light's cube root, even to the eye; sRGB 0..1 (..., 3)."""
    stops = np.array([list(bytes.fromhex(colour[1:])) for colour in PALETTE]) / 255.0
    lightness = np.cbrt(srgb_to_linear(stops))
    fine = np.linspace(0.0, 1.0, 2048)
    # A Gaussian over the polyline of stops rounds its corners, which would show as lines in a smooth tone.
    reach = np.linspace(-3.0, 3.0, 301)
    weight = np.exp(-0.5 * reach**2)
    ramp = np.empty((fine.size, 3))
    for channel in range(3):
        polyline = np.interp(fine, np.linspace(0.0, 1.0, len(stops)), lightness[:, channel])
        ramp[:, channel] = np.convolve(np.pad(polyline, 150, mode="edge"), weight / weight.sum(), mode="valid")
    srgb = linear_to_srgb(ramp**3)
    return np.stack([np.interp(tone, fine, srgb[:, channel]) for channel in range(3)], axis=-1)
