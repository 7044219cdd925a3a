"""Screening: ink tones to drop levels through a mask.

Levels are stacked: level k is set where the tone exceeds the k-th threshold, so level = Σₖ (v > Tₖ). The thresholds
fold the drop volumes in: between the volumes V(k−1) and Vₖ the share of pixels at level k rises linearly, so the mean
drop volume over a mask is the tone, for every tone and whatever the volumes are. What is here is the definition;
`rip.hot` does the same fast, for all inks at once.
"""

import numpy as np
from numpy.typing import NDArray

from rip.packed import Bytes


def thresholds(mask: NDArray[np.uint16], drop_volumes: tuple[float, ...]) -> Bytes:
    """Fold drop volumes into a mask.

    Parameters
    ----------
    mask : uint16 (rows, columns)
        Ranking, every rank once.
    drop_volumes : tuple of n float
        Volume of each level, n ≥ 2, rising from 0 to 1.

    Returns
    -------
    uint8 (n − 1, rows, columns)
        T₁ … T(n−1); a tone v (0..255) sets level k where v > Tₖ.
    """
    place = (mask + 0.5) / mask.size
    volumes = np.array(drop_volumes)
    low, high = volumes[:-1, None, None], volumes[1:, None, None]
    return np.floor(255 * (low + (high - low) * place)).astype(np.uint8)


def ink_mask(mask: NDArray[np.uint16], ink: int) -> NDArray[np.uint16]:
    """Return the mask of one ink: the shared one mirrored and shifted, so that drops of no two inks fall together.

    The four mirrorings take turns; inks with the same one lie far apart. Shifts are the fractions of the additive
    sequence with the plastic number (M. Roberts, 2018), which spreads points over a rectangle.
    """
    if ink & 1:
        mask = mask[:, ::-1]
    if ink & 2:
        mask = mask[::-1]
    rows, columns = mask.shape
    return np.roll(mask, (round(ink * 0.5698402910 % 1 * rows), round(ink * 0.7548776662 % 1 * columns)), axis=(0, 1))


def ink_thresholds(mask: NDArray[np.uint16], drop_volumes: tuple[float, ...], ink: int) -> Bytes:
    """Return the thresholds of one ink, uint8 (levels - 1, rows, columns), see `thresholds` and `ink_mask`."""
    return thresholds(ink_mask(mask, ink), drop_volumes)


def screen_plainly(tones: Bytes, tiles: Bytes, first_row: int) -> Bytes:
    """Return levels of tones, uint8 (rows, width) both, at `first_row` of the period: the definition, the slow way."""
    _, mask_rows, mask_columns = tiles.shape
    y = (first_row + np.arange(tones.shape[0])) % mask_rows
    x = np.arange(tones.shape[1]) % mask_columns
    levels = np.zeros(tones.shape, np.uint8)
    for tile in tiles:
        levels += tones > tile[y[:, None], x[None, :]]
    return levels
