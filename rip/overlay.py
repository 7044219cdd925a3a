"""Labels, bars, codes and running numbers over the printed rows, as small patches of packed drops.

A patch is laid over the rows as they are read: bits of the print beneath are kept or cleared, then the patch's own are
set. That touches only the bytes of the patch, so a repeat streams as fast with overlays as without. Only NumPy is
needed, as the press does this.
"""

import base64
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from rip.packed import Bytes, pack

Ground = Literal["clear", "knock-out", "overprint"]
"""What becomes of the print beneath: all of the rectangle is cleared; it is cleared under the patch's drops; other inks
stay as they are. The first two keep the total ink below the limit."""

_GROUNDS = ("clear", "knock-out", "overprint")


@dataclass(frozen=True, eq=False)
class Patch:
    """Drops at one place of the job, or at many.

    Attributes
    ----------
    name : str
        For messages and lists.
    row, x : int
        Upper left corner: row of the job, device column.
    levels : uint8 (height, width)
        Drop levels, 0 = none.
    inks : tuple of int
        Channels that get these levels.
    ground : {"knock-out", "clear", "overprint"}
    every_rows : int, optional
        The patch comes again after so many rows; None = once.
    until_row : int, optional
        No repetition begins at or after this row.
    """

    name: str
    row: int
    x: int
    levels: Bytes = field(repr=False)
    inks: tuple[int, ...]
    ground: Ground = "knock-out"
    every_rows: int | None = None
    until_row: int | None = None


@dataclass(frozen=True, eq=False)
class Counter:
    """A running number, right-aligned, such as metres.

    Attributes
    ----------
    name, row, x, inks, ground, until_row
        As of a `Patch`.
    glyphs : uint8 (10, height, width)
        Drop levels of the digits 0 … 9.
    places : int
        Digits that fit; a longer number loses its first ones.
    every_rows : int
        The next number comes after so many rows.
    first, step : int
        First number, and how much is added each time; not negative.
    """

    name: str
    row: int
    x: int
    glyphs: Bytes = field(repr=False)
    places: int
    inks: tuple[int, ...]
    every_rows: int
    first: int = 0
    step: int = 1
    ground: Ground = "knock-out"
    until_row: int | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the whole number, pixels."""
        return self.glyphs.shape[1], self.glyphs.shape[2] * self.places

    def levels(self, number: int) -> Bytes:
        """Return the drop levels of one number: uint8 (height, width)."""
        blank = np.zeros(self.glyphs.shape[1:], np.uint8)
        digits = str(number)[-self.places :].rjust(self.places)
        return np.hstack([blank if digit == " " else self.glyphs[int(digit)] for digit in digits])


class Overlays:
    """All that lies over the rows of a job; later items lie over earlier ones.

    Parameters
    ----------
    items : iterable of Patch or Counter
    width_px, inks, levels : int
        Of the raster: columns, channels, drop levels.
    bits : {2, 4}
        Per pixel of the raster.

    Raises
    ------
    ValueError
        Names the item and what does not fit the raster.
    """

    def __init__(
        self, items: Iterable[Patch | Counter] = (), *, width_px: int, inks: int, levels: int, bits: int
    ) -> None:
        self.items = tuple(items)
        self._inks, self._levels, self._bits = inks, levels, bits
        for item in self.items:
            _demand_fit(item, width_px, inks, levels)
        self._stamps = [_Stamp.of(item.levels, item, bits) if isinstance(item, Patch) else None for item in self.items]
        heights = [item.levels.shape[0] if isinstance(item, Patch) else item.size[0] for item in self.items]
        self._heights = np.array(heights, np.int64)
        self._rows = np.array([item.row for item in self.items], np.int64)
        self._every = np.array([item.every_rows or 0 for item in self.items], np.int64)

    def __bool__(self) -> bool:
        return bool(self.items)

    def apply(self, packed: Bytes, start: int) -> None:
        """Lay everything over packed rows that begin at row `start` of the job: uint8 (inks, rows, row bytes)."""
        stop = start + packed.shape[1]
        for index in np.flatnonzero(self._touching(start, stop)).tolist():
            item = self.items[index]
            for turn, row in self._turns(index, start, stop):
                stamp = self._stamps[index]
                if stamp is None:
                    assert isinstance(item, Counter)
                    stamp = _Stamp.of(item.levels(item.first + turn * item.step), item, self._bits)
                stamp.apply(packed, row - start)

    def drops(self, rows: int) -> NDArray[np.int64]:
        """Return how many drops of each level the items set in the first rows of a job: (inks, levels), level 0 = 0."""
        counts = np.zeros((self._inks, self._levels), np.int64)
        for index, item in enumerate(self.items):
            for turn, _ in self._turns(index, 0, rows):
                levels = item.levels if isinstance(item, Patch) else item.levels(item.first + turn * item.step)
                counts[list(item.inks)] += np.bincount(levels.ravel(), minlength=self._levels)
        counts[:, 0] = 0
        return counts

    def _touching(self, start: int, stop: int) -> NDArray[np.bool_]:
        once = (self._rows < stop) & (self._rows + self._heights > start)
        return once | ((self._every > 0) & (self._rows < stop))

    def _turns(self, index: int, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Yield number and row of every occurrence that touches rows start..stop."""
        row, every, height = int(self._rows[index]), int(self._every[index]), int(self._heights[index])
        until = self.items[index].until_row
        stop = stop if until is None else min(stop, until)
        if not every:
            if row < stop and row + height > start:
                yield 0, row
            return
        turn = max(0, (start - row - height) // every + 1)
        while (at := row + turn * every) < stop:
            yield turn, at
            turn += 1

    def to_list(self) -> list[dict[str, Any]]:
        """Return plain values for JSON."""
        return [_to_dict(item) for item in self.items]

    @classmethod
    def from_list(cls, values: Iterable[dict[str, Any]], *, width_px: int, inks: int, levels: int, bits: int) -> Self:
        """Build from `to_list`'s values; raises ValueError if they are none."""
        try:
            items = [_from_dict(value) for value in values]
        except (KeyError, TypeError, AttributeError, zlib.error) as error:
            raise ValueError(f"overlays cannot be read ({error!r})") from error
        return cls(items, width_px=width_px, inks=inks, levels=levels, bits=bits)


@dataclass(frozen=True, eq=False)
class _Stamp:
    """A patch as bytes of a packed row: what is kept of the print beneath, and what each ink gets."""

    first_byte: int
    keep: Bytes
    others_keep: Bytes | None
    put: Bytes
    inks: list[int]

    @classmethod
    def of(cls, levels: Bytes, item: Patch | Counter, bits: int) -> "_Stamp":
        per_byte = 8 // bits
        first_byte, shift = divmod(item.x, per_byte)
        full = np.uint8((1 << bits) - 1)
        drops = levels > 0
        cleared = np.ones_like(drops) if item.ground == "clear" else drops
        before = [(0, 0), (shift, 0)]
        put = pack(np.pad(levels, before), bits)
        keep = ~pack(np.pad(np.where(cleared, full, np.uint8(0)), before), bits)
        return cls(first_byte, keep, None if item.ground == "overprint" else keep, put, list(item.inks))

    def apply(self, packed: Bytes, at: int) -> None:
        height, wide = self.put.shape
        top, bottom = max(at, 0), min(at + height, packed.shape[1])
        lines = slice(top - at, bottom - at)
        place = packed[:, top:bottom, self.first_byte : self.first_byte + wide]
        if self.others_keep is not None:
            place &= self.others_keep[lines]
        for ink in self.inks:
            if self.others_keep is None:
                place[ink] &= self.keep[lines]
            place[ink] |= self.put[lines]


def _demand_fit(item: Patch | Counter, width_px: int, inks: int, levels: int) -> None:
    def demand(fine: bool, message: str) -> None:
        if not fine:
            raise ValueError(f"overlay {item.name}: {message}")

    drawn = item.levels if isinstance(item, Patch) else item.glyphs
    wanted = (2, "(height, width)") if isinstance(item, Patch) else (3, "(10, height, width)")
    demand(drawn.dtype == np.uint8 and drawn.ndim == wanted[0] and drawn.size > 0, f"levels must be uint8 {wanted[1]}")
    if isinstance(item, Counter):
        demand(len(drawn) == 10, f"{len(drawn)} digits drawn, 10 needed")
        demand(item.places > 0, f"places {item.places} must be above 0")
        demand(item.first >= 0 and item.step >= 0, "first and step must not be negative")
        demand(item.every_rows is not None, "every_rows must be given")
    width = drawn.shape[1] if isinstance(item, Patch) else item.size[1]
    demand(item.row >= 0, f"row {item.row} must not be negative")
    demand(
        item.x >= 0 and item.x + width <= width_px,
        f"columns {item.x} to {item.x + width - 1} do not lie within 0 to {width_px - 1}",
    )
    demand(item.every_rows is None or item.every_rows > 0, f"every_rows {item.every_rows} must be above 0")
    demand(bool(item.inks) and all(0 <= ink < inks for ink in item.inks), f"inks {item.inks} must be in 0..{inks - 1}")
    demand(len(set(item.inks)) == len(item.inks), f"inks {item.inks} must be named once")
    demand(item.ground in _GROUNDS, f"ground {item.ground!r} must be one of {', '.join(_GROUNDS)}")
    demand(int(drawn.max()) < levels, f"level {int(drawn.max())} is above the largest drop level {levels - 1}")


def _to_dict(item: Patch | Counter) -> dict[str, Any]:
    drawn = item.levels if isinstance(item, Patch) else item.glyphs
    value = {
        name: int(part) if isinstance(part, np.integer) else part
        for name, part in vars(item).items()
        if name not in ("levels", "glyphs")
    }
    value["inks"] = [int(ink) for ink in item.inks]
    value["shape"] = list(drawn.shape)
    value["drops"] = base64.b64encode(zlib.compress(drawn.tobytes(), 6)).decode("ascii")
    return value


def _from_dict(value: dict[str, Any]) -> Patch | Counter:
    rest = {name: part for name, part in value.items() if name not in ("shape", "drops")}
    drawn = np.frombuffer(zlib.decompress(base64.b64decode(value["drops"])), np.uint8).reshape(value["shape"])
    rest["inks"] = tuple(rest["inks"])
    return Counter(glyphs=drawn, **rest) if "places" in value else Patch(levels=drawn, **rest)
