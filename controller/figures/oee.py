"""Overall equipment effectiveness and its parts by ISO 22400-2, of one machine; `docs/figures.md` has the formulas.

Times are split by what was so at each moment, so that they add up: planned busy time is production, set-up and delay.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from controller.figures.record import FAULTY, HELD, NEIGHBOUR, PRODUCING, SETTING_UP, UNHEARD, Done, Record, Span, union

Cut = Callable[[datetime, datetime], Iterable[tuple[str, datetime, datetime]]]
"""Cuts a span into named parts, e.g. shifts."""


@dataclass(frozen=True)
class Figures:
    """Figures of one machine, or of a part of its work.

    Attributes
    ----------
    machine, part
        The part is a shift or a fabric; empty: all of it.
    planned_busy_min
        PBT: there was work for the machine: cloth was ready for it, or on it.
    production_min, setup_min, delay_min
        APT, AUST and ADOT: of that, cloth was worked on; the machine got ready; neither.
    waiting_min
        The delay by what was waited for.
    changeovers, changeover_min
        How often another operation began that was waiting already when the one before ended, and the minutes between.
    produced_m, good_m
        PQ and GQ: metres done, and those of first quality. `good_m` is None where nobody looks.
    nominal_min
        Minutes that the produced metres take by their recipes: PRI times PQ.
    expected_min, actual_min
        Of the operations that ended and of which something was expected: minutes expected and taken.
    """

    machine: str
    part: str = ""
    planned_busy_min: float = 0.0
    production_min: float = 0.0
    setup_min: float = 0.0
    delay_min: float = 0.0
    waiting_min: Mapping[str, float] = field(default_factory=dict)
    changeovers: int = 0
    changeover_min: float = 0.0
    produced_m: float = 0.0
    good_m: float | None = None
    nominal_min: float = 0.0
    expected_min: float = 0.0
    actual_min: float = 0.0

    @property
    def availability(self) -> float | None:
        """APT / PBT, 0 to 1; None if there was no work."""
        return _share(self.production_min, self.planned_busy_min)

    @property
    def effectiveness(self) -> float | None:
        """PRI × PQ / APT; 1 is the recipe's speed, more is faster. None if nothing was produced."""
        return _share(self.nominal_min, self.production_min)

    @property
    def quality(self) -> float | None:
        """GQ / PQ, 0 to 1; None where nobody looks, or nothing was produced."""
        return None if self.good_m is None else _share(self.good_m, self.produced_m)

    @property
    def oee(self) -> float | None:
        """Availability × effectiveness × quality; where nobody looks at the cloth, quality counts as 1."""
        parts = self.availability, self.effectiveness, 1.0 if self.quality is None else self.quality
        return None if parts[0] is None or parts[1] is None else parts[0] * parts[1] * parts[2]

    @property
    def m_per_h(self) -> float | None:
        """Metres per hour of planned busy time."""
        return _share(self.produced_m * 60, self.planned_busy_min)

    @property
    def seconds_rate(self) -> float | None:
        """Share of the metres that are second quality, 0 to 1."""
        return None if self.quality is None else 1 - self.quality


def figures_of(record: Record, machine: str, cut: Cut | None = None) -> tuple[Figures, ...]:
    """Return the figures of a machine: one, or one for each part that `cut` names in which there was work.

    Parameters
    ----------
    record
        What happened.
    machine
        Whose.
    cut
        See `Cut`.
    """
    parts: dict[str, list[tuple[datetime, datetime]]] = {}
    for name, start, end in cut(record.start, record.end) if cut else [("", record.start, record.end)]:
        parts.setdefault(name, []).append((max(start, record.start), min(end, record.end)))
    found = (_figures(record, machine, name, spans) for name, spans in parts.items())
    return tuple(one for one in found if cut is None or one.planned_busy_min or one.produced_m)


def by_fabric(record: Record, machine: str) -> tuple[Figures, ...]:
    """Return the figures of a machine for each fabric: of the time in which its operations were ready or on it.

    Operations of two fabrics that wait at the same time share that time: the one on the machine has it.
    """
    mine = [one for one in record.done if one.machine == machine]
    found = []
    for fabric in sorted({one.fabric for one in mine}):
        spans = [(one.started_at or record.end, one.ended_at or record.end) for one in mine if one.fabric == fabric]
        begun = [(start, end) for start, end in spans if start < end]
        found.append(_figures(record, machine, fabric, begun, [one for one in mine if one.fabric == fabric]))
    return tuple(one for one in found if one.planned_busy_min or one.produced_m)


def _figures(
    record: Record,
    machine: str,
    part: str,
    spans: Sequence[tuple[datetime, datetime]],
    of: Sequence[Done] | None = None,
) -> Figures:
    mine = [one for one in record.done if one.machine == machine] if of is None else list(of)
    busy = union(
        Span(one.ready_at, one.ended_at or record.end) for one in mine if one.ready_at < (one.ended_at or record.end)
    )
    busy = tuple(within for span in busy for start, end in spans if (within := span.within(start, end)))
    running = union(Span(one.started_at, one.ended_at or record.end) for one in mine if one.started_at)
    times: defaultdict[str, float] = defaultdict(float)
    for state in record.states.get(machine, ()):
        for span in busy:
            if inside := state.within(span.start, span.end):
                for name, minutes in _spent(inside, running, record.asked.get(machine, ())):
                    times[name] += minutes
    known = sum(times.values())
    whole = sum(span.minutes for span in busy)
    if whole > known:
        times["unknown"] += whole - known
    production, setup = times.pop("production", 0.0), times.pop("set-up", 0.0)
    shares = [(one, _share_in(one, record, machine, spans)) for one in mine]
    produced = sum(one.metres * share for one, share in shares)
    looked = [(one, share) for one, share in shares if one.seconds_m is not None and one.metres]
    ended = [one for one in mine if one.ended_at and any(start < one.ended_at <= end for start, end in spans)]
    expected = [one for one in ended if one.expected_min is not None and one.started_at and one.ended_at]
    changes = list(_changeovers(record, machine, ended_in=spans, of=mine))
    return Figures(
        machine, part, whole, production, setup, sum(times.values()),
        {name: minutes for name, minutes in sorted(times.items()) if minutes > 0},
        len(changes), sum(changes), produced,
        sum((one.metres - (one.seconds_m or 0.0)) * share for one, share in looked) if looked else None,
        sum(one.metres * share * one.nominal_min_m for one, share in shares),
        sum(one.expected_min or 0.0 for one in expected),
        sum(Span(one.started_at, one.ended_at).minutes for one in expected if one.started_at and one.ended_at),
    )  # fmt: skip


def _spent(state: Span, running: Sequence[Span], asked: Sequence[Span]) -> Iterator[tuple[str, float]]:
    """Give what a stretch of one state was spent on, and the minutes."""
    if state.what in PRODUCING or state.what in SETTING_UP:
        yield "production" if state.what in PRODUCING else "set-up", state.minutes
        return
    edges = {state.start, state.end}
    edges |= {at for span in (*running, *asked) for at in (span.start, span.end) if state.start < at < state.end}
    for start, end in pairwise(sorted(edges)):
        begun = any(span.start <= start and end <= span.end for span in running)
        waits = any(span.start <= start and end <= span.end for span in asked)
        yield _reason(state.what, begun, waits), Span(start, end).minutes


def _reason(state: str, begun: bool, waits: bool) -> str:
    if state == UNHEARD:
        return "link"
    if waits:
        return "answer"
    for name, states in (("fault", FAULTY), ("neighbour", NEIGHBOUR), ("held", HELD)):
        if state in states:
            return name
    return "stopped" if begun else "start"


def _share_in(one: Done, record: Record, machine: str, spans: Sequence[tuple[datetime, datetime]]) -> float:
    """Return which share of an operation's cloth was worked on in the spans: by the time of production in them."""
    if one.started_at is None:
        return 0.0
    whole = Span(one.started_at, one.ended_at or record.end)
    made = [inside for state in record.states.get(machine, ()) if state.what in PRODUCING
            and (inside := state.within(whole.start, whole.end))] or [whole]  # fmt: skip
    total = sum(span.minutes for span in made)
    if not total:
        return float(any(start < whole.end <= end for start, end in spans))
    inside = (part.minutes for span in made for start, end in spans if (part := span.within(start, end)))
    return min(sum(inside) / total, 1.0)


def _changeovers(
    record: Record, machine: str, ended_in: Sequence[tuple[datetime, datetime]], of: Sequence[Done]
) -> Iterable[float]:
    """Give the minutes from the end of an operation to the first production of the next one that was waiting then."""
    begun = sorted(
        (one for one in record.done if one.machine == machine and one.started_at),
        key=lambda one: one.started_at or one.ready_at,
    )
    states = record.states.get(machine, ())
    for before, after in pairwise(begun):
        if before.ended_at is None or after.started_at is None or after not in of:
            continue
        if after.ready_at > before.ended_at or not any(start < after.started_at <= end for start, end in ended_in):
            continue
        working = (state.start for state in states if state.what in PRODUCING and state.end > after.started_at)
        first = next(working, after.started_at)
        yield max((max(first, after.started_at) - before.ended_at).total_seconds() / 60, 0.0)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole > 0 else None
