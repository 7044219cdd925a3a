"""Directories of TIFF and BigTIFF files (TIFF 6.0; BigTIFF as libtiff defines it), and of EXIF blocks."""

import io
import struct
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from rip.formats.facts import MAX_PAGES, Unreadable, take

_KINDS = {1: "u1", 2: "u1", 3: "u2", 4: "u4", 5: "u4", 6: "i1", 7: "u1", 8: "i2", 9: "i4", 13: "u4", 16: "u8", 18: "u8"}
_RATIONAL = 5
_ORIENTATION, _DPI_ACROSS, _DPI_DOWN, _DPI_UNIT = 274, 282, 283, 296
_FARTHEST = 1 << 42
_MAX_TAGS = 4096
_MAX_NUMBERS = 1 << 23
"""Of one tag: 600 Mpx in tiles of 16 px are 2.3 million of them."""


@dataclass(frozen=True)
class Entry:
    """One tag: kind and number of its values, and where in the file they are."""

    kind: int
    count: int
    where: int


class Directory:
    """One image of a TIFF file, tag by tag.

    Parameters
    ----------
    file : BinaryIO
    order : {"<", ">"}
        Byte order.
    entries : dict of int to Entry
    """

    def __init__(self, file: BinaryIO, order: str, entries: dict[int, Entry]) -> None:
        self._file, self.order, self._entries = file, order, entries

    def __contains__(self, tag: int) -> bool:
        return tag in self._entries

    def numbers(self, tag: int) -> NDArray[np.int64]:
        """Return the values of a tag, none if it is missing; of fractions, numerators and denominators in turn.

        Unreadable if one points beyond any file.
        """
        entry = self._entries.get(tag)
        if entry is None:
            return np.empty(0, np.int64)
        dtype = np.dtype(self.order + _KINDS[entry.kind])
        values = np.frombuffer(self._read(tag, entry, _MAX_NUMBERS * dtype.itemsize), dtype)
        if dtype.itemsize == 8 and len(values) and values.max() > np.uint64(_FARTHEST):
            raise Unreadable(f"damaged: tag {tag} points beyond any file")
        return values.astype(np.int64)

    def number(self, tag: int, default: int) -> int:
        """Return the first value of a tag."""
        values = self.numbers(tag)
        return int(values[0]) if len(values) else default

    def data(self, tag: int, most: int) -> bytes:
        """Return the bytes of a tag, none if it is missing."""
        entry = self._entries.get(tag)
        return b"" if entry is None else self._read(tag, entry, most)

    def _read(self, tag: int, entry: Entry, most: int) -> bytes:
        size = np.dtype(_KINDS[entry.kind]).itemsize * entry.count * (2 if entry.kind == _RATIONAL else 1)
        if size > most:
            raise Unreadable(f"damaged: tag {tag} has {size} bytes where at most {most} belong")
        _go(self._file, entry.where)
        return take(self._file, size)

    def fraction(self, tag: int) -> float | None:
        """Return the first value of a tag of fractions."""
        values = self.numbers(tag)
        return float(values[0] / values[1]) if len(values) > 1 and values[1] else None


def read_directories(file: BinaryIO, page: int) -> tuple[Directory, int]:
    """Return the directory of a page, and how many pages there are.

    Raises
    ------
    Unreadable
        If the chain of directories is damaged, runs in a circle or is longer than `MAX_PAGES`.
    """
    file.seek(0)
    order = {b"II": "<", b"MM": ">"}.get(take(file, 2))
    if order is None:
        raise Unreadable("not a TIFF file")
    version = int(np.frombuffer(take(file, 2), f"{order}u2")[0])
    big = version == 43
    if version not in (42, 43) or (big and take(file, 4) != (b"\x08\0\0\0" if order == "<" else b"\0\x08\0\0")):
        raise Unreadable("not a TIFF file")
    size = "Q" if big else "I"
    offset = _unpack(file, order + size)
    offsets: list[int] = []
    while offset:
        if offset in offsets:
            raise Unreadable("damaged: its pages run in a circle")
        if len(offsets) == MAX_PAGES:
            raise Unreadable(f"more than {MAX_PAGES} pages")
        offsets.append(offset)
        _go(file, offset)
        count = _unpack(file, order + ("Q" if big else "H"))
        if count > _MAX_TAGS:
            raise Unreadable(f"damaged: a page of {count} tags")
        _go(file, file.tell() + count * (20 if big else 12))
        offset = _unpack(file, order + size)
    if not offsets:
        raise Unreadable("it has no page")
    if page >= len(offsets):
        raise Unreadable(f"page {page + 1} of {len(offsets)} does not exist")
    return Directory(file, order, _entries(file, order, big, offsets[page])), len(offsets)


def _entries(file: BinaryIO, order: str, big: bool, offset: int) -> dict[int, Entry]:
    file.seek(offset)
    count = _unpack(file, order + ("Q" if big else "H"))
    first, room = file.tell(), 8 if big else 4
    step = 20 if big else 12
    data = take(file, count * step)
    entries: dict[int, Entry] = {}
    for at in range(count):
        tag, kind, number = struct.unpack_from(f"{order}HH{'Q' if big else 'I'}", data, at * step)
        if kind not in _KINDS:
            continue
        length = number * np.dtype(_KINDS[kind]).itemsize * (2 if kind == _RATIONAL else 1)
        spill = at * step + step - room
        where = first + spill if length <= room else struct.unpack_from(f"{order}{'Q' if big else 'I'}", data, spill)[0]
        entries.setdefault(tag, Entry(kind, number, where))
    return entries


def _unpack(file: BinaryIO, layout: str) -> int:
    return int(struct.unpack(layout, take(file, struct.calcsize(layout)))[0])


def _go(file: BinaryIO, offset: int) -> None:
    if offset > _FARTHEST:
        raise Unreadable("damaged: it points beyond any file")
    file.seek(offset)


def dots_per_inch(directory: Directory) -> tuple[float | None, float | None]:
    """Return the resolution across and down, None where there is none or its unit is unknown."""
    inches = {2: 1.0, 3: 2.54}.get(directory.number(_DPI_UNIT, 2))
    across, down = directory.fraction(_DPI_ACROSS), directory.fraction(_DPI_DOWN)
    if inches is None or across is None:
        return None, None
    return across * inches, (across if down is None else down) * inches


def exif_directory(block: bytes) -> Directory | None:
    """Return the first directory of an EXIF block, or None if there is none; damage there is no reason to refuse."""
    try:
        return read_directories(io.BytesIO(block), 0)[0]
    except Unreadable:
        return None


def exif_orientation(block: bytes) -> int:
    """Return the orientation 1..8 of an EXIF block, 1 if it states none."""
    directory = exif_directory(block)
    try:
        stated = directory.number(_ORIENTATION, 1) if directory else 1
    except Unreadable:
        return 1
    return stated if 1 <= stated <= 8 else 1
