"""What the supervisor is about to do is in the journal, on the disk, before the machine hears of it."""

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from controller import Store, control_recipe, load_line
from controller.book import Book
from controller.supervise import Supervisor
from controller.tables import Job
from controller.work import Prepared
from drivers import Link, Machine, Quality, Snapshot, State, Tag, Verb


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


def test_a_command_is_on_the_disk_before_it_is_given(tmp_path: Path) -> None:
    async def run() -> tuple[Verb, list[tuple[str, str]]]:
        store, line = Store.in_folder(tmp_path), load_line()
        book = Book(store, line, tmp_path)
        control = control_recipe("silk-twill").model_dump(mode="json")
        job = book.add_job("anna", Job(title="t", fabric="silk-twill", control_recipe=control, length_m=1.0),
                           {machine.name: "opcua" for machine in line.machines})  # fmt: skip
        book.preparing(job.id or 0)
        book.prepared(job.id or 0, Prepared(tmp_path / "raster", "ab" * 32, 100, 0.042, {}, {}))
        machine = Aborted(tmp_path / "foulard.db")
        supervising = asyncio.create_task(Supervisor(cast("Machine", machine), book).run())
        told = await machine.told
        supervising.cancel()
        await asyncio.gather(supervising, return_exceptions=True)
        store.close()
        return told

    verb, lines = asyncio.run(run())
    assert verb is Verb.CLEAR
    assert [kind for kind, _ in lines] == ["link", "state", "alarm", "command"]
    assert lines[-1][1] == '{"verb": "clear"}'
