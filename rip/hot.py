"""The hot path: colours or tones of a band to packed drops of all inks.

Same result as `rip.screen.screen_plainly` and `rip.packed.pack`, but all inks at once: tones of a pixel lie side by
side in 4, 8 or 16 lanes, so one look-up fetches a pixel's inks, and thresholds, levels and packing are arithmetic on
whole lanes. Chunks stay in the processor's cache; buffers are kept. NumPy and OpenCV let other threads run, so each
thread takes its own `Screener` on the shared `Screen`.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from rip.mask import Mask
from rip.nozzles import GAIN_SCALE, Limits, Nozzles, close_gaps, evened, near_dead, roundings, under_total, unlimited
from rip.packed import Bytes, lanes_for, pack, stored_bits
from rip.screen import ink_thresholds, screen_plainly

CHUNK_ROWS, CHUNK_COLUMNS = 64, 4096
"""By measurement: smaller chunks would fit a core's own cache, but threads would wait for each other more often."""

TILE_COLUMNS = 512
"""Thresholds are repeated to this width, so that NumPy's inner loops are long."""

_WORDS = {4: np.uint32, 8: np.uint64, 16: np.complex128}
"""One element holds a pixel's lanes; the 16-byte type is only moved, never computed with."""

cv2.setNumThreads(1)  # the threads are ours


class Screen:
    """What all threads share: the thresholds of all inks, interleaved, and the state of the nozzles.

    Parameters
    ----------
    mask : Mask
        See `rip.mask.load_mask`.
    drop_volumes : tuple of n float
        2 to 16 levels, rising from 0 to 1.
    inks : int
        1 to 16.
    nozzles : Nozzles, optional
    limits : Limits, optional
        What the correction of nozzles keeps to; the tones given are within them.
    """

    def __init__(
        self,
        mask: Mask,
        drop_volumes: tuple[float, ...],
        inks: int,
        nozzles: Nozzles | None = None,
        limits: Limits | None = None,
    ) -> None:
        if nozzles is not None and nozzles.inks != inks:
            raise ValueError(f"nozzles of {nozzles.inks} inks given for {inks} inks")
        self.inks, self.lanes, self.bits = inks, lanes_for(inks), stored_bits(len(drop_volumes))
        self.per_byte = 8 // self.bits
        kept = mask.shortened(CHUNK_ROWS)
        self._rows, self._kept_rows = mask.rows, kept.rows
        self._tile_rows = len(mask.tile)
        self.plain = [ink_thresholds(kept, drop_volumes, ink) for ink in range(inks)]
        lanes = np.full((*self.plain[0].shape, self.lanes), 255, np.uint8)  # 255 is never exceeded: no drop
        lanes[..., :inks] = np.stack(self.plain, axis=-1)
        self.tiles = self._tiled(lanes)
        self.nozzles = nozzles
        self.limits = limits or unlimited(inks)
        self.gains: NDArray[np.uint16] | None = None
        if nozzles is not None and nozzles.steps is not None:
            width = -(-nozzles.width_px // TILE_COLUMNS) * TILE_COLUMNS
            self.gains = np.zeros((width, self.lanes), np.uint16)
            self.gains[: nozzles.width_px, :inks] = nozzles.steps.T
            added = np.zeros((1, *lanes.shape[1:]), np.uint16)
            added[0, ..., :inks] = np.stack([roundings(kept, ink) for ink in range(inks)], axis=-1)
            self.added = self._tiled(added)[0]
            most = np.zeros((TILE_COLUMNS, self.lanes), np.uint16)
            most[:, :inks] = self.limits.inks
            self.most = most.reshape(-1)

    def _tiled(self, lanes: NDArray) -> NDArray:
        """Repeat to the tile's width and beyond the rows kept: (steps, kept rows + chunk rows, 1, tile · lanes)."""
        rows = np.arange(self._kept_rows + CHUNK_ROWS) % self._kept_rows
        tiled = np.tile(lanes[:, rows], (1, 1, TILE_COLUMNS // lanes.shape[2], 1))
        return tiled.reshape(len(lanes), len(rows), 1, TILE_COLUMNS * self.lanes)

    def kept_row(self, row: int) -> int:
        """Return where a row of the period, and the rows of a chunk after it, are found in the tiles."""
        row %= self._rows
        left_out = self._rows - self._kept_rows
        return row % self._tile_rows if row < left_out else row - left_out


class Screener:
    """One thread's buffers on a `Screen`."""

    def __init__(self, screen: Screen) -> None:
        self._screen, self._word = screen, _WORDS[screen.lanes]
        pixels, lanes = CHUNK_ROWS * CHUNK_COLUMNS, screen.lanes
        self._rgb = np.full((CHUNK_ROWS, CHUNK_COLUMNS, 3), 255, np.uint8)
        self._bgra = np.empty((CHUNK_ROWS, CHUNK_COLUMNS, 4), np.uint8)
        self._index = np.empty(pixels * max(1, lanes // 8), np.int64)  # later holds the flags
        self._tones = np.empty(pixels * lanes, np.uint8)
        self._levels = np.empty(pixels * lanes, np.uint8)
        self._packed = np.empty(pixels * lanes // screen.per_byte, np.uint8)
        self._half = np.empty_like(self._packed)
        self._quads = [
            np.empty((CHUNK_ROWS, CHUNK_COLUMNS * lanes // 4 // screen.per_byte), np.uint8) for _ in range(4)
        ]
        self._unused = np.empty((CHUNK_ROWS, CHUNK_COLUMNS // screen.per_byte), np.uint8)
        self._wide = None if screen.gains is None else np.empty(pixels * lanes, np.uint16)

    def screen_rgb(self, rgb: Bytes, entries: Bytes, first_row: int, out: Bytes) -> None:
        """Screen a band of colours.

        Parameters
        ----------
        rgb : uint8 (rows, width, 3)
        entries : uint8 (2**24, lanes)
            Tones of every colour, at index red · 65536 + green · 256 + blue; C-contiguous.
        first_row : int
            Row of the period on which the band begins.
        out : uint8 (inks, rows, ceil(width · bits / 8))
            Receives the packed levels; padding pixels are 0.
        """
        table = entries.view(self._word).reshape(-1)

        def fetch(top: int, count: int, left: int, columns: int, padded: int) -> None:
            part = rgb[top : top + count, left : left + columns]
            if padded != columns:
                self._rgb[:count, :columns] = part
                part = self._rgb[:count, :padded]
            bgra = self._bgra.reshape(-1)[: count * padded * 4].reshape(count, padded, 4)
            cv2.cvtColor(part, cv2.COLOR_RGB2BGRA, dst=bgra)
            codes = bgra.view(np.int32).reshape(-1)
            np.bitwise_and(codes, 0xFFFFFF, out=codes)
            index = self._index[: count * padded]
            np.copyto(index, codes)
            np.take(table, index, out=self._tones.view(self._word)[: count * padded], mode="clip")

        def tones_at(columns: NDArray[np.intp]) -> Bytes:
            red, green, blue = (rgb[:, columns, channel].astype(np.intp) for channel in range(3))
            return entries[red << 16 | green << 8 | blue]

        self._screen_band(rgb.shape[0], rgb.shape[1], fetch, tones_at, first_row, out)

    def screen(self, tones: Bytes, first_row: int, out: Bytes) -> None:
        """Screen a band of tones: uint8 (rows, width, lanes); the rest as in `screen_rgb`."""
        lanes = self._screen.lanes

        def fetch(top: int, count: int, left: int, columns: int, padded: int) -> None:
            kept = self._tones[: count * padded * lanes].reshape(count, padded, lanes)
            kept[:, :columns] = tones[top : top + count, left : left + columns]
            kept[:, columns:] = 0

        def tones_at(columns: NDArray[np.intp]) -> Bytes:
            return tones[:, columns]

        self._screen_band(tones.shape[0], tones.shape[1], fetch, tones_at, first_row, out)

    def _screen_band(
        self, rows: int, width: int, fetch: Callable, tones_at: Callable, first_row: int, out: Bytes
    ) -> None:
        screen = self._screen
        row_bytes = -(-width // screen.per_byte)
        if out.shape != (screen.inks, rows, row_bytes):
            raise ValueError(f"out is {out.shape}, must be {(screen.inks, rows, row_bytes)}")
        if screen.nozzles is not None and screen.nozzles.width_px != width:
            raise ValueError(f"{width} columns for a press of {screen.nozzles.width_px} nozzles")
        for top in range(0, rows, CHUNK_ROWS):
            count = min(CHUNK_ROWS, rows - top)
            phase = screen.kept_row(first_row + top)
            for left in range(0, width, CHUNK_COLUMNS):
                columns = min(CHUNK_COLUMNS, width - left)
                padded = -(-columns // TILE_COLUMNS) * TILE_COLUMNS
                fetch(top, count, left, columns, padded)
                if screen.gains is not None:
                    self._even(count, padded, phase, left)
                self._set_levels(count, padded, phase)
                self._pack(count, padded)
                first, past = left // screen.per_byte, -(-(left + columns) // screen.per_byte)
                self._separate(count, padded, [plane[top : top + count, first:past] for plane in out])
        if width % screen.per_byte:
            out[:, :, -1] &= (0xFF << (8 - width % screen.per_byte * screen.bits)) & 0xFF
        if screen.nozzles is not None and any(screen.nozzles.dead):
            self._close_gaps(rows, width, tones_at, first_row, out)

    def _even(self, count: int, padded: int, phase: int, left: int) -> None:
        """Multiply the tones by the gains of their nozzles, as `evened` does."""
        screen = self._screen
        assert screen.gains is not None
        assert self._wide is not None
        shape = (count, padded // TILE_COLUMNS, TILE_COLUMNS * screen.lanes)
        size = count * padded * screen.lanes
        tones, wide = self._tones[:size].reshape(shape), self._wide[:size].reshape(shape)
        np.copyto(wide, tones)
        np.multiply(wide, screen.gains[left : left + padded].reshape(shape[1:]), out=wide)
        np.add(wide, screen.added[phase : phase + count], out=wide)
        np.floor_divide(wide, GAIN_SCALE, out=wide)
        np.minimum(wide, screen.most, out=wide)
        # four tones of 16 bits lie in a word: one multiplication adds them up in its upper quarter
        words = self._wide[:size].view(np.uint64).reshape(-1, screen.lanes // 4).sum(axis=1)
        over = np.flatnonzero(words * np.uint64(0x0001_0001_0001_0001) >> np.uint64(48) > screen.limits.total)
        if len(over):
            before = self._tones[:size].reshape(-1, screen.lanes)
            after = self._wide[:size].reshape(-1, screen.lanes)
            after[over] = under_total(before[over], after[over], screen.limits.total)
        np.copyto(tones, wide, casting="unsafe")

    def _set_levels(self, count: int, padded: int, phase: int) -> None:
        """Compare the tones with every step's thresholds."""
        shape = (count, padded // TILE_COLUMNS, TILE_COLUMNS * self._screen.lanes)
        size = count * padded * self._screen.lanes
        tones, levels = self._tones[:size].reshape(shape), self._levels[:size].reshape(shape)
        flags = self._index.view(np.uint8)[:size].reshape(shape)
        first, *others = self._screen.tiles[:, phase : phase + count]
        np.greater(tones, first, out=levels.view(np.bool_))
        for tile in others:
            np.greater(tones, tile, out=flags.view(np.bool_))
            np.add(levels, flags, out=levels)

    def _pack(self, count: int, padded: int) -> None:
        """Put neighbouring pixels of all lanes into one byte each, by shifts of whole words."""
        screen = self._screen
        words = (count, padded // screen.per_byte, screen.per_byte, -(-screen.lanes // 8))
        word = np.uint32 if screen.lanes == 4 else np.uint64
        size = count * padded * screen.lanes
        levels = self._levels[:size].view(word).reshape(words)
        packed, half = (
            buffer[: size // screen.per_byte].view(word).reshape(*words[:2], words[3])
            for buffer in (self._packed, self._half)
        )
        np.left_shift(levels[:, :, 0], 8 - screen.bits, out=packed)
        for place in range(1, screen.per_byte - 1):
            np.left_shift(levels[:, :, place], 8 - screen.bits * (place + 1), out=half)
            np.bitwise_or(packed, half, out=packed)
        np.bitwise_or(packed, levels[:, :, screen.per_byte - 1], out=packed)

    def _separate(self, count: int, padded: int, planes: list[Bytes]) -> None:
        """Separate the lanes into planes, in two steps of at most four, which OpenCV does fast."""
        screen = self._screen
        width, groups = planes[0].shape[1], screen.lanes // 4
        unused = self._unused[:count, :width]
        planes = planes + [unused] * (screen.lanes - len(planes))
        size = count * padded * screen.lanes // screen.per_byte
        packed = self._packed[:size].reshape(count, -1)[:, : width * screen.lanes].reshape(count, width * groups, 4)
        if groups == 1:
            cv2.split(packed, planes)
            return
        quads = [quad[:count, : width * groups] for quad in self._quads]
        cv2.split(packed, quads)
        for lane, quad in enumerate(quads):
            cv2.split(quad.reshape(count, width, groups), planes[lane::4])

    def _close_gaps(self, rows: int, width: int, tones_at: Callable, first_row: int, out: Bytes) -> None:
        """Screen the few columns round dead nozzles again, with their tones moved."""
        screen = self._screen
        assert screen.nozzles is not None
        kept = np.array([screen.kept_row(first_row + row) for row in range(rows)])
        dead = screen.nozzles.dead
        columns = near_dead(tuple({column for ones in dead for column in ones}), width, screen.per_byte)
        tones = np.ascontiguousarray(tones_at(columns)[..., : screen.inks])
        if screen.gains is not None:
            added = screen.added.reshape(len(screen.added), TILE_COLUMNS, screen.lanes)[..., : screen.inks]
            added = added[kept[:, None], columns % TILE_COLUMNS]
            tones = evened(tones, screen.gains[columns, : screen.inks], added, screen.limits)
        close_gaps(tones, columns, dead, screen.limits)
        for ink, plain in enumerate(screen.plain):
            if dead[ink]:
                tiles = plain[:, kept[:, None], columns % plain.shape[2]]
                levels = screen_plainly(tones[..., ink], tiles, first_row=0)
                out[ink][:, np.unique(columns // screen.per_byte)] = pack(levels, screen.bits)
