"""Screened rasters on disk: one period of the layout, read by absolute row number of the job.

A raster is a BigTIFF (any TIFF program opens it): one plane per ink, 2 bits per sample, uncompressed. The placement
rule is: row r of the job is row r mod period_rows of the file. This module knows no colour, so that a press can load
it alone.
"""

import hashlib
import json
import mmap
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
import tifffile
from numpy.typing import NDArray

BITS = 2
SAMPLES_PER_BYTE = 4
_BAND_ROWS = 64


class RasterError(ValueError):
    """The file is not the raster it should be; one line: file name and reason."""


@dataclass(frozen=True)
class Raster:
    """One period of screened rows.

    Attributes
    ----------
    path : Path
    sha256 : str
        Of the whole file.
    key : str
        Hash of all that went into it: artwork, layout, condition, RIP version.
    width_px, period_rows : int
    inks : tuple of str
        Names, in channel order.
    dpi, bits : int
    drop_volumes : tuple of float
        Relative volume of each level.
    drop_pl : float
        Volume of the largest drop, picolitres.
    meta : dict
        All that the file says about itself.
    """

    path: Path
    sha256: str
    key: str
    width_px: int
    period_rows: int
    inks: tuple[str, ...]
    dpi: int
    bits: int
    drop_volumes: tuple[float, ...]
    drop_pl: float
    meta: dict[str, Any]
    data_at: int

    @classmethod
    def open(cls, path: Path | str, sha256: str | None = None) -> Self:
        """Open a raster after checking its structure and hash.

        Parameters
        ----------
        path : Path
        sha256 : str, optional
            Hash that the file must have; without one, the sidecar `<name>.json` states it, if there is one.

        Raises
        ------
        RasterError
            If the file is no raster, is cut, or has another hash.
        """
        path = Path(path)
        meta, data_at = _parse(path)
        if sha256 is None:
            sha256 = _sidecar_sha256(path)
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if sha256 is not None and found != sha256.lower():
            raise RasterError(
                f"{path.name}: the hash is {found[:12]}…, wanted {sha256[:12]}…: prepare the design again"
            )
        return cls(
            path=path,
            sha256=found,
            key=meta["key"],
            width_px=meta["width_px"],
            period_rows=meta["period_rows"],
            inks=tuple(ink["name"] for ink in meta["inks"]),
            dpi=meta["dpi"],
            bits=meta["bits"],
            drop_volumes=tuple(meta["drop_volumes"]),
            drop_pl=meta["drop_pl"],
            meta=meta,
            data_at=data_at,
        )

    def __getstate__(self) -> dict[str, Any]:
        # a worker process maps the file itself
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def planes(self) -> NDArray[np.uint8]:
        """The file's pixels, read-only: uint8 (inks, period_rows, ceil(width_px / 4)), packed."""
        shape = (len(self.inks), self.period_rows, -(-self.width_px // SAMPLES_PER_BYTE))
        mapped = np.memmap(self.path, np.uint8, "r", self.data_at, shape)
        if isinstance(mapped.base, mmap.mmap) and hasattr(mmap, "MADV_WILLNEED"):
            mapped.base.madvise(mmap.MADV_WILLNEED)
        return mapped.view(np.ndarray)

    def total_rows(self, length_m: float) -> int:
        """Rows of a job of that length."""
        return round(length_m * 1000 / 25.4 * self.dpi)

    def packed(self, start: int, count: int) -> NDArray[np.uint8]:
        """Return packed rows of the job, first pixel in the high bits: uint8 (inks, count, ceil(width_px / 4))."""
        return np.array(self._window(start, count))

    def rows(self, start: int, count: int) -> NDArray[np.uint8]:
        """Return drop levels of rows of the job: uint8 (inks, count, width_px), values 0..3."""
        words = np.take(_UNPACK, self._window(start, count), mode="clip")
        return words.view(np.uint8)[..., : self.width_px]

    def coverage(self, start: int, count: int, step: int = 4) -> NDArray[np.float32]:
        """Return the mean relative drop volume of step × step cells.

        Parameters
        ----------
        start, count : int
            Rows of the job; a last cell that would be cut is left out.
        step : int
            Cell side, device pixels; multiples of 4 are fast.

        Returns
        -------
        float32 (inks, count // step, width_px // step)
            0..1.
        """
        if step < 1:
            raise ValueError(f"step {step} must be at least 1")
        down, across = count // step, self.width_px // step
        cells = np.empty((len(self.inks), down, across), np.float32)
        sums = self._cells_by_byte if step % SAMPLES_PER_BYTE == 0 else self._cells_by_pixel
        band = max(1, _BAND_ROWS // step)
        for top in range(0, down, band):
            taken = min(band, down - top)
            window = self._window(start + top * step, taken * step)
            for ink, plane in enumerate(window):
                sums(plane, step, cells[ink, top : top + taken])
        cells *= np.float32(1 / (step * step))
        return cells

    def _window(self, start: int, count: int) -> NDArray[np.uint8]:
        """Packed rows of the job; a view where they do not wrap."""
        if start < 0 or count < 0:
            raise ValueError(f"rows {start}+{count}: start and count must not be negative")
        first = start % self.period_rows
        if first + count <= self.period_rows:
            return self.planes[:, first : first + count]
        return self.planes[:, (first + np.arange(count)) % self.period_rows]

    def _cells_by_byte(self, packed: NDArray[np.uint8], step: int, out: NDArray[np.float32]) -> None:
        wide = step // SAMPLES_PER_BYTE
        down, across = out.shape
        volumes = np.take(self._sum_of_four, packed[:, : across * wide], mode="clip")
        lines = volumes.reshape(down, step, across * wide).sum(axis=1)
        out[:] = lines if wide == 1 else lines.reshape(down, across, wide).sum(axis=2)

    def _cells_by_pixel(self, packed: NDArray[np.uint8], step: int, out: NDArray[np.float32]) -> None:
        down, across = out.shape
        levels = np.take(_UNPACK, packed, mode="clip").view(np.uint8)[:, : across * step]
        volumes = np.take(np.array(self.drop_volumes, np.float32), levels, mode="clip")
        out[:] = volumes.reshape(down, step, across, step).sum(axis=(1, 3))

    @cached_property
    def _sum_of_four(self) -> NDArray[np.float32]:
        """Summed relative volume of the four pixels of each byte value."""
        volumes = np.array(self.drop_volumes, np.float64)
        return volumes[_UNPACK.view(np.uint8).reshape(256, 4)].sum(axis=1).astype(np.float32)


def ink_ml(raster: Raster, length_m: float) -> dict[str, float]:
    """Return the millilitres of each ink that a job of that length takes."""
    total = raster.total_rows(length_m)
    periods, rest = divmod(total, raster.period_rows)
    in_rest = _volumes(raster, rest)
    in_period = _volumes(raster, raster.period_rows) if periods else np.zeros(len(raster.inks))
    ml = (in_period * periods + in_rest) * raster.drop_pl * 1e-9
    return dict(zip(raster.inks, ml.tolist(), strict=True))


def _volumes(raster: Raster, rows: int) -> NDArray[np.float64]:
    """Sum of relative drop volumes of the first rows of the period, per ink."""
    volumes = raster._sum_of_four.astype(np.float64)
    sums = np.zeros(len(raster.inks))
    for ink, plane in enumerate(raster.planes):
        for first in range(0, rows, _BAND_ROWS):
            histogram = np.bincount(plane[first : min(first + _BAND_ROWS, rows)].ravel(), minlength=256)
            sums[ink] += histogram @ volumes
    return sums


def _unpacking() -> NDArray[np.uint32]:
    byte = np.arange(256, dtype=np.uint8)
    levels = np.stack([byte >> 6, (byte >> 4) & 3, (byte >> 2) & 3, byte & 3], axis=1)
    return np.ascontiguousarray(levels).view(np.uint32)[:, 0]


_UNPACK = _unpacking()


def _sidecar_sha256(path: Path) -> str | None:
    sidecar = path.with_suffix(".json")
    if not sidecar.is_file():
        return None
    try:
        return str(json.loads(sidecar.read_text(encoding="utf-8"))["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RasterError(f"{sidecar.name}: does not state the raster's hash ({error})") from error


def _parse(path: Path) -> tuple[dict[str, Any], int]:
    """Return metadata and the offset of the pixels of a sound raster file."""
    if not path.is_file():
        raise RasterError(f"{path.name}: no such raster: prepare the design again")
    try:
        with tifffile.TiffFile(path) as tif:
            tags = {tag.code: tag.value for tag in tif.pages.first.tags.values()}
        meta = json.loads(tags[270])
        inks, width, period = len(meta["inks"]), meta["width_px"], meta["period_rows"]
        row_bytes = -(-width // SAMPLES_PER_BYTE)
        claims = (tags[256], tags[257], tags[277], tags[259], tags[284], meta["bits"], len(meta["drop_volumes"]))
        offsets, counts = tuple(np.atleast_1d(tags[273])), tuple(np.atleast_1d(tags[279]))
        bits = set(np.atleast_1d(tags[258]).tolist())
        needed = {"key": str, "dpi": int, "drop_pl": (int, float)}
        typed = all(isinstance(meta[name], kind) for name, kind in needed.items())
    except (tifffile.TiffFileError, OSError, ValueError, KeyError, TypeError, IndexError) as error:
        reason = " ".join(str(error).split())
        raise RasterError(f"{path.name}: not a raster of this RIP ({reason})") from error
    if not typed or claims != (width, period, inks, 1, 2, BITS, 1 << BITS) or bits != {BITS}:
        raise RasterError(f"{path.name}: its description does not fit its pixels: prepare the design again")
    ends = np.cumsum((offsets[0], *counts))
    if tuple(ends[:-1]) != offsets or int(ends[-1]) != int(offsets[0]) + inks * period * row_bytes:
        raise RasterError(f"{path.name}: strips are not where they should be: prepare the design again")
    size = path.stat().st_size
    if size < int(ends[-1]):
        raise RasterError(f"{path.name}: cut after {size} of {int(ends[-1])} bytes: prepare the design again")
    return meta, int(offsets[0])
