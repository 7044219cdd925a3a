"""The journal: append-only evidence, each line carrying the hash of the one before."""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, select

from controller.tables import Event, now

GENESIS = "0" * 64
"""What the first line carries as the hash of the line before."""


def digest(
    before: str, time: datetime, actor: str, kind: str, machine: str | None, job_id: int | None, payload: dict[str, Any]
) -> str:
    """Return the SHA-256 (hex) of one journal line in canonical JSON."""
    line = [before, time.astimezone(UTC).isoformat(timespec="microseconds"), actor, kind, machine, job_id, payload]
    text = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def append(
    session: Session,
    *,
    actor: str,
    kind: str,
    machine: str | None = None,
    job_id: int | None = None,
    payload: dict[str, Any] | None = None,
) -> Event:
    """Add one line within the caller's transaction.

    Parameters
    ----------
    session
        The open transaction; what it stores and this line become true together.
    actor
        Who: a person, "controller", or a machine.
    kind
        What: "intent", "command", "state", "alarm", "finding", "answer", ….
    machine, job_id
        What it is about, where there is one.
    payload
        JSON values only.
    """
    last = session.exec(select(Event).order_by(col(Event.seq).desc()).limit(1)).first()
    before = last.digest if last else GENESIS
    time, payload = now(), payload or {}
    event = Event(time=time, actor=actor, kind=kind, machine=machine, job_id=job_id, payload=payload, before=before,
                  digest=digest(before, time, actor, kind, machine, job_id, payload))  # fmt: skip
    session.add(event)
    session.flush()
    return event


def broken_at(events: Iterable[Event]) -> int | None:
    """Return the sequence number of the first line that was changed, is missing or out of order; None if whole."""
    before = GENESIS
    for event in events:
        expected = digest(before, event.time, event.actor, event.kind, event.machine, event.job_id, event.payload)
        if event.before != before or event.digest != expected:
            return event.seq
        before = event.digest
    return None
