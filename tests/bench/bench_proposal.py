"""How soon a running line of 200 jobs has a new proposal after a change, and how late its loop is meanwhile.

Run: ``python tests/bench/bench_proposal.py [--jobs N] [--changes N] [--seed N]``; prints JSON. The keeper, its worker
processes and the database are those of `foulard serve`; only machines and the API are left out.
"""

import argparse
import asyncio
import json
import pickle
import random
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeVar

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]
from controller import Store, load_line  # noqa: E402
from controller.book import Book  # noqa: E402
from controller.decide import Want  # noqa: E402
from controller.lag import BOUNDS_S, LoopLag  # noqa: E402
from controller.planning import build  # noqa: E402
from controller.plans.book import PlanBook  # noqa: E402
from controller.plans.keep import PROCESSES, PlanKeeper  # noqa: E402
from controller.plans.make import Request, make, names  # noqa: E402
from controller.plans.read import Reader  # noqa: E402
from controller.plans.translate import planning_file  # noqa: E402
from controller.runtime import PLANNING_NICE  # noqa: E402
from controller.tables import now  # noqa: E402
from controller.workers import Workers  # noqa: E402
from recipes import library  # noqa: E402
from tests.standing import on_the_line  # noqa: E402

T = TypeVar("T")


def add(book: Book, draws: random.Random) -> int:
    return on_the_line(book, draws.choice(sorted(library())), draws.uniform(5, 600))


async def measured(folder: Path, jobs: int, changes: int, seed: int) -> dict[str, Any]:
    """Change a line of jobs by turns: one more, one held, one that runs again."""
    draws, lag = random.Random(seed), LoopLag()
    store, line = Store.in_folder(folder), load_line()
    book, plans, reader = Book(store, line, folder), PlanBook(store), Reader(store, line)
    workers = Workers(PROCESSES, "controller.plans.make", PLANNING_NICE)
    ids = [add(book, draws) for _ in range(jobs)]
    keeping = asyncio.create_task(PlanKeeper(reader, plans, workers, "release").run())
    while plans.newest() is None:  # noqa: ASYNC110 (the store tells of changes, not of their absence)
        await asyncio.sleep(0.05)
    watching = asyncio.create_task(lag.watch())
    took, before, after, held = [], 0.0, 0.0, ids[0]
    for number in range(changes):
        await asyncio.sleep(draws.uniform(0.5, 6.0))  # in the middle of whatever search is on its way
        newest = await asyncio.to_thread(plans.newest)
        if number % 3 == 0:
            changed = add(book, draws)
            ids.append(changed)
        else:
            held = draws.choice(ids) if number % 3 == 1 else held
            changed = held
            book.want("bench", held, Want.HOLD if number % 3 == 1 else Want.RUN)
        began = time.perf_counter()
        wanted = number % 3 != 1
        while True:
            seen = store.feed.version
            content = await asyncio.to_thread(plans.newest)
            if content is not None and content != newest and _planned(content, changed) == wanted:
                break
            await store.feed.wait(seen, timeout_s=1.0)
        took.append(time.perf_counter() - began)
    first = plans.newest()
    await asyncio.sleep(16)
    last = plans.newest()
    if first is not None and last is not None:
        before, after = first.proposal.points, last.proposal.points
    for task in (watching, keeping):
        task.cancel()
    await asyncio.gather(watching, keeping, return_exceptions=True)
    workers.stop()
    cpu = computed(reader, plans, book, draws)
    counts = list(accumulate(lag.counts))
    p99 = bisect_left(counts, 0.99 * counts[-1])
    store.close()
    return {
        "jobs": jobs,
        "changes": changes,
        **cpu,
        "proposal_s": round(sorted(took)[len(took) // 2], 2),
        "proposal_longest_s": round(max(took), 2),
        "better_after_14_s_pct": round((1 - after / before) * 100, 1) if before else 0.0,
        "loop_lag_p99_below_ms": round(1000 * BOUNDS_S[min(p99, len(BOUNDS_S) - 1)], 1),
    }


def computed(reader: Reader, plans: PlanBook, book: Book, draws: random.Random) -> dict[str, float]:
    """Processor time of a proposal with none before it, and of the next one after another job came, with its parts."""
    first_s, first = _cpu_s(lambda: make(Request(reader.situation(), now(), {}, {})))
    add(book, draws)
    read_s, situation = _cpu_s(reader.situation)
    next_s, made = _cpu_s(lambda: make(Request(situation, now(), names(first.proposal), {})))
    translate_s, _ = _cpu_s(lambda: (file := planning_file(situation, now())) and build(file))
    hand_s, _ = _cpu_s(lambda: pickle.loads(pickle.dumps(made)))
    write_s, _ = _cpu_s(lambda: plans.propose(plans.written(made, situation)))
    return {
        "first_cpu_s": round(first_s, 2),
        "next_cpu_s": round(read_s + next_s + hand_s + write_s, 2),
        "next_read_ms": round(1000 * read_s),
        "next_translate_ms": round(1000 * translate_s),
        "next_solve_ms": round(1000 * made.seconds),
        "next_hand_over_ms": round(1000 * hand_s),
        "next_write_ms": round(1000 * write_s),
    }


def _cpu_s(call: Callable[[], T]) -> tuple[float, T]:
    """Processor seconds of a call, the least of three, and what it gave."""
    took = []
    for _ in range(3):
        began = time.process_time()
        found = call()
        took.append(time.process_time() - began)
    return min(took), found


def _planned(content: Any, job_id: int) -> bool:
    return any(slot.job_id == job_id for slot in content.proposal.slots)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--jobs", type=int, default=200)
    arguments.add_argument("--changes", type=int, default=12)
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as name:
        outcome = asyncio.run(measured(Path(name), given.jobs, given.changes, given.seed))
    json.dump(outcome, sys.stdout)
