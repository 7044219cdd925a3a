"""Raw pixel rows in one file, read by position: nothing is mapped, so memory stays what the caller asks for."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rip.formats.facts import Rows

_TURNS = (
    (0, False),
    (0, True),
    (2, False),
    (2, True),
    (3, True),
    (1, False),
    (1, True),
    (3, False),
)
"""Of EXIF orientations 1..8."""


def turn_of_orientation(orientation: int) -> tuple[int, bool]:
    """Return the clockwise quarter turns, and whether to mirror before, that make an EXIF orientation 1..8 upright."""
    return _TURNS[orientation - 1]


@dataclass(frozen=True)
class Spool:
    """A picture as raw rows in one file: interleaved, 8 bits or 16 bits little-endian, one row after the other.

    Attributes
    ----------
    path : Path
    offset : int
        Of the first row, bytes.
    width_px, height_px : int
    channels : int
    bits : int
        8 or 16.
    key : str
        Names the content; empty if it has no name.
    stored_rows : int, optional
        Rows in the file where they are not `height_px`: some are then given twice or left out, evenly spread.
    """

    path: Path
    offset: int
    width_px: int
    height_px: int
    channels: int
    bits: int
    key: str = ""
    stored_rows: int | None = None

    @property
    def dtype(self) -> np.dtype:
        """Type of a sample."""
        return np.dtype(np.uint8) if self.bits == 8 else np.dtype("<u2")

    @property
    def row_bytes(self) -> int:
        """Bytes of one row."""
        return self.width_px * self.channels * self.dtype.itemsize

    @property
    def stored_bytes(self) -> int:
        """Bytes of all rows in the file."""
        return (self.stored_rows or self.height_px) * self.row_bytes

    def rows(self, start: int, count: int, out: Rows | None = None) -> Rows:
        """Read rows; may be called from several threads at once.

        Parameters
        ----------
        start, count : int
            0 ≤ start, start + count ≤ height_px.
        out : uint8 or uint16 (count, width_px, channels), optional
            Contiguous; receives the rows.

        Returns
        -------
        uint8 or uint16 (count, width_px, channels)

        Raises
        ------
        ValueError
            If the rows are not all within the picture, or `out` does not fit.
        OSError
            If the file is gone or was cut.
        """
        if min(start, count) < 0 or start + count > self.height_px:
            raise ValueError(f"rows {start}..{start + count} are not within 0..{self.height_px}")
        shape = (count, self.width_px, self.channels)
        band = np.empty(shape, self.dtype) if out is None else out
        if band.shape != shape or band.dtype != self.dtype or not band.flags.c_contiguous:
            raise ValueError(f"out is {band.dtype} {band.shape}, not contiguous {self.dtype} {shape}")
        at = self._stored(start, count)
        first, held = (int(at[0]), int(at[-1] - at[0]) + 1) if count else (0, 0)
        block = band if (at == first + np.arange(count)).all() else np.empty((held, *shape[1:]), self.dtype)
        with self.path.open("rb", buffering=0) as file:
            _fill(file.fileno(), block, self.offset + first * self.row_bytes, self.path)
        if block is not band:
            np.take(block, at - first, axis=0, out=band)
        return band

    def _stored(self, start: int, count: int) -> NDArray[np.int64]:
        """Return the rows of the file that some rows of the picture are."""
        rows = np.arange(start, start + count, dtype=np.int64)
        return rows if self.stored_rows is None else (2 * rows + 1) * self.stored_rows // (2 * self.height_px)

    def turned_rows(self, quarter_turns: int, mirror: bool, start: int, count: int) -> Rows:
        """Read rows of the picture as it is after mirroring left to right, then turning clockwise.

        Parameters
        ----------
        quarter_turns : int
        mirror : bool
        start, count : int
            Of the turned picture.

        Returns
        -------
        uint8 or uint16 (count, width or height, channels)
        """
        turns = quarter_turns % 4
        if turns % 2 == 0:
            band = self.rows(start if turns == 0 else self.height_px - start - count, count)
            return np.ascontiguousarray(band[:: -1 if turns else 1, :: -1 if mirror != (turns == 2) else 1])
        # row r of the turned picture is column r of the mirrored one, upwards if clockwise
        from_left = (turns == 1) != mirror
        left = start if from_left else self.width_px - start - count
        block = self._columns(left, count)
        columns = block.transpose(1, 0, 2)
        return np.ascontiguousarray(columns[:: 1 if from_left else -1, :: -1 if turns == 1 else 1])

    def _columns(self, left: int, count: int) -> Rows:
        """Read columns (height_px, count, channels)."""
        if min(left, count) < 0 or left + count > self.width_px:
            raise ValueError(f"columns {left}..{left + count} are not within 0..{self.width_px}")
        block = np.empty((self.stored_rows or self.height_px, count, self.channels), self.dtype)
        pixel_bytes = self.channels * self.dtype.itemsize
        with self.path.open("rb", buffering=0) as file:
            for row, piece in enumerate(block):
                _fill(file.fileno(), piece, self.offset + row * self.row_bytes + left * pixel_bytes, self.path)
        return block if self.stored_rows is None else block[self._stored(0, self.height_px)]


def _fill(file: int, into: Rows, offset: int, path: Path) -> None:
    """Read until the array is full: one call reads at most 2 GiB."""
    if not into.size:
        return
    room = into.data.cast("B")
    while len(room):
        done = os.preadv(file, [room], offset)
        if done == 0:
            raise OSError(f"{path.name}: cut: it ends before its rows do")
        room, offset = room[done:], offset + done
