"""The order book: every change of a job, its operations, questions and findings, each with its journal line."""

import asyncio
import math
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from sqlmodel import Session, and_, col, func, not_, or_, select

import qc
import recipes
from controller import journal
from controller.approval import to_be_approved
from controller.cutting import as_printed, looked_at
from controller.decide import Intent, Want
from controller.gaps import BACK, gaps_of, look_on, new_ticket, open_gap
from controller.intents import intent_of
from controller.interlocks import OVERRIDE
from controller.line import Line
from controller.pieces import counted_of
from controller.plan import next_operation, soon
from controller.plans import Place
from controller.plans.book import Places
from controller.plans.read import UNREAD
from controller.queue import turn
from controller.states import ON_THE_LINE, Act, State, Step, leads, require
from controller.stops import end_stop, note_stop
from controller.store import Store
from controller.tables import Event, FindingRow, Gap, Job, Operation, Order, Question, Roll, Strip, now
from controller.tracing.standing import Shelf
from controller.way import counted, way_of
from controller.work import Inspected, Prepared

CONTROLLER = "controller"
"""The actor of what the controller does by itself."""

TURN_EVERY_S = 5.0
"""How often it is looked at whose turn it is while a plan is released."""

YES, HOLD = "Yes", "Hold the job"
"""The answers to the controller's questions."""

ACTS = {Want.RUN: Act.RESUME, Want.HOLD: Act.HOLD, Want.CANCEL: Act.CANCEL}
"""What a person does who wants it."""


class Book:
    """All that is written about jobs. Every method is one transaction.

    Parameters
    ----------
    store
        The database.
    line
        Which machine does which stage.
    folder
        Where a job's pictures are kept: `<folder>/jobs/<id>`.
    planned
        Whether the released plan says whose turn it is; else the oldest comes first.
    """

    def __init__(self, store: Store, line: Line, folder: Path, *, planned: bool = True) -> None:
        self.store = store
        self.line = line
        self.folder = folder
        self._planned, self._released = planned, Places()
        self._intents: tuple[int, dict[str, tuple[Operation, Intent]]] = (-1, {})
        self._shelf = Shelf()
        self._stale_at = math.inf
        self._notes: list[journal.Note] = []
        self._noting: asyncio.Task[None] | None = None

    def job_folder(self, job_id: int) -> Path:
        """Return the folder of a job's pictures."""
        return self.folder / "jobs" / str(job_id)

    @property
    def kept_folder(self) -> Path:
        """Where what jobs are frozen with is kept, by the hash of its bytes."""
        return self.folder / "kept"

    # -- jobs ----------------------------------------------------------------------------------------------------

    def add_job(self, actor: str, job: Job, protocols: dict[str, str]) -> Job:
        """Take a job into the queue, with an order of its own."""
        with self.store.write() as session:
            order = Order(title=job.title, created_by=actor)
            session.add(order)
            session.flush()
            job.order_id = _id(order.id)
            self.enter(session, actor, job, protocols)
        return job

    def enter(self, session: Session, actor: str, job: Job, protocols: dict[str, str]) -> None:
        """Take a job of an order into the queue: a roll, and one operation for each stage of its recipe's route."""
        job.created_by = job.created_by or actor
        job.status = State.TO_APPROVE if to_be_approved(session, job) else State.QUEUED
        session.add(job)
        session.flush()
        job_id = _id(job.id)
        session.add(Roll(job_id=job_id, name=f"R-{job_id:06d}", fabric=job.fabric, length_m=job.length_m))
        for stage in recipes.ControlRecipe.model_validate(job.control_recipe).recipe.route:
            machine = self.line.machine_for(stage)
            session.add(
                Operation(
                    job_id=job_id,
                    stage=stage,
                    machine=machine.name,
                    protocol=protocols[machine.name],
                    ticket=new_ticket(),
                    length_m=job.length_m,
                )
            )
        made_from = {} if job.made_from_id is None else {"made_from": job.made_from_id}
        journal.append(session, actor=actor, kind="job submitted", job_id=job_id,
                       payload={"title": job.title, "fabric": job.fabric, "length_m": job.length_m,
                                "layout": job.layout, "recipe": job.control_recipe["digest"]} | made_from)  # fmt: skip

    def next_to_prepare(self) -> Job | None:
        """Return the job whose raster is made next: in the order of the released plan, then in turn.

        What a killed controller left half made comes before all others.
        """
        with self.store.read() as session:
            waiting = select(Job).where(col(Job.status).in_([State.QUEUED, State.RIPPING])).options(*UNREAD)
            jobs = session.exec(waiting).all()
            places = self._places(session)
            theirs = select(Operation).where(col(Operation.job_id).in_([job.id for job in jobs]))
            firsts: dict[int, Operation] = {}
            for one in session.exec(theirs.order_by(col(Operation.id))) if places else ():
                firsts.setdefault(one.job_id, one)
            ranks = {job_id: places[_id(one.id)].rank for job_id, one in firsts.items() if one.id in places}

            def order(job: Job) -> tuple[Any, ...]:
                return job.status != State.RIPPING, ranks.get(_id(job.id), math.inf), turn(job)

            first = min(jobs, default=None, key=order)
            return None if first is None else session.get(Job, first.id, populate_existing=True)

    def preparing(self, job_id: int) -> None:
        """The RIP has begun."""
        with self.store.write() as session:
            job = session.get_one(Job, job_id)
            job.status = leads(job.status, Step.PREPARE) or job.status
            journal.append(session, actor=CONTROLLER, kind="rip started", job_id=job_id)

    def prepared(self, job_id: int, result: Prepared) -> None:
        """The raster is there: the first stage may begin."""
        with self.store.write() as session:
            job = session.get_one(Job, job_id)
            job.raster, job.raster_sha256 = str(result.raster), result.sha256
            job.total_rows, job.mm_per_row, job.error = result.total_rows, result.mm_per_row, None
            job.raster_meta, job.planned_ml = result.meta, result.planned_ml
            journal.append(session, actor=CONTROLLER, kind="raster ready", job_id=job_id,
                           payload={"sha256": result.sha256, "total_rows": result.total_rows})  # fmt: skip
            if (after := leads(job.status, Step.PREPARED)) is not None:
                job.status = after
                self._ready_next(session, job_id)

    def stalled(self, job_id: int, why: str) -> None:
        """The job cannot go on for now; it is tried again."""
        with self.store.write() as session:
            job = session.get_one(Job, job_id)
            if job.error != why:
                job.error = why
                journal.append(session, actor=CONTROLLER, kind="job stalled", job_id=job_id, payload={"why": why})

    def failed(self, job_id: int, error: str) -> None:
        """The job cannot go on; `error` says why in one sentence. A machine that runs it is stopped first."""
        with self.store.write() as session:
            job = session.get_one(Job, job_id)
            if (after := leads(job.status, Step.FAIL)) is None:
                return
            job.error, job.want, job.status = error, Want.CANCEL.value, after
            journal.append(session, actor=CONTROLLER, kind="job failed", job_id=job_id, payload={"error": error})
            if not any(operation.status == "running" for operation in _operations(session, job_id)):
                self._give_up(session, job)

    def want(self, actor: str, job_id: int, want: Want) -> Job:
        """A person wants the job to run, to be held or to be cancelled; raises `Conflict`."""
        with self.store.write() as session:
            job = session.get_one(Job, job_id)
            job.status, job.want = require(job_id, job.status, ACTS[want]), want.value
            operations = _operations(session, job_id)
            started = any(operation.status == "running" for operation in operations)
            if want is Want.CANCEL and not started:
                job.error = None  # what it was waiting for
                self._give_up(session, job)
            journal.append(session, actor=actor, kind=f"job {want.value}", job_id=job_id)
        return job

    # -- operations ----------------------------------------------------------------------------------------------

    def intent(self, machine: str) -> tuple[Operation, Intent] | None:
        """Return what the plan wants of `machine`, from memory while nothing has changed."""
        version = self.store.feed.version
        if self._intents[0] != version or time.monotonic() >= self._stale_at:
            self._intents = version, self._read_intents()
        return self._intents[1].get(machine)

    def _read_intents(self) -> dict[str, tuple[Operation, Intent]]:
        with self.store.read() as session:
            places = self._places(session)
            # a machine may also wait for a job that is not prepared yet, if that is planned for about now
            theirs = select(Operation.job_id).where(col(Operation.id).in_(soon(places, now())))
            queued = and_(col(Job.status).in_([State.QUEUED, State.RIPPING]), col(Job.id).in_(theirs))
            running = select(Job).where(or_(col(Job.status).in_(ON_THE_LINE), queued)).options(*UNREAD)
            jobs = {_id(job.id): job for job in session.exec(running)}
            operations = session.exec(select(Operation).where(col(Operation.job_id).in_(jobs))).all()
            live = [one for one in operations if one.status in ("waiting", "ready", "running")]
            intents = {}
            goods = self._shelf.standing(session, jobs.keys(), live)
            for spec in self.line.machines:
                operation = next_operation(spec.name, live, jobs, places, now())
                if operation is not None:
                    done = [one for one in operations if one.job_id == operation.job_id and one.status == "done"]
                    roll = session.exec(select(Roll).where(Roll.job_id == operation.job_id)).one()
                    asked = select(Question.kind, Question.row).where(Question.operation_id == operation.id)
                    yes = asked.where(Question.answer == YES)
                    if operation.leg:  # what was overridden for one ticket is asked anew for the next
                        since = select(func.max(Gap.made_at)).where(Gap.operation_id == operation.id).scalar_subquery()
                        of_old = and_(col(Question.kind).startswith(OVERRIDE), col(Question.asked_at) <= since)
                        yes = yes.where(not_(of_old))
                    confirmed = frozenset(kind for kind, _ in session.exec(yes))
                    back = {kind: row for kind, row in session.exec(asked) if row is not None}
                    job = jobs[operation.job_id]
                    intent = intent_of(operation, job, done, roll.name, confirmed, back, goods)
                    intents[spec.name] = operation, intent
            # without a change in the database it may be another's turn only because the time has come
            self._stale_at = time.monotonic() + TURN_EVERY_S if places else math.inf
            return intents

    def _places(self, session: Session) -> dict[int, Place]:
        return self._released.read(session) if self._planned else {}

    def started(self, operation_id: int) -> None:
        """The first act on the machine is about to be done."""
        with self.store.write() as session:
            operation = session.get_one(Operation, operation_id)
            operation.status, operation.started_at = "running", operation.started_at or now()

    def reached(self, operation_id: int, state: str, metres: float, actuals: dict[str, float]) -> None:
        """Keep what the machine reports of an operation."""
        with self.store.write() as session:
            operation = session.get_one(Operation, operation_id)
            operation.metres, operation.actuals = counted(operation, metres, actuals)
            operation.state = state
            note_stop(session, operation)

    def go_back(self, operation_id: int, kind: str, row: int) -> None:
        """The print stands; it is taken up at a row further back, under a new ticket, as was answered."""
        with self.store.write() as session:
            operation = session.get_one(Operation, operation_id)
            job = session.get_one(Job, operation.job_id)
            asked = select(Question.answered_by).where(Question.operation_id == operation_id, Question.kind == kind)
            actor = session.exec(asked.where(col(Question.row).is_not(None))).first() or CONTROLLER
            gap, way = open_gap(session, operation, job, row, actor)
            cut = way.cut_outs[-1]
            journal.append(session, actor=actor, kind="print taken up", machine=operation.machine, job_id=job.id,
                           payload={"from_row": gap.stop_row, "to_row": row, "cut_out_m": round(cut.length_m, 4),
                                    "from_m": round(cut.from_m, 4), "to_m": round(cut.to_m, 4),
                                    "ticket": operation.ticket})  # fmt: skip

    def finished(self, operation_id: int, done: bool) -> None:
        """The operation is over; the next stage gets ready, or the job ends."""
        with self.store.write() as session:
            operation = session.get_one(Operation, operation_id)
            operation.status, operation.ended_at = ("done" if done else "cancelled"), now()
            end_stop(session, operation)
            journal.append(session, actor=CONTROLLER, kind="operation ended", machine=operation.machine,
                           job_id=operation.job_id,
                           payload={"stage": operation.stage, "done": done, "metres": operation.metres})  # fmt: skip
            job = session.get_one(Job, operation.job_id)
            if not done or job.want == Want.CANCEL:
                job.status = State.CANCELLING
                self._give_up(session, job)
                return
            if operation.stage == "print" and job.cut_m is not None:
                self._cut(session, job, operation)
            self._ready_next(session, operation.job_id)
            self._complete(session, job)

    def _cut(self, session: Session, job: Job, printing: Operation) -> None:
        """The print was ended before its length: the stages behind it have only what is there."""
        if job.total_rows and job.mm_per_row:
            as_printed(job, printing)
        cut_out_m = way_of(job, gaps_of(session, _id(job.id))).cut_out_m
        for operation in _operations(session, _id(job.id)):
            if operation.status == "waiting":
                operation.length_m = round(job.length_m + cut_out_m, 4)
        journal.append(session, actor=CONTROLLER, kind="print cut short", job_id=job.id,
                       payload={"asked_m": job.cut_m, "printed_m": job.length_m})  # fmt: skip

    def _give_up(self, session: Session, job: Job) -> None:
        job.status = leads(job.status, Step.GAVE_UP if job.error else Step.STOPPED) or job.status
        job.ended_at = now()
        _end_operations(session, _id(job.id))

    def _ready_next(self, session: Session, job_id: int) -> None:
        waiting = [operation for operation in _operations(session, job_id) if operation.status == "waiting"]
        if waiting:
            waiting[0].status = "ready"

    def _complete(self, session: Session, job: Job) -> None:
        over = all(operation.status == "done" for operation in _operations(session, _id(job.id)))
        after = leads(job.status, Step.DONE)
        if not over or not looked_at(job) or after is None:
            return
        findings = counted_of(_findings(session, _id(job.id)), way_of(job, gaps_of(session, _id(job.id))))
        fabric = recipes.ControlRecipe.model_validate(job.control_recipe).recipe.fabric
        inspected_m = min(job.inspected_rows * (job.mm_per_row or 0.0) / 1000, job.length_m)
        length_m = job.length_m if job.cut_m is None else inspected_m  # the rest of a cut print nobody has looked at
        if length_m > 0:
            grade = qc.grade(findings, length_m, fabric.print_width_mm, fabric.points_limit_per_100m2)
            job.grade = {"points": grade.points, "points_per_100m2": grade.points_per_100m2, "quality": grade.quality}
        job.status, job.ended_at = after, now()
        journal.append(session, actor=CONTROLLER, kind="job complete", job_id=job.id, payload={"grade": job.grade})

    # -- inspection ----------------------------------------------------------------------------------------------

    def inspected(self, job_id: int, leg: int, index: int, row_start: int, rows: int | None, result: Inspected) -> None:
        """One strip was looked at. Done again after a kill, it replaces itself.

        Parameters
        ----------
        job_id, leg
            Which print, and which leg of it.
        index, row_start, rows
            The strip's number in the job and its rows; None: to the end of what the leg's ticket printed.
        result
            What was found.
        """
        with self.store.write() as session:
            job = session.get_one(Job, job_id)
            way = way_of(job, gaps_of(session, job_id))
            goal = way.keeps_to(leg)
            goal = job.total_rows or 0 if goal is None else goal
            end = goal if rows is None else min(row_start + rows, goal)
            if leg != job.inspected_leg or end <= job.inspected_rows:
                return
            known = {row.key: row for row in _findings(session, job_id)}
            seen_m = job.inspected_rows * way.pitch_m
            for found in result.findings:
                row = known.get(found["key"])
                if row is None:
                    if found["at_m"] < seen_m and row_start < job.inspected_rows:
                        continue  # a short rest is looked at with the strip before, whose findings are known
                    row = FindingRow(job_id=job_id, leg=leg, **found)
                    journal.append(session, actor="camera", kind="finding", job_id=job_id, payload=dict(found))
                for name, value in found.items():
                    setattr(row, name, value)
                session.add(row)
            length = max(end - row_start, rows or 0)
            session.add(Strip(job_id=job_id, index=index, leg=leg, row_start=row_start, rows=length,
                              findings=len(result.findings), picture=result.picture))  # fmt: skip
            job.inspection = result.inspection
            look_on(job, way, leg, end)
            self._complete(session, job)

    # -- questions and evidence ----------------------------------------------------------------------------------

    def ask(self, operation: Operation, kind: str, text: str) -> None:
        """Ask a person, unless the question is open already."""
        with self.store.read() as session:
            same = select(Question).where(Question.operation_id == operation.id, Question.kind == kind)
            if session.exec(same.where(col(Question.answered_at).is_(None))).first():
                return
        with self.store.write() as session:
            session.add(Question(operation_id=_id(operation.id), job_id=operation.job_id, machine=operation.machine,
                                 kind=kind, text=text, answers=[YES, HOLD]))  # fmt: skip
            journal.append(session, actor=CONTROLLER, kind="question", machine=operation.machine,
                           job_id=operation.job_id, payload={"kind": kind, "text": text})  # fmt: skip

    def take_back(self, operation_id: int) -> None:
        """Withdraw the operation's open questions: what they asked about is so no more."""
        still_open = select(Question).where(Question.operation_id == operation_id, col(Question.answered_at).is_(None))
        with self.store.read() as session:
            if session.exec(still_open).first() is None:
                return
        with self.store.write() as session:
            for question in session.exec(still_open):
                _withdraw(question)
                journal.append(session, actor=CONTROLLER, kind="question withdrawn", machine=question.machine,
                               job_id=question.job_id, payload={"kind": question.kind})  # fmt: skip

    def answer(self, actor: str, question_id: int, answer: str, row: int | None = None) -> Question:
        """A person answers, with a row to go back to; without one, anything but yes holds the job."""
        with self.store.write() as session:
            question = session.get_one(Question, question_id)
            question.answer, question.answered_by, question.answered_at = answer, actor, now()
            question.row = row
            job = session.get_one(Job, question.job_id)
            if answer not in (YES, BACK) and (after := leads(job.status, Act.HOLD)) is not None:
                job.want, job.status = Want.HOLD.value, after
            journal.append(
                session,
                actor=actor,
                kind="answer",
                machine=question.machine,
                job_id=question.job_id,
                payload={"kind": question.kind, "answer": answer} | ({} if row is None else {"row": row}),
            )
        return question

    def note(
        self, kind: str, machine: str, job_id: int | None, payload: dict[str, Any], actor: str = CONTROLLER
    ) -> Awaitable[None]:
        """Write a journal line of its own; it is on the disk when what this returns is done.

        All that is noted in one turn of the loop is one transaction: its tasks wait for the disk together.
        """
        if self._noting is None:
            self._noting = asyncio.create_task(self._write_notes())
        self._notes.append(journal.Note(actor, kind, machine, job_id, payload))
        return asyncio.shield(self._noting)  # one task that is cancelled does not take the others' lines along

    async def _write_notes(self) -> None:
        notes, self._notes, self._noting = self._notes, [], None
        with self.store.write() as session:
            journal.append_all(session, notes)

    def journal(self, job_id: int | None, limit: int, after: int | None = None) -> list[Event]:
        """Return the newest lines, newest first; or, to read on, those after line `after`, oldest first."""
        lines = select(Event).limit(limit)
        if job_id is not None:
            lines = lines.where(Event.job_id == job_id)
        seq = col(Event.seq)
        lines = lines.order_by(seq.desc()) if after is None else lines.where(seq > after).order_by(seq)
        with self.store.read() as session:
            return list(session.exec(lines))


def _id(value: int | None) -> int:
    if value is None:
        msg = "a row was used before it was stored"
        raise ValueError(msg)
    return value


def _operations(session: Session, job_id: int) -> list[Operation]:
    return list(session.exec(select(Operation).where(Operation.job_id == job_id).order_by(col(Operation.id))))


def _findings(session: Session, job_id: int) -> list[FindingRow]:
    return list(session.exec(select(FindingRow).where(FindingRow.job_id == job_id).order_by(col(FindingRow.at_m))))


def _end_operations(session: Session, job_id: int) -> None:
    for operation in _operations(session, job_id):
        if operation.status in ("waiting", "ready", "running"):
            operation.status, operation.ended_at = "cancelled", now()
    open_questions = select(Question).where(Question.job_id == job_id, col(Question.answered_at).is_(None))
    for question in session.exec(open_questions):
        _withdraw(question)


def _withdraw(question: Question) -> None:
    question.answered_at, question.answer, question.answered_by = now(), "withdrawn", CONTROLLER
