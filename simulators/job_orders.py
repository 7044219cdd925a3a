"""The press's list of job orders as pure functions: what a method does to it, and how it follows the machine.

States, sub-states and transitions are those of ISA-95 Job Control (OPC 10031-4). Nothing here knows a protocol; every
change of a state is a :class:`Change` that stands in the standard's diagram.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from drivers.isa95_types import (
    TRANSITIONS,
    EndedSub,
    InterruptedSub,
    JobState,
    JobVerb,
    PrepareSub,
    ReturnStatus,
)
from drivers.packml import State, Verb

__all__ = ["Answer", "Change", "Entry", "JobOrder", "at_hand", "follow", "needs", "reached", "take", "ticket_of"]

Value = bool | int | float | str

PREPARED = frozenset({JobState.NOT_ALLOWED_TO_START, JobState.ALLOWED_TO_START})
AT_WORK = frozenset({JobState.RUNNING, JobState.INTERRUPTED})
OVER = frozenset({JobState.ENDED, JobState.ABORTED})

# verb → (states it is taken in, state it leads to)
_VERBS: dict[JobVerb, tuple[frozenset[JobState], JobState]] = {
    JobVerb.START: (frozenset({JobState.NOT_ALLOWED_TO_START}), JobState.ALLOWED_TO_START),
    JobVerb.REVOKE_START: (frozenset({JobState.ALLOWED_TO_START}), JobState.NOT_ALLOWED_TO_START),
    JobVerb.PAUSE: (frozenset({JobState.RUNNING}), JobState.INTERRUPTED),
    JobVerb.RESUME: (frozenset({JobState.INTERRUPTED}), JobState.RUNNING),
    JobVerb.STOP: (AT_WORK, JobState.ENDED),
    JobVerb.ABORT: (PREPARED | AT_WORK, JobState.ABORTED),
}
_REMOVING = {JobVerb.CANCEL: PREPARED, JobVerb.CLEAR: OVER}

# what the machine does by itself; Update and Start are a client's
_OWN_STEPS = {
    (JobState.NOT_ALLOWED_TO_START, JobState.ALLOWED_TO_START),  # somebody started the press at its panel
    (JobState.ALLOWED_TO_START, JobState.RUNNING),
    (JobState.RUNNING, JobState.INTERRUPTED),
    (JobState.INTERRUPTED, JobState.RUNNING),
    (JobState.RUNNING, JobState.ENDED),
    (JobState.INTERRUPTED, JobState.ENDED),
}

# sub-state in which a state is entered; 0: it has none
_ENTERED: dict[JobState, int] = {
    JobState.NOT_ALLOWED_TO_START: PrepareSub.WAITING,
    JobState.ALLOWED_TO_START: PrepareSub.WAITING,
    JobState.RUNNING: 0,
    JobState.INTERRUPTED: InterruptedSub.HELD,
    JobState.ENDED: EndedSub.COMPLETED,
    JobState.ABORTED: 0,
}

_RUNS = {State.STARTING, State.EXECUTE, State.UNHOLDING, State.UNSUSPENDING, State.COMPLETING}
_SUSPENDED = {State.SUSPENDING, State.SUSPENDED}


@dataclass(frozen=True, slots=True)
class JobOrder:
    """What is to be done: an identity given by the client, and parameters by their names."""

    id: str
    parameters: Mapping[str, Value]
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """One job order in the list; ``results`` is what the machine did for it so far; times are ISO 8601 in UTC."""

    order: JobOrder
    state: JobState = JobState.NOT_ALLOWED_TO_START
    sub: int = PrepareSub.WAITING
    started_at: str = ""
    ended_at: str = ""
    results: tuple[tuple[str, Value], ...] = ()


Entries = tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One transition of one job order, told to whoever subscribed; ``transition`` is None where one comes or goes."""

    entry: Entry
    transition: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a method did: the list after it, its ReturnStatus, why not, and what changed on the way."""

    entries: Entries
    status: ReturnStatus = ReturnStatus.NO_ERROR
    reason: str = ""
    changes: tuple[Change, ...] = ()


def ticket_of(order_id: str) -> int:
    """Number of a job order inside the press: a decimal ID is its own, any other gets 31 bits of its SHA-256."""
    if order_id.isascii() and order_id.isdecimal() and 0 < int(order_id) < 2**32:
        return int(order_id)
    return int.from_bytes(sha256(order_id.encode()).digest()[:4]) >> 1 or 1


def needs(entries: Entries, verb: JobVerb, order_id: str, state: State, active: int) -> Verb | None:
    """What the machine itself must do first for a method on a job order; None: nothing."""
    entry = _find(entries, order_id)
    if entry is None or ticket_of(order_id) != active or entry.state not in AT_WORK:
        return None
    match verb:
        case JobVerb.PAUSE:
            return Verb.HOLD
        case JobVerb.RESUME:
            return {State.IDLE: Verb.START, State.SUSPENDED: Verb.UNSUSPEND}.get(state, Verb.UNHOLD)
        case JobVerb.STOP:
            return None if state in (State.STOPPED, State.STOPPING, State.ABORTED, State.COMPLETE) else Verb.STOP
        case JobVerb.ABORT:
            return None if state in (State.ABORTED, State.ABORTING) else Verb.ABORT
    return None


def take(entries: Entries, verb: JobVerb, order: JobOrder | str, capacity: int) -> Answer:
    """Carry out a method.

    Parameters
    ----------
    entries : tuple of Entry
        The list.
    verb : JobVerb
        The method.
    order : JobOrder or str
        The job order (Store, StoreAndStart, Update) or its ID (all others).
    capacity : int
        MaxDownloadableJobOrders.
    """
    if isinstance(order, JobOrder):
        return _update(entries, order) if verb is JobVerb.UPDATE else _store(entries, verb, order, capacity)
    entry = _find(entries, order)
    if entry is None:
        return Answer(entries, ReturnStatus.UNKNOWN_JOB_ORDER_ID, f"there is no job order {order!r}")
    if verb in _REMOVING:
        if entry.state not in _REMOVING[verb]:
            return _wrong_state(entries, verb, entry)
        return Answer(tuple(other for other in entries if other is not entry), changes=(Change(entry, None),))
    allowed, target = _VERBS[verb]
    if entry.state not in allowed:
        return _wrong_state(entries, verb, entry)
    return _moved(entries, entry, target)


def reached(entries: Entries, verb: JobVerb, order_id: str) -> bool:
    """Whether a job order is where a method leads: the machine may have brought it there already."""
    entry = _find(entries, order_id)
    return entry is not None and verb in _VERBS and entry.state is _VERBS[verb][1]


def at_hand(entries: Entries) -> Entry | None:
    """The order the press works on or would load next: at work, loaded, allowed to start, by priority, oldest first."""

    def rank(entry: Entry) -> tuple[bool, ...]:
        loaded = entry.state in PREPARED and entry.sub == PrepareSub.LOADED
        return entry.state not in AT_WORK, not loaded, entry.state is not JobState.ALLOWED_TO_START

    live = [entry for entry in entries if entry.state not in OVER]
    return min(live, key=lambda entry: (rank(entry), -entry.order.priority), default=None)


def follow(entries: Entries, state: State, active: int, results: Mapping[str, Value]) -> Answer:
    """Bring the list in line with what the machine does.

    Parameters
    ----------
    entries : tuple of Entry
        The list.
    state, active : State, int
        PackML state and the number of the job order in the machine (0: none).
    results : mapping
        What the machine did for that job order so far, by name.
    """
    at_rest = state in (State.STOPPED, State.IDLE, State.COMPLETE)
    answer = Answer(entries)
    for order_id in [entry.order.id for entry in entries]:
        entry = _find(answer.entries, order_id)
        assert entry is not None
        if ticket_of(order_id) == active:
            if entry.state not in OVER:
                entry = replace(entry, results=tuple(results.items()))
                answer = replace(answer, entries=_with(answer.entries, entry))
            target, sub = _wanted(entry, state)
        else:
            target, sub = _elsewhere(entry, at_rest)
        for step in _route(entry.state, target):
            moved = _moved(answer.entries, _present(answer.entries, order_id), step)
            answer = Answer(moved.entries, changes=answer.changes + moved.changes)
        entry = replace(_present(answer.entries, order_id), sub=sub)
        answer = replace(answer, entries=_with(answer.entries, entry))
    return answer


def _wanted(entry: Entry, state: State) -> tuple[JobState, int]:
    """State of the job order in the machine, by what the machine does; a stop of the machine interrupts its job."""
    if entry.state in OVER:
        return entry.state, entry.sub
    if state in _RUNS:
        return JobState.RUNNING, 0
    if state is State.COMPLETE:
        return JobState.ENDED, EndedSub.COMPLETED
    if state in _SUSPENDED:
        return JobState.INTERRUPTED, InterruptedSub.SUSPENDED
    if state in (State.HOLDING, State.HELD) or entry.state in AT_WORK:
        return JobState.INTERRUPTED, InterruptedSub.HELD
    return entry.state, PrepareSub.LOADED if state in (State.RESETTING, State.IDLE) else PrepareSub.READY


def _elsewhere(entry: Entry, at_rest: bool) -> tuple[JobState, int]:
    """State of a job order that is not in the machine."""
    if entry.state in PREPARED:
        return entry.state, PrepareSub.READY if at_rest else PrepareSub.WAITING
    if entry.state in AT_WORK:
        return JobState.INTERRUPTED, InterruptedSub.HELD
    return entry.state, EndedSub.CLOSED if entry.state is JobState.ENDED else 0


def _route(start: JobState, target: JobState) -> tuple[JobState, ...]:
    """States on the shortest way, by steps the machine may take by itself; empty where there is none or no need."""
    before: dict[JobState, JobState] = {}
    queue = deque([start])
    while queue:
        state = queue.popleft()
        for following in JobState:
            if (state, following) in _OWN_STEPS and following not in before and following is not start:
                before[following] = state
                queue.append(following)
    way: list[JobState] = []
    while target is not start and target in before:
        way.insert(0, target)
        target = before[target]
    return tuple(way)


def _store(entries: Entries, verb: JobVerb, order: JobOrder, capacity: int) -> Answer:
    known = _find(entries, order.id)
    if known is not None:
        if known.order == order and verb is JobVerb.STORE_AND_START and known.state is JobState.NOT_ALLOWED_TO_START:
            return take(entries, JobVerb.START, order.id, capacity)
        if known.order == order:
            return Answer(entries)  # the same once more: its answer was lost
        return _unable(entries, f"job order {order.id!r} is there with other content; Update it")
    if any(ticket_of(entry.order.id) == ticket_of(order.id) for entry in entries):
        return _unable(entries, f"job order {order.id!r} cannot be told from another one; give it another ID")
    if len(entries) >= capacity:
        return _unable(entries, f"{capacity} job orders are stored, the most there can be; Clear or Cancel one")
    entry = Entry(order)
    answer = Answer((*entries, entry), changes=(Change(entry, None),))
    if verb is JobVerb.STORE:
        return answer
    started = take(answer.entries, JobVerb.START, order.id, capacity)
    return replace(started, changes=answer.changes + started.changes)


def _update(entries: Entries, order: JobOrder) -> Answer:
    entry = _find(entries, order.id)
    if entry is None:
        return Answer(entries, ReturnStatus.UNKNOWN_JOB_ORDER_ID, f"there is no job order {order.id!r}")
    if entry.state not in PREPARED:
        return _wrong_state(entries, JobVerb.UPDATE, entry)
    return _moved(entries, replace(entry, order=order), entry.state)


def _moved(entries: Entries, entry: Entry, state: JobState) -> Answer:
    moved = replace(entry, state=state, sub=entry.sub if state is entry.state else _ENTERED[state])
    return Answer(_with(entries, moved), changes=(Change(moved, TRANSITIONS[entry.state, state]),))


def _with(entries: Entries, entry: Entry) -> Entries:
    return tuple(entry if other.order.id == entry.order.id else other for other in entries)


def _find(entries: Entries, order_id: str) -> Entry | None:
    return next((entry for entry in entries if entry.order.id == order_id), None)


def _present(entries: Entries, order_id: str) -> Entry:
    return next(entry for entry in entries if entry.order.id == order_id)


def _unable(entries: Entries, reason: str) -> Answer:
    return Answer(entries, ReturnStatus.UNABLE_TO_ACCEPT_JOB_ORDER, reason)


def _wrong_state(entries: Entries, verb: JobVerb, entry: Entry) -> Answer:
    reason = f"{verb} is not possible: job order {entry.order.id!r} is {entry.state.name.lower().replace('_', ' ')}"
    return Answer(entries, ReturnStatus.INVALID_JOB_ORDER_STATUS, reason)
