"""Four-point grading (ASTM D5430)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc import Finding, defect_points, grade


def finding(cls: str, at_m: float, length_mm: float, width_mm: float = 2.0, key: str = "") -> Finding:
    return Finding(cls, at_m, 500.0, length_mm, width_mm, defect_points(cls, length_mm, width_mm), key=key)


@pytest.mark.parametrize(
    ("longest", "points"), [(1, 1), (75, 1), (75.1, 2), (150, 2), (151, 3), (230, 3), (230.1, 4), (900, 4)]
)
def test_points_go_by_the_longest_side(longest: float, points: int) -> None:
    assert defect_points("spot", longest, 1.0) == points
    assert defect_points("misprint", 1.0, longest) == points


def test_a_continuous_defect_costs_four_for_every_metre_it_occupies() -> None:
    assert defect_points("streak", 2500.0, 0.3) == 12
    result = grade([finding("streak", 3.5, 2500.0)], 100, 1000, 100)
    assert result.points == 12
    assert result.points_per_100m2 == pytest.approx(12.0)


def test_no_metre_costs_more_than_four() -> None:
    spots = [finding("spot", 7.1 + n / 20, 4.0) for n in range(9)]
    assert grade(spots, 50, 1400, 40).points == 4
    assert grade([*spots, finding("streak", 6.2, 1500.0)], 50, 1400, 40).points == 8


def test_the_rate_is_points_per_100_square_metres() -> None:
    # 30 points on 130 yd × 45 in are 18.46 per 100 yd², which is 22.08 per 100 m².
    spots = [finding("spot", n + 0.5, 4.0) for n in range(30)]
    result = grade(spots, 130 * 0.9144, 45 * 25.4, 47.8)
    assert result.points_per_100m2 == pytest.approx(30 * 3600 / (130 * 45) * 1.19599, rel=1e-3)
    assert result.quality == "first"
    assert grade(spots, 130 * 0.9144, 45 * 25.4, 22.0).quality == "second"


def test_a_misprint_or_a_long_run_is_second_quality() -> None:
    assert grade([finding("misprint", 5, 30, 30)], 1000, 1500, 40).quality == "second"
    assert grade([finding("streak", 5, 9100)], 1000, 1500, 40).quality == "first"
    long_run = grade([finding("streak", 5, 9101)], 1000, 1500, 40)
    assert long_run.quality == "second"
    assert "runs for" in long_run.reason


def test_a_grown_finding_counts_once() -> None:
    grown = [finding("streak", 0.2, length, key="streak-1") for length in (100.0, 600.0, 700.0)]
    assert grade(grown, 10, 1000, 100).points == 4


@given(st.lists(st.tuples(st.floats(0, 49), st.floats(0.5, 5000)), max_size=40))
def test_points_never_exceed_four_per_metre(defects: list[tuple[float, float]]) -> None:
    findings = [finding("streak" if size > 400 else "spot", at, size) for at, size in defects]
    assert 0 <= grade(findings, 60, 1000, 40).points <= 4 * 60


@pytest.mark.parametrize(("length", "width", "limit"), [(0, 1, 1), (1, 0, 1), (1, 1, -1), (float("nan"), 1, 1)])
def test_cloth_without_size_cannot_be_graded(length: float, width: float, limit: float) -> None:
    with pytest.raises(ValueError, match=r"is (0|-1|nan)"):
        grade([], length, width, limit)
