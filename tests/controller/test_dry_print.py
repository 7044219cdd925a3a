"""From the dryer of the press to the question before the steamer: the simulated plant and deciding together."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from controller import Ask, Command, Store, control_recipe, decide, load_line
from controller.book import Book
from controller.questions import YES
from controller.supervise import KEEP_EVERY_S
from controller.tables import Job, Question
from controller.work import Prepared
from drivers import Link, Quality, Snapshot, State, Tag, Verb
from simulators import Mill

LENGTH_M = 120.0
SILK = {"speed_sp_m_min": 20.0, "dryer_temp_sp_c": 90.0}


@dataclass
class Line:
    """The book of a line whose press has printed a job in the plant."""

    book: Book

    def printed(self, faults: str = "", ink_ml_m: float = 3.0, **setpoints: float) -> None:
        """Print the job, and keep what the press shows as its supervisor would."""
        planned = self.book.intent("press")
        assert planned is not None
        number = planned[0].id or 0
        self.book.started(number)
        with Mill(faults, ink_ml_m=(ink_ml_m,) * 4) as mill:
            press = mill["press"]
            mill.start("press", planned[0].ticket, LENGTH_M, **SILK | setpoints)
            while press.state != State.COMPLETE:
                mill.forward(seconds=10 * KEEP_EVERY_S)
                shown = {name: float(value) for name, value in press.values().items() if isinstance(value, int | float)}
                self.book.reached(number, press.state.name.title(), shown["metres"], shown)
        self.book.finished(number, done=True)

    def next_act(self, *confirmed: str) -> object:
        """What is done about the steamer, which stands ready, when a person has said yes to these."""
        planned = self.book.intent("steamer")
        assert planned is not None
        for kind in confirmed:
            self.book.ask(planned[0], kind, "?")
            with self.book.store.read() as session:
                question = session.exec(select(Question).where(Question.kind == kind)).one()
            self.book.answer("rosa", question.id or 0, YES)
        operation, intent = self.book.intent("steamer") or planned
        now = datetime.now(UTC)
        values = {"state": int(State.STOPPED), "remote": True, "active_ticket": 0, "metres": 0.0, **intent.settings}
        tags = {name: Tag(value, "", Quality.GOOD, now) for name, value in values.items()}
        return decide(intent, Snapshot(operation.machine, now, Link.CONNECTED, tags), now)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    store = Store.in_folder(tmp_path)
    book = Book(store, load_line(), tmp_path)
    control = control_recipe("silk-twill").model_dump(mode="json")
    protocols = {machine.name: "opcua" for machine in book.line.machines}
    ordered = Job(title="t", fabric="silk-twill", control_recipe=control, length_m=LENGTH_M)
    job = book.add_job("anna", ordered, protocols).id or 0
    book.preparing(job)
    book.prepared(job, Prepared(tmp_path / "raster", "ab" * 32, 100, 1200.0, {}, {}))
    padding = book.intent("padder")
    assert padding is not None
    book.started(padding[0].id or 0)
    book.finished(padding[0].id or 0, done=True)
    yield Line(book)
    store.close()


def test_a_print_from_a_sound_dryer_is_steamed_without_a_question(line: Line) -> None:
    line.printed()
    assert line.next_act("load") == Command(Verb.RESET)


@pytest.mark.parametrize(
    "how",
    [{"faults": "cold_dryer:at_m=1"}, {"speed_sp_m_min": 40.0, "ink_ml_m": 5.0}],
    ids=["the heater fails", "the press is too fast for a dark ground"],
)
def test_a_print_that_is_still_wet_is_asked_about_and_a_person_may_go_on(line: Line, how: dict[str, Any]) -> None:
    line.printed(**how)
    question = line.next_act("load")
    assert isinstance(question, Ask)
    assert question.kind == "override dry cloth"
    assert "moisture, the recipe allows 12 %" in question.text
    assert line.next_act("override dry cloth") == Command(Verb.RESET)
