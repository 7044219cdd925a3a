"""The task that keeps a proposal at hand: anew after any change, better with time, never worse."""

import asyncio
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace

import structlog

from controller.passing import in_turns
from controller.plans.book import PlanBook
from controller.plans.content import Content
from controller.plans.make import Request, make, names
from controller.plans.read import Reader
from controller.plans.situation import Situation
from controller.plans.tables import PlanMode
from controller.tables import now
from controller.workers import Workers

log = structlog.get_logger(__name__)

PROCESSES = 2
"""The first proposal after a change does not wait for a search that nobody wants any more."""

ROUNDS_S = (2.0, 4.0, 8.0)
"""Searches after the first proposal, each longer than the one before; later ones find little more."""

WORTH_OPERATIONS = 20
"""With fewer operations the first search has tried all that is worth trying."""

AGAIN_S = 60.0
"""How often the times of a proposal are set anew while nothing changes but the time."""

SETTLE_S = 0.2
"""Changes that come together are planned together."""

BROKEN_S = 1.0
"""The pause after a planning process ended by itself: it may end again."""

BY = "controller"
"""Who releases in automatic mode."""


class PlanKeeper:
    """Plans beside the loop.

    Parameters
    ----------
    reader, book
        Where situations come from, and where proposals go.
    workers
        `PROCESSES` of them.
    mode
        Whether the newest proposal is released at once.
    """

    def __init__(self, reader: Reader, book: PlanBook, workers: Workers, mode: PlanMode) -> None:
        self._reader, self._book, self._workers = reader, book, workers
        self._release_by = BY if mode == "automatic" else ""
        self._known: Situation | None = None
        self._searching: asyncio.Task[Content] | None = None

    async def run(self) -> None:
        """Plan until cancelled."""
        try:
            await in_turns(self._turn, "planning")
        finally:
            if self._searching is not None:
                self._searching.cancel()
                await asyncio.gather(self._searching, return_exceptions=True)

    async def _turn(self) -> None:
        """Propose for what there is now, then make it better until something changes."""
        situation = await asyncio.to_thread(self._reader.situation)
        request = await asyncio.to_thread(self._request, situation)
        changed = asyncio.create_task(self._changed(situation))
        try:
            content = await self._made(request)
            await self._keep(content, situation)
            again, self._known = situation == self._known, situation
            if not again and situation.open:
                await self._better(request, content, changed)
            await changed
        except BrokenProcessPool:
            log.warning("a planning process ended; it is planned again")
            self._known = None
            await asyncio.sleep(BROKEN_S)
        finally:
            changed.cancel()
            await asyncio.gather(changed, return_exceptions=True)

    def _request(self, situation: Situation) -> Request:
        newest, (released, _, _) = self._book.newest(), self._book.released()
        return Request(situation, now(), names(newest.proposal) if newest else {}, names(released),
                       seconds=0.0 if situation == self._known else None)  # fmt: skip

    async def _better(self, request: Request, content: Content, changed: asyncio.Task[None]) -> None:
        if len(content.proposal.slots) < WORTH_OPERATIONS:
            return
        for seed, seconds in enumerate(ROUNDS_S, start=1):
            if content.best or content.trouble:
                return
            if self._searching is not None:  # of a situation that is no more
                await asyncio.wait([self._searching, changed], return_when=asyncio.FIRST_COMPLETED)
                if self._searching.done():
                    self._searching.exception()  # seen, as nobody asks for its result any more
            if changed.done():
                return
            further = replace(request, before=names(content.proposal), seconds=seconds, seed=seed)
            self._searching = asyncio.create_task(self._made(further))
            await asyncio.wait([self._searching, changed], return_when=asyncio.FIRST_COMPLETED)
            if not self._searching.done():
                return
            found, self._searching = self._searching.result(), None
            if found.proposal.points < content.proposal.points:
                await self._keep(found, request.situation)
            content = found

    async def _made(self, request: Request) -> Content:
        loop = asyncio.get_running_loop()
        where = self._workers if request.situation.open else None  # without a choice it takes no time
        try:
            made = loop.run_in_executor(where, make, request)
            if request.seconds:  # a search: a change meanwhile should not wait for a process to start
                self._workers.begin()
            return await made
        except (ValueError, LookupError, ArithmeticError) as error:  # a plan that cannot be made never stops the line
            log.error("planning failed", error=repr(error))
            return Content(made_at=request.start, left_out=request.situation.left_out,
                           trouble=f"planning failed: {error}")  # fmt: skip

    async def _keep(self, content: Content, situation: Situation) -> None:
        written = await asyncio.to_thread(self._book.written, content, situation)
        self._book.propose(written, self._release_by)
        if content.trouble:
            log.warning("cannot be planned", why=content.trouble)

    async def _changed(self, situation: Situation) -> None:
        """Return when there is something else to plan, or it is time to set the times anew."""
        feed, loop = self._book.store.feed, asyncio.get_running_loop()
        until, released_at, looked_at = loop.time() + AGAIN_S, self._book.released_at(), -1
        while (left_s := until - loop.time()) > 0:
            seen = feed.version
            # whatever changes a situation is told by the journal; metres are not, and they move twice a second
            line = await asyncio.to_thread(self._reader.last_line)
            if line != looked_at and await asyncio.to_thread(self._reader.situation) != situation:
                return
            looked_at = line
            if not self._release_by and self._book.released_at() != released_at:
                return  # what the line comes to without the proposal is another now
            await feed.wait(seen, left_s)
            await asyncio.sleep(SETTLE_S)
