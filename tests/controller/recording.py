"""A recorder of a press on a database of its own, for the historian's tests."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from controller import Actor, Store
from controller.history import HistoryDesk, Keeping, Recorder, Shelf
from controller.history.sample import HOUR_S, Sample
from drivers import Link, Quality, Snapshot, Tag, load_profile
from drivers.registers import TagValue

VIEWER = Actor("Vera", "viewer")
PROFILES = {"press": load_profile("press")}
HOUR = int(datetime.now(UTC).timestamp()) // HOUR_S - 30
BEGIN = HOUR * HOUR_S
"""A full hour of yesterday: curves ask the clock what is kept still."""


def at(second: float) -> datetime:
    """A time of that hour."""
    return datetime.fromtimestamp(BEGIN + second, UTC)


def snapshot(quality: Quality = Quality.GOOD, **values: TagValue) -> Snapshot:
    """A press that shows some tags."""
    shown = {name: Tag(value, "", quality, at(0)) for name, value in values.items()}
    return Snapshot("press", at(0), Link.CONNECTED, shown)


class History:
    """A recorder with its desk, on a database of its own, and a clock of its own."""

    def __init__(
        self, folder: Path, keeping: Keeping | None = None, most_unwritten: int = 10**6, unseen_s: int = 10**6
    ) -> None:
        self.store = Store.in_folder(folder)
        self.recorder = Recorder(Shelf(self.store), PROFILES, keeping or Keeping(), most_unwritten, unseen_s)
        self.recorder.resume()
        self.desk = HistoryDesk(self.recorder, self.store, PROFILES)

    def take(self, second: float, quality: Quality = Quality.GOOD, **values: float | str | bool) -> None:
        self.recorder.take(snapshot(quality, **values), BEGIN + int(second))

    def write(self, second: float) -> None:
        asyncio.run(self.recorder.write(BEGIN + int(second)))

    def kept(self, name: str = "metres", first: float = 0, last: float = 400 * HOUR_S) -> list[Sample]:
        pieces = self.desk.samples(VIEWER, "press", [name], at(first), at(last))
        return [sample._replace(second=sample.second - BEGIN) for _, piece in pieces for sample in piece]
