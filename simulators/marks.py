"""What faults leave on the print, drawn into the ink coverage before the camera sees it.

Coverage planes are uint8 (camera rows, camera columns), one per ink; a fault marks only the rows it is given. Sizes and
shapes are defaults from practice, editable.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulators.faults import Fault
from simulators.optics import FULL_COVER

__all__ = ["Canvas", "bend_px", "draw", "silent_nozzles"]

HEAD_NOZZLES = 2656  # of a Kyocera KJ4B head at 600 dpi
STRUCK = (310, 311, 312, 1180, 2044)  # nozzles of a head that a strike closes
STRUCK_M = 4.0  # second quality behind a strike: 2–5 m
WEDGE_M = 0.25
SKIP_M = 0.3
FADE_M = 2.0
FADED = 0.25
DRIPS_PER_M = 12
BEND_IN_M = 0.3  # a bend comes on within this


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """Part of the print: coverage planes, and where they are.

    ``first`` is the camera row of the job that row 0 of the planes shows, ``rows`` the slice that was printed with
    these faults; it may reach beyond the planes.
    """

    planes: Sequence[NDArray[np.uint8]]
    first: int
    rows: slice
    mm_per_px: float

    def row_of(self, metres: float) -> float:
        """Row of the planes (with its fraction) at a metre of the job."""
        return metres * 1000 / self.mm_per_px - self.first

    def between(self, from_m: float, to_m: float) -> slice:
        """Rows that may be marked from one metre up to another."""
        low = max(math.ceil(self.row_of(from_m)), self.rows.start, 0)
        high = min(self.rows.stop, self.planes[0].shape[0])
        high = high if math.isinf(to_m) else min(math.ceil(self.row_of(to_m)), high)
        return slice(low, max(low, high))


def draw(canvas: Canvas, faults: Iterable[Fault]) -> None:
    """Draw the marks of all faults."""
    for fault in faults:
        if fault.name in _DRAWN and fault.at_m is not None:
            _DRAWN[fault.name](canvas, fault, fault.at_m)


def silent_nozzles(faults: Iterable[Fault], ink: int) -> list[tuple[int, float, float]]:
    """Nozzles (device columns) of an ink that are out: (nozzle, from metre, up to metre)."""
    out = []
    for fault in faults:
        if fault.at_m is None or dict(fault.values).get("ink") != ink:
            continue
        if fault.name == "nozzle_out":
            out.append((int(fault["nozzle"]), fault.at_m, fault.until_m))
        elif fault.name == "head_strike":
            first = int(fault["head"]) * HEAD_NOZZLES
            out += [(first + nozzle, fault.at_m, fault.at_m + STRUCK_M) for nozzle in STRUCK]
    return out


def bend_px(faults: Iterable[Fault], metres: NDArray[np.float64], width: int, mm_per_px: float) -> NDArray[np.float32]:
    """How many camera rows too late each pixel shows the print, 0 or more: (rows, width), for rows at these metres."""
    across = np.linspace(-1.0, 1.0, width)[None]
    late = np.zeros((len(metres), width))
    for fault in (fault for fault in faults if fault.name == "bow_skew" and fault.at_m is not None):
        assert fault.at_m is not None
        bend_mm = fault["bow_mm"] * (1 - across**2) + fault["skew_mm"] * (across + 1) / 2
        on = np.clip((metres - fault.at_m) / BEND_IN_M, 0.0, 1.0) * np.clip((fault.until_m - metres) / BEND_IN_M, 0, 1)
        late += on[:, None] * (bend_mm - bend_mm.min()) / mm_per_px
    return late.astype(np.float32)


def _spot(canvas: Canvas, fault: Fault, at_m: float) -> None:
    _blot(canvas, at_m, fault["x_mm"], fault["d_mm"])


def _drips(canvas: Canvas, fault: Fault, at_m: float) -> None:
    shown = canvas.between(at_m, fault.until_m)
    if shown.start >= shown.stop:
        return
    low_m = (shown.start + canvas.first) * canvas.mm_per_px / 1000
    high_m = (shown.stop + canvas.first) * canvas.mm_per_px / 1000
    width_mm = canvas.planes[0].shape[1] * canvas.mm_per_px
    # the drips of a metre are the same whichever part of it is looked at
    for metre in range(int(low_m), int(high_m) + 1):
        dice = np.random.default_rng([int(fault["seed"]), metre])
        for at, across, size in dice.random((DRIPS_PER_M, 3)):
            if at_m <= metre + at < fault.until_m:
                _blot(canvas, metre + at, across * width_mm, 1.0 + 3.0 * size)


def _blot(canvas: Canvas, at_m: float, x_mm: float, d_mm: float) -> None:
    """Put a dark round blob of the last ink (black) and a little of the others where its rows are printed."""
    y, x, radius = canvas.row_of(at_m), x_mm / canvas.mm_per_px, d_mm / 2 / canvas.mm_per_px
    if not canvas.rows.start <= y < canvas.rows.stop:
        return
    height, width = canvas.planes[0].shape
    top, bottom = max(int(y - radius - 2), 0), min(int(y + radius + 3), height)
    left, right = max(int(x - radius - 2), 0), min(int(x + radius + 3), width)
    if top >= bottom or left >= right:
        return
    # a pixel's centre lies half a pixel behind its index
    away = np.hypot(np.arange(top, bottom)[:, None] + 0.5 - y, np.arange(left, right)[None] + 0.5 - x)
    inside = np.clip(radius - away + 0.5, 0.0, 1.0)
    for ink, plane in enumerate(canvas.planes):
        blob = np.rint(inside * FULL_COVER * (1.0 if ink == len(canvas.planes) - 1 else 0.35)).astype(np.uint8)
        np.maximum(plane[top:bottom, left:right], blob, out=plane[top:bottom, left:right])


def _wedge(canvas: Canvas, fault: Fault, at_m: float) -> None:
    """A fold hides a wedge that runs aslant: nothing is printed there."""
    shown = canvas.between(at_m, at_m + WEDGE_M)
    for row in range(shown.start, shown.stop):
        along = (row - canvas.row_of(at_m)) * canvas.mm_per_px / 1000 / WEDGE_M
        left = int((fault["x_mm"] + along * fault["width_mm"]) / canvas.mm_per_px)
        right = left + max(int((1 - along) * fault["width_mm"] / canvas.mm_per_px), 1)
        for plane in canvas.planes:
            plane[row, left:right] = 0


def _gap(canvas: Canvas, fault: Fault, at_m: float) -> None:
    """The carriage is up while the seam passes."""
    for plane in canvas.planes:
        plane[canvas.between(at_m, at_m + SKIP_M)] = 0


def _fade(canvas: Canvas, fault: Fault, at_m: float) -> None:
    """An ink fades away while its sub-tank runs dry."""
    shown = canvas.between(at_m, fault.until_m)
    ink = int(fault["ink"])
    if shown.start < shown.stop and ink < len(canvas.planes):
        along_m = (np.arange(shown.start, shown.stop) - canvas.row_of(at_m)) * canvas.mm_per_px / 1000
        left = 1 - (1 - FADED) * np.clip(along_m / FADE_M, 0.0, 1.0)
        canvas.planes[ink][shown] = np.rint(canvas.planes[ink][shown] * left[:, None]).astype(np.uint8)


_DRAWN: dict[str, Callable[[Canvas, Fault, float], None]] = {
    "ink_starvation": _fade,
    "spot": _spot,
    "vacuum_loss": _drips,
    "crease": _wedge,
    "splice": _gap,
}
