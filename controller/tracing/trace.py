"""Tracing: what went into a roll, a piece or a lot, and where it went."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, select

from controller.actor import Actor, Permission
from controller.book import Book
from controller.desk import Conflict, NotFound
from controller.gaps import gaps_of, ways_of
from controller.pieces import Pieces, finding_of, on_cloth, pieces_of
from controller.request import Refused
from controller.tables import FindingRow, Job, Roll
from controller.tracing.genealogy import Kind, Touch, origins, reach, touches
from controller.tracing.goods import LotRecord, RollRecord, lot_records, with_rest
from controller.tracing.identity import Identity, read_identity
from controller.tracing.reading import jobs_near, jobs_of, records
from controller.tracing.tables import Lot
from controller.way import way_of

MOST_JOBS = 500
"""Jobs in one answer; a machine has seen more in a year, and a span of time makes it fewer."""


@dataclass(frozen=True)
class Reached:
    """Metres of a job that something touched; `mixed`: it was there among others, so it may have.

    Attributes
    ----------
    job, title, roll
        The job and the roll that it makes.
    from_m, to_m, mixed
        As a touch.
    pieces
        Names of the pieces that lie there, wholly or in part.
    status, quality
        Of the job; quality is none before it is graded.
    """

    job: int
    title: str
    roll: str
    from_m: float
    to_m: float
    mixed: bool
    pieces: tuple[str, ...]
    status: str
    quality: str | None


@dataclass(frozen=True)
class Traced:
    """The answer to one question after something's whereabouts.

    Attributes
    ----------
    name, kind
        What was asked about: "roll", "cloth", "ink", "chemical", "liquor", "piece" or "machine".
    job, from_m, to_m
        The metres asked about; job is none for what is not of one job.
    origins
        What went into these metres.
    reached
        What it went into.
    lots
        All lots that are named, with what their labels say.
    roll
        What is left of a delivered roll.
    findings, quality
        What inspection found in these metres, by kind of defect; quality of the whole job.
    """

    name: str
    kind: str
    job: Job | None = None
    from_m: float = 0.0
    to_m: float = 0.0
    origins: tuple[Touch, ...] = ()
    reached: tuple[Reached, ...] = ()
    lots: tuple[LotRecord, ...] = ()
    roll: RollRecord | None = None
    findings: tuple[tuple[str, int], ...] = ()
    quality: str | None = None


class TraceDesk:
    """Answers where goods came from and where they went.

    Parameters
    ----------
    book
        The order book; everything is read from its database.
    """

    def __init__(self, book: Book) -> None:
        self._book = book

    def trace(
        self, actor: Actor, name: str, from_m: float | None = None, to_m: float | None = None,
        since: datetime | None = None, until: datetime | None = None,
    ) -> Traced:  # fmt: skip
        """Trace a roll, a piece, a lot (by our name or the supplier's number) or a machine.

        Parameters
        ----------
        actor
            Who asks.
        name
            An identity, a scanned code, a supplier's number of a lot, or a machine's name.
        from_m, to_m
            Metres of a roll that a job makes; all of them if left out.
        since, until
            For a machine: when.

        Raises
        ------
        Forbidden, NotFound, Conflict, Refused
            Without permission; nothing is called so; several lots carry that number; an impossible span.
        """
        actor.require(Permission.LINE_READ)
        with self._book.store.read() as session:
            named = read_identity(name)
            if named is not None and named.kind == "piece":
                return _piece(session, named)
            if named is not None:
                roll = session.exec(select(Roll).where(Roll.name == str(named))).first()
                if roll is not None and roll.job_id is not None:
                    return _made(session, roll, roll.job_id, from_m, to_m)
                if roll is not None:
                    return _delivered(session, roll)
                lot = session.exec(select(Lot).where(Lot.name == str(named))).first()
                if lot is not None:
                    return _lot(session, lot)
            if name in {machine.name for machine in self._book.line.machines}:
                return _machine(session, name, since, until)
            lots = session.exec(select(Lot).where(Lot.supplier_lot == name.strip()).order_by(col(Lot.id))).all()
            if len(lots) == 1 and name.strip():
                return _lot(session, lots[0])
        if lots and name.strip():
            msg = f"{len(lots)} lots carry the number {name!r:.60}: trace one of {', '.join(lot.name for lot in lots)}"
            raise Conflict(msg)
        msg = f"nothing here is called {name!r:.60}; give a roll, a piece, a lot or a machine, as on its label"
        raise NotFound(msg)


def _made(session: Session, roll: Roll, job_id: int, from_m: float | None, to_m: float | None) -> Traced:
    """Trace metres of the roll that a job makes."""
    job = session.get_one(Job, job_id)
    cloth_m = round(job.length_m + way_of(job, gaps_of(session, job_id)).cut_out_m, 4)
    low_m, high_m = from_m or 0.0, cloth_m if to_m is None else to_m
    if not 0 <= low_m < high_m <= cloth_m + 1e-9:
        msg = f"metres {low_m:g} to {high_m:g} are no span of {roll.name}, which has {cloth_m:g} m"
        raise Refused(msg, "from_m")
    return _span(session, roll.name, "roll", job, low_m, high_m)


def _piece(session: Session, named: Identity) -> Traced:
    job = session.get(Job, named.number)
    pieces = pieces_of(job).pieces if job is not None else ()
    number = named.part or next((n for n, one in enumerate(pieces, 1) if one.name == named.piece), 0)
    if job is None or not 1 <= number <= len(pieces):
        there = f"job {named.number} has {len(pieces)} pieces" if job is not None else f"there is no job {named.number}"
        msg = f"there is no piece {str(named)!r:.80}: {there}"
        raise NotFound(msg)
    (piece,) = on_cloth(Pieces(pieces[number - 1 : number]), way_of(job, gaps_of(session, named.number))).pieces
    name = f"{Identity('piece', named.number, number)} ({piece.name})"
    return _span(session, name, "piece", job, round(piece.at_m, 6), round(piece.at_m + piece.length_mm / 1000, 6))


def _span(session: Session, name: str, kind: str, job: Job, from_m: float, to_m: float) -> Traced:
    job_id = job.id or 0
    found = origins(touches(records(session, {job_id})), job_id, from_m, to_m)
    rows = session.exec(select(FindingRow).where(FindingRow.job_id == job_id).order_by(col(FindingRow.at_m))).all()
    way = way_of(job, gaps_of(session, job_id))
    lying = (replace(finding_of(row), at_m=way.cloth_m(row.at_m, row.leg)) for row in rows)
    inside = [one for one in lying if one.begin_m < to_m and from_m < one.end_m]
    counts = {one.cls: sum(other.cls == one.cls for other in inside) for one in inside}
    return Traced(
        name, kind, job, from_m, to_m, found, (), _lots_named(session, found), None,
        tuple(sorted(counts.items())), job.grade.get("quality"),
    )  # fmt: skip


def _delivered(session: Session, roll: Roll) -> Traced:
    lot = session.get_one(Lot, roll.lot_id)
    found = reach(touches(records(session, jobs_near(session, {roll.lot_id or 0}))), roll.name)
    return Traced(roll.name, "roll", reached=_reached(session, found), lots=tuple(lot_records(session, [lot])),
                  roll=with_rest(session, [(roll, lot.name)])[0])  # fmt: skip


def _lot(session: Session, lot: Lot) -> Traced:
    found = reach(touches(records(session, jobs_near(session, {lot.id or 0}))), lot.name)
    (record,) = lot_records(session, [lot])
    of = session.exec(select(Lot).where(col(Lot.name).in_(record.made_of))).all()
    return Traced(lot.name, lot.kind, reached=_reached(session, found), lots=(record, *lot_records(session, of)))


def _machine(session: Session, machine: str, since: datetime | None, until: datetime | None) -> Traced:
    jobs = jobs_of(session, machine, since, until)
    if len(jobs) > MOST_JOBS:
        msg = f"the {machine} worked on {len(jobs)} jobs, at most {MOST_JOBS} can be told at once; give a span of time"
        raise Refused(msg, "since")
    return Traced(machine, "machine", reached=_reached(session, reach(touches(records(session, jobs)), machine)))


def _reached(session: Session, found: tuple[Touch, ...]) -> tuple[Reached, ...]:
    """Return the metres with their jobs and pieces; what touched them in several ways is told once."""
    asked = {one.job for one in found}
    jobs = {job.id or 0: job for job in session.exec(select(Job).where(col(Job.id).in_(asked)))}
    rolls = dict(session.exec(select(Roll.job_id, Roll.name).where(col(Roll.job_id).in_(asked))).all())
    ways = ways_of(session, jobs)
    pieces = {number: on_cloth(pieces_of(job), ways[number]) for number, job in jobs.items()}
    spans = sorted({(one.job, one.from_m, one.to_m, one.mixed) for one in found})
    return tuple(
        Reached(job, jobs[job].title, rolls.get(job, ""), from_m, to_m, mixed, _pieces_in(pieces[job], from_m, to_m),
                jobs[job].status, jobs[job].grade.get("quality"))
        for job, from_m, to_m, mixed in spans
    )  # fmt: skip


def _pieces_in(pieces: Pieces, from_m: float, to_m: float) -> tuple[str, ...]:
    return tuple(one.name for one in pieces.pieces if one.at_m < to_m and from_m < one.at_m + one.length_mm / 1000)


def _lots_named(session: Session, found: tuple[Touch, ...]) -> tuple[LotRecord, ...]:
    kinds = (Kind.CLOTH, Kind.INK, Kind.LIQUOR, Kind.CHEMICAL)
    names = {one.name for one in found if one.kind in kinds and one.name}
    lots = session.exec(select(Lot).where(col(Lot.name).in_(names)).order_by(col(Lot.id)))
    return tuple(lot_records(session, lots.all()))
