"""The part of the door that is for jobs: approve, put in order, cut short, split, repeat, copy in other colours.

Each act is one transaction: the actor's permission, the job's state and what the act needs are looked at, and what
changes is written with its journal line.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

import recipes
import rip
from controller import journal
from controller.actor import Actor, Forbidden
from controller.approval import approvers, not_twice, to_be_approved
from controller.book import Book
from controller.cutting import end_of, make_shorter
from controller.desk import NotFound
from controller.ending import operations_of
from controller.gaps import gaps_of
from controller.kept import KeptError, kept
from controller.pieces import results_of
from controller.press import with_press
from controller.remake import amount_of, become, check_designs, copy, missing_of, quantity_of
from controller.request import Refused, Terms
from controller.states import RULES, Act, Conflict, State, require
from controller.tables import FindingRow, Job, Operation, Order, Roll, now
from controller.way import so_far, way_of


@dataclass(frozen=True)
class Recoloured:
    """Other colours for a copy of a job, and what people call them."""

    name: str
    colourway: rip.Colourway


class JobDesk:
    """What people do with jobs besides letting them run, holding and cancelling them.

    Parameters
    ----------
    book
        The order book behind the desk.
    protocols
        Machine name to its protocol, for the operations of new jobs.
    approving
        Whether every job of the works must be approved before it is printed.
    """

    def __init__(self, book: Book, protocols: dict[str, str], *, approving: bool = False) -> None:
        self._book = book
        self._protocols = protocols
        self._approving = approving

    def approve(self, actor: Actor, job_id: int, comment: str = "") -> Job:
        """Let a job that waits for approval be printed; or, once it is complete, approve its result as a strike-off.

        Raises
        ------
        Forbidden, NotFound, Conflict
            Without permission, or by who submitted it while somebody else may approve; no such job; a state that does
            not take this; approved already.
        """
        with self._changing(actor, job_id, Act.APPROVE) as (session, job, after):
            if job.created_by == actor.name and (others := approvers(session, actor.name)):
                raise Forbidden(f"job {job_id} was submitted by {actor.name}; let {' or '.join(others)} approve it")
            if job.status == State.COMPLETE:
                not_twice(job, job.accepted_by)
                job.accepted_by, job.accepted_at = actor.name, now()
            else:
                not_twice(job, job.approved_by)
                job.approved_by, job.approved_at = actor.name, now()
                if not to_be_approved(session, job):
                    job.status = after
            what = "job accepted" if job.status == State.COMPLETE else "job approved"
            journal.append(session, actor=actor.name, kind=what, job_id=job_id, payload={"comment": comment[:200]})
            waiting = select(Job).where(Job.strike_off_id == job_id, Job.status == State.TO_APPROVE)
            for one in session.exec(waiting):
                if not to_be_approved(session, one):
                    one.status = State.QUEUED
                    journal.append(session, actor=actor.name, kind="job released", job_id=one.id,
                                   payload={"strike_off": job_id})  # fmt: skip
        return job

    def schedule(
        self, actor: Actor, job_id: int, *, priority: int | None = None, due_at: datetime | None = None,
        never_due: bool = False,
    ) -> Job:  # fmt: skip
        """Change a job's priority or due date; what is left out stays. What runs is never put behind another.

        Raises
        ------
        Forbidden, NotFound, Conflict, Refused
            Without permission; no such job; one that is over; a value that is not possible, or nothing to change.
        """
        Terms(priority or 0, due_at).check()
        if priority is None and due_at is None and not never_due:
            raise Refused("nothing is to be changed: give a priority or a due date")
        with self._changing(actor, job_id, Act.SCHEDULE) as (session, job, _):
            job.priority = job.priority if priority is None else priority
            job.due_at = None if never_due else due_at or job.due_at
            due = None if job.due_at is None else job.due_at.isoformat()
            journal.append(session, actor=actor.name, kind="job scheduled", job_id=job_id,
                           payload={"priority": job.priority, "due_at": due})  # fmt: skip
        return job

    def cut(self, actor: Actor, job_id: int, at_m: float | None = None) -> Job:
        """Let a job end at a metre, or at once; pieces that have begun there are made whole.

        Before its print begins it is a shorter job. A print under way is ended when the press's own counter has passed
        the metre: its length is written before it begins only.

        Parameters
        ----------
        at_m
            Metre of the roll; None: as soon as can be.

        Raises
        ------
        Forbidden, NotFound, Conflict, Refused
            Without permission; no such job; a state that does not take this, or printed already; a metre that is
            printed already or behind the job's end.
        """
        with self._changing(actor, job_id, Act.CUT) as (session, job, _):
            operations = operations_of(session, job_id)
            printing = next(one for one in operations if one.stage == "print")
            if printing.status == "done":
                raise Conflict(f"job {job_id} is printed; nothing is left to cut short")
            end_m = end_of(job, so_far(printing, job), at_m)
            if printing.status == "running":
                job.cut_m = end_m
            else:
                make_shorter(job, end_m)
                _keep_length(session, job, operations)
            journal.append(session, actor=actor.name, kind="job cut", job_id=job_id,
                           payload={"asked_m": at_m, "end_m": end_m})  # fmt: skip
        return job

    def split(self, actor: Actor, job_id: int, first: float) -> tuple[Job, Job]:
        """Make two jobs of one that waits: it keeps the first pieces or metres of its order, a new one gets the rest.

        Parameters
        ----------
        first
            Pieces of each design, or metres, of what was ordered; each of the two gets its own over-run.

        Raises
        ------
        Forbidden, NotFound, Conflict, Refused
            Without permission; no such job; one that does not wait; an amount that leaves nothing for one of them.
        """
        with self._changing(actor, job_id, Act.SPLIT) as (session, job, _):
            whole = amount_of(job)
            if not 0 < first < whole:
                raise Refused(f"{first:g} is not between 0 and the {whole:g} that are ordered of each", "first")
            kept_part, rest = quantity_of(job, first), quantity_of(job, whole - first)
            new = copy(job, rest, created_by=job.created_by, approved_by=job.approved_by, approved_at=job.approved_at)
            become(job, kept_part)
            _keep_length(session, job, operations_of(session, job_id))
            self._book.enter(session, actor.name, new, self._protocols)
            journal.append(session, actor=actor.name, kind="job split", job_id=job_id,
                           payload={"kept": job.ordered, "given": new.ordered, "to": new.id})  # fmt: skip
        return job, new

    def repeat(self, actor: Actor, job_id: int, amount: float | None = None, *, missing: bool = False) -> Job:
        """Print a job again, as it was: a new job with the same designs, layout, recipe and profile.

        The recipe is the frozen one, so that the repeat matches what was delivered, whatever the library says by now.
        The state of the press's nozzles is read anew: it is of the press, not of the order.

        Parameters
        ----------
        amount
            Pieces of each design, or metres; as ordered before if left out.
        missing
            Only what is missing, for the same order.

        Raises
        ------
        Forbidden, NotFound, Conflict, Refused
            Without permission; no such job; nothing is missing; an amount that is not possible, or a file the job was
            made of is gone.
        """
        actor.require(RULES[Act.REPEAT].permission)
        with self._book.store.read() as session:
            job = _job(session, job_id)
            if missing:
                findings = session.exec(select(FindingRow).where(FindingRow.job_id == job_id)).all()
                amount = missing_of(job, list(results_of(job, findings, way_of(job, gaps_of(session, job_id)))))
        control = self._frozen_again(job)  # reads files, so not while the database is held
        with self._changing(actor, job_id, Act.REPEAT) as (session, job, _):
            wanted = quantity_of(job, amount_of(job) if amount is None else amount)
            new = copy(job, wanted, needs_approval=job.needs_approval or self._approving)
            new.control_recipe = control.model_dump(mode="json")
            if not missing:
                new.priority, new.due_at = 0, None
                order = Order(title=job.title, created_by=actor.name)
                session.add(order)
                session.flush()
                new.order_id = order.id or 0
            self._book.enter(session, actor.name, new, self._protocols)
            journal.append(session, actor=actor.name, kind="job repeated", job_id=job_id,
                           payload={"as": new.id, "ordered": new.ordered, "missing": missing})  # fmt: skip
        return new

    def recolour(self, actor: Actor, job_id: int, colourways: Sequence[Recoloured]) -> list[Job]:
        """Copy a job of the same order once for each colourway; returns the new jobs.

        Raises
        ------
        Forbidden, NotFound, Refused
            Without permission; no such job; no colourway, or a design file that is gone.
        """
        if not colourways:
            raise Refused("no colourway is given: give one or more", "colourways")
        with self._changing(actor, job_id, Act.RECOLOUR) as (session, job, _):
            check_designs(job)
            made = []
            for one in colourways:
                needs_approval = job.needs_approval or self._approving
                new = copy(job, quantity_of(job, amount_of(job)), needs_approval=needs_approval)
                new.title = f"{job.title}, {one.name}"[:120]
                new.layout = new.layout | {"colourway": one.colourway.model_dump(mode="json", exclude_defaults=True)}
                self._book.enter(session, actor.name, new, self._protocols)
                made.append(new)
            journal.append(session, actor=actor.name, kind="job recoloured", job_id=job_id,
                           payload={"as": [new.id for new in made]})  # fmt: skip
        return made

    def _frozen_again(self, job: Job) -> recipes.ControlRecipe:
        check_designs(job)
        control = recipes.ControlRecipe.model_validate(job.control_recipe)
        folder = self._book.kept_folder
        try:
            profile = None if control.profile is None else kept(control.profile, folder)
        except KeptError as error:
            raise Refused(str(error)) from error
        return with_press(control, self._book.line.nozzles, folder, profile)

    @contextlib.contextmanager
    def _changing(self, actor: Actor, job_id: int, act: Act) -> Iterator[tuple[Session, Job, State]]:
        """One transaction on a job, once the act is allowed to the actor and in the job's state."""
        actor.require(RULES[act].permission)
        with self._book.store.write() as session:
            job = _job(session, job_id)
            yield session, job, require(job_id, job.status, act)


def _job(session: Session, job_id: int) -> Job:
    job = session.get(Job, job_id)
    if job is None:
        raise NotFound(f"there is no job {job_id}")
    return job


def _keep_length(session: Session, job: Job, operations: list[Operation]) -> None:
    """Tell what has not begun that its job has another length; cloth that is loaded already stays as long as it is."""
    for operation in operations:
        if operation.status in ("waiting", "ready"):
            operation.length_m = job.length_m
    if all(operation.status in ("waiting", "ready") for operation in operations):
        for roll in session.exec(select(Roll).where(Roll.job_id == job.id)):
            roll.length_m = job.length_m
