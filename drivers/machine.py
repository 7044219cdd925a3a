"""One machine of the line: what it reports, and the way to write to it and command it."""

import asyncio
import random
from collections.abc import Coroutine, Mapping
from typing import Any, TypeVar

from drivers.access import Access
from drivers.board import Board
from drivers.commands import ACCEPTED, local, refused_before, refused_by
from drivers.connection import Requests
from drivers.errors import CommandRefused, LinkLost, WriteRefused
from drivers.limits import check, said
from drivers.link import KeptLink
from drivers.machinery import Identification
from drivers.packml import Verb
from drivers.profile import Profile
from drivers.registers import TagValue
from drivers.snapshot import Snapshot

__all__ = ["Machine"]

COMMAND_DEADLINE_S = 2.0


Result = TypeVar("Result")


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
    access : Access, optional
        How it is entered; only a plain Modbus endpoint does without.

    Raises
    ------
    ValueError
        If the endpoint does not fit the profile's protocol, or has to be entered and ``access`` does not say how.
    """

    def __init__(self, name: str, profile: Profile, endpoint: str, access: Access | None = None) -> None:
        self.name = name
        self.profile = profile
        self.endpoint = endpoint
        self.access = access
        self._board = Board(name, profile)
        self._link = KeptLink(self._board, endpoint, access)
        self._command_lock = asyncio.Lock()
        self._work = Requests()

    @property
    def identification(self) -> Identification | None:
        """Who the machine itself said it is when it was connected last; None if it does not say."""
        return self._link.identification

    @property
    def lost_why(self) -> str | None:
        """Why there is no link, in one line; None while there is one."""
        return self._link.lost_why

    def snapshot(self) -> Snapshot:
        """Give what the machine reported last; the values' qualities are true at the time of the call."""
        return self._board.snapshot()

    async def changed(self, after: Snapshot, timeout_s: float) -> Snapshot:
        """Wait until value, quality or link differ from ``after``, at most ``timeout_s``; give the latest snapshot."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while self._board.number == after.number and await self._board.news(deadline - loop.time()):
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
            If the machine is under local control (nothing is sent), or did not take a value.
        LinkLost
            If it cannot be reached; what was taken is to be seen on the machine.
        """
        check(self.name, self.profile, values)
        await self._work.run(self._write(values))

    async def command(self, verb: Verb) -> None:
        """Give a command and wait until the machine accepts it; commands to one machine go one after the other.

        Raises
        ------
        CommandRefused
            With the machine's reason; or before anything is sent, if the machine has no such command, its key is on
            local, or it reports a mode or a state that does not allow it.
        LinkLost
            If there is no answer within 2 s; whether the machine acts is to be seen on the machine.
        """
        deadline = asyncio.get_running_loop().time() + COMMAND_DEADLINE_S
        late = f"{self.name}: no answer to command {verb.name} within {COMMAND_DEADLINE_S:g} s"
        try:
            async with asyncio.timeout_at(deadline):
                await self._work.run(self._command(verb, deadline, late))
        except TimeoutError as error:  # a request of it is on its way still and ends by itself
            raise LinkLost(late) from error

    async def run(self) -> None:
        """Connect, follow, keep the heartbeat, reconnect; until cancelled."""
        try:
            await self._link.run()
        finally:
            await self._work.ended()

    async def _write(self, values: Mapping[str, TagValue]) -> None:
        connection = self._link.connection()
        if reason := local(self.snapshot()):
            raise WriteRefused(f"{self.name}: {', '.join(values)}: {reason}")
        try:
            await connection.write(values)
            readings = await connection.read(tuple(values))
        except LinkLost as error:
            raise LinkLost(f"{self.name}: writing {', '.join(values)}: {error}") from error
        except WriteRefused as error:
            raise WriteRefused(f"{self.name}: {error}") from error
        for name, value in values.items():
            spec, found = self.profile.tags[name], readings[name].value
            if found != spec.from_raw(spec.to_raw(value)):
                told = f"{name} was set to {said(spec, value)}, but reads back {said(spec, found)}"
                raise WriteRefused(f"{self.name}: {told}")

    async def _command(self, verb: Verb, deadline: float, late: str) -> None:
        loop, board = asyncio.get_running_loop(), self._board
        async with self._command_lock:
            connection = self._link.connection()
            if loop.time() >= deadline:
                raise LinkLost(late)
            if reason := refused_before(self.profile, self.snapshot(), verb):
                raise CommandRefused(f"{self.name}: command {verb.name} was not sent: {reason}")
            token = self._token()
            if await self._told(verb, connection.act(verb)):
                return
            # Both in one request, the token last: it makes the machine act. A command alone that a given-up link
            # delivers late would be taken with the token of the next one.
            await self._told(verb, connection.write({"command": self._number(verb), "command_token": token}))
            while board.value("command_ack") != token or not board.value("command_result"):
                self._link.connection()
                if not await board.news(deadline - loop.time()):
                    raise LinkLost(late)
            result = board.value("command_result")
        if result != ACCEPTED:
            raise CommandRefused(f"{self.name} refused {verb.name}: {refused_by(result, self.snapshot())}")

    async def _told(self, verb: Verb, request: Coroutine[Any, Any, Result]) -> Result:
        try:
            return await request
        except LinkLost as error:
            raise LinkLost(f"{self.name}: command {verb.name}: {error}") from error
        except (CommandRefused, WriteRefused) as error:
            raise CommandRefused(f"{self.name}: command {verb.name}: {error}") from error

    def _number(self, verb: Verb) -> int:
        number = self.profile.number_of(verb)
        assert number is not None
        return number

    def _token(self) -> int:
        """Draw a token that is neither 0 nor the last one the machine saw."""
        seen = {self._board.value("command_ack"), self._board.value("command_token")}
        while (token := random.randint(1, 0xFFFF)) in seen:  # noqa: S311 (no secret)
            pass
        return token
