"""The link to one machine, kept up: connect, follow its values, give the heartbeat, connect again."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NoReturn

import structlog

from drivers.access import Access
from drivers.board import Board
from drivers.connection import Connection
from drivers.errors import EntryRefused, LinkLost, WriteRefused
from drivers.machinery import Identification
from drivers.profile import CONDITIONS
from drivers.protocols import connector
from drivers.snapshot import Link, Reading

__all__ = ["KeptLink"]

# A machine is live again within 6 s of its link's return: the last attempt just failed then, and entering it encrypted
# takes up to 2 s on a busy computer.
RETRY_MIN_S, RETRY_MAX_S = 0.2, 4.0
LOOK_S = 0.1  # how often the ages of the values are looked at

ENDED = "it was told to end"
GIVEN_UP = "the library gave up what was on its way"

log = structlog.get_logger(__name__)


class KeptLink:
    """The only reader of a device; what it learns goes to the board.

    Parameters
    ----------
    board : Board
        Whose machine and profile it serves.
    endpoint : str
        ``opc.tcp://HOST:PORT`` or ``modbus://HOST:PORT``.
    access : Access, optional
        How it is entered; only a plain Modbus endpoint does without.

    Raises
    ------
    ValueError
        If the endpoint does not fit the profile's protocol, or has to be entered and ``access`` does not say how.
    """

    def __init__(self, board: Board, endpoint: str, access: Access | None) -> None:
        self.endpoint = endpoint
        self.identification: Identification | None = None
        self._board = board
        self._name, self._profile = board.machine, board.profile
        self._connect = connector(board.machine, board.profile, endpoint, access)
        self._connection: Connection | None = None
        self._running = False
        self._reason = "it has not been connected yet"
        self._told_stalled = False
        self._told_useless: Mapping[str, str] = {}
        together: dict[tuple[float, bool], list[str]] = defaultdict(list)
        for name in board.profile.followed:
            together[board.profile.group_of(name).period_s, name == CONDITIONS].append(name)
        self._followed = [(tuple(names), period_s) for (period_s, _), names in together.items()]

    @property
    def lost_why(self) -> str | None:
        """Why there is no link; None while there is one."""
        return None if self._connection is not None else self._reason

    def connection(self) -> Connection:
        """Give the live connection; LinkLost, with the reason, if there is none."""
        if self._connection is None or self._board.link is not Link.CONNECTED:
            raise LinkLost(f"{self._name} at {self.endpoint} is not connected: {self._reason}")
        return self._connection

    async def run(self) -> NoReturn:
        """Connect, follow, keep the heartbeat, reconnect; until cancelled."""
        if self._running:
            raise RuntimeError(f"{self._name} is running already")
        self._running = True
        loop = asyncio.get_running_loop()
        retry_s = RETRY_MIN_S
        try:
            while True:
                began, up_at = loop.time(), None
                try:
                    connection = await self._open()
                    up_at = loop.time()
                    await self._serve(connection)
                except LinkLost as error:
                    self._lose(error)
                except asyncio.CancelledError:
                    if _told_to_end():
                        raise
                    self._lose(LinkLost(GIVEN_UP))
                # A link that held is tried again at once; one that breaks each time, less and less often.
                held = up_at is not None and loop.time() - up_at > RETRY_MAX_S
                retry_s = RETRY_MIN_S if held else retry_s
                jittered_s = retry_s * random.uniform(0.5, 1.0)  # noqa: S311 (no secret)
                # Counted from the last attempt, so that a slow one does not make the next one later than that.
                spent_s = 0.0 if up_at is not None else loop.time() - began
                await asyncio.sleep(max(jittered_s - spent_s, RETRY_MIN_S / 2))
                retry_s = min(2 * retry_s, RETRY_MAX_S)
        finally:
            self._running = False
            log.info("link closed", machine=self._name, endpoint=self.endpoint)
            self._drop(ENDED)

    async def _open(self) -> Connection:
        task = asyncio.create_task(self._connect(self._profile, self.endpoint), name=f"{self._name} connecting")
        try:
            connection = await asyncio.shield(task)
        except asyncio.CancelledError:
            task.cancel()
            if not isinstance(late := (await asyncio.gather(task, return_exceptions=True))[0], BaseException):
                await late.close(lost=True)
            raise
        try:
            # Whoever accepts connections is not yet a machine that answers.
            self.identification = await connection.identify()
            asked_at = time.monotonic()
            readings = await connection.read(self._profile.tags)
        except BaseException as error:
            await connection.close(lost=isinstance(error, LinkLost))
            raise
        log.info("link up", machine=self._name, endpoint=self.endpoint)
        self._connection = connection
        self._board.clock_skew_s = connection.skew_s
        self._board.take(readings, self._profile.tags, asked_at)
        return connection

    async def _serve(self, connection: Connection) -> NoReturn:
        """Follow and beat until one of all finds the link lost."""

        def take(readings: Mapping[str, Reading], names: Collection[str], asked_at: float) -> None:
            if self._connection is connection:  # what a closed connection still had to say is the past
                if connection.skew_s is not None and self._profile.clock is None:
                    self._board.clock_skew_s = connection.skew_s
                self._board.take(readings, names, asked_at)

        reason = ""
        # Not a TaskGroup: in Python 3.11 it forgets that it was told to end if a task of it fails in the same moment.
        tasks = [
            *(
                asyncio.create_task(connection.watch(names, period_s, take), name=f"{self._name} {period_s:g} s")
                for names, period_s in self._followed
            ),
            asyncio.create_task(self._beat(connection), name=f"{self._name} heartbeat"),
            asyncio.create_task(self._look(), name=f"{self._name} ages"),
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            first = done.pop()
            error = LinkLost(GIVEN_UP) if first.cancelled() else first.exception()
            if not isinstance(error, (LinkLost, WriteRefused)):
                assert error is not None  # none of them returns
                raise error
            reason = str(error)
            # Said before the connection is closed, so that nobody waits for the closing.
            self._lose(error)
        finally:
            for task in tasks:
                task.cancel()
            if not reason:
                self._drop(ENDED)
            await self._end(connection, tasks, lost=bool(reason))
        raise LinkLost(reason)

    async def _end(self, connection: Connection, tasks: Sequence[asyncio.Task[NoReturn]], *, lost: bool) -> None:
        """Close a connection after all that goes over it has ended; an end that comes meanwhile waits."""

        async def close() -> None:
            await asyncio.gather(*tasks, return_exceptions=True)
            await connection.close(lost=lost)

        closing = asyncio.create_task(close(), name=f"{self._name} closing")
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            await asyncio.wait((closing,))
            raise

    async def _beat(self, connection: Connection) -> NoReturn:
        heartbeat = self._profile.heartbeat
        count = random.randrange(0x10000)  # noqa: S311 (any start will do, but not always the same)
        while True:
            count = (count + 1) % 0x10000
            await connection.write({heartbeat.write: count})
            await asyncio.sleep(heartbeat.period_s)

    async def _look(self) -> NoReturn:
        while True:
            await asyncio.sleep(LOOK_S)
            self._board.look()
            self._report()

    def _report(self) -> None:
        """Log once what changed for the worse or the better while the link holds."""
        stalled, useless = self._board.stalled, self._board.useless
        if stalled != self._told_stalled:
            told = log.warning if stalled else log.info
            told("heartbeat of the machine", machine=self._name, stalled=stalled)
            self._told_stalled = stalled
        if useless.keys() != self._told_useless.keys():
            log.warning("tags without a usable value", machine=self._name, tags=sorted(useless), why=dict(useless))
            self._told_useless = useless

    def _lose(self, error: Exception) -> None:
        """Tell a loss once; and once more if it turns out that a person has to act."""
        reason = str(error)
        known = self._board.link is Link.LOST
        if known and not (isinstance(error, EntryRefused) and reason != self._reason):
            return
        event = "entry refused" if known else "link lost"
        log.warning(event, machine=self._name, endpoint=self.endpoint, reason=reason)
        self._drop(reason)

    def _drop(self, reason: str) -> None:
        self._connection, self._reason = None, reason
        self._board.lose()


def _told_to_end() -> bool:
    """Whether a cancellation is meant for this task: libraries cancel what waits for a connection that they close."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
