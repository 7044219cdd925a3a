"""The order book: every change of a job, its operations, questions and findings, each with its journal line."""

import asyncio
import math
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

from sqlmodel import Session, col, select

from controller import journal, questions
from controller.actor import CONTROLLER
from controller.decide import Intent, Want
from controller.ending import complete, cut, give_up, operations_of, ready_next
from controller.entering import enter
from controller.gaps import open_gap
from controller.line import Line
from controller.moisture import wettest_pct
from controller.plans import Place
from controller.plans.book import Places
from controller.states import Act, State, Step, leads, require
from controller.stops import end_stop, note_stop
from controller.store import Store
from controller.strips import keep_strip
from controller.tables import Event, Job, Operation, Order, Question, now
from controller.tracing.standing import Shelf
from controller.wanted import next_to_prepare, read_intents
from controller.way import counted
from controller.work import Inspected, Prepared

TURN_EVERY_S = 5.0
"""How often it is looked at whose turn it is while a plan is released."""

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
            job.order_id = order.id or 0
            self.enter(session, actor, job, protocols)
        return job

    def enter(self, session: Session, actor: str, job: Job, protocols: dict[str, str]) -> None:
        """Take a job of an order into the queue: a roll, and one operation for each stage of its recipe's route."""
        enter(session, self.line, actor, job, protocols)

    def next_to_prepare(self) -> Job | None:
        """Return the job whose raster is made next."""
        with self.store.read() as session:
            return next_to_prepare(session, self._places(session))

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
                ready_next(session, job_id)

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
            if not any(operation.status == "running" for operation in operations_of(session, job_id)):
                give_up(session, job)

    def want(self, actor: str, job_id: int, want: Want) -> Job:
        """A person wants the job to run, to be held or to be cancelled; raises `Conflict`."""
        with self.store.write() as session:
            job = session.get_one(Job, job_id)
            job.status, job.want = require(job_id, job.status, ACTS[want]), want.value
            operations = operations_of(session, job_id)
            started = any(operation.status == "running" for operation in operations)
            if want is Want.CANCEL and not started:
                job.error = None  # what it was waiting for
                give_up(session, job)
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
            intents = read_intents(session, self.line, places, self._shelf)
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
            operation.wettest_pct = wettest_pct(operation.wettest_pct, metres, actuals)
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
                give_up(session, job)
                return
            if operation.stage == "print" and job.cut_m is not None:
                cut(session, job, operation)
            ready_next(session, operation.job_id)
            complete(session, job)

    # -- inspection ----------------------------------------------------------------------------------------------

    def inspected(self, job_id: int, leg: int, index: int, row_start: int, rows: int | None, result: Inspected) -> None:
        """One strip was looked at (see `keep_strip`); done again after a kill, it is there once."""
        with self.store.write() as session:
            job = session.get_one(Job, job_id)
            if keep_strip(session, job, leg, index, row_start, rows, result):
                complete(session, job)

    # -- questions and evidence ----------------------------------------------------------------------------------

    def ask(self, operation: Operation, kind: str, text: str) -> None:
        """Ask a person, unless the question is open already."""
        with self.store.read() as session:
            if questions.open_of(session, operation.id, kind):
                return
        with self.store.write() as session:
            questions.ask(session, operation, kind, text)

    def take_back(self, operation_id: int) -> None:
        """Withdraw the operation's open questions: what they asked about is so no more."""
        with self.store.read() as session:
            if not questions.open_of(session, operation_id):
                return
        with self.store.write() as session:
            questions.take_back(session, operation_id)

    def answer(self, actor: str, question_id: int, answer: str, row: int | None = None) -> Question:
        """A person answers, with a row to go back to; without one, anything but yes holds the job."""
        with self.store.write() as session:
            question = session.get_one(Question, question_id)
            questions.answer(session, actor, question, answer, row)
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
