"""The screening mask: a blue-noise ranking of pixels by the void-and-cluster method.

Method: R. Ulichney, The void-and-cluster method for dither array generation, SPIE 1913 (1993), with its Gaussian of
sigma 1.5. All distances wrap, so the mask tiles the cloth without a seam. Ranks are not grown from one end: patterns
at sixteenths of the tone scale are spread first, highlights and shadows by turns and the mid-tones last, each between
its neighbours, so that shadows are as even as highlights; then the ranks between them follow.
"""

import itertools
import uuid
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MASK_COLUMNS = 128
SEED = 19930101
VERSION = 2

_KEYS = tuple(part / 128 for part in (8, 120, 16, 112, 24, 104, 32, 96, 40, 88, 48, 80, 53, 75, 64, 56, 72))
"""Tones whose patterns are spread first, in this order: the sixteenths, and two that keep the last ones apart."""

_SIGMA_PX, _SIGMA_MID_PX, _SIGMA_BETWEEN_PX = 1.5, 1.3, 1.9
"""Of the Gaussian: outer keys, keys of the mid-tones (3/16 and less from 1/2), ranks between keys; by measurement."""

_ROUNDS = 3
"""How often every pixel of a key's pattern may move to a better place."""


def load_mask(rows: int, folder: Path) -> NDArray[np.uint16]:
    """Return the mask of `rows` × 128 from the folder, made and kept there the first time (about 2 s).

    Returns
    -------
    uint16 (rows, 128)
        Every rank 0 … rows·128 − 1 once.
    """
    path = folder / f"mask-{rows}x{MASK_COLUMNS}-v{VERSION}.npy"
    if path.is_file():
        try:
            kept = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            kept = None
        if kept is not None and _is_ranking(kept, rows):
            return kept
    mask = void_and_cluster(rows, MASK_COLUMNS)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{uuid.uuid4().hex}.npy"
    np.save(partial, mask, allow_pickle=False)
    partial.replace(path)
    return mask


def _is_ranking(mask: NDArray, rows: int) -> bool:
    size = rows * MASK_COLUMNS
    if mask.shape != (rows, MASK_COLUMNS) or mask.dtype != np.uint16:
        return False
    return bool((np.bincount(mask.ravel(), minlength=size) == 1).all())


def void_and_cluster(rows: int, columns: int, seed: int = SEED) -> NDArray[np.uint16]:
    """Rank the pixels of a wrapping rectangle so that the first n of them are spread evenly, for every n.

    Parameters
    ----------
    rows, columns : int
        At most 65536 pixels together.
    seed : int
        Of the random first pattern.

    Returns
    -------
    uint16 (rows, columns)
    """
    shape, size = (rows, columns), rows * columns
    random = np.random.default_rng(seed)
    patterns = {0: np.zeros(size, np.bool_), size: np.ones(size, np.bool_)}
    for share in _KEYS:
        count = round(share * size)
        below, above = max(n for n in patterns if n <= count), min(n for n in patterns if n >= count)
        if below < count < above:
            sigma_px = _SIGMA_MID_PX if abs(share - 0.5) <= 0.25 else _SIGMA_PX
            patterns[count] = _spread(shape, count, patterns[below], patterns[above], sigma_px, random)
    rank = np.empty(size, np.uint16)
    counts = sorted(patterns)
    for below, above in itertools.pairwise(counts):
        field = _Field(shape, patterns[below], patterns[below], patterns[above], _SIGMA_BETWEEN_PX)
        for position in range(below, above):
            void = field.emptiest()
            field.add(void)
            rank[void] = position
    return rank.reshape(shape)


def _spread(
    shape: tuple[int, int],
    count: int,
    inner: NDArray[np.bool_],
    outer: NDArray[np.bool_],
    sigma_px: float,
    random: np.random.Generator,
) -> NDArray[np.bool_]:
    """Choose `count` pixels that hold all of `inner` and lie in `outer`, spread evenly."""
    held, size = int(inner.sum()), int(outer.sum())
    if held == 0 or size == inner.size:  # the first of its end: nothing to go by, so from anywhere
        first = inner.copy()
        first[random.permutation(np.flatnonzero(outer & ~inner))[: count - held]] = True
        field = _Field(shape, first, inner, outer, sigma_px)
        while True:  # until the tightest pixel is also the largest void
            cluster = field.tightest()
            field.remove(cluster)
            void = field.emptiest()
            field.add(void)
            if void == cluster:
                break
    elif count - held <= size - count:
        field = _Field(shape, inner, inner, outer, sigma_px)
        for _ in range(count - held):
            field.add(field.emptiest())
    else:
        field = _Field(shape, outer, inner, outer, sigma_px)
        for _ in range(size - count):
            field.remove(field.tightest())
    for _ in range(_ROUNDS):
        if not _settle(field, drops=2 * count <= inner.size, random=random):
            break
    return field.pattern


def _settle(field: "_Field", *, drops: bool, random: np.random.Generator) -> bool:
    """Let every free drop, or every free hole, move to where it is least crowded; tell whether any did."""
    moved = False
    for pixel in random.permutation(field.free_drops() if drops else field.free_holes()).tolist():
        if drops:
            field.remove(pixel)
            place = field.emptiest()
            field.add(place)
        else:
            field.add(pixel)
            place = field.tightest()
            field.remove(place)
        moved |= place != pixel
    return moved


class _Field:
    """Which pixels are set, and how crowded each pixel is by Gaussian distance to the set ones.

    Two copies of the crowding are kept, each with the pixels that may not be chosen at infinity, so that choosing is
    one argmin or argmax over plain memory. Pixels of `inner` stay set, those outside of `outer` stay unset.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        pattern: NDArray[np.bool_],
        inner: NDArray[np.bool_],
        outer: NDArray[np.bool_],
        sigma_px: float,
    ) -> None:
        self.rows, self.columns = rows, columns = shape
        self.pattern = pattern.copy()
        y = np.minimum(np.arange(rows), rows - np.arange(rows))
        x = np.minimum(np.arange(columns), columns - np.arange(columns))
        near = np.exp(-(y[:, None] ** 2 + x[None, :] ** 2) / (2 * sigma_px**2))
        self.kernel = np.tile(near.astype(np.float32), (2, 2))
        spectrum = np.fft.rfft2(pattern.reshape(shape)) * np.fft.rfft2(near)
        crowding = np.fft.irfft2(spectrum, shape).astype(np.float32).ravel()
        free = outer & ~inner
        self.voids = np.where(free & ~pattern, crowding, np.float32(np.inf)).reshape(shape)
        self.clusters = np.where(free & pattern, crowding, np.float32(-np.inf)).reshape(shape)

    def free_drops(self) -> NDArray[np.intp]:
        return np.flatnonzero(np.isfinite(self.clusters))

    def free_holes(self) -> NDArray[np.intp]:
        return np.flatnonzero(np.isfinite(self.voids))

    def tightest(self) -> int:
        return int(self.clusters.argmax())

    def emptiest(self) -> int:
        return int(self.voids.argmin())

    def add(self, pixel: int) -> None:
        near = self._around(pixel)
        self.clusters.flat[pixel] = self.voids.flat[pixel]
        self.voids.flat[pixel] = np.inf
        self.voids += near
        self.clusters += near
        self.pattern[pixel] = True

    def remove(self, pixel: int) -> None:
        near = self._around(pixel)
        self.voids -= near
        self.clusters -= near
        self.voids.flat[pixel] = self.clusters.flat[pixel]
        self.clusters.flat[pixel] = -np.inf
        self.pattern[pixel] = False

    def _around(self, pixel: int) -> NDArray[np.float32]:
        y, x = divmod(pixel, self.columns)
        return self.kernel[self.rows - y : 2 * self.rows - y, self.columns - x : 2 * self.columns - x]
