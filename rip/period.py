"""A whole period through the hot path into the press file, strip by strip, on all processors."""

import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from rip.hot import Screen, Screener
from rip.packed import Bytes
from rip.pressfile import STRIP_ROWS
from rip.writer import RasterWriter

Fill = Callable[[int, Bytes], object]
"""Fills rows of the period, from the given one on, with uint8 (rows, width, 3 or lanes); called from many threads."""


def screen_period(
    fill: Fill,
    screen: Screen,
    writer: RasterWriter,
    entries: Bytes | None = None,
    *,
    threads: int | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> None:
    """Screen every row of the period and write it; `RasterWriter.finish` is left to the caller.

    Parameters
    ----------
    fill : callable
        Puts colours (rows, width, 3) into its second argument, or, without `entries`, tones (rows, width, lanes).
    screen : Screen
        For the inks and levels of the writer's raster.
    writer : RasterWriter
    entries : uint8 (2**24, lanes), optional
        Tones of every colour.
    threads : int, optional
        As many as processors by default. Each holds a strip of colours and of drops.
    progress : callable, optional
        Called with "screen" and the share of strips done, once a strip; from any thread, one at a time.

    Raises
    ------
    Exception
        What `fill` raises, and OSError if the disk fails; the rest is then left undone.
    """
    plan = writer.plan
    if (plan.inks, plan.bits) != (screen.inks, screen.bits):
        raise ValueError(
            f"a screen of {screen.inks} inks and {screen.bits} bits for a raster of {plan.inks} inks and {plan.bits}"
        )
    strips, done, telling = iter(range(plan.strips)), 0, threading.Lock()

    def tell() -> None:
        nonlocal done
        with telling:
            done += 1
            if progress is not None:
                progress("screen", done / plan.strips)

    def work() -> None:
        screener = Screener(screen)
        pixels = np.empty((STRIP_ROWS, plan.width_px, screen.lanes if entries is None else 3), np.uint8)
        drops = np.empty(plan.inks * STRIP_ROWS * plan.row_bytes, np.uint8)
        for index in strips:
            first, rows = plan.strip(index)
            band = pixels[:rows]
            packed = drops[: plan.inks * rows * plan.row_bytes].reshape(plan.inks, rows, plan.row_bytes)
            fill(first, band)
            if entries is None:
                screener.screen(band, first, packed)
            else:
                screener.screen_rgb(band, entries, first, packed)
            writer.write(first, packed)
            tell()

    count = min(threads or os.cpu_count() or 1, plan.strips)
    with ThreadPoolExecutor(count, "screen") as pool:
        jobs = [pool.submit(work) for _ in range(count)]
        try:
            for job in jobs:
                job.result()
        finally:
            deque(strips, maxlen=0)  # after an error the other threads find nothing left to do
