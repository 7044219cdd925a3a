"""The running controller: drivers, supervisors, the RIP queue and the inspection, started and stopped as one."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from controller.alarms import AlarmBook, AlarmDesk
from controller.alarms.own import kinds_of
from controller.book import Book
from controller.desk import Desk
from controller.history import HistoryDesk, Keeping, Recorder, Shelf
from controller.jobs import JobDesk
from controller.lag import LoopLag
from controller.lease import Lease, LeaseLost, leased
from controller.line import Line
from controller.plans import PlanMode
from controller.plans.book import PlanBook
from controller.plans.desk import PlanDesk
from controller.plans.keep import PROCESSES, PlanKeeper
from controller.plans.read import Reader
from controller.prepare import prepare_jobs
from controller.resuming import ResumeDesk
from controller.store import Store
from controller.supervise import Supervisor
from controller.tracing.desk import GoodsDesk
from controller.tracing.trace import TraceDesk
from controller.watch import watch_prints
from controller.workers import Workers
from drivers import Machine, StripCamera, load_profile

WORKERS = 2
"""Worker processes: one to prepare the next job while the other inspects this one."""

PLANNING_NICE = 5
"""Planning takes the processor time that preparing and inspecting leave."""


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
    jobs
        The part of it that is for what is done to jobs: approvals, cuts, splits, repeats.
    resuming
        The part of it that is for a print that stopped.
    alarms
        The part of it that is for alarms.
    goods, tracing
        Those for lots and rolls: recording, and asking where they went.
    plans
        The part of it that is for plans.
    history
        The part of it that is for what machines showed.
    executor
        Where the line's CPU work runs: preparing and inspecting.
    viewing
        Where CPU work for people who look runs, so that nobody waits behind a print: uploads and pictures of layouts.
    planning
        Where plans are made.
    lag
        How late the loop is that all of this runs in.
    """

    line: Line
    machines: dict[str, Machine]
    supervisors: dict[str, Supervisor]
    book: Book
    desk: Desk
    jobs: JobDesk
    resuming: ResumeDesk
    alarms: AlarmDesk
    goods: GoodsDesk
    tracing: TraceDesk
    plans: PlanDesk
    history: HistoryDesk
    executor: Executor
    viewing: Workers
    planning: Workers
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
        *,
        approving: bool = False,
        plan: PlanMode = "first-come",
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
        approving
            Whether every job must be approved before it is printed.
        plan
            How the line uses plans.
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
        book = Book(store, line, folder, planned=plan != "first-come")
        kinds = {name: kinds_of(name, machine.profile) for name, machine in machines.items()}
        async with leased(store, standby) as lease:
            alarms = AlarmBook(store, kinds)
            supervisors = {name: Supervisor(machine, book, alarms, lease) for name, machine in machines.items()}
            executor, viewing = Workers(WORKERS), Workers(1)
            desk = Desk(book, protocols, approving=approving)
            jobs = JobDesk(book, protocols, approving=approving)
            planning = Workers(PROCESSES, "controller.plans.make", PLANNING_NICE)
            reader, plans = Reader(store, line), PlanBook(store)
            profiles = {name: machine.profile for name, machine in machines.items()}
            recorder = Recorder(Shelf(store), profiles, keeping or Keeping())
            controller = cls(
                line, machines, supervisors, book, desk, jobs, ResumeDesk(book), AlarmDesk(alarms), GoodsDesk(book),
                TraceDesk(book), PlanDesk(reader, plans, plan), HistoryDesk(recorder, store, profiles), executor,
                viewing, planning, LoopLag(),
            )  # fmt: skip
            keeper = PlanKeeper(reader, plans, planning, plan)
            background = asyncio.create_task(controller._run(lease, keeper, recorder))
            whole = asyncio.current_task()
            background.add_done_callback(lambda task: task.cancelled() or whole is None or whole.cancel())
            try:
                yield controller
            finally:
                background.cancel()
                try:
                    await _over(background)
                finally:
                    planning.stop()  # a search of some seconds is worth nobody's waiting
                    for workers in (executor, viewing):
                        workers.shutdown(wait=True, cancel_futures=True)

    async def _run(self, lease: Lease, keeper: PlanKeeper, recorder: Recorder) -> None:
        """Run all tasks; when one of them fails, all end and the whole program with them."""
        works = [
            lease.keep(),
            self.lag.watch(),
            *(machine.run() for machine in self.machines.values()),
            *(supervisor.run() for supervisor in self.supervisors.values()),
            recorder.run(self.machines.values()),
            prepare_jobs(self.book, self.executor),
            watch_prints(self.book, StripCamera(self.line.camera), self.executor),
            *([keeper.run()] if self.plans.mode != "first-come" else []),
        ]
        async with asyncio.TaskGroup() as tasks:
            for work in works:
                tasks.create_task(_lasting(work))


async def _lasting(work: Coroutine[Any, Any, object]) -> NoReturn:
    """Do what goes on for ever; that it ends is an error, however it ends.

    A group of tasks overlooks one that was cancelled, and a library may cancel what waits for it: a machine would have
    no supervisor any more, and nobody would know.
    """
    task = asyncio.current_task()
    try:
        await work
    except asyncio.CancelledError:
        if task is not None and task.cancelling():
            raise
    msg = f"{work.__qualname__} has ended, which it must not"
    raise RuntimeError(msg)


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
