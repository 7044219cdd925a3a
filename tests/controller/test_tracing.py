"""Goods from the gate to the cloth: recorded, scanned, traced both ways, on a real database."""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from controller import Actor, Conflict, Forbidden, NotFound, Refused, Store, control_recipe, load_line
from controller.book import Book
from controller.interlocks import GOODS
from controller.questions import YES
from controller.tables import Event, Job, Operation, Question, Roll
from controller.tracing.delivery import Delivery, check_delivery
from controller.tracing.desk import GoodsDesk
from controller.tracing.genealogy import Kind, reach, touches
from controller.tracing.reading import records
from controller.tracing.trace import Traced, TraceDesk
from controller.work import Prepared
from drivers import Link, Snapshot

FULL = bool(os.environ.get("FOULARD_FULL"))
ROSA, VERA, ADA = Actor("rosa", "operator"), Actor("vera", "viewer"), Actor("ada", "admin")
CLOTH = Delivery("cloth", "silk-twill", "Seta Srl", "S-77", rolls_m=(12.0, 30.0), width_mm=1402.0)
CYAN = Delivery("ink", "acid cyan", "Inkhouse", "c-1")
PIECES = {"dpi": 254.0, "pieces": [{"name": f"carre {n}", "x": 0, "y": 10_000 * (n - 1), "width": 9000, "height": 9000}
                                   for n in range(1, 11)]}  # fmt: skip
"""Ten pieces of 0.9 m, one a metre."""


class Mill:
    """A line of one store, with jobs that are moved along by hand."""

    def __init__(self, folder: Path) -> None:
        self.store = Store.in_folder(folder)
        self.book = Book(self.store, load_line(), folder)
        self.goods, self.traces = GoodsDesk(self.book), TraceDesk(self.book)

    def job(self, length_m: float = 10.0) -> int:
        """A job of silk whose design is prepared."""
        control = control_recipe("silk-twill").model_dump(mode="json")
        protocols = {machine.name: "opcua" for machine in self.book.line.machines}
        ordered = Job(title="carre", fabric="silk-twill", control_recipe=control, length_m=length_m)
        job = self.book.add_job("anna", ordered, protocols)
        self.book.preparing(job.id or 0)
        ink = {"cyan": 5.0, "magenta": 5.0, "yellow": 5.0, "black": 0.0}
        self.book.prepared(job.id or 0, Prepared(Path("raster"), "ab" * 32, 100, 100.0, PIECES, ink))
        return job.id or 0

    def operation(self, machine: str) -> Operation:
        planned = self.book.intent(machine)
        assert planned is not None
        return planned[0]

    def asked(self, machine: str, kind: str = "load") -> Question:
        """The question that the supervisor would ask."""
        planned = self.book.intent(machine)
        assert planned is not None
        self.book.ask(planned[0], kind, f"Load roll {planned[1].roll} into the {machine} and confirm.")
        with self.store.read() as session:
            found = session.exec(select(Question).where(Question.kind == kind, Question.machine == machine)).all()
        return next(one for one in found if one.answered_at is None)

    def runs(self, machine: str, metres: float) -> None:
        """The machine reaches a metre of what it has to do."""
        operation = self.operation(machine)
        self.book.started(operation.id or 0)
        self.book.reached(operation.id or 0, "Execute", metres, {})

    def ends(self, machine: str, metres: float = 10.0) -> None:
        self.runs(machine, metres)
        self.book.finished(self.operation(machine).id or 0, done=True)

    def unmet(self, machine: str) -> dict[str, str]:
        """What the interlocks that protect goods say, by name."""
        planned = self.book.intent(machine)
        assert planned is not None
        now = datetime.now(UTC)
        snapshot = Snapshot(machine, now, Link.CONNECTED, {})
        said = {one.name: one.unmet(planned[1].beginning, snapshot, now) for one in GOODS}
        return {name: words for name, words in said.items() if words}

    def journal(self, kind: str) -> list[Event]:
        with self.store.read() as session:
            return list(session.exec(select(Event).where(Event.kind == kind)))


@pytest.fixture
def mill(tmp_path: Path) -> Iterator[Mill]:
    made = Mill(tmp_path)
    yield made
    made.store.close()


def names(found: Traced, kind: Kind) -> set[str | None]:
    return {one.name for one in found.origins if one.kind is kind}


def test_a_piece_is_traced_to_its_lots_and_each_lot_back_to_the_piece(mill: Mill) -> None:
    cloth = mill.goods.receive(ROSA, CLOTH).lot
    urea = mill.goods.receive(ROSA, Delivery("chemical", "urea", supplier_lot="U-5")).lot
    guar = mill.goods.receive(ROSA, Delivery("chemical", "guar thickener")).lot
    liquor = mill.goods.receive(ROSA, Delivery("liquor", "silk-twill", made_of=(urea.name, guar.name))).lot
    first, second = (mill.goods.receive(ROSA, CYAN).lot for _ in range(2))
    job = mill.job()
    mill.goods.lay(ROSA, "CL-000001-01", job)
    mill.goods.mount(ROSA, "padder", "liquor", liquor.name, topped_up=False)
    mill.runs("padder", 4.5)
    mill.goods.lay(ROSA, "cl 1 2", job)
    mill.ends("padder")
    mill.goods.mount(ROSA, "press", "ink1", first.name, topped_up=False)
    mill.runs("press", 6.2)
    mill.goods.mount(ROSA, "press", "ink1", second.name, topped_up=True)
    mill.book.answer("rosa", mill.asked("press", "resume@6.20").id or 0, YES)
    mill.ends("press")

    third = mill.traces.trace(VERA, "P-000001-003")
    assert (third.name, third.from_m, third.to_m) == ("P-000001-003 (carre 3)", 2.0, 2.9)
    assert names(third, Kind.ROLL) == {"CL-000001-01"}
    assert names(third, Kind.CLOTH) == {cloth.name}
    assert names(third, Kind.LIQUOR) == {liquor.name}
    assert names(third, Kind.CHEMICAL) == {urea.name, guar.name}
    inks = {(one.where, one.name, one.mixed) for one in third.origins if one.kind is Kind.INK}
    assert inks == {("ink1", first.name, False), ("ink2", None, False), ("ink3", None, False)}, "no black is printed"
    assert names(third, Kind.MACHINE) == {"padder", "press"}
    assert {one.where for one in third.origins if one.kind is Kind.PERSON} == {
        "submitted", "laid the cloth", "resume: Yes"}  # fmt: skip
    assert {one.lot.name for one in third.lots} == {cloth.name, liquor.name, urea.name, guar.name, first.name}

    seventh = mill.traces.trace(VERA, "FOULARD 1/carre 7")
    mixed = {(one.name, one.from_m, one.mixed) for one in seventh.origins if one.where == "ink1"}
    assert mixed == {(first.name, 6.0, False), (first.name, 6.2, True), (second.name, 6.2, True)}
    assert names(seventh, Kind.ROLL) == {"CL-000001-02"}

    back = mill.traces.trace(VERA, second.name)
    assert [(one.job, one.from_m, one.to_m, one.mixed) for one in back.reached] == [(1, 6.2, 10.0, True)]
    assert back.reached[0].pieces == ("carre 7", "carre 8", "carre 9", "carre 10")
    for name in (urea.name, "U-5", cloth.name, "S-77", liquor.name, "padder"):
        spans = [(one.from_m, one.to_m) for one in mill.traces.trace(VERA, name).reached]
        assert spans in ([(0.0, 10.0)], [(0.0, 4.5), (4.5, 10.0)])
    roll = mill.traces.trace(VERA, "CL-000001-02")
    assert [(one.roll, one.from_m, one.to_m) for one in roll.reached] == [("R-000001", 4.5, 10.0)]
    assert roll.roll is not None
    assert (roll.roll.used_m, roll.roll.free_m) == (5.5, 24.5)


def test_scanning_the_right_roll_answers_and_a_wrong_one_is_refused_in_words(mill: Mill) -> None:
    mill.goods.receive(ROSA, CLOTH)
    mill.goods.receive(ROSA, Delivery("cloth", "cotton-sateen", rolls_m=(50.0,)))
    job = mill.job()
    mill.goods.lay(ROSA, "CL-000001-01", job, 0.0)
    question = mill.asked("padder")
    assert "CL-000001-01" in question.text
    wrong = {
        "CL-000002-01": r"this is CL-000002-01 \(cotton-sateen, 50 m\); the padder wants CL-000001-01",
        "R-000001": r"this is R-000001 .*the padder wants CL-000001-01",
        "CL-000009-01": "no roll that is known here",
        "4006381333931": "'4006381333931' is no code of this mill; scan the label of roll CL-000001-01",
    }
    for code, words in wrong.items():
        with pytest.raises(Refused, match=words):
            mill.goods.scan(ROSA, question.id or 0, code)
    assert mill.unmet("padder") == {"roll": "4006381333931 was scanned, and CL-000001-01 is wanted"}
    assert [line.payload["code"] for line in mill.journal("wrong roll")] == list(wrong)
    answered = mill.goods.scan(ROSA, question.id or 0, "cl00000101\r")
    assert (answered.answer, answered.answered_by) == (YES, "rosa")
    assert mill.unmet("padder") == {}
    with pytest.raises(Conflict, match="answered by rosa"):
        mill.goods.scan(ROSA, question.id or 0, "CL-000001-01")
    mill.ends("padder")
    assert mill.goods.scan(ROSA, mill.asked("press").id or 0, f"FOULARD {job}").answer == YES
    did = {(one.name, one.where) for one in mill.traces.trace(VERA, "R-000001").origins if one.stage == "pretreat"}
    assert {("rosa", "scanned CL-000001-01"), ("rosa", "load: Yes")} <= did


def test_who_says_yes_after_a_wrong_scan_is_asked_once_more(mill: Mill) -> None:
    mill.job()
    question = mill.asked("padder")
    with pytest.raises(Refused):
        mill.goods.scan(ROSA, question.id or 0, "R-000002")
    mill.book.answer("rosa", question.id or 0, YES)
    assert "R-000002 was scanned, and R-000001 is wanted" in mill.unmet("padder")["roll"]
    override = mill.asked("padder", "override roll")
    assert mill.goods.scan(ROSA, override.id or 0, "R-000001").answered_at is None
    assert mill.unmet("padder") == {}, "the supervisor takes its question back when it looks again"


def test_scanning_a_delivered_roll_names_the_cloth_of_a_job_that_has_none(mill: Mill) -> None:
    mill.goods.receive(ROSA, CLOTH)
    mill.job()
    assert mill.goods.scan(ROSA, mill.asked("padder").id or 0, "CL-000001-02").answer == YES
    mill.ends("padder")
    assert names(mill.traces.trace(VERA, "R-000001"), Kind.ROLL) == {"CL-000001-02"}


def test_a_roll_that_is_too_short_an_old_lot_and_a_wrong_ink_are_asked_about(mill: Mill) -> None:
    old = datetime.now(UTC) - timedelta(days=2)
    mill.goods.receive(ROSA, Delivery("cloth", "silk-twill", rolls_m=(7.0, 9.0), best_before=old))
    magenta = mill.goods.receive(ROSA, Delivery("ink", "acid magenta")).lot
    job = mill.job()
    mill.goods.lay(ROSA, "CL-000001-01", job)
    unmet = mill.unmet("padder")
    assert unmet.keys() == {"cloth length", "shelf life"}
    assert unmet["cloth length"] == "roll CL-000001-01 has 7.0 m left and the job takes 10.0 m of it"
    assert f"CL-000001 was to be used before {old:%Y-%m-%d}" in unmet["shelf life"]
    mill.goods.lay(ROSA, "CL-000001-02", job, 6.5)
    assert mill.unmet("padder").keys() == {"shelf life"}
    mill.ends("padder")
    mill.goods.mount(ROSA, "press", "ink3", magenta.name, topped_up=True)
    assert mill.unmet("press") == {"lots": f"ink3 holds {magenta.name} (acid magenta), the job takes acid yellow"}
    mill.goods.mount(ROSA, "press", "ink3", None, topped_up=False)
    assert mill.unmet("press") == {}


@pytest.mark.parametrize(
    ("delivery", "field", "words"),
    [
        (Delivery("cloth", "velvet", rolls_m=(5.0,)), "material", "give one of cotton-poplin-pigment, cotton-sateen"),
        (Delivery("cloth", "silk-twill"), "rolls_m", "give 1 to 99"),
        (Delivery("cloth", "silk-twill", rolls_m=(float("nan"),)), "rolls_m", "nan m is not possible"),
        (Delivery("cloth", "silk-twill", rolls_m=(5.0,), width_mm=-1.0), "width_mm", "-1 mm"),
        (Delivery("ink", "acid pink"), "material", "is no ink"),
        (Delivery("ink", "acid cyan", rolls_m=(1.0,)), "rolls_m", "leave them out"),
        (Delivery("chemical", " "), "material", "give its name"),
        (Delivery("liquor", "silk-twill"), "made_of", "made of lots of chemicals"),
        (Delivery("paper", "x"), "kind", "give cloth, ink, chemical or liquor"),
    ],
)
def test_goods_that_cannot_be_are_refused_by_field(delivery: Delivery, field: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        check_delivery(delivery)
    assert refused.value.field == field


def test_what_cannot_be_recorded_is_refused(mill: Mill) -> None:
    mill.goods.receive(ROSA, CLOTH)
    mill.goods.receive(ROSA, CYAN)
    job = mill.job()
    liquor = Delivery("liquor", "silk-twill", made_of=("CL-000001",))
    unknown = replace(liquor, made_of=("CH-000007",))
    refused: list[tuple[type[Exception], str, Callable[[], object]]] = [
        (Refused, "there is no lot 'CH-000007'", lambda: mill.goods.receive(ROSA, unknown)),
        (Refused, "'CL-000001' is cloth; a liquor", lambda: mill.goods.receive(ROSA, liquor)),
        (Refused, "give one of cotton", lambda: mill.goods.receive(ROSA, replace(CLOTH, material="velvet"))),
        (Forbidden, "goods.record", lambda: mill.goods.receive(VERA, CYAN)),
        (Forbidden, "question.answer", lambda: mill.goods.scan(VERA, 1, "R-000001")),
        (NotFound, "there is no machine 'loom'", lambda: mill.goods.mount(ROSA, "loom", "x", None, topped_up=False)),
        (Refused, "nothing is filled", lambda: mill.goods.mount(ROSA, "steamer", "x", None, topped_up=False)),
        (Refused, "it has ink1", lambda: mill.goods.mount(ROSA, "press", "ink99", None, topped_up=False)),
        (Refused, "is cloth; ink1", lambda: mill.goods.mount(ROSA, "press", "ink1", "CL-000001", topped_up=False)),
        (Refused, "which lot", lambda: mill.goods.mount(ROSA, "press", "ink1", None, topped_up=True)),
        (NotFound, "no roll 'CL-000001-03'", lambda: mill.goods.lay(ROSA, "CL-000001-03", job)),
        (NotFound, "no job 9", lambda: mill.goods.lay(ROSA, "CL-000001-01", 9)),
        (Refused, "what a job makes", lambda: mill.goods.lay(ROSA, "R-000001", job)),
        (Refused, "metre 10 is not on job 1", lambda: mill.goods.lay(ROSA, "CL-000001-01", job, 10.0)),
        (NotFound, "no question 77", lambda: mill.goods.scan(ROSA, 77, "R-000001")),
        (NotFound, "job 1 has 10 pieces", lambda: mill.traces.trace(VERA, "P-000001-011")),
        (NotFound, "nothing here is called 'X-9'", lambda: mill.traces.trace(VERA, "X-9")),
        (NotFound, "nothing here is called ''", lambda: mill.traces.trace(VERA, "")),
        (Refused, "are no span of R-000001", lambda: mill.traces.trace(VERA, "R-000001", 4.0, 2.0)),
    ]  # fmt: skip
    for kind, words, act in refused:
        with pytest.raises(kind, match=words):
            act()
    assert len(mill.goods.lots(VERA)) == 2
    mill.goods.receive(ROSA, CYAN)
    with pytest.raises(Conflict, match="trace one of INK-000002, INK-000003"):
        mill.traces.trace(VERA, "c-1")


@settings(max_examples=60 if FULL else 3, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["fill", "top up", "empty", "lay", "padder", "press"]), st.integers(0, 2)),
                min_size=6, max_size=14))  # fmt: skip
def test_the_way_back_misses_no_job(steps: list[tuple[str, int]]) -> None:
    """The desk reads only jobs that a lot may have reached; the whole book says that there are no others."""
    with tempfile.TemporaryDirectory() as folder:
        mill = Mill(Path(folder))
        lots = [mill.goods.receive(ROSA, CYAN).lot.name for _ in range(3)]
        rolls = [mill.goods.receive(ROSA, CLOTH).rolls[0].roll.name for _ in range(3)]
        for act, which in [*steps, ("press", 0)]:
            match act:
                case "fill" | "top up":
                    mill.goods.mount(ROSA, "press", "ink1", lots[which], topped_up=act == "top up")
                case "empty":
                    mill.goods.mount(ROSA, "press", "ink1", None, topped_up=False)
                case "lay" if (planned := mill.book.intent("padder")) is not None:
                    mill.goods.lay(ROSA, rolls[which], planned[0].job_id, float(which))
                case "padder":
                    if mill.book.intent("padder") is None:
                        mill.job()
                    mill.ends("padder")
                case "press" if mill.book.intent("press") is not None:
                    mill.ends("press")
        with mill.store.read() as session:
            found = touches(records(session, set(session.exec(select(Job.id)))))  # pyright: ignore[reportArgumentType]
        for name in (*lots, *rolls, *(roll[:9] for roll in rolls)):
            spans = {(one.job, one.from_m, one.to_m, one.mixed) for one in reach(found, name)}
            traced = mill.traces.trace(VERA, name).reached
            assert {(one.job, one.from_m, one.to_m, one.mixed) for one in traced} == spans
        mill.store.close()


def test_a_machine_is_asked_about_in_a_span_of_time(mill: Mill) -> None:
    for _ in range(2):
        mill.job()
        mill.ends("padder")
    with mill.store.read() as session:
        first, second = session.exec(select(Operation).where(Operation.machine == "padder")).all()
    assert first.ended_at is not None
    assert second.started_at is not None
    between = first.ended_at + (second.started_at - first.ended_at) / 2
    assert [one.job for one in mill.traces.trace(ADA, "padder").reached] == [1, 2]
    assert [one.job for one in mill.traces.trace(ADA, "padder", since=between).reached] == [2]
    assert [one.job for one in mill.traces.trace(ADA, "padder", until=between).reached] == [1]


def test_goods_in_splices_and_tanks_stand_in_the_journal(mill: Mill) -> None:
    mill.goods.receive(ROSA, CLOTH)
    job = mill.job()
    mill.goods.lay(ROSA, "CL-000001-01", job)
    mill.goods.lay(ROSA, "CL-000001-02", job, 4.0)
    mill.goods.mount(ROSA, "padder", "liquor", None, topped_up=False)
    lines = [mill.journal(kind) for kind in ("goods in", "cloth laid", "splice", "emptied")]
    told = [(line.kind, line.actor, line.job_id, line.machine) for (line,) in lines]
    assert told == [("goods in", "rosa", None, None), ("cloth laid", "rosa", job, None), ("splice", "rosa", job, None),
                    ("emptied", "rosa", None, "padder")]  # fmt: skip


def test_rolls_of_an_older_database_are_kept(tmp_path: Path) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy import text

    from controller.store import MIGRATIONS

    mill = Mill(tmp_path)
    mill.job()
    with mill.store.write() as session:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = session.connection()
        command.downgrade(config, "0004")
        assert session.connection().scalar(text("SELECT name FROM roll")) == "R-000001"
    mill.store.close()
    mill = Mill(tmp_path)
    with mill.store.read() as session:
        (roll,) = session.exec(select(Roll)).all()
    mill.store.close()
    assert (roll.name, roll.job_id, roll.lot_id, roll.fabric) == ("R-000001", 1, None, "silk-twill")
