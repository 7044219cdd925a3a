"""The journal: append-only evidence, each line carrying the hash of the one before."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import insert, select
from sqlmodel import Session, SQLModel

from controller.tables import Event, now

EVENT = SQLModel.metadata.tables[str(Event.__tablename__)]

GENESIS = "0" * 64
"""What the first line carries as the hash of the line before."""

PRUNED, CUT = "journal pruned", "journal cut"
"""Lines about the journal itself: older lines were put into a file; the newest lines were found missing."""

MOST_FAULTS = 100
"""So many faults are named; a journal with more of them is only counted on."""


@dataclass(frozen=True)
class Note:
    """What a new line is to say; see `append`."""

    actor: str
    kind: str
    machine: str | None
    job_id: int | None
    payload: dict[str, Any]


@dataclass(frozen=True)
class Line:
    """One line as it stands in the database or in a file; fields as in `controller.tables.Event`."""

    seq: int
    time: datetime
    actor: str
    kind: str
    machine: str | None
    job_id: int | None
    payload: dict[str, Any]
    before: str
    digest: str

    @property
    def sound(self) -> bool:
        """Whether the digest is that of what the line says."""
        return self.digest == digest(
            self.before, self.time, self.actor, self.kind, self.machine, self.job_id, self.payload
        )


@dataclass(frozen=True)
class Unreadable:
    """A line that is there and is none; `seq` is where it stands."""

    seq: int
    why: str


@dataclass(frozen=True)
class Head:
    """A line by its number and digest: who notes it elsewhere can prove later that all lines up to it are the same."""

    seq: int
    digest: str

    @classmethod
    def read(cls, text: str) -> Self:
        """Read `SEQ:DIGEST`; raises ValueError."""
        seq, _, digest = text.strip().partition(":")
        if not (seq.isdecimal() and len(digest) == len(GENESIS) and set(digest) <= set("0123456789abcdef")):
            msg = (
                f"{text.strip()!r:.90} names no journal line: give SEQ:DIGEST, the digest as {len(GENESIS)} hex digits"
            )
            raise ValueError(msg)
        return cls(int(seq), digest)

    def __str__(self) -> str:
        return f"{self.seq}:{self.digest}"


START = Head(0, GENESIS)
"""What the first line of all follows."""


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


def digest(
    before: str, time: datetime, actor: str, kind: str, machine: str | None, job_id: int | None, payload: dict[str, Any]
) -> str:
    """Return the SHA-256 (hex) of one journal line in canonical JSON."""
    line = [before, time.astimezone(UTC).isoformat(timespec="microseconds"), actor, kind, machine, job_id, payload]
    text = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def append(
    session: Session,
    *,
    actor: str,
    kind: str,
    machine: str | None = None,
    job_id: int | None = None,
    payload: dict[str, Any] | None = None,
) -> None:
    """Add one line within the caller's transaction.

    Parameters
    ----------
    session
        The open transaction of `Store.write`; what it stores and this line become true together.
    actor
        Who: a person, "controller", or a machine.
    kind
        What: "intent", "command", "state", "alarm", "finding", "answer", ….
    machine, job_id
        What it is about, where there is one.
    payload
        JSON values only.
    """
    append_all(session, [Note(actor, kind, machine, job_id, payload or {})])


def append_all(session: Session, notes: Iterable[Note]) -> None:
    """Add lines within the caller's transaction, which alone may write until its end: so nothing comes between."""
    connection = session.connection()
    head = appended(session) or _last(session)
    rows = []
    for note in notes:
        time, before = now(), head.digest
        head = Head(head.seq + 1, digest(before, time, note.actor, note.kind, note.machine, note.job_id, note.payload))
        rows.append({"seq": head.seq, "time": time, **vars(note), "before": before, "digest": head.digest})
    if rows:
        connection.execute(insert(EVENT), rows)
        session.info[Head] = head


def appended(session: Session) -> Head | None:
    """Return the last line that this transaction has added; None if it has added none."""
    return session.info.get(Head)


def witness(session: Session, kept: Head) -> None:
    """Add a line that says so, if the journal no longer reaches the head that was kept of it."""
    found = _last(session)
    held = session.connection().scalar(select(EVENT.c.digest).where(EVENT.c.seq == kept.seq))
    pruned = held is None and found.seq > kept.seq
    if held != kept.digest and not pruned:
        append(session, actor="controller", kind=CUT, payload={"kept": str(kept), "found": str(found)})


def _last(session: Session) -> Head:
    last = select(EVENT.c.seq, EVENT.c.digest).order_by(EVENT.c.seq.desc()).limit(1)
    found = session.connection().execute(last).first()
    return Head(found.seq, found.digest) if found else START


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
    noted = {head.seq: head.digest for head in heads}
    for line in lines:
        count += 1
        if after is None:
            last = after = Head(line.seq - 1, line.before if isinstance(line, Line) else "")
        if isinstance(line, Line):
            accounted |= line.kind == PRUNED and (line.payload.get("seq"), line.payload.get("digest")) == (
                after.seq, after.digest)  # fmt: skip
        faults += _faults(last, line, noted.get(line.seq), gaps)
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


def _faults(last: Head, line: Line | Unreadable, noted: str | None, gaps: bool) -> list[Fault]:
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
    if noted not in (None, line.digest):
        faults.append(Fault(line.seq, "is not the line that was noted"))
    if line.kind == CUT:
        faults.append(Fault(line.seq, f"says that lines were cut off: {line.payload.get('kept')} was kept, "
                                      f"{line.payload.get('found')} was found"))  # fmt: skip
    return faults
