"""Screened rasters on disk: one period of the layout, read by absolute row number of the job.

A raster is a TIFF (any TIFF program shows it, see `rip.pressfile`): one plane per ink, 2 or 4 bits per drop,
uncompressed. The placement rule is: row r of the job is row r mod period_rows of the file, or, for a sheet of pieces,
row r itself. Overlays lie over the rows as they are read. A job file beside rasters names one and its overlays. Rows
are read by position and never mapped, so that memory stays what the caller asks for and a cut file is an error. This
module knows no colour, so that a press can load it alone.
"""

import hashlib
import json
import os
import weakref
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from rip.overlay import Overlays
from rip.packed import CellSums, count_drops, unpacking
from rip.pressfile import STRIP_ROWS, RasterError, check_strips, read_at, read_head

__all__ = ["Raster", "RasterError", "ink_ml", "write_job"]

_BAND_ROWS = 64
_PARALLEL_BYTES = 1 << 22
"""Reading less than this is not worth another thread."""


@dataclass(frozen=True)
class Raster:
    """One period of screened rows.

    Attributes
    ----------
    path : Path
        The raster's file, or the job file that names it.
    sha256 : str
        Of that file: the seal that its content was found to have.
    key : str
        Hash of all that went into it: artwork, layout, condition, RIP version.
    width_px, period_rows : int
    inks : tuple of str
        Names, in channel order.
    dpi : int
    bits : {2, 4}
        Per drop as stored; 8 levels are stored in 4 bits.
    drop_volumes : tuple of float
        Relative volume of each level.
    drop_pl : float
        Volume of the largest drop, picolitres.
    meta : dict
        All that the file says about itself.
    wraps : bool
        Whether the period comes again and again; if not, rows behind it are empty.
    job_rows : int or None
        Rows of the whole job where that is fixed: a sheet, or as the job file says.
    overlays : Overlays
        What lies over the rows.
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
    wraps: bool
    job_rows: int | None
    overlays: Overlays
    planes_path: Path
    planes_at: tuple[int, ...]
    planes_sha256: str

    @classmethod
    def open(cls, path: Path | str, sha256: str | None = None, *, check: bool = True) -> Self:
        """Open a raster, or a job file that names one, after checking every byte.

        Parameters
        ----------
        path : Path
        sha256 : str, optional
            Hash that the file must have.
        check : bool
            False leaves out the drops (not the rest): for a file that this process has just written or checked.

        Raises
        ------
        RasterError
            If the file is no raster, is cut or damaged, or has another hash.
        """
        path = Path(path)
        if not path.is_file():
            raise RasterError(f"{path.name}: no such raster: prepare the design again")
        file = os.open(path, os.O_RDONLY)
        try:
            if os.pread(file, 1, 0) == b"{":
                raster = cls._open_job(path, sha256, check=check)
                os.close(file)
                return raster
            raster = cls._open_planes(path, file, sha256, check=check)
        except BaseException:
            os.close(file)
            raise
        # the file that was checked stays open: no other can take its place
        raster.__dict__["_file"] = _File(file)
        return raster

    @classmethod
    def _open_planes(cls, path: Path, file: int, sha256: str | None, *, check: bool) -> Self:
        head = read_head(file, path.name)
        _demand_same(path, head.seal, sha256)
        if check:
            check_strips(file, head, path.name)
        meta, plan = head.meta, head.plan
        try:
            volumes, wraps = tuple(float(volume) for volume in meta["drop_volumes"]), bool(meta.get("wraps", True))
            return cls(
                path=path,
                sha256=head.seal,
                key=meta["key"],
                width_px=plan.width_px,
                period_rows=plan.rows,
                inks=tuple(ink["name"] for ink in meta["inks"]),
                dpi=int(meta["dpi"]),
                bits=plan.bits,
                drop_volumes=volumes,
                drop_pl=float(meta["drop_pl"]),
                meta=meta,
                wraps=wraps,
                job_rows=meta.get("job_rows") if wraps else plan.rows,
                overlays=_overlays(meta.get("overlays", ()), plan.width_px, plan.inks, len(volumes), plan.bits),
                planes_path=path,
                planes_at=head.planes_at,
                planes_sha256=head.seal,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise RasterError(f"{path.name}: not a raster of this RIP ({error!r})") from error

    @classmethod
    def _open_job(cls, path: Path, sha256: str | None, *, check: bool) -> Self:
        try:
            job = json.loads(path.read_text(encoding="utf-8"))
            seal, content = job["seal"], job["job"]
            if seal != _job_seal(content):
                raise RasterError(f"{path.name}: its hash is not the one it states: prepare the design again")
            _demand_same(path, seal, sha256)
            raster = cls.open(path.parent / content["raster"], content["raster_sha256"], check=check)
            overlays = _overlays(
                content["overlays"], raster.width_px, len(raster.inks), len(raster.drop_volumes), raster.bits
            )
        except RasterError:
            raise
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RasterError(f"{path.name}: not a job of this RIP ({error!r})") from error
        job_rows = raster.job_rows if content["job_rows"] is None else content["job_rows"]
        meta = raster.meta | content.get("about", {})
        return raster._with(path=path, sha256=seal, overlays=overlays, job_rows=job_rows, meta=meta)

    def _with(self, **changed: Any) -> Self:
        """Return a copy with other attributes on the same open file."""
        twin = replace(self, **changed)
        twin.__dict__["_file"] = self._file
        return twin

    def telling(self, more: Mapping[str, Any]) -> Self:
        """Return the raster with more to say of itself in `meta`; its file does not change."""
        return self._with(meta=self.meta | dict(more))

    @property
    def bare(self) -> Self:
        """The raster without a job's overlays, under its own name and hash: what all its jobs share."""
        none = _overlays((), self.width_px, len(self.inks), len(self.drop_volumes), self.bits)
        return self._with(path=self.planes_path, sha256=self.planes_sha256, overlays=none)

    def __getstate__(self) -> dict[str, Any]:
        # a worker process opens the file itself
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @cached_property
    def _file(self) -> "_File":
        return _File(os.open(self.planes_path, os.O_RDONLY))

    @property
    def row_bytes(self) -> int:
        """Bytes of one packed row of one ink."""
        return (self.width_px * self.bits + 7) // 8

    def total_rows(self, length_m: float | None = None) -> int:
        """Rows of the whole job; for a repeat whose job is not fixed, of that length (ValueError without one)."""
        if self.job_rows is not None:
            return self.job_rows
        if length_m is None:
            raise ValueError(f"{self.path.name}: a repeat has no length of its own: give length_m")
        return round(length_m * 1000 / 25.4 * self.dpi)

    def stream(
        self, start: int, count: int, out: NDArray[np.uint8] | None = None, *, threads: int | None = None
    ) -> NDArray[np.uint8]:
        """Read packed rows of the job, overlays on, into a buffer.

        Parameters
        ----------
        start, count : int
            Rows of the job.
        out : uint8 (inks, count, row bytes), C-contiguous, optional
            Made if not given.
        threads : int, optional
            Inks read at the same time; as many as processors if there is much to read.

        Returns
        -------
        uint8 (inks, count, row bytes)
            `out`: first pixel in the high bits.

        Raises
        ------
        RasterError
            If the file has been cut since it was opened.
        """
        if start < 0 or count < 0:
            raise ValueError(f"rows {start}+{count}: start and count must not be negative")
        shape = (len(self.inks), count, self.row_bytes)
        out = np.empty(shape, np.uint8) if out is None else out
        if out.shape != shape or out.dtype != np.uint8 or not out.flags.c_contiguous:
            raise ValueError(f"out must be contiguous uint8 {shape}, is {out.dtype} {out.shape}")
        if threads is None:
            threads = min(os.cpu_count() or 1, len(self.inks)) if out.nbytes >= _PARALLEL_BYTES else 1
        if threads > 1:
            with ThreadPoolExecutor(threads, "rows") as pool:
                list(pool.map(lambda ink: self._read(ink, start, out[ink]), range(len(self.inks))))
        else:
            for ink, plane in enumerate(out):
                self._read(ink, start, plane)
        self.overlays.apply(out, start)
        return out

    def _read(self, ink: int, start: int, out: NDArray[np.uint8]) -> None:
        """Read rows of one plane as the placement rule has them."""
        at, done, count = self.planes_at[ink], 0, len(out)
        if not self.wraps and start + count > self.period_rows:
            printed = max(0, self.period_rows - start)
            out[printed:] = 0
            count = min(count, printed)
        while done < count:
            first = (start + done) % self.period_rows
            rows = min(count - done, self.period_rows - first)
            if not read_at(self._file.number, out[done : done + rows], at + first * self.row_bytes):
                raise RasterError(f"{self.planes_path.name}: was cut while in use: prepare the design again")
            done += rows

    def packed(self, start: int, count: int) -> NDArray[np.uint8]:
        """Return packed rows of the job, first pixel in the high bits: uint8 (inks, count, row bytes)."""
        return self.stream(start, count)

    def rows(self, start: int, count: int) -> NDArray[np.uint8]:
        """Return drop levels of rows of the job: uint8 (inks, count, width_px)."""
        words = np.take(unpacking(self.bits), self.stream(start, count), mode="clip")
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

        Raises
        ------
        ValueError
            If a side is below one pixel.
        RasterError
            If the file has been cut since it was opened.
        """
        if step < 1:
            raise ValueError(f"step {step} must be at least 1")
        down, across = count // step, self.width_px // step
        cells = np.empty((len(self.inks), down, across), np.float32)
        sums = CellSums(self.drop_volumes, self.bits)
        band = max(1, _BAND_ROWS // step)
        for top in range(0, down, band):
            taken = min(band, down - top)
            for ink, plane in enumerate(self.stream(start + top * step, taken * step, threads=1)):
                sums.add_up(plane, step, cells[ink, top : top + taken])
        cells *= np.float32(1 / (step * step))
        return cells

    def nozzles(self, start: int, count: int, left: int, right: int, step: int = 4) -> NDArray[np.float32]:
        """Return the mean relative drop volume that each column of device pixels gets.

        Parameters
        ----------
        start, count : int
            Rows of the job; what is left over of the last `step` rows is left out.
        left, right : int
            Columns from `left` up to, not including, `right`.
        step : int
            Rows that are averaged.

        Returns
        -------
        float32 (inks, count // step, right - left)
            0..1.

        Raises
        ------
        ValueError
            If they are no columns of the raster.
        RasterError
            If the file has been cut since it was opened.
        """
        if not 0 <= left < right <= self.width_px or step < 1:
            raise ValueError(f"columns {left}..{right} by {step} rows must lie in 0..{self.width_px}, 1 row or more")
        pixels = 8 // self.bits
        first, last = left // pixels, -(-right // pixels)
        volumes = np.array(self.drop_volumes, np.float32)
        found = np.empty((len(self.inks), count // step, right - left), np.float32)
        band = max(1, _BAND_ROWS // step)
        for top in range(0, found.shape[1], band):
            taken = min(band, found.shape[1] - top)
            packed = self.stream(start + top * step, taken * step, threads=1)[:, :, first:last]
            levels = np.take(unpacking(self.bits), packed, mode="clip").view(np.uint8)
            drops = volumes[levels[:, :, left - first * pixels :][:, :, : right - left]]
            found[:, top : top + taken] = drops.reshape(len(self.inks), taken, step, -1).mean(axis=2)
        return found

    @cached_property
    def _strip_drops(self) -> NDArray[np.int64]:
        """Drops of each level before each strip: int64 (inks, strips + 1, levels)."""
        drops = read_head(self._file.number, self.planes_path.name).drops.astype(np.int64)
        return np.concatenate([np.zeros_like(drops[:, :1]), np.cumsum(drops, axis=1)], axis=1)

    def drops(self, rows: int) -> NDArray[np.int64]:
        """Return how many drops of each level the first rows of a job take: int64 (inks, levels).

        Known from the file at once; what an overlay clears beneath it is not taken off.
        """
        periods, rest = divmod(rows, self.period_rows) if self.wraps else (0, min(rows, self.period_rows))
        strip, over = divmod(rest, STRIP_ROWS)
        counts = self._strip_drops[:, -1] * periods + self._strip_drops[:, strip]
        if over:
            lines = self.bare.stream(strip * STRIP_ROWS, over)
            counts = counts + np.stack([count_drops(plane, self.bits, self.width_px) for plane in lines])
        return counts[:, : len(self.drop_volumes)] + self.overlays.drops(rows)


class _File:
    """A file descriptor that closes with the last raster that reads from it."""

    def __init__(self, number: int) -> None:
        self.number = number
        weakref.finalize(self, os.close, number)


def ink_ml(raster: Raster, length_m: float | None = None) -> dict[str, float]:
    """Return the millilitres of each ink that a job takes; of that length if the job has none of its own."""
    volumes = raster.drops(raster.total_rows(length_m)) @ np.array(raster.drop_volumes)
    return dict(zip(raster.inks, (volumes * raster.drop_pl * 1e-9).tolist(), strict=True))


def write_job(
    path: Path,
    raster: Raster,
    overlays: Overlays,
    job_rows: int | None = None,
    about: Mapping[str, Any] | None = None,
) -> Raster:
    """Write a job file: a raster by name and hash, what lies over it, and its rows. Returns the job, open.

    Parameters
    ----------
    path : Path
        In the raster's folder or near it; the raster is named relative to it.
    raster : Raster
    overlays : Overlays
        Made for this raster's width, inks, levels and bits.
    job_rows : int, optional
        Rows of the whole job; None leaves it to the raster.
    about : mapping, optional
        What the job says of itself beyond the raster, plain values for JSON; they stand in its `meta`.
    """
    content = {
        "raster": os.path.relpath(raster.planes_path, path.parent),
        "raster_sha256": raster.planes_sha256,
        "job_rows": job_rows,
        "overlays": overlays.to_list(),
        "about": dict(about or {}),
    }
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(json.dumps({"seal": _job_seal(content), "job": content}), encoding="utf-8")
    partial.replace(path)
    return Raster.open(path, check=False)


def _job_seal(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("utf-8")).hexdigest()


def _demand_same(path: Path, found: str, wanted: str | None) -> None:
    if wanted is not None and found != wanted.lower():
        raise RasterError(f"{path.name}: the hash is {found[:12]}…, wanted {wanted[:12]}…: prepare the design again")


def _overlays(values: Any, width_px: int, inks: int, levels: int, bits: int) -> Overlays:
    return Overlays.from_list(values, width_px=width_px, inks=inks, levels=levels, bits=bits)
