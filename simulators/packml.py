"""The PackML state machine (ISA-TR88.00.02; transitions of the OPC 30050 nodeset 1.01).

Numbers of states and verbs are the drivers': they are the contract both sides share. A verb that does not fit the state
is refused and changes nothing; an acting state ends by itself when its condition is met (``finished``).
"""

from drivers.packml import State, Verb

__all__ = ["ACTING", "State", "Verb", "finished", "next_state"]

_RUNNING = set(State) - {State.CLEARING, State.STOPPED, State.STOPPING, State.ABORTING, State.ABORTED}
_HOLDABLE = {
    State.EXECUTE,
    State.STARTING,
    State.SUSPENDING,
    State.SUSPENDED,
    State.UNSUSPENDING,
    State.UNHOLDING,
}

# verb → (states it is taken in, state it leads to)
_VERBS: dict[Verb, tuple[set[State], State]] = {
    Verb.RESET: ({State.STOPPED, State.COMPLETE}, State.RESETTING),
    Verb.START: ({State.IDLE}, State.STARTING),
    Verb.STOP: (_RUNNING, State.STOPPING),
    Verb.HOLD: (_HOLDABLE, State.HOLDING),
    Verb.UNHOLD: ({State.HELD}, State.UNHOLDING),
    Verb.SUSPEND: ({State.EXECUTE}, State.SUSPENDING),
    Verb.UNSUSPEND: ({State.SUSPENDED}, State.UNSUSPENDING),
    Verb.ABORT: (set(State) - {State.ABORTING, State.ABORTED}, State.ABORTING),
    Verb.CLEAR: ({State.ABORTED}, State.CLEARING),
    Verb.COMPLETE: ({State.EXECUTE}, State.COMPLETING),
}

_FINISHED = {
    State.CLEARING: State.STOPPED,
    State.STOPPING: State.STOPPED,
    State.ABORTING: State.ABORTED,
    State.RESETTING: State.IDLE,
    State.STARTING: State.EXECUTE,
    State.HOLDING: State.HELD,
    State.UNHOLDING: State.EXECUTE,
    State.SUSPENDING: State.SUSPENDED,
    State.UNSUSPENDING: State.EXECUTE,
    State.COMPLETING: State.COMPLETE,
}

ACTING = frozenset(_FINISHED)
"""States that end by themselves."""


def next_state(state: State, verb: Verb) -> State | None:
    """State that a verb leads to, or None where the verb is refused."""
    states, target = _VERBS[verb]
    return target if state in states else None


def finished(state: State) -> State:
    """State that follows when an acting state has done its work; KeyError for any other state."""
    return _FINISHED[state]
