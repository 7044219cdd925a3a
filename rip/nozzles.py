"""Nozzles that do not print, and nozzles that print too much or too little; corrected on tones, before the screen.

A dead nozzle's tone moves to its neighbours: half to each side as far as they have room, the rest to the next ones out.
Every other nozzle's tone is multiplied by its gain, rounded up or down by the mask, so that flat tones get the gain on
average. Neither lifts a pixel above the limits: where an ink or all inks together are at the most that the cloth takes,
a gap stays open and a weak nozzle stays weak. Nozzle n prints device column n. Why so:
`docs/decisions/009-dead-nozzles.md`.
"""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rip.mask import Mask
from rip.packed import Bytes
from rip.screen import down, ink_tile

REACH = 2
"""Columns on each side that take over a dead nozzle's tone; beyond, the eye sees the gap and not the help."""

GAIN_SCALE = 204
"""Gains are kept in 1/204, so that the largest, 1.25, is 255."""

GAIN_MAX = 1.25

_ROUNDING = 23
"""Added to an ink's number for the mask that rounds: it must not be the one that screens."""


@dataclass(frozen=True, eq=False)
class Nozzles:
    """State of the nozzles of a press.

    Attributes
    ----------
    width_px : int
        Nozzles per ink.
    dead : tuple of tuple of int
        For each ink the columns whose nozzle does not print, rising.
    gain : float (inks, width_px), optional
        Factor for the tone of each nozzle, 0..1.25; None = 1 everywhere. In steps of 1/204.

    Raises
    ------
    ValueError
        Names the column or the gain that is out of its range.
    """

    width_px: int
    dead: tuple[tuple[int, ...], ...]
    gain: NDArray[np.float64] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for ink, columns in enumerate(self.dead):
            if list(columns) != sorted(set(columns)):
                raise ValueError(f"dead nozzles of ink {ink}: columns must rise, each named once")
            for column in columns:
                if not 0 <= column < self.width_px:
                    raise ValueError(f"dead nozzle {column} of ink {ink} is not in 0..{self.width_px - 1}")
        if self.gain is None:
            return
        if self.gain.shape != (len(self.dead), self.width_px):
            raise ValueError(
                f"gain is {self.gain.shape}, must be one for each of {len(self.dead)} inks and {self.width_px} nozzles"
            )
        if not ((self.gain >= 0) & (self.gain <= GAIN_MAX)).all():
            raise ValueError(f"gain must be in 0..{GAIN_MAX} for every nozzle")

    @property
    def inks(self) -> int:
        """Number of inks."""
        return len(self.dead)

    @cached_property
    def steps(self) -> NDArray[np.uint16] | None:
        """Gains in 1/204: uint16 (inks, width_px); None where all are 1."""
        if self.gain is None:
            return None
        steps = np.rint(self.gain * GAIN_SCALE).astype(np.uint16)
        return None if (steps == GAIN_SCALE).all() else steps

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of all that changes the print."""
        steps = b"" if self.steps is None else self.steps.tobytes()
        return hashlib.sha256(f"{self.width_px} {self.dead}".encode("ascii") + steps).hexdigest()


def roundings(mask: Mask, ink: int) -> NDArray[np.uint16]:
    """Return what is added before a gained tone is cut to a whole number, in 1/204: uint16 (mask rows, columns)."""

    def of_tile(tile: NDArray[np.uint16]) -> NDArray[np.uint16]:
        return (ink_tile(tile, ink + _ROUNDING).astype(np.uint32) * GAIN_SCALE // tile.size).astype(np.uint16)

    return down(mask, of_tile)


@dataclass(frozen=True)
class Limits:
    """The most that the corrections may lift a pixel to, as tones: 255 = a solid.

    Attributes
    ----------
    inks : tuple of int
        Most of each ink.
    total : int
        Most of all inks together.
    """

    inks: tuple[int, ...]
    total: int


def unlimited(inks: int) -> Limits:
    """Return the limits of a press that has none: a solid of every ink."""
    return Limits((255,) * inks, 255 * inks)


def evened(tones: Bytes, steps: NDArray[np.uint16], added: NDArray[np.uint16], limits: Limits) -> Bytes:
    """Multiply tones by gains, within the limits.

    What a gain takes away it takes; what gains add is cut to each ink's limit, and where all inks together would come
    above the total limit, every ink's addition is cut by the same factor. Tones that were within the limits stay so,
    pixel by pixel.

    Parameters
    ----------
    tones : uint8 (rows, n, inks)
    steps : uint16 (n, inks)
        Gains in 1/204.
    added : uint16 (rows, n, inks)
        See `roundings`.
    limits : Limits
    """
    gained = (tones * steps + added) // np.uint16(GAIN_SCALE)
    gained = np.minimum(gained, np.array(limits.inks, np.uint16))
    over = gained.sum(axis=-1, dtype=np.uint16) > limits.total
    gained[over] = under_total(tones[over], gained[over], limits.total)
    return gained.astype(np.uint8)


def under_total(tones: Bytes, gained: NDArray[np.uint16], total: int) -> NDArray[np.uint16]:
    """Return gained tones (n, inks) whose sums are above the total, with what was added to `tones` cut to fit."""
    kept = np.minimum(tones, gained)
    rise = gained - kept
    room = np.maximum(total - kept.sum(axis=-1, dtype=np.int32), 0)
    share = rise.astype(np.int32) * room[..., None] // np.maximum(rise.sum(axis=-1, dtype=np.int32), 1)[..., None]
    return (kept + share).astype(np.uint16)


def close_gaps(tones: Bytes, columns: NDArray[np.intp], dead: tuple[tuple[int, ...], ...], limits: Limits) -> None:
    """Move the tones of dead nozzles to their neighbours, ink after ink, in place.

    A neighbour takes no more than its ink's limit, and no more than all inks of its pixel have room for below the total
    limit; so both hold pixel by pixel, not only over the few columns together.

    Parameters
    ----------
    tones : uint8 (rows, n, inks)
    columns : int (n,)
        Device column of each tone column; must hold all within `REACH` of a dead one that are on the cloth.
    dead : tuple of tuple of int
        For each ink the columns that do not print.
    limits : Limits
    """
    spare = limits.total - tones.sum(axis=-1, dtype=np.int16)
    for ink, ones in enumerate(dead):
        take_over(tones[..., ink], columns, ones, limits.inks[ink], spare)


def take_over(
    tones: Bytes,
    columns: NDArray[np.intp],
    dead: tuple[int, ...],
    limit: int = 255,
    spare: NDArray[np.int16] | None = None,
) -> None:
    """Move the tones of one ink's dead nozzles to their neighbours, in place.

    Parameters
    ----------
    tones : uint8 (rows, n)
        One ink.
    columns, dead
        As in `close_gaps`, of this ink.
    limit : int
        Most that a neighbour is lifted to.
    spare : int16 (rows, n), optional
        What the inks of each pixel together have room for; changed in place.
    """
    place = {int(column): index for index, column in enumerate(columns)}
    closed = set(dead)
    if spare is None:
        spare = np.full(tones.shape, 255, np.int16)
    for column in dead:
        left_over = tones[:, place[column]].astype(np.int16)
        tones[:, place[column]] = 0
        spare[:, place[column]] += left_over
        for distance in range(1, REACH + 1):
            sides = [side for side in (column - distance, column + distance) if side in place and side not in closed]
            for turn in (1, 2):  # what one side has no room for goes to the other
                for index, side in enumerate(sides):
                    at = place[side]
                    share = left_over // (len(sides) - index) if turn == 1 else left_over
                    room = np.minimum(limit - tones[:, at].astype(np.int16), spare[:, at])
                    taken = np.clip(share, 0, np.maximum(room, 0))
                    tones[:, at] += taken.astype(np.uint8)
                    spare[:, at] -= taken
                    left_over -= taken


def near_dead(dead: tuple[int, ...], width_px: int, per_byte: int) -> NDArray[np.intp]:
    """Return the columns that change because of dead nozzles, and those beside them, as whole bytes of a raster.

    Returns
    -------
    int (n,)
        Rising; columns on the cloth only, so the last byte may be cut.
    """
    held = sorted({(column + step) // per_byte for column in dead for step in range(-REACH, REACH + 1)})
    columns = (np.array(held, np.intp)[:, None] * per_byte + np.arange(per_byte)).ravel()
    return columns[(columns >= 0) & (columns < width_px)]
