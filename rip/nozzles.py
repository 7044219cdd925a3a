"""Nozzles that do not print, and nozzles that print too much or too little; corrected on tones, before the screen.

A dead nozzle's tone moves to its neighbours: half to each side as far as they have room, the rest to the next ones out.
Every other nozzle's tone is multiplied by its gain, rounded up or down by the mask, so that flat tones get the gain on
average. Nozzle n prints device column n. Why so: `docs/decisions/009-dead-nozzles.md`.
"""

import hashlib
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rip.packed import Bytes
from rip.screen import ink_mask

REACH = 2
"""Columns on each side that take over a dead nozzle's tone; beyond, the eye sees the gap and not the help."""

GAIN_SCALE = 204
"""Gains are kept in 1/204, so that the largest, 1.25, is 255."""

GAIN_MAX = 1.25

_ROUNDING = 13
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


def roundings(mask: NDArray[np.uint16], ink: int) -> NDArray[np.uint16]:
    """Return what is added before a gained tone is cut to a whole number, in 1/204: uint16 (mask rows, columns)."""
    return (ink_mask(mask, ink + _ROUNDING).astype(np.uint32) * GAIN_SCALE // mask.size).astype(np.uint16)


def evened(tones: Bytes, steps: NDArray[np.uint16], added: NDArray[np.uint16]) -> Bytes:
    """Multiply tones by gains.

    Parameters
    ----------
    tones : uint8 (rows, n)
    steps : uint16 (n,)
        Gains in 1/204.
    added : uint16 (rows, n)
        See `roundings`.
    """
    gained = (tones * steps + added) // GAIN_SCALE
    return np.minimum(gained, 255).astype(np.uint8)


def take_over(tones: Bytes, columns: NDArray[np.intp], dead: tuple[int, ...]) -> None:
    """Move the tones of dead nozzles to their neighbours, in place.

    Parameters
    ----------
    tones : uint8 (rows, n)
        One ink.
    columns : int (n,)
        Device column of each tone column; must hold all within `REACH` of a dead one that are on the cloth.
    dead : tuple of int
        Columns that do not print.
    """
    place = {int(column): index for index, column in enumerate(columns)}
    closed = set(dead)
    for column in dead:
        left_over = tones[:, place[column]].astype(np.int16)
        tones[:, place[column]] = 0
        for distance in range(1, REACH + 1):
            sides = [side for side in (column - distance, column + distance) if side in place and side not in closed]
            for turn in (1, 2):  # what one side has no room for goes to the other
                for index, side in enumerate(sides):
                    share = left_over // (len(sides) - index) if turn == 1 else left_over
                    taken = np.minimum(share, 255 - tones[:, place[side]].astype(np.int16))
                    tones[:, place[side]] += taken.astype(np.uint8)
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
