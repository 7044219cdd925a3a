"""The journal against plain sqlite3 with the same batches, both with an fsync per batch; then verify, export and prune.

Run: ``python tests/bench/bench_journal.py [--long]``; prints JSON. The data lies in the working directory, so that the
figures are those of its disk.
"""

import argparse
import asyncio
import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]
from controller import Store, load_line  # noqa: E402
from controller.archive import prune, stored  # noqa: E402
from controller.book import Book  # noqa: E402
from controller.journal import Note, append_all  # noqa: E402
from controller.store import in_folder, looking  # noqa: E402
from controller.verify import verify  # noqa: E402
from hmi.memory import peak_rss  # noqa: E402

TASKS = 32
"""So many tasks note something at once: eight machines, each with a state, two alarms and a command."""

ROUNDS, ROUND_S = 5, 0.6
LINES, MANY = 20_000, 200_000
SAID = {"from": "IDLE", "to": "EXECUTE"}


async def noted(book: Book, tasks: int, seconds: float, waits: list[float]) -> float:
    """Lines a second while tasks note one after the other; how long one of them waited each time, ms."""
    count, end = 0, time.perf_counter() + seconds

    async def one(timed: bool) -> None:
        nonlocal count
        while (began := time.perf_counter()) < end:
            await book.note("state", "press", 1, SAID, actor="press")
            count += 1
            if timed:
                waits.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(one(number == 0) for number in range(tasks)))
    return count / (time.perf_counter() - began)


def plain(database: sqlite3.Connection, batch: int, seconds: float, waits: list[float]) -> float:
    """Lines a second of sqlite3 alone: rows as ours, ready made, in batches of the same size."""
    row = (datetime.now(UTC).isoformat(), "press", "state", "press", 1, json.dumps(SAID), "0" * 64, "f" * 64)
    batches, began = 0, time.perf_counter()
    while (at := time.perf_counter()) < began + seconds:
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO event VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)", [row] * batch)
        database.execute("COMMIT")
        waits.append((time.perf_counter() - at) * 1000)
        batches += 1
    return batches * batch / (time.perf_counter() - began)


def writing(folder: Path) -> dict[str, Any]:
    """Both in turn, so that other load meets both; the best rates, and waits over all rounds."""
    store, peers = Store.in_folder(folder / "ours"), Store.in_folder(folder / "plain")
    peers.close()
    database = sqlite3.connect(folder / "plain" / "foulard.db", isolation_level=None)
    database.execute("PRAGMA synchronous=FULL")
    book, waits, peer_waits, alone = Book(store, load_line(), folder), list[float](), list[float](), list[float]()
    ours, peer, single = list[float](), list[float](), list[float]()
    for _ in range(ROUNDS):
        ours.append(asyncio.run(noted(book, TASKS, ROUND_S, waits)))
        peer.append(plain(database, TASKS, ROUND_S, peer_waits))
        single.append(asyncio.run(noted(book, 1, ROUND_S, alone)))
    database.close()
    store.close()
    return {
        "journal_events_s": round(max(ours)),
        "batch_ms_p99": share(waits, 0.99),
        "batch_ms_max": round(max(waits), 1),
        "plain_events_s": round(max(peer)),
        "plain_batch_ms_p99": share(peer_waits, 0.99),
        "journal_ratio": round(max(ours) / max(peer), 2),
        "one_task_events_s": round(max(single)),
        "one_task_ms_p99": share(alone, 0.99),
    }


def reading(folder: Path, lines: int) -> dict[str, Any]:
    """Verify a journal of so many lines, then prune it."""
    store = Store.in_folder(folder / "long")
    note = Note("press", "state", "press", 1, SAID)
    for _ in range(lines // 1000):
        with store.write() as session:
            append_all(session, [note] * 1000)
    with looking(in_folder(folder / "long")) as connection:
        before = peak_rss()
        with timed() as verifying:
            verdict = verify(stored(connection))
        grown = peak_rss() - before
    assert not verdict.faults
    with timed() as pruning:
        prune(store, datetime.now(UTC) + timedelta(days=1), folder / "old.jsonl", "bench")
    store.close()
    return {
        "verify_lines_s": round(verdict.lines / verifying()),
        "verify_lines": verdict.lines,
        "verify_grows_mb": round(grown / 1e6, 1),
        "prune_lines_s": round(verdict.lines / pruning()),
    }


@contextmanager
def timed() -> Iterator[Callable[[], float]]:
    """Gives a function that says how long the block took, s."""
    began = time.perf_counter()
    took = [0.0]
    yield lambda: took[0]
    took[0] = time.perf_counter() - began


def share(values: list[float], part: float) -> float:
    """The value that this part of all stays below."""
    return round(sorted(values)[min(int(len(values) * part), len(values) - 1)], 1)


def journal(long: bool = False) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory(dir=".", prefix=".bench-journal-") as name:
        return writing(Path(name)) | reading(Path(name), MANY if long else LINES)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help=f"verify and prune {MANY:,} lines")
    sys.stdout.write(json.dumps(journal(parser.parse_args().long)) + "\n")
