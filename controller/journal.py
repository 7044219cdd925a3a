"""The journal: append-only evidence, each line carrying the hash of the one before."""

import hashlib
import json
from collections.abc import Iterable
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
            msg = f"{text.strip()!r:.90} names no journal line: give SEQ:DIGEST, with {len(GENESIS)} hex digits"
            raise ValueError(msg)
        return cls(int(seq), digest)

    def __str__(self) -> str:
        return f"{self.seq}:{self.digest}"


START = Head(0, GENESIS)
"""What the first line of all follows."""


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
