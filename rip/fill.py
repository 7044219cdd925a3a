"""Filling bands of rows by a plan.

Each row of a source that a band needs is asked for once, whatever the number of cells that show it; a cell that lies
many times across is copied as one strided block, so small tiles cost little more than large ones.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from rip.plan import Cell, Plan

Bytes = NDArray[np.uint8]
Rows = Callable[[int, int], Bytes]
"""Gives rows of a source: (first row, count) → uint8 (count, width, channels)."""

WIDE_PX = 1024
"""Tiles without a gap are joined up to this width before they are copied."""

_Flipped = dict[tuple[int, int, int, int, int], Bytes]
"""What is already mirrored in a band: source, its first column, width, first row, count."""


class _Part(NamedTuple):
    """Rows of a cell in a band: they begin at `top` of the band and show source rows first..first+rows."""

    cell: Cell
    top: int
    first: int
    rows: int


def rows_of(picture: Bytes) -> Rows:
    """Return a source that gives the rows of a picture in memory, uint8 (h, w, 3)."""
    return lambda first, count: picture[first : first + count]


def fill_band(
    plan: Plan,
    sources: Sequence[Rows],
    start: int,
    count: int,
    out: Bytes,
    ground: Sequence[int] | None = None,
) -> None:
    """Write rows start..start+count of the job.

    Parameters
    ----------
    plan : Plan
    sources : sequence of callables
        One for each of `plan.sources_px`, at that size.
    start, count : int
        Rows of the job; a sheet shows its ground outside of its rows.
    out : uint8 (count, width_px, channels)
        Receives the band: colours, or tones of inks, whatever the sources give.
    ground : sequence of int, optional
        A pixel of the ground, one value per channel; left out, it is the plan's colour.

    Raises
    ------
    ValueError
        If a source gives rows of another shape than planned, or `out` has another shape.
    """
    pixel = plan.ground if ground is None else ground
    if out.shape != (count, plan.width_px, len(pixel)) or out.dtype != np.uint8:
        raise ValueError(f"out is {out.dtype} {out.shape}, uint8 ({count}, {plan.width_px}, {len(pixel)}) is needed")
    if not plan.covered:
        _paint(out, pixel)
    piece = min(count, plan.period_rows) if plan.wraps else count
    for top in range(0, count, max(piece, 1)):
        band = out[top : top + piece]
        parts = list(_parts(plan, start + top, len(band)))
        lines = _read(plan, sources, parts, len(pixel))
        flipped: _Flipped = {}
        for part in parts:
            _lay(part, lines, flipped, band)


def _paint(out: Bytes, colour: Sequence[int]) -> None:
    if len(set(colour)) == 1:
        out.fill(colour[0])
    else:
        out[:] = np.tile(np.array(colour, np.uint8), (out.shape[1], 1))


def _parts(plan: Plan, start: int, count: int) -> Iterator[_Part]:
    """Yield what the cells show in a band, lowest cell first; the band is not longer than a period that wraps."""
    tops, heights = plan.cell_rows
    offsets = tops - start
    if plan.wraps:
        offsets = offsets % plan.period_rows
        near = (offsets < count) | (offsets + heights > plan.period_rows)
    else:
        near = (offsets < count) & (offsets + heights > 0)
    for number in np.flatnonzero(near):
        cell, offset = plan.cells[number], int(offsets[number])
        for begin in (offset, offset - plan.period_rows) if plan.wraps else (offset,):
            top, bottom = max(begin, 0), min(begin + cell.height, count)
            if top < bottom:
                skipped = begin + cell.height - bottom if cell.flip_y else top - begin
                yield _Part(cell, top, cell.source_y + skipped, bottom - top)


class _Lines:
    """Rows of one source that a band needs, as blocks of consecutive rows."""

    def __init__(self, rows: Rows, size: tuple[int, int, int], wanted: Iterable[tuple[int, int]]) -> None:
        self._firsts: list[int] = []
        self._blocks: list[Bytes] = []
        for first, last in _merged(wanted):
            block = rows(first, last - first)
            if block.shape != (last - first, size[0], size[2]) or block.dtype != np.uint8:
                raise ValueError(
                    f"a source gave {block.dtype} {block.shape} for its rows {first} to {last - 1}, "
                    f"planned is uint8 ({last - first}, {size[0]}, {size[2]})"
                )
            self._firsts.append(first)
            self._blocks.append(block)

    def rows(self, first: int, count: int) -> Bytes:
        at = bisect_right(self._firsts, first) - 1
        skipped = first - self._firsts[at]
        return self._blocks[at][skipped : skipped + count]


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans (first, one past last) with those joined that touch or overlap."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(set(spans)):
        if merged and first <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _read(plan: Plan, sources: Sequence[Rows], parts: Sequence[_Part], channels: int) -> dict[int, _Lines]:
    wanted: dict[int, list[tuple[int, int]]] = {}
    for part in parts:
        wanted.setdefault(part.cell.source, []).append((part.first, part.first + part.rows))
    return {
        source: _Lines(sources[source], (*plan.sources_px[source], channels), spans) for source, spans in wanted.items()
    }


def _lay(
    part: _Part, lines: dict[int, _Lines], flipped: dict[tuple[int, int, int, int, int], Bytes], out: Bytes
) -> None:
    cell, top, first, count = part
    key = (cell.source, cell.source_x, cell.width, first, count)
    block = lines[cell.source].rows(first, count)[:, cell.source_x : cell.source_x + cell.width]
    if cell.flip_x:
        if key not in flipped:
            # NumPy copies a reversed axis of 3-byte pixels byte by byte
            flipped[key] = np.asarray(cv2.flip(np.ascontiguousarray(block), 1), np.uint8)
        block = flipped[key]
    if cell.flip_y:
        block = block[::-1]
    room = out[top : top + count, cell.x : cell.right]
    if cell.times == 1:
        room[:] = block
        return
    width, step, times = cell.width, cell.step, cell.times
    if step == width:
        # few long copies are faster than many short ones
        wide = min(times, max(1, WIDE_PX // width))
        block = np.tile(block, (1, wide, 1))
        room[:, times // wide * wide * width :] = block[:, : times % wide * width]
        width, step, times = wide * width, wide * width, times // wide
    row, pixel, channel = room.strides
    as_strided(room, (count, times, width, room.shape[2]), (row, step * pixel, pixel, channel))[:] = block[:, None]
