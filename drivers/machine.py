"""One machine of the line: the only reader of its device, its watchdog, and the way to write and command."""

import asyncio
import random
import time
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, NoReturn, TypeVar

import structlog

from drivers.board import POLL_S, Board
from drivers.connection import Connection
from drivers.errors import CommandRefused, LinkLost, WriteRefused
from drivers.limits import check, said
from drivers.packml import Verb
from drivers.profile import Profile
from drivers.protocols import connector
from drivers.registers import TagValue
from drivers.snapshot import Link, Reading, Snapshot

__all__ = ["Machine"]

COMMAND_DEADLINE_S = 2.0
RETRY_MIN_S, RETRY_MAX_S = 0.2, 5.0
ACCEPTED, REFUSED_STATE, REFUSED_LOCAL, REFUSED_JOB = 1, 2, 3, 4  # values of command_result

ENDED = "it was told to end"

Result = TypeVar("Result")

log = structlog.get_logger(__name__)


class Machine:
    """A machine behind a device profile, over whichever protocol the profile names.

    Parameters
    ----------
    name : str
        Name of the machine in the line; it stands in every message.
    profile : Profile
        Its device profile.
    endpoint : str
        ``opc.tcp://HOST:PORT`` or ``modbus://HOST:PORT``.

    Raises
    ------
    ValueError
        If the endpoint does not fit the profile's protocol.
    """

    def __init__(self, name: str, profile: Profile, endpoint: str) -> None:
        self.name = name
        self.profile = profile
        self.endpoint = endpoint
        self._connect = connector(name, profile, endpoint)
        self._running = False
        self._connection: Connection | None = None
        self._reason = "it has not been connected yet"
        self._board = Board(name, profile)
        self._told_stalled = False
        self._told_useless: frozenset[str] = frozenset()
        self._news = asyncio.Event()
        self._command_lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[Any]] = set()

    def snapshot(self) -> Snapshot:
        """Give what the machine reported last; the values' qualities are true at the time of the call."""
        return self._board.snapshot()

    async def changed(self, after: Snapshot, timeout_s: float) -> Snapshot:
        """Wait until value, quality or link differ from ``after``, at most ``timeout_s``; give the latest snapshot."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while self._board.number == after.number and await self._next_poll(deadline - loop.time()):
            pass
        return self.snapshot()

    async def write(self, values: Mapping[str, TagValue]) -> None:
        """Write setpoints or a job, all or (as far as limits can tell) nothing, and verify by reading back.

        Parameters
        ----------
        values : Mapping[str, TagValue]
            Tag name → value in the tag's unit.

        Raises
        ------
        AccessError, LimitError
            Before anything is sent.
        WriteRefused
            If the machine did not take a value.
        LinkLost
            If it cannot be reached; what was taken is to be seen on the machine.
        """
        check(self.name, self.profile, values)
        await self._finish(self._write(values))

    async def command(self, verb: Verb) -> None:
        """Give a command and wait until the machine accepts it; commands to one machine go one after the other.

        Raises
        ------
        CommandRefused
            With the machine's reason.
        LinkLost
            If there is no answer within 2 s; whether the machine acts is to be seen on the machine.
        """
        await self._finish(self._command(verb))

    async def run(self) -> None:
        """Connect, poll, keep the heartbeat, reconnect; until cancelled."""
        if self._running:
            raise RuntimeError(f"{self.name} is running already")
        self._running = True
        retry_s = RETRY_MIN_S
        try:
            while True:
                try:
                    connection = await self._open()
                    retry_s = RETRY_MIN_S
                    await self._serve(connection)
                except LinkLost as error:
                    self._lose(str(error))
                await asyncio.sleep(retry_s * random.uniform(0.5, 1.0))  # noqa: S311 (jitter, no secret)
                retry_s = min(2 * retry_s, RETRY_MAX_S)
        finally:
            self._running = False
            log.info("link closed", machine=self.name, endpoint=self.endpoint)
            self._drop(ENDED)

    async def _open(self) -> Connection:
        task = asyncio.create_task(self._connect(self.profile, self.endpoint))
        try:
            connection = await asyncio.shield(task)
        except asyncio.CancelledError:
            task.cancel()
            if not isinstance(late := (await asyncio.gather(task, return_exceptions=True))[0], BaseException):
                await late.close(lost=True)
            raise
        try:
            # Whoever accepts connections is not yet a machine that answers.
            self._take(connection, *await self._look(connection))
        except BaseException as error:
            await self._release(connection, lost=isinstance(error, LinkLost))
            raise
        return connection

    async def _serve(self, connection: Connection) -> NoReturn:
        """Poll and beat until one of both finds the link lost."""
        reason = ""
        # Not a TaskGroup: in Python 3.11 it forgets that it was told to end if a task of it fails in the same moment.
        tasks = [
            asyncio.create_task(self._poll(connection), name=f"{self.name} poll"),
            asyncio.create_task(self._beat(connection), name=f"{self.name} heartbeat"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            error = done.pop().exception()
            if not isinstance(error, (LinkLost, WriteRefused)):
                assert error is not None  # neither of both returns
                raise error
            reason = str(error)
            # Said before the connection is closed, so that nobody waits for the closing.
            self._lose(reason)
        finally:
            for task in tasks:
                task.cancel()
            if not reason:
                self._drop(ENDED)
            await self._release(connection, *tasks, lost=bool(reason))
        raise LinkLost(reason)

    async def _release(self, connection: Connection, *tasks: asyncio.Task[NoReturn], lost: bool) -> None:
        """Close a connection after all that goes over it has ended; an end that comes meanwhile waits."""
        self._connection = None
        self._tell()
        closing = asyncio.create_task(self._close(connection, tasks, lost), name=f"{self.name} closing")
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            await asyncio.wait((closing,))
            raise

    async def _close(self, connection: Connection, tasks: Sequence[asyncio.Task[NoReturn]], lost: bool) -> None:
        await asyncio.gather(*tasks, return_exceptions=True)
        if lost:
            await connection.close(lost=True)
        if self._tasks:
            await asyncio.wait(self._tasks)
        if not lost:
            await connection.close(lost=False)

    async def _poll(self, connection: Connection) -> NoReturn:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + POLL_S, loop.time())
            await asyncio.sleep(due - loop.time())
            self._take(connection, *await self._look(connection))

    async def _look(self, connection: Connection) -> tuple[Mapping[str, Reading], float]:
        asked_at = time.monotonic()
        return await self._finish(connection.read(self.profile.tags)), asked_at

    def _take(self, connection: Connection, readings: Mapping[str, Reading], asked_at: float) -> None:
        if self._board.link is not Link.CONNECTED:
            log.info("link up", machine=self.name, endpoint=self.endpoint)
        self._board.take(readings, asked_at)
        self._connection = connection
        self._report()
        self._tell()

    async def _beat(self, connection: Connection) -> NoReturn:
        heartbeat = self.profile.heartbeat
        count = random.randrange(0x10000)  # noqa: S311 (any start will do, but not always the same)
        while True:
            count = (count + 1) % 0x10000
            await self._finish(connection.write({heartbeat.write: count}))
            await asyncio.sleep(heartbeat.period_s)

    def _lose(self, reason: str) -> None:
        if self._board.link is Link.LOST:
            return
        log.warning("link lost", machine=self.name, endpoint=self.endpoint, reason=reason)
        self._drop(reason)

    def _drop(self, reason: str) -> None:
        self._reason = reason
        self._board.lose()
        self._tell()

    def _report(self) -> None:
        """Log once what changed for the worse or the better while the link holds."""
        board = self._board
        if board.stalled != self._told_stalled:
            told = log.warning if board.stalled else log.info
            told("heartbeat of the machine", machine=self.name, stalled=board.stalled)
            self._told_stalled = board.stalled
        if board.useless != self._told_useless:
            log.warning("tags without a usable value", machine=self.name, tags=sorted(board.useless))
            self._told_useless = board.useless

    def _tell(self) -> None:
        """Wake all who wait for a poll or a loss."""
        self._news.set()
        self._news = asyncio.Event()

    async def _next_poll(self, timeout_s: float) -> bool:
        try:
            async with asyncio.timeout(max(timeout_s, 0)):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    async def _finish(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Let a request that is on its way end by itself, even if who waits for it is cancelled.

        The libraries wait by ``asyncio.wait_for``, which in Python 3.11 loses a cancellation that comes together with
        the answer; and a late answer must not meet the next request.
        """
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(task)

    def _connected(self) -> Connection:
        if self._connection is None or self._board.link is not Link.CONNECTED:
            raise LinkLost(f"{self.name} at {self.endpoint} is not connected: {self._reason}")
        return self._connection

    async def _write(self, values: Mapping[str, TagValue]) -> None:
        connection = self._connected()
        try:
            await connection.write(values)
            readings = await connection.read(values)
        except LinkLost as error:
            raise LinkLost(f"{self.name}: writing {', '.join(values)}: {error}") from error
        except WriteRefused as error:
            raise WriteRefused(f"{self.name}: {error}") from error
        for name, value in values.items():
            spec, found = self.profile.tags[name], readings[name].value
            if found != spec.from_raw(spec.to_raw(value)):
                told = f"{name} was set to {said(spec, value)}, but reads back {said(spec, found)}"
                raise WriteRefused(f"{self.name}: {told}")

    async def _command(self, verb: Verb) -> None:
        loop = asyncio.get_running_loop()
        async with self._command_lock:
            deadline = loop.time() + COMMAND_DEADLINE_S
            connection = self._connected()
            token = self._token()
            try:
                # Both in one request, the token last: it makes the machine act. A command alone that a given-up link
                # delivers late would be taken with the token of the next one.
                await connection.write({"command": verb, "command_token": token})
            except LinkLost as error:
                raise LinkLost(f"{self.name}: command {verb.name}: {error}") from error
            except WriteRefused as error:
                raise CommandRefused(f"{self.name}: command {verb.name}: {error}") from error
            while self._board.value("command_ack") != token or not self._board.value("command_result"):
                self._connected()
                if not await self._next_poll(deadline - loop.time()):
                    raise LinkLost(f"{self.name}: no answer to command {verb.name} within {COMMAND_DEADLINE_S:g} s")
            result = self._board.value("command_result")
        if result != ACCEPTED:
            raise CommandRefused(f"{self.name} refused {verb.name}: {self._refusal(result)}")

    def _token(self) -> int:
        """Draw a token that is neither 0 nor the last one the machine saw."""
        seen = {self._board.value("command_ack"), self._board.value("command_token")}
        while (token := random.randint(1, 0xFFFF)) in seen:  # noqa: S311 (no secret)
            pass
        return token

    def _refusal(self, result: TagValue | None) -> str:
        if result == REFUSED_STATE:
            state = self.snapshot().state
            return f"not possible in state {state.name if state else self._board.value('state')}"
        if result == REFUSED_LOCAL:
            return "the machine is under local control; turn its key to remote"
        if result == REFUSED_JOB:
            message = self._board.value("message") if "message" in self.profile.tags else None
            return f"the job is not valid{f': {message}' if message else ''}"
        return f"command_result {result}"
