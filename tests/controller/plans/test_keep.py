"""Proposals beside the loop: anew after any change, kept over a restart, released by people or by themselves."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from controller import Actor, Forbidden, NotFound, Refused, Store, load_line
from controller.book import Book
from controller.decide import Want
from controller.desk import Conflict
from controller.plans import PlanMode
from controller.plans.book import PlanBook
from controller.plans.desk import PlanDesk
from controller.plans.keep import PROCESSES, PlanKeeper
from controller.plans.make import Request, make, names
from controller.plans.read import Reader
from controller.plans.tables import ForecastRow
from controller.tables import Event, Job, Operation, now
from controller.workers import Workers
from tests.standing import on_the_line

PLANNER, OPERATOR = Actor("paula", "planner"), Actor("otto", "operator")
FABRICS = ("silk-twill", "polyester-satin", "silk-twill", "polyester-satin")


class Works:
    """A line of jobs in a database, and the doors to it."""

    def __init__(self, folder: Path, mode: PlanMode) -> None:
        self.store, self.line = Store.in_folder(folder), load_line()
        self.book = Book(self.store, self.line, folder, planned=mode != "first-come")
        self.reader, self.plans = Reader(self.store, self.line), PlanBook(self.store)
        self.desk = PlanDesk(self.reader, self.plans, mode)

    def add(self, fabric: str, length_m: float = 60.0) -> int:
        """A job whose raster is made."""
        return on_the_line(self.book, fabric, length_m)

    def order(self, machine: str = "padder", which: str = "proposal") -> list[int]:
        """Jobs of the newest proposal on a machine, in their order; or of what the line comes to without it."""
        newest = self.plans.newest()
        return [slot.job_id for slot in getattr(newest, which).queue(machine)] if newest else []

    def propose(self) -> None:
        """What the keeper does, once and here."""
        situation = self.reader.situation()
        made = make(Request(situation, now(), {}, names(self.plans.released()[0])))
        self.plans.propose(self.plans.written(made, situation))

    async def until(self, done: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while True:
                seen = self.store.feed.version
                if done():
                    return
                await self.store.feed.wait(seen, timeout_s=5)

    def journal(self, kind: str) -> list[Event]:
        with self.store.read() as session:
            return list(session.exec(select(Event).where(Event.kind == kind).order_by(col(Event.seq))))


@asynccontextmanager
async def planning(folder: Path, mode: PlanMode = "release") -> AsyncIterator[Works]:
    works, workers = Works(folder, mode), Workers(PROCESSES, "controller.plans.make", 10)
    keeping = asyncio.create_task(PlanKeeper(works.reader, works.plans, workers, mode).run())
    try:
        yield works
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
        workers.stop()
        works.store.close()


def test_every_change_brings_a_proposal_that_a_planner_pins_and_releases(tmp_path: Path) -> None:
    async def run() -> None:
        async with planning(tmp_path) as works:
            jobs = [works.add(fabric) for fabric in FABRICS]
            await works.until(lambda: len(works.order()) == 4)
            assert works.order() == [1, 3, 2, 4], "the two cloths in one go each"
            _, intent = works.book.intent("padder")
            assert intent.settings["ticket"] == _ticket(works, 1), "nothing is released: the oldest comes first"

            works.book.want("anna", jobs[0], Want.HOLD)
            await works.until(lambda: 1 not in works.order())
            assert [one.job_id for one in works.plans.newest().left_out] == [1]

            works.desk.pin(PLANNER, "4@pretreat", 1, None)
            await works.until(lambda: works.order() == [4, 2, 3])
            seen = works.desk.state(PLANNER)
            assert seen.content is not None
            works.desk.release(PLANNER, seen.content.proposal.order)
            operation, _ = works.book.intent("padder")
            assert operation.job_id == 4, "the released plan says whose turn it is"
            assert works.desk.state(PLANNER).settled
            await works.until(lambda: works.order(which="standing") == [4, 2, 3])

            fifth = works.add("polyester-satin")
            await works.until(lambda: fifth in works.order())
            assert works.order()[0] == 4, "what is pinned stays pinned"
            works.desk.unpin(PLANNER, "4@pretreat")
            await works.until(lambda: works.desk.state(PLANNER).pins == {})
            said = [(one.kind, one.actor, one.job_id) for kind in ("plan pinned", "plan released", "plan unpinned")
                    for one in works.journal(kind)]  # fmt: skip
            assert said == [
                ("plan pinned", "paula", 4), ("plan released", "paula", None), ("plan unpinned", "paula", 4)
            ]  # fmt: skip

    asyncio.run(run())


def test_automatic_releases_what_it_proposes_and_learns_from_what_is_done(tmp_path: Path) -> None:
    async def run() -> None:
        async with planning(tmp_path, "automatic") as works:
            first, second = works.add("silk-twill"), works.add("silk-twill")
            await works.until(lambda: works.order() == [first, second] and works.desk.state(PLANNER).settled)
            operation, _ = works.book.intent("padder")
            works.book.started(operation.id or 0)
            await works.until(lambda: works.desk.state(PLANNER).expected)
            with works.store.write() as session:
                expected = session.get_one(ForecastRow, operation.id)
                began = now() - timedelta(minutes=2 * expected.nominal_min)
                session.get_one(Operation, operation.id).started_at = began
            works.book.finished(operation.id or 0, done=True)
            tasks = [task for work in works.reader.situation().works if work.job_id == second for task in work.tasks]
            assert tasks[0].minutes == pytest.approx(2 * tasks[0].nominal_min, rel=0.01)
            assert tasks[1].minutes == tasks[1].nominal_min, "the press has learned nothing yet"
            await works.until(lambda: works.order("padder") == [second])
            released = works.journal("plan released")
            assert {one.actor for one in released} == {"controller"}
            assert len(released) <= 2, "at most one for each job: what is done changes no order"

    asyncio.run(run())


def test_a_restart_finds_the_plan_as_it_was_and_first_come_does_not_look_at_it(tmp_path: Path) -> None:
    before = Works(tmp_path, "release")
    for fabric in FABRICS[:2]:
        before.add(fabric)
    before.propose()
    before.desk.pin(PLANNER, "2@pretreat", 1, now() + timedelta(hours=5))
    before.propose()
    before.desk.release(PLANNER, before.desk.state(PLANNER).content.proposal.order)
    before.store.close()
    works = Works(tmp_path, "release")
    operation, _ = works.book.intent("padder")
    assert operation.job_id == 1, "2 is planned for later than a machine may stand"
    state = works.desk.state(OPERATOR)
    assert (state.released_by, state.settled, works.order()) == ("paula", True, [2, 1])
    with works.store.write() as session:
        for job in session.exec(select(Job)):
            job.status = "queued"
    assert works.book.next_to_prepare().id == 2, "what comes first on the padder is prepared first"
    with works.store.write() as session:
        for job in session.exec(select(Job)):
            job.status = "running"
    works.store.close()
    old = Works(tmp_path, "first-come")
    operation, _ = old.book.intent("padder")
    assert operation.job_id == 1
    with pytest.raises(Conflict, match="FOULARD_PLAN"):
        old.desk.release(PLANNER, "any")
    old.store.close()


def test_what_cannot_be_done_with_a_plan_is_said_in_one_sentence(tmp_path: Path) -> None:
    works = Works(tmp_path, "release")
    with pytest.raises(Conflict, match="no proposal yet"):
        works.desk.release(PLANNER, "any")
    for fabric in FABRICS[:2]:
        works.add(fabric)
    works.propose()
    in_a_day = now() + timedelta(days=1)
    for error, says, act in (
        (Forbidden, "plan.release", lambda: works.desk.release(OPERATOR, "any")),
        (Forbidden, "plan.release", lambda: works.desk.pin(OPERATOR, "1@print", 1, None)),
        (Conflict, "look at it again", lambda: works.desk.release(PLANNER, "0" * 12)),
        (NotFound, "JOB@STAGE like 1@pretreat", lambda: works.desk.pin(PLANNER, "9@print", 1, None)),
        (Refused, "place 3 on the press is not there: it has 1", lambda: works.desk.pin(PLANNER, "1@print", 3, None)),
        (Refused, "give a place", lambda: works.desk.pin(PLANNER, "1@print", None, None)),
        (Refused, "within the next 60 days", lambda: works.desk.pin(PLANNER, "1@print", None, now())),
        (Conflict, "1@print is not pinned", lambda: works.desk.unpin(PLANNER, "1@print")),
    ):  # fmt: skip
        with pytest.raises(error, match=says):
            act()
    works.desk.pin(PLANNER, "2@print", 1, in_a_day)
    with pytest.raises(Refused, match="contradicts what is pinned already"):
        works.desk.pin(PLANNER, "1@print", 2, in_a_day - timedelta(hours=1))
    works.store.close()


def _ticket(works: Works, job_id: int) -> int:
    with works.store.read() as session:
        operations = select(Operation.ticket).where(Operation.job_id == job_id, Operation.stage == "pretreat")
        return session.exec(operations).one()
