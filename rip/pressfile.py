"""The file for the press: a BigTIFF with one page per ink, uncompressed strips of packed drops, and hashes of them all.

Each page is one ink as 2- or 4-bit grey, so that any TIFF program shows the separations; the first page also holds,
in its description, all about the raster as JSON and, in private tags, where each plane begins, the SHA-256 of every
strip, how many drops of each level every strip has, and a seal: the SHA-256 of all bytes that are not strips (the
seal's own taken as 0). So the seal stands for the whole file, strips are hashed while they are in the processor's
cache, in any order and on any thread, and a reader checks them on all cores.
"""

import hashlib
import io
import json
import os
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from rip.packed import Bytes

STRIP_ROWS = 64
PLANES_TAG, HASHES_TAG, DROPS_TAG, SEAL_TAG = 65100, 65101, 65102, 65103
"""Private: LONG8 per ink; 32 bytes per ink and strip; LONG per ink, strip and level; 32 bytes."""


class RasterError(ValueError):
    """The file is not the raster it should be; one line: file name and reason."""


@dataclass(frozen=True)
class Plan:
    """Sizes that follow from what is printed.

    Attributes
    ----------
    inks, width_px, rows : int
    bits : {2, 4}
    """

    inks: int
    width_px: int
    rows: int
    bits: int

    @property
    def row_bytes(self) -> int:
        """Bytes of one packed row of one ink."""
        return (self.width_px * self.bits + 7) // 8

    @property
    def plane_bytes(self) -> int:
        """Bytes of one ink."""
        return self.row_bytes * self.rows

    @property
    def strips(self) -> int:
        """Strips of one ink."""
        return -(-self.rows // STRIP_ROWS)

    def strip(self, index: int) -> tuple[int, int]:
        """First row of a strip and its rows."""
        first = index * STRIP_ROWS
        return first, min(STRIP_ROWS, self.rows - first)


def seal_of(file: int, planes_at: list[int], plane_bytes: int, seal_at: int) -> bytes:
    """Return the SHA-256 of all bytes outside of the planes, the seal's own taken as 0."""
    digest, at = hashlib.sha256(), 0
    for plane_at in planes_at:
        part = bytearray(os.pread(file, plane_at - at, at))
        if at <= seal_at < plane_at:
            part[seal_at - at : seal_at - at + 32] = bytes(32)
        digest.update(part)
        at = plane_at + plane_bytes
    return digest.digest()


@dataclass(frozen=True, eq=False)
class Head:
    """What a press file says about itself, its seal found good.

    Attributes
    ----------
    meta : dict
    plan : Plan
    planes_at : tuple of int
        Offset of each ink's first row.
    hashes : uint8 (inks, strips, 32)
        SHA-256 of each strip.
    drops : uint32 (inks, strips, 2**bits)
        How many drops of each level.
    seal : str
        Hex; stands for the whole file.
    """

    meta: dict[str, Any]
    plan: Plan
    planes_at: tuple[int, ...]
    hashes: Bytes
    drops: NDArray[np.uint32]
    seal: str


def read_head(file: int, name: str) -> Head:
    """Read and check all but the strips of a press file.

    Parameters
    ----------
    file : int
        File descriptor.
    name : str
        For messages.

    Raises
    ------
    RasterError
        If it is no press file, is cut, or its seal is broken.
    """
    try:
        with tifffile.TiffFile(io.BufferedReader(_ByPosition(file))) as tif:
            tags = tif.pages.first.tags
            meta = json.loads(tags[270].value)
            plan = Plan(len(meta["inks"]), meta["width_px"], meta["period_rows"], meta["bits"])
            planes_at = tuple(int(at) for at in np.atleast_1d(tags[PLANES_TAG].value))
            hashes = np.frombuffer(tags[HASHES_TAG].value, np.uint8).reshape(plan.inks, plan.strips, 32)
            drops = np.array(tags[DROPS_TAG].value, np.uint32).reshape(plan.inks, plan.strips, 1 << plan.bits)
            seal, seal_at = bytes(tags[SEAL_TAG].value), tags[SEAL_TAG].valueoffset
            ends = np.array((0, *planes_at), np.int64) + plan.plane_bytes
    except (tifffile.TiffFileError, OSError, ValueError, KeyError, TypeError, IndexError, AttributeError,
            OverflowError, struct.error) as error:  # fmt: skip
        reason = " ".join(str(error).split()) or type(error).__name__
        raise RasterError(f"{name}: not a raster of this RIP ({reason})") from error
    size = os.fstat(file).st_size
    if size < ends[-1]:
        raise RasterError(f"{name}: cut after {size} of {ends[-1]} bytes: prepare the design again")
    if size > ends[-1]:
        raise RasterError(f"{name}: has {size - ends[-1]} bytes too many: prepare the design again")
    if len(planes_at) != plan.inks or planes_at[0] < 0 or (np.diff(ends[1:]) < plan.plane_bytes).any():
        raise RasterError(f"{name}: its planes are not where they should be: prepare the design again")
    if seal_of(file, list(planes_at), plan.plane_bytes, seal_at) != seal:
        raise RasterError(f"{name}: what it says about itself is damaged: prepare the design again")
    return Head(meta, plan, planes_at, hashes, drops, seal.hex())


class _ByPosition(io.RawIOBase):
    """An open file read by position, so that readers do not move each other's."""

    def __init__(self, file: int) -> None:
        self._number, self._at = file, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: os.fstat(self._number).st_size}[whence]
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any, /) -> int:
        done = os.preadv(self._number, [buffer], self._at)
        self._at += done
        return done


def check_strips(file: int, head: Head, name: str) -> None:
    """Compare every strip with its hash, on all processors; raises RasterError that names the first damaged rows."""
    plan, inks = head.plan, [ink["name"] for ink in head.meta["inks"]]
    turns = iter([(ink, index) for ink in range(plan.inks) for index in range(plan.strips)])
    bad: list[tuple[int, int]] = []

    def check() -> None:
        buffer = np.empty(STRIP_ROWS * plan.row_bytes, np.uint8)
        for ink, index in turns:
            first, rows = plan.strip(index)
            strip = buffer[: rows * plan.row_bytes]
            done = read_at(file, strip, head.planes_at[ink] + first * plan.row_bytes)
            if not done or hashlib.sha256(strip.data).digest() != head.hashes[ink, index].tobytes():
                bad.append((ink, index))

    threads = os.cpu_count() or 1
    with ThreadPoolExecutor(threads, "check") as pool:
        for job in [pool.submit(check) for _ in range(threads)]:
            job.result()
    if bad:
        ink, index = min(bad)
        first, rows = plan.strip(index)
        raise RasterError(
            f"{name}: rows {first} to {first + rows - 1} of ink {inks[ink]} are damaged: prepare the design again"
        )


def read_at(file: int, out: Bytes, at: int) -> bool:
    """Fill a contiguous uint8 buffer of any shape from an offset in bytes; False if the file ends before."""
    view = out.data.cast("B")
    while len(view):
        done = os.preadv(file, [view], at)
        if not done:
            return False
        view, at = view[done:], at + done
    return True
