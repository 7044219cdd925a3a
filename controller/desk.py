"""The one door: everything a person or program does, with the actor's permission checked first."""

from dataclasses import dataclass, replace
from pathlib import Path

from sqlmodel import Session, col, select

import rip
from controller.actor import Actor, Permission
from controller.book import ACTS, Book
from controller.decide import Want
from controller.gaps import gaps_of
from controller.press import profile_of, with_press
from controller.request import Accepted, JobRequest, Refused, accept
from controller.states import RULES, Conflict
from controller.tables import Event, FindingRow, Gap, Job, Operation, Question, Stop, Strip
from controller.way import Way, way_of
from controller.work import LayoutTask, TileTask


class NotFound(LookupError):
    """There is no such thing."""


@dataclass(frozen=True)
class JobRecord:
    """A job with all that is known of it."""

    job: Job
    operations: tuple[Operation, ...]
    findings: tuple[FindingRow, ...]
    strips: tuple[Strip, ...]
    stops: tuple[Stop, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def way(self) -> Way:
        """Where the rows of its print lie on the cloth."""
        return way_of(self.job, self.gaps)


def unanswered(session: Session, question_id: int) -> Question:
    """Return a question that waits for its answer; raises `NotFound`, or `Conflict` if somebody answered it."""
    question = session.get(Question, question_id)
    if question is None:
        msg = f"there is no question {question_id}"
        raise NotFound(msg)
    if question.answered_at is not None:
        msg = f"question {question_id} was answered by {question.answered_by}"
        raise Conflict(msg)
    return question


class Desk:
    """The use cases of the line. Each begins with the permission it needs.

    Parameters
    ----------
    book
        The order book behind the desk.
    protocols
        Machine name to its protocol, written into each operation's record.
    approving
        Whether every job of the works must be approved before it is printed.
    """

    def __init__(self, book: Book, protocols: dict[str, str], *, approving: bool = False) -> None:
        self._book = book
        self._protocols = protocols
        self._approving = approving

    def freeze(self, request: JobRequest) -> Accepted:
        """Say what a request comes to with the press and the profile as they are now; reads files, from any thread.

        Raises
        ------
        Refused
            With an unknown fabric, or an impossible length or layout; with a profile or a state of the press that
            cannot be used.
        """
        accepted = accept(request)
        control = with_press(accepted.control, self._book.line.nozzles, self._book.kept_folder,
                             profile_of(accepted.control))  # fmt: skip
        return replace(accepted, control=control)

    def submit(self, actor: Actor, request: JobRequest, frozen: Accepted | None = None) -> Job:
        """Take a job into the queue with its recipe frozen, now if that has not been done.

        Raises
        ------
        Forbidden, Refused
            Without permission; as `freeze` does.
        """
        actor.require(Permission.JOB_SUBMIT)
        accepted, terms = frozen or self.freeze(request), request.terms
        if terms.strike_off_id is not None:
            self._strike_off(terms.strike_off_id)
        quantity = accepted.quantity
        job = Job(
            order_id=0,  # the book opens the order
            title=request.title[:120] or "Untitled",
            fabric=request.fabric,
            control_recipe=accepted.control.model_dump(mode="json"),
            designs=[str(design) for design in request.designs],
            layout=quantity.layout.stated(),
            length_m=quantity.length_m,
            ordered=quantity.ordered,
            overrun_pct=terms.overrun_pct,
            seconds_pct=terms.seconds_pct,
            priority=terms.priority,
            due_at=terms.due_at,
            needs_approval=terms.needs_approval or self._approving,
            strike_off_id=terms.strike_off_id,
            created_by=actor.name,
        )
        return self._book.add_job(actor.name, job, self._protocols)

    def want(self, actor: Actor, job_id: int, want: Want) -> Job:
        """Run, hold or cancel a job.

        Raises
        ------
        Forbidden, NotFound, Conflict
            Without permission; no such job; a job in a state that does not take this.
        """
        actor.require(RULES[ACTS[want]].permission)
        self._job(job_id)
        return self._book.want(actor.name, job_id, want)

    def answer(self, actor: Actor, question_id: int, answer: str) -> Question:
        """Answer a question of the controller.

        Raises
        ------
        Forbidden, NotFound, Conflict, Refused
            Without permission; no such question; answered already; not one of its answers.
        """
        actor.require(Permission.QUESTION_ANSWER)
        with self._book.store.read() as session:
            question = unanswered(session, question_id)
        if answer not in question.answers:
            msg = f"{answer!r} is not an answer to this: give one of {', '.join(question.answers)}"
            raise Refused(msg)
        return self._book.answer(actor.name, question_id, answer)

    def questions(self, actor: Actor) -> list[Question]:
        """Return the open questions, oldest first."""
        actor.require(Permission.LINE_READ)
        with self._book.store.read() as session:
            still_open = select(Question).where(col(Question.answered_at).is_(None))
            return list(session.exec(still_open.order_by(col(Question.id))))

    def jobs(self, actor: Actor) -> list[JobRecord]:
        """Return all jobs, newest first."""
        actor.require(Permission.LINE_READ)
        with self._book.store.read() as session:
            ids = session.exec(select(Job.id).order_by(col(Job.id).desc())).all()
        return [self.job(actor, job_id) for job_id in ids if job_id is not None]

    def job(self, actor: Actor, job_id: int) -> JobRecord:
        """Return one job with its operations, strips and findings; raises `NotFound`."""
        actor.require(Permission.LINE_READ)
        job = self._job(job_id)
        with self._book.store.read() as session:
            operations = session.exec(select(Operation).where(Operation.job_id == job_id).order_by(col(Operation.id)))
            findings = session.exec(select(FindingRow).where(FindingRow.job_id == job_id).order_by(col(FindingRow.id)))
            strips = session.exec(select(Strip).where(Strip.job_id == job_id).order_by(col(Strip.index)))
            stops = session.exec(select(Stop).where(Stop.job_id == job_id).order_by(col(Stop.id)))
            gaps = gaps_of(session, job_id)
            return JobRecord(job, tuple(operations), tuple(findings), tuple(strips), tuple(stops), tuple(gaps))

    def current(self, actor: Actor, machine: str) -> tuple[Operation, Job] | None:
        """Return what a machine has to do now, its operation and the job; None if nothing."""
        actor.require(Permission.LINE_READ)
        planned = self._book.intent(machine)
        return None if planned is None else (planned[0], self._job(planned[0].job_id))

    def job_folder(self, actor: Actor, job_id: int) -> Path:
        """Return where the job's pictures are; raises `NotFound`."""
        actor.require(Permission.LINE_READ)
        self._job(job_id)
        return self._book.job_folder(job_id)

    def layout(self, actor: Actor, job_id: int) -> tuple[Job, LayoutTask]:
        """Return a job and its layout, to be surveyed by a worker.

        Raises
        ------
        Forbidden, NotFound
            Without permission; no such job; its design is not prepared yet.
        """
        actor.require(Permission.LINE_READ)
        job = self._job(job_id)
        if job.raster is None or job.raster_sha256 is None or job.total_rows is None:
            msg = f"job {job_id} has no layout yet; it comes when the design is prepared"
            raise NotFound(msg)
        width_px = int(job.raster_meta["width_px"])
        return job, LayoutTask(Path(job.raster), job.raster_sha256, job.control_recipe, width_px, job.total_rows)

    def tile(self, actor: Actor, job_id: int, view: rip.View, level: int, column: int, row: int) -> TileTask:
        """Return one tile of a job's layout, to be drawn by a worker.

        Raises
        ------
        Forbidden, NotFound
            As for the layout; no such tile.
        """
        _, layout = self.layout(actor, job_id)
        try:
            layout.zoom.check(level, column, row)
        except rip.TileError as error:
            msg = f"job {job_id}: {error}"
            raise NotFound(msg) from error
        return TileTask(layout, view, level, column, row)

    def journal(self, actor: Actor, job_id: int | None, limit: int, after: int | None = None) -> list[Event]:
        """Return the newest journal lines, newest first; or, to read on, those after line `after`, oldest first."""
        actor.require(Permission.LINE_READ)
        return self._book.journal(job_id, limit, after)

    def _strike_off(self, job_id: int) -> None:
        try:
            self._job(job_id)
        except NotFound as error:
            raise Refused(f"strike-off {job_id}: {error}", "strike_off_id") from error

    def _job(self, job_id: int) -> Job:
        with self._book.store.read() as session:
            job = session.get(Job, job_id)
        if job is None:
            msg = f"there is no job {job_id}"
            raise NotFound(msg)
        return job
