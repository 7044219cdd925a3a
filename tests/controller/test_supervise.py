"""What the supervisor is about to do is in the journal, on the disk, before the machine hears of it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from controller import Store, control_recipe, journal, load_line
from controller.alarms import AlarmBook
from controller.alarms.own import kinds_of
from controller.book import Book
from controller.lease import leased
from controller.supervise import Supervisor
from controller.tables import Job
from controller.work import Prepared
from drivers import Link, Machine, Quality, Snapshot, State, Tag, Verb, load_profile


class Aborted:
    """A padder that was aborted: it is to be cleared. When told so, it reads the journal on a connection of its own."""

    name, lost_why = "padder", ""

    def __init__(self, database: Path) -> None:
        self.database = database
        self.told: asyncio.Future[tuple[Verb, list[tuple[str, str]]]] = asyncio.get_running_loop().create_future()

    def snapshot(self) -> Snapshot:
        at = datetime.now(UTC)
        values = {"state": int(State.ABORTED), "remote": True, "active_ticket": 0, "metres": 0.0}
        tags = {name: Tag(value, "", Quality.GOOD, at) for name, value in values.items()}
        return Snapshot("padder", at, Link.CONNECTED, tags, alarms={"web_break": True})

    async def changed(self, _snapshot: Snapshot, _timeout_s: float) -> Snapshot:
        await asyncio.sleep(0)  # others have their turn
        return self.snapshot()

    async def command(self, verb: Verb) -> None:
        connection = sqlite3.connect(self.database)
        lines = connection.execute("SELECT kind, payload FROM event WHERE machine = 'padder' ORDER BY seq").fetchall()
        connection.close()
        if not self.told.done():
            self.told.set_result((verb, lines))


@asynccontextmanager
async def supervised(
    folder: Path, before: Callable[[Store], None] = lambda _: None
) -> AsyncIterator[tuple[Aborted, Supervisor]]:
    """A job whose first machine was aborted, and its supervisor at work."""
    store, line = Store.in_folder(folder), load_line()
    book = Book(store, line, folder)
    control = control_recipe("silk-twill").model_dump(mode="json")
    job = book.add_job("anna", Job(title="t", fabric="silk-twill", control_recipe=control, length_m=1.0),
                       {machine.name: "opcua" for machine in line.machines})  # fmt: skip
    book.preparing(job.id or 0)
    book.prepared(job.id or 0, Prepared(folder / "raster", "ab" * 32, 100, 0.042, {}, {}))
    machine = Aborted(folder / "foulard.db")
    async with leased(store) as lease:
        before(store)
        alarms = AlarmBook(store, {"padder": kinds_of("padder", load_profile("padder-stenter"))})
        supervisor = Supervisor(cast("Machine", machine), book, alarms, lease)
        async with asyncio.TaskGroup() as tasks:
            at_work = [tasks.create_task(lease.keep()), tasks.create_task(supervisor.run())]
            yield machine, supervisor
            for task in at_work:
                task.cancel()
    store.close()


def test_a_command_is_on_the_disk_before_it_is_given(tmp_path: Path) -> None:
    async def run() -> tuple[Verb, list[tuple[str, str]]]:
        async with supervised(tmp_path) as (machine, _):
            return await machine.told

    verb, lines = asyncio.run(run())
    assert verb is Verb.CLEAR
    assert [kind for kind, _ in lines] == ["link", "state", "alarm", "alarms suppressed", "command"]
    assert lines[-1][1] == '{"verb": "clear"}'


def test_nothing_is_commanded_while_the_disk_is_full_and_it_goes_on_afterwards(tmp_path: Path) -> None:
    """The database may not grow, and there is no room left in it: SQLite says what it says on a full disk."""
    most = [1]

    def limit(connection: Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {most[0]}")

    def note(store: Store, size: int) -> None:
        while True:
            with store.write() as session:
                journal.append(session, actor="filler", kind="filler", payload={"": "x" * size})

    def fill(store: Store) -> None:
        event.listen(store.engine, "begin", limit)
        for size in (3000, 0):
            with pytest.raises(OperationalError, match="full"):
                note(store, size)

    async def run() -> tuple[Verb, list[tuple[str, str]]]:
        async with supervised(tmp_path, fill) as (machine, supervisor):
            while "nothing can be written down: database or disk is full" not in supervisor.waiting:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            assert not machine.told.done()
            most[0] = 1 << 30
            return await machine.told

    verb, lines = asyncio.run(run())
    assert verb is Verb.CLEAR
    assert [kind for kind, _ in lines] == ["link", "state", "alarm", "alarms suppressed", "command"], (
        "each written once"
    )
