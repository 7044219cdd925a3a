"""What an alarm means, whoever computes it: its priority, its words, and when the design suppresses it."""

from dataclasses import dataclass
from typing import Literal

from drivers import AlarmSpec, Link, Snapshot, State

Priority = Literal["urgent", "high", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One alarm of one kind of machine.

    Attributes
    ----------
    name
        Its name at the machine.
    priority
        How soon the operator must act.
    text, response, consequence
        What is wrong, what the operator does about it, and what happens otherwise (empty where nothing is said).
    only_while
        States of the machine in which it means something; in all others the design suppresses it. Empty: always.
    latched
        Whether it stays, once its condition is over, until somebody resets it.
    on_delay_s
        How long the condition must last before it is an alarm.
    shelvable
        Whether people may shelve it or take it out of service.
    own
        Whether the controller computes it; else the machine tells it, and it is suppressed while the link is lost.
    """

    name: str
    priority: Priority
    text: str
    response: str
    consequence: str = ""
    only_while: frozenset[State] = frozenset()
    latched: bool = False
    on_delay_s: float = 0.0
    shelvable: bool = True
    own: bool = False


def told_by_machine(spec: AlarmSpec) -> Kind:
    """Return an alarm of a device profile."""
    return Kind(
        name=spec.name,
        priority=spec.priority,
        text=spec.text,
        response=spec.response,
        consequence=spec.consequence,
        only_while=frozenset(State[name.upper()] for name in spec.only_while),
        latched=spec.latched,
        on_delay_s=spec.on_delay_s,
        shelvable=spec.shelvable,
    )


def suppressed_why(kind: Kind, snapshot: Snapshot) -> str:
    """Return why the design suppresses an alarm now; empty if it does not."""
    if kind.own:
        return ""
    if snapshot.link is not Link.CONNECTED:
        return "no link"
    if kind.only_while and snapshot.state is not None and snapshot.state not in kind.only_while:
        return f"not while {snapshot.state.name.lower()}"
    return ""
