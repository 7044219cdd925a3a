"""What people do with jobs, through the desks, on a real database; the line's part is told to the book."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlmodel import col, select

import rip
from controller import Actor, Conflict, Desk, Forbidden, JobRequest, NotFound, Refused, Store, Want, load_line
from controller.book import Book
from controller.jobs import JobDesk, Recoloured
from controller.request import Terms
from controller.states import State
from controller.tables import Event, FindingRow, Job, Operation, Roll, User
from controller.work import Inspected, Prepared

STUDIO, ANNA, ROSA = Actor("studio", "designer"), Actor("anna", "planner"), Actor("rosa", "operator")
BERT = Actor("bert", "planner")
SOON = datetime(2026, 5, 4, 16, tzinfo=UTC)
MM_PER_ROW = 0.0423
PIECE = {"piece_mm": [400, 400], "gutter_mm": [20, 20]}


@dataclass(frozen=True)
class Works:
    """The desks of one works, and what the line tells the book."""

    book: Book
    desk: Desk
    jobs: JobDesk
    design: Path

    def submit(
        self, length_m: float = 6.0, fabric: str = "silk-twill", by: Actor = STUDIO, *, pieces: int | None = None,
        **terms: object,
    ) -> Job:  # fmt: skip
        layout = rip.read_layout({} if pieces is None else PIECE | {"pieces": pieces})
        length = length_m if pieces is None else None
        request = JobRequest((self.design,), fabric, layout, length, "Ginkgo", Terms(**terms))  # pyright: ignore[reportArgumentType]
        return self.desk.submit(by, request)

    def job(self, job: Job) -> Job:
        return self.desk.job(ANNA, job.id or 0).job

    def operations(self, job: Job) -> dict[str, Operation]:
        return {one.stage: one for one in self.desk.job(ANNA, job.id or 0).operations}

    def prepared(self, job: Job) -> None:
        """The RIP has made the raster; pieces lie as ordered, row after row."""
        self.book.preparing(job.id or 0)
        now = self.job(job)
        rows = round(now.length_m * 1000 / MM_PER_ROW)
        boxes = []
        if (pieces := now.layout.get("pieces")) is not None:
            height, across = round(400 / MM_PER_ROW), 3
            step = round(420 / MM_PER_ROW)
            boxes = [{"name": f"Ginkgo {at + 1}", "x": at % across * step, "y": 200 + at // across * step,
                      "width": height, "height": height} for at in range(pieces)]  # fmt: skip
        meta = {"dpi": 25.4 / MM_PER_ROW, "pieces": boxes}
        self.book.prepared(job.id or 0, Prepared(self.design, "ab" * 32, rows, MM_PER_ROW, meta, {"cyan": 600.0}))

    def begins(self, job: Job, stage: str, metres: float = 0.0) -> Operation:
        operation = self.operations(job)[stage]
        assert operation.status in ("ready", "running")
        self.book.started(operation.id or 0)
        self.book.reached(operation.id or 0, "Execute", metres, {})
        return operation

    def does(self, job: Job, stage: str, metres: float) -> None:
        self.book.finished(self.begins(job, stage, metres).id or 0, done=True)

    def looked_at(self, job: Job, *at_m: float) -> None:
        """The camera has seen all that was printed, with a spot at each of these metres."""
        now = self.job(job)
        found = [{"key": f"spot-{at:g}", "defect": "spot", "at_m": at, "x_mm": 100.0, "length_mm": 4.0, "width_mm": 4.0,
                  "points": 1} for at in at_m]  # fmt: skip
        self.book.inspected(job.id or 0, 0, 0, 0, now.total_rows or 0, Inspected(tuple(found), "", "strips/00000.jpg"))

    def journal(self, job: Job) -> list[str]:
        with self.book.store.read() as session:
            return [line.kind for line in session.exec(select(Event).where(Event.job_id == job.id))]


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    store, line = Store.in_folder(tmp_path), load_line()
    book = Book(store, line, tmp_path)
    protocols = {machine.name: "opcua" for machine in line.machines}
    design = tmp_path / "ginkgo.png"
    design.write_bytes(b"a design")
    yield Works(book, Desk(book, protocols), JobDesk(book, protocols), design)
    store.close()


# -- the table at work ---------------------------------------------------------------------------------------------


def test_a_job_can_be_held_at_any_time_and_goes_on_where_it_was(works: Works) -> None:
    job = works.submit()
    assert works.desk.want(ROSA, job.id or 0, Want.HOLD).status == State.PARKED
    assert works.book.next_to_prepare() is None
    assert works.desk.want(ROSA, job.id or 0, Want.RUN).status == State.QUEUED
    works.book.preparing(job.id or 0)
    works.desk.want(ROSA, job.id or 0, Want.HOLD)
    works.prepared(job)  # the raster came after somebody had held the job
    assert works.job(job).status == State.HELD
    assert works.book.intent("padder") is None
    works.desk.want(ROSA, job.id or 0, Want.RUN)
    assert works.book.intent("padder") is not None
    with pytest.raises(Conflict, match="is running; only a held job can go on"):
        works.desk.want(ROSA, job.id or 0, Want.RUN)


def test_a_job_that_is_being_cancelled_takes_nothing_more_and_a_late_fault_changes_nothing(works: Works) -> None:
    job = works.submit()
    works.prepared(job)
    padding = works.begins(job, "pretreat", 1.0)
    assert works.desk.want(ROSA, job.id or 0, Want.CANCEL).status == State.CANCELLING
    with pytest.raises(Conflict, match="is being cancelled; only a job that waits or runs can be held"):
        works.desk.want(ROSA, job.id or 0, Want.HOLD)
    works.book.finished(padding.id or 0, done=False)
    assert works.job(job).status == State.CANCELLED
    works.book.failed(job.id or 0, "the RIP ended")
    assert (works.job(job).status, works.job(job).error) == (State.CANCELLED, None)


# -- the route -----------------------------------------------------------------------------------------------------


def test_a_job_goes_the_way_its_recipe_says(works: Works) -> None:
    pigment = works.submit(fabric="cotton-poplin-pigment")
    assert list(works.operations(pigment)) == ["pretreat", "print", "fix"]
    works.prepared(pigment)
    works.does(pigment, "pretreat", 6.0)
    works.does(pigment, "print", 6.0)
    works.looked_at(pigment)
    works.does(pigment, "fix", 6.0)
    assert works.job(pigment).status == State.COMPLETE


# -- the queue -----------------------------------------------------------------------------------------------------


def test_priority_goes_before_the_due_date_and_that_before_age(works: Works) -> None:
    last, third, second = works.submit(), works.submit(due_at=SOON + timedelta(days=1)), works.submit(due_at=SOON)
    first = works.submit(priority=1)
    order = []
    while (job := works.book.next_to_prepare()) is not None:
        order.append(job.id)
        works.prepared(job)
    assert order == [one.id for one in (first, second, third, last)]
    running = works.begins(last, "pretreat")
    planned = works.book.intent("padder")
    assert planned is not None
    assert planned[0].id == running.id, "what runs is not put behind another"
    works.book.finished(running.id or 0, done=True)
    planned = works.book.intent("padder")
    assert planned is not None
    assert planned[0].job_id == first.id


def test_priority_and_due_date_change_until_the_job_is_over(works: Works) -> None:
    job = works.submit(due_at=datetime(2026, 5, 4, 18, tzinfo=timezone(timedelta(hours=2))))
    assert works.job(job).due_at == SOON
    works.jobs.schedule(ANNA, job.id or 0, priority=3)
    assert (works.job(job).priority, works.job(job).due_at) == (3, SOON)
    works.jobs.schedule(ANNA, job.id or 0, never_due=True)
    assert (works.job(job).priority, works.job(job).due_at) == (3, None)
    for terms, field in (({"priority": 10}, "priority"), ({"due_at": datetime(2026, 5, 4)}, "due_at"), ({}, None)):  # noqa: DTZ001
        with pytest.raises(Refused) as refused:
            works.jobs.schedule(ANNA, job.id or 0, **terms)  # pyright: ignore[reportArgumentType]
        assert refused.value.field == field
    with pytest.raises(Forbidden, match=r"job\.schedule is needed"):
        works.jobs.schedule(ROSA, job.id or 0, priority=1)
    works.desk.want(ANNA, job.id or 0, Want.CANCEL)
    with pytest.raises(Conflict, match="is cancelled; nothing is left to put in order"):
        works.jobs.schedule(ANNA, job.id or 0, priority=1)


# -- cut short -----------------------------------------------------------------------------------------------------


def test_before_its_print_begins_a_cut_job_is_a_shorter_one(works: Works) -> None:
    job = works.submit(6.0)
    for wrong, says in ((None, "nothing is printed yet"), (0.01, "0.01 m is too short"), (7.0, "the job ends at 6 m")):
        with pytest.raises(Refused, match=says):
            works.jobs.cut(ROSA, job.id or 0, wrong)
    works.jobs.cut(ROSA, job.id or 0, 4.0)
    assert (works.job(job).length_m, works.job(job).ordered) == (4.0, 4.0)
    works.prepared(job)
    padded = works.begins(job, "pretreat", 1.0)
    works.jobs.cut(ROSA, job.id or 0, 2.0)
    shorter = works.job(job)
    assert shorter.length_m == pytest.approx(2.0, abs=1e-4)
    assert shorter.total_rows == round(2000 / MM_PER_ROW)
    assert shorter.planned_ml["cyan"] == pytest.approx(300.0, rel=1e-4)
    assert shorter.cut_m is None
    lengths = [one.length_m for one in works.operations(job).values()]
    assert lengths == [4.0, *[shorter.length_m] * 3], "the padder has begun with four metres"
    works.book.finished(padded.id or 0, done=True)
    planned = works.book.intent("press")
    assert planned is not None
    assert planned[1].settings["total_rows"] == shorter.total_rows
    assert planned[1].until_m is None


def test_a_print_under_way_is_cut_and_what_follows_takes_what_is_there(works: Works) -> None:
    job = works.submit(6.0)
    works.prepared(job)
    works.does(job, "pretreat", 6.0)
    printing = works.begins(job, "print", 2.5)
    with pytest.raises(Refused, match=r"2 m is printed already: give 2\.50 m or more"):
        works.jobs.cut(ROSA, job.id or 0, 2.0)
    with pytest.raises(Refused, match="the job ends at 6 m"):
        works.jobs.cut(ROSA, job.id or 0, 6.0)
    works.jobs.cut(ROSA, job.id or 0, 3.0)
    planned = works.book.intent("press")
    assert planned is not None
    assert planned[1].until_m == pytest.approx(3.0, abs=1e-4)
    assert planned[1].settings["length_m"] == 6.0, "what is on the machine already stays there"
    assert planned[1].inspected
    works.book.reached(printing.id or 0, "Stopped", 3.12, {})
    works.book.finished(printing.id or 0, done=True)
    printed = works.job(job)
    assert printed.length_m == pytest.approx(3.12, abs=1e-4)
    assert printed.total_rows == round(3120 / MM_PER_ROW)
    assert works.operations(job)["fix"].length_m == printed.length_m
    with pytest.raises(Conflict, match="is printed; nothing is left to cut short"):
        works.jobs.cut(ROSA, job.id or 0, 3.0)
    works.does(job, "fix", 3.12)
    works.does(job, "wash", 3.12)
    done = works.desk.job(ANNA, job.id or 0).job
    assert (done.status, done.grade) == (State.COMPLETE, {}), "the camera has seen nothing of it"
    assert {"job cut", "print cut short", "job complete"} <= set(works.journal(job))


def test_pieces_are_never_cut_through(works: Works) -> None:
    waiting, printing = works.submit(pieces=12), works.submit(pieces=12)
    whole_m = waiting.length_m
    works.jobs.cut(ROSA, waiting.id or 0, 0.6)
    assert works.job(waiting).layout["pieces"] == 6, "two rows of three"
    assert works.job(waiting).length_m < whole_m
    works.prepared(printing)
    works.does(printing, "pretreat", whole_m)
    works.begins(printing, "print", 0.5)
    works.jobs.cut(ROSA, printing.id or 0)
    end_m = works.job(printing).cut_m
    second_row_ends = (200 + round(420 / MM_PER_ROW) + round(400 / MM_PER_ROW)) * MM_PER_ROW / 1000
    assert end_m == pytest.approx(second_row_ends, abs=1e-3)
    works.does(printing, "print", 0.9)
    assert [box["name"] for box in works.job(printing).raster_meta["pieces"]] == [f"Ginkgo {at + 1}" for at in range(6)]


# -- split, repeat, copies -----------------------------------------------------------------------------------------


def test_a_split_gives_the_rest_to_a_second_job_of_the_same_order(works: Works) -> None:
    job = works.submit(pieces=10, overrun_pct=10.0, priority=2, due_at=SOON)
    assert job.layout["pieces"] == 11
    kept, rest = works.jobs.split(ANNA, job.id or 0, 6)
    assert (kept.ordered, kept.layout["pieces"], rest.ordered, rest.layout["pieces"]) == (6, 7, 4, 5)
    assert (rest.order_id, rest.priority, rest.due_at, rest.made_from_id) == (job.order_id, 2, SOON, job.id)
    assert rest.control_recipe == job.control_recipe
    for one in (kept, rest):
        assert {op.length_m for op in works.operations(one).values()} == {works.job(one).length_m}
        with works.book.store.read() as session:
            assert session.exec(select(Roll).where(Roll.job_id == one.id)).one().length_m == works.job(one).length_m
    for wrong in (0, 6, 7, 2.5):
        with pytest.raises(Refused):
            works.jobs.split(ANNA, kept.id or 0, wrong)
    works.prepared(kept)
    with pytest.raises(Conflict, match="is running; only a job that waits in the queue can be split"):
        works.jobs.split(ANNA, kept.id or 0, 3)
    metres, more = works.jobs.split(ANNA, works.submit(6.0).id or 0, 2.5)
    assert (metres.length_m, more.length_m) == (2.5, 3.5)


def test_a_repeat_has_the_recipe_of_the_first_and_an_order_of_its_own(works: Works) -> None:
    job = works.submit(6.0, priority=5, due_at=SOON)
    works.desk.want(ROSA, job.id or 0, Want.CANCEL)
    again = works.jobs.repeat(STUDIO, job.id or 0)
    assert (again.length_m, again.control_recipe["digest"]) == (6.0, job.control_recipe["digest"])
    assert (again.order_id != job.order_id, again.made_from_id, again.created_by) == (True, job.id, "studio")
    assert (again.status, again.priority, again.due_at) == (State.QUEUED, 0, None)
    assert works.jobs.repeat(STUDIO, job.id or 0, 2.0).length_m == 2.0
    tickets = [one.ticket for each in (job, again) for one in works.operations(each).values()]
    assert len(set(tickets)) == len(tickets), "a ticket is never used twice"
    works.design.unlink()
    with pytest.raises(Refused, match=r"design file of job 1 is gone \(ginkgo\.png\)"):
        works.jobs.repeat(STUDIO, job.id or 0)
    with pytest.raises(NotFound, match="no job 99"):
        works.jobs.repeat(STUDIO, 99)


def test_copies_in_other_colours_are_one_job_each_of_the_same_order(works: Works) -> None:
    job = works.submit(pieces=3)
    ways = [rip.Colourway(replace={"#ff0000": (40.0, 50.0, lab_b)}) for lab_b in (10.0, 20.0)]
    made = works.jobs.recolour(STUDIO, job.id or 0, [Recoloured("wine", ways[0]), Recoloured("rust", ways[1])])
    assert [one.title for one in made] == ["Ginkgo, wine", "Ginkgo, rust"]
    assert {one.order_id for one in made} == {job.order_id}
    assert [rip.read_layout(one.layout).colourway for one in made] == ways
    assert all(one.length_m == job.length_m for one in made)
    with pytest.raises(Refused, match="no colourway"):
        works.jobs.recolour(STUDIO, job.id or 0, [])


# -- approvals -----------------------------------------------------------------------------------------------------


def test_what_needs_approval_is_not_prepared_before_another_person_gives_it(works: Works) -> None:
    with works.book.store.write() as session:
        session.add_all([User(name=one.name, role=one.role, password_hash="") for one in (STUDIO, ANNA, BERT)])
    job = works.submit(by=ANNA, needs_approval=True)
    assert job.status == State.TO_APPROVE
    assert works.book.next_to_prepare() is None
    with pytest.raises(Forbidden, match="was submitted by anna; let bert approve it"):
        works.jobs.approve(ANNA, job.id or 0)
    with pytest.raises(Forbidden, match=r"job\.approve is needed"):
        works.jobs.approve(STUDIO, job.id or 0)
    approved = works.jobs.approve(BERT, job.id or 0, "colours seen")
    assert (approved.status, approved.approved_by) == (State.QUEUED, "bert")
    with works.book.store.read() as session:
        line = session.exec(select(Event).where(Event.kind == "job approved")).one()
    assert (line.actor, line.payload) == ("bert", {"comment": "colours seen"})
    with pytest.raises(Conflict, match="is queued; what waits for approval can be approved"):
        works.jobs.approve(BERT, job.id or 0)
    waiting = works.submit(by=ANNA, needs_approval=True)
    _, rest = works.jobs.split(BERT, waiting.id or 0, 2.0)
    with pytest.raises(Forbidden, match="was submitted by anna"):
        works.jobs.approve(ANNA, rest.id or 0)


def test_the_only_one_who_may_approve_may_approve_their_own(works: Works) -> None:
    job = works.submit(by=ANNA, needs_approval=True)
    assert works.jobs.approve(ANNA, job.id or 0).status == State.QUEUED


def test_a_job_waits_for_its_strike_off(works: Works) -> None:
    strike_off = works.submit(1.0, by=STUDIO)
    bulk = works.submit(50.0, strike_off_id=strike_off.id)
    both = works.submit(50.0, strike_off_id=strike_off.id, needs_approval=True)
    assert {works.job(one).status for one in (bulk, both)} == {State.TO_APPROVE}
    works.jobs.approve(ANNA, both.id or 0)
    assert works.job(both).status == State.TO_APPROVE, "its strike-off is not approved yet"
    works.prepared(strike_off)
    for stage in ("pretreat", "print"):
        works.does(strike_off, stage, 1.0)
    works.looked_at(strike_off)
    for stage in ("fix", "wash"):
        works.does(strike_off, stage, 1.0)
    assert works.job(bulk).status == State.TO_APPROVE
    assert works.jobs.approve(ANNA, strike_off.id or 0).accepted_by == "anna"
    assert {works.job(one).status for one in (bulk, both)} == {State.QUEUED}
    with pytest.raises(Conflict, match="was approved by anna"):
        works.jobs.approve(BERT, strike_off.id or 0)
    assert works.submit(50.0, strike_off_id=strike_off.id).status == State.QUEUED
    with pytest.raises(Refused, match="strike-off 99"):
        works.submit(strike_off_id=99)


def test_a_strike_off_that_will_never_be_is_replaced_by_an_approval(works: Works) -> None:
    strike_off = works.submit(1.0)
    bulk = works.submit(50.0, strike_off_id=strike_off.id)
    works.desk.want(ROSA, strike_off.id or 0, Want.CANCEL)
    assert works.job(bulk).status == State.TO_APPROVE
    assert works.jobs.approve(ANNA, bulk.id or 0).status == State.QUEUED


def test_a_works_can_want_every_job_approved(works: Works) -> None:
    protocols = {machine.name: "opcua" for machine in works.book.line.machines}
    desk, jobs = Desk(works.book, protocols, approving=True), JobDesk(works.book, protocols, approving=True)
    request = JobRequest((works.design,), "silk-twill", rip.Layout(), 2.0, "Ginkgo")
    assert desk.submit(STUDIO, request).status == State.TO_APPROVE
    before = works.submit()
    colourway = rip.Colourway(replace={"#ff0000": (40.0, 50.0, 10.0)})
    assert jobs.repeat(STUDIO, before.id or 0).status == State.TO_APPROVE
    assert jobs.recolour(STUDIO, before.id or 0, [Recoloured("wine", colourway)])[0].status == State.TO_APPROVE


# -- what came of it -----------------------------------------------------------------------------------------------


def done(works: Works, job: Job, *spots_at_m: float) -> Job:
    works.prepared(job)
    length_m = works.job(job).length_m
    works.does(job, "pretreat", length_m)
    works.does(job, "print", length_m)
    works.looked_at(job, *spots_at_m)
    works.does(job, "fix", length_m)
    works.does(job, "wash", length_m)
    assert works.job(job).status == State.COMPLETE
    return works.job(job)


def test_missing_pieces_are_repeated_for_the_same_order(works: Works) -> None:
    fine = done(works, works.submit(pieces=9, overrun_pct=20.0, seconds_pct=0.0))
    with pytest.raises(Conflict, match="nothing of job 1 is missing: 11 of 9 pieces are firsts"):
        works.jobs.repeat(ANNA, fine.id or 0, missing=True)
    spoilt = done(works, works.submit(pieces=9, due_at=SOON), 0.2, 0.7)
    again = works.jobs.repeat(ANNA, spoilt.id or 0, missing=True)
    assert (again.ordered, again.layout["pieces"]) == (2, 2)
    assert (again.order_id, again.due_at) == (spoilt.order_id, SOON)
    tolerated = done(works, works.submit(pieces=9, seconds_pct=25.0), 0.2, 0.7)
    with pytest.raises(Conflict, match="7 of 9 pieces are firsts"):
        works.jobs.repeat(ANNA, tolerated.id or 0, missing=True)
    with pytest.raises(Conflict, match="what is missing is known when it is complete"):
        works.jobs.repeat(ANNA, again.id or 0, missing=True)
    with works.book.store.read() as session:
        assert session.exec(select(FindingRow).order_by(col(FindingRow.id))).all()
