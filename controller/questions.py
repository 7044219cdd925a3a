"""What the controller asks people: asked once, answered or taken back. Each function is part of a transaction."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from controller import journal
from controller.actor import CONTROLLER
from controller.decide import Want
from controller.gaps import BACK
from controller.states import Act, leads
from controller.tables import Job, Operation, Question, now

YES, HOLD = "Yes", "Hold the job"
"""The answers to the controller's questions."""


def open_of(session: Session, operation_id: int | None, kind: str | None = None) -> Sequence[Question]:
    """Return the questions about an operation that nobody has answered, or those of one kind."""
    asked = select(Question).where(Question.operation_id == operation_id, col(Question.answered_at).is_(None))
    return session.exec(asked if kind is None else asked.where(Question.kind == kind)).all()


def ask(session: Session, operation: Operation, kind: str, text: str) -> None:
    """Ask a person about an operation."""
    session.add(Question(operation_id=operation.id or 0, job_id=operation.job_id, machine=operation.machine,
                         kind=kind, text=text, answers=[YES, HOLD]))  # fmt: skip
    journal.append(session, actor=CONTROLLER, kind="question", machine=operation.machine,
                   job_id=operation.job_id, payload={"kind": kind, "text": text})  # fmt: skip


def answer(session: Session, actor: str, question: Question, said: str, row: int | None) -> None:
    """A person answers, with a row to go back to; without one, anything but yes holds the job."""
    question.answer, question.answered_by, question.answered_at, question.row = said, actor, now(), row
    job = session.get_one(Job, question.job_id)
    if said not in (YES, BACK) and (after := leads(job.status, Act.HOLD)) is not None:
        job.want, job.status = Want.HOLD.value, after
    journal.append(session, actor=actor, kind="answer", machine=question.machine, job_id=question.job_id,
                   payload={"kind": question.kind, "answer": said} | ({} if row is None else {"row": row}))  # fmt: skip


def take_back(session: Session, operation_id: int) -> None:
    """Withdraw the operation's open questions: what they asked about is so no more."""
    for question in open_of(session, operation_id):
        _withdraw(question)
        journal.append(session, actor=CONTROLLER, kind="question withdrawn", machine=question.machine,
                       job_id=question.job_id, payload={"kind": question.kind})  # fmt: skip


def withdraw_all(session: Session, job_id: int | None) -> None:
    """Withdraw what is asked about a job that is over."""
    for question in session.exec(
        select(Question).where(Question.job_id == job_id, col(Question.answered_at).is_(None))
    ):
        _withdraw(question)


def _withdraw(question: Question) -> None:
    question.answered_at, question.answer, question.answered_by = now(), "withdrawn", CONTROLLER
