"""A print is taken up further back by a controller that is killed between any two acts: no row is lost, none is twice.

The press is a model with retained counters that writes down what it prints; between its acts the controller forgets all
that is not in the database.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from controller import Actor, Ask, Command, Finish, Store, Write, decide, load_line
from controller.book import Book
from controller.decide import GoBack
from controller.desk import Desk
from controller.gaps import gaps_of
from controller.resuming import ResumeDesk
from controller.states import State as JobState
from controller.tables import Job, Operation, Strip, now
from controller.way import way_of
from controller.work import Inspected
from drivers import Link, Quality, Snapshot, State, Tag, Verb, load_profile
from simulators import packml
from tests.standing import on_the_line

LENGTH_M, ROWS = 1.0, 1000
WRITABLE = [spec.name for spec in load_profile("press").tags.values() if spec.access == "rw"]
ROSA = Actor("rosa", "operator")


@dataclass
class Press:
    """A press as PackML has it; `laid` is what lies on the cloth: ticket and row, in order."""

    state: State = State.STOPPED
    ticket: int = 0
    start_row: int = 0
    row: int = 0
    written: dict[str, Any] = field(default_factory=lambda: dict.fromkeys(WRITABLE, 0))
    laid: list[tuple[int, int]] = field(default_factory=list)

    def snapshot(self) -> Snapshot:
        metres = (self.row - self.start_row) * LENGTH_M / ROWS
        values = self.written | {"state": int(self.state), "remote": True, "active_ticket": self.ticket,
                                 "row": self.row, "metres": metres}  # fmt: skip
        return Snapshot("press", now(), Link.CONNECTED, {n: Tag(v, "", Quality.GOOD, now()) for n, v in values.items()})

    def obey(self, verb: Verb) -> None:
        after = packml.next_state(packml.State(self.state), packml.Verb(verb))
        if after is None:
            return
        self.state = State(after)
        if verb is Verb.RESET and self.written["ticket"] != self.ticket:
            self.ticket, self.start_row = self.written["ticket"], self.written["start_row"]
            self.row = self.start_row

    def goes_on(self, rows: int) -> None:
        if self.state is State.EXECUTE:
            end = min(self.row + rows, ROWS)
            self.laid += [(self.ticket, row) for row in range(self.row, end)]
            self.row = end
            self.state = State.COMPLETING if end == ROWS else State.EXECUTE
        elif packml.State(self.state) in packml.ACTING:
            self.state = State(packml.finished(packml.State(self.state)))


def controller_acts(book: Book, press: Press, killed: str) -> bool:
    """Look, decide and act once, as a supervisor does; killed before the act or before what came of it is kept."""
    planned = book.intent("press")
    assert planned is not None
    operation, intent = planned
    shown, number = press.snapshot(), operation.id or 0
    if shown.value("active_ticket") == operation.ticket and operation.status == "running":
        metres, row = float(shown.value("metres") or 0), float(shown.value("row") or 0)
        book.reached(number, press.state.name.title(), metres, {"row": row, "ink1_used_ml": metres * 10})
    action = decide(intent, shown, now())
    if killed == "before":
        return False
    match action:
        case Write(values):
            book.started(number)
            if killed != "between":
                press.written |= dict(values)
        case Command(verb) if killed != "between":
            press.obey(verb)
        case Ask(kind, text):
            book.ask(operation, kind, text)
        case GoBack(kind, row):
            book.go_back(number, kind, row)
        case Finish(done):
            assert done
            book.finished(number, done)
            return True
    return False


def a_person_answers(book: Book, share: float | None) -> None:
    """Answer what is open: with yes, or with a row so far along what is printed."""
    desk = ResumeDesk(book)
    for question in Desk(book, {}).questions(ROSA):
        if share is not None and question.kind.startswith("resume@"):
            told = desk.offer(ROSA, question.id or 0)
            desk.answer(ROSA, question.id or 0, row=int(told.stop_row * share))
        else:
            book.answer("rosa", question.id or 0, question.answers[0])


def the_camera_sees(book: Book, job_id: int) -> None:
    """Look at one strip more, of the leg whose turn it is."""
    with book.store.read() as session:
        job, strips = session.get_one(Job, job_id), session.exec(select(Strip).where(Strip.job_id == job_id)).all()
    if job.inspected_rows < ROWS:
        book.inspected(job_id, job.inspected_leg, len(strips), job.inspected_rows, 300, Inspected((), "", ""))


kills = st.sampled_from(["", "", "", "before", "between"])


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with closing(Store.in_folder(tmp_path_factory.mktemp("taken-up"))) as store:
        yield store


@settings(max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate])
@example(stops=[400, 700], shares=[None, 0.3, 0.99, None], killed=["", "before", "between"] * 12)
@given(
    stops=st.lists(st.integers(1, 900), max_size=3),
    shares=st.lists(st.none() | st.sampled_from([0.0, 0.3, 0.99, 1.0]), min_size=4, max_size=4),
    killed=st.lists(kills, min_size=1, max_size=30),
)
def test_each_row_that_is_delivered_is_there_once(
    store: Store, stops: list[int], shares: list[float | None], killed: list[str]
) -> None:
    line, press = load_line(), Press()
    job_id = on_the_line(Book(store, line, Path()), "silk-twill", LENGTH_M, total_rows=ROWS)
    with store.write() as session:
        for one in session.exec(select(Operation).where(Operation.job_id == job_id)):
            one.status = {"pretreat": "done", "print": "ready"}.get(one.stage, "waiting")
            one.metres = LENGTH_M if one.stage == "pretreat" else 0.0
    ahead, over = list(stops), False
    for step in range(200):
        kill = killed[step] if step < len(killed) else ""
        over = controller_acts(Book(store, line, Path()), press, kill)
        if over:
            break
        a_person_answers(Book(store, line, Path()), shares[len(ahead)])
        press.goes_on(250)
        if press.state is State.COMPLETE:
            the_camera_sees(Book(store, line, Path()), job_id)
        if ahead and press.state is State.EXECUTE and press.row >= ahead[0]:
            ahead.pop(0)
            press.state = State.ABORTED
    assert over, press
    with store.read() as session:
        job, gaps = session.get_one(Job, job_id), gaps_of(session, job_id)
        operations = session.exec(select(Operation).where(Operation.job_id == job_id)).all()
        strips = session.exec(select(Strip).where(Strip.job_id == job_id).order_by(col(Strip.index))).all()
    assert job.status == JobState.RUNNING, "what comes behind the print is still to be done"
    printing = next(one for one in operations if one.stage == "print")
    tickets = [*(gap.ticket for gap in gaps), printing.ticket]
    assert len(set(tickets)) == len(tickets)
    starts, ends = [0, *(gap.resume_row for gap in gaps)], [*(gap.stop_row for gap in gaps), ROWS]
    spans = zip(tickets, starts, ends, strict=True)
    assert press.laid == [(ticket, row) for ticket, start, end in spans for row in range(start, end)]
    way = way_of(job, gaps)
    seen = {(strip.leg, row) for strip in strips for row in range(strip.row_start, strip.row_start + strip.rows)}
    assert seen >= {(way.leg_of(row), row) for row in range(ROWS)}, "each row that is delivered was looked at"
    cut_out_m = way.cut_out_m
    assert cut_out_m == pytest.approx((len(press.laid) - ROWS) * LENGTH_M / ROWS)
    whole = pytest.approx(LENGTH_M + cut_out_m, abs=1e-3)
    assert [one.length_m for one in operations if one.stage != "pretreat"] == [whole] * 3
    assert printing.metres == whole
    assert printing.actuals["ink1_used_ml"] == pytest.approx(10 * printing.metres, abs=1e-2)
