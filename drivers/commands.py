"""Whether a command can be given, before anything is sent; and what the machine's answer means. Pure functions."""

from drivers.packml import TAKEN_IN, Verb
from drivers.profile import Profile
from drivers.registers import TagValue
from drivers.snapshot import Quality, Snapshot

__all__ = ["ACCEPTED", "local", "refused_before", "refused_by"]

ACCEPTED, REFUSED_STATE, REFUSED_LOCAL, REFUSED_JOB = 1, 2, 3, 4  # values of command_result

LOCAL = "the machine is under local control; turn its key to remote"
ANYWAY = frozenset({Verb.STOP, Verb.ABORT})  # what makes a machine safe is tried even if its state is not known


def local(snapshot: Snapshot) -> str | None:
    """Why the machine takes nothing from remote now; None if it does, or has no key."""
    tag = snapshot.tags.get("remote")
    return LOCAL if tag is not None and tag.quality is not Quality.BAD and not tag.value else None


def refused_before(profile: Profile, snapshot: Snapshot, verb: Verb) -> str | None:
    """Why a verb need not be sent: the machine lacks it, is local, or its mode or state does not allow it."""
    if profile.number_of(verb) is None:
        return "the machine has no such command"
    if reason := local(snapshot):
        return reason
    if profile.mode is not None and verb not in ANYWAY:
        mode = snapshot.tags[profile.mode.tag]
        if mode.quality is Quality.BAD or mode.value not in profile.mode.commands_in:
            shown = "unknown" if mode.quality is Quality.BAD else mode.value
            return f"{profile.mode.tag} is {shown}, commands are taken in {_listed(profile.mode.commands_in)}"
    state = snapshot.state
    if state is None:
        return None if verb in ANYWAY else "the state of the machine is not known"
    return None if state in TAKEN_IN[verb] else f"not possible in state {state.name}"


def refused_by(result: TagValue | None, snapshot: Snapshot) -> str:
    """Why the machine refused, from its ``command_result``."""
    if result == REFUSED_STATE:
        state = snapshot.state
        return f"not possible in state {state.name if state else snapshot.value('state')}"
    if result == REFUSED_LOCAL:
        return LOCAL
    if result == REFUSED_JOB:
        message = snapshot.value("message") if "message" in snapshot.tags else None
        return f"the job is not valid{f': {message}' if message else ''}"
    return f"command_result {result}"


def _listed(numbers: tuple[int, ...]) -> str:
    return " or ".join(map(str, numbers))
