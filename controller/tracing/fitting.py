"""Whether a roll fits: the job that it is laid into, and the question that it is scanned for."""

from collections.abc import Sequence

from controller.request import Refused
from controller.tables import Job, Roll
from controller.tracing.identity import Identity


def check_laying(roll: Roll, job: Job) -> None:
    """Pass if the cloth of a job may come from a roll.

    Raises
    ------
    Refused
        A roll that a job makes, or one of another fabric.
    """
    if roll.lot_id is None:
        msg = f"{roll.name} is what a job makes; cloth comes from a roll that was delivered, like CL-000001-01"
        raise Refused(msg, "roll")
    if roll.fabric != job.fabric:
        msg = f"{roll.name} is {roll.fabric}, job {job.id} is for {job.fabric}; take a roll of that fabric"
        raise Refused(msg, "roll")


def wrong_roll(shown: str, roll: Roll | None, named: Identity | None, wanted: Sequence[str], machine: str) -> str:
    """Say what was scanned, and what the machine wants.

    Parameters
    ----------
    shown
        What the scanner read.
    roll
        The roll of that name; None: there is none.
    named
        The code as a name of this mill; None: it is none.
    wanted
        Rolls that may be loaded.
    machine
        The machine that asks.
    """
    wants = " or ".join(wanted)
    if named is None:
        return f"{shown!r:.60} is no code of this mill; scan the label of roll {wants}"
    if roll is None:
        return f"{shown} is no roll that is known here; the {machine} wants {wants}"
    return f"this is {shown} ({roll.fabric}, {roll.length_m:g} m); the {machine} wants {wants}"
