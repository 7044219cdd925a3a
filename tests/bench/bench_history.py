"""The historian against one plain INSERT for each sample, both with an fsync every five seconds; curves of 90 days.

Run: ``python tests/bench/bench_history.py``; prints JSON. Four machines show an hour in which every number that has a
deadband wanders by half of it each second, counters count and all else stands still. The data lies in the working
directory, so that the figures are those of its disk.
"""

import asyncio
import json
import math
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]
from sqlalchemy import text  # noqa: E402

from controller import Actor, Store  # noqa: E402
from controller.history import HistoryDesk, Keeping, Recorder, Shelf  # noqa: E402
from controller.history.sample import HOUR_S, Sample, recorded  # noqa: E402
from controller.lag import BOUNDS_S, LoopLag  # noqa: E402
from controller.tables import Order  # noqa: E402
from drivers import Link, Profile, Quality, Snapshot, Tag, load_profile  # noqa: E402
from hmi.history_api import csv_lines  # noqa: E402

STATIONS = {"padder": "padder-stenter", "press": "press", "steamer": "loop-steamer", "washer": "open-width-washer"}
WRITE_S = 5
QUIET_S = 2.0
DAYS = 90
TABLE = (
    "CREATE TABLE sample (tag INTEGER, second INTEGER, value REAL, quality INTEGER, PRIMARY KEY (tag, second)) "
    "WITHOUT ROWID"
)
SHOWN = ("press", "head_temp_c")
VIEWER = Actor("bench", "viewer")


class Station:
    """A machine whose values wander."""

    def __init__(self, name: str, profile: Profile, seed: int) -> None:
        self.name, self._profile, self._random = name, profile, random.Random(seed)
        self._values = {tag.name: self._first(tag.low, tag.high) for tag in profile.tag_list if tag.is_number}

    def show(self, second: int) -> Snapshot:
        """All tags, a second later."""
        at = datetime.fromtimestamp(second, UTC)
        tags = {}
        for tag in self._profile.tag_list:
            value: float | str | bool = self._values.get(tag.name, "" if tag.type == "string" else True)
            if tag.deadband:
                counts = tag.high is None or tag.name in ("metres", "plant_s")
                step = tag.deadband if counts else self._random.gauss(0, tag.deadband / 2)
                value = self._values[tag.name] = self._values[tag.name] + step
            tags[tag.name] = Tag(value, tag.unit, Quality.GOOD, at)
        return Snapshot(self.name, at, Link.CONNECTED, tags)

    @staticmethod
    def _first(low: float | None, high: float | None) -> float:
        return ((low or 0.0) + high) / 2 if high is not None and high < 1e5 else 0.0


async def bench(folder: Path) -> dict[str, Any]:
    """Record an hour, pack it, and look at it."""
    profiles = {name: load_profile(profile) for name, profile in STATIONS.items()}
    stations = [Station(name, profile, number) for number, (name, profile) in enumerate(profiles.items())]
    begin = (int(time.time()) // HOUR_S - DAYS * 24 + 1) * HOUR_S
    store = Store.in_folder(folder / "ours")
    recorder = Recorder(Shelf(store), profiles, Keeping())
    plain = sqlite3.connect(folder / "plain.db", isolation_level=None)
    plain.execute("PRAGMA journal_mode=WAL")
    plain.execute("PRAGMA synchronous=FULL")
    plain.execute(TABLE)
    looks, ours, peer, samples = list[float](), list[float](), list[float](), 0
    for second in range(begin, begin + HOUR_S):
        shown = [station.show(second) for station in stations]
        with timed(looks):
            for snapshot in shown:
                recorder.take(snapshot, second)
        if second % WRITE_S == WRITE_S - 1:
            unwritten = list(recorder.unwritten)
            samples += len(unwritten)
            with timed(ours):
                await recorder.write(second)
            with timed(peer):
                insert(plain, unwritten)
    again = list[float]()
    with timed(again):
        Recorder(Shelf(store), profiles, Keeping()).resume()
    packing, quiet, busy = list[float](), Loop(store), Loop(store)
    async with quiet:
        await asyncio.sleep(QUIET_S)
    async with busy:
        with timed(packing):
            await recorder.write(begin + HOUR_S)
        exported = await asyncio.to_thread(export, HistoryDesk(recorder, store, profiles), begin)
    plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    plain.close()
    with store.read() as session:
        packed = session.scalar(text("SELECT sum(length(data)) FROM history_block"))
    found = {
        "tags": sum(len(recorded(profile)) for profile in profiles.values()),
        "samples_in_the_hour": samples,
        "look_ms_mean": mean_ms(looks),
        "look_ms_p99": share_ms(looks, 0.99),
        "write_ms_p50": share_ms(ours, 0.5),
        "write_ms_p99": share_ms(ours, 0.99),
        "plain_write_ms_p50": share_ms(peer, 0.5),
        "write_ratio": round(sum(ours) / sum(peer), 2),
        "pack_hour_s": round(packing[0], 2),
        "exported_samples": exported,
        "loop_lag_ms_p95": busy.lag_ms(0.95),
        "quiet_lag_ms_p95": quiet.lag_ms(0.95),
        "loop_write_ms_p95": share_ms(busy.writes, 0.95),
        "quiet_write_ms_p95": share_ms(quiet.writes, 0.95),
        "load_hour_s": round(again[0], 2),
        "bytes_per_sample": round(packed / samples, 2),
        "plain_bytes_per_sample": round((folder / "plain.db").stat().st_size / samples, 2),
        "gb_90_such_days": round(packed * 24 * DAYS / 1e9, 2),
    }
    found["bytes_ratio"] = round(found["bytes_per_sample"] / found["plain_bytes_per_sample"], 3)
    found |= curves(store, HistoryDesk(recorder, store, profiles), recorder.numbers[SHOWN], begin)
    store.close()
    return found


class Loop:
    """What the control loop feels for the length of a block: its lag, and how long its own small writes take."""

    def __init__(self, store: Store) -> None:
        self._store, self._lag, self.writes = store, LoopLag(), list[float]()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> None:
        self._tasks = [asyncio.create_task(self._lag.watch()), asyncio.create_task(self._write())]

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _write(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            with timed(self.writes), self._store.write() as session:
                session.add(Order(title="", created_by="bench"))

    def lag_ms(self, part: float) -> float:
        """The bound, ms, that this part of all looks at the loop stayed below."""
        seen = 0
        for bound, count in zip((*BOUNDS_S, math.inf), self._lag.counts, strict=True):
            seen += count
            if seen >= part * sum(self._lag.counts):
                return bound * 1000
        return math.inf


def export(desk: HistoryDesk, begin: int) -> int:
    """Write the hour of the press as CSV, as the API does; returns the samples."""
    names = [one.spec.name for one in desk.tags(VIEWER) if one.machine == "press"]
    moments = (datetime.fromtimestamp(second, UTC) for second in (begin, begin + HOUR_S))
    return sum(lines.count("\n") for lines in csv_lines(desk.samples(VIEWER, "press", names, *moments))) - 1


def curves(store: Store, desk: HistoryDesk, number: int, begin: int) -> dict[str, float]:
    """Repeat the hour of one tag for 90 days and look at it."""
    hours = ", ".join(f"({hour})" for hour in range(1, DAYS * 24 - 1))
    with store.write() as session:
        session.execute(text(
            f"WITH later(hours) AS (VALUES {hours}) INSERT INTO history_block "
            "SELECT tag_id, step_s, hour + hours, data FROM history_block, later WHERE tag_id = :number"
        ), {"number": number})  # fmt: skip
    desk_until = datetime.fromtimestamp(begin, UTC) + timedelta(hours=DAYS * 24 - 2)
    desk.recorder.until = int(desk_until.timestamp())
    found = {}
    for name, span in {"1_h": 1 / 24, "8_h": 8 / 24, "1_day": 1, "7_days": 7, "90_days": DAYS - 0.1}.items():
        took = list[float]()
        for _ in range(5):
            with timed(took):
                curve = desk.curve(VIEWER, *SHOWN, desk_until - timedelta(days=span), desk_until)
        assert len(curve.seconds) > 100
        found[f"curve_{name}_ms"] = round(min(took) * 1000, 1)
    return found


def insert(database: sqlite3.Connection, samples: list[tuple[int, Sample]]) -> None:
    """One row for each sample."""
    rows = [
        (number, second, None if isinstance(value, str) else value, int(quality))
        for number, (second, value, quality) in samples
    ]
    database.execute("BEGIN IMMEDIATE")
    for row in rows:
        database.execute("INSERT INTO sample VALUES (?, ?, ?, ?)", row)
    database.execute("COMMIT")


@contextmanager
def timed(into: list[float]) -> Iterator[None]:
    """Add how long the block took, s."""
    began = time.perf_counter()
    yield
    into.append(time.perf_counter() - began)


def mean_ms(values: list[float]) -> float:
    """Mean in ms."""
    return round(math.fsum(values) / len(values) * 1000, 2)


def share_ms(values: list[float], part: float) -> float:
    """The value that this part of all stays below, ms."""
    return round(sorted(values)[min(int(len(values) * part), len(values) - 1)] * 1000, 2)


def history() -> dict[str, Any]:
    """All figures, in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-history-") as name:
        return asyncio.run(bench(Path(name)))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(history()) + "\n")
