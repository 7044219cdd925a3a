"""How far each colour of a design is from what the inks can make: a warning before the cloth shows it."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rip.appearance import predicted_lab
from rip.colour import D50, delta_e00, lab_to_xyz, xyz_to_lab
from rip.condition import Condition
from rip.inkmodel import InkModel
from rip.littlecms import builtin, transform
from rip.rendering import black_of, compensated, decode_lab, rendering_of
from rip.table import rgb_profile

NODES = 64
"""Cells per channel: the distance is known at the middle of each 4 × 4 × 4 codes."""


def gamut_distance(
    rgb: NDArray[np.uint8], condition: Condition, source: bytes | None, folder: Path
) -> NDArray[np.float32]:
    """Return how far the print will be from each pixel's colour.

    Parameters
    ----------
    rgb : uint8 (…, 3)
    condition : Condition
    source : bytes or None
        RGB profile of the artwork; None: sRGB.
    folder : Path
        Cache of profiles.

    Returns
    -------
    float32 (…)
        CIEDE2000 between the colour wanted, its white on the cloth's and its black on the inks', and the print: by the
        customer's own profile if the condition has one, else by the ink model.

    Raises
    ------
    ProfileError
        If a profile cannot be used.
    """
    cell = rgb.astype(np.int32) >> 2
    return _distances(condition, source, folder).take(cell[..., 0] << 12 | cell[..., 1] << 6 | cell[..., 2])


@lru_cache(maxsize=4)
def _distances(condition: Condition, source: bytes | None, folder: Path) -> NDArray[np.float32]:
    """Distance (64³,) at the middle of each cell."""
    rendering, profile = rendering_of(condition, folder), rgb_profile(source)
    axis = np.arange(2, 256, 256 // NODES, dtype=np.uint8)
    rgb = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    lab = transform(rgb, profile, builtin("lab4"))
    wanted = compensated(lab, black_of(profile), rendering.target_black)
    if condition.profile is not None:
        device = transform(wanted, builtin("lab4"), condition.profile)
        found = decode_lab(transform(device, condition.profile, builtin("lab4")))
    else:
        tones = rendering.channels.bytes(rendering.channels.tones(rendering.amounts(wanted)))
        white = InkModel.of(condition).white_xyz
        found = xyz_to_lab(lab_to_xyz(predicted_lab(tones, condition)) * (D50 / white))
    return delta_e00(decode_lab(wanted), found).astype(np.float32)
