"""News of changes: a counter that moves with every commit and wakes those who wait."""

import asyncio
import contextlib


class Feed:
    """A version number and a way to wait for the next one. Used from one event loop."""

    def __init__(self) -> None:
        self.version = 0
        self._moved = asyncio.Event()

    def moved(self) -> None:
        """Something changed."""
        self.version += 1
        self._moved.set()
        self._moved = asyncio.Event()

    async def wait(self, after: int, timeout_s: float) -> int:
        """Return the version once it is later than `after`, or after `timeout_s` seconds as it then is."""
        if self.version == after:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), timeout_s)
        return self.version
