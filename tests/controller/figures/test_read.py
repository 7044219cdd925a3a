"""What figures are read from: the journal's states and links, questions, operations and findings of a real database."""

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from controller import Actor, Refused, Store, control_recipe, journal, load_line
from controller.book import Book
from controller.figures.desk import FiguresDesk
from controller.figures.read import LEAST_SECONDS_M, read_record
from controller.figures.shifts import read_shifts
from controller.tables import FindingRow, Job, Operation, now
from controller.work import Prepared

ANYBODY = Actor("vera", "viewer")


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """A line on which one job was padded and is being printed, with two defects so far."""
    store, line = Store.in_folder(tmp_path), load_line()
    made = Book(store, line, tmp_path)
    control = control_recipe("silk-twill").model_dump(mode="json")
    job = made.add_job("anna", Job(title="t", fabric="silk-twill", control_recipe=control, length_m=50.0),
                       {machine.name: "opcua" for machine in line.machines})  # fmt: skip
    made.preparing(job.id or 0)
    made.prepared(job.id or 0, Prepared(tmp_path / "raster", "ab" * 32, 1000, 0.05, {}, {}))
    with store.read() as session:
        padding, printing = session.exec(select(Operation).where(Operation.job_id == job.id)).all()[:2]
    made.started(padding.id or 0)
    made.reached(padding.id or 0, "Complete", 50.0, {})
    made.finished(padding.id or 0, done=True)
    made.ask(printing, "load", "Load the roll.")
    with store.write() as session:
        for kind, said in (
            ("link", {"link": "connected"}), ("state", {"from": None, "to": "STOPPED"}), ("link", {"link": "lost"}),
            ("link", {"link": "connected"}), ("state", {"from": "STOPPED", "to": "EXECUTE"}),
        ):  # fmt: skip
            journal.append(session, actor="press", kind=kind, machine="press", payload=said)
        row = session.get_one(Job, job.id)
        row.inspected_rows = 500
        for key, defect, at_m, length_mm in (("a", "spot", 1.0, 4.0), ("b", "streak", 2.0, 3000.0)):
            session.add(FindingRow(job_id=job.id or 0, key=key, defect=defect, at_m=at_m, x_mm=5, length_mm=length_mm,
                                   width_mm=1, points=1))  # fmt: skip
        printed = session.get_one(Operation, printing.id)
        printed.status, printed.started_at, printed.metres = "running", now(), 20.0
    return made


def test_the_journal_says_what_machines_did(book: Book) -> None:
    record = read_record(book.store, book.line, now() - timedelta(hours=1), now())
    assert [span.what for span in record.states["press"]] == ["", "STOPPED", "", "STOPPED", "EXECUTE"]
    assert record.states["washer"] == ()
    assert len(record.asked["press"]) == 1
    padded, printed = sorted(record.done, key=lambda one: one.operation_id)
    assert (padded.machine, padded.metres, padded.seconds_m) == ("padder", 50.0, None)
    assert padded.ended_at == printed.ready_at, "the cloth was there when the padder had done"
    assert printed.ended_at is None
    assert printed.seconds_m == pytest.approx(3.0 + LEAST_SECONDS_M)
    recipe = control_recipe("silk-twill").recipe
    assert printed.nominal_min_m == pytest.approx(1 / recipe.stages["print"].setpoints["speed_sp_m_min"])
    book.store.close()


def test_figures_come_by_machine_shift_and_fabric_and_a_wrong_span_is_one_sentence(book: Book) -> None:
    desk = FiguresDesk(book.store, book.line, read_shifts("day 06:00, night 18:00"), ZoneInfo("UTC"))
    hour = timedelta(hours=1)
    found = desk.figures(ANYBODY, now() - hour, now() + hour, "machine")
    assert [one.machine for one in found.figures] == ["padder", "press", "steamer", "washer"]
    assert found.figures[1].produced_m == pytest.approx(20.0)
    assert found.end <= now()
    (fabric,) = (one for one in desk.figures(ANYBODY, now() - hour, now(), "fabric").figures if one.machine == "press")
    assert fabric.part == "silk-twill"
    shifts = [one.part for one in desk.figures(ANYBODY, now() - hour, now(), "shift").figures]
    assert all(part.endswith((" day", " night")) for part in shifts)
    for start, end, says in ((now(), now() - hour, "no past span"), (now() - 40 * 24 * hour, now(), "31 or less")):
        with pytest.raises(Refused, match=says):
            desk.figures(ANYBODY, start, end, "machine")
    book.store.close()
