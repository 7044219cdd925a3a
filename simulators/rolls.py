"""The rolls on the mill's floor: one file per roll and machine, written as the cloth leaves that machine.

A machine that gets a new ticket takes the oldest roll of the ordered length that the machine before it has finished
and that nobody took yet; with none there, cloth from outside. The file is a line of JSON and one record of float64
per stretch, at its place; a stretch may be written again, so that a killed machine goes on without harm.
"""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np

from simulators.cloth import FIELDS, STAGES, Cloth, new_cloth
from simulators.laws import ROOM_C

__all__ = ["Rolls"]

_HEADER_BYTES = 256
_RECORD_BYTES = len(FIELDS) * 8


class Rolls:
    """The floor before and behind one machine."""

    def __init__(self, folder: Path, stage: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._stage = folder, stage

    def take(self, ticket: int, length_m: float) -> Cloth:
        """Cloth for a ticket as it came to this machine; the same roll again for the same ticket."""
        for path in self._folder.glob(f"*.{self._stage}"):
            if _header(path)["ticket"] == ticket:
                return self._arrived(int(path.stem), ticket, length_m)
        roll = self._waiting(length_m)
        cloth = self._arrived(ticket if roll is None else roll, ticket, length_m)
        header = json.dumps({"roll": cloth.roll, "ticket": ticket, "length_m": length_m, "stretches": cloth.stretches})
        spare = self._folder / f"{cloth.roll:010d}.{self._stage}.new"
        spare.write_bytes(header.encode().ljust(_HEADER_BYTES - 1) + b"\n")
        spare.replace(self._path(cloth.roll, self._stage))
        return cloth

    def give(self, cloth: Cloth, start: int, stop: int) -> None:
        """Write stretches that left the machine."""
        if start < stop:
            with self._path(cloth.roll, self._stage).open("r+b") as file:
                data = np.ascontiguousarray(cloth.data[:, start:stop].T).tobytes()
                os.pwrite(file.fileno(), data, _HEADER_BYTES + start * _RECORD_BYTES)

    def recall(self, cloth: Cloth, stretches: int) -> None:
        """Fill in what the first ``stretches`` were when they left this machine."""
        left = self._read(self._path(cloth.roll, self._stage))[:, :stretches]
        cloth.data[:, : left.shape[1]] = left

    def read(self, roll: int) -> Cloth:
        """What this machine made of a roll so far."""
        path = self._path(roll, self._stage)
        header = _header(path)
        return Cloth(roll, header["ticket"], header["length_m"], self._read(path))

    def _arrived(self, roll: int, ticket: int, length_m: float) -> Cloth:
        cloth = replace(new_cloth(self._stage, roll, length_m), ticket=ticket)
        before = STAGES[: STAGES.index(self._stage)][-1:]
        for path in (self._path(roll, stage) for stage in before):
            if path.exists():
                came = self._read(path)
                # the two lengths may differ by a row or a stretch
                cloth.data[:] = came[:, np.minimum(np.arange(cloth.stretches), came.shape[1] - 1)]
                cloth["temp_c"][:] = ROOM_C
        return cloth

    def _waiting(self, length_m: float) -> int | None:
        before = STAGES[: STAGES.index(self._stage)][-1:]
        found = []
        for path in (path for stage in before for path in self._folder.glob(f"*.{stage}")):
            header = _header(path)
            whole = path.stat().st_size == _HEADER_BYTES + header["stretches"] * _RECORD_BYTES
            fits = abs(header["length_m"] - length_m) <= max(0.02, 0.002 * length_m)
            if whole and fits and not self._path(header["roll"], self._stage).exists():
                found.append((path.stat().st_mtime_ns, header["roll"]))
        return min(found)[1] if found else None

    def _path(self, roll: int, stage: str) -> Path:
        return self._folder / f"{roll:010d}.{stage}"

    def _read(self, path: Path) -> np.ndarray:
        content = path.read_bytes()[_HEADER_BYTES:]
        whole = len(content) // _RECORD_BYTES * _RECORD_BYTES
        return np.frombuffer(content[:whole]).reshape(-1, len(FIELDS)).T.copy()


def _header(path: Path) -> dict:
    with path.open("rb") as file:
        return json.loads(file.read(_HEADER_BYTES))
