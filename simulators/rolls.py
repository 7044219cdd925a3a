"""The rolls on the mill's floor: one file per roll and machine, written as the cloth leaves that machine.

A machine that gets a new ticket takes the oldest roll of the ordered length that the machine before it has finished
and that nobody took yet; with none there, cloth from outside. A press that is to begin behind the first row of a job,
or to print again what it stands in, goes on with the roll that it has. A roll that a machine stands in may be cut off
there: it is as long then as what the machine has made. Where a roll ends too soon, cloth from outside is sewn on.

The file is a line of JSON and one record of float64 per stretch, at its place; a stretch may be written again, so that
a killed machine goes on without harm.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulators.cloth import FIELDS, STAGES, Cloth, new_cloth
from simulators.laws import ROOM_C
from simulators.plc import Order

__all__ = ["Rolls"]

_HEADER_BYTES = 1024
_RECORD_BYTES = len(FIELDS) * 8


class Rolls:
    """The floor before and behind one machine."""

    def __init__(self, folder: Path, stage: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._stage = folder, stage
        place = STAGES.index(stage)
        self._before, self._after = STAGES[:place][-1:], STAGES[place + 1 :][:1]

    def take(self, order: Order) -> Cloth:
        """Cloth for a job as it came to this machine; the same roll again for the same ticket."""
        for header in self._headers(self._stage):
            if str(order.ticket) in header["tickets"]:
                return self._cloth(header, order.ticket)
        standing, waiting = self._standing(order.raster_sha256), self._waiting(order.length_m)
        if standing is not None and (order.start_row > 0 or (waiting is None and order.raster_sha256)):
            return self._go_on(standing, order)
        cloth = new_cloth(self._stage, order.ticket if waiting is None else waiting, order.length_m)
        header = {"roll": cloth.roll, "tickets": {str(order.ticket): 0.0}, "length_m": order.length_m,
                  "stretches": cloth.stretches, "raster": order.raster_sha256, "made_m": None}  # fmt: skip
        self._write(header, b"")
        return self._cloth(header, order.ticket)

    def give(self, cloth: Cloth, start: int, stop: int) -> None:
        """Write stretches that left the machine."""
        if start < stop:
            with self._path(cloth.roll, self._stage).open("r+b") as file:
                os.pwrite(file.fileno(), _records(cloth.data[:, start:stop]), _HEADER_BYTES + start * _RECORD_BYTES)

    def leave(self, cloth: Cloth, start: int, metres: float) -> None:
        """Write the stretches from ``start`` on that lie in a machine which stands at a metre of its job."""
        self.give(cloth, start, cloth.passed(metres))
        self._say(cloth, round(metres + cloth.begins_m, 4))

    def take_up(self, cloth: Cloth) -> None:
        """Say that a machine goes on with its job: the roll is not cut off."""
        if cloth.stretches:
            self._say(cloth, None)

    def recall(self, cloth: Cloth, stretches: int) -> None:
        """Fill in what the first ``stretches`` were when they left this machine."""
        left = self._read(self._path(cloth.roll, self._stage))[:, :stretches]
        cloth.data[:, : left.shape[1]] = left

    def read(self, roll: int) -> Cloth:
        """What this machine made of a roll so far."""
        path = self._path(roll, self._stage)
        header = _header(path)
        return Cloth(roll, int([*header["tickets"]][-1]), header["length_m"], self._read(path))

    def _cloth(self, header: dict[str, Any], ticket: int) -> Cloth:
        """A roll as it came to this machine, and what lies before the ticket's beginning as this machine left it."""
        new = new_cloth(self._stage, header["roll"], header["length_m"])
        cloth = Cloth(new.roll, ticket, new.length_m, new.data, header["tickets"][str(ticket)])
        for path in (self._path(cloth.roll, stage) for stage in self._before):
            if path.exists():
                came, came_m = self._read(path), _header(path)
                place = ((np.arange(cloth.stretches) + 0.5) * cloth.stretch_m).clip(0)
                index = (place / (came_m["length_m"] / came_m["stretches"])).astype(int)
                there = index <= came.shape[1]  # two lengths may differ by a row or a stretch
                cloth.data[:, there] = came[:, np.minimum(index[there], came.shape[1] - 1)]
                cloth["temp_c"][there] = ROOM_C
        if cloth.begins_m > 0:
            self.recall(cloth, cloth.passed(0.0))
        return cloth

    def _go_on(self, header: dict[str, Any], order: Order) -> Cloth:
        """The rest of the roll that the machine stands in, for another job; it gets as long as both together."""
        made_m = header["made_m"]
        before = self._read(self._path(header["roll"], self._stage))
        longer = new_cloth(self._stage, header["roll"], made_m + order.length_m)
        place = (np.arange(round(made_m / longer.stretch_m)) + 0.5) * longer.stretch_m
        index = (place / (header["length_m"] / header["stretches"])).astype(int)
        tickets = header["tickets"] | {str(order.ticket): made_m}
        header |= {"tickets": tickets, "length_m": longer.length_m, "stretches": longer.stretches, "made_m": None}
        self._write(header, _records(before[:, np.minimum(index, before.shape[1] - 1)]))
        return self._cloth(header, order.ticket)

    def _standing(self, raster: str) -> dict[str, Any] | None:
        """The newest roll that this machine stands in with a raster, unless the next one has taken it."""
        found = [
            (self._path(header["roll"], self._stage).stat().st_mtime_ns, header["roll"], header)
            for header in self._headers(self._stage)
            if header["made_m"] is not None and header["raster"] == raster
            and not any(self._path(header["roll"], stage).exists() for stage in self._after)
        ]  # fmt: skip
        return max(found)[2] if found else None

    def _waiting(self, length_m: float) -> int | None:
        """The oldest roll of a length that the machine before has made; one that it stands in only if none is whole."""
        found = []
        for stage in self._before:
            for header in self._headers(stage):
                status = self._path(header["roll"], stage).stat()
                whole = status.st_size == _HEADER_BYTES + header["stretches"] * _RECORD_BYTES
                made_m = header["length_m"] if whole else header["made_m"] or 0.0
                fits = abs(made_m - length_m) <= max(0.02, 0.002 * length_m)
                if fits and not self._path(header["roll"], self._stage).exists():
                    found.append((not whole, status.st_mtime_ns, header["roll"]))
        return min(found)[2] if found else None

    def _headers(self, stage: str) -> Iterator[dict[str, Any]]:
        found = (_header(path) for path in self._folder.glob(f"*.{stage}"))
        return (header for header in found if "tickets" in header)  # older files had none

    def _say(self, cloth: Cloth, made_m: float | None) -> None:
        path = self._path(cloth.roll, self._stage)
        header = _header(path)
        if header["made_m"] != made_m:
            with path.open("r+b") as file:
                os.pwrite(file.fileno(), _line(header | {"made_m": made_m}), 0)

    def _write(self, header: dict[str, Any], records: bytes) -> None:
        spare = self._folder / f"{header['roll']:010d}.{self._stage}.new"
        spare.write_bytes(_line(header) + records)
        spare.replace(self._path(header["roll"], self._stage))

    def _path(self, roll: int, stage: str) -> Path:
        return self._folder / f"{roll:010d}.{stage}"

    def _read(self, path: Path) -> NDArray[np.float64]:
        content = path.read_bytes()[_HEADER_BYTES:]
        whole = len(content) // _RECORD_BYTES * _RECORD_BYTES
        return np.frombuffer(content[:whole]).reshape(-1, len(FIELDS)).T.copy()


def _records(data: NDArray[np.float64]) -> bytes:
    return np.ascontiguousarray(data.T).tobytes()


def _line(header: dict[str, Any]) -> bytes:
    return json.dumps(header).encode().ljust(_HEADER_BYTES - 1) + b"\n"


def _header(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return json.loads(file.readline(_HEADER_BYTES))
