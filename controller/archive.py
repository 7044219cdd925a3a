"""The journal outside the running line: read as it stands, written to files, and shortened by what a file holds."""

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, delete, func, select, type_coerce
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import NullType

from controller.journal import EVENT, PRUNED, Head, Line, Unreadable, append
from controller.store import Store, kept_head
from controller.verify import verify

AT_ONCE = 1000
"""Lines held in memory, and deleted in one transaction."""

PAUSE_S = 0.01
"""Between two such transactions, so that a running Foulard, which waits for the database meanwhile, gets its turn."""

NOT_A_LINE = (ValueError, TypeError, OverflowError, RecursionError)
"""What readers raise at text that is none."""


class JournalError(ValueError):
    """The journal, or a file of it, cannot be used as asked; the message says why."""


@dataclass(frozen=True)
class Span:
    """Some lines of a journal: `first` to `last`, of one job if there is a `job_id`."""

    first: int = 1
    last: int = 2**62
    job_id: int | None = None


ALL = Span(first=-(2**62))
"""All lines, even such as stand where none can have been written."""


def between(connection: Connection, since: datetime | None, until: datetime | None, job_id: int | None = None) -> Span:
    """Return the lines from the first at or after `since` to the last before the first at or after `until`.

    So none between them is left out, even where the clock was set back.
    """

    def first_at(moment: datetime) -> int:
        found = connection.scalar(select(func.min(EVENT.c.seq)).where(EVENT.c.time >= moment))
        return ALL.last if found is None else found

    return Span(ALL.first if since is None else first_at(since), ALL.last if until is None else first_at(until) - 1,
                job_id)  # fmt: skip


def stored(connection: Connection, span: Span = ALL) -> Iterator[Line | Unreadable]:
    """Yield lines as they stand in the database, oldest first; raises SQLAlchemyError if there is no journal in it."""
    seq, last = EVENT.c.seq, span.first
    raw = select(*(type_coerce(column, NullType()).label(column.name) for column in EVENT.c)).order_by(seq)
    raw = raw.where(seq >= span.first, seq <= span.last)
    if span.job_id is not None:
        raw = raw.where(EVENT.c.job_id == span.job_id)
    rows = connection.execute(raw.execution_options(yield_per=AT_ONCE)).mappings()
    try:
        for row in rows:
            last = row["seq"]
            try:
                payload = row["payload"] if isinstance(row["payload"], dict) else json.loads(row["payload"])
                yield _line({**row, "payload": payload})
            except NOT_A_LINE as error:
                yield Unreadable(last, str(error))
    except DBAPIError as error:
        yield Unreadable(max(last, 0) + 1, f"it or one of the {AT_ONCE} behind it: {error.orig}")


def read_lines(path: Path) -> Iterator[Line | Unreadable]:
    """Yield lines as they stand in a file of JSON lines; raises OSError."""
    last = 0
    with path.open("rb") as file:
        for text in file:
            try:
                line = _line(json.loads(text))
            except NOT_A_LINE as error:
                yield Unreadable(last + 1, str(error))
            else:
                yield line
                last = line.seq


def _line(fields: object) -> Line:
    """Return the line that these fields are; raises ValueError."""
    match fields:
        case {
            "seq": int(seq), "time": str() | datetime() as at, "actor": str(actor), "kind": str(kind),
            "machine": str() | None as machine, "job_id": int() | None as job_id, "payload": dict(payload),
            "before": str(before), "digest": str(digest),
        }:  # fmt: skip
            at = datetime.fromisoformat(at) if isinstance(at, str) else at
            at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
            return Line(seq, at, actor, kind, machine, job_id, payload, before, digest)
    raise ValueError("its fields are not those of a line")


@contextlib.contextmanager
def written(path: Path) -> Iterator[BinaryIO]:
    """Write a file that is there whole and on the disk after the block, or not at all."""
    partial = path.with_name(f".{path.name}.part")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        partial.unlink(missing_ok=True)


def readable(lines: Iterable[Line | Unreadable]) -> Iterator[Line]:
    """Pass lines on; raises JournalError at one that is none."""
    for line in lines:
        if isinstance(line, Unreadable):
            msg = f"line {line.seq} cannot be read ({line.why}): verify the journal"
            raise JournalError(msg)
        yield line


def write_lines(file: BinaryIO, lines: Iterable[Line]) -> Iterator[Line]:
    """Pass lines on while they are written as JSON lines."""
    for line in lines:
        fields = vars(line) | {"time": line.time.isoformat(timespec="microseconds")}
        file.write(json.dumps(fields, separators=(",", ":")).encode() + b"\n")
        yield line


@dataclass(frozen=True)
class Pruned:
    """What was taken out of the journal: how many lines, up to which, and the SHA-256 of the file that holds them."""

    lines: int
    head: Head
    sha256: str


def prune(store: Store, before: datetime, path: Path, actor: str) -> Pruned:
    """Move all lines before the first at or after `before` into a file.

    The line that says so names the last of them by its digest: from there `verify` begins. Killed at any moment, it
    leaves a whole journal, and all that is missing in it is in the file.

    Raises
    ------
    JournalError
        The journal is not whole, there are no such lines, or the file is there already.
    OSError
        The file cannot be written; nothing is pruned then.
    """
    if path.exists():
        msg = f"{path} is there already, maybe with lines that were pruned before: give another file"
        raise JournalError(msg)
    kept = kept_head(store.head)
    with store.read() as session:
        connection = session.connection()
        span = between(connection, None, before)
        found = verify(stored(connection), [kept] if kept else [])
        if found.faults:
            first = found.faults[0]
            msg = f"the journal is not whole: line {first.seq} {first.what}; clear that up before you prune"
            raise JournalError(msg)
        with written(path) as file:
            taken = verify(write_lines(file, readable(stored(connection, span))), whole=False)
            if not taken.lines:
                msg = f"no line is older than {before.isoformat()}: there is nothing to prune"
                raise JournalError(msg)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    with store.write() as session:
        append(session, actor=actor, kind=PRUNED, payload={"seq": taken.head.seq, "digest": taken.head.digest,
               "lines": taken.lines, "file": path.name, "sha256": sha256})  # fmt: skip
    oldest_first = range(taken.after.seq + AT_ONCE, taken.head.seq + AT_ONCE, AT_ONCE)  # what is left is a chain
    for last in oldest_first:
        with store.write() as session:
            session.connection().execute(delete(EVENT).where(EVENT.c.seq <= min(last, taken.head.seq)))
        time.sleep(PAUSE_S)
    return Pruned(taken.lines, taken.head, sha256)
