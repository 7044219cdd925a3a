"""What to do with a machine's job orders, decided without input or output: hand over, start, and what they show.

A hand-over replaces what is at rest, as writing job tags does; an order that runs is never touched. Nothing relies on
what was sent before, so a lost answer needs no case of its own: the same call again finds its work done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drivers.errors import WriteRefused
from drivers.isa95_types import JobState, JobVerb, PrepareSub, ReturnStatus
from drivers.packml import State, Verb
from drivers.profile import Profile, TagSpec
from drivers.registers import TagValue

__all__ = ["JobOrder", "Step", "at_hand", "hand_over", "shown", "told_status", "verb_of"]

PREPARED = frozenset({JobState.NOT_ALLOWED_TO_START, JobState.ALLOWED_TO_START})
AT_WORK = frozenset({JobState.RUNNING, JobState.INTERRUPTED})
OVER = frozenset({JobState.ENDED, JobState.ABORTED})

_AT_REST = {State.IDLE, State.STOPPED, State.ABORTED, State.COMPLETE}

_TOLD = {
    ReturnStatus.UNKNOWN_JOB_ORDER_ID: "the job order is unknown",
    ReturnStatus.INVALID_JOB_ORDER_STATUS: "not possible in the state of the job order",
    ReturnStatus.UNABLE_TO_ACCEPT_JOB_ORDER: "the job order cannot be accepted",
    ReturnStatus.INVALID_REQUEST: "the request is not valid",
}


@dataclass(frozen=True, slots=True)
class JobOrder:
    """A job order as the machine shows it; ``sub`` is the number of the sub-state, 0 where there is none."""

    id: str
    parameters: Mapping[str, TagValue]
    state: JobState = JobState.NOT_ALLOWED_TO_START
    sub: int = 0


@dataclass(frozen=True, slots=True)
class Step:
    """One method to be called: on a whole order (Store, Update) or on the one with this ID (all others)."""

    verb: JobVerb
    order: JobOrder


def at_hand(orders: Sequence[JobOrder]) -> JobOrder | None:
    """The order the machine works on, else the loaded one, else the one it would take next; None: none is left."""

    def rank(order: JobOrder) -> tuple[bool, bool, bool]:
        loaded = order.state in PREPARED and order.sub == PrepareSub.LOADED
        return order.state not in AT_WORK, not loaded, order.state is not JobState.ALLOWED_TO_START

    return min((order for order in orders if order.state not in OVER), key=rank, default=None)


def shown(profile: Profile, order: JobOrder | None) -> dict[str, TagValue | None]:
    """Values of the profile's job tags for the order at hand; zero and empty without one, None where not usable."""
    values: dict[str, TagValue | None] = {}
    for tag in profile.job_tags:
        if order is None:
            values[tag.name] = _nothing(tag)
        elif tag.name == "ticket":
            values[tag.name] = int(order.id) if order.id.isascii() and order.id.isdecimal() else None
        else:
            raw = order.parameters.get(str(tag.node))
            values[tag.name] = None if raw is None else tag.from_raw(raw)
    return values


def hand_over(
    profile: Profile, orders: Sequence[JobOrder], values: Mapping[str, TagValue], capacity: int
) -> tuple[Step, ...]:
    """Methods to call so that the order at hand is the one asked for; none if it is so already.

    Parameters
    ----------
    profile : Profile
        Its job tags.
    orders : sequence of JobOrder
        What the machine has.
    values : mapping
        Tag name → value; tags left out keep what the order at hand shows.
    capacity : int
        How many orders the machine can keep.

    Raises
    ------
    WriteRefused
        If the machine is at work on another order, or on this one with other content.
    """
    asked = shown(profile, at_hand(orders)) | dict(values)
    if not asked["ticket"]:
        raise WriteRefused("a job order needs a ticket; it is its JobOrderID")
    wanted = JobOrder(str(asked["ticket"]), _parameters(profile.job_tags, asked))
    steps: list[Step] = []
    for other in orders:
        if other.id == wanted.id or other.state in OVER:
            continue
        if other.state is JobState.RUNNING:
            raise WriteRefused(f"job order {other.id} runs on the machine; stop it or wait for its end")
        steps.append(Step(JobVerb.CANCEL if other.state in PREPARED else JobVerb.STOP, other))
    known = next((order for order in orders if order.id == wanted.id), None)
    if known is not None and known.state not in OVER:
        if known.parameters == wanted.parameters:
            return tuple(steps)
        if known.state not in PREPARED:
            raise WriteRefused(f"job order {known.id} is at work with other content; stop it first")
        return (*steps, Step(JobVerb.UPDATE, wanted))
    if known is not None:
        steps.append(Step(JobVerb.CLEAR, known))
    else:
        kept = [order for order in orders if Step(JobVerb.CANCEL, order) not in steps]
        over = [order for order in kept if order.state in OVER]
        steps += [Step(JobVerb.CLEAR, order) for order in over[: max(len(kept) + 1 - capacity, 0)]]
    return (*steps, Step(JobVerb.STORE, wanted))


def verb_of(verb: Verb, orders: Sequence[JobOrder], state: State | None) -> Step | bool:
    """Method that is a PackML command for the order in the machine.

    Returns
    -------
    Step or bool
        The method; True: the order has what the command would give it; False: it is a command of the machine alone.
    """
    order = at_hand(orders)
    if order is None:
        return False
    match verb, order.state:
        case Verb.START, JobState.NOT_ALLOWED_TO_START:
            return Step(JobVerb.START, order)
        case Verb.START, JobState.ALLOWED_TO_START:
            return True
        case ((Verb.START | Verb.UNHOLD), JobState.INTERRUPTED):
            return Step(JobVerb.RESUME, order)
        case Verb.HOLD, JobState.RUNNING:
            return Step(JobVerb.PAUSE, order)
        case Verb.STOP, (JobState.RUNNING | JobState.INTERRUPTED) if state not in _AT_REST:
            return Step(JobVerb.STOP, order)
        case Verb.ABORT, (JobState.RUNNING | JobState.INTERRUPTED):
            return Step(JobVerb.ABORT, order)
    return False


def told_status(status: int) -> str:
    """ReturnStatus in words."""
    told = [words for bit, words in _TOLD.items() if status & bit]
    return ", ".join(told) or f"ReturnStatus {status:#x}"


def _nothing(tag: TagSpec) -> TagValue:
    return "" if tag.type == "string" else 0


def _parameters(tags: Sequence[TagSpec], values: Mapping[str, TagValue | None]) -> dict[str, TagValue]:
    """Parameters as the machine keeps them; what was not given is nothing."""
    parameters = {}
    for tag in tags:
        if tag.name != "ticket":
            value = values[tag.name]
            parameters[str(tag.node)] = tag.to_raw(_nothing(tag) if value is None else value)
    return parameters
