"""Where plans, pins and forecasts are kept."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from controller import journal
from controller.plans.content import Content, Place, Slot, Timed, places, settles
from controller.plans.situation import Situation
from controller.plans.tables import ForecastRow, PinRow, PlanRow
from controller.store import Store
from controller.tables import Job, Operation, now

PROPOSAL, RELEASED = "proposal", "released"


@dataclass(frozen=True)
class Written:
    """A proposal as it goes to the database, made where it holds nobody up.

    Attributes
    ----------
    content
        What it says.
    dump, plan_dump
        All of it as JSON values, and its plan alone.
    expected
        What was expected of operations that have begun.
    settled
        Whether the released plan says the same.
    """

    content: Content
    dump: dict[str, Any]
    plan_dump: dict[str, Any]
    expected: tuple[Slot, ...]
    settled: bool


class PlanBook:
    """All that is written about plans. Every method is one transaction.

    Parameters
    ----------
    store
        The database.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    # -- plans -----------------------------------------------------------------------------------------------------

    def newest(self) -> Content | None:
        """Return the newest proposal; None before the first."""
        with self.store.read() as session:
            return _content(session)

    def released(self) -> tuple[Timed, str, datetime | None]:
        """Return the released plan, who released it and when; an empty one by nobody if there is none."""
        with self.store.read() as session:
            row = session.get(PlanRow, RELEASED)
        return (Timed(), "", None) if row is None else (Timed.model_validate(row.content), row.by, row.at)

    def released_at(self) -> datetime | None:
        """Return when the released plan was released; None if there is none."""
        with self.store.read() as session:
            return session.exec(select(PlanRow.at).where(PlanRow.kind == RELEASED)).first()

    def written(self, content: Content, situation: Situation) -> "Written":
        """Return a proposal as it goes to the database, and what was expected of operations that have begun since.

        Parameters
        ----------
        content
            The proposal.
        situation
            What it was made of.
        """
        running = {task.operation_id for work in situation.works for task in work.tasks if task.running}
        with self.store.read() as session:
            before, (released, _, _) = _content(session), self.released()
            slots = before.standing.slots if before else ()
            begun = [slot for slot in slots if slot.operation_id in running and not slot.running]
            expected = {
                slot.operation_id: slot for slot in begun if session.get(ForecastRow, slot.operation_id) is None
            }
        if content.trouble and before is not None:  # the last plan that could be made says more than none
            content = content.model_copy(update={"proposal": before.proposal, "standing": before.standing})
        settled = bool(content.trouble) or settles(released, content.proposal)
        return Written(content, content.model_dump(mode="json"), content.proposal.model_dump(mode="json"),
                       tuple(expected.values()), settled)  # fmt: skip

    def propose(self, written: "Written", release_by: str = "") -> None:
        """Keep a proposal.

        Parameters
        ----------
        written
            The proposal.
        release_by
            Release it, too, in this one's name, if it orders anything else than the released plan.
        """
        with self.store.write() as session:
            for slot in written.expected:
                session.add(ForecastRow(operation_id=slot.operation_id, nominal_min=slot.nominal_min,
                                        start=slot.start, end=slot.end))  # fmt: skip
            session.merge(PlanRow(kind=PROPOSAL, content=written.dump, at=written.content.made_at))
            if release_by and not written.settled:
                _release(session, written.content.proposal, written.plan_dump, release_by)

    def release(self, actor: str, proposal: Timed) -> None:
        """The line follows this plan from now on."""
        with self.store.write() as session:
            _release(session, proposal, proposal.model_dump(mode="json"), actor)

    def expected(self, operations: Collection[int]) -> dict[int, datetime]:
        """Return when operations that have begun were expected to be done."""
        with self.store.read() as session:
            rows = session.exec(select(ForecastRow).where(col(ForecastRow.operation_id).in_(operations)))
            return {row.operation_id: row.end for row in rows}

    def titles(self, jobs: Collection[int]) -> dict[int, tuple[str, str]]:
        """Return title and fabric of jobs."""
        with self.store.read() as session:
            rows = session.exec(select(Job.id, Job.title, Job.fabric).where(col(Job.id).in_(jobs)))
            return {job_id: (title, fabric) for job_id, title, fabric in rows if job_id is not None}

    # -- pins ------------------------------------------------------------------------------------------------------

    def pins(self) -> dict[int, PinRow]:
        """Return what is pinned of operations that have not begun, by the operation's id."""
        with self.store.read() as session:
            waiting = select(PinRow).join(Operation, col(Operation.id) == col(PinRow.operation_id))
            rows = session.exec(waiting.where(col(Operation.status).in_(["waiting", "ready"])))
            return {pin.operation_id: pin for pin in rows}

    def pin(self, actor: str, slot: Slot, head: Sequence[int], not_before: datetime | None) -> None:
        """Pin an operation.

        Parameters
        ----------
        actor
            Who.
        slot
            The operation.
        head
            All operations that come first on its machine from now on, in their order; empty: that stays as it is.
        not_before
            Its earliest start; None: none.
        """
        with self.store.write() as session:
            for rank, operation_id in enumerate(head, start=1):
                row = session.get(PinRow, operation_id) or PinRow(operation_id=operation_id, by=actor, at=now())
                row.rank = rank
                session.add(row)
            row = session.get(PinRow, slot.operation_id) or PinRow(operation_id=slot.operation_id, by=actor, at=now())
            row.by, row.at = actor, now()
            row.not_before = not_before
            session.add(row)
            said = {"stage": slot.stage, "place": row.rank, "not_before": not_before and not_before.isoformat()}
            journal.append(session, actor=actor, kind="plan pinned", machine=slot.machine, job_id=slot.job_id,
                           payload=said)  # fmt: skip

    def unpin(self, actor: str, slot: Slot) -> None:
        """Let the plan put an operation where it likes."""
        with self.store.write() as session:
            session.delete(session.get_one(PinRow, slot.operation_id))
            journal.append(session, actor=actor, kind="plan unpinned", machine=slot.machine, job_id=slot.job_id,
                           payload={"stage": slot.stage})  # fmt: skip


class Places:
    """Where the released plan puts each operation, by the operation's id; read anew when another is released."""

    def __init__(self) -> None:
        self._known: tuple[datetime | None, dict[int, Place]] = None, {}

    def read(self, session: Session) -> dict[int, Place]:
        """Return it; empty if no plan is released."""
        at = session.exec(select(PlanRow.at).where(PlanRow.kind == RELEASED)).first()
        if at != self._known[0]:
            row = session.get(PlanRow, RELEASED)
            self._known = at, {} if row is None else places(Timed.model_validate(row.content))
        return self._known[1]


def _content(session: Session) -> Content | None:
    row = session.get(PlanRow, PROPOSAL)
    return None if row is None else Content.model_validate(row.content)


def _release(session: Session, proposal: Timed, dump: dict[str, Any], by: str) -> None:
    session.merge(PlanRow(kind=RELEASED, content=dump, by=by, at=now()))
    said = {"order": proposal.order, "operations": len(proposal.slots), "setup_min": proposal.setup_min,
            "late_jobs": proposal.late_jobs}  # fmt: skip
    journal.append(session, actor=by, kind="plan released", payload=said)
