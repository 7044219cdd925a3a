"""Reducing a design to a few flat colours: k-means in CIELAB over the design's own colours, seeded, so repeatable."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rip.colour import delta_e00
from rip.littlecms import builtin, transform
from rip.rendering import decode_lab, encode_lab
from rip.table import COLOURS, colour_index, rgb_profile

MOST_COLOURS = 256
ROUNDS = 100
CHUNK_PX = 4_000_000
_CELLS = 64**3
"""Colours are gathered in cells of 4 × 4 × 4 codes."""

Bytes = NDArray[np.uint8]
Float = NDArray[np.float64]


@dataclass(frozen=True)
class Flat:
    """A design's colours and the few that stand for them.

    Attributes
    ----------
    palette : tuple of (r, g, b)
        The most frequent first.
    shares : tuple of float
        Part of the design (0..1) that each colour takes.
    mean_delta_e00, p95_delta_e00, most_delta_e00 : float
        How far the design's pixels are from their flat colours.
    index : uint8 (2²⁴,)
        Place in the palette of every RGB colour.
    """

    palette: tuple[tuple[int, int, int], ...]
    shares: tuple[float, ...]
    mean_delta_e00: float
    p95_delta_e00: float
    most_delta_e00: float
    index: Bytes

    def places(self, rgb: Bytes) -> Bytes:
        """Return each pixel's place in the palette, uint8 (h, w), of pixels uint8 (h, w, 3)."""
        return self.index[colour_index(rgb)]

    def flat(self, rgb: Bytes) -> Bytes:
        """Return the design in its flat colours, uint8 (h, w, 3)."""
        return np.array(self.palette, np.uint8)[self.places(rgb)]


def reduce_colours(rgb: Bytes, colours: int, *, source: bytes | None = None, seed: int = 0) -> Flat:
    """Find the flat colours that stand best for a design.

    Parameters
    ----------
    rgb : uint8 (h, w, 3)
        The design, or a smaller copy of it.
    colours : int
        How many, 2..256. A design that has no more keeps exactly its own.
    source : bytes, optional
        Its RGB profile; sRGB without.
    seed : int
        Of the first guess.

    Raises
    ------
    ValueError
        If the number of colours is out of range.
    """
    if not 2 <= colours <= MOST_COLOURS:
        raise ValueError(f"colours {colours} is not in 2..{MOST_COLOURS}")
    profile = rgb_profile(source)
    found, counts = _colours_of(rgb, colours)
    if len(found) > colours:
        found, counts = _cells_of(rgb)
    lab = _lab_of(found, profile)
    places = np.arange(len(found)) if len(found) <= colours else _cluster(lab, counts, colours, seed)
    palette = _palette(found, lab, counts, places, profile)
    order = np.argsort(-np.bincount(places, counts), kind="stable")
    places, palette = np.argsort(order)[places], palette[order]
    palette_lab = _lab_of(palette, profile)
    off = delta_e00(lab, palette_lab[places])
    rising = np.argsort(off)
    within = np.cumsum(counts[rising]) / counts.sum()
    return Flat(
        palette=tuple((int(r), int(g), int(b)) for r, g, b in palette),
        shares=tuple(float(share) for share in np.bincount(places, counts) / counts.sum()),
        mean_delta_e00=float(np.average(off, weights=counts)),
        p95_delta_e00=float(off[rising][np.searchsorted(within, 0.95)]),
        most_delta_e00=float(off.max()),
        index=_index(found, palette, palette_lab, profile),
    )


def _colours_of(rgb: Bytes, most: int) -> tuple[Bytes, Float]:
    """The design's own colours (n, 3) and how often each comes; stops counting when there are more than `most`."""
    counts = np.zeros(COLOURS, np.int64)
    pixels = rgb.reshape(-1, 3)
    for first in range(0, len(pixels), CHUNK_PX):
        part, times = np.unique(colour_index(pixels[first : first + CHUNK_PX]), return_counts=True)
        counts[part] += times
        if np.count_nonzero(counts) > most:
            break
    found = np.flatnonzero(counts)
    return np.stack([found >> 16, found >> 8 & 255, found & 255], axis=-1).astype(np.uint8), counts[found].astype(float)


def _cells_of(rgb: Bytes) -> tuple[Bytes, Float]:
    """The mean colour (n, 3) of each cell of RGB that holds any pixel, and how many."""
    counts, sums = np.zeros(_CELLS), np.zeros((3, _CELLS))
    pixels = rgb.reshape(-1, 3)
    for first in range(0, len(pixels), CHUNK_PX):
        part = pixels[first : first + CHUNK_PX]
        cell = _cell(part)
        counts += np.bincount(cell, minlength=_CELLS)
        for channel in range(3):
            sums[channel] += np.bincount(cell, part[:, channel], _CELLS)
    held = counts > 0
    return np.rint(sums[:, held] / counts[held]).astype(np.uint8).T, counts[held]


def _cell(rgb: Bytes) -> NDArray[np.int64]:
    coarse = rgb.astype(np.int64) >> 2
    return coarse[..., 0] << 12 | coarse[..., 1] << 6 | coarse[..., 2]


def _lab_of(rgb: Bytes, profile: bytes) -> Float:
    return decode_lab(transform(rgb, profile, builtin("lab4")))


def _cluster(lab: Float, weight: Float, count: int, seed: int) -> NDArray[np.intp]:
    """k-means from centres chosen far apart; returns each colour's cluster, none of them empty."""
    random = np.random.default_rng(seed)
    centres = lab[[random.choice(len(lab), p=weight / weight.sum())]]
    nearest = np.full(len(lab), np.inf)
    while len(centres) < count:
        nearest = np.minimum(nearest, ((lab - centres[-1]) ** 2).sum(axis=1))
        chance = nearest * weight
        centres = np.concatenate([centres, lab[[random.choice(len(lab), p=chance / chance.sum())]]])
    places = _nearest(lab, centres)
    for _ in range(ROUNDS):
        mass = np.bincount(places, weight, count)
        sums = np.stack([np.bincount(places, weight * lab[:, axis], count) for axis in range(3)], axis=1)
        centres = np.where(mass[:, None] > 0, sums / np.maximum(mass, 1e-12)[:, None], centres)
        moved = _nearest(lab, centres)
        if (moved == places).all():
            break
        places = moved
    return np.unique(places, return_inverse=True)[1]


def _nearest(lab: Float, centres: Float) -> NDArray[np.intp]:
    places = np.empty(len(lab), np.intp)
    for first in range(0, len(lab), 16384):
        part = lab[first : first + 16384]
        places[first : first + 16384] = (((part[:, None] - centres) ** 2).sum(axis=2)).argmin(axis=1)
    return places


def _palette(found: Bytes, lab: Float, weight: Float, places: NDArray[np.intp], profile: bytes) -> Bytes:
    """One colour for each cluster: its mean, or the colour itself that makes up more than half of it."""
    mass = np.bincount(places, weight)
    mean = np.stack([np.bincount(places, weight * lab[:, axis]) for axis in range(3)], axis=1) / mass[:, None]
    palette = np.rint(transform(encode_lab(mean), builtin("lab4"), profile) / 257).astype(np.uint8)
    for at in np.flatnonzero(weight > mass[places] / 2):
        palette[places[at]] = found[at]
    return palette


def _index(found: Bytes, palette: Bytes, palette_lab: Float, profile: bytes) -> Bytes:
    """Place in the palette of every RGB colour: that of its cell; the palette's and the design's own are exact."""
    axis = np.arange(2, 256, 4, dtype=np.uint8)
    cells = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    by_cell = _nearest(_lab_of(cells, profile), palette_lab).astype(np.uint8).reshape(64, 1, 64, 1, 64, 1)
    index = np.ascontiguousarray(np.broadcast_to(by_cell, (64, 4, 64, 4, 64, 4))).reshape(-1)
    index[colour_index(found)] = _nearest(_lab_of(found, profile), palette_lab)
    index[colour_index(palette)] = np.arange(len(palette))
    return index
