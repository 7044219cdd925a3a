"""One supervising task per machine: look, decide, act, write down."""

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Any

import structlog

from controller.alarms import AlarmBook
from controller.book import Book
from controller.decide import Ask, Command, Finish, GoBack, Wait, Write, decide
from controller.lease import Lease
from controller.passing import CUT_OFF, passing
from controller.tables import Operation, now
from controller.way import counted
from drivers import (
    AccessError,
    CommandRefused,
    LimitError,
    Link,
    LinkLost,
    Machine,
    Snapshot,
    State,
    Verb,
    WriteRefused,
)

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 0.5
"""The longest time between two looks at a machine that reports no change."""

KEEP_EVERY_S = 0.5
"""How often an operation's metres are written while it runs."""

AFTER_REFUSAL_S = 1.0
"""The pause after a machine refused or did not answer, so that a standing refusal does not fill the journal."""


class Supervisor:
    """Brings one machine to where the plan wants it.

    Parameters
    ----------
    machine
        The driver; it reconnects by itself.
    book
        Where intents come from and results go.
    alarms
        Where the machine's alarms are kept.
    lease
        Without it nothing is commanded.
    """

    def __init__(self, machine: Machine, book: Book, alarms: AlarmBook, lease: Lease) -> None:
        self.machine = machine
        self.book = book
        self.alarms = alarms
        self.lease = lease
        self.waiting = "starting"
        self._kept: tuple[float, int, str] = (0.0, -1, "")
        self._unasked: int | None = None
        self._seen_state: State | None = None
        self._seen_link: Link | None = None

    async def run(self) -> None:
        """Supervise until cancelled."""
        snapshot = self.machine.snapshot()
        while True:
            if not self.lease.held:
                self._wait("this controller could not renew its hold on the line")
            else:
                try:
                    await self._supervise(snapshot)
                except CUT_OFF as error:
                    self._wait(f"nothing is commanded, as {passing(error)}")
                    await asyncio.sleep(AFTER_REFUSAL_S)
            snapshot = await self.machine.changed(snapshot, LOOK_EVERY_S)

    def _wait(self, reason: str) -> None:
        if reason != self.waiting:
            log.error("not supervised", machine=self.machine.name, reason=reason)
        self.waiting = reason

    async def _supervise(self, snapshot: Snapshot) -> None:
        """Look, decide, act and write down, once."""
        await self._witness(snapshot)
        planned = self.book.intent(self.machine.name)
        operation, intent = planned if planned else (None, None)
        if operation is not None:
            self._keep(operation, snapshot)
        action = decide(intent, snapshot, now())
        self.waiting = action.reason if isinstance(action, Wait) else ""
        if snapshot.link is not Link.CONNECTED:
            self.waiting = self.machine.lost_why or self.waiting
        if operation is not None:
            if isinstance(action, Write | Command):
                self._moot(operation)
            await self._act(operation, action, snapshot)

    def _moot(self, operation: Operation) -> None:
        """Take back a question that the machine has answered: somebody filled the tank up instead of saying yes."""
        if self._unasked != operation.id:
            self.book.take_back(_id(operation))
            self._unasked = operation.id

    async def _act(self, operation: Operation, action: object, snapshot: Snapshot) -> None:
        name, job = self.machine.name, operation.job_id
        try:
            match action:
                case Write(values):
                    self.book.started(_id(operation))
                    await self.book.note("write", name, job, {"values": dict(values)})
                    await self.machine.write(values)
                case Command(verb):
                    await self.book.note("command", name, job, {"verb": verb.name.lower()})
                    await self.machine.command(verb)
                    if verb is Verb.START:
                        log.info("started", machine=name, job=job, stage=operation.stage)
                case Ask(kind, text):
                    self._unasked = None
                    self.book.ask(operation, kind, text)
                    self.waiting = "waiting for an answer"
                case GoBack(kind, row):
                    self._keep(operation, snapshot, at_once=True)
                    self.book.go_back(_id(operation), kind, row)
                case Finish(done):
                    self._keep(operation, snapshot, at_once=True)
                    self.book.finished(_id(operation), done)
                    log.info("ended", machine=name, job=job, stage=operation.stage, done=done)
        except (AccessError, LimitError) as error:
            self.book.failed(job, str(error))
        except (CommandRefused, WriteRefused, LinkLost) as error:
            self.waiting = str(error)
            await self.book.note("refused", name, job, {"error": str(error)})
            await asyncio.sleep(AFTER_REFUSAL_S)

    def _keep(self, operation: Operation, snapshot: Snapshot, *, at_once: bool = False) -> None:
        state = snapshot.state
        if state is None or snapshot.value("active_ticket") != operation.ticket or operation.status != "running":
            return
        at, operation_id, name = self._kept
        changed = (operation_id, name) != (operation.id, state.name)
        # the end of the cloth runs out past the machine's gauge when all metres are counted
        news = _moved(operation, snapshot) or state is State.COMPLETING
        if at_once or changed or (news and time.monotonic() - at >= KEEP_EVERY_S):
            self.book.reached(_id(operation), state.name.title(), _metres(snapshot), _actuals(snapshot))
            self._kept = time.monotonic(), _id(operation), state.name

    async def _witness(self, snapshot: Snapshot) -> None:
        """Write what is new at the machine to the journal."""
        name, job = self.machine.name, self._job()
        seen = self._seen_link, self._seen_state
        noted = [self.book.note(kind, name, job, said, actor=name) for kind, said in self._news(snapshot)]
        try:
            await asyncio.gather(*noted)
        except CUT_OFF:
            self._seen_link, self._seen_state = seen
            raise
        self.alarms.look(snapshot, job, now())

    def _news(self, snapshot: Snapshot) -> Iterator[tuple[str, dict[str, Any]]]:
        """Tell state changes, and the link's loss and return, once each."""
        if snapshot.link is not self._seen_link:
            self._seen_link = snapshot.link
            why = self.machine.lost_why
            yield "link", {"link": snapshot.link.value} | ({"why": why} if why else {})
        if snapshot.link is not Link.CONNECTED:
            return
        if snapshot.state is not None and snapshot.state is not self._seen_state:
            before = self._seen_state
            self._seen_state = snapshot.state
            yield "state", {"from": before.name if before else None, "to": snapshot.state.name}

    def _job(self) -> int | None:
        planned = self.book.intent(self.machine.name)
        return planned[0].job_id if planned else None


def _moved(operation: Operation, snapshot: Snapshot) -> bool:
    return counted(operation, _metres(snapshot), {})[0] != operation.metres


def _metres(snapshot: Snapshot) -> float:
    return round(float(snapshot.value("metres") or 0.0), 4)


def _actuals(snapshot: Snapshot) -> dict[str, float]:
    numbers: Mapping[str, object] = {name: tag.value for name, tag in snapshot.tags.items()}
    return {
        name: round(float(value), 4)
        for name, value in numbers.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _id(operation: Operation) -> int:
    if operation.id is None:
        msg = "an operation was used before it was stored"
        raise ValueError(msg)
    return operation.id
