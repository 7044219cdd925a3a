"""A job by the piece: every finding says in which piece it lies, to programs and in the report."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

import recipes
from controller.desk import JobRecord
from controller.tables import FindingRow, Job, Operation
from hmi import print_job, report, views

MM_PER_ROW = 25.4 / 600
BOXES = [("rose", 2400), ("lily <b>", 14400)]
"""Name and first column: two strike-offs side by side, 400 × 300 mm, 20 mm below the head."""


def finding(number: int, defect: str, at_m: float, x_mm: float, length_mm: float = 4.0) -> FindingRow:
    return FindingRow(id=number, job_id=1, key=f"{defect}-{number}", defect=defect, at_m=at_m, x_mm=x_mm,
                      length_mm=length_mm, width_mm=4.0, points=1)  # fmt: skip


@pytest.fixture
def record() -> JobRecord:
    px = [round(mm / MM_PER_ROW) for mm in (400, 300, 20)]
    pieces = [{"name": name, "x": x, "y": px[2], "width": px[0], "height": px[1]} for name, x in BOXES]
    job = Job(
        id=1, order_id=1, title="Sheet", fabric="silk-twill", length_m=0.34, status="complete", created_by="studio",
        control_recipe=recipes.freeze(recipes.recipe("silk-twill")).model_dump(mode="json"),
        layout={"pieces": 1}, raster_meta={"dpi": 600, "pieces": pieces}, mm_per_row=MM_PER_ROW,
        total_rows=round(340 / MM_PER_ROW), inspected_rows=round(340 / MM_PER_ROW),
    )  # fmt: skip
    printed = Operation(id=1, job_id=1, stage="print", machine="press", protocol="opcua", ticket=1, length_m=0.34)
    found = (finding(1, "spot", 0.12, 2400 * MM_PER_ROW + 50), finding(2, "spot", 0.01, 700),
             finding(3, "spot", 0.22, 14400 * MM_PER_ROW + 80))  # fmt: skip
    return JobRecord(job, (printed,), found, ())


def test_the_api_names_the_piece_of_every_finding(record: JobRecord) -> None:
    detail = views.job_detail(record, "/api/v1/jobs/1")
    places = [one.piece.model_dump() if one.piece else None for one in detail.finding_list]
    assert places == [
        {"name": "rose", "along_mm": 100.0, "across_mm": 50.0, "also": ()},
        None,
        {"name": "lily <b>", "along_mm": 200.0, "across_mm": 80.0, "also": ()},
    ]
    assert [(piece.name, piece.findings, piece.points, piece.quality) for piece in detail.pieces] == [
        ("rose", 1, 1, "second"), ("lily <b>", 1, 1, "second"),
    ]  # fmt: skip
    assert (detail.pieces[0].width_mm, detail.pieces[0].length_mm) == pytest.approx((400, 300), abs=0.1)


def test_a_repeat_has_no_pieces(record: JobRecord) -> None:
    record.job.raster_meta = {"dpi": 600, "pieces": []}
    detail = views.job_detail(record, "")
    assert (detail.pieces, [one.piece for one in detail.finding_list]) == ((), [None] * 3)
    assert "gutter" not in report.page(record, Path())


def test_a_job_that_is_not_prepared_yet_has_none(record: JobRecord) -> None:
    record.job.raster_meta = {}
    assert views.job_detail(replace(record, findings=()), "").pieces == ()


def test_the_report_has_a_table_of_pieces_and_each_finding_s_piece(record: JobRecord) -> None:
    page = report.page(record, Path())
    assert "<td>rose</td>" in page
    assert "in rose, 100 mm down and 50 mm from its left" in page
    assert "in lily &lt;b&gt;, 200 mm down and 80 mm from its left" in page
    assert page.count("in the gutter") == 1
    assert "lily <b>" not in page


def test_the_report_says_how_wet_the_cloth_was_at_its_wettest(record: JobRecord) -> None:
    assert "at its wettest" not in report.page(record, Path())
    record.operations[0].actuals, record.operations[0].wettest_pct = {"residual_moisture_pct": 8.2}, 16.04
    assert re.search(r"Moisture at its wettest.{0,40}16\.0", report.page(record, Path()), re.DOTALL)


def test_print_s_result_keeps_its_keys_and_adds_the_piece(record: JobRecord) -> None:
    result = json.loads(json.dumps(print_job.result(record, Path("report.html"))))
    gutter, one, other = result["findings"]
    assert set(one) == {"cls", "at_m", "x_mm", "length_mm", "width_mm", "points", "piece"}
    assert (gutter["piece"], one["piece"]["name"], other["piece"]["name"]) == (None, "rose", "lily <b>")
    assert [piece["name"] for piece in result["pieces"]] == ["rose", "lily <b>"]
