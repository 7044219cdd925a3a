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
            # not wait_for: in Python 3.11 that loses a cancellation which comes together with the news
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._moved.wait()
        return self.version
