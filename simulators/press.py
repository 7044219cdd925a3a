"""The press's work: verify the raster, print rows on the cloth, spend ink.

Printing is a line in ``cloth.jsonl``; the row counter follows it. After a power cut the counter is read from there.
"""

import re
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from rip.raster import Raster, RasterError
from simulators.cloth import Cloth
from simulators.faults import Fault
from simulators.imaging import CELL, Eye, eye
from simulators.plc import Order, Plc
from simulators.printer import Printer, spend
from simulators.retained import ClothLog, Printed
from simulators.work import ClothWork

__all__ = ["STRIP_ROWS", "Imaged", "Job", "PressWork", "load_job", "row_of"]

STRIP_ROWS = 4096
WAITING_STRIPS = 3
INKS = 4
_BAND_ROWS = 512
_VOLUME_STEPS = 10_000  # of the largest drop; four of them still fit 16 bits


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """A verified job: its order, its raster ready to be looked at, and the ink of each row.

    ``ink_ml`` is float64 (inks, period_rows + 1): millilitres of all rows before each row of the period.
    """

    order: Order
    view: Eye
    ink_ml: NDArray[np.float64]

    def ink_between(self, from_row: int, to_row: int) -> list[float]:
        """Millilitres of each ink that the drops of a range of rows take."""
        return (self.ink_before(to_row) - self.ink_before(from_row)).tolist()

    def ink_before(self, row: int) -> NDArray[np.float64]:
        """Millilitres of each ink that all rows of the job before a row take."""
        periods, rest = divmod(row, self.view.raster.period_rows)
        return self.ink_ml[:, -1] * periods + self.ink_ml[:, rest]


@dataclass(frozen=True, slots=True, eq=False)
class Imaged:
    """Rows of a ticket that the camera can image.

    Attributes
    ----------
    view : Eye
    start_row, row, end_row : int
        The first; the first that is not printed yet; the first behind the ticket's last.
    """

    view: Eye
    start_row: int
    row: int
    end_row: int


def _text(faults: Sequence[Fault]) -> str:
    """Return the faults that show in the print, as they are written down with its rows."""
    return ";".join(str(fault) for fault in faults if fault.kind.in_picture and fault.at_m is not None)


def load_job(order: Order) -> Job:
    """Open and verify the raster and count its drops (slow: it reads the whole file twice).

    Raises
    ------
    RasterError
        If the file is missing, corrupt, not the one ordered, or has more inks than the press.
    """
    raster = Raster.open(Path(order.raster_path), order.raster_sha256)
    if len(raster.inks) > INKS:
        raise RasterError(f"{raster.path.name}: has {len(raster.inks)} inks, the press has {INKS}")
    byte, volumes = np.arange(256), np.array(raster.drop_volumes)
    four = sum(volumes[(byte >> shift) & 3] for shift in (6, 4, 2, 0))
    steps = np.rint(four * _VOLUME_STEPS).astype(np.uint16)
    rows = np.empty((len(raster.inks), raster.period_rows))
    for start in range(0, raster.period_rows, _BAND_ROWS):
        band = raster.packed(start, min(_BAND_ROWS, raster.period_rows - start))
        for ink, plane in enumerate(band):
            rows[ink, start : start + len(plane)] = cv2.LUT(plane, steps).sum(axis=1, dtype=np.uint64)
    before = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(rows, axis=1)], axis=1)
    ink_ml = before / _VOLUME_STEPS * raster.drop_pl * 1e-9
    return Job(replace(order, pitch_m=25.4e-3 / raster.dpi), eye(raster), ink_ml)


def row_of(plc: Plc) -> int:
    """Rows of the ticket that lie behind the heads; those before ``start_row`` count as printed."""
    order = plc.order
    if order.pitch_m == 0:
        return order.start_row
    # the small share keeps a counter that was restored from its row on that row
    return min(order.start_row + int(plc.entered_m / order.pitch_m + 1e-3), order.total_rows)


class PressWork(ClothWork):
    """What the press does besides moving the cloth.

    Attributes
    ----------
    job : Job or None
        The verified job, None while there is none.
    """

    def __init__(self, state_dir: Path, faults: Sequence[Fault], *, hold: bool) -> None:
        self.job: Job | None = None
        self._cloth = ClothLog(state_dir)
        self._hold = hold
        self._faults = _text(faults)
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="raster")
        self._loading: Future[Job] | None = None
        self._order: Order | None = None
        self._seen_row: int | None = None
        self._ended: tuple[int, Eye] | None = None

    def refusal(self, order: Order) -> str | None:
        """What is wrong with a job on the face of it."""
        if order.ticket == 0:
            return "ticket is 0: write the ticket of the job"
        if not order.raster_path:
            return "raster_path is empty: write the path of the raster"
        if not re.fullmatch(r"[0-9a-fA-F]{64}", order.raster_sha256):
            return f"raster_sha256 {order.raster_sha256!r} is not a SHA-256 (64 hexadecimal digits)"
        if order.start_row >= order.total_rows:
            return f"start_row {order.start_row} is not below total_rows {order.total_rows}"
        if not Path(order.raster_path).is_file():
            return f"{Path(order.raster_path).name}: no such raster: prepare the design again"
        return None

    def begin(self, order: Order) -> None:
        """Load the raster in a thread; until it is verified the press does not leave Resetting."""
        self.job, self._order, self._seen_row = None, order, None
        self._loading = self._loader.submit(load_job, order)

    def trouble(self, plc: Plc, faults: Sequence[Fault]) -> None:
        """Write down that the rows from here on are printed with other faults."""
        self._faults = _text(faults)
        if self.job is not None and plc.order.ticket == self.job.order.ticket:
            row = self._cloth.next_row(plc.order.ticket)
            row = plc.order.start_row if row is None else row
            self._log(plc.order.ticket, row, self.job.view.raster)

    def _log(self, ticket: int, row: int, raster: Raster) -> None:
        self._cloth.begin(ticket, row, str(raster.path), raster.sha256, self._faults)

    def planned_ml(self, stretches: int) -> Sequence[float]:
        """Ink of equal stretches of the job, as its rows have it."""
        if self.job is None:
            return ()
        order = self.job.order
        edges = np.linspace(order.start_row, order.total_rows, stretches + 1).astype(int).tolist()
        before = np.array([self.job.ink_before(row).sum() for row in edges])
        return np.diff(before).tolist()

    def prepared(self, plc: Plc) -> Plc | str | None:
        """PLC with the row counter as it lies on the cloth, or why the raster is refused."""
        if self._loading is None or not self._loading.done():
            return None
        try:
            self.job = self._loading.result()
        except (RasterError, OSError) as error:
            return str(error)
        order = self.job.order
        pitch_m = order.pitch_m
        row = self._cloth.next_row(order.ticket)
        row = order.start_row if row is None else min(max(row, order.start_row), order.total_rows)
        self._log(order.ticket, row, self.job.view.raster)
        order = replace(order, length_m=(order.total_rows - order.start_row) * pitch_m)
        return replace(plc, order=order, entered_m=(row - order.start_row) * pitch_m)

    def waiting(self, plc: Plc) -> bool:
        """Whether the clock is held: while the raster is loaded, and at ``max`` while the camera is behind."""
        if self._loading is not None and not self._loading.done():
            return True
        behind = self._seen_row is not None and row_of(plc) - self._seen_row > WAITING_STRIPS * STRIP_ROWS
        return self._hold and behind

    def commit(self, before: Plc, after: Plc, physics: Printer) -> Printer:
        """Print the rows between two moments and spend their ink."""
        if self.job is None or after.order.ticket != self.job.order.ticket:
            return physics
        ticket, row = after.order.ticket, row_of(after)
        from_row = self._cloth.next_row(ticket)
        from_row = after.order.start_row if from_row is None else from_row
        if row <= from_row:
            return physics
        self._cloth.append(ticket, from_row, row)
        return spend(physics, self.job.ink_between(from_row, row))

    def values(self, plc: Plc) -> dict[str, Any]:
        """Row counter, metres and message; the counter is what lies on the cloth, also before a job is verified."""
        order, row = plc.order, self._cloth.next_row(plc.order.ticket)
        row = order.start_row if row is None else max(row, order.start_row)
        values: dict[str, Any] = {"row": row, "message": plc.message}
        return {**values, "metres": (row - order.start_row) * order.pitch_m} if order.pitch_m else values

    def printed(self, ticket: int) -> tuple[Printed, ...]:
        """What lies on the cloth of a ticket."""
        return self._cloth.printed(ticket)

    def camera_rows(self, ticket: int) -> Imaged | None:
        """What the camera can image of the ticket in work, or of one that ended before it; None for any other."""
        if self.job is not None and self.job.order.ticket == ticket:
            order, row = self.job.order, self._cloth.next_row(ticket)
            row = order.start_row if row is None else row
            return Imaged(self.job.view, order.start_row, row, order.total_rows // CELL * CELL)
        if not self._cloth.ended(ticket):
            return None
        if self._ended is None or self._ended[0] != ticket:
            path, sha256 = self._cloth.rasters[ticket]
            self._ended = ticket, eye(Raster.open(Path(path), sha256, check=False))
        row = (self._cloth.next_row(ticket) or 0) // CELL * CELL
        return Imaged(self._ended[1], self._cloth.begun_at(ticket), row, row)

    def first_row(self, ticket: int, cloth: Cloth) -> int:
        """Row of a ticket that would lie at the beginning of a roll, by what was printed on it since; also below 0."""
        if self.job is None:
            return 0
        pitch_m, begins_m = self.job.order.pitch_m, cloth.begins_m
        after = self.job.order.ticket
        if ticket == after:
            return self.job.order.start_row - round(begins_m / pitch_m)
        for before in reversed(self._cloth.rasters):
            if before != after and self._cloth.ended(before):
                begin, end = self._cloth.begun_at(before), self._cloth.next_row(before) or 0
                begins_m -= (end - begin) * pitch_m
                if before == ticket:
                    return begin - round(begins_m / pitch_m)
        return 0

    def camera_saw(self, row: int | None) -> None:
        """Note up to which row a connected camera client has its strips; None: no client is connected."""
        self._seen_row = row

    def close(self) -> None:
        """End the thread, close the log."""
        self._loader.shutdown(wait=True, cancel_futures=True)
        self._cloth.close()
