"""Strike-offs that share a width: several designs in one job, laid out, planned, looked at, counted by the piece."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import recipes
import rip
from controller import Desk, JobRequest, Refused, Store, load_line
from controller.book import Book
from controller.jobs import JobDesk
from controller.pieces import results_of
from controller.plans.read import Reader
from controller.remake import missing_of
from controller.tables import Job
from controller.tally import tally
from controller.way import way_of
from controller.work import Inspected, Prepared, cloth, piece_names
from rip.arrange import arrange
from tests.controller.test_jobs import ANNA, STUDIO, Works

MM_PER_ROW = 25.4 / 600
LAYOUT = rip.read_layout({"pieces": 2, "piece_mm": [300, 200], "gutter_mm": [40, 20]})


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    store, line = Store.in_folder(tmp_path), load_line()
    book = Book(store, line, tmp_path)
    protocols = {machine.name: "opcua" for machine in line.machines}
    yield Works(book, Desk(book, protocols), JobDesk(book, protocols), tmp_path / "rose.png")
    store.close()


def sheet(works: Works, folder: Path) -> Job:
    designs = tuple(folder / f"{name}.png" for name in ("rose", "lily", "iris"))
    for design in designs:
        design.write_bytes(b"a design")
    return works.desk.submit(STUDIO, JobRequest(designs, "silk-twill", LAYOUT, None, "Roses"))


def prepared(works: Works, job: Job) -> None:
    """The RIP has laid the designs out, as it lays them out for the raster."""
    control = recipes.ControlRecipe.model_validate(job.control_recipe)
    motifs = [rip.Motif(name, (300, 200)) for name in piece_names(job.title, len(job.designs))]
    plan, _ = arrange(LAYOUT, motifs, cloth(control), None)
    meta = {"dpi": 600, "pieces": [vars(piece) for piece in plan.pieces]}
    made = Prepared(works.design, "ab" * 32, plan.period_rows, MM_PER_ROW, meta, {"cyan": 9.0})
    works.book.preparing(job.id or 0)
    works.book.prepared(job.id or 0, made)


def test_designs_share_a_width_go_through_the_line_once_and_are_counted_by_the_piece(
    works: Works, tmp_path: Path
) -> None:
    job = sheet(works, tmp_path)
    assert job.ordered == 6, "two of each design"
    (planned,) = Reader(works.book.store, works.book.line).situation().works
    assert [task.stage for task in planned.tasks] == ["pretreat", "print", "fix", "wash"]

    prepared(works, job)
    pieces = [one.piece for one in results_of(works.job(job), (), way_of(works.job(job), ()))]
    assert sorted(piece.name for piece in pieces) == [
        f"Roses {design} {copy}" for design in (1, 2, 3) for copy in (1, 2)
    ]
    across = [piece for piece in pieces if piece.at_m == pieces[0].at_m]
    assert len(across) >= 3, "they lie beside each other"
    assert pieces[-1].at_m + pieces[-1].length_mm / 1000 <= job.length_m

    works.does(job, "pretreat", job.length_m)
    spoilt = next(piece for piece in pieces if piece.name == "Roses 2 1")
    spot = {"key": "spot", "defect": "spot", "at_m": spoilt.at_m + 0.1, "x_mm": spoilt.x_mm + 50, "length_mm": 4.0,
            "width_mm": 4.0, "points": 1}  # fmt: skip
    works.book.inspected(job.id or 0, 0, 0, 0, works.job(job).total_rows or 0, Inspected((spot,), "", "strips/0.jpg"))
    for stage in ("print", "fix", "wash"):
        works.does(job, stage, job.length_m)

    record = works.desk.job(ANNA, job.id or 0)
    results = results_of(record.job, record.findings, way_of(record.job, ()))
    assert {one.piece.name for one in results if one.quality == "second"} == {"Roses 2 1"}
    found = tally(record.job, results)
    assert found is not None
    assert (found.unit, found.ordered, found.firsts, found.seconds, found.missing) == ("pieces", 6, 5, 1, 1)
    assert missing_of(record.job, list(results)) == 1, "one of each design makes up for it"


def test_several_designs_are_no_job_by_the_metre(works: Works, tmp_path: Path) -> None:
    designs = (tmp_path / "rose.png", tmp_path / "lily.png")
    with pytest.raises(Refused, match="2 designs do not make one repeat: give how many pieces of each"):
        works.desk.submit(STUDIO, JobRequest(designs, "silk-twill", rip.read_layout({}), 2.0, "Roses"))
