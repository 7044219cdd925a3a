"""The strip camera behind the press: strips of 4096 rows over TCP, each sent when its rows are printed.

A client asks by one JSON line ``{"ticket": N, "from_row": R}``; for each strip it gets a JSON line and raw RGB rows,
and answers ``{"ack": row_end}``; at most two strips are on their way. Strips lie on a grid that begins at the ticket's
first row, so the first one is the strip that holds ``from_row``; a request behind the end gets the last strip again.
A ticket that another one has followed ends where it was printed to. A new line asks anew.
"""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from simulators.cloth import Cloth
from simulators.imaging import CELL, MARGIN_ROWS, Eye, Sight, render
from simulators.press import STRIP_ROWS, PressWork

__all__ = ["StripCamera"]

UNACKNOWLEDGED = 2
POLL_S = 0.02
CHUNK = 1 << 18
SHORTEST_STRIP = 256
"""Rows; a shorter rest at the end is part of the strip before it."""
LONGEST_LINE = 4096


class StripCamera:
    """Serves the strips of the ticket the press has in work, and of those it had; another waits until it has it."""

    def __init__(self, press: PressWork, cloth: Callable[[], Cloth], host: str, port: int) -> None:
        self._press, self._cloth, self._host, self._port = press, cloth, host, port
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._accept, self._host, self._port, limit=LONGEST_LINE)

    async def stop(self) -> None:
        """Close all connections."""
        if self._server is not None:
            self._server.close()
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ValueError, KeyError, TypeError):
            pass  # the client went away or does not speak the protocol: hang up
        finally:
            self._clients.discard(task)
            if not self._clients:
                self._press.camera_saw(None)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sender: asyncio.Task[None] | None = None
        acknowledged: asyncio.Queue[int] = asyncio.Queue()
        try:
            while line := await reader.readline():
                message = json.loads(line)
                if "ack" in message:
                    acknowledged.put_nowait(int(message["ack"]))
                    continue
                await _cancel(sender)
                acknowledged = asyncio.Queue()
                ticket, from_row = int(message["ticket"]), int(message["from_row"])
                sender = asyncio.create_task(self._send(writer, ticket, max(from_row, 0), acknowledged))
        finally:
            await _cancel(sender)

    async def _send(
        self, writer: asyncio.StreamWriter, ticket: int, from_row: int, acknowledged: asyncio.Queue[int]
    ) -> None:
        unacknowledged, last = 0, False
        while not last:
            while unacknowledged >= UNACKNOWLEDGED or not acknowledged.empty():
                await acknowledged.get()
                unacknowledged -= 1
            header, pixels = await self._strip(ticket, from_row)
            writer.write(json.dumps(header).encode() + b"\n")
            for start in range(0, len(pixels), CHUNK):
                writer.write(pixels[start : start + CHUNK])
                await writer.drain()
            from_row, last, unacknowledged = header["row_start"] + header["rows"], header["last"], unacknowledged + 1
            self._press.camera_saw(from_row)

    async def _strip(self, ticket: int, from_row: int) -> tuple[dict[str, Any], memoryview]:
        """Wait until a strip is printed and render it in a thread, so that all servers go on answering."""
        while (place := self._place(ticket, from_row)) is None:  # noqa: ASYNC110 (looks at the plant's clock)
            await asyncio.sleep(POLL_S)
        view, index, row_start, row_end, total_rows = place
        height = (row_end - row_start) // CELL
        cloth = self._cloth()
        sight = Sight(self._press.printed(ticket), cloth, self._press.first_row(ticket, cloth))
        picture = await asyncio.to_thread(render, view, sight, ticket=ticket, row_start=row_start, height_px=height)
        header = {
            "index": index,
            "ticket": ticket,
            "row_start": row_start,
            "rows": row_end - row_start,
            "total_rows": total_rows,
            "mm_per_px": view.mm_per_px,
            "x_mm": 0.0,
            "height_px": height,
            "width_px": view.width_px,
            "bytes": picture.nbytes,
            "last": row_end >= total_rows,
        }
        return header, picture.data.cast("B")

    def _place(self, ticket: int, from_row: int) -> tuple[Eye, int, int, int, int] | None:
        """View, index, first row, end and total of the strip that holds a row, or None while it is not printed."""
        state = self._press.camera_rows(ticket)
        if state is None:
            return None
        begin, end = state.start_row // CELL * CELL, state.end_row
        strips = max((end - begin + STRIP_ROWS - SHORTEST_STRIP) // STRIP_ROWS, 1)
        index = min(max(from_row - begin, 0) // STRIP_ROWS, strips - 1)
        row_start = begin + index * STRIP_ROWS
        row_end = end if index == strips - 1 else row_start + STRIP_ROWS
        # the rows that follow shine in through the camera's blur and the encoder's shift
        if state.row >= min(row_end + MARGIN_ROWS, end):
            return state.view, index, row_start, row_end, end
        self._press.camera_saw(row_start)
        return None


async def _cancel(task: asyncio.Task[None] | None) -> None:
    if task is not None:
        task.cancel()
        with suppress(asyncio.CancelledError, ConnectionError):
            await task
