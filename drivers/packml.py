"""States and verbs of PackML by their numbers, and which verb fits which state.

State numbers: ``StateNumber`` in the OPC UA companion nodeset OPC 30050 (PackML, ISA-TR88.00.02); its transitions say
what is taken in which state. Command numbers (CntrlCmd): default from practice. A machine with numbers of its own says
so in its profile.
"""

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType

__all__ = ["TAKEN_IN", "State", "Verb"]


class State(IntEnum):
    """The 17 states of a machine."""

    CLEARING = 1
    STOPPED = 2
    STARTING = 3
    IDLE = 4
    SUSPENDED = 5
    EXECUTE = 6
    STOPPING = 7
    ABORTING = 8
    ABORTED = 9
    HOLDING = 10
    HELD = 11
    UNHOLDING = 12
    SUSPENDING = 13
    UNSUSPENDING = 14
    RESETTING = 15
    COMPLETING = 16
    COMPLETE = 17


class Verb(IntEnum):
    """The commands a machine takes."""

    RESET = 1
    START = 2
    STOP = 3
    HOLD = 4
    UNHOLD = 5
    SUSPEND = 6
    UNSUSPEND = 7
    ABORT = 8
    CLEAR = 9
    COMPLETE = 10


_BASE = frozenset({State.ABORTING, State.ABORTED})
_STANDING = _BASE | {State.CLEARING, State.STOPPED, State.STOPPING}

TAKEN_IN: Mapping[Verb, frozenset[State]] = MappingProxyType(
    {
        Verb.RESET: frozenset({State.STOPPED, State.COMPLETE}),
        Verb.START: frozenset({State.IDLE}),
        Verb.STOP: frozenset(State) - _STANDING,
        Verb.HOLD: frozenset(
            {
                State.STARTING,
                State.EXECUTE,
                State.SUSPENDING,
                State.SUSPENDED,
                State.UNSUSPENDING,
                State.UNHOLDING,
            }
        ),
        Verb.UNHOLD: frozenset({State.HELD}),
        Verb.SUSPEND: frozenset({State.EXECUTE}),
        Verb.UNSUSPEND: frozenset({State.SUSPENDED}),
        Verb.ABORT: frozenset(State) - _BASE,
        Verb.CLEAR: frozenset({State.ABORTED}),
        Verb.COMPLETE: frozenset({State.EXECUTE}),
    }
)
"""The states in which the standard lets a machine take a verb."""
