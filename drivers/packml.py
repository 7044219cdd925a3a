"""States and verbs of PackML by their numbers.

State numbers: ``StateNumber`` in the OPC UA companion nodeset OPC 30050 (PackML, ISA-TR88.00.02). Command numbers
(CntrlCmd): default from practice; they are part of the register map of the machine.
"""

from enum import IntEnum

__all__ = ["State", "Verb"]


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
