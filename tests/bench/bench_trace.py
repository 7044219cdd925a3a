"""Traces in a year's book: a roll, a piece and the way back of an ink lot, against working through the whole book.

Run: ``python tests/bench/bench_trace.py [--jobs N]``; prints JSON. Every tenth job the four inks are filled anew or
topped up, each lot comes five times, so that tanks hold mixes.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]
from sqlmodel import select  # noqa: E402

from controller import Actor, Store, control_recipe, load_line  # noqa: E402
from controller.book import Book  # noqa: E402
from controller.line import STAGES  # noqa: E402
from controller.tables import Job, Operation, Order, Roll  # noqa: E402
from controller.tracing.delivery import Delivery  # noqa: E402
from controller.tracing.desk import GoodsDesk  # noqa: E402
from controller.tracing.genealogy import reach, touches  # noqa: E402
from controller.tracing.reading import records  # noqa: E402
from controller.tracing.tables import Mounting  # noqa: E402
from controller.tracing.trace import TraceDesk  # noqa: E402

ROUNDS = 5
LENGTH_M, EVERY = 50.0, timedelta(hours=4)
PIECES = [{"name": f"carre {n}", "x": 0, "y": 10_000 * n, "width": 9000, "height": 9000} for n in range(50)]
ROSA = Actor("rosa", "operator")


def filled(store: Store, jobs: int) -> list[str]:
    """Fill a book with jobs that went through, one each four hours; returns the names of the ink lots."""
    goods, line = GoodsDesk(Book(store, load_line(), Path())), load_line()
    lots = [goods.receive(ROSA, Delivery("ink", "acid cyan")).lot for _ in range(max(jobs // 50, 1))]
    control = control_recipe("silk-twill").model_dump(mode="json")
    with store.write() as session:
        session.add(Order(id=1, title="year", created_by="anna"))
        session.flush()
        for number in range(1, jobs + 1):
            began = datetime(2026, 1, 1, tzinfo=UTC) + EVERY * number
            session.add(Job(id=number, order_id=1, title="carre", fabric="silk-twill", control_recipe=control,
                            length_m=LENGTH_M, status="complete", created_by="anna",
                            raster_meta={"dpi": 254.0, "pieces": PIECES}))  # fmt: skip
            session.add(Roll(job_id=number, name=f"R-{number:06d}", fabric="silk-twill", length_m=LENGTH_M))
            for place, stage in enumerate(STAGES):
                at, machine = began + timedelta(minutes=40 * place), line.machine_for(stage).name
                session.add(Operation(job_id=number, stage=stage, machine=machine, protocol="opcua",
                                      ticket=4 * number + place, status="done", metres=LENGTH_M, started_at=at,
                                      ended_at=at + timedelta(minutes=30)))  # fmt: skip
            for ink in range(1, 5) if number % 10 == 0 else ():
                lot = lots[number // 10 % len(lots)]
                session.add(Mounting(machine="press", place=f"ink{ink}", lot_id=lot.id, topped_up=number % 3 > 0,
                                     mounted_at=began, mounted_by="rosa"))  # fmt: skip
    return [lot.name for lot in lots]


def timed_ms(act: Callable[[], object]) -> float:
    """The median of some rounds, ms."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        act()
        took.append((time.perf_counter() - began) * 1000)
    return round(statistics.median(took), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1000)
    jobs = parser.parse_args().jobs
    with tempfile.TemporaryDirectory() as folder:
        store = Store.in_folder(Path(folder))
        lots, desk = filled(store, jobs), TraceDesk(Book(store, load_line(), Path()))
        lot, roll = lots[len(lots) // 2], f"R-{jobs // 2:06d}"

        def whole_book() -> int:
            with store.read() as session:
                return len(reach(touches(records(session, set(session.exec(select(Job.id))))), lot))

        figures = {
            "jobs": jobs,
            "roll_ms": timed_ms(lambda: desk.trace(ROSA, roll)),
            "piece_ms": timed_ms(lambda: desk.trace(ROSA, f"P-{jobs // 2}-7")),
            "lot_ms": (back_ms := timed_ms(lambda: desk.trace(ROSA, lot))),
            "lot_reached_jobs": len({one.job for one in desk.trace(ROSA, lot).reached}),
            "whole_book_ms": (whole_ms := timed_ms(whole_book)),
            "lot_ratio": round(back_ms / whole_ms, 3),
        }
        store.close()
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
