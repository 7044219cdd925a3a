"""Worker processes behind the one interface the controller knows: `concurrent.futures.Executor`."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from multiprocessing.synchronize import Event
from typing import Any

import cv2


class Workers(Executor):
    """A pool of processes that is made anew when one of them dies, and that ends when this process ends.

    A task that was running in a process that died fails with `BrokenProcessPool`; whoever gave it may give it again.

    Parameters
    ----------
    count
        Number of processes.
    room
        What their tasks are made of, loaded before the first one.
    nice
        By how much others come first: 0 to 19, as `os.nice`.
    """

    def __init__(self, count: int, room: str = "controller.work", nice: int = 0) -> None:
        for name in ONE_THREAD:  # inherited by the processes; this one has loaded its libraries long ago
            os.environ.setdefault(name, "1")
        self._count, self._room, self._nice = count, room, nice
        self._spawn = multiprocessing.get_context("spawn")
        self._stopped = self._spawn.Event()
        self._pool = self._new_pool()

    def begin(self) -> None:
        """Start a process now, if all that there are have work, so that the next task does not wait for that."""
        self._pool.submit(os.getpid)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run `fn(*args, **kwargs)` in a worker process."""
        try:
            return self._pool.submit(fn, *args, **kwargs)
        except BrokenProcessPool:
            self._pool = self._new_pool()
            return self._pool.submit(fn, *args, **kwargs)

    def stop(self) -> None:
        """End the processes now, whatever they are at; nothing can be submitted afterwards."""
        self._stopped.set()
        self.shutdown(wait=True, cancel_futures=True)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End the processes."""
        self._pool.shutdown(wait=wait, cancel_futures=cancel_futures)

    def _new_pool(self) -> ProcessPoolExecutor:
        begun = self._room, self._nice, self._stopped
        return ProcessPoolExecutor(self._count, self._spawn, _begin, begun)


ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""What numerical libraries read when they load: with a process for every core, threads within one only wait for each
other (a strip took 1.9 s of processor time with them, 1.5 s without)."""


def _begin(room: str, nice: int, stopped: Event) -> None:
    os.nice(nice)
    cv2.setNumThreads(1)
    _end_with_parent(stopped)
    import_module(room)


def _end_with_parent(stopped: Event) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole process group; the pool's owner ends us
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()
    threading.Thread(target=lambda: (stopped.wait(), os._exit(0)), daemon=True).start()
