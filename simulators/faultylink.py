"""A link with faults: a TCP proxy between clients and one machine that knows where a message ends."""

import asyncio
import socket
import struct
from contextlib import suppress
from random import Random
from types import TracebackType
from typing import Literal, Self

from simulators.endpoint import EndpointError
from simulators.linktable import LinkFault
from simulators.wire import Wire, WireError, exception_reply, garbled, refusal, with_transaction

__all__ = ["FaultyLink"]

CHUNK_BYTES = 65536
DROP_S = 0.02  # a trickle comes in drops, each of so many seconds
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER: no time for a farewell

Direction = Literal["requests", "replies"]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class FaultyLink:
    """A link that suffers what it is told to; use it with ``async with``.

    Parameters
    ----------
    wire : Wire
        Protocol of the machine.
    host, port : str, int
        Where the machine listens; while it does not, connections end at once.
    listen : tuple[str, int]
        Where clients connect; port 0: a free one.
    seed : int
        Decides which bits a garbled reply has wrong and how jitter falls.

    Attributes
    ----------
    endpoint : str
        What clients connect to, as a URL.
    """

    def __init__(
        self, wire: Wire, host: str, port: int, listen: tuple[str, int] = ("127.0.0.1", 0), seed: int = 0
    ) -> None:
        self.wire, self.random = wire, Random(seed)  # noqa: S311 (chance that can be repeated, no secret)
        self.fault: LinkFault | None = None
        self._over = asyncio.Event()
        self._far = (host, port)
        # Bound but not listening, it keeps the port ours while connections are refused.
        self._claim = socket.socket(socket.AF_INET6 if ":" in listen[0] else socket.AF_INET)
        self._claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._claim.bind(listen)
        except OSError as error:
            self._claim.close()
            raise EndpointError(f"cannot listen on {listen[0]}:{listen[1]}: {error.strerror or error}") from error
        self._near: tuple[str, int] = self._claim.getsockname()[:2]
        shown = f"[{listen[0]}]" if ":" in listen[0] else listen[0]
        self.endpoint = f"{wire.scheme}://{shown}:{self._near[1]}"
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._refuse()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)  # the transports close their sockets in the next round of the loop
        self._claim.close()

    def possible(self, fault: LinkFault) -> bool:
        """Tell whether a fault is one that this link can suffer."""
        return not fault.kind.on_machine and self.wire.protocol in fault.kind.protocols

    async def suffer(self, fault: LinkFault) -> None:
        """Bring a fault about, and take it away when its time is over; one at a time.

        Raises
        ------
        ValueError
            If this link cannot suffer it.
        """
        if not self.possible(fault):
            raise ValueError(f"fault {fault.name} is not one of a link that speaks {self.wire.protocol}")
        if fault.name == "drop":
            self._cut(reset=fault.word("by") == "rst")
            return
        self.fault, self._over = fault, asyncio.Event()
        try:
            if fault.name == "refuse":
                await self._refuse()
            if fault.name in ("refuse", "session_refused"):
                self._cut(reset=True)
            await asyncio.sleep(fault.number("for_s"))
        finally:
            self.fault = None
            self._over.set()
            if fault.name == "refuse":
                await self._listen()

    async def pause(self, seconds: float) -> None:
        """Wait, but not beyond the end of the fault."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()

    def _cut(self, *, reset: bool) -> None:
        for connection in self._connections:
            connection.end(reset=reset)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, *self._near, reuse_address=True)

    async def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
            await asyncio.sleep(0)  # the socket is closed in the next round of the loop

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve((reader, writer)), name=f"link {self.endpoint}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, near: Streams) -> None:
        try:
            far = await asyncio.open_connection(*self._far)
            connection = _Connection(self, near, far)
            self._connections.add(connection)
            try:
                await connection.run()
            finally:
                self._connections.discard(connection)
                far[1].transport.abort()
        except OSError:
            pass  # the machine does not listen: the client is hung up on
        finally:
            near[1].transport.abort()


class _Connection:
    """One client's connection, message by message under the link's fault."""

    def __init__(self, link: FaultyLink, near: Streams, far: Streams) -> None:
        self._link, self._near, self._far = link, near, far
        self._silent: set[Direction] = set()
        self._asked = 0

    async def run(self) -> None:
        """Pass messages on until both sides have ended."""
        await asyncio.gather(
            self._pump("requests", self._near[0], self._far[1]), self._pump("replies", self._far[0], self._near[1])
        )

    def end(self, *, reset: bool) -> None:
        """Hang up on both sides."""
        for writer in (self._near[1], self._far[1]):
            if reset:
                _reset(writer)
            else:
                writer.close()

    async def _pump(self, direction: Direction, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        buffer = bytearray()
        with suppress(OSError, WireError):  # hung up, or not of this protocol: then this side ends as well
            while data := await source.read(CHUNK_BYTES):
                buffer += data
                for message in self._link.wire.take(buffer):
                    await self._pass(direction, message, sink)
        sink.close()

    async def _pass(self, direction: Direction, message: bytes, sink: asyncio.StreamWriter) -> None:
        fault = self._link.fault
        if fault is not None:
            if fault.name == "half_open" and fault.word("direction") in ("both", direction):
                self._silent.add(direction)
            elif fault.name == "delay":
                jitter_ms = self._link.random.uniform(0, fault.number("jitter_ms"))
                await asyncio.sleep((fault.number("ms") + jitter_ms) / 1000)
            elif fault.name == "trickle":
                message = await self._trickle(message, fault.number("bytes_s"), sink)
            elif direction == "replies":
                message = self._spoil(message, fault)
            elif self._answers(message, fault):
                return
        if direction in self._silent:
            return
        sink.write(message)
        await sink.drain()
        if direction == "replies" and fault is not None and fault.name == "truncate" and fault.word("then") == "fin":
            sink.close()

    async def _trickle(self, message: bytes, bytes_s: float, sink: asyncio.StreamWriter) -> bytes:
        """Send drop by drop; gives what is left when the fault is over."""
        step = max(1, int(bytes_s * DROP_S))
        while self._link.fault is not None and len(message) > step:
            sink.write(message[:step])
            await sink.drain()
            message = message[step:]
            await self._link.pause(step / bytes_s)
        return message

    def _spoil(self, reply: bytes, fault: LinkFault) -> bytes:
        if fault.name == "garble":
            bits = int(fault.number("bits"))
            return garbled(self._link.wire, reply, fault.word("part"), bits, self._link.random)
        if fault.name == "wrong_transaction":
            return with_transaction(reply, -int(fault.number("back")))
        if fault.name == "duplicate":
            return reply * 2
        if fault.name == "truncate":
            return reply[: len(reply) // 2]
        return reply

    def _answers(self, request: bytes, fault: LinkFault) -> bool:
        """Answer a request in the machine's place; tells whether that was done."""
        client = self._near[1]
        if fault.name == "exception":
            client.write(exception_reply(request, int(fault.word("code"))))
            return True
        if fault.name == "session_refused" and request.startswith(b"MSG"):
            self._asked += 1
            if self._asked == 2:  # a session is created by the first message, activated by the second
                client.write(refusal("no session is free"))
                client.close()
                return True
        return False


def _reset(writer: asyncio.StreamWriter) -> None:
    end = writer.get_extra_info("socket")
    if end is not None and not writer.is_closing():
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    writer.transport.abort()
