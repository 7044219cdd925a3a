"""The states of a job: what people may do to it in each, what the line does with it, and where either leads.

One table without I/O, as data. What it does not hold is refused in words. The desks ask it before every act, the API
shows from it what may be done, and the picture in `docs/jobs.md` is drawn from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from controller.actor import Permission


class State(StrEnum):
    """Where a job stands; the value is what the database keeps."""

    TO_APPROVE = "to_approve"
    QUEUED = "queued"
    RIPPING = "ripping"
    PARKED = "parked"
    RUNNING = "running"
    HELD = "held"
    CANCELLING = "cancelling"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Act(StrEnum):
    """What a person does to a job."""

    APPROVE = "approve"
    HOLD = "hold"
    RESUME = "resume"
    CUT = "cut"
    SPLIT = "split"
    SCHEDULE = "schedule"
    REPEAT = "repeat"
    RECOLOUR = "recolour"
    CANCEL = "cancel"


class Step(StrEnum):
    """What the line does with a job by itself."""

    PREPARE = "prepare"
    PREPARED = "prepared"
    FAIL = "fail"
    STOPPED = "stopped"
    GAVE_UP = "gave up"
    DONE = "done"


@dataclass(frozen=True)
class Rule:
    """Who may do an act, and what it is for: the second half of the sentence that refuses it.

    Attributes
    ----------
    permission
        What the actor's role must carry.
    needs
        Which jobs it can be done to, in words.
    """

    permission: Permission
    needs: str


RULES: Mapping[Act, Rule] = {
    Act.APPROVE: Rule(
        Permission.JOB_APPROVE, "what waits for approval can be approved, and a complete job as a strike-off"
    ),
    Act.HOLD: Rule(Permission.JOB_HOLD, "only a job that waits or runs can be held"),
    Act.RESUME: Rule(Permission.JOB_HOLD, "only a held job can go on"),
    Act.CUT: Rule(Permission.JOB_CANCEL, "only a job that waits, or is on the line, can be cut short"),
    Act.SPLIT: Rule(Permission.JOB_SCHEDULE, "only a job that waits in the queue can be split"),
    Act.SCHEDULE: Rule(Permission.JOB_SCHEDULE, "nothing is left to put in order"),
    Act.REPEAT: Rule(Permission.JOB_SUBMIT, "any job can be repeated"),
    Act.RECOLOUR: Rule(Permission.JOB_SUBMIT, "any job can be copied with other colours"),
    Act.CANCEL: Rule(Permission.JOB_CANCEL, "nothing is left to cancel"),
}

WORDS: Mapping[State, str] = {
    State.TO_APPROVE: "waiting for approval",
    State.QUEUED: "queued",
    State.RIPPING: "being prepared",
    State.PARKED: "parked",
    State.RUNNING: "running",
    State.HELD: "held",
    State.CANCELLING: "being cancelled",
    State.COMPLETE: "complete",
    State.CANCELLED: "cancelled",
    State.FAILED: "failed",
}
"""How a sentence says it."""

OVER = frozenset({State.COMPLETE, State.CANCELLED, State.FAILED})
"""States that a job does not leave."""

ON_THE_LINE = frozenset({State.RUNNING, State.HELD, State.CANCELLING})
"""States in which machines have to do with it."""

WAITING = frozenset({State.TO_APPROVE, State.QUEUED, State.RIPPING, State.PARKED})
"""States before the line."""

_ALWAYS = frozenset({Act.REPEAT, Act.RECOLOUR})

_LEADS: Mapping[State, Mapping[Act | Step, State]] = {
    State.TO_APPROVE: {
        Act.APPROVE: State.QUEUED,
        Act.CUT: State.TO_APPROVE,
        Act.SPLIT: State.TO_APPROVE,
        Act.SCHEDULE: State.TO_APPROVE,
        Act.CANCEL: State.CANCELLED,
    },
    State.QUEUED: {
        Act.HOLD: State.PARKED,
        Act.CUT: State.QUEUED,
        Act.SPLIT: State.QUEUED,
        Act.SCHEDULE: State.QUEUED,
        Act.CANCEL: State.CANCELLED,
        Step.PREPARE: State.RIPPING,
    },
    State.RIPPING: {
        Act.HOLD: State.PARKED,
        Act.SCHEDULE: State.RIPPING,
        Act.CANCEL: State.CANCELLED,
        Step.PREPARE: State.RIPPING,  # again, after the controller was killed
        Step.PREPARED: State.RUNNING,
        Step.FAIL: State.FAILED,
    },
    State.PARKED: {
        Act.RESUME: State.QUEUED,
        Act.SCHEDULE: State.PARKED,
        Act.CANCEL: State.CANCELLED,
        Step.PREPARED: State.HELD,  # it was being prepared when somebody held it
        Step.FAIL: State.FAILED,
    },
    State.RUNNING: {
        Act.HOLD: State.HELD,
        Act.CUT: State.RUNNING,
        Act.SCHEDULE: State.RUNNING,
        Act.CANCEL: State.CANCELLING,
        Step.FAIL: State.CANCELLING,
        Step.DONE: State.COMPLETE,
    },
    State.HELD: {
        Act.RESUME: State.RUNNING,
        Act.CUT: State.HELD,
        Act.SCHEDULE: State.HELD,
        Act.CANCEL: State.CANCELLING,
        Step.FAIL: State.CANCELLING,
        Step.DONE: State.COMPLETE,  # the camera saw the last rows while it was held
    },
    State.CANCELLING: {
        Step.FAIL: State.CANCELLING,
        Step.STOPPED: State.CANCELLED,
        Step.GAVE_UP: State.FAILED,
    },
    State.COMPLETE: {Act.APPROVE: State.COMPLETE},
    State.CANCELLED: {},
    State.FAILED: {},
}


class Conflict(RuntimeError):
    """The thing is not in a state in which this can be done."""


def leads(state: str, deed: Act | Step) -> State | None:
    """Return the state that a deed leads to from `state`; None where it cannot be done."""
    found = State(state)
    if deed in _ALWAYS:
        return found
    return _LEADS[found].get(deed)


def allowed(state: str) -> tuple[Act, ...]:
    """Return the acts that a job in this state takes, whoever asks."""
    return tuple(act for act in Act if leads(state, act) is not None)


def require(job_id: int | None, state: str, act: Act) -> State:
    """Return the state that an act leads to.

    Raises
    ------
    Conflict
        Naming the job, its state, and what the act is for.
    """
    after = leads(state, act)
    if after is None:
        msg = f"job {job_id} is {WORDS[State(state)]}; {RULES[act].needs}"
        raise Conflict(msg)
    return after
