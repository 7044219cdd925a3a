"""Artwork at the resolution of the press, as raw rows on disk: decoded once, found again by what it is."""

import hashlib
import json
import math
import os
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from rip.decode import bands
from rip.formats.facts import Rows
from rip.formats.opening import Artwork, opened
from rip.rawrows import Spool
from rip.resample import Resize

__all__ = ["Spool", "spool", "turned"]

VERSION = 1
"""Goes into every key: raise it when the same file gives other pixels."""

FLAT_COLOURS = 256
"""A palette of at most so many colours is a flat design: it is resampled to the nearest pixel."""

NEAR_REL = 0.001
"""Rows of a picture that may be given twice or left out; as `rip.cloth` lets a repeat change."""

_BAND_ROWS = 256
_WORKERS = 2

Progress = Callable[[str, float], None]


def spool(
    artwork: Artwork,
    width_px: int,
    height_px: int,
    folder: Path,
    progress: Progress | None = None,
    *,
    wrap: bool = False,
) -> Spool:
    """Decode artwork once, at the size it has on the press; the same request is found again in the folder.

    A picture that has these rows already, but for one in a thousand, is not resampled: a single row given twice or left
    out here and there shows less. A TIFF that holds them raw is used where it is, without a copy.

    Parameters
    ----------
    artwork : Artwork
    width_px, height_px : int
        Size in device pixels.
    folder : Path
        Made if needed.
    progress : callable, optional
        Called with "read" and the share done, 0..1.
    wrap : bool
        Resample round the edges, for artwork that is a repeat.

    Raises
    ------
    ArtworkError
        If the file turns out cut or damaged.
    OSError
        If the disk is full.
    """
    if width_px < 1 or height_px < 1:
        raise ValueError(f"a size of {width_px} × {height_px} px is not possible")
    report = progress or (lambda step, share: None)
    size, own = (width_px, height_px), (artwork.width_px, artwork.height_px)
    near = size[0] == own[0] and abs(size[1] - own[1]) <= NEAR_REL * own[1]
    stored = own[1] if near and size != own else None
    key = _key(artwork, own if near else size, wrap and not near)
    report("read", 0.0)
    if near and (offset := _raw_offset(artwork)) is not None:
        report("read", 1.0)
        return Spool(artwork.path, offset, *size, artwork.channels, artwork.bits, key, stored)
    kept = Spool(folder / f"{key}.rgb", 0, *size, artwork.channels, artwork.bits, key, stored)
    if not _is_kept(kept):
        flat = artwork.palette is not None and len(artwork.palette) <= FLAT_COLOURS
        with _new_file(kept) as file:
            if near:
                _copy(artwork, kept, file, report)
            else:
                resize = Resize(own, size, nearest=flat, wrap=wrap)
                _resample(artwork, resize, kept, file, report)
    report("read", 1.0)
    return kept


def turned(source: Spool, quarter_turns: int, mirror: bool, folder: Path) -> Spool:
    """Return a spool of the picture mirrored left to right, then turned clockwise; found again in the folder.

    Parameters
    ----------
    source : Spool
    quarter_turns : int
        Clockwise.
    mirror : bool
    folder : Path
        Made if needed.
    """
    turns = quarter_turns % 4
    if not turns and not mirror:
        return source
    width, height = (source.height_px, source.width_px) if turns % 2 else (source.width_px, source.height_px)
    key = hashlib.sha256(f"{source.key or source.path} {source.height_px} {turns} {mirror}".encode()).hexdigest()
    kept = Spool(folder / f"{key}.rgb", 0, width, height, source.channels, source.bits, key)
    if not _is_kept(kept):
        with _new_file(kept) as file:
            for start in range(0, height, _BAND_ROWS):
                band = source.turned_rows(turns, mirror, start, min(_BAND_ROWS, height - start))
                _put(file, band, start * kept.row_bytes)
    return kept


def _key(artwork: Artwork, size: tuple[int, int], wrap: bool) -> str:
    basis = {"spool": VERSION, "design": artwork.sha256, "page": artwork.page, "size": size, "wrap": wrap}
    if artwork.format in ("pdf", "svg"):
        basis["dpi"] = artwork.dpi
    return hashlib.sha256(json.dumps(basis, sort_keys=True).encode("ascii")).hexdigest()


def _raw_offset(artwork: Artwork) -> int | None:
    if artwork.format != "tiff":
        return None
    with opened(artwork.path, artwork.page, None) as (_, _, found):
        return found.facts.raw_offset


def _is_kept(wanted: Spool) -> bool:
    return wanted.path.is_file() and wanted.path.stat().st_size == wanted.stored_bytes


@contextmanager
def _new_file(wanted: Spool) -> Iterator[int]:
    """Yield a descriptor to write to; the file appears under its name when all is written."""
    wanted.path.parent.mkdir(parents=True, exist_ok=True)
    partial = wanted.path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with partial.open("wb", buffering=0) as file:
            # a full disk must be known before the work is done
            os.posix_fallocate(file.fileno(), 0, wanted.stored_bytes)
            yield file.fileno()
        partial.replace(wanted.path)
    finally:
        partial.unlink(missing_ok=True)


def _put(file: int, band: Rows, offset: int) -> None:
    """Write all of a band: one call writes at most 2 GiB."""
    rest = np.ascontiguousarray(band).data.cast("B")
    while len(rest):
        done = os.pwrite(file, rest, offset)
        rest, offset = rest[done:], offset + done


def _copy(artwork: Artwork, wanted: Spool, file: int, report: Progress) -> None:
    done = 0
    for band in bands(artwork, _BAND_ROWS):
        _put(file, band, done * wanted.row_bytes)
        done += len(band)
        report("read", done / artwork.height_px)


def _resample(artwork: Artwork, resize: Resize, wanted: Spool, file: int, report: Progress) -> None:
    """Resample blocks in worker threads while the next rows are decoded."""

    def work(rows: Rows, first: int, start: int, count: int) -> None:
        _put(file, resize.block(rows, first, start, count), start * wanted.row_bytes)

    row_bytes = artwork.width_px * artwork.channels * artwork.bits // 8
    pending: deque[Future[None]] = deque()
    with ThreadPoolExecutor(_WORKERS) as pool:
        done = 0
        for rows, first, start, count in _windows(artwork, resize, row_bytes):
            pending.append(pool.submit(work, rows, first, start, count))
            if len(pending) > _WORKERS:
                pending.popleft().result()
            done += count
            report("read", done / wanted.height_px)
        for task in pending:
            task.result()


def _windows(artwork: Artwork, resize: Resize, row_bytes: int) -> Iterator[tuple[Rows, int, int, int]]:
    """Yield for each block of target rows its source rows and their first number, in the order they are decoded.

    Rows are counted on beyond the end, where they begin again; a block that needs rows before the first one takes them
    there, so it comes last.
    """
    height = resize.source[1]
    wanted = []
    for start, count in resize.blocks(row_bytes):
        first, last = resize.rows_needed(start, count)
        later = height * math.ceil(max(0, -first) / height)
        wanted.append((first + later, last + later, first, start, count))
    wanted.sort()
    source = _cycled(bands(artwork, _BAND_ROWS), height, max(last for _, last, *_ in wanted))
    held, held_from = next(source), 0
    for begin, end, first, start, count in wanted:
        parts = [held]
        have = held_from + len(held)
        while have < end:
            parts.append(next(source))
            have += len(parts[-1])
        held = np.concatenate(parts) if len(parts) > 1 else held
        held, held_from = held[begin - held_from :], begin
        yield held[: end - begin], first, start, count


def _cycled(parts: Iterator[Rows], height: int, end: int) -> Iterator[Rows]:
    """Yield all rows, then again as many from the top as are needed to reach `end`."""
    head: list[Rows] = []
    kept = 0
    for part in parts:
        if kept < min(end - height, height):
            head.append(part)
            kept += len(part)
        yield part
    more = end - height
    while more > 0:
        for part in head:
            if more <= 0:
                break
            yield part[:more]
            more -= len(part)
