"""What is in the tanks of the machines: which lots, and from which metre of an operation on.

A tank that was topped up holds a mix of all lots since it was last emptied or filled anew: which of them a drop came
from, nobody can say, so all are named. What was in it before anybody recorded anything is unknown and stays part of the
mix until the tank is filled anew.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

Contents = frozenset[str | None]
"""Lots in a tank; None stands for what nobody recorded. Empty: the tank was emptied."""

UNKNOWN: Contents = frozenset({None})


@dataclass(frozen=True)
class Mounted:
    """A lot was filled into a place of a machine, or the place was emptied (`lot` is None).

    Attributes
    ----------
    machine, place : str
    lot : str or None
    topped_up : bool
        What was there before is still in it.
    at : datetime
    operation : int or None
        What the machine was doing, None between two operations.
    at_m : float
        How far it was with it.
    by : str
    """

    machine: str
    place: str
    lot: str | None
    topped_up: bool
    at: datetime
    operation: int | None
    at_m: float
    by: str


@dataclass(frozen=True)
class Filling:
    """What a tank held while an operation ran from one metre to another."""

    from_m: float
    to_m: float
    lots: Contents

    @property
    def mixed(self) -> bool:
        """Whether it was more than one lot, so that none can be told from the others."""
        return len(self.lots) > 1


def after(contents: Contents, mounted: Mounted) -> Contents:
    """Return what a tank holds after this."""
    if mounted.lot is None:
        return frozenset()
    return contents | {mounted.lot} if mounted.topped_up else frozenset({mounted.lot})


def contents(mounted: Iterable[Mounted]) -> Contents:
    """Return what a tank holds after all that was recorded of it, in this order."""
    held = UNKNOWN
    for one in mounted:
        held = after(held, one)
    return held


def fillings(mounted: Iterable[Mounted], operation: int, started_at: datetime, length_m: float) -> tuple[Filling, ...]:
    """Return what a tank held while an operation ran, metre 0 to `length_m`, without a gap.

    Parameters
    ----------
    mounted
        All that was recorded of this tank, oldest first.
    operation, started_at
        What is asked about, and when it began.
    length_m
        How far it came. Nothing is returned for an operation that did not come anywhere.
    """
    held, found, since_m = UNKNOWN, [], 0.0
    for one in mounted:
        if one.operation == operation:
            at_m = min(max(one.at_m, since_m), length_m)
            if at_m > since_m:
                found.append(Filling(since_m, at_m, held))
            since_m = at_m
        elif one.at > started_at:
            break
        held = after(held, one)
    if length_m > since_m:
        found.append(Filling(since_m, length_m, held))
    # an emptied tank that is run from held something that nobody recorded
    return tuple(Filling(one.from_m, one.to_m, one.lots or UNKNOWN) for one in found)
