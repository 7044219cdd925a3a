"""Rows of the planes of a PSD composite: raw, or packed row by row with PackBits."""

import os
from dataclasses import dataclass
from typing import BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from rip.formats.facts import Rows, Unreadable, take, unpack


@dataclass(frozen=True)
class Planes:
    """Where the planes of a composite are.

    Attributes
    ----------
    width, height : int
    depth : int
        Bits per sample: 1, 8 or 16.
    start : int
        Of the first plane in the file, bytes.
    ends : int64 (planes × height,) or None
        Where each row of each plane ends in the file; None if rows are not packed.
    """

    width: int
    height: int
    depth: int
    start: int
    ends: NDArray[np.int64] | None

    @property
    def row_bytes(self) -> int:
        """Unpacked bytes of a row."""
        return -(-self.width * self.depth // 8)


def find_planes(file: BinaryIO, version: int, channels: int, size: tuple[int, int], depth: int) -> Planes:
    """Read what stands before the planes, and see that the file is long enough to hold them.

    Raises
    ------
    Unreadable
    """
    (packing,) = unpack(">H", file)
    width, height = size
    planes = Planes(width, height, depth, file.tell(), None)
    if packing == 0:
        end = planes.start + channels * height * planes.row_bytes
    elif packing == 1:
        kind = np.dtype(">u2" if version == 1 else ">u4")
        lengths = np.frombuffer(take(file, channels * height * kind.itemsize), kind)
        start = file.tell()
        planes = Planes(width, height, depth, start, start + np.cumsum(lengths, dtype=np.int64))
        end = start + int(lengths.sum(dtype=np.int64))
    else:
        raise Unreadable(f"composite compression {packing} is not read: save it as TIFF")
    file_bytes = os.fstat(file.fileno()).st_size
    if end > file_bytes:
        raise Unreadable(f"cut after {file_bytes} of {end} bytes")
    return planes


def plane_rows(file: BinaryIO, planes: Planes, plane: int, top: int, rows: int) -> Rows:
    """Read rows of one plane.

    Returns
    -------
    uint8 or uint16 (rows, width)
        Samples as stored; single bits as 0 for a set bit, which is black, and 255.

    Raises
    ------
    Unreadable
    """
    first, needed = plane * planes.height + top, rows * planes.row_bytes
    if planes.ends is None:
        data = os.pread(file.fileno(), needed, planes.start + first * planes.row_bytes)
    else:
        start = int(planes.ends[first - 1]) if first else planes.start
        length = int(planes.ends[first + rows - 1]) - start
        if length > 2 * needed + 65536:
            raise Unreadable("damaged: packed rows are longer than their pixels")
        try:
            data = imagecodecs.packbits_decode(os.pread(file.fileno(), length, start), out=needed)
        except imagecodecs.PackbitsError:
            raise Unreadable("damaged: rows cannot be unpacked") from None
    if len(data) < needed:
        raise Unreadable("cut or damaged: rows end before their pixels do")
    raw = np.frombuffer(data, ">u2" if planes.depth == 16 else np.uint8).reshape(rows, -1)
    if planes.depth == 1:
        return np.where(np.unpackbits(raw, axis=1, count=planes.width), 0, 255).astype(np.uint8)
    return raw.astype(raw.dtype.newbyteorder("="), copy=False)
