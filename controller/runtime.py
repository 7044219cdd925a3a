"""The running controller: drivers, supervisors, the RIP queue and the inspection, started and stopped as one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from controller.alarms import AlarmBook, AlarmDesk
from controller.alarms.own import kinds_of
from controller.book import Book
from controller.desk import Desk
from controller.history import HistoryDesk, Keeping, Recorder, Shelf
from controller.lag import LoopLag
from controller.lease import Lease, LeaseLost, leased
from controller.line import Line
from controller.prepare import prepare_jobs
from controller.store import Store
from controller.supervise import Supervisor
from controller.watch import watch_prints
from controller.workers import Workers
from drivers import Machine, StripCamera, load_profile

WORKERS = 2
"""Worker processes: one to prepare the next job while the other inspects this one."""


@dataclass(frozen=True)
class Controller:
    """What runs the line.

    Attributes
    ----------
    line
        Its description.
    machines
        The drivers by machine name.
    supervisors
        The supervising tasks' state by machine name.
    book
        What is written about jobs; for the controller's own use.
    desk
        The door for people and programs.
    alarms
        The part of it that is for alarms.
    history
        The part of it that is for what machines showed.
    executor
        Where the line's CPU work runs: preparing and inspecting.
    viewing
        Where CPU work for people who look runs, so that nobody waits behind a print: uploads and pictures of layouts.
    lag
        How late the loop is that all of this runs in.
    """

    line: Line
    machines: dict[str, Machine]
    supervisors: dict[str, Supervisor]
    book: Book
    desk: Desk
    alarms: AlarmDesk
    history: HistoryDesk
    executor: Executor
    viewing: Workers
    lag: LoopLag

    @classmethod
    @contextlib.asynccontextmanager
    async def running(
        cls,
        line: Line,
        store: Store,
        folder: Path,
        secrets: Path | None = None,
        standby: Callable[[str], None] | None = None,
        keeping: Keeping | None = None,
    ) -> AsyncIterator["Controller"]:
        """Run a line until the block ends, as the only controller of its database.

        Parameters
        ----------
        line
            Its machines.
        store
            The database.
        folder
            Rasters, pictures and certificates are kept below it.
        secrets
            Folder with the machines' passwords; `secrets` below `folder` if left out.
        standby
            Waits while another controller commands the line, and is told once which; None: that is an error.
        keeping
            For how long what machines show is kept; None: as by default.

        Raises
        ------
        drivers.ProfileError
            A device profile cannot be used.
        LineTaken
            Another controller commands the line.
        LeaseLost
            Another one has taken it meanwhile, as this one stood still too long.
        controller.line.LineError
            A profile calls an alarm like one of the controller's own.
        """
        machines = {
            spec.name: Machine(spec.name, load_profile(spec.profile), spec.endpoint, spec.access(folder, secrets))
            for spec in line.machines
        }
        protocols = {name: machine.profile.protocol for name, machine in machines.items()}
        book = Book(store, line, folder)
        kinds = {name: kinds_of(name, machine.profile) for name, machine in machines.items()}
        async with leased(store, standby) as lease:
            alarms = AlarmBook(store, kinds)
            supervisors = {name: Supervisor(machine, book, alarms, lease) for name, machine in machines.items()}
            executor, viewing = Workers(WORKERS), Workers(1)
            profiles = {name: machine.profile for name, machine in machines.items()}
            recorder = Recorder(Shelf(store), profiles, keeping or Keeping())
            controller = cls(line, machines, supervisors, book, Desk(book, protocols), AlarmDesk(alarms),
                             HistoryDesk(recorder, store, profiles), executor, viewing, LoopLag())  # fmt: skip
            background = asyncio.create_task(controller._run(lease, recorder))
            whole = asyncio.current_task()
            background.add_done_callback(lambda task: task.cancelled() or whole is None or whole.cancel())
            try:
                yield controller
            finally:
                background.cancel()
                try:
                    await _over(background)
                finally:
                    for workers in (executor, viewing):
                        workers.shutdown(wait=True, cancel_futures=True)

    async def _run(self, lease: Lease, recorder: Recorder) -> None:
        """Run all tasks; when one of them fails, all end and the whole program with them."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(lease.keep())
            tasks.create_task(self.lag.watch())
            for machine in self.machines.values():
                tasks.create_task(machine.run())
            for supervisor in self.supervisors.values():
                tasks.create_task(supervisor.run())
            tasks.create_task(recorder.run(self.machines.values()))
            tasks.create_task(prepare_jobs(self.book, self.executor))
            tasks.create_task(watch_prints(self.book, StripCamera(self.line.camera), self.executor))


async def _over(background: asyncio.Task[None]) -> None:
    """Wait for the end of the tasks; a lost lease is one error, whichever of them met it first."""
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await background
    except BaseExceptionGroup as group:
        lost: BaseException | None = group.subgroup(LeaseLost)
        while isinstance(lost, BaseExceptionGroup):
            lost = lost.exceptions[0]
        raise lost or group from None
