"""The screening mask: a blue-noise ranking of pixels by the void-and-cluster method.

Method: R. Ulichney, The void-and-cluster method for dither array generation, SPIE 1913 (1993). All distances wrap, so
the mask tiles the cloth without a seam. Gaussian sigma 1.5 as in that paper.
"""

import uuid
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MASK_COLUMNS = 128
SIGMA_PX = 1.5
SEED = 19930101
FIRST_SHARE = 0.1
VERSION = 1


def load_mask(rows: int, folder: Path) -> NDArray[np.uint16]:
    """Return the mask of `rows` × 128 from the folder, made and kept there the first time.

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
    size = rows * columns
    field = _Field(rows, columns)
    first = np.random.default_rng(seed).permutation(size)[: max(1, int(size * FIRST_SHARE))]
    for pixel in first:
        field.add(int(pixel))
    while True:  # spread the first pattern until the tightest pixel is also the largest void
        cluster = field.tightest()
        field.remove(cluster)
        void = field.emptiest()
        field.add(void)
        if void == cluster:
            break
    rank = np.empty(size, np.uint16)
    spread = field.copy()
    for position in range(len(first) - 1, -1, -1):
        cluster = spread.tightest()
        spread.remove(cluster)
        rank[cluster] = position
    for position in range(len(first), size):
        void = field.emptiest()
        field.add(void)
        rank[void] = position
    return rank.reshape(rows, columns)


class _Field:
    """Which pixels are set, and how crowded each pixel is by Gaussian distance to the set ones.

    Two copies of the crowding are kept, each with the pixels that may not be chosen at infinity, so that choosing is
    one argmin or argmax over plain memory.
    """

    def __init__(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        y = np.minimum(np.arange(rows), rows - np.arange(rows))
        x = np.minimum(np.arange(columns), columns - np.arange(columns))
        near = np.exp(-(y[:, None] ** 2 + x[None, :] ** 2) / (2 * SIGMA_PX**2)).astype(np.float32)
        self.kernel = np.tile(near, (2, 2))
        self.voids = np.zeros((rows, columns), np.float32)
        self.clusters = np.full((rows, columns), -np.inf, np.float32)

    def copy(self) -> "_Field":
        twin = object.__new__(_Field)
        twin.rows, twin.columns, twin.kernel = self.rows, self.columns, self.kernel
        twin.voids, twin.clusters = self.voids.copy(), self.clusters.copy()
        return twin

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

    def remove(self, pixel: int) -> None:
        near = self._around(pixel)
        self.voids -= near
        self.clusters -= near
        self.voids.flat[pixel] = self.clusters.flat[pixel]
        self.clusters.flat[pixel] = -np.inf

    def _around(self, pixel: int) -> NDArray[np.float32]:
        y, x = divmod(pixel, self.columns)
        return self.kernel[self.rows - y : 2 * self.rows - y, self.columns - x : 2 * self.columns - x]
