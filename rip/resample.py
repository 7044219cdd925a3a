"""Resampling rows to another size, block by block, as if it were done at one go.

The kernel is Pillow's Hamming window: positive, so it never overshoots into forbidden ink or rings round a motif; one
source pixel to either side when enlarging, stretched to an average when reducing. Flat designs take the nearest pixel
instead, so that their colours stay theirs.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from rip.formats.facts import Rows

KERNEL = Image.Resampling.HAMMING

_BLOCK_ROWS, _BLOCK_BYTES = 128, 8 << 20
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}


@dataclass(frozen=True)
class Resize:
    """How a picture of source size becomes one of target size.

    Attributes
    ----------
    source, target : (width, height)
        Pixels.
    nearest : bool
        Take the nearest source pixel; else the mean under the kernel.
    wrap : bool
        Take neighbours round the edges: for a picture that is a repeat.
    """

    source: tuple[int, int]
    target: tuple[int, int]
    nearest: bool = False
    wrap: bool = False

    @property
    def scale(self) -> tuple[float, float]:
        """Source pixels per target pixel, across and down."""
        return self.source[0] / self.target[0], self.source[1] / self.target[1]

    def rows_needed(self, start: int, count: int) -> tuple[int, int]:
        """Return the source rows [first, last) of some target rows; beyond the edges only if they wrap."""
        scale = self.scale[1]
        if self.nearest:
            return int((start + 0.5) * scale), int((start + count - 0.5) * scale) + 1
        reach = math.ceil(max(1.0, scale)) + 1
        first, last = math.floor(start * scale) - reach, math.ceil((start + count) * scale) + reach
        return (first, last) if self.wrap else (max(0, first), min(self.source[1], last))

    def block(self, rows: Rows, first: int, start: int, count: int) -> Rows:
        """Return target rows.

        Parameters
        ----------
        rows : uint8 or uint16 (n, source width, channels)
            The source rows that `rows_needed` asks for.
        first : int
            Number of the first of them.
        start, count : int

        Returns
        -------
        Same dtype (count, target width, channels)
        """
        across, down = self.scale
        if self.nearest:
            chosen = ((np.arange(start, start + count) + 0.5) * down).astype(int) - first
            columns = ((np.arange(self.target[0]) + 0.5) * across).astype(int)
            return rows[chosen[:, None], columns]
        pad = math.ceil(max(1.0, across)) + 1 if self.wrap else 0
        if pad:
            rows = rows[:, np.arange(-pad, self.source[0] + pad) % self.source[0]]
        bottom = min(float(len(rows)), (start + count) * down - first)
        box = (pad, start * down - first, pad + self.source[0], bottom)
        return _resized(rows, (self.target[0], count), box)

    def blocks(self, row_bytes: int) -> Iterator[tuple[int, int]]:
        """Yield first row and rows of blocks whose source rows are of a bounded size."""
        step = max(1, min(_BLOCK_ROWS, int(_BLOCK_BYTES / (row_bytes * max(1.0, self.scale[1])))))
        for start in range(0, self.target[1], step):
            yield start, min(step, self.target[1] - start)


def _resized(rows: Rows, size: tuple[int, int], box: tuple[float, float, float, float]) -> Rows:
    """Resample interleaved rows; all channels at once where Pillow has a mode for them."""
    channels = rows.shape[2]
    if rows.itemsize == 1 and channels in _MODES:
        image = Image.frombytes(_MODES[channels], rows.shape[1::-1], np.ascontiguousarray(rows).data)
        return np.asarray(image.resize(size, KERNEL, box=box)).reshape(size[1], size[0], channels)
    planes = (Image.fromarray(np.ascontiguousarray(rows[..., at])) for at in range(channels))
    return np.stack([np.asarray(plane.resize(size, KERNEL, box=box)) for plane in planes], axis=-1)
