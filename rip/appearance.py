"""What the dry print will look like: the ink model of the profile, over whole pictures, fast."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from rip.colour import srgb_code
from rip.condition import STRAIGHT, Condition
from rip.inkmodel import InkModel

_CODES = 4096
_BAND_PX = 8192


@dataclass(frozen=True)
class _Terms:
    """The model's numbers in float32; the offset rounds codes of linear light to the nearest."""

    k: NDArray[np.float32]
    matrix: NDArray[np.float32]
    offset: NDArray[np.float32]
    n: float
    tone_of_volume: tuple[tuple[NDArray[np.float32], NDArray[np.float32]] | None, ...]


@lru_cache(maxsize=16)
def _terms(condition: Condition) -> _Terms:
    model = InkModel.of(condition)
    matrix, offset = model.srgb_terms()
    scale = _CODES - 1
    curves = [None if ink.linear == STRAIGHT else np.array(ink.linear, np.float32).T[::-1] for ink in condition.inks]
    return _Terms(
        k=model.k.astype(np.float32),
        matrix=(matrix * scale).astype(np.float32),
        offset=(offset * scale + 0.5).astype(np.float32),
        n=model.n,
        tone_of_volume=tuple(None if curve is None else (curve[0], curve[1]) for curve in curves),
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
        Mean relative drop volume of each channel, light inks included, 0..1.
    condition : Condition

    Returns
    -------
    uint8 (h, w, 3)
        sRGB; absolute, so unprinted cloth has the cloth's own white.
    """
    terms = _terms(condition)
    codes = _srgb_codes()
    inks, height, width = coverage.shape
    flat = np.ascontiguousarray(coverage, np.float32).reshape(inks, -1)
    look = np.empty((flat.shape[1], 3), np.uint8)
    light = np.empty((3, _BAND_PX), np.float32)
    factor = np.empty(_BAND_PX, np.float32)
    for first in range(0, flat.shape[1], _BAND_PX):
        band = flat[:, first : first + _BAND_PX]
        size = band.shape[1]
        _light(terms, band, light[:, :size], factor[:size])
        linear = terms.matrix @ light[:, :size]
        linear += terms.offset[:, None]
        np.clip(linear, 0, _CODES - 1, out=linear)
        found = np.take(codes, linear.astype(np.intp), mode="clip")
        cv2.merge([found[0:1], found[1:2], found[2:3]], dst=look[None, first : first + size])
    return look.reshape(height, width, 3)


def predicted_lab(tones: NDArray[np.uint8], condition: Condition) -> NDArray[np.float64]:
    """Predict the CIELAB (D50, absolute, …, 3) of flat areas of ink tones uint8 (…, lanes): the proof, exactly."""
    volumes = np.asarray(tones, np.float64)[..., : len(condition.inks)] / 255
    coverage = np.empty_like(volumes)
    for at, ink in enumerate(condition.inks):
        wanted, volume = np.array(ink.linear).T
        coverage[..., at] = np.interp(volumes[..., at], volume, wanted)
    return InkModel.of(condition).lab(coverage)


def _light(terms: _Terms, band: NDArray[np.float32], light: NDArray[np.float32], factor: NDArray[np.float32]) -> None:
    """Fill in what the inks leave of the light of each band of the spectrum."""
    # most places hold few of many inks: those without any cost one look
    at_work = np.flatnonzero(band.max(axis=1))
    if not len(at_work):
        light.fill(1)
    for place, ink in enumerate(at_work):
        curve = terms.tone_of_volume[ink]
        tone = band[ink] if curve is None else np.interp(band[ink], *curve).astype(np.float32)
        for channel in range(3):
            term = light[channel] if place == 0 else factor
            np.multiply(tone, -terms.k[ink, channel], out=term)
            term += 1
            if place:
                light[channel] *= term
    if terms.n == 2:
        light *= light
    else:
        np.power(light, terms.n, out=light)
