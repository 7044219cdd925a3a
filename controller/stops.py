"""Where the cloth stood still: both ends of every stop, by the machine's own counter of metres."""

from sqlmodel import Session, col, select

from controller.tables import Operation, Stop, now
from drivers import State

STANDS = frozenset(
    state.name.title()
    for state in (State.HOLDING, State.HELD, State.SUSPENDING, State.SUSPENDED, State.STOPPING, State.STOPPED,
                  State.ABORTING, State.ABORTED, State.CLEARING)
)  # fmt: skip
"""States in which the cloth stands, or comes to a stand."""

RUNS = frozenset(state.name.title() for state in (State.EXECUTE, State.COMPLETING, State.COMPLETE))
"""States in which it runs, or has run to its end. What lies between, warming up again, ends no stop."""


def note_stop(session: Session, operation: Operation) -> None:
    """Begin, move or end the operation's stop, by the state and the metres that the operation shows now.

    A stop before the first metre or behind the last one leaves no mark on the cloth.
    """
    stop = _open(session, operation)
    if operation.state in RUNS and stop is not None:
        stop.ended_at = now()
    elif operation.state in STANDS and stop is not None:
        stop.at_m = operation.metres  # it rolls out
    elif operation.state in STANDS and 0 < operation.metres < operation.length_m and operation.id is not None:
        session.add(Stop(job_id=operation.job_id, operation_id=operation.id, stage=operation.stage,
                         state=operation.state, at_m=operation.metres))  # fmt: skip


def end_stop(session: Session, operation: Operation) -> None:
    """End the stop of an operation that is over: cut short, or cancelled where it stood."""
    stop = _open(session, operation)
    if stop is not None:
        stop.ended_at = now()


def _open(session: Session, operation: Operation) -> Stop | None:
    same = select(Stop).where(Stop.operation_id == operation.id, col(Stop.ended_at).is_(None))
    return session.exec(same).first()
