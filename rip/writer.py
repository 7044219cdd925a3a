"""Writing the file for the press, strip by strip; what it is made of says `rip.pressfile`."""

import hashlib
import io
import json
import os
import uuid
from pathlib import Path
from typing import Any, Self

import numpy as np
import tifffile

from rip.packed import Bytes, count_drops
from rip.pressfile import DROPS_TAG, HASHES_TAG, PLANES_TAG, SEAL_TAG, STRIP_ROWS, Plan, seal_of

_ALIGN = 4096


class RasterWriter:
    """Writes a raster strip by strip, in any order and from any thread; it appears under its name when finished.

    A full disk fails when the writer is made, not later. What is not finished leaves nothing behind.

    Parameters
    ----------
    path : Path
    meta : dict
        All about the raster, for JSON: at least "key", "width_px", "period_rows", "dpi", "bits", "inks" (list with
        "name"), "drop_volumes" and "drop_pl"; see `rip.raster`.
    """

    def __init__(self, path: Path, meta: dict[str, Any]) -> None:
        self._path, self._partial = path, path.with_name(f".{uuid.uuid4().hex}.tif")
        self.plan = Plan(len(meta["inks"]), meta["width_px"], meta["period_rows"], meta["bits"])
        self._hashes = np.zeros((self.plan.inks, self.plan.strips, 32), np.uint8)
        self._drops = np.zeros((self.plan.inks, self.plan.strips, 1 << self.plan.bits), np.uint32)
        self._written = np.zeros(self.plan.strips, np.bool_)
        try:
            _reserve(self._partial, self.plan, meta)
            with tifffile.TiffFile(self._partial) as tif:
                self.planes_at = [page.dataoffsets[0] for page in tif.pages]
                tags = tif.pages.first.tags
                self._tags_at = {code: tags[code].valueoffset for code in (PLANES_TAG, HASHES_TAG, DROPS_TAG, SEAL_TAG)}
            self._file = os.open(self._partial, os.O_RDWR)
            # a full disk must fail here, not after minutes of work
            os.posix_fallocate(self._file, 0, self.planes_at[-1] + self.plan.plane_bytes)
        except BaseException:
            self._partial.unlink(missing_ok=True)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)
        self._partial.unlink(missing_ok=True)

    def write(self, first_row: int, packed: Bytes) -> None:
        """Write one strip of all inks.

        Parameters
        ----------
        first_row : int
            A multiple of 64.
        packed : uint8 (inks, 64 or what is left, row bytes)

        Raises
        ------
        ValueError
            If it is no strip of this raster.
        OSError
            If the disk fails.
        """
        index, off = divmod(first_row, STRIP_ROWS)
        shape = (self.plan.inks, self.plan.strip(index)[1], self.plan.row_bytes)
        if off or packed.shape != shape:
            raise ValueError(f"rows {first_row}+{packed.shape[1]}: a strip is {shape} and begins at a multiple of 64")
        for ink, plane in enumerate(packed):
            strip = np.ascontiguousarray(plane)
            self._hashes[ink, index] = np.frombuffer(hashlib.sha256(strip.data).digest(), np.uint8)
            self._drops[ink, index] = count_drops(strip, self.plan.bits, self.plan.width_px)
            _write_at(self._file, strip, self.planes_at[ink] + first_row * self.plan.row_bytes)
        self._written[index] = True

    def finish(self) -> str:
        """Seal the file, move it to its name and return the seal (hex).

        Nothing waits for the disk: after a power cut a reader finds what is missing by the hashes.

        Raises
        ------
        ValueError
            If rows are missing.
        OSError
            If the disk fails.
        """
        if not self._written.all():
            missing = int(np.flatnonzero(~self._written)[0]) * STRIP_ROWS
            raise ValueError(f"{self._path.name}: rows from {missing} on were not written")
        for code, values in (
            (PLANES_TAG, np.array(self.planes_at, "<u8")),
            (HASHES_TAG, self._hashes),
            (DROPS_TAG, self._drops.astype("<u4")),
        ):
            _write_at(self._file, values, self._tags_at[code])
        seal = seal_of(self._file, self.planes_at, self.plan.plane_bytes, self._tags_at[SEAL_TAG])
        _write_at(self._file, np.frombuffer(seal, np.uint8), self._tags_at[SEAL_TAG])
        self._partial.replace(self._path)
        return seal.hex()


class _Hole(bytes):
    """Bytes that are skipped, not written."""


class _Reserving(io.FileIO):
    """A file in which strips are left open."""

    def write(self, data: Any) -> int:
        if isinstance(data, _Hole):
            self.seek(len(data), os.SEEK_CUR)
            return len(data)
        return super().write(data)


def _reserve(path: Path, plan: Plan, meta: dict[str, Any]) -> None:
    """Write all pages with their strips left open."""
    strips = [_Hole(plan.strip(index)[1] * plan.row_bytes) for index in range(plan.strips)]
    tables = [
        (PLANES_TAG, "Q", plan.inks, [0] * plan.inks, True),
        (HASHES_TAG, "B", plan.inks * plan.strips * 32, bytes(plan.inks * plan.strips * 32), True),
        (DROPS_TAG, "I", plan.inks * plan.strips << plan.bits, [0] * (plan.inks * plan.strips << plan.bits), True),
        (SEAL_TAG, "B", 32, bytes(32), True),
    ]
    with _Reserving(path, "x+") as file, tifffile.TiffWriter(file, bigtiff=True, byteorder="<") as tif:
        for ink, one in enumerate(meta["inks"]):
            tif.write(
                iter(strips),
                shape=(plan.rows, plan.width_px),
                dtype=np.uint8,
                bitspersample=plan.bits,
                photometric="miniswhite",
                rowsperstrip=STRIP_ROWS,
                resolution=(meta["dpi"], meta["dpi"]),
                resolutionunit="INCH",
                description=json.dumps(meta) if ink == 0 else None,
                metadata=None,
                software="Foulard",
                align=_ALIGN,
                contiguous=False,
                extratags=[(285, "s", 0, one["name"].encode("ascii", "replace").decode("ascii"), True)]
                + (tables if ink == 0 else []),
            )


def _write_at(file: int, data: Any, at: int) -> None:
    """Write all of a buffer at an offset."""
    view = np.ascontiguousarray(data).data.cast("B")
    while len(view):
        done = os.pwrite(file, view, at)
        view, at = view[done:], at + done
