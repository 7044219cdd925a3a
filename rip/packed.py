"""Packed drop levels: 2 or 4 bits per pixel, first pixel in the high bits, whole bytes per row."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]


def stored_bits(levels: int) -> int:
    """Bits that a pixel takes in a raster: 2 for up to 4 drop levels, 4 for up to 16, ValueError for more."""
    if not 2 <= levels <= 16:
        raise ValueError(f"{levels} drop levels: a raster holds 2 to 16")
    return 2 if levels <= 4 else 4


LANES = (4, 8, 16)


def lanes_for(inks: int) -> int:
    """Return how many lanes a pixel of so many inks takes in tables and bands of tones; ValueError above 16."""
    if not 1 <= inks <= LANES[-1]:
        raise ValueError(f"{inks} inks: 1 to {LANES[-1]} can be screened")
    return next(lanes for lanes in LANES if lanes >= inks)


def pack(levels: Bytes, bits: int = 2) -> Bytes:
    """Pack levels, uint8 (…, width), to uint8 (…, ceil(width · bits / 8)), first pixel in the high bits."""
    per_byte = 8 // bits
    padding = [(0, 0)] * (levels.ndim - 1) + [(0, -levels.shape[-1] % per_byte)]
    padded = np.pad(levels, padding)
    packed = padded[..., 0::per_byte].copy()
    for place in range(1, per_byte):
        packed <<= bits
        packed |= padded[..., place::per_byte]
    return packed


@lru_cache(maxsize=2)
def unpacking(bits: int) -> NDArray[Any]:
    """Levels of the pixels of each byte value, side by side in one word: uint32 (256,) for 2 bits, uint16 for 4."""
    byte = np.arange(256)
    levels = np.stack([(byte >> shift) & ((1 << bits) - 1) for shift in range(8 - bits, -1, -bits)], axis=1)
    return np.ascontiguousarray(levels.astype(np.uint8)).view(np.uint32 if bits == 2 else np.uint16)[:, 0]


def count_drops(packed: Bytes, bits: int, width_px: int) -> NDArray[np.int64]:
    """Count the drops of each level in contiguous packed rows (rows, row bytes): int64 (2**bits,)."""
    flat = packed.reshape(-1)
    if bits == 2:
        whole = flat.size // 8 * 8
        counts = _count_pairs(flat[:whole].view(np.uint64)) + _count_bytes(flat[whole:], bits)
    else:
        counts = _count_bytes(flat, bits)
    counts[0] -= packed.shape[0] * (packed.shape[1] * 8 // bits - width_px)
    return counts


def _count_pairs(words: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Count 2-bit levels by counting bits: a level 3 has both of its bits set."""
    part = words >> np.uint64(1)
    part &= words
    part &= np.uint64(0x5555555555555555)
    threes = _ones(part)
    np.bitwise_and(words, np.uint64(0xAAAAAAAAAAAAAAAA), out=part)
    twos = _ones(part) - threes
    ones = _ones(words) - twos - 2 * threes
    return np.array([words.size * 32 - ones - twos - threes, ones, twos, threes])


def _ones(words: NDArray[np.uint64]) -> int:
    return int(np.bitwise_count(words).sum(dtype=np.int64))


def _count_bytes(part: Bytes, bits: int) -> NDArray[np.int64]:
    histogram = np.bincount(part, minlength=256)
    byte, counts = np.arange(256), np.zeros(1 << bits, np.int64)
    for shift in range(0, 8, bits):
        np.add.at(counts, (byte >> shift) & ((1 << bits) - 1), histogram)
    return counts


class CellSums:
    """Sums of drop volumes over square cells of packed rows.

    Parameters
    ----------
    drop_volumes : tuple of float
        Relative volume of each level.
    bits : {2, 4}
    """

    def __init__(self, drop_volumes: tuple[float, ...], bits: int) -> None:
        self._bits = bits
        # a level without a volume cannot be in a checked file
        volumes = np.pad(np.array(drop_volumes, np.float64), (0, (1 << bits) - len(drop_volumes)))
        levels = unpacking(bits).view(np.uint8).reshape(256, -1)
        self._volumes = volumes.astype(np.float32)
        self._of_byte = volumes[levels].sum(axis=1).astype(np.float32)

    def add_up(self, packed: Bytes, step: int, out: NDArray[np.float32]) -> None:
        """Sum over step × step cells.

        Parameters
        ----------
        packed : uint8 (rows, row bytes)
            At least as many rows and pixels as the cells need.
        step : int
            Cell side, pixels; whole bytes are fast.
        out : float32 (down, across)
            Receives the sums of relative volumes.
        """
        down, across = out.shape
        wide, over = divmod(step * self._bits, 8)
        if over:
            levels = np.take(unpacking(self._bits), packed, mode="clip").view(np.uint8)[:, : across * step]
            volumes = np.take(self._volumes, levels, mode="clip")
            out[:] = volumes.reshape(down, step, across, step).sum(axis=(1, 3))
            return
        volumes = np.take(self._of_byte, packed[:, : across * wide], mode="clip")
        lines = volumes.reshape(down, step, across * wide).sum(axis=1)
        out[:] = lines if wide == 1 else lines.reshape(down, across, wide).sum(axis=2)
