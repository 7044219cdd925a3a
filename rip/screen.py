"""Screening: ink tones to drop levels through a mask, and packing levels four to a byte.

Levels are stacked: level k is set where the tone exceeds the k-th threshold, so level = Σₖ (v > Tₖ). The thresholds
fold the drop volumes in: between the volumes V(k−1) and Vₖ the share of pixels at level k rises linearly, so the mean
drop volume over a mask is the tone, for every tone and whatever the volumes are.
"""

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

CHUNK_ROWS, CHUNK_COLUMNS = 32, 4096
"""Tones, thresholds, levels and flags of one chunk stay in a core's second-level cache."""

_SHIFTS = ((0, 0), (37, 59), (71, 23), (17, 97))
"""Rows and columns by which each ink's mask is shifted, so that drops of different inks do not fall together."""

_PACK = np.uint32(0x40100401)


def thresholds(mask: NDArray[np.uint16], drop_volumes: tuple[float, ...]) -> Bytes:
    """Fold drop volumes into a mask.

    Parameters
    ----------
    mask : uint16 (rows, columns)
        Ranking, every rank once.
    drop_volumes : tuple of 4 float
        Rising from 0 to 1.

    Returns
    -------
    uint8 (3, rows, columns)
        T₁..T₃; a tone v (0..255) sets level k where v > Tₖ.
    """
    place = (mask + 0.5) / mask.size
    volumes = np.array(drop_volumes)
    low, high = volumes[:-1, None, None], volumes[1:, None, None]
    return np.floor(255 * (low + (high - low) * place)).astype(np.uint8)


def ink_thresholds(mask: NDArray[np.uint16], drop_volumes: tuple[float, ...], ink: int) -> Bytes:
    """Return the thresholds of one ink: the shared mask at this ink's own shift."""
    return np.roll(thresholds(mask, drop_volumes), _SHIFTS[ink], axis=(1, 2))


def screen_plainly(tones: Bytes, tiles: Bytes, first_row: int) -> Bytes:
    """Return levels of tones (rows, width) that lie at `first_row` of the period: the definition, and the slow way."""
    _, mask_rows, mask_columns = tiles.shape
    y = (first_row + np.arange(tones.shape[0])) % mask_rows
    x = np.arange(tones.shape[1]) % mask_columns
    return (tones > tiles[:, y[:, None], x[None, :]]).sum(axis=0).astype(np.uint8)


def pack(levels: Bytes) -> Bytes:
    """Pack levels (rows, width) to bytes (rows, ceil(width / 4)), first pixel in the high bits."""
    width = levels.shape[1]
    padded = np.pad(levels, ((0, 0), (0, -width % 4)))
    packed = (padded[:, 0::4] << 6) | (padded[:, 1::4] << 4) | (padded[:, 2::4] << 2) | padded[:, 3::4]
    return np.asarray(packed, np.uint8)


class Screener:
    """Screens and packs bands of one ink; same result as `screen_plainly` and `pack`, in cache-sized chunks.

    Parameters
    ----------
    tiles : uint8 (3, mask rows, 128)
        See `ink_thresholds`.
    """

    def __init__(self, tiles: Bytes) -> None:
        repeats = CHUNK_COLUMNS // tiles.shape[2]
        self._tiles = np.tile(tiles, (1, 1, repeats))
        self._flags = np.empty((CHUNK_ROWS, CHUNK_COLUMNS), np.bool_)
        self._levels = np.empty((CHUNK_ROWS, CHUNK_COLUMNS), np.uint8)
        self._words = np.empty((CHUNK_ROWS, CHUNK_COLUMNS // 4), np.uint32)

    def screen(self, tones: Bytes, first_row: int, out: Bytes) -> None:
        """Screen a band.

        Parameters
        ----------
        tones : uint8 (rows, width)
            Width a multiple of 4: pad with tone 0, which sets no drop.
        first_row : int
            Row of the period on which the band begins.
        out : uint8 (rows, width / 4)
            Receives the packed levels.
        """
        rows, width = tones.shape
        mask_rows = self._tiles.shape[1]
        top = 0
        while top < rows:
            phase = (first_row + top) % mask_rows
            count = min(CHUNK_ROWS, rows - top, mask_rows - phase)
            for left in range(0, width, CHUNK_COLUMNS):
                columns = min(CHUNK_COLUMNS, width - left)
                chunk = tones[top : top + count, left : left + columns]
                one, two, three = self._tiles[:, phase : phase + count, :columns]
                flags = self._flags[:count, :columns]
                levels = self._levels[:count, :columns]
                words = self._words[:count, : columns // 4]
                np.greater(chunk, one, out=levels.view(np.bool_))
                np.greater(chunk, two, out=flags)
                np.add(levels, flags.view(np.uint8), out=levels)
                np.greater(chunk, three, out=flags)
                np.add(levels, flags.view(np.uint8), out=levels)
                # one multiplication moves four 2-bit levels into the top byte of each little-endian word
                np.multiply(levels.view("<u4"), _PACK, out=words)
                np.right_shift(words, 24, out=words)
                out[top : top + count, left // 4 : (left + columns) // 4] = words
            top += count
