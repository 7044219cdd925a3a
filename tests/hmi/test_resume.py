"""A print that stopped, through the API and the command line, on a running Foulard whose press is moved by hand."""

import json
from pathlib import Path

import pytest
from sqlmodel import col, select

import recipes
from controller import Store, Want, load_line
from controller.book import Book
from controller.decide import resume_kind
from controller.desk import JobRecord
from controller.queue import MOST_PRIORITY
from controller.tables import FindingRow, Gap, Job, Operation, Question, Stop, Strip
from hmi import report, views
from tests.hmi.serving import Server
from tests.hmi.terminal import assert_refused, foulard
from tests.standing import on_the_line

LENGTH_M, ROWS, REPEAT_ROWS, STOP_ROW = 2.0, 2000, 300, 1250
PITCH_M = LENGTH_M / ROWS


class Press:
    """A job of 2 m on the line, and its press as its supervisor would write it down."""

    def __init__(self, server: Server) -> None:
        self.store = Store.in_folder(server.folder)
        self.book = Book(self.store, load_line(), server.folder)
        self.job = on_the_line(self.book, "silk-twill", LENGTH_M, title="tulip", total_rows=ROWS,
                               priority=MOST_PRIORITY)  # fmt: skip
        with self.store.write() as session:
            job = session.get_one(Job, self.job)
            job.raster_meta, job.planned_ml = {"tile_h_px": REPEAT_ROWS, "pieces": []}, {"cyan": 100.0}
        pretreat = self.operation("pretreat")
        self.book.started(pretreat)
        self.book.reached(pretreat, "Complete", LENGTH_M, {})
        self.book.finished(pretreat, done=True)
        self.book.started(self.operation("print"))

    def row(self, stage: str) -> Operation:
        with self.store.read() as session:
            theirs = select(Operation).where(Operation.job_id == self.job, Operation.stage == stage)
            return session.exec(theirs).one()

    def operation(self, stage: str) -> int:
        return self.row(stage).id or 0

    def overrides(self, interlock: str) -> None:
        """Let a person override an interlock."""
        printing, kind = self.row("print"), f"override {interlock}"
        self.book.ask(printing, kind, "Go on all the same?")
        with self.store.read() as session:
            question = session.exec(select(Question).where(Question.kind == kind, col(Question.answer).is_(None))).one()
        self.book.answer("admin", question.id or 0, "Yes")

    def confirmed(self) -> frozenset[str]:
        """What the press may take as said."""
        planned = self.book.intent("press")
        assert planned is not None
        return planned[1].confirmed

    def stop(self, row: int) -> str:
        """Let the ticket stand at a row of the job; returns the kind of the question that it asks then."""
        printing = self.row("print")
        metres = (row - printing.start_row) * PITCH_M
        self.book.reached(printing.id or 0, "Stopped", metres, {"row": row, "metres": metres, "ink1_used_ml": row / 10})
        kind = resume_kind(printing.leg, metres)
        self.book.ask(printing, kind, f"The press stopped at {row * PITCH_M:.2f} m. Check the cloth; go on from there?")
        return kind


@pytest.fixture
def desk(server: Server, tmp_path: Path) -> Path:
    done = foulard("sign-in", "--url", server.url, folder=tmp_path, stdin=f"admin\n{server.admin_password}\n")
    assert done.returncode == 0, done.stderr[-2000:]
    return tmp_path


def test_a_person_sees_what_is_cut_out_and_names_the_row(server: Server, desk: Path) -> None:
    press = Press(server)
    kind = press.stop(STOP_ROW)
    with server.signed_in() as client:
        question = next(one for one in client.get("/api/v1/questions").json() if one["job_id"] == press.job)
        path = f"/api/v1/questions/{question['id']}/resume"
        offer = client.get(path).json()
        assert (offer["stop_row"], offer["stop_m"]) == (STOP_ROW, 1.25)
        choices = [(one["name"], one["row"], one["cut_out"] and one["cut_out"]["length_m"]) for one in offer["choices"]]
        assert choices == [
            ("here", STOP_ROW, None), ("repeat", 1200, 0.05), ("start", 0, 1.25),
        ]  # fmt: skip
        told = client.get(f"{path}/preview", params={"at_m": 1.1}).json()
        assert told == {
            "row": 1100,
            "at_m": 1.1,
            "cut_out": {"from_m": 1.1, "to_m": 1.25, "length_m": 0.15, "print_m": 1.1},
        }
        for asked, detail in (
            ({"at_m": 1.3}, "row 1300 (1.300 m) is not printed yet: give a row from 0 to 1250 (1.250 m)"),
            ({}, "say where to go on: give either a row or a metre"),
            ({"row": -1}, "greater than or equal to 0"),
        ):
            refused = client.post(path, json=asked)
            assert refused.status_code == 422
            assert detail in refused.text
        assert client.get("/api/v1/questions/999999/resume").status_code == 404

    shown = foulard("go-back", question["id"], folder=desk)
    assert "1.1 to 1.25" not in shown.stdout
    assert "repeat" in shown.stdout
    dry = foulard("go-back", question["id"], "--at-m", 1.1, "--dry-run", folder=desk)
    assert (dry.returncode, "1.1 to 1.25 m of the cloth" in dry.stdout) == (0, True)
    done = foulard("go-back", question["id"], "--row", 1100, "--json", folder=desk)
    assert json.loads(done.stdout)["cut_out"]["length_m"] == 0.15
    assert_refused(foulard("go-back", question["id"], folder=desk), "was answered by admin")

    # what the supervisor does with it: a new ticket, and so much more cloth for all that follows
    first = press.row("print")
    (_, intent), row = press.book.intent("press") or (first, None), 1100
    assert intent is not None
    assert intent.back == {kind: row}
    press.overrides("cloth length")
    assert "override cloth length" in press.confirmed()
    press.book.go_back(first.id or 0, kind, row)
    assert press.confirmed() == set(), "what was overridden for one ticket is asked anew for the next"
    press.overrides("cloth length")
    assert press.confirmed() == {"override cloth length"}
    again = press.row("print")
    assert (again.start_row, again.leg, again.metres, again.length_m) == (row, 1, 1.25, 2.15)
    assert again.ticket != first.ticket
    assert [press.row(stage).length_m for stage in ("fix", "wash")] == [2.15, 2.15]
    _, intent = press.book.intent("press") or (again, None)
    assert intent is not None
    wanted = {"ticket": again.ticket, "start_row": row, "length_m": pytest.approx(0.9), "total_rows": ROWS}
    assert {name: intent.settings[name] for name in wanted} == wanted
    assert intent.beginning.goods.short is not None
    assert "2.00 m of cloth are prepared" in intent.beginning.goods.short
    assert intent.beginning.needs_l["ink1_level_l"] == pytest.approx(0.1 * (ROWS - row) / ROWS)
    press.book.reached(again.id or 0, "Execute", 0.4, {"row": 1500, "ink1_used_ml": 40.0})
    assert (press.row("print").metres, press.row("print").actuals["ink1_used_ml"]) == (1.65, 165.0)
    with server.signed_in() as client:
        detail = client.get(f"/api/v1/jobs/{press.job}").json()
        assert detail["cut_outs"] == [{"from_m": 1.1, "to_m": 1.25, "length_m": 0.15, "print_m": 1.1}]
        assert (detail["length_m"], detail["cloth_length_m"]) == (2.0, 2.15)
        lines = client.get("/api/v1/journal", params={"job_id": press.job}).json()
        (line,) = [one for one in lines if one["kind"] == "print taken up"]
        assert line["actor"] == "admin"
        assert {name: line["payload"][name] for name in ("from_row", "to_row", "cut_out_m")} == {
            "from_row": STOP_ROW, "to_row": row, "cut_out_m": 0.15,
        }  # fmt: skip

        # it stops again: a question of its own, and one that is asked about a press that moved on is not answered
        kind = press.stop(1600)
        assert kind.endswith("/1")
        question = next(one for one in client.get("/api/v1/questions").json() if one["job_id"] == press.job)
        press.book.reached(again.id or 0, "Stopped", 0.6, {"row": 1700})
        moved = client.post(f"/api/v1/questions/{question['id']}/resume", json={"row": 1500})
        assert moved.status_code == 409
        assert "has moved since it asked" in moved.json()["detail"]
    press.book.want("admin", press.job, Want.CANCEL)
    press.store.close()


def test_both_ends_of_the_gap_stand_in_the_report_and_in_the_roll_map() -> None:
    job = Job(id=1, order_id=1, title="Tulip", fabric="silk-twill", length_m=LENGTH_M, status="complete",
              control_recipe=recipes.freeze(recipes.recipe("silk-twill")).model_dump(mode="json"), created_by="studio",
              total_rows=ROWS, mm_per_row=PITCH_M * 1000, inspected_leg=1, inspected_rows=ROWS)  # fmt: skip
    printed = Operation(id=1, job_id=1, stage="print", machine="press", protocol="opcua", ticket=2, length_m=2.15)
    spots = [
        FindingRow(id=number, job_id=1, key=f"spot-{number}", leg=leg, defect="spot", at_m=at_m, x_mm=700,
                   length_mm=4, width_mm=4, points=1)
        for number, (leg, at_m) in enumerate([(0, 0.5), (0, 1.2), (1, 1.2)], start=1)
    ]  # fmt: skip
    strips = [Strip(job_id=1, index=n, leg=leg, row_start=row, rows=1000, picture="")
              for n, (leg, row) in enumerate([(0, 0), (1, 1100)])]  # fmt: skip
    gap = Gap(id=1, job_id=1, operation_id=1, ticket=1, stop_row=STOP_ROW, resume_row=1100, decided_by="rosa")
    stop = Stop(job_id=1, operation_id=1, stage="print", state="Aborted", at_m=1.25)
    record = JobRecord(job, (printed,), tuple(spots), tuple(strips), (stop,), (gap,))
    detail = views.job_detail(record, "")
    assert [(one.at_m, one.cloth_m, one.cut_out) for one in detail.finding_list] == [
        (0.5, 0.5, False), (1.2, 1.2, True), (1.2, 1.35, False),
    ]  # fmt: skip
    assert [(one.at_m, one.cloth_m) for one in detail.strips] == [(0.0, 0.0), (1.1, 1.25)]
    assert (detail.inspected_m, detail.inspected_cloth_m) == (2.0, 2.15)
    page = report.page(record, Path())
    for said in ("Cut out: 0.150 m", "The hatched 0.150 m are cut out", "1250 (1.250 m)", "1100 (1.100 m)", "rosa",
                 "in what is cut out, counts for nothing", "at 1.350 m", "2.15 m from left to right"):  # fmt: skip
        assert said in page, said
    without = report.page(JobRecord(job, (printed,), tuple(spots[:1]), ()), Path())
    assert "cut out" not in without.lower()
