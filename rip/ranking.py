"""Blue-noise ranking of pixels by the void-and-cluster method.

Method: R. Ulichney, The void-and-cluster method for dither array generation, SPIE 1913 (1993), with its Gaussian of
sigma 1.5. All distances wrap, so a ranking tiles the cloth without a seam. Ranks are not grown from one end: patterns
at sixteenths of the tone scale are spread first, highlights and shadows by turns and the mid-tones last, each between
its neighbours, so that shadows are as even as highlights; then the ranks between them follow.

A ranking can also be made to lie between copies of another one: the pixels of that one are there, at every tone, when
those of the new one are spread, so no seam is seen where they meet.
"""

import itertools

import numpy as np
from numpy.typing import NDArray

SEED = 19930109
"""Of 30, one whose 128 × 128 have less than 0.08 of low power at every sixteenth of the tone scale."""

_KEYS = tuple(part / 128 for part in (8, 120, 16, 112, 24, 104, 32, 96, 40, 88, 48, 80, 53, 75, 64, 56, 72))
"""Tones whose patterns are spread first, in this order: the sixteenths, and two that keep the last ones apart."""

_SIGMA_PX, _SIGMA_MID_PX, _SIGMA_BETWEEN_PX = 1.5, 1.3, 1.9
"""Of the Gaussian: outer keys, keys of the mid-tones (3/16 and less from 1/2), ranks between keys; by measurement."""

_ROUNDS = 3
"""How often every pixel of a key's pattern may move to a better place."""

_NEAR = 12
"""Pixels over which one is felt, and rows looked at of a ranking above and below: six of the widest sigma."""


def void_and_cluster(
    rows: int, columns: int, seed: int = SEED, between: NDArray[np.uint16] | None = None
) -> NDArray[np.uint16]:
    """Rank the pixels of a rectangle so that the first n of them are spread evenly, for every n.

    Parameters
    ----------
    rows, columns : int
        At most 65536 pixels together.
    seed : int
        Of the random first pattern.
    between : uint16 (n, columns), optional
        A ranking of which a copy shall lie above and one below, n at least 12. Left out, the rectangle wraps.

    Returns
    -------
    uint16 (rows, columns)
        Every rank 0 … rows·columns − 1 once.
    """
    size = rows * columns
    beside = _Beside(rows, columns, between)
    random = np.random.default_rng(seed)
    patterns = {0: np.zeros(size, np.bool_), size: np.ones(size, np.bool_)}
    for share in _KEYS:
        count = round(share * size)
        below, above = max(n for n in patterns if n <= count), min(n for n in patterns if n >= count)
        if below < count < above:
            sigma_px = _SIGMA_MID_PX if abs(share - 0.5) <= 0.25 else _SIGMA_PX
            inner, outer = beside.at(patterns[below], share), beside.at(patterns[above], share)
            first = below == 0 or above == size
            field = _spread(beside.shape, count - below, inner, outer, sigma_px, random, anywhere=first)
            patterns[count] = field.pattern[:size]
    rank = np.empty(size, np.uint16)
    counts = sorted(patterns)
    for below, above in itertools.pairwise(counts):
        inner, outer = beside.at(patterns[below], below / size), beside.at(patterns[above], below / size)
        field = _Field(beside.shape, inner, inner, outer, _SIGMA_BETWEEN_PX)
        joining = beside.joining(below / size, above / size)
        for position in range(below, above):
            while joining and joining[-1][0] < position / size:
                field.crowd(joining.pop()[1])
            void = field.emptiest()
            field.add(void)
            rank[void] = position
    return rank.reshape(rows, columns)


class _Beside:
    """What lies beside the rectangle: the nearest rows of the other ranking, below it in one wrapping plane."""

    def __init__(self, rows: int, columns: int, between: NDArray[np.uint16] | None) -> None:
        self._share = np.empty(0)
        if between is not None:
            near = np.concatenate([between[:_NEAR], between[-_NEAR:]])
            self._share = (near.ravel() + 0.5) / between.size
        self._first = rows * columns
        self.shape = rows + self._share.size // columns, columns

    def at(self, pattern: NDArray[np.bool_], share: float) -> NDArray[np.bool_]:
        """Return the plane with that pattern in the rectangle and, beside it, what is set at that tone."""
        return np.concatenate([pattern, self._share < share])

    def joining(self, low: float, high: float) -> list[tuple[float, int]]:
        """Return tone and pixel of all beside the rectangle that are set from one tone to the other, last first."""
        pixels = np.flatnonzero((self._share >= low) & (self._share < high))
        return sorted(((float(self._share[at]), self._first + int(at)) for at in pixels), reverse=True)


def _spread(
    shape: tuple[int, int],
    added: int,
    inner: NDArray[np.bool_],
    outer: NDArray[np.bool_],
    sigma_px: float,
    random: np.random.Generator,
    *,
    anywhere: bool,
) -> "_Field":
    """Add pixels to `inner`, none outside of `outer`, spread evenly; `anywhere`: there is nothing yet to go by."""
    room = int(outer.sum() - inner.sum())
    if anywhere:
        first = inner.copy()
        first[random.permutation(np.flatnonzero(outer & ~inner))[:added]] = True
        field = _Field(shape, first, inner, outer, sigma_px)
        while True:  # until the tightest pixel is also the largest void
            cluster = field.tightest()
            field.remove(cluster)
            void = field.emptiest()
            field.add(void)
            if void == cluster:
                break
    elif added <= room - added:
        field = _Field(shape, inner, inner, outer, sigma_px)
        for _ in range(added):
            field.add(field.emptiest())
    else:
        field = _Field(shape, outer, inner, outer, sigma_px)
        for _ in range(room - added):
            field.remove(field.tightest())
    drops = 2 * int(field.pattern.sum()) <= inner.size
    for _ in range(_ROUNDS):
        if not _settle(field, drops=drops, random=random):
            break
    return field


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
        self.window = self.kernel[rows - _NEAR : rows + _NEAR + 1, columns - _NEAR : columns + _NEAR + 1]
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
        place, near = self._around(pixel)
        self.clusters.flat[pixel] = self.voids.flat[pixel]
        self.voids.flat[pixel] = np.inf
        self.voids[place] += near
        self.clusters[place] += near
        self.pattern[pixel] = True

    def remove(self, pixel: int) -> None:
        place, near = self._around(pixel)
        self.voids[place] -= near
        self.clusters[place] -= near
        self.voids.flat[pixel] = self.clusters.flat[pixel]
        self.clusters.flat[pixel] = -np.inf
        self.pattern[pixel] = False

    def crowd(self, pixel: int) -> None:
        """Set a pixel that was never free."""
        place, near = self._around(pixel)
        self.voids[place] += near

    def _around(self, pixel: int) -> tuple[tuple[slice, slice], NDArray[np.float32]]:
        """Return where a pixel is felt, and how much: a window, or, near an edge, the whole plane, which wraps."""
        y, x = divmod(pixel, self.columns)
        if _NEAR <= y < self.rows - _NEAR and _NEAR <= x < self.columns - _NEAR:
            return (slice(y - _NEAR, y + _NEAR + 1), slice(x - _NEAR, x + _NEAR + 1)), self.window
        return (slice(None), slice(None)), self.kernel[
            self.rows - y : 2 * self.rows - y, self.columns - x : 2 * self.columns - x
        ]
