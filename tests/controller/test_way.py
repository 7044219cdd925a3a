"""Where rows lie on the cloth, against the cloth itself: every row that was printed, in the order in which it was."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.gaps import retreat
from controller.pieces import counted_of, results_of
from controller.request import Refused
from controller.tables import FindingRow, Gap, Job
from controller.way import Way, way_of

PITCH_M, TOTAL = 0.01, 60


def job(**changes) -> Job:
    return Job(order_id=1, title="t", fabric="silk-twill", length_m=TOTAL * PITCH_M, total_rows=TOTAL,
               mm_per_row=PITCH_M * 1000, created_by="anna", **changes)  # fmt: skip


def gap(stop_row: int, resume_row: int) -> Gap:
    return Gap(job_id=1, operation_id=1, ticket=1, stop_row=stop_row, resume_row=resume_row, decided_by="anna")


@st.composite
def gaps(draw: st.DrawFn) -> list[Gap]:
    """Stops of a print that was taken up further back each time."""
    found, row = [], 0
    for _ in range(draw(st.integers(0, 4))):
        if row >= TOTAL - 1:
            break
        stop = draw(st.integers(row + 1, TOTAL - 1))
        row = draw(st.integers(0, stop - 1))
        found.append(gap(stop, row))
    return found


def printed(of: list[Gap]) -> list[tuple[int, int]]:
    """Leg and row of all that lies on the cloth, row after row."""
    starts = [0, *(one.resume_row for one in of)]
    stops = [*(one.stop_row for one in of), TOTAL]
    spans = zip(starts, stops, strict=True)
    return [(leg, row) for leg, (start, stop) in enumerate(spans) for row in range(start, stop)]


@given(gaps())
def test_the_way_says_what_the_cloth_says(found: list[Gap]) -> None:
    way, cloth = way_of(job(), found), printed(found)
    goods = {row: place for place, (_, row) in enumerate(cloth)}  # what was printed last is delivered
    assert sorted(goods) == list(range(TOTAL))
    for row, place in goods.items():
        assert way.leg_of(row) == cloth[place][0]
        assert way.cloth_m((row + 0.5) * PITCH_M) == pytest.approx((place + 0.5) * PITCH_M)
    for place, (leg, row) in enumerate(cloth):
        assert way.cloth_m(row * PITCH_M, leg) == pytest.approx(place * PITCH_M)
        assert (row * PITCH_M < way.ends_m(leg) - PITCH_M / 2) == (goods[row] == place)
    kept = set(goods.values())
    runs = [(is_cut, list(places)) for is_cut, places in groupby(range(len(cloth)), lambda place: place not in kept)]
    ends = [(places[0] * PITCH_M, (places[-1] + 1) * PITCH_M) for is_cut, places in runs if is_cut]
    assert [(one.from_m, one.to_m) for one in way.cut_outs] == [pytest.approx(one) for one in ends]
    assert way.cut_out_m == pytest.approx((len(cloth) - TOTAL) * PITCH_M)


@given(gaps(), st.integers(1, 7))
def test_inspection_sees_every_delivered_row_of_it_once(found: list[Gap], strip_rows: int) -> None:
    way = way_of(job(), found)
    seen, (leg, row) = [], way.next_look(0, 0)
    while row < TOTAL:
        end = min(row + strip_rows, way.keeps_to(leg) or TOTAL)
        seen += [(leg, one) for one in range(row, end)]
        leg, row = way.next_look(leg, end)
    assert seen == [(way.leg_of(row), row) for row in range(TOTAL)]


@given(gaps(), st.integers(-3, TOTAL + 3), st.integers(1, TOTAL - 1))
def test_what_is_cut_out_is_told_before(found: list[Gap], row: int, stop_row: int) -> None:
    last = found[-1].resume_row if found else 0
    stop_row = max(stop_row, last + 1)
    if not 0 <= row <= stop_row:
        with pytest.raises(Refused, match=f"row {row} .* is not printed yet: give a row from 0 to {stop_row}"):
            retreat(job(), found, stop_row, row)
        return
    told = retreat(job(), found, stop_row, row)
    if row == stop_row:
        assert told.cut_out is None
        return
    after = way_of(job(), [*found, gap(stop_row, row)])
    assert told.cut_out == after.cut_outs[-1]
    assert after.cut_out_m == pytest.approx(way_of(job(), found).cut_out_m + (stop_row - row) * PITCH_M)


def test_no_piece_is_made_in_two_parts_and_each_counts_once() -> None:
    boxes = [{"name": f"scarf {n}", "x": 0, "y": y, "width": 10, "height": 15} for n, y in ((1, 0), (2, 20), (3, 40))]
    scarves = job(raster_meta={"pieces": boxes, "dpi": 25.4 / (PITCH_M * 1000)}, inspected_rows=TOTAL)
    with pytest.raises(Refused, match=r"row 30 lies in a piece, .* go back to row 20 \(0\.200 m\)"):
        retreat(scarves, [], 33, 30)
    told = retreat(scarves, [], 33, 20)
    assert told.cut_out
    assert (told.cut_out.from_m, told.cut_out.to_m) == pytest.approx((0.2, 0.33))
    assert retreat(scarves, [], 33, 18).cut_out is not None, "between two pieces any row will do"

    def found(leg: int, at_m: float) -> FindingRow:
        return FindingRow(job_id=1, key=f"spot-{at_m}", leg=leg, defect="spot", at_m=at_m, x_mm=40, length_mm=4,
                          width_mm=4, points=1)  # fmt: skip

    way = way_of(scarves, [gap(33, 20)])
    spoilt, again, before = found(0, 0.27), found(1, 0.28), found(0, 0.05)
    assert [one.at_m for one in counted_of([spoilt, again, before], way)] == [0.28, 0.05]
    assert [one.quality for one in results_of(scarves, [spoilt], way)] == ["first"] * 3
    assert [one.quality for one in results_of(scarves, [spoilt, again], way)] == ["first", "second", "first"]


def test_a_streak_that_runs_on_into_what_is_cut_out_ends_with_the_goods() -> None:
    streak = FindingRow(
        job_id=1, key="streak-1", defect="streak", at_m=0.1, x_mm=40, length_mm=230, width_mm=1, points=4
    )
    (short,) = counted_of([streak], way_of(job(), [gap(33, 20)]))
    assert (short.at_m, short.length_mm) == (0.1, pytest.approx(100))
    (whole,) = counted_of([streak], Way((way_of(job(), []).legs[0],), PITCH_M))
    assert whole.length_mm == 230
