"""Where a job can end, and what came of it: the pure parts."""

import math
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from controller.cutting import end_row, shorten
from controller.pieces import Piece, PieceResult
from controller.queue import turn
from controller.remake import missing_of
from controller.tables import Job
from controller.tally import tally

boxes = st.lists(
    st.builds(lambda y, height: {"y": y, "height": height}, st.integers(0, 60), st.integers(1, 25)), max_size=8
)


def cut_through(pieces: list[dict[str, int]], row: int) -> bool:
    return any(box["y"] < row < box["y"] + box["height"] for box in pieces)


@given(boxes, st.integers(0, 90))
def test_a_job_ends_at_the_first_row_that_cuts_no_piece(pieces: list[dict[str, int]], row: int) -> None:
    end = end_row({"pieces": pieces}, row)
    assert end == next(at for at in range(row, 200) if not cut_through(pieces, at))


@given(boxes, st.integers(1, 90))
def test_a_shorter_job_has_the_pieces_that_are_whole_and_ink_for_its_length(
    pieces: list[dict[str, int]], rows: int
) -> None:
    job = Job(total_rows=100, mm_per_row=0.5, planned_ml={"cyan": 50.0}, raster_meta={"pieces": pieces})
    shorten(job, rows)
    assert (job.total_rows, job.length_m) == (rows, rows * 0.5 / 1000)
    assert math.isclose(job.planned_ml["cyan"], rows / 2)
    assert job.raster_meta["pieces"] == [box for box in pieces if box["y"] + box["height"] <= rows]


def complete(ordered: float, seconds_pct: float, layout: dict[str, Any], **more: Any) -> Job:
    return Job(status="complete", ordered=ordered, seconds_pct=seconds_pct, layout=layout, **more)


@given(
    st.integers(1, 30), st.floats(0, 100), st.lists(st.sampled_from(["first", "second", None]), min_size=1, max_size=40)
)
def test_pieces_are_firsts_seconds_or_unseen_and_what_is_missing_is_short(
    ordered: int, seconds_pct: float, qualities: list[Any]
) -> None:
    results = [PieceResult(Piece(str(at), 0, 0, 1, 1), 0, 0, quality) for at, quality in enumerate(qualities)]
    found = tally(complete(ordered, seconds_pct, {"pieces": len(qualities)}), results)
    assert found is not None
    assert found.firsts + found.seconds + found.unseen == len(qualities)
    assert found.firsts - found.over + found.short == ordered
    assert 0 in (found.short, found.over)
    assert found.missing in (0, found.short)
    assert (found.missing > 0) == (found.short > math.floor(ordered * seconds_pct / 100 + 1e-9))


def test_of_a_sheet_of_several_designs_the_one_that_lacks_most_says_how_often_it_is_printed_again() -> None:
    sheet = complete(6, 0, {"pieces": 3}, title="Sheet", designs=["rose", "iris"], id=7)
    names = [f"Sheet {design} {number}" for design in (1, 2) for number in (1, 2, 3)]
    spoilt = {"Sheet 1 2": "second", "Sheet 2 1": "second", "Sheet 2 3": None}
    results = [PieceResult(Piece(name, 0, 0, 1, 1), 0, 0, spoilt.get(name, "first")) for name in names]  # pyright: ignore[reportArgumentType]
    assert missing_of(sheet, results) == 2


def test_a_roll_is_of_one_quality_as_a_whole() -> None:
    first = tally(complete(10, 0, {}, length_m=10.4, grade={"quality": "first"}), [])
    assert first is not None
    assert (first.unit, first.firsts, first.seconds, round(first.over, 3)) == ("metres", 10.4, 0, 0.4)
    second = tally(complete(10, 5, {}, length_m=10.4, grade={"quality": "second"}), [])
    assert second is not None
    assert (second.seconds, second.short, second.missing) == (10.4, 10, 10)
    unseen = tally(complete(10, 5, {}, length_m=3.0, grade={}), [])
    assert unseen is not None
    assert (unseen.firsts, unseen.unseen) == (0, 3.0)
    assert tally(Job(status="running", ordered=10, layout={}), []) is None


@given(st.lists(st.tuples(st.integers(-9, 9), st.none() | st.datetimes(timezones=st.timezones())), max_size=12))
def test_turns_are_never_equal_and_priority_decides_first(jobs: list[tuple[int, Any]]) -> None:
    turns = [turn(Job(id=at, priority=priority, due_at=due_at)) for at, (priority, due_at) in enumerate(jobs)]
    assert len(set(turns)) == len(turns)
    assert [-one[0] for one in sorted(turns)] == sorted((priority for priority, _ in jobs), reverse=True)
