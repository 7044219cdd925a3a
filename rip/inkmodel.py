"""The forward model: from ink coverage to the colour of the dry print. Computed from the ink set, not measured.

Yule-Nielsen modified Neugebauer in three wide bands (ROMM red, green, blue). The solid overprints are not known, so
they are estimated: the transmittances of the single inks multiply, as dyes in a fibre do, over a small surface
reflection that no dye takes away. With such overprints the Neugebauer sum over all 2ⁿ primaries (weights by Demichel)
factorises exactly into one product over the inks,

    R = s + (W − s) · ∏ᵢ (1 − cᵢ·kᵢ)ⁿ        with kᵢ = 1 − ((Rᵢ − s) / (W − s))^(1/n)

so the profile, the proof and a camera check can all use this very formula.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rip.colour import BANDS_TO_XYZ, D50, XYZ_TO_BANDS, XYZ_TO_SRGB, lab_to_xyz, xyz_to_lab
from rip.condition import Condition

YULE_NIELSEN_N = 2.0
"""Light spreading in the cloth between drops; default from practice, editable with a new profile version."""

SURFACE_SHARE = 0.6
"""Part of the darkest ink's reflectance taken for surface reflection; default from practice, editable."""

Float = NDArray[np.float64]


@dataclass(frozen=True)
class InkModel:
    """Numbers of the formula above, per band.

    Attributes
    ----------
    white, surface : float64 (3,)
        W and s.
    k : float64 (inks, 3)
    n : float
    """

    white: Float
    surface: Float
    k: Float
    n: float

    @classmethod
    def of(cls, condition: Condition) -> "InkModel":
        """Fit the model to the solids of a condition's inks on its cloth."""
        white = XYZ_TO_BANDS @ lab_to_xyz(np.array(condition.white_lab))
        solids = np.array([XYZ_TO_BANDS @ lab_to_xyz(np.array(ink.lab)) for ink in condition.inks])
        solids = np.clip(solids, 1e-4, white)
        surface = SURFACE_SHARE * solids.min(axis=0)
        transmittance = (solids - surface) / (white - surface)
        return cls(white, surface, 1 - transmittance ** (1 / YULE_NIELSEN_N), YULE_NIELSEN_N)

    def xyz(self, coverage: Float) -> Float:
        """XYZ (D50, …, 3) of coverages (…, inks), each 0..1."""
        light = np.prod(1 - coverage[..., :, None] * self.k, axis=-2) ** self.n
        return (self.surface + (self.white - self.surface) * light) @ BANDS_TO_XYZ.T

    def lab(self, coverage: Float) -> Float:
        """CIELAB (D50) as measured, …, 3."""
        return xyz_to_lab(self.xyz(coverage))

    def relative_lab(self, coverage: Float) -> Float:
        """CIELAB relative to the cloth: unprinted cloth is 100, 0, 0 (ICC media-relative)."""
        return xyz_to_lab(self.xyz(coverage) * (D50 / self.white_xyz))

    @property
    def white_xyz(self) -> Float:
        """XYZ of the unprinted cloth."""
        return BANDS_TO_XYZ @ self.white

    def srgb_terms(self) -> tuple[Float, Float]:
        """Return matrix (3, 3) and offset (3,) from the light product (bands) to linear sRGB, absolute."""
        to_srgb = XYZ_TO_SRGB @ BANDS_TO_XYZ
        return to_srgb * (self.white - self.surface), to_srgb @ self.surface
