"""The goods book: deliveries, what goes into machines, splices and scans, each with its journal line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, func, select

from controller import journal
from controller.store import Store
from controller.tables import Job, Operation, Question, Roll
from controller.tracing.delivery import Delivery
from controller.tracing.identity import Identity
from controller.tracing.reading import remainders, windings
from controller.tracing.tables import Ingredient, Laying, Lot, Mounting, Scan, Winding
from controller.tracing.winding import Wound


@dataclass(frozen=True)
class LotRecord:
    """A lot with its rolls and what is left of each, and what it was mixed from."""

    lot: Lot
    rolls: tuple["RollRecord", ...] = ()
    made_of: tuple[str, ...] = ()


@dataclass(frozen=True)
class RollRecord:
    """A roll: metres used, promised to jobs and free; `lot` is none for the roll that a job makes.

    `wound` is how somebody saw it wound last; a machine may have turned it since.
    """

    roll: Roll
    lot: str | None
    used_m: float
    promised_m: float
    free_m: float
    wound: Wound | None


@dataclass(frozen=True)
class Filled:
    """A line of what was filled into a tank, with the name of its lot; None: it was emptied."""

    mounting: Mounting
    lot: str | None


class GoodsBook:
    """All that is written about goods. Nothing in it is changed later; what was wrong is put right by a further line.

    Parameters
    ----------
    store
        The database.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def receive(self, actor: str, delivery: Delivery) -> Lot:
        """Take a lot into the book, with its rolls."""
        with self.store.write() as session:
            number = (session.exec(select(func.max(Lot.id))).one() or 0) + 1
            lot = Lot(id=number, name=str(Identity(delivery.kind, number)), kind=delivery.kind, received_by=actor,
                      material=delivery.material, supplier=delivery.supplier, supplier_lot=delivery.supplier_lot,
                      best_before=delivery.best_before, width_mm=delivery.width_mm,
                      shrink_warp_pct=delivery.shrink_warp_pct, shrink_weft_pct=delivery.shrink_weft_pct)  # fmt: skip
            session.add(lot)
            session.flush()
            for part, length_m in enumerate(delivery.rolls_m, start=1):
                name = str(Identity("cloth", number, part))
                roll = Roll(lot_id=number, name=name, fabric=delivery.material, length_m=length_m)
                session.add(roll)
                if delivery.wound is not None:
                    session.flush()
                    session.add(Winding(roll_id=roll.id or 0, wound=delivery.wound, recorded_by=actor))
            for chemical in delivery.made_of:
                of = session.exec(select(Lot.id).where(Lot.name == chemical)).one()
                session.add(Ingredient(liquor_id=number, chemical_id=of or 0))
            journal.append(session, actor=actor, kind="goods in", payload=_told(lot, delivery))
        return lot

    def mount(self, actor: str, machine: str, place: str, lot: Lot | None, topped_up: bool) -> Mounting:
        """Write down that a lot was filled into a tank, with how far the machine is; no lot: it was emptied."""
        with self.store.write() as session:
            running = select(Operation).where(Operation.machine == machine, Operation.status == "running")
            operation = session.exec(running).first()
            row = Mounting(machine=machine, place=place, lot_id=lot and lot.id, topped_up=topped_up, mounted_by=actor,
                           operation_id=operation and operation.id, at_m=operation and operation.metres)  # fmt: skip
            session.add(row)
            session.flush()
            kind = "emptied" if lot is None else "topped up" if topped_up else "filled"
            journal.append(session, actor=actor, kind=kind, machine=machine,
                           job_id=operation and operation.job_id,
                           payload={"place": place, "lot": lot and lot.name, "at_m": row.at_m})  # fmt: skip
        return row

    def lay(self, actor: str, job_id: int, roll: Roll, at_m: float) -> Laying:
        """Write down that a job's cloth comes from a roll from this metre on."""
        with self.store.write() as session:
            row = Laying(job_id=job_id, at_m=at_m, roll_id=roll.id or 0, laid_by=actor)
            session.add(row)
            session.flush()
            journal.append(session, actor=actor, kind="splice" if at_m > 0 else "cloth laid", job_id=job_id,
                           payload={"roll": roll.name, "at_m": at_m})  # fmt: skip
        return row

    def wind(self, actor: str, roll: Roll, wound: Wound) -> None:
        """Write down how a roll is wound."""
        with self.store.write() as session:
            session.add(Winding(roll_id=roll.id or 0, wound=wound, recorded_by=actor))
            journal.append(session, actor=actor, kind="wound", job_id=roll.job_id,
                           payload={"roll": roll.name, "wound": wound})  # fmt: skip

    def scanned(self, actor: str, question: Question, code: str, wanted: tuple[str, ...], right: bool) -> None:
        """Write down what was scanned at a question, right or wrong."""
        with self.store.write() as session:
            says = " or ".join(wanted)[:200]
            session.add(Scan(operation_id=question.operation_id, code=code, wanted=says, right=right,
                             scanned_by=actor))  # fmt: skip
            journal.append(session, actor=actor, kind="scanned" if right else "wrong roll", machine=question.machine,
                           job_id=question.job_id, payload={"code": code, "wanted": says})  # fmt: skip

    # -- looking -------------------------------------------------------------------------------------------------

    def lot(self, name: str) -> Lot | None:
        """Return a lot by its name here."""
        with self.store.read() as session:
            return session.exec(select(Lot).where(Lot.name == name)).first()

    def roll(self, name: str) -> Roll | None:
        """Return a roll by its name."""
        with self.store.read() as session:
            return session.exec(select(Roll).where(Roll.name == name)).first()

    def rolls(self, limit: int, *, delivered: bool) -> list[RollRecord]:
        """Return the newest rolls and what is left of them: those that were delivered, or those that jobs make."""
        asked = select(Roll, Lot.name).join(Lot, col(Lot.id) == col(Roll.lot_id), isouter=True)
        asked = asked.where(col(Roll.lot_id).is_not(None) if delivered else col(Roll.lot_id).is_(None))
        with self.store.read() as session:
            return with_rest(session, session.exec(asked.order_by(col(Roll.id).desc()).limit(limit)).all())

    def roll_record(self, roll: Roll) -> RollRecord:
        """Return what is left of one roll."""
        with self.store.read() as session:
            lot = session.exec(select(Lot.name).where(Lot.id == roll.lot_id)).first()
            return with_rest(session, [(roll, lot)])[0]

    def lots(self, kind: str | None, limit: int) -> list[LotRecord]:
        """Return the newest lots, newest first."""
        asked = select(Lot).order_by(col(Lot.id).desc()).limit(limit)
        if kind is not None:
            asked = asked.where(Lot.kind == kind)
        with self.store.read() as session:
            return lot_records(session, session.exec(asked).all())

    def lot_record(self, lot: Lot) -> LotRecord:
        """Return a lot with its rolls and ingredients."""
        with self.store.read() as session:
            return lot_records(session, [lot])[0]

    def filled(self, machine: str | None, limit: int) -> list[Filled]:
        """Return what was filled into tanks, newest first."""
        asked = select(Mounting, Lot.name).join(Lot, col(Lot.id) == col(Mounting.lot_id), isouter=True)
        if machine is not None:
            asked = asked.where(Mounting.machine == machine)
        with self.store.read() as session:
            found = session.exec(asked.order_by(col(Mounting.id).desc()).limit(limit))
            return [Filled(row, lot) for row, lot in found]

    def job(self, job_id: int) -> tuple[Job, Operation] | None:
        """Return a job and its first operation."""
        asked = select(Job, Operation).join(Operation, col(Operation.job_id) == col(Job.id))
        with self.store.read() as session:
            return session.exec(asked.where(Job.id == job_id, Operation.stage == "pretreat")).first()


def with_rest(session: Session, found: Iterable[tuple[Roll, str | None]]) -> list[RollRecord]:
    """Return rolls, each with the name of its lot, and what is left of them."""
    rows = list(found)
    rest = remainders(session, [roll for roll, _ in rows])
    seen = windings(session, [roll for roll, _ in rows])
    wound = {name: one.wound for name, one in seen.items()}
    return [
        RollRecord(roll, lot, left.used_m, left.promised_m, left.free_m, wound.get(roll.name))
        for roll, lot in rows
        for left in (rest[roll.name],)
    ]


def lot_records(session: Session, lots: Sequence[Lot]) -> list[LotRecord]:
    """Return lots with their rolls and ingredients, in this order."""
    names = {lot.id or 0: lot.name for lot in lots}
    rolls = session.exec(select(Roll).where(col(Roll.lot_id).in_(names)).order_by(col(Roll.id))).all()
    rest = with_rest(session, [(roll, names[roll.lot_id or 0]) for roll in rolls])
    of = select(Ingredient.liquor_id, Lot.name).join(Lot, col(Ingredient.chemical_id) == col(Lot.id))
    mixes = session.exec(of.where(col(Ingredient.liquor_id).in_(names)).order_by(col(Ingredient.id))).all()
    return [
        LotRecord(
            lot,
            tuple(one for one in rest if one.roll.lot_id == lot.id),
            tuple(chemical for liquor, chemical in mixes if liquor == lot.id),
        )
        for lot in lots
    ]


def _told(lot: Lot, delivery: Delivery) -> dict[str, Any]:
    said = {"lot": lot.name, "kind": lot.kind, "material": lot.material, "supplier": lot.supplier,
            "supplier_lot": lot.supplier_lot, "rolls_m": list(delivery.rolls_m),
            "made_of": list(delivery.made_of), "wound": delivery.wound}  # fmt: skip
    if lot.best_before is not None:
        said["best_before"] = lot.best_before.isoformat(timespec="seconds")
    return {name: value for name, value in said.items() if value}
