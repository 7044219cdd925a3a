"""Which way a roll is wound: with the face of its cloth to the outside or to the inside."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Wound(StrEnum):
    """How a roll is wound."""

    FACE_OUT = "face-out"
    FACE_IN = "face-in"

    @property
    def other(self) -> "Wound":
        """The other way round."""
        return Wound.FACE_IN if self is Wound.FACE_OUT else Wound.FACE_OUT


@dataclass(frozen=True)
class Seen:
    """How somebody saw that a roll is wound, and when."""

    wound: Wound
    at: datetime


@dataclass(frozen=True)
class Passed:
    """A machine that a job's cloth went through: when it had, and whether its winder turns the roll over."""

    at: datetime
    turns: bool


def wound_now(seen: Seen, passed: Iterable[Passed]) -> Wound:
    """Return how a roll is wound that went through these machines since it was seen."""
    over = sum(one.turns for one in passed if one.at > seen.at)
    return seen.wound.other if over % 2 else seen.wound
