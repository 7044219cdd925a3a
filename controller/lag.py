"""How late the loop that controls machines is: what waits behind page serving would show here."""

import asyncio
from bisect import bisect_left

EVERY_S = 0.02
"""How often it is looked at."""

BOUNDS_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Upper bounds of the counts; the last count is of all that was later."""


class LoopLag:
    """Counts of how much later than asked for the loop came back to a waiting task.

    Attributes
    ----------
    counts
        Looks by `BOUNDS_S`, one more than these.
    total_s
        Sum of all lags, s.
    """

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.total_s = 0.0

    async def watch(self) -> None:
        """Look until cancelled."""
        clock = asyncio.get_running_loop().time
        while True:
            due = clock() + EVERY_S
            await asyncio.sleep(EVERY_S)
            lag_s = max(clock() - due, 0.0)
            self.counts[bisect_left(BOUNDS_S, lag_s)] += 1
            self.total_s += lag_s
