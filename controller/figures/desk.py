"""The figures' door: what people may ask about the past, with the permission checked first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from controller.actor import Actor, Permission
from controller.figures.oee import Figures, by_fabric, figures_of
from controller.figures.read import read_record
from controller.figures.record import Done
from controller.figures.shifts import shifts_of
from controller.line import Line
from controller.request import Refused
from controller.store import Store
from controller.tables import now

By = Literal["machine", "shift", "fabric"]

LONGEST = timedelta(days=31)
"""The longest span that is calculated at once."""


@dataclass(frozen=True)
class Reported:
    """Figures of a span, and the operations that ended in it as they were expected and as they were."""

    start: datetime
    end: datetime
    figures: tuple[Figures, ...]
    ended: tuple[Done, ...]


class FiguresDesk:
    """Figures of a line.

    Parameters
    ----------
    store, line
        The database, and its machines.
    shifts, zone
        See `controller.figures.shifts.read_shifts`.
    """

    def __init__(self, store: Store, line: Line, shifts: tuple[tuple[str, time], ...], zone: ZoneInfo) -> None:
        self._store, self._line, self._shifts, self._zone = store, line, shifts, zone

    def figures(self, actor: Actor, start: datetime, end: datetime, by: By) -> Reported:
        """Return the figures of a span; it takes a while for a long one, so call it from a thread.

        Parameters
        ----------
        actor
            Anybody who may read.
        start, end
            Timezone-aware; what lies in the future does not count.
        by
            One row for each machine; or for each of its shifts, or fabrics.

        Raises
        ------
        Forbidden, Refused
            Without permission; a span that is empty, in the future, or longer than `LONGEST`.
        """
        actor.require(Permission.LINE_READ)
        end = min(end, now())
        if not start < end:
            raise Refused(f"from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC is no past span of time")
        if end - start > LONGEST:
            raise Refused(f"{(end - start).days} days are too long a span at once; give {LONGEST.days} or less")
        record = read_record(self._store, self._line, start, end)
        found: list[Figures] = []
        for spec in self._line.machines:
            if by == "fabric":
                found += by_fabric(record, spec.name)
            else:
                found += figures_of(record, spec.name, self._cut if by == "shift" else None)
        ended = (one for one in record.done if one.ended_at and one.expected_end)
        return Reported(
            start, end, tuple(found), tuple(sorted(ended, key=lambda one: one.ended_at or end, reverse=True))
        )

    def _cut(self, start: datetime, end: datetime) -> Iterable[tuple[str, datetime, datetime]]:
        for shift in shifts_of(self._shifts, self._zone, start, end):
            yield shift.label, shift.start, shift.end
