"""From colours of the artwork to ink tones: media-relative colorimetric, with black point compensation.

White of the design is bare cloth; the darkest colour of the design becomes the darkest the inks make, and what lies
between is scaled in XYZ, so that shadows keep their detail. LittleCMS compensates black points for a few device spaces
only, so it is done here, between the two profiles, for all alike.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rip.channels import Channels, channels_of
from rip.colour import lab_to_xyz, xyz_to_lab
from rip.condition import Condition
from rip.icc import Lut, read_header, write_table
from rip.labtable import FINE, lab_grid
from rip.littlecms import builtin, gridpoints, transform
from rip.profile import load_profile

RGB_NODES = 52
"""Nodes per axis of a table for speed: every fifth 8-bit code."""

Tones = NDArray[np.uint16]


@dataclass(frozen=True)
class Rendering:
    """What turns Lab into the ink tones of one condition.

    Attributes
    ----------
    target : bytes
        ICC profile of the condition.
    channels : Channels
    target_black : float
        Y of the darkest neutral the inks make, media-relative.
    """

    target: bytes
    channels: Channels
    target_black: float

    def amounts(self, lab: Tones) -> Tones:
        """Return tones of the inks a colour is separated into, uint16 (n, inks), 65535 = solid, by the profile."""
        device = transform(lab, builtin("lab4"), self.target)
        return 65535 - device if read_header(self.target).additive else device

    def tones(self, lab: Tones, source_black: float = 0.0) -> Tones:
        """Return channel tones (n, inks) of colours.

        Parameters
        ----------
        lab : uint16 (n, 3)
            Media-relative, in the encoding of ICC version 4.
        source_black : float
            Y of the artwork's darkest colour.
        """
        return self.channels.tones(self.amounts(compensated(lab, source_black, self.target_black)))

    def rgb_table(self, source: bytes, nodes: int = RGB_NODES) -> Tones:
        """Return channel tones uint16 (nodes, nodes, nodes, inks) over evenly spaced RGB of a source profile."""
        axis = np.rint(np.linspace(0, 65535, nodes)).astype(np.uint16)
        rgb = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
        tones = self.tones(transform(rgb, source, builtin("lab4")), black_of(source))
        tones[-1] = 0  # white of the design is bare cloth, whatever a customer's profile says
        return tones.reshape(nodes, nodes, nodes, -1)

    def lab_table(self, source_black: float) -> Tones:
        """Return channel tones uint16 (65, 65, 65, inks) over the Lab grid of `rip.labtable`."""
        return self.tones(encode_lab(lab_grid(FINE)), source_black).reshape(FINE, FINE, FINE, -1)


class Interpolator:
    """A table of 3 inputs ready for tetrahedral interpolation of whole pictures.

    Parameters
    ----------
    table : uint16 (g, g, g, inks)
    curves : uint16 (3, 65536), optional
        From each input to its place in the table, 0..65535; straight without.
    """

    def __init__(self, table: Tones, curves: Tones | None = None) -> None:
        straight = np.tile(np.array([0, 65535], np.uint16), (3, 1))
        self._profiles = write_table(Lut(straight, table))
        self._flags = gridpoints(len(table))
        self._curves = curves

    def __call__(self, pixels: Tones) -> Tones:
        """Return uint16 (…, inks) of pixels uint16 (…, 3)."""
        if self._curves is not None:
            pixels = np.stack([curve.take(pixels[..., at]) for at, curve in enumerate(self._curves)], axis=-1)
        return transform(pixels, *self._profiles, self._flags)


@lru_cache(maxsize=8)
def rendering_of(condition: Condition, folder: Path) -> Rendering:
    """Return what renders into a condition's inks; its profile is kept in the folder.

    Raises
    ------
    ProfileError
        If LittleCMS cannot use the condition's own profile.
    """
    target = load_profile(condition, folder)
    return Rendering(target, channels_of(condition), _darkest(target))


def encode_lab(lab: NDArray[np.float64]) -> Tones:
    """Encode CIELAB (…, 3) as uint16, the form of ICC version 4: L* 100 is 65535, a* and b* 0 are 0x8080."""
    scaled = np.stack([lab[..., 0] * 655.35, (lab[..., 1] + 128) * 257, (lab[..., 2] + 128) * 257], axis=-1)
    return np.clip(np.rint(scaled), 0, 65535).astype(np.uint16)


def decode_lab(code: Tones) -> NDArray[np.float64]:
    """Decode `encode_lab`."""
    return code / (655.35, 257, 257) - (0, 128, 128)


def compensated(lab: Tones, source_black: float, target_black: float) -> Tones:
    """Scale colours in XYZ so that white stays and one neutral black (Y) becomes the other."""
    scale = (1 - target_black) / (1 - source_black)
    if scale == 1:
        return lab
    white = lab_to_xyz(np.array([100.0, 0, 0]))
    return encode_lab(xyz_to_lab(lab_to_xyz(decode_lab(lab)) * scale + white * (1 - scale)))


@lru_cache(maxsize=16)
def black_of(profile: bytes) -> float:
    """Return Y of the darkest neutral of an artwork's profile, media-relative."""
    header = read_header(profile)
    if header.space == "Lab ":
        return 0.0
    if header.device_class == "prtr":
        return _darkest(profile)
    dark = np.full((1, header.channels), 0 if header.additive else 65535, np.uint16)
    return _luminance(transform(dark, profile, builtin("lab4")))


@lru_cache(maxsize=16)
def _darkest(profile: bytes) -> float:
    """Y of what an output profile makes of the darkest colour there is."""
    black = encode_lab(np.zeros((1, 3)))
    return _luminance(transform(transform(black, builtin("lab4"), profile), profile, builtin("lab4")))


def _luminance(lab: Tones) -> float:
    return float(lab_to_xyz(np.array([decode_lab(lab)[0, 0], 0, 0]))[1])
