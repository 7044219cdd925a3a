"""The alarms the controller computes itself, as a table, and their conditions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.alarms.kinds import Kind, told_by_machine
from controller.line import LineError
from drivers import Link, Profile, Snapshot

CLOCK_SKEW_S = 2.0
"""A machine's clock further off than this gives times that do not fit the journal's; default from practice."""

ANSWER_WITHIN = timedelta(minutes=10)
"""A question that waits longer keeps a machine idle; default from practice."""

SOON = 0.5
"""Share of the time that a recipe lets a print wait for steam after which it is warned; default from practice."""

_EVERYWHERE = (
    Kind("link_lost", "high", "No connection to the machine",
         "Look at the machine; check its power, its network cable and the certificates",
         "It holds by its own watchdog; its alarms are unknown", on_delay_s=10.0, own=True),
    Kind("clock_off", "low", f"The machine's clock is more than {CLOCK_SKEW_S:g} s off",
         "Set the machine's clock, or let it follow the time server of the plant",
         "Times at the machine do not fit the journal", on_delay_s=10.0, own=True),
    Kind("answer_waits", "medium", "A question at this machine waits for more than 10 minutes",
         "Go to the machine and answer the question", "The machine stands, and the job behind it", own=True),
)  # fmt: skip
_FIXING = (
    Kind("steam_soon", "medium", "A print has waited for half the time its recipe allows to be steamed",
         "Steam this roll next", "The shade changes; after that time it cannot be relied on", own=True),
    Kind("steam_late", "high", "A print waits longer to be steamed than its recipe allows",
         "Hold the roll; steam a sample and check its fixation first", "The dye has reacted with the air", own=True),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Facts:
    """What the controller knows about a machine's work.

    Attributes
    ----------
    asked_at
        When its oldest open question was asked.
    soon_at, late_at
        When a print that waits for it is to be warned of, and when it has waited too long; of all prints the first.
    """

    asked_at: datetime | None = None
    soon_at: datetime | None = None
    late_at: datetime | None = None

    def with_print(self, ended_at: datetime, keeps: timedelta) -> "Facts":
        """Return the facts with one more print that waits."""
        soon, late = ended_at + SOON * keeps, ended_at + keeps
        return replace(self, soon_at=min(self.soon_at or soon, soon), late_at=min(self.late_at or late, late))


def kinds_of(machine: str, profile: Profile) -> tuple[Kind, ...]:
    """Return all alarms at a machine: those it tells, then the controller's own.

    Raises
    ------
    LineError
        The profile calls an alarm like one of the controller's own.
    """
    own = _EVERYWHERE + (_FIXING if profile.stage == "fix" else ())
    taken = {kind.name for kind in own} & {spec.name for spec in profile.alarms}
    if taken:
        msg = f"{machine}: {min(taken)!r} is an alarm of the controller's own; give that of the profile another name"
        raise LineError(msg)
    return (*map(told_by_machine, profile.alarms), *own)


def own_conditions(snapshot: Snapshot, facts: Facts, now: datetime) -> Mapping[str, bool | None]:
    """Return by name whether the condition of each own alarm is there; None where that cannot be known."""
    skew_s = snapshot.clock_skew_s
    late = facts.late_at is not None and now > facts.late_at
    return {
        "link_lost": snapshot.link is not Link.CONNECTED,
        "clock_off": None if skew_s is None else abs(skew_s) > CLOCK_SKEW_S,
        "answer_waits": facts.asked_at is not None and now - facts.asked_at > ANSWER_WITHIN,
        "steam_soon": facts.soon_at is not None and now > facts.soon_at and not late,
        "steam_late": late,
    }
