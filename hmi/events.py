"""The event stream: one ring of encoded events, filled by one pump, read by any number of browsers.

A reader asks for what came after the event it has seen; there is no queue per reader, so one that never reads costs
nothing. Values are coalesced to four times a second, everything else goes out as it happens.
"""

import asyncio
import contextlib
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

from controller import Actor, Controller
from controller.desk import JobRecord
from controller.states import OVER
from hmi import schemas, views
from hmi.alarm_views import alarm_views

RING = 2000
"""Events kept for readers that come back; at four a second some eight minutes."""

PUMP_S = 0.25
"""Values go out at most this often."""

BEAT_S = 1.0
"""A data heartbeat, so that a browser can tell silence from a dead link."""

READER = Actor("event stream", "viewer")
"""The pump's own eyes; what it reads goes only to sessions that were let in."""


class EventRing:
    """The last events, and a way to wait for the next.

    `epoch` is new at each start, so a reader from before a restart is told to load everything again.
    """

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(4)
        self.seq = 0
        self.closing = False
        self._events: deque[tuple[int, bytes, schemas.LiveEvent]] = deque(maxlen=RING)
        self._more = asyncio.Event()

    def put(self, kind: str, **parts: Any) -> None:
        """Add one event and wake the readers."""
        self.seq += 1
        event = self._event(self.seq, kind, **parts)
        self._events.append((self.seq, _encode(event), event))
        self._more.set()
        self._more = asyncio.Event()

    def close(self) -> None:
        """End all streams."""
        self.closing = True
        self.put("closing")

    def recent(self, limit: int) -> list[schemas.LiveEvent]:
        """Return the last events, oldest first."""
        return [event for _, _, event in self._events][-limit:]

    async def stream(self, after: str | None, allowed: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Yield encoded events after `after` ("epoch:seq") for as long as `allowed` says so.

        Parameters
        ----------
        after
            The last event the reader has; None or unknown: it is told to load a snapshot.
        allowed
            Asked at every beat; False ends the stream.
        """
        seen = self._position(after)
        yield b"retry: 1000\n\n" + _encode(self._event(self.seq if seen is None else seen, "hello"))
        if seen is None:
            seen = self.seq
            yield _encode(self._event(seen, "resync"))
        while not self.closing:
            more = self._more
            fresh = [(seq, data) for seq, data, _ in self._events if seq > seen]
            if fresh:
                yield b"".join(data for _, data in fresh)
                seen = fresh[-1][0]
                continue
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S):
                    await more.wait()
                continue
            if not allowed():
                return
            yield _encode(self._event(seen, "beat"))

    def _position(self, after: str | None) -> int | None:
        epoch, _, seq = (after or "").partition(":")
        if epoch != self.epoch or not seq.isdecimal() or int(seq) > self.seq:
            return None
        oldest = self._events[0][0] if self._events else self.seq + 1
        return int(seq) if int(seq) >= oldest - 1 else None

    def _event(self, seq: int, kind: str, **parts: Any) -> schemas.LiveEvent:
        return schemas.LiveEvent(id=f"{self.epoch}:{seq}", kind=kind, time=datetime.now(UTC), **parts)  # pyright: ignore[reportArgumentType]


async def pump(controller: Controller, ring: EventRing) -> None:
    """Fill the ring with what changes on the line, until cancelled."""
    machines: dict[str, schemas.MachineView] = {}
    jobs: dict[int, schemas.JobView] = {}
    strips: dict[int, int] = {}
    findings: dict[int, dict[int, schemas.FindingView]] = {}
    questions: tuple[schemas.QuestionView, ...] = ()
    alarms: tuple[tuple[schemas.AlarmView, ...], int] = (), 0
    version, first, beat = -1, True, 0.0
    while True:
        changed = tuple(
            view
            for view in (views.machine_view(controller, name) for name in controller.machines)
            if _still(view) != _still(machines.get(view.name))
        )
        if changed:
            machines |= {view.name: view for view in changed}
            ring.put("machines", machines=changed)
        desk = controller.alarms
        standing = alarm_views(desk.alarms(READER), desk.firsts(READER)), desk.flood(READER)
        if standing != alarms:
            alarms = standing
            ring.put("alarms", alarms=alarms[0], flood=alarms[1])
        if version != controller.book.store.feed.version:
            version = controller.book.store.feed.version
            open_questions = tuple(views.question_view(item) for item in controller.desk.questions(READER))
            if open_questions != questions:
                questions = open_questions
                ring.put("questions", questions=questions)
            for record in controller.desk.jobs(READER):
                if first or record.job.status not in OVER or _moved(record, jobs):
                    _job_news(record, ring, jobs, strips, findings)
            first = False
        await asyncio.sleep(PUMP_S)
        beat += PUMP_S
        if beat >= BEAT_S:
            beat = 0.0
            ring.put("beat")


def _moved(record: JobRecord, jobs: dict[int, schemas.JobView]) -> bool:
    known = jobs.get(record.job.id or 0)
    return known is None or (known.status, known.accepted_by) != (record.job.status, record.job.accepted_by)


def _job_news(
    record: JobRecord,
    ring: EventRing,
    jobs: dict[int, schemas.JobView],
    strips: dict[int, int],
    findings: dict[int, dict[int, schemas.FindingView]],
) -> None:
    job_id = record.job.id or 0
    view = views.job_view(record)
    if jobs.get(job_id) != view:
        jobs[job_id] = view
        ring.put("job", job=view)
    base = f"/api/v1/jobs/{job_id}"
    for strip in record.strips[strips.get(job_id, 0) :]:
        ring.put("strip", job_id=job_id, strip=views.strip_view(strip, base, record.way))
    strips[job_id] = len(record.strips)
    known = findings.setdefault(job_id, {})
    for finding in views.finding_views(record, base):
        if known.get(finding.id) != finding:
            known[finding.id] = finding
            ring.put("finding", job_id=job_id, finding=finding)


def _still(view: schemas.MachineView | None) -> schemas.MachineView | None:
    """Leave the age out: it changes by itself."""
    return None if view is None else view.model_copy(update={"age_s": 0.0})


def _encode(event: schemas.LiveEvent) -> bytes:
    empty = {name for name, value in event if value is None}  # its parts, not what is unknown within them
    return f"id: {event.id}\ndata: {event.model_dump_json(exclude=empty)}\n\n".encode()
