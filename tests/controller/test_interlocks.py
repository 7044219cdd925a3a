"""An interlock on its way: what the machine shows, the question to a person, and what becomes of it."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from sqlmodel import col, select

from controller import Actor, Refused, Store, control_recipe, load_line
from controller.alarms import AlarmBook
from controller.book import Book
from controller.lease import leased
from controller.questions import YES
from controller.supervise import Supervisor
from controller.tables import Event, Job, Operation, Question
from controller.tracing.desk import GoodsDesk
from controller.work import Prepared
from drivers import Link, Machine, Quality, Snapshot, State, Tag, Verb


class AtRest:
    """A machine that stands, and shows all that its job wants of it and some values more."""

    lost_why = ""

    def __init__(self, book: Book, name: str, **shown: float) -> None:
        self.book, self.name, self.shown = book, name, shown
        self.told: asyncio.Future[Verb] = asyncio.get_running_loop().create_future()

    def snapshot(self) -> Snapshot:
        planned = self.book.intent(self.name)
        assert planned is not None
        at = datetime.now(UTC)
        values = {"state": int(State.STOPPED), "remote": True, "active_ticket": 0, "metres": 0.0,
                  **self.shown, **planned[1].settings}  # fmt: skip
        tags = {name: Tag(value, "", Quality.GOOD, at) for name, value in values.items()}
        return Snapshot(self.name, at, Link.CONNECTED, tags)

    async def changed(self, _snapshot: Snapshot, _timeout_s: float) -> Snapshot:
        await asyncio.sleep(0)
        return self.snapshot()

    async def command(self, verb: Verb) -> None:
        if not self.told.done():
            self.told.set_result(verb)


def before_printing(store: Store, folder: Path) -> Book:
    """A job of half a litre of cyan whose cloth is pretreated."""
    book = Book(store, load_line(), folder)
    control = control_recipe("silk-twill").model_dump(mode="json")
    protocols = {machine.name: "opcua" for machine in book.line.machines}
    job = book.add_job("anna", Job(title="t", fabric="silk-twill", control_recipe=control, length_m=1.0), protocols)
    book.preparing(job.id or 0)
    book.prepared(job.id or 0, Prepared(folder / "raster", "ab" * 32, 100, 0.042, {}, {"cyan": 500.0}))
    planned = book.intent("padder")
    assert planned is not None
    book.started(planned[0].id or 0)
    book.finished(planned[0].id or 0, done=True)
    return book


async def asked(store: Store, kind: str) -> Question:
    while True:
        with store.read() as session:
            question = session.exec(select(Question).where(Question.kind == kind)).first()
        if question is not None:
            return question
        await store.feed.wait(store.feed.version, timeout_s=5.0)


@pytest.mark.parametrize("filled_up", [True, False])
def test_too_little_ink_is_asked_about_until_it_is_filled_up_or_overridden(tmp_path: Path, filled_up: bool) -> None:
    async def run() -> Verb:
        store = Store.in_folder(tmp_path)
        book = before_printing(store, tmp_path)
        press = AtRest(book, "press", ink1_level_l=0.2)
        async with leased(store) as lease:
            supervisor = Supervisor(cast("Machine", press), book, AlarmBook(store, {}), lease)
            async with asyncio.TaskGroup() as tasks:
                at_work = [tasks.create_task(lease.keep()), tasks.create_task(supervisor.run())]
                book.answer("rosa", (await asked(store, "load")).id or 0, YES)
                question = await asked(store, "override supplies")
                assert "ink1 holds 0.20 l and the job takes 0.50 l" in question.text
                assert not press.told.done()
                if filled_up:
                    press.shown["ink1_level_l"] = 5.0
                else:
                    book.answer("rosa", question.id or 0, YES)
                verb = await press.told
                for task in at_work:
                    task.cancel()
        store.close()
        return verb

    assert asyncio.run(run()) is Verb.RESET
    store = Store.in_folder(tmp_path)
    with store.read() as session:
        question = session.exec(select(Question).where(Question.kind == "override supplies")).one()
        told = [
            (line.kind, line.actor) for line in session.exec(select(Event)) if line.payload.get("kind") == question.kind
        ]
    store.close()
    expected = ("withdrawn", "controller") if filled_up else (YES, "rosa")
    assert (question.answer, question.answered_by) == expected
    assert told == [("question", "controller"), ("question withdrawn" if filled_up else "answer", expected[1])]


@pytest.mark.parametrize("scanned_again", [True, False])
def test_a_wrong_roll_is_asked_about_until_the_right_one_is_scanned_or_it_is_overridden(
    tmp_path: Path, scanned_again: bool
) -> None:
    async def run() -> Verb:
        store = Store.in_folder(tmp_path)
        book = before_printing(store, tmp_path)
        goods, rosa = GoodsDesk(book), Actor("rosa", "operator")
        press = AtRest(book, "press", ink1_level_l=5.0)
        async with leased(store) as lease:
            supervisor = Supervisor(cast("Machine", press), book, AlarmBook(store, {}), lease)
            supervising = asyncio.create_task(supervisor.run())
            load = await asked(store, "load")
            with pytest.raises(Refused, match="this mill; scan the label of roll R-000001"):
                goods.scan(rosa, load.id or 0, "4006381333931")
            book.answer("rosa", load.id or 0, YES)
            question = await asked(store, "override roll")
            assert "4006381333931 was scanned, and R-000001 is wanted" in question.text
            assert not press.told.done()
            if scanned_again:
                goods.scan(rosa, question.id or 0, "R-000001")
            else:
                book.answer("rosa", question.id or 0, YES)
            verb = await press.told
            supervising.cancel()
            await asyncio.gather(supervising, return_exceptions=True)
        store.close()
        return verb

    assert asyncio.run(run()) is Verb.RESET
    store = Store.in_folder(tmp_path)
    with store.read() as session:
        question = session.exec(select(Question).where(Question.kind == "override roll")).one()
    store.close()
    expected = ("withdrawn", "controller") if scanned_again else (YES, "rosa")
    assert (question.answer, question.answered_by) == expected


def printed(book: Book, shown_pct: tuple[float, ...]) -> None:
    """Print the metre of the job; the gauge behind the dryer shows these values on the way, the first of the leader."""
    planned = book.intent("press")
    assert planned is not None
    number = planned[0].id or 0
    book.started(number)
    for metres, pct in zip((0.0, *[1.0] * len(shown_pct)), shown_pct, strict=False):
        book.reached(number, "Execute", metres, {"residual_moisture_pct": pct})
    book.finished(number, done=True)


@pytest.mark.parametrize(("shown_pct", "asked_about"), [((7.0, 19.04, 8.2), True), ((30.0, 9.1, 8.2), False)])
def test_a_print_that_was_wet_at_any_place_is_steamed_only_when_a_person_says_so_by_name(
    tmp_path: Path, shown_pct: tuple[float, ...], asked_about: bool
) -> None:
    async def run() -> Verb:
        store = Store.in_folder(tmp_path)
        book = before_printing(store, tmp_path)
        printed(book, shown_pct)
        steamer = AtRest(book, "steamer")
        async with leased(store) as lease:
            supervisor = Supervisor(cast("Machine", steamer), book, AlarmBook(store, {}), lease)
            supervising = asyncio.create_task(supervisor.run())
            book.answer("rosa", (await asked(store, "load")).id or 0, YES)
            if asked_about:
                question = await asked(store, "override dry cloth")
                assert "with up to 19.0 % moisture, the recipe allows 12 %" in question.text
                assert not steamer.told.done()
                book.answer("rosa", question.id or 0, YES)
            verb = await steamer.told
            supervising.cancel()
            await asyncio.gather(supervising, return_exceptions=True)
        store.close()
        return verb

    assert asyncio.run(run()) is Verb.RESET
    store = Store.in_folder(tmp_path)
    with store.read() as session:
        lines = [(line.kind, line.actor) for line in session.exec(select(Event).order_by(col(Event.seq)))
                 if line.payload.get("kind") == "override dry cloth"]  # fmt: skip
    store.close()
    assert lines == ([("question", "controller"), ("answer", "rosa")] if asked_about else [])


def test_the_last_metres_are_watched_until_they_have_passed_the_gauge(tmp_path: Path) -> None:
    """All metres are counted at the heads, and five of them lie before the dryer's gauge then."""

    async def run() -> float | None:
        store = Store.in_folder(tmp_path)
        book = before_printing(store, tmp_path)
        planned = book.intent("press")
        assert planned is not None
        number, ticket = planned[0].id or 0, planned[0].ticket
        book.started(number)
        press = AtRest(book, "press", state=int(State.EXECUTE), active_ticket=ticket, metres=1.0,
                       residual_moisture_pct=8.0)  # fmt: skip

        async def kept(state: str, wettest_pct: float) -> None:
            def operation() -> Operation:
                with store.read() as session:
                    return session.get_one(Operation, number)

            while (operation().state, operation().wettest_pct) != (state, wettest_pct):
                await store.feed.wait(store.feed.version, timeout_s=5.0)

        async with leased(store) as lease:
            supervisor = Supervisor(cast("Machine", press), book, AlarmBook(store, {}), lease)
            supervising = asyncio.create_task(supervisor.run())
            await kept("Execute", 8.0)
            press.shown["state"] = int(State.COMPLETING)
            await kept("Completing", 8.0)
            press.shown["residual_moisture_pct"] = 16.0
            await kept("Completing", 16.0)
            press.shown["residual_moisture_pct"] = 9.0
            supervising.cancel()
            await asyncio.gather(supervising, return_exceptions=True)
        book.finished(number, done=True)
        steaming = book.intent("steamer")
        assert steaming is not None
        store.close()
        return steaming[1].beginning.moisture_pct

    assert asyncio.run(run()) == 16.0
