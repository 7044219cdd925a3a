"""What is wrong with one machine now: ordered faults that begin and end by metre or by the plant's clock.

Each beginning and end is a line of ``faults.jsonl``; :func:`replayed` makes orders of such a file again.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from simulators.faults import Fault, parse_faults

__all__ = ["Troubles", "read_faults", "replayed"]


@dataclass(frozen=True, slots=True)
class _Begun:
    plant_s: float
    metre: float


class Troubles:
    """The faults of one machine.

    Parameters
    ----------
    faults : iterable of Fault
    note : Callable
        Is told each beginning and end as a mapping: ``what``, ``fault``, ``plant_s``, ``metre``, ``ticket``.

    Attributes
    ----------
    upsets : Mapping[str, float]
        Parameters of the active faults by ``fault.parameter``.
    ordered : tuple of Fault
        All that are ordered, the active ones included.
    marks : tuple of Fault
        What faults that are over left on the print of this job, each with its place and length.
    """

    def __init__(self, faults: Iterable[Fault], note: Callable[[Mapping[str, Any]], None]) -> None:
        self.ordered = tuple(faults)
        self.upsets: Mapping[str, float] = {}
        self._note = note
        self.marks: tuple[Fault, ...] = ()
        self._begun: dict[Fault, _Begun] = {}
        self._over: set[Fault] = set()

    def order(self, fault: Fault, metre: float) -> None:
        """Add a fault; without a place or time it begins now."""
        if fault.at_s is None and fault.at_m is None:
            fault = replace(fault, at_m=metre)
        self.ordered += (fault,)

    def clear(self, name: str, plant_s: float, metre: float, ticket: int) -> None:
        """End a fault and forget its orders that lie ahead.

        Raises
        ------
        ValueError
            If none of that name is ordered.
        """
        meant = [fault for fault in self.ordered if name in (fault.name, f"{fault.machine}.{fault.name}")]
        if not meant:
            ordered = ", ".join(sorted({fault.name for fault in self.ordered})) or "nothing"
            raise ValueError(f"fault {name!r} is not ordered; ordered are: {ordered}")
        for fault in meant:
            if fault in self._begun and fault not in self._over:
                self._end(fault, plant_s, metre, ticket)
        # what is on the print stays on it; what lies ahead is forgotten
        self.ordered = tuple(fault for fault in self.ordered if fault not in meant)
        self._show()

    def new_job(self) -> None:
        """Faults that have a metre happen in each job; another one begins."""
        placed = {fault for fault in self.ordered if fault.at_m is not None}
        self._over -= placed
        self.marks = ()
        self._begun = {fault: begun for fault, begun in self._begun.items() if fault not in placed}

    def look(self, plant_s: float, metre: float, ticket: int) -> tuple[Fault, ...]:
        """Begin and end what is due; returns the faults that began or ended just now."""
        if not self.ordered and not self.upsets:
            return ()
        changed = []
        for fault in self.ordered:
            if fault in self._over:
                continue
            begun = self._begun.get(fault)
            if begun is None:
                if self._due(fault, plant_s, metre):
                    self._begun[fault] = _Begun(plant_s, metre)
                    changed.append(fault)
                    self._tell("begin", fault, plant_s, metre, ticket)
            elif self._done(fault, begun, plant_s, metre):
                self._end(fault, plant_s, metre, ticket)
                changed.append(fault)
        self._show()
        return tuple(changed)

    def _show(self) -> None:
        shown = ((fault.name, item) for fault in self.active for item in (("on", 1.0), *fault.values))
        self.upsets = {f"{name}.{key}": value for name, (key, value) in shown}

    @property
    def active(self) -> tuple[Fault, ...]:
        """Faults that have begun and not ended."""
        return tuple(fault for fault in self.ordered if fault in self._begun and fault not in self._over)

    def pin(self, fault: Fault, metre: float) -> None:
        """Give a fault that began by the clock the metre it began at, so that the print shows it there."""
        pinned = replace(fault, at_m=metre, at_s=None)
        self.ordered = tuple(pinned if other is fault else other for other in self.ordered)
        self._begun[pinned] = self._begun.pop(fault)

    @staticmethod
    def _due(fault: Fault, plant_s: float, metre: float) -> bool:
        if fault.at_m is not None:
            return metre >= fault.at_m
        return fault.at_s is None or plant_s >= fault.at_s

    @staticmethod
    def _done(fault: Fault, begun: _Begun, plant_s: float, metre: float) -> bool:
        if fault.for_m is not None:
            return metre >= begun.metre + fault.for_m
        return plant_s - begun.plant_s >= (fault.kind.lasts_s if fault.for_s is None else fault.for_s)

    def _end(self, fault: Fault, plant_s: float, metre: float, ticket: int) -> None:
        self._over.add(fault)
        if fault.kind.in_picture and fault.at_m is not None:
            self.marks += (replace(fault, for_m=max(metre - fault.at_m, 0.0)),)
        self._tell("end", fault, plant_s, metre, ticket)

    def in_picture(self) -> tuple[Fault, ...]:
        """Faults that show in the print of this job: over, active or ahead, each with its metre."""
        open_ended = (fault for fault in self.ordered if fault.kind.in_picture and fault not in self._over)
        return (*self.marks, *(fault for fault in open_ended if fault.at_m is not None))

    def _tell(self, what: str, fault: Fault, plant_s: float, metre: float, ticket: int) -> None:
        self._note({"what": what, "fault": str(fault), "plant_s": plant_s, "metre": metre, "ticket": ticket})


def read_faults(spec: str, machine: str | None = None) -> tuple[Fault, ...]:
    """Faults from their text, or from the record ``@FILE`` that is to happen again; see :func:`parse_faults`.

    Raises
    ------
    ValueError
        One line that says what is wrong with the text or the file.
    """
    if not spec.startswith("@"):
        return parse_faults(spec, machine)
    try:
        return replayed(Path(spec[1:]))
    except OSError as error:
        raise ValueError(f"record of faults {spec[1:]!r} cannot be read: {error.strerror or error}") from error


def replayed(path: Path) -> tuple[Fault, ...]:
    """Orders that make the faults of a ``faults.jsonl`` happen again: by metre if the cloth moved, else by the clock.

    Raises
    ------
    ValueError
        If a line is not one of such a file.
    """
    begun: dict[str, Fault] = {}
    faults: list[Fault] = []
    lasted: dict[str, tuple[float, float]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            told = json.loads(line)
            text, plant_s, metre = told["fault"], float(told["plant_s"]), float(told["metre"])
            (fault,) = parse_faults(text)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}, line {number}: is not a line of a fault record ({error})") from error
        if told["what"] == "begin":
            at = {"at_m": metre, "at_s": None} if metre > 0 else {"at_m": None, "at_s": plant_s}
            begun[text] = replace(fault, **at, for_m=None, for_s=math.inf)
            lasted[text] = plant_s, metre
        elif text in begun:
            since_s, since_m = lasted[text]
            lasts = {"for_m": metre - since_m} if metre > since_m else {"for_s": plant_s - since_s}
            faults.append(replace(begun.pop(text), **{"for_m": None, "for_s": None, **lasts}))
    return (*faults, *(replace(fault, for_s=None) for fault in begun.values()))
