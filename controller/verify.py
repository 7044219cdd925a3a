"""Verifying the journal: is every line there, as it was written and where it was written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from controller.journal import CUT, PRUNED, START, Head, Line, Unreadable

MOST_FAULTS = 100
"""So many faults are named; a journal with more of them is only counted on."""


@dataclass(frozen=True)
class Fault:
    """The line where the journal is not what was written, and what is wrong there."""

    seq: int
    what: str


@dataclass(frozen=True)
class Verdict:
    """What verifying came to.

    Attributes
    ----------
    lines
        How many there are.
    after, head
        The line before the first, and the last one.
    faults
        The first of them, at most `MOST_FAULTS`; none means whole.
    """

    lines: int
    after: Head
    head: Head
    faults: tuple[Fault, ...]


def verify(
    lines: Iterable[Line | Unreadable], heads: Sequence[Head] = (), *, whole: bool = True, gaps: bool = False
) -> Verdict:
    """Follow the chain over lines as they stand, in constant memory.

    Parameters
    ----------
    lines
        In the order in which they stand.
    heads
        Lines noted elsewhere, to be found here: without one, lines missing at the end cannot be known to be.
    whole
        Whether nothing may be missing at the beginning but what a line here says was pruned.
    gaps
        Whether other lines were left out on purpose, as in the lines of one job.
    """
    count, after, last, accounted = 0, None, START, False
    faults: list[Fault] = []
    for line in lines:
        count += 1
        if after is None:
            last = after = Head(line.seq - 1, line.before if isinstance(line, Line) else "")
        accounted = accounted or (isinstance(line, Line) and line.kind == PRUNED and _accounts(line.payload, after))
        faults += _faults(last, line, gaps)
        if isinstance(line, Line) and any(head.seq == line.seq and head.digest != line.digest for head in heads):
            faults.append(Fault(line.seq, "is not the line that was noted"))
        del faults[MOST_FAULTS:]
        last = Head(line.seq, line.digest if isinstance(line, Line) else "")
    after = after or START
    if after.seq < 1 and after != START:
        faults.insert(0, Fault(after.seq + 1, "does not begin the chain: a line was put in here or moved"))
    elif whole and after != START and not accounted:
        faults.insert(0, Fault(1, f"to {after.seq} are missing: no line here says that they were pruned"))
    for head in heads:
        if head.seq > last.seq:
            faults.append(Fault(last.seq + 1, f"to {head.seq} are missing at the end: line {head.seq} was noted"))
        elif head.seq <= after.seq:
            faults.append(Fault(head.seq, "was noted and is not here to be compared: verify the file that holds it"))
    return Verdict(count, after, last, tuple(faults[:MOST_FAULTS]))


def _accounts(payload: dict[str, Any], after: Head) -> bool:
    """Whether a pruning is why lines up to `after` are missing; one that was killed has left some of its lines."""
    seq = payload.get("seq")
    return isinstance(seq, int) and (seq > after.seq or (seq, payload.get("digest")) == (after.seq, after.digest))


def _faults(last: Head, line: Line | Unreadable, gaps: bool) -> list[Fault]:
    """Say what is wrong with a line after the one before it."""
    faults = []
    if line.seq <= last.seq:
        faults.append(Fault(line.seq, f"stands behind line {last.seq}: lines were moved or are here twice"))
    elif line.seq > last.seq + 1 and not gaps:
        missing = "is missing" if line.seq == last.seq + 2 else f"to {line.seq - 1} are missing"
        faults.append(Fault(last.seq + 1, missing))
    if isinstance(line, Unreadable):
        return [*faults, Fault(line.seq, f"cannot be read ({line.why})")]
    if line.seq == last.seq + 1 and last.digest and line.before != last.digest:
        faults.append(Fault(line.seq, f"does not follow line {last.seq}: one was changed, put in, taken out or moved"))
    if not line.sound:
        faults.append(Fault(line.seq, "was changed: its digest is not that of what it says"))
    if line.kind == CUT:
        faults.append(Fault(line.seq, f"says that lines were cut off: {line.payload.get('kept')} was kept, "
                                      f"{line.payload.get('found')} was found"))  # fmt: skip
    return faults
