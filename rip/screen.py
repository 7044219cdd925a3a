"""Screening: ink tones to drop levels through a mask.

Levels are stacked: level k is set where the tone exceeds the k-th threshold, so level = Σₖ (v > Tₖ). The thresholds
fold the drop volumes in: between the volumes V(k−1) and Vₖ the share of pixels at level k rises linearly, so the mean
drop volume over a mask is the tone, for every tone and whatever the volumes are. What is here is the definition;
`rip.hot` does the same fast, for all inks at once.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rip.mask import Mask
from rip.packed import Bytes


def thresholds(tile: NDArray[np.uint16], drop_volumes: tuple[float, ...]) -> Bytes:
    """Fold drop volumes into a tile of the mask.

    Parameters
    ----------
    tile : uint16 (rows, columns)
        Ranking, every rank once.
    drop_volumes : tuple of n float
        Volume of each level, n ≥ 2, rising from 0 to 1.

    Returns
    -------
    uint8 (n − 1, rows, columns)
        T₁ … T(n−1); a tone v (0..255) sets level k where v > Tₖ.
    """
    place = (tile + 0.5) / tile.size
    volumes = np.array(drop_volumes)
    low, high = volumes[:-1, None, None], volumes[1:, None, None]
    return np.floor(255 * (low + (high - low) * place)).astype(np.uint8)


def ink_tile(tile: NDArray[np.uint16], ink: int) -> NDArray[np.uint16]:
    """Return a tile of the mask for one ink: shifted across, every second ink's end for end.

    So drops of no two inks fall together, and each ink's tiles meet as those of the mask do: a shift along would tear
    them apart. An ink's tile mirrored left for right would share whole columns with that of another.
    """
    if ink & 1:
        tile = tile[::-1]
    columns = tile.shape[1]
    return np.roll(tile, (ink * 5 % 16 * 8 + ink // 16 * 4) * columns // 128, axis=1)


def ink_thresholds(mask: Mask, drop_volumes: tuple[float, ...], ink: int) -> Bytes:
    """Return the thresholds of one ink down the mask: uint8 (levels - 1, mask rows, columns), see `thresholds`."""
    return down(mask, lambda tile: thresholds(ink_tile(tile, ink), drop_volumes))


def down(mask: Mask, of_tile: Callable[[NDArray[np.uint16]], NDArray]) -> NDArray:
    """Return what is made of each tile, (…, rows, columns), one below the other as in the mask."""
    tiles = [of_tile(mask.tile)] * mask.times
    if mask.closing is not None:
        tiles.append(of_tile(mask.closing))
    return np.concatenate(tiles, axis=-2)


def screen_plainly(tones: Bytes, tiles: Bytes, first_row: int) -> Bytes:
    """Return levels of tones, uint8 (rows, width) both, at `first_row` of the period: the definition, the slow way."""
    _, mask_rows, mask_columns = tiles.shape
    y = (first_row + np.arange(tones.shape[0])) % mask_rows
    x = np.arange(tones.shape[1]) % mask_columns
    levels = np.zeros(tones.shape, np.uint8)
    for tile in tiles:
        levels += tones > tile[y[:, None], x[None, :]]
    return levels
