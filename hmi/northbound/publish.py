"""Runs the line's server beside the controller, if the settings ask for it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from controller import Actor, Conflict, Controller, Want
from controller.book import ACTS
from controller.states import RULES
from hmi.accounts import Accounts
from hmi.northbound.server import LineServer
from hmi.northbound.state import READER, Figures, figures_of, line_state
from hmi.settings import Settings

__all__ = ["northbound"]

PUSH_S = 0.5
"""States are handed over twice a second."""

COUNT_S = 5.0
"""Figures over all jobs are counted in a thread, at most so often, and only after something changed."""


@contextlib.asynccontextmanager
async def northbound(settings: Settings, controller: Controller, accounts: Accounts) -> AsyncIterator[str | None]:
    """Serve the line for the length of the block.

    Yields
    ------
    str or None
        The endpoint; None if the settings do not ask for a server (``FOULARD_OPCUA_PORT``).

    Raises
    ------
    CannotStart
        If it cannot listen.
    """
    if settings.opcua_port is None:
        yield None
        return

    async def act(actor: Actor, machine: str, want: Want) -> None:
        planned = controller.book.intent(machine)
        if planned is None:
            raise Conflict(f"the {machine} has no job now")
        operation, intent = planned
        if intent.want is want:  # a variable takes the value it has
            actor.require(RULES[ACTS[want]].permission)
        else:
            controller.desk.want(actor, operation.job_id, want)

    async with LineServer(
        controller.line.title,
        {name: machine.profile for name, machine in controller.machines.items()},
        host=settings.opcua_host,
        port=settings.opcua_port,
        folder=settings.data / "opcua",
        accounts=accounts,
        anonymous=settings.opcua_anonymous,
        writable=settings.opcua_writable,
        act=act,
    ) as server:
        pushing = asyncio.create_task(_push(controller, server))
        try:
            yield server.endpoint
        finally:
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)


async def _push(controller: Controller, server: LineServer) -> None:
    loop = asyncio.get_running_loop()
    figures, version, counted_at = Figures(), -1, -COUNT_S
    while True:
        if version != controller.book.store.feed.version and loop.time() - counted_at >= COUNT_S:
            version, counted_at = controller.book.store.feed.version, loop.time()
            figures = figures_of(await asyncio.to_thread(controller.desk.jobs, READER))
        server.show(line_state(controller, figures))
        await asyncio.sleep(PUSH_S)
