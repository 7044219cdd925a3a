"""What to do about the difference between the plan and the machine: one pure function.

`decide` is level-triggered: it looks at what is wanted and at what the machine reports now, and never at what was
sent before. So a restart, a lost reply or a cut link need no case of their own.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from controller.interlocks import GOODS, PEOPLE, Beginning
from drivers import Link, Snapshot, State, Verb

Value = float | int | bool | str

RESUME = "resume@"
"""How the kind of every question begins that asks whether to go on after a stop."""


class Want(StrEnum):
    """What the plan wants of an operation."""

    RUN = "run"
    HOLD = "hold"
    CANCEL = "cancel"


@dataclass(frozen=True)
class Intent:
    """What the plan wants of one machine now.

    Attributes
    ----------
    ticket
        The operation's number on the machine; never used for another operation.
    want
        Run, hold or cancel.
    settings
        Every writable tag the machine must show before it may be reset: ticket, length, set-points, raster.
    roll
        Name of the cloth to be loaded.
    confirmed
        Kinds of questions a person has answered with yes.
    inspected
        Whether the camera has seen all that was printed; the machine keeps the ticket until then.
    until_m
        Metre at which the operation is to end before its length; None: at its length.
    beginning
        What the interlocks look at before the machine begins or goes on after a stop.
    wishes
        Settings of tags that not every machine has; where there is none the machine does as it always does.
    leg
        How many tickets the operation had before this one.
    begins_m
        Where along the operation's goods this ticket began: the machine counts from there.
    back
        Rows further back at which to go on, by the kind of question that a person has answered so.
    """

    ticket: int
    want: Want
    settings: Mapping[str, Value]
    roll: str
    confirmed: frozenset[str] = field(default_factory=frozenset)
    inspected: bool = True
    until_m: float | None = None
    beginning: Beginning = field(default_factory=Beginning)
    wishes: Mapping[str, Value] = field(default_factory=dict)
    leg: int = 0
    begins_m: float = 0.0
    back: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Write:
    """Write these set-points and job values to the machine."""

    values: Mapping[str, Value]


@dataclass(frozen=True)
class Command:
    """Give the machine this verb."""

    verb: Verb


@dataclass(frozen=True)
class Ask:
    """Ask a person; `kind` makes the question one, however often it is decided."""

    kind: str
    text: str


@dataclass(frozen=True)
class GoBack:
    """End the ticket where the machine stands; what is left is done from this row on, under a new one.

    `kind` is the question whose answer this is.
    """

    kind: str
    row: int


@dataclass(frozen=True)
class Finish:
    """The operation is over: done, or cancelled."""

    done: bool


@dataclass(frozen=True)
class Wait:
    """Nothing to do; `reason` says in words what is waited for."""

    reason: str


Action = Write | Command | Ask | GoBack | Finish | Wait

_ACTING = {
    State.CLEARING: "clearing",
    State.STARTING: "warming up",
    State.STOPPING: "stopping",
    State.ABORTING: "aborting",
    State.HOLDING: "holding",
    State.UNHOLDING: "starting again",
    State.SUSPENDING: "suspending",
    State.UNSUSPENDING: "starting again",
    State.RESETTING: "getting ready",
    State.COMPLETING: "running out",
}


def decide(intent: Intent | None, snapshot: Snapshot, now: datetime) -> Action:
    """Return what to do about the difference between plan and machine.

    Parameters
    ----------
    intent
        What the plan wants of this machine; None when there is no work for it.
    snapshot
        All that the machine reports.
    now
        Timezone-aware: how long cloth has waited.

    Returns
    -------
    Action
        One of `Write`, `Command`, `Ask`, `GoBack`, `Finish`, `Wait`. The same arguments always give the same answer.
    """
    known = snapshot.link is Link.CONNECTED and all(
        snapshot.good(name) for name in ("state", "remote", "active_ticket")
    )
    if not known or snapshot.state is None:
        return Wait(f"no good values from the {snapshot.machine}")
    if intent is None:
        return Wait("no work")
    for interlock in PEOPLE:
        if (unmet := interlock.unmet(intent.beginning, snapshot, now)) is not None:
            return Wait(unmet)
    if snapshot.state in _ACTING:
        return Wait(_ACTING[snapshot.state])
    ours = snapshot.value("active_ticket") == intent.ticket
    if ours and snapshot.state is State.COMPLETE:
        over = intent.inspected or intent.want is Want.CANCEL
        return Finish(done=True) if over else Wait("the camera looks at the last metres")
    if intent.want is not Want.CANCEL and ours and _cut_off(intent, snapshot):
        return _end(snapshot.state, done=True)
    match intent.want:
        case Want.CANCEL:
            return _end(snapshot.state, done=False) if ours else Finish(done=False)
        case Want.HOLD:
            return Command(Verb.HOLD) if ours and snapshot.state is State.EXECUTE else Wait("held from the desk")
    return _run(intent, snapshot, snapshot.state, ours, now)


def _cut_off(intent: Intent, snapshot: Snapshot) -> bool:
    """Whether the machine has made all that is still wanted; its length cannot be written while it runs."""
    return intent.until_m is not None and snapshot.good("metres") and _metres(snapshot) >= intent.until_m


def _end(state: State, *, done: bool) -> Action:
    return Finish(done) if state in (State.STOPPED, State.ABORTED) else Command(Verb.STOP)


def _run(intent: Intent, snapshot: Snapshot, state: State, ours: bool, now: datetime) -> Action:
    match state:
        case State.ABORTED:
            return Command(Verb.CLEAR)
        case State.STOPPED | State.COMPLETE:
            return _prepare(intent, snapshot, ours, now)
        case State.IDLE if ours and not _differing(intent, snapshot):
            return Command(Verb.START)
        case State.IDLE:
            return Command(Verb.STOP)
        case State.HELD if ours:
            return Command(Verb.UNHOLD)
        case State.SUSPENDED if ours:
            return Wait("waiting for its neighbour")
        case _ if ours:
            return Wait("running")
        case _:
            return _foreign(intent, snapshot)


def _prepare(intent: Intent, snapshot: Snapshot, ours: bool, now: datetime) -> Action:
    metres = _metres(snapshot)
    if "load" not in intent.confirmed:
        return Ask("load", f"Load roll {intent.roll} into the {snapshot.machine} and confirm.")
    if ours and metres > 0:
        kind = resume_kind(intent.leg, metres)
        if kind in intent.back:
            return GoBack(kind, intent.back[kind])
        if kind not in intent.confirmed:
            at_m = intent.begins_m + metres
            return Ask(kind, f"The {snapshot.machine} stopped at {at_m:.2f} m. Check the cloth; go on from there?")
    if differing := _differing(intent, snapshot):
        return Write(differing)
    for interlock in GOODS:
        unmet = interlock.unmet(intent.beginning, snapshot, now)
        if unmet is not None and interlock.override not in intent.confirmed:
            return Ask(interlock.override, f"{snapshot.machine}: {unmet}. Put it right, or go on all the same?")
    return Command(Verb.RESET)


def resume_kind(leg: int, metres: float) -> str:
    """Return the kind of the question whether to go on where a ticket, the operation's `leg`-th, has stopped."""
    return f"{RESUME}{metres:.2f}" + (f"/{leg}" if leg else "")


def _foreign(intent: Intent, snapshot: Snapshot) -> Action:
    ticket = snapshot.value("active_ticket")
    kind = f"foreign@{ticket}"
    if kind in intent.confirmed:
        return Command(Verb.STOP)
    return Ask(kind, f"The {snapshot.machine} runs ticket {ticket}, which this plan does not know. Stop it?")


def _metres(snapshot: Snapshot) -> float:
    return float(snapshot.value("metres") or 0.0)


def _differing(intent: Intent, snapshot: Snapshot) -> dict[str, Value]:
    possible = {name: wanted for name, wanted in intent.wishes.items() if name in snapshot.tags}
    wanted = {**intent.settings, **possible}
    return {name: value for name, value in wanted.items() if not _same(value, snapshot.value(name))}


def _same(wanted: Value, shown: Value | None) -> bool:
    if isinstance(wanted, float) and isinstance(shown, int | float):
        return math.isclose(wanted, shown, rel_tol=1e-5, abs_tol=1e-6)  # a float32 register keeps 7 digits
    return wanted == shown
