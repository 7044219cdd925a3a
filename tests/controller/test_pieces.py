"""Findings and the pieces they lie in; the plan of the layout says which piece truly lies under a point."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import rip
from controller.pieces import Pieces, read_pieces
from qc import Finding
from rip.arrange import arrange

DPI = 100
CLOTH = rip.Cloth(width_px=4000, dpi=DPI)
PX_MM = 25.4 / DPI


def spot(at_m: float, x_mm: float, size_mm: float = 0.0) -> Finding:
    return Finding("spot", at_m, x_mm, size_mm, size_mm, 1)


def laid(*names: str, **layout: object) -> Pieces:
    made = rip.read_layout(layout)
    plan, _ = arrange(made, [rip.Motif(name, (300, 200)) for name in names], CLOTH, None)
    boxes = [vars(piece) for piece in plan.pieces]
    return read_pieces({"dpi": DPI, "pieces": boxes})


@given(
    x=st.integers(0, CLOTH.width_px - 1),
    y=st.integers(0, 6000),
    count=st.integers(1, 6),
    turn=st.sampled_from([0, 90, 180]),
)
@settings(deadline=None)
def test_the_piece_of_a_point_is_the_one_the_plan_shows_there(x: int, y: int, count: int, turn: int) -> None:
    layout = rip.read_layout({"pieces": count, "piece_mm": [300, 200], "turn": turn})
    names = ("rose", "lily", "iris")
    plan, _ = arrange(layout, [rip.Motif(name, (300, 200)) for name in names], CLOTH, None)
    pieces = read_pieces({"dpi": DPI, "pieces": [vars(piece) for piece in plan.pieces]})
    y %= plan.period_rows
    shown = plan.source_at(x, y)
    place = pieces.place(spot((y + 0.5) * PX_MM / 1000, (x + 0.5) * PX_MM))
    assert (place is None) == (shown is None)
    if place is not None and shown is not None:
        assert place.name.split()[0] == names[shown[0]]
        assert place.also == ()
        if turn == 0:
            assert (place.across_mm, place.along_mm) == pytest.approx(
                ((shown[1] + 0.5) * PX_MM, (shown[2] + 0.5) * PX_MM)
            )


def test_a_job_by_the_metre_has_no_pieces() -> None:
    assert read_pieces({"dpi": DPI, "pieces": []}).place(spot(1, 100)) is None
    assert read_pieces({}).results([spot(1, 100)], 2.0) == ()


def test_two_strike_offs_beside_each_other_are_told_apart() -> None:
    pieces = laid("rose", "lily", pieces=1, piece_mm=[300, 200])
    rose, lily = (result.piece for result in pieces.results([], 0))
    assert rose.at_m == lily.at_m
    one = pieces.place(spot(rose.at_m + 0.05, rose.x_mm + 30))
    other = pieces.place(spot(rose.at_m + 0.05, lily.x_mm + 40))
    assert one is not None
    assert other is not None
    assert (one.name, one.along_mm, one.across_mm) == ("rose", pytest.approx(50), pytest.approx(30))
    assert (other.name, other.along_mm, other.across_mm) == ("lily", pytest.approx(50), pytest.approx(40))


def test_the_gutter_is_no_piece_unless_the_finding_reaches_out_of_it() -> None:
    pieces = laid("rose", "lily", pieces=1, piece_mm=[300, 200])
    rose, _ = (result.piece for result in pieces.results([], 0))
    between = spot(rose.at_m + 0.1, rose.x_mm + rose.width_mm + 4, 2)
    assert pieces.place(between) is None
    place = pieces.place(spot(between.at_m, between.x_mm, 10))
    assert place is not None
    assert (place.name, place.across_mm) == ("rose", pytest.approx(rose.width_mm))


def test_a_streak_reaches_every_piece_it_runs_over() -> None:
    pieces = laid("rose", pieces=9, piece_mm=[300, 200])
    boxes = [result.piece for result in pieces.results([], 0)]
    first = boxes[0]
    streak = Finding("streak", first.at_m + 0.15, first.x_mm + 10, 500, 0.2, 4)
    place = pieces.place(streak)
    assert place is not None
    below = [piece.name for piece in boxes[1:] if piece.x_mm == first.x_mm]
    assert (place.name, place.also) == (first.name, tuple(below))
    assert place.along_mm == pytest.approx(150)
    results = pieces.results([streak], 10)
    assert {result.piece.name for result in results if result.quality == "second"} == {first.name, *below}
    assert all(result.points == 4 * (result.quality == "second") for result in results)


def test_a_piece_is_first_once_all_of_it_was_seen_without_a_finding() -> None:
    pieces = laid("rose", "lily", pieces=1, piece_mm=[300, 200])
    (rose, lily) = (result.piece for result in pieces.results([], 0))
    end_m = rose.at_m + rose.length_mm / 1000
    fault = spot(lily.at_m + 0.1, lily.x_mm + 10)
    assert [result.quality for result in pieces.results([fault], end_m - 0.001)] == [None, "second"]
    assert [result.quality for result in pieces.results([fault], end_m)] == ["first", "second"]
    assert [(result.findings, result.points) for result in pieces.results([fault], end_m)] == [(0, 0), (1, 1)]
