"""Retentive memory: what a machine still knows after its power was cut.

A kill of the process at any moment loses nothing that was answered for; files are not synced to the disk, so a power
cut of the computer that simulates is out of scope.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ClothLog", "Memory", "Printed"]

NOTHING = np.zeros(0)


class Memory:
    """One small file, replaced whole, so that it is always the old one or the new one: a line of JSON and the cloth.

    ``faults.jsonl`` beside it says when each fault of the machine began and ended.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path, self._spare, self._faults = folder / "memory", folder / "memory.new", folder / "faults.jsonl"

    def load(self) -> dict[str, Any] | None:
        """Return what was stored last, or None on the first power-up.

        Raises
        ------
        ValueError
            If the file is damaged; the message says what to do.
        """
        try:
            with self._path.open("rb") as file:
                return json.loads(file.readline())
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise ValueError(f"{self._path}: is damaged ({error}); delete it to start from nothing") from error

    def inside(self) -> NDArray[np.float64]:
        """Return the cloth that was in the machine, as stored with it: float64, flat."""
        return np.frombuffer(self._path.read_bytes().partition(b"\n")[2])

    def store(self, content: dict[str, Any], inside: NDArray[np.float64] = NOTHING) -> None:
        """Replace the content."""
        self._spare.write_bytes(json.dumps(content).encode() + b"\n" + inside.tobytes())
        self._spare.replace(self._path)

    def note(self, fault: Mapping[str, Any]) -> None:
        """Write a line of the fault record."""
        with self._faults.open("a", encoding="utf-8") as file:
            file.write(json.dumps(fault) + "\n")


@dataclass(frozen=True, slots=True)
class Printed:
    """Rows ``from_row`` up to, not including, ``to_row`` of a ticket, and the faults the press had (their text)."""

    from_row: int
    to_row: int
    faults: str = ""


class ClothLog:
    """What lies printed on the cloth: ``cloth.jsonl``, one line per range of rows.

    ``rasters`` names path and SHA-256 of each ticket's, in the order in which they were last begun.

    Writing the line is the act of printing: it is written before the row counter moves, in one call, so a kill leaves
    either the whole line or none. ``jobs.jsonl`` beside it says which raster the rows from one on are of, and under
    which faults they were printed.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._jobs = _Lines(folder / "jobs.jsonl")
        self._cloth = _Lines(folder / "cloth.jsonl")
        self._rows: dict[int, list[tuple[int, int]]] = {}
        self._faults: dict[int, list[tuple[int, str]]] = {}
        self.rasters: dict[int, tuple[str, str]] = {}
        for line in self._jobs.read():
            self._begun(**line)
        for line in self._cloth.read():
            self._note(line["ticket"], line["from_row"], line["to_row"])

    def begin(self, ticket: int, from_row: int, raster_path: str, raster_sha256: str, faults: str) -> None:
        """Say what will be printed from a row on."""
        line = {"ticket": ticket, "from_row": from_row, "raster_path": raster_path, "raster_sha256": raster_sha256,
                "faults": faults}  # fmt: skip
        self._jobs.append(line)
        self._begun(**line)

    def _begun(self, ticket: int, from_row: int, raster_sha256: str, faults: str, raster_path: str = "") -> None:
        self._faults.setdefault(ticket, []).append((from_row, faults))
        self.rasters.pop(ticket, None)
        self.rasters[ticket] = raster_path, raster_sha256  # the last one is the ticket in work

    def ended(self, ticket: int) -> bool:
        """Whether rows were printed under a ticket, and another one has followed it."""
        return ticket in self._rows and ticket in self.rasters and ticket != [*self.rasters][-1]

    def begun_at(self, ticket: int) -> int:
        """First row that was printed under a ticket."""
        return self._rows[ticket][0][0]

    def append(self, ticket: int, from_row: int, to_row: int) -> None:
        """Print a range of rows."""
        self._cloth.append({"ticket": ticket, "from_row": from_row, "to_row": to_row})
        self._note(ticket, from_row, to_row)

    def next_row(self, ticket: int) -> int | None:
        """First row of a ticket that is not printed yet; None if nothing of the ticket is."""
        ranges = self._rows.get(ticket)
        return ranges[-1][1] if ranges else None

    def printed(self, ticket: int) -> tuple[Printed, ...]:
        """Everything printed of a ticket, in order, cut where the faults changed."""
        changes = self._faults.get(ticket, [(0, "")])
        spans = []
        for index, (start, faults) in enumerate(changes):
            stop = changes[index + 1][0] if index + 1 < len(changes) else None
            for from_row, to_row in self._rows.get(ticket, []):
                low, high = max(from_row, start), to_row if stop is None else min(to_row, stop)
                if low < high:
                    spans.append(Printed(low, high, faults))
        return tuple(spans)

    def _note(self, ticket: int, from_row: int, to_row: int) -> None:
        ranges = self._rows.setdefault(ticket, [])
        if ranges and ranges[-1][1] == from_row:
            ranges[-1] = (ranges[-1][0], to_row)
        else:
            ranges.append((from_row, to_row))

    def close(self) -> None:
        """Close the files."""
        self._jobs.close()
        self._cloth.close()


class _Lines:
    """A file of JSON lines that only grows; a torn last line, from a kill in the middle of a write, is cut off."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            os.truncate(path, whole)

    def read(self) -> Iterator[dict[str, Any]]:
        with self._path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)

    def append(self, line: dict[str, Any]) -> None:
        os.write(self._file, (json.dumps(line) + "\n").encode())

    def close(self) -> None:
        os.close(self._file)
