"""Who commands the line: of several controllers on one database, the one that holds the lease.

The holder moves a counter; who stands by sees by its own clock when it stands still, so no two clocks need to agree.
Each taking raises the epoch, and whoever writes with an older one is refused: a controller that was frozen and wakes
up can change nothing. It also stops commanding before the others may begin.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import structlog
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection, Row
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel

from controller import journal
from controller.passing import CUT_OFF
from controller.store import Store
from controller.tables import Holding

log = structlog.get_logger(__name__)

RENEW_S = 1.0
"""How often the holder moves the counter."""

LAPSE_S = 5.0
"""A counter that stood still for so long belongs to nobody: with the start of a controller, less than 10 s."""

LOOK_S = 0.25
"""How often who stands by looks."""

HOLDING = SQLModel.metadata.tables[str(Holding.__tablename__)]
ONLY = 1
"""Key of the one row."""


class LineTaken(RuntimeError):
    """Another controller commands this line; the message names it."""


class LeaseLost(RuntimeError):
    """Another controller commands the line by now; this one must end."""


class Lease:
    """The right to command, for as long as it is renewed.

    Parameters
    ----------
    store
        The database; from now on it refuses whatever is written after another controller took the line.
    epoch
        Number of the taking.
    """

    def __init__(self, store: Store, epoch: int) -> None:
        self.epoch = epoch
        self._store, self._renewed = store, time.monotonic()
        store.fence = self._check

    @property
    def held(self) -> bool:
        """Whether nobody else can have it yet: the last renewal is not so old that the counter may have stood still."""
        return time.monotonic() - self._renewed < LAPSE_S - RENEW_S

    async def keep(self) -> None:
        """Renew until cancelled; a database that cannot be written is tried again.

        Raises
        ------
        LeaseLost
            When another controller took the line.
        """
        while True:
            await asyncio.sleep(RENEW_S)
            began = time.monotonic()
            try:
                await asyncio.to_thread(self._renew)
            except CUT_OFF as error:
                log.warning("the lease cannot be renewed", error=str(error.orig))
            else:
                self._renewed = began

    def _renew(self) -> None:
        with self._store.engine.begin() as connection:
            mine = HOLDING.c.epoch == self.epoch
            if connection.execute(update(HOLDING).where(mine).values(beat=HOLDING.c.beat + 1)).rowcount == 0:
                raise LeaseLost(_lost(connection))

    def release(self) -> None:
        """Give it back, so that who stands by need not wait."""
        with self._store.engine.begin() as connection:
            connection.execute(update(HOLDING).where(HOLDING.c.epoch == self.epoch).values(holder=""))

    def _check(self, session: Session) -> None:
        connection = session.connection()
        if connection.scalar(select(HOLDING.c.epoch)) != self.epoch:
            raise LeaseLost(_lost(connection))


@contextlib.asynccontextmanager
async def leased(store: Store, standby: Callable[[str], None] | None = None) -> AsyncIterator[Lease]:
    """Hold the lease for the length of the block; it has to be kept meanwhile, see `Lease.keep`.

    Parameters
    ----------
    store
        The line's database.
    standby
        Waits for the lease as long as it takes, and is told once who has it; None: another live holder is an error.

    Raises
    ------
    LineTaken
        Another controller moves the counter.
    """
    me = _me()
    lease = Lease(store, await _take(store, me, standby))
    try:
        with store.write() as session:
            journal.append(session, actor="controller", kind="line taken", payload={"by": me, "epoch": lease.epoch})
        yield lease
    finally:
        store.fence = None
        with contextlib.suppress(*CUT_OFF):  # it lapses by itself
            await asyncio.to_thread(lease.release)


async def _take(store: Store, me: str, standby: Callable[[str], None] | None) -> int:
    seen, since, told = None, time.monotonic(), False
    while True:
        found = await asyncio.to_thread(_look, store)
        now = time.monotonic()
        moved = found is not None and seen is not None and (found.epoch, found.beat) != (seen.epoch, seen.beat)
        if seen is None or moved:
            since = now
        seen = found
        free = found is None or not found.holder or _gone(found.holder) or now - since > LAPSE_S
        if free and (epoch := await asyncio.to_thread(_seize, store, me, found)) is not None:
            return epoch
        if found is not None and not free:
            if standby is None and moved:
                msg = (
                    f"another controller commands this line ({found.holder}): end it, or start this one with --standby "
                    "to take over when the other ends"
                )
                raise LineTaken(msg)
            if standby is not None and not told:
                standby(f"standing by: {found.holder} commands this line")
                told = True
        await asyncio.sleep(LOOK_S)


def _look(store: Store) -> Row | None:
    with store.engine.connect() as connection:
        return connection.execute(select(HOLDING)).first()


def _seize(store: Store, me: str, found: Row | None) -> int | None:
    """Take the lease unless somebody was faster; returns its epoch."""
    try:
        with store.engine.begin() as connection:
            if found is None:
                connection.execute(insert(HOLDING).values(id=ONLY, holder=me, epoch=1, beat=0))
                return 1
            same = (HOLDING.c.epoch == found.epoch) & (HOLDING.c.beat == found.beat)
            values = {"holder": me, "epoch": found.epoch + 1, "beat": 0}
            taken = connection.execute(update(HOLDING).where(same).values(values)).rowcount
            return found.epoch + 1 if taken else None
    except IntegrityError:
        return None


def _lost(connection: Connection) -> str:
    holder = connection.scalar(select(HOLDING.c.holder))
    return f"another controller has taken this line ({holder or 'it has ended since'}); this one stopped commanding it"


def _me() -> str:
    return f"{socket.gethostname()} process {os.getpid()} since {_started(os.getpid())}"


def _gone(holder: str) -> bool:
    """Whether a holder was a process of this computer that is no more."""
    host, _, rest = holder.partition(" process ")
    pid, _, since = rest.partition(" since ")
    return host == socket.gethostname() and pid.isdecimal() and _started(int(pid)) != since


def _started(pid: int) -> str:
    """Return when a process of this computer was started, in its own clock; empty if there is none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
