"""The forward model: from ink coverage to the colour of the dry print. Computed from the ink set, not measured.

Yule-Nielsen modified Neugebauer in three wide bands (ROMM red, green, blue). The solid overprints are not known, so
they are estimated: the transmittances of the single inks multiply, as dyes in a fibre do, over a small surface
reflection that no dye takes away. With such overprints the Neugebauer sum over all 2ⁿ primaries (weights by Demichel)
factorises exactly into one product over the inks,

    R = s + (W − s) · ∏ᵢ (1 − cᵢ·kᵢ)ⁿ        with kᵢ = 1 − ((Rᵢ − s) / (W − s))^(1/n)

so the profile, the proof and a camera check can all use this very formula.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rip.colour import BANDS_TO_XYZ, D50, XYZ_TO_BANDS, XYZ_TO_SRGB, lab_to_xyz, xyz_to_lab
from rip.condition import Condition

YULE_NIELSEN_N = 2.0
"""Light spreading in the cloth between drops; default from practice, editable with a new profile version."""

SURFACE_SHARE = 0.6
"""Part of the darkest ink's reflectance taken for surface reflection; default from practice, editable."""

SELECTIVE = 0.1
"""By how much an ink must absorb one band more than the others to be a primary; default from practice, editable."""

Float = NDArray[np.float64]


@dataclass(frozen=True)
class Share:
    """How an ink's tone is shared with its light inks.

    Attributes
    ----------
    tones : float64 (members, steps)
        Tone of the dark ink, then of each light one, over even steps of the tone wanted, 0..1.
    k : float64 (members, 3)
        Of the formula, for each member.
    """

    tones: Float
    k: Float


@dataclass(frozen=True)
class InkModel:
    """Numbers of the formula above, per band.

    Attributes
    ----------
    white, surface : float64 (3,)
        W and s.
    k : float64 (inks, 3)
    n : float
    shares : tuple of Share or None
        For each ink; empty if none shares.
    total : float
        Most ink in all (2.5 = 250 %): sharing ends there.
    """

    white: Float
    surface: Float
    k: Float
    n: float
    shares: tuple[Share | None, ...] = ()
    total: float = math.inf

    @classmethod
    def of(cls, condition: Condition) -> "InkModel":
        """Fit the model to the solids of a condition's inks on its cloth."""
        white = XYZ_TO_BANDS @ lab_to_xyz(np.array(condition.white_lab))
        solids = np.array([XYZ_TO_BANDS @ lab_to_xyz(np.array(ink.lab)) for ink in condition.inks])
        solids = np.clip(solids, 1e-4, white)
        surface = SURFACE_SHARE * solids.min(axis=0)
        transmittance = (solids - surface) / (white - surface)
        return cls(white, surface, 1 - transmittance ** (1 / YULE_NIELSEN_N), YULE_NIELSEN_N)

    def factors(self, coverage: Float) -> tuple[Float, Float]:
        """Factors of the product for coverages (…, inks), and their slopes over them, float64 (…, inks, 3) both."""
        factors = 1 - coverage[..., None] * self.k
        slopes = np.broadcast_to(-self.k, factors.shape)
        if not any(self.shares):
            return factors, slopes
        slopes = slopes.copy()
        shared = self._shared(coverage)
        for ink, share in enumerate(self.shares):
            if share is None:
                continue
            rising = np.zeros((*factors.shape[:-2], 3))
            factors[..., ink, :] = 1
            for member, k in enumerate(share.k):
                tone, slope = _at(share.tones[member], coverage[..., ink])
                if member == 0:
                    tone = shared * tone + (1 - shared) * coverage[..., ink]
                    slope = shared * slope + (1 - shared)
                else:
                    tone, slope = shared * tone, shared * slope
                left = 1 - tone[..., None] * k
                factors[..., ink, :] *= left
                rising -= slope[..., None] * k / left
            slopes[..., ink, :] = factors[..., ink, :] * rising
        return factors, slopes

    def _shared(self, coverage: Float) -> Float:
        """Part (0..1) of the sharing for which there is room below the total limit."""
        plain = coverage.sum(axis=-1)
        more = np.zeros_like(plain)
        for ink, share in enumerate(self.shares):
            if share is not None:
                more += _at(share.tones.sum(axis=0), coverage[..., ink])[0] - coverage[..., ink]
        return np.clip((self.total - plain) / np.maximum(more, 1e-9), 0, 1)

    def light(self, coverage: Float) -> Float:
        """Product over the inks, float64 (…, 3), of coverages (…, inks) 0..1: what is left of the light before ⁿ."""
        return np.prod(self.factors(coverage)[0], axis=-2)

    def xyz(self, coverage: Float) -> Float:
        """XYZ (D50), float64 (…, 3), of coverages (…, inks), each 0..1."""
        return self._xyz_of_light(self.light(coverage))

    def lab(self, coverage: Float) -> Float:
        """CIELAB (D50) as measured, float64 (…, 3), of coverages (…, inks), each 0..1."""
        return xyz_to_lab(self.xyz(coverage))

    def relative_lab(self, coverage: Float) -> Float:
        """CIELAB relative to the cloth: unprinted cloth is 100, 0, 0 (ICC media-relative)."""
        return self.relative_lab_of_light(self.light(coverage))

    def relative_lab_of_light(self, light: Float) -> Float:
        """CIELAB relative to the cloth, float64 (…, 3), of products over the inks (…, 3), see `light`."""
        return xyz_to_lab(self._xyz_of_light(light) * (D50 / self.white_xyz))

    def _xyz_of_light(self, light: Float) -> Float:
        return (self.surface + (self.white - self.surface) * light**self.n) @ BANDS_TO_XYZ.T

    def only(self, inks: Sequence[int]) -> "InkModel":
        """Return the model of some of the inks on the same cloth."""
        return replace(self, k=self.k[list(inks)], shares=tuple(self.shares[ink] for ink in inks if self.shares))

    def primaries(self, inks: Sequence[int]) -> tuple[int | None, int | None, int | None]:
        """Return which of the inks does a cyan's, a magenta's and a yellow's work, None where none does.

        That is the ink that absorbs the red, the green or the blue band most selectively.
        """
        choice = self.k * 1.5 - self.k.sum(axis=1, keepdims=True) / 2  # this band less the mean of the others
        open_inks = set(inks)
        found: list[int | None] = [None, None, None]
        while open_inks and None in found:
            bands = [band for band in range(3) if found[band] is None]
            ink, band = max(((ink, band) for ink in sorted(open_inks) for band in bands), key=lambda at: choice[at])
            if choice[ink, band] < SELECTIVE:
                break
            found[band] = ink
            open_inks.remove(ink)
        return found[0], found[1], found[2]

    @property
    def white_xyz(self) -> Float:
        """XYZ of the unprinted cloth."""
        return BANDS_TO_XYZ @ self.white

    def srgb_terms(self) -> tuple[Float, Float]:
        """Return matrix (3, 3) and offset (3,) from the light product (bands) to linear sRGB, absolute."""
        to_srgb = XYZ_TO_SRGB @ BANDS_TO_XYZ
        return to_srgb * (self.white - self.surface), to_srgb @ self.surface


def _at(curve: Float, place: Float) -> tuple[Float, Float]:
    """Value and slope of a curve over even steps of 0..1."""
    steps = len(curve) - 1
    left = np.clip((place * steps).astype(np.intp), 0, steps - 1)
    rise = curve[left + 1] - curve[left]
    return curve[left] + rise * (place * steps - left), rise * steps
