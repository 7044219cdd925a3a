"""Troubles that pass by themselves: a database that cannot be used and a full disk. Whoever meets one tries again."""

import asyncio
import errno
from collections.abc import Awaitable, Callable
from typing import NoReturn

import structlog
from sqlalchemy.exc import InterfaceError, OperationalError

log = structlog.get_logger(__name__)

CUT_OFF = (OperationalError, InterfaceError)
"""What a database that is locked, full, read-only or gone raises; all else that it raises is a mistake of ours."""

AGAIN_S = 2.0
"""The pause before the next try."""


def passing(error: Exception) -> str | None:
    """Say which trouble an error is; None: it does not pass by itself."""
    if isinstance(error, CUT_OFF):
        return f"nothing can be written down: {error.orig}"
    full = isinstance(error, OSError) and error.errno == errno.ENOSPC
    return "the disk is full" if full else None


async def in_turns(turn: Callable[[], Awaitable[object]], task: str) -> NoReturn:
    """Take one turn after the other until cancelled; one that met such a trouble is taken again after a pause."""
    while True:
        try:
            await turn()
        except (*CUT_OFF, OSError) as error:
            if (why := passing(error)) is None:
                raise
            log.error("tried again", task=task, why=why)
            await asyncio.sleep(AGAIN_S)
