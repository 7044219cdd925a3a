"""The door for goods: what people may record about lots and rolls, each act with its permission checked first."""

from math import isfinite

from sqlmodel import select

from controller.actor import Actor, Permission
from controller.book import Book
from controller.desk import Conflict, NotFound
from controller.gaps import gaps_of
from controller.interlocks import GOODS
from controller.questions import YES
from controller.request import Refused
from controller.tables import Job, Operation, Question, Roll
from controller.tracing.delivery import Delivery, check_delivery
from controller.tracing.fitting import check_laying, wrong_roll
from controller.tracing.goods import Filled, GoodsBook, LotRecord, RollRecord
from controller.tracing.identity import LONGEST, read_identity
from controller.tracing.places import PLACES
from controller.tracing.tables import Laying, Lot
from controller.tracing.winding import Wound
from controller.way import way_of

LOADING = frozenset({"load", *(one.override for one in GOODS if one.name == "roll")})
"""Kinds of questions at which scanning a roll means something."""


class GoodsDesk:
    """The use cases of goods: coming in, being filled in, being sewn on, being scanned.

    Parameters
    ----------
    book
        The order book, which scanning answers questions in.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._goods = GoodsBook(book.store)

    # -- goods in ------------------------------------------------------------------------------------------------

    def receive(self, actor: Actor, delivery: Delivery) -> LotRecord:
        """Take a delivery in, or a liquor that was mixed.

        Raises
        ------
        Forbidden, Refused
            Without permission; with something that cannot be, naming the field and what to give.
        """
        actor.require(Permission.GOODS_RECORD)
        check_delivery(delivery)
        for name in delivery.made_of:
            lot = self._lot(name, "made_of")
            if lot.kind != "chemical" or name != lot.name:
                msg = f"{name!r:.40} is {lot.kind}; a liquor is made of lots of chemicals, like CH-000001"
                raise Refused(msg, "made_of")
        return self._goods.lot_record(self._goods.receive(actor.name, delivery))

    def lots(self, actor: Actor, kind: str | None = None, limit: int = 200) -> list[LotRecord]:
        """Return the newest lots, newest first, or those of one kind."""
        actor.require(Permission.LINE_READ)
        return self._goods.lots(kind, limit)

    def lot(self, actor: Actor, name: str) -> LotRecord:
        """Return one lot by its identity; raises `NotFound`."""
        actor.require(Permission.LINE_READ)
        return self._goods.lot_record(self._lot(name, "name"))

    def rolls(self, actor: Actor, limit: int = 200, *, delivered: bool = True) -> list[RollRecord]:
        """Return the newest rolls that were delivered, or that jobs make, with what is left of each."""
        actor.require(Permission.LINE_READ)
        return self._goods.rolls(limit, delivered=delivered)

    def roll(self, actor: Actor, code: str) -> RollRecord:
        """Return one roll by its identity or a code; raises `NotFound`."""
        actor.require(Permission.LINE_READ)
        return self._goods.roll_record(self._roll(code))

    # -- into the machines ---------------------------------------------------------------------------------------

    def mount(self, actor: Actor, machine: str, place: str, lot: str | None, *, topped_up: bool) -> Filled:
        """Record that a lot was filled into a tank just now; without a lot, that the tank was emptied.

        Raises
        ------
        Forbidden, NotFound, Refused
            Without permission; no such machine or lot; the machine has no such tank, or such a lot has no place in it.
        """
        actor.require(Permission.GOODS_RECORD)
        spec = next((one for one in self._book.line.machines if one.name == machine), None)
        if spec is None:
            known = ", ".join(one.name for one in self._book.line.machines)
            msg = f"there is no machine {machine!r:.40}; there are {known}"
            raise NotFound(msg)
        places = PLACES[spec.stage]
        if place not in places:
            there = f"it has {', '.join(places)}" if places else "nothing is filled into it"
            msg = f"the {machine} has no tank {place!r:.40}; {there}"
            raise Refused(msg, "place")
        if lot is None:
            if topped_up:
                raise Refused("say which lot the tank was topped up with", "lot")
            return Filled(self._goods.mount(actor.name, machine, place, None, topped_up=False), None)
        found = self._lot(lot, "lot")
        if found.kind not in places[place]:
            msg = f"{found.name} is {found.kind}; {place} of the {machine} takes {' or '.join(sorted(places[place]))}"
            raise Refused(msg, "lot")
        return Filled(self._goods.mount(actor.name, machine, place, found, topped_up=topped_up), found.name)

    def tanks(self, actor: Actor, kind: str) -> list[tuple[str, str]]:
        """Return the tanks of the line, each with its machine, that a lot of this kind may be filled into."""
        actor.require(Permission.LINE_READ)
        return [
            (machine.name, place)
            for machine in self._book.line.machines
            for place, kinds in PLACES[machine.stage].items()
            if kind in kinds
        ]

    def filled(self, actor: Actor, machine: str | None, limit: int) -> list[Filled]:
        """Return what was filled into tanks, newest first."""
        actor.require(Permission.LINE_READ)
        return self._goods.filled(machine, limit)

    def lay(self, actor: Actor, code: str, job_id: int, at_m: float | None = None) -> Laying:
        """Record that a job's cloth comes from a roll, from a metre on: 0 is where it begins, others are splices.

        Parameters
        ----------
        actor
            Who says so.
        code
            Identity of a roll that was delivered.
        job_id
            The job.
        at_m
            Metre of the job; None: where the first machine is now.

        Raises
        ------
        Forbidden, NotFound, Conflict, Refused
            Without permission; no such job or roll; a roll that a job makes, or of another fabric; behind the job.
        """
        actor.require(Permission.GOODS_RECORD)
        roll, (job, first) = self._roll(code), self._job(job_id)
        at_m = round(first.metres if at_m is None else at_m, 3)
        check_laying(roll, job)
        with self._book.store.read() as session:
            cloth_m = round(job.length_m + way_of(job, gaps_of(session, job_id)).cut_out_m, 4)
        if not (isfinite(at_m) and 0 <= at_m < cloth_m):
            msg = f"metre {at_m:g} is not on job {job_id} of {cloth_m:g} m; give 0 or more and less than that"
            raise Refused(msg, "at_m")
        return self._lay(actor, roll, first, at_m)

    def wind(self, actor: Actor, code: str, wound: Wound) -> RollRecord:
        """Record how a roll is wound: as it was delivered, or what a job makes as it lies now.

        Raises
        ------
        Forbidden, NotFound
            Without permission; no such roll.
        """
        actor.require(Permission.GOODS_RECORD)
        roll = self._roll(code)
        self._goods.wind(actor.name, roll, wound)
        return self._goods.roll_record(roll)

    def scan(self, actor: Actor, question_id: int, code: str) -> Question:
        """Answer the question for a roll with what its label says.

        The right roll answers the question with yes. A delivered roll of the right fabric is the right one for a job
        whose cloth nobody has named yet: scanning it names it. Whatever is scanned stands in the journal.

        Raises
        ------
        Forbidden, NotFound, Refused
            Without permission; no such question; what was scanned is not what is wanted, in words.
        Conflict
            It was answered already, or asks for no roll.
        """
        actor.require(Permission.QUESTION_ANSWER)
        question, operation, job = self._question(question_id)
        named = read_identity(code)
        roll = None if named is None else self._goods.roll(str(named))
        wanted = self._wanted(operation)
        shown = str(named) if named is not None else " ".join(code.split())[:LONGEST]
        delivered = roll is not None and roll.lot_id is not None and roll.fabric == job.fabric
        if roll is not None and delivered and operation.stage == "pretreat" and not self._laid(job):
            self._goods.lay(actor.name, operation.job_id, roll, 0.0)
            wanted = (roll.name,)
        right = shown in wanted
        self._goods.scanned(actor.name, question, shown, wanted, right)
        if not right:
            raise Refused(wrong_roll(shown, roll, named, wanted, question.machine), "code")
        if question.kind == "load" and question.answered_at is None:
            return self._book.answer(actor.name, question.id or 0, YES)
        return question  # the machine goes on when its supervisor looks again, and takes its question back

    def _lay(self, actor: Actor, roll: Roll, first: Operation, at_m: float) -> Laying:
        row = self._goods.lay(actor.name, first.job_id, roll, at_m)
        self._book.take_back(first.id or 0)  # what it asks for was wanted before; its supervisor asks anew
        return row

    # -- looking -------------------------------------------------------------------------------------------------

    def _lot(self, name: str, field: str) -> Lot:
        named = read_identity(name)
        lot = None if named is None else self._goods.lot(str(named))
        if lot is None:
            msg = f"there is no lot {name!r:.60}; foulard lot list shows those there are"
            raise NotFound(msg) if field == "name" else Refused(msg, field)
        return lot

    def _roll(self, code: str) -> Roll:
        named = read_identity(code)
        roll = None if named is None else self._goods.roll(str(named))
        if roll is None:
            msg = f"there is no roll {code!r:.60}; foulard roll list shows those there are"
            raise NotFound(msg)
        return roll

    def _job(self, job_id: int) -> tuple[Job, Operation]:
        found = self._goods.job(job_id)
        if found is None:
            msg = f"there is no job {job_id}"
            raise NotFound(msg)
        return found

    def _question(self, question_id: int) -> tuple[Question, Operation, Job]:
        with self._book.store.read() as session:
            question = session.get(Question, question_id)
            if question is None:
                msg = f"there is no question {question_id}"
                raise NotFound(msg)
            operation = session.get_one(Operation, question.operation_id)
            job = session.get_one(Job, question.job_id)
        if question.answered_at is not None:
            msg = f"question {question_id} was answered by {question.answered_by}"
            raise Conflict(msg)
        if question.kind not in LOADING:
            msg = f"question {question_id} asks for no roll: {question.text}"
            raise Conflict(msg)
        return question, operation, job

    def _laid(self, job: Job) -> bool:
        """Whether anybody has named the cloth of a job."""
        with self._book.store.read() as session:
            return session.exec(select(Laying.id).where(Laying.job_id == job.id)).first() is not None

    def _wanted(self, operation: Operation) -> tuple[str, ...]:
        """Return the rolls that may be loaded for an operation."""
        planned = self._book.intent(operation.machine)
        if planned is None or planned[0].id != operation.id:
            msg = f"the {operation.machine} waits for no roll now"
            raise Conflict(msg)
        return planned[1].beginning.goods.rolls
