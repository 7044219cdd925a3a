"""The line camera behind the press: strips of what was printed, received straight into files.

A strip is tens of megabytes; it goes from the socket into a memory-mapped file without a copy in between, and only a
complete one gets its final name. The camera can image any row again, also of a ticket that another one has followed:
so a dropped connection costs nothing but time.
"""

import asyncio
import json
import mmap
import os
import random
import socket
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self
from urllib.parse import urlsplit

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

__all__ = ["Camera", "CameraError", "CameraStrip", "StripCamera"]

HEADER_MAX = 4096  # bytes of a header line
STRIP_MAX = 2**29  # bytes of a strip: 20 times what a 2 m wide cloth needs
CHUNK = 2**18  # bytes received at a time: under a millisecond of the loop
CONNECT_TIMEOUT_S = 2.0
STALL_TIMEOUT_S = 5.0  # within a strip; between strips the press may stand for hours
RETRY_MIN_S, RETRY_MAX_S = 0.2, 5.0

log = structlog.get_logger(__name__)


class CameraError(ValueError):
    """What the camera sent is no strip, or it cannot be stored; one line that names camera and reason."""


@dataclass(frozen=True, slots=True)
class CameraStrip:
    """A piece of cloth as the camera saw it.

    ``rows`` press rows from ``row_start`` of the ticket; ``path`` holds height_px × width_px × 3 bytes, raw RGB rows
    (uint8), the left edge of the picture ``x_mm`` right of the left edge of the print. ``last``: the ticket ends here.
    """

    index: int
    ticket: int
    row_start: int
    rows: int
    mm_per_px: float
    x_mm: float
    height_px: int
    width_px: int
    path: Path
    last: bool


class Camera(Protocol):
    """What the controller wants of a camera."""

    def strips(self, ticket: int, from_row: int, folder: Path) -> AsyncGenerator[CameraStrip, None]:
        """Give the strips of a ticket from a press row on, in order, as they are printed; files go to ``folder``."""
        ...


class _Header(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    index: int = Field(ge=0, le=99_999)
    ticket: int = Field(ge=0)
    row_start: int = Field(ge=0)
    rows: int = Field(gt=0)
    total_rows: int = Field(gt=0)
    mm_per_px: float = Field(gt=0, le=100)
    x_mm: float
    height_px: int = Field(gt=0)
    width_px: int = Field(gt=0)
    bytes: int = Field(gt=0, le=STRIP_MAX)
    last: bool

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.bytes != self.height_px * self.width_px * 3:
            raise ValueError(f"{self.bytes} bytes are not {self.height_px} × {self.width_px} RGB pixels")
        if self.row_start + self.rows > self.total_rows:
            raise ValueError(f"rows {self.row_start} + {self.rows} are more than the total of {self.total_rows}")
        return self


class _DroppedError(Exception):
    """The connection ended; it is made again."""


class StripCamera:
    """Client of a camera that serves strips over TCP at ``tcp://HOST:PORT`` (ValueError for another endpoint)."""

    def __init__(self, endpoint: str) -> None:
        url = urlsplit(endpoint)
        if url.scheme != "tcp" or not url.hostname or not url.port:
            raise ValueError(f"camera endpoint {endpoint!r} is not tcp://HOST:PORT")
        self.endpoint = endpoint
        self._address = (url.hostname, url.port)

    async def strips(self, ticket: int, from_row: int, folder: Path) -> AsyncGenerator[CameraStrip, None]:
        """Give the strips of a ticket; see :class:`Camera`. Asking for the next strip acknowledges the one before.

        A lost connection is made again from the first row not yet given. Close the generator (``aclosing``) to leave
        before the last strip.

        Raises
        ------
        CameraError
            If the camera sends something else than the strips asked for, or the disk is full.
        """
        row, retry_s, lost, finished = from_row, RETRY_MIN_S, False, False
        while True:
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    link = await _Link.open(self.endpoint, self._address)
            except (OSError, TimeoutError) as error:
                reason = str(error) or f"no connection within {CONNECT_TIMEOUT_S:g} s"
            else:
                try:
                    await link.send({"ticket": ticket, "from_row": row})
                    if lost:
                        log.info("camera link up", camera=self.endpoint)
                    lost = False
                    while True:
                        strip = await link.receive(ticket, row, folder)
                        if strip is None:
                            return
                        retry_s = RETRY_MIN_S
                        yield strip
                        row = strip.row_start + strip.rows
                        finished = strip.last
                        await link.send({"ack": row})
                        if finished:
                            return
                except _DroppedError as error:
                    if finished:
                        return
                    reason = str(error)
                finally:
                    link.close()
            if not lost:
                log.warning("camera link lost", camera=self.endpoint, reason=reason, ticket=ticket, row=row)
            lost = True
            await asyncio.sleep(retry_s * random.uniform(0.5, 1.0))  # noqa: S311 (jitter, no secret)
            retry_s = min(2 * retry_s, RETRY_MAX_S)


class _Link:
    """One connection to the camera."""

    def __init__(self, endpoint: str, sock: socket.socket) -> None:
        self._endpoint = endpoint
        self._socket = sock
        self._ahead = b""  # received behind the last header

    @classmethod
    async def open(cls, endpoint: str, address: tuple[str, int]) -> Self:
        loop = asyncio.get_running_loop()
        infos = await loop.getaddrinfo(*address, type=socket.SOCK_STREAM)
        family, kind, protocol, _, found = infos[0]
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            # Between strips only the kernel can find out that the camera is gone.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in (("TCP_KEEPIDLE", 2), ("TCP_KEEPINTVL", 1), ("TCP_KEEPCNT", 3)):
                if hasattr(socket, option):
                    sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
            await loop.sock_connect(sock, found)
        except BaseException:
            sock.close()
            raise
        return cls(endpoint, sock)

    def close(self) -> None:
        self._socket.close()

    async def send(self, message: dict[str, int]) -> None:
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise _DroppedError(str(error)) from error

    async def receive(self, ticket: int, row: int, folder: Path) -> CameraStrip | None:
        """Receive the strip that holds ``row``; its file is complete when this returns. None behind the last strip."""
        header = await self._header(ticket, row)
        if row >= header.total_rows:
            return None
        path = folder / f"{header.index:05d}.rgb"
        await self._payload(path, header.bytes)
        return CameraStrip(
            index=header.index,
            ticket=header.ticket,
            row_start=header.row_start,
            rows=header.rows,
            mm_per_px=header.mm_per_px,
            x_mm=header.x_mm,
            height_px=header.height_px,
            width_px=header.width_px,
            path=path,
            last=header.last,
        )

    async def _header(self, ticket: int, row: int) -> _Header:
        loop = asyncio.get_running_loop()
        line = self._ahead
        while b"\n" not in line:
            if len(line) > HEADER_MAX:
                raise CameraError(f"camera {self._endpoint}: no header line within {HEADER_MAX} bytes")
            try:
                more = await loop.sock_recv(self._socket, HEADER_MAX)
            except OSError as error:
                raise _DroppedError(str(error)) from error
            if not more:
                raise _DroppedError("the camera hung up")
            line += more
        line, _, self._ahead = line.partition(b"\n")
        try:
            header = _Header.model_validate_json(line)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(str(part) for part in first["loc"])
            message = f"{key}: {first['msg']}" if key else first["msg"].removeprefix("Value error, ")
            raise CameraError(f"camera {self._endpoint}: bad strip header: {message}") from error
        if header.ticket != ticket:
            raise CameraError(f"camera {self._endpoint}: asked for ticket {ticket}, got a strip of {header.ticket}")
        if row < header.total_rows and not header.row_start <= row < header.row_start + header.rows:
            rows = f"{header.row_start} to {header.row_start + header.rows - 1}"
            raise CameraError(f"camera {self._endpoint}: asked for row {row}, got rows {rows}")
        return header

    async def _payload(self, path: Path, size: int) -> None:
        """Receive ``size`` bytes into a file, which gets its name when it is complete."""
        part = path.with_suffix(".part")
        try:
            picture = _reserve(part, size)
        except OSError as error:
            raise CameraError(
                f"camera {self._endpoint}: cannot store {size} bytes in {part}: {error.strerror}"
            ) from error
        try:
            with picture, memoryview(picture) as view:
                got = min(len(self._ahead), size)
                view[:got] = self._ahead[:got]
                self._ahead = self._ahead[got:]
                while got < size:
                    got += await self._receive_into(view[got : got + CHUNK])
                    await asyncio.sleep(0)  # as long as data waits, receiving alone would not let others run
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    async def _receive_into(self, rest: memoryview) -> int:
        try:
            async with asyncio.timeout(STALL_TIMEOUT_S):
                count = await asyncio.get_running_loop().sock_recv_into(self._socket, rest)
        except TimeoutError as error:
            raise _DroppedError(f"nothing for {STALL_TIMEOUT_S:g} s in the middle of a strip") from error
        except OSError as error:
            raise _DroppedError(str(error)) from error
        finally:
            rest.release()
        if not count:
            raise _DroppedError("the camera hung up in the middle of a strip")
        return count


def _reserve(path: Path, size: int) -> mmap.mmap:
    """Map a new file of ``size`` bytes whose space is really there: a full disk must be an error here, not a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w+b") as file:
        os.posix_fallocate(file.fileno(), 0, size)
        return mmap.mmap(file.fileno(), size)
