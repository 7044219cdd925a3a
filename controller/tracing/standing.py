"""The goods of a line at this moment, as the interlocks look at them before a machine begins."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sqlalchemy import select as sa_select
from sqlmodel import Session, col, func, or_, select

import recipes
from controller.interlocks import Goods
from controller.tables import Job, Operation, Roll
from controller.tracing.cloth import Laid, Stretch, stretches
from controller.tracing.genealogy import Place
from controller.tracing.places import amiss, places_of
from controller.tracing.reading import laid_in, remainders, rolls_named, tanks_now, windings
from controller.tracing.tables import Laying, Lot, Mounting, Scan, Winding
from controller.tracing.tanks import UNKNOWN, Contents
from controller.tracing.winding import Passed, Seen, wound_now

LAST = sa_select(*(sa_select(func.max(table.id)).scalar_subquery() for table in (Mounting, Laying, Scan, Winding)))
"""Numbers of the last rows: goods are only ever added to, so the same numbers mean the same goods."""

NEVER = datetime.min.replace(tzinfo=UTC)
"""Before anything was done to a roll."""

TOLERANCE_M = 0.05
"""Lengths of rolls are known to some centimetres; default from practice."""


@dataclass(frozen=True)
class Standing:
    """The goods of a line at this moment, as far as live operations need them.

    Attributes
    ----------
    tanks
        What is in each tank, by machine and place.
    lots
        Those in tanks or lying as cloth, by name.
    laid
        What was recorded of the rolls of live jobs.
    left_m
        Metres of these rolls that have not run into the first machine.
    lot_of
        Roll to the name of its lot.
    scanned
        Live operation to what was scanned last at one of its questions.
    wound
        How rolls are wound that lie in live jobs, or that these make, as far as anybody recorded it.
    """

    tanks: Mapping[tuple[str, str], Contents] = field(default_factory=dict)
    lots: Mapping[str, Lot] = field(default_factory=dict)
    laid: Sequence[Laid] = ()
    left_m: Mapping[str, float] = field(default_factory=dict)
    lot_of: Mapping[str, str] = field(default_factory=dict)
    scanned: Mapping[int, str] = field(default_factory=dict)
    wound: Mapping[str, Seen] = field(default_factory=dict)


class Shelf:
    """Reads the goods of the line, and keeps them for as long as nothing was added and the same jobs are at work."""

    def __init__(self) -> None:
        self._kept: tuple[object, Standing] = None, Standing()

    def standing(self, session: Session, jobs: Set[int], operations: Sequence[Operation]) -> Standing:
        """Return the goods that jobs and operations have to do with now."""
        last = session.execute(LAST).one()
        seen = tuple(last), frozenset(jobs), frozenset(one.id for one in operations)
        if self._kept[0] != seen:
            self._kept = seen, _read(session, jobs, operations)
        now = self._kept[1]
        if not now.laid or all(one.stage != "pretreat" for one in operations):
            return now
        rolls = rolls_named(session, {one.roll for one in now.laid}).values()
        left = {name: one.length_m - one.used_m for name, one in remainders(session, rolls).items()}
        return replace(now, left_m=left)  # it runs away while a machine works


def _read(session: Session, jobs: Set[int], operations: Iterable[Operation]) -> Standing:
    tanks = tanks_now(session)
    laid = laid_in(session, jobs)
    rolls = rolls_named(session, {one.roll for one in laid})
    wanted = {name for held in tanks.values() for name in held if name}
    ids = {roll.lot_id for roll in rolls.values()}
    lots = {
        lot.name: lot for lot in session.exec(select(Lot).where(or_(col(Lot.name).in_(wanted), col(Lot.id).in_(ids))))
    }
    names = {lot.id: lot.name for lot in lots.values()}
    scans = select(Scan).where(col(Scan.operation_id).in_([one.id for one in operations])).order_by(col(Scan.id))
    return Standing(
        tanks=tanks,
        lots=lots,
        laid=laid,
        lot_of={name: names[roll.lot_id] for name, roll in rolls.items() if roll.lot_id is not None},
        scanned={one.operation_id: one.code for one in session.exec(scans)},
        wound=windings(session, [*rolls.values(), *session.exec(select(Roll).where(col(Roll.job_id).in_(jobs)))]),
    )


def goods_of(
    operation: Operation, job: Job, recipe: recipes.Recipe, done: Sequence[Operation], roll: str, now: Standing,
    passed: Sequence[Passed],
) -> Goods:  # fmt: skip
    """Return what interlocks look at of an operation's goods.

    `done` are the job's operations that are over, `roll` is what it makes, and `passed` the roll's way so far.
    """
    places = places_of(operation.stage, recipe, job.planned_ml)
    held = [(one, now.lots[lot]) for one in places for lot in _known(now, operation.machine, one) if lot in now.lots]
    lots = {lot.name: lot.best_before for _, lot in held if lot.best_before}
    wanted, short = (roll,), _outrun(operation, done, roll)
    lying = stretches(job.id or 0, now.laid, job.length_m)
    cloth = tuple(dict.fromkeys(one.roll for one in lying if one.roll))
    if cloth and operation.stage == "pretreat":
        wanted = cloth
        lying_lots = [now.lots[now.lot_of[name]] for name in wanted if now.lot_of.get(name) in now.lots]
        lots |= {lot.name: lot.best_before for lot in lying_lots if lot.best_before}
        short = _short(operation, wanted, now, lying)
    return Goods(
        rolls=wanted, scanned=now.scanned.get(operation.id or 0), short=short, best_before=tuple(lots.items()),
        amiss=tuple(words for place, lot in held if (words := amiss(place, lot))),
        wound=_wound(roll, cloth, now, passed),
    )  # fmt: skip


def _wound(roll: str, cloth: Sequence[str], now: Standing, passed: Sequence[Passed]) -> tuple[tuple[str, str], ...]:
    """How the rolls lie now: the one that the job makes as it was seen last, or as the cloth in it was delivered."""
    if roll in now.wound:
        return ((roll, wound_now(now.wound[roll], passed)),)
    # a record of the cloth says how it was delivered, even if somebody put it right later
    delivered = {name: replace(now.wound[name], at=NEVER) for name in cloth if name in now.wound}
    return tuple((name, wound_now(seen, passed)) for name, seen in delivered.items())


def _known(now: Standing, machine: str, place: Place) -> list[str]:
    return sorted(name for name in now.tanks.get((machine, place.name), UNKNOWN) if name)


def _outrun(operation: Operation, done: Sequence[Operation], roll: str) -> str | None:
    """Say that a print that was taken up further back takes more cloth than the stage before has made ready."""
    if operation.leg == 0:
        return None
    made_m = min((one.metres for one in done), default=operation.length_m)
    if operation.length_m <= made_m + TOLERANCE_M:
        return None
    takes = f"the print takes {operation.length_m:.2f} m with what is cut out"
    return f"{made_m:.2f} m of cloth are prepared as {roll}, and {takes}"


def _short(operation: Operation, wanted: Sequence[str], now: Standing, lying: Sequence[Stretch]) -> str | None:
    """Say which roll does not reach, from where the machine is now."""
    for name in wanted:
        takes_m = sum(one.to_m - max(one.from_m, min(operation.metres, one.to_m)) for one in lying if one.roll == name)
        left_m = now.left_m.get(name, 0.0)
        if takes_m > left_m + TOLERANCE_M:
            return f"roll {name} has {left_m:.1f} m left and the job takes {takes_m:.1f} m of it"
    return None
