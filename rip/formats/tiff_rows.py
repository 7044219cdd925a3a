"""Rows of a TIFF whose strips or tiles are stored as they are, or packed by LZW, Deflate or PackBits.

libtiff, through libvips, reads neither 8-bit Lab, nor tiles in separate planes, nor very large strips. Samples come
out here exactly as they are in the file, whatever they mean.
"""

import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from rip.formats.facts import Rows, Unreadable

_MOST_BYTES = 192 << 20
"""Of one row of strips or tiles, unpacked."""


@dataclass(frozen=True)
class Segments:
    """Where the strips or tiles of a picture are.

    Attributes
    ----------
    width, height : int
    samples : int
        Per pixel.
    bits : int
        Per sample, 8 or 16.
    separate : bool
        Each sample has a plane of its own.
    tiled : bool
    tile_w, tile_h : int
        Size of a strip or tile in pixels.
    order : {"<", ">"}
    offsets, counts : int64 (segments,)
        In bytes.
    """

    width: int
    height: int
    samples: int
    bits: int
    separate: bool
    tiled: bool
    tile_w: int
    tile_h: int
    order: str
    offsets: NDArray[np.int64]
    counts: NDArray[np.int64]

    @property
    def columns(self) -> int:
        """Segments side by side."""
        return -(-self.width // self.tile_w)

    @property
    def lines(self) -> int:
        """Segments one below the other."""
        return -(-self.height // self.tile_h)

    @property
    def planes(self) -> int:
        """Planes one after the other."""
        return self.samples if self.separate else 1

    @property
    def number(self) -> int:
        """Number of segments."""
        return self.columns * self.lines * self.planes

    @property
    def pixel_bytes(self) -> int:
        """Bytes of one pixel within a segment."""
        return self.samples // self.planes * self.bits // 8

    def fits(self, codec: str) -> bool:
        """Tell whether a row of segments may be unpacked at once."""
        unpacked = self.tile_h * self.columns * self.tile_w * self.pixel_bytes * self.planes
        return (codec == "none" and not self.tiled) or unpacked <= _MOST_BYTES

    def sizes(self) -> NDArray[np.int64]:
        """Return the unpacked bytes each segment must have; the last strip of a plane may be shorter."""
        sizes = np.full((self.planes, self.lines, self.columns), self.tile_h * self.tile_w * self.pixel_bytes, np.int64)
        if not self.tiled:
            sizes[:, -1] = (self.height - self.tile_h * (self.lines - 1)) * self.tile_w * self.pixel_bytes
        return sizes.ravel()


def segment_rows(file: BinaryIO, segments: Segments, codec: str, predicted: bool, count: int) -> Iterator[Rows]:
    """Yield raw samples (n, width, samples), top to bottom.

    Parameters
    ----------
    file : BinaryIO
    segments : Segments
    codec : {"none", "lzw", "deflate", "packbits"}
    predicted : bool
        Samples are stored as differences along the row.
    count : int
        Rows at a time, where strips are not packed.

    Raises
    ------
    Unreadable
        If a strip or tile ends too early.
    """
    if codec == "none" and not segments.tiled:
        yield from _plain_rows(file, segments, count)
        return
    for line in range(segments.lines):
        rows = min(segments.tile_h, segments.height - line * segments.tile_h)
        band = np.empty((rows, segments.width, segments.samples), f"u{segments.bits // 8}")
        for plane in range(segments.planes):
            part = band[..., plane : plane + 1] if segments.separate else band
            for column in range(segments.columns):
                at = (plane * segments.lines + line) * segments.columns + column
                left = column * segments.tile_w
                hit = part[:, left : left + segments.tile_w]
                hit[:] = _segment(file, segments, codec, predicted, at, rows)[:rows, : hit.shape[1]]
        yield band


def _plain_rows(file: BinaryIO, segments: Segments, count: int) -> Iterator[Rows]:
    """Read some rows of each plane straight from their place."""
    row_bytes = segments.width * segments.pixel_bytes
    for line in range(segments.lines):
        top, bottom = line * segments.tile_h, min((line + 1) * segments.tile_h, segments.height)
        for first in range(top, bottom, count):
            rows = min(count, bottom - first)
            band = np.empty((rows, segments.width, segments.samples), f"u{segments.bits // 8}")
            for plane in range(segments.planes):
                offset = int(segments.offsets[plane * segments.lines + line]) + (first - top) * row_bytes
                data = os.pread(file.fileno(), rows * row_bytes, offset)
                part = band[..., plane : plane + 1] if segments.separate else band
                part[:] = _samples(data, segments, rows)
            yield band


def _segment(file: BinaryIO, segments: Segments, codec: str, predicted: bool, at: int, rows: int) -> Rows:
    """Unpack one strip or tile."""
    if segments.tiled:
        rows = segments.tile_h
    needed = rows * segments.tile_w * segments.pixel_bytes
    # nothing packed is twice as long as its pixels; whatever a file claims
    count = min(int(segments.counts[at]), 2 * needed + 65536)
    packed = os.pread(file.fileno(), count, int(segments.offsets[at]))
    try:
        match codec:
            case "lzw":
                data = imagecodecs.lzw_decode(packed, out=needed)
            case "deflate":
                data = zlib.decompressobj().decompress(packed, needed)
            case "packbits":
                data = imagecodecs.packbits_decode(packed, out=needed)
            case _:
                data = packed[:needed]
    except (imagecodecs.LzwError, imagecodecs.PackbitsError, zlib.error):
        raise Unreadable("damaged: a strip or tile cannot be unpacked") from None
    samples = _samples(data, segments, rows)
    if not predicted:
        return samples
    return np.cumsum(samples, axis=1, dtype=samples.dtype)


def _samples(data: bytes | bytearray, segments: Segments, rows: int) -> Rows:
    """Return bytes as samples (rows, tile_w, samples or 1) in the machine's byte order."""
    if len(data) < rows * segments.tile_w * segments.pixel_bytes:
        raise Unreadable("cut or damaged: a strip or tile ends before its pixels do")
    raw = np.frombuffer(data, f"{segments.order}u{segments.bits // 8}")
    samples = raw.reshape(rows, segments.tile_w, segments.samples // segments.planes)
    return samples.astype(samples.dtype.newbyteorder("="), copy=False)
