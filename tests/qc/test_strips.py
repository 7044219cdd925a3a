"""Inspection over several strips of simulated web: what is found, where, and that it is found once."""

import os

import cv2
import numpy as np
import pytest
import synthetic as s

from qc import TAIL_ROWS, Finding, Inks, Inspection, judge_strip, reaches_back, see_strip

WIDTH = 1000
STRIP = 1024
FULL = bool(os.environ.get("FOULARD_FULL"))  # the long form; see `make test-full`
ARTWORKS = ["astronaut"]
MORE_ARTWORKS = ["text", "check", "white", "coffee", "brick", "stripes", "flat", "dark"]
ONSETS = [("astronaut", 980)]
MORE_ONSETS = [(name, begin) for name in ("astronaut", "brick", "flat") for begin in (430, 980, 1400)]


def inspect_web(
    cov: np.ndarray, printed: np.ndarray, how: s.Disturbance, *, tails: bool = True, through_json: bool = True
) -> tuple[Inspection, dict[str, Finding], list[tuple[Finding, ...]]]:
    """Photograph a web and inspect it strip by strip; returns the state, the last finding of each key, all reports."""
    expected, captured = s.render(cov), s.photograph(printed, how)
    state, latest, reports, previous = Inspection(), {}, [], None
    for top in range(0, len(cov), STRIP):
        cut = slice(top, top + STRIP)
        at_m = top * s.MM_PER_PX / 1000
        tail = None if previous is None else tuple(rows[-TAIL_ROWS:] for rows in previous)
        seen, evidence = see_strip(expected[cut], captured[cut], mm_per_px=s.MM_PER_PX, previous=tail)
        if previous is not None and reaches_back(state, seen, at_m=at_m):
            seen, evidence = see_strip(expected[cut], captured[cut], mm_per_px=s.MM_PER_PX, previous=previous)
        state, found = judge_strip(state, seen, evidence, at_m=at_m)
        if through_json:
            state = Inspection.from_json(state.to_json())
        reports.append(found)
        latest.update({f.key: f for f in found})
        if tails:
            previous = (expected[cut], captured[cut])
    return state, latest, reports


def inspect_alone(
    expected: np.ndarray, captured: np.ndarray, previous: tuple[np.ndarray, np.ndarray] | None = None
) -> tuple[Finding, ...]:
    """Inspect one strip of which nothing is known from before."""
    seen, evidence = see_strip(expected, captured, mm_per_px=s.MM_PER_PX, previous=previous)
    return judge_strip(Inspection(), seen, evidence, at_m=1.0)[1]


def web(name: str, strips: int, seed: int) -> np.ndarray:
    return s.coverage(s.artwork(name, strips * STRIP, WIDTH), seed)


@pytest.mark.parametrize("name", ARTWORKS + MORE_ARTWORKS * FULL)
def test_a_clean_web_has_no_findings(name: str) -> None:
    cov = web(name, 2, 5)
    _, latest, _ = inspect_web(cov, cov, s.Disturbance.drawn(11 + len(name)))
    assert latest == {}


@pytest.mark.parametrize(("d_mm", "seed"), [(4.0, 1), (1.0, 3)])
def test_a_drop_of_ink_is_found_where_it_fell(d_mm: float, seed: int) -> None:
    cov = web("coffee", 1, seed)
    printed = cov.copy()
    x, y = 780.0, 380.0
    printed[300:460, 700:860] = cov[300:460, 700:860] = 0.1
    s.spot(printed, x, y, d_mm)
    _, latest, _ = inspect_web(cov, printed, s.Disturbance.drawn(seed))
    (found,) = latest.values()
    assert found.cls == "spot"
    assert found.points == 1
    assert found.contrast < 0
    assert found.at_m * 1000 == pytest.approx(y * s.MM_PER_PX, abs=1.0)
    assert found.x_mm == pytest.approx(x * s.MM_PER_PX, abs=1.0)
    assert max(found.length_mm, found.width_mm) == pytest.approx(d_mm, abs=1.2)


@pytest.mark.parametrize(("name", "begin"), MORE_ONSETS if FULL else ONSETS)
def test_a_dead_nozzle_is_one_streak_from_its_onset_on(name: str, begin: int) -> None:
    cov = web(name, 3, 7)
    printed = cov.copy()
    ink, column = 1, 700
    s.dead_nozzle(printed, ink, column, begin)
    used = begin + int(np.argmax(cov[begin:, column, ink] > 0.1))
    state, latest, _ = inspect_web(cov, printed, s.Disturbance.drawn(begin))
    (found,) = latest.values()
    assert found.cls == "streak"
    assert found.channel in ("green", "all")
    assert found.contrast > 0
    assert found.open
    assert found.x_mm == pytest.approx(column * s.MM_PER_PX, abs=1.0)
    assert begin * s.MM_PER_PX - 10 <= found.at_m * 1000 <= used * s.MM_PER_PX + 10
    assert found.end_m * 1000 == pytest.approx(3 * STRIP * s.MM_PER_PX, abs=25)
    assert [run.finding for run in state.streaks] == [found]


@pytest.mark.parametrize("seed", [1, 2, 3] if FULL else [2])
def test_a_faint_streak_is_placed_by_the_strip_after_the_one_it_began_in(seed: int) -> None:
    cov = np.full((2 * STRIP, WIDTH, 3), 0.08, np.float32)
    cov[STRIP:] = 0.3
    printed = cov.copy()
    begin = STRIP - TAIL_ROWS - 128
    s.dead_nozzle(printed, 0, 500, begin)
    _, latest, _ = inspect_web(cov, printed, s.Disturbance.drawn(seed))
    (found,) = latest.values()
    assert found.at_m * 1000 == pytest.approx(begin * s.MM_PER_PX, abs=10)


def inks_of(cov: np.ndarray) -> Inks:
    coverage = cov.transpose(2, 0, 1)
    return Inks(lambda left, right: coverage[:, :, left:right], s.DENSITY * np.eye(3, dtype=np.float32))


@pytest.mark.parametrize("seed", [8, 12])
def test_rows_that_hardly_use_the_ink_do_not_draw_the_beginning_of_a_streak_away(seed: int) -> None:
    begin = 400
    cov = np.full((STRIP, 400, 3), 0.3, np.float32)
    cov[..., 0] = 0.16
    cov[begin + 16 : begin + 516, :, 0] = 0.01
    printed = cov.copy()
    s.dead_nozzle(printed, 0, 200, begin)
    captured = s.photograph(printed, s.Disturbance.drawn(seed))
    seen, evidence = see_strip(s.render(cov), captured, mm_per_px=s.MM_PER_PX, inks=inks_of(cov))
    (found,) = judge_strip(Inspection(), seen, evidence, at_m=0.0)[1]
    assert found.at_m * 1000 == pytest.approx(begin * s.MM_PER_PX, abs=10)


@pytest.mark.parametrize("seed", [3, 4])
def test_a_nozzle_of_a_pale_ink_is_missed_by_brightness_and_found_by_its_ink(seed: int) -> None:
    begin = 500
    cov = np.full((STRIP, 400, 3), 0.3, np.float32)
    cov[..., 0] = 0.05
    printed = cov.copy()
    s.dead_nozzle(printed, 0, 200, begin)
    expected, captured = s.render(cov), s.photograph(printed, s.Disturbance.drawn(seed))
    assert inspect_alone(expected, captured) == ()
    seen, evidence = see_strip(expected, captured, mm_per_px=s.MM_PER_PX, inks=inks_of(cov))
    (found,) = judge_strip(Inspection(), seen, evidence, at_m=0.0)[1]
    assert found.at_m * 1000 == pytest.approx(begin * s.MM_PER_PX, abs=10)


@pytest.mark.parametrize("seed", [5, 9])
def test_a_jet_that_goes_astray_leaves_a_dark_line_from_there_on(seed: int) -> None:
    begin = 400
    cov = np.full((STRIP, 400, 3), 0.3, np.float32)
    cov[..., 0] = 0.6
    printed = cov.copy()
    printed[begin:, 200, 0] *= 1.25
    captured = s.photograph(printed, s.Disturbance.drawn(seed))
    seen, evidence = see_strip(s.render(cov), captured, mm_per_px=s.MM_PER_PX, inks=inks_of(cov))
    (found,) = judge_strip(Inspection(), seen, evidence, at_m=0.0)[1]
    assert found.cls == "streak"
    assert found.at_m * 1000 == pytest.approx(begin * s.MM_PER_PX, abs=10)


@pytest.mark.parametrize("brighter", [True, False])
@pytest.mark.parametrize("seed", [1, 2, 3] if FULL else [2])
def test_a_mixed_pixel_is_no_dead_nozzle_and_no_stray_jet(seed: int, brighter: bool) -> None:
    cov = np.full((STRIP, 400, 3), 0.5, np.float32)
    expected, captured = s.render(cov), s.photograph(cov, s.Disturbance.drawn(seed))
    line = np.array([-2, 4, -2])[:, None]
    captured[:, 199:202] = captured[:, 199:202] + (line if brighter else -line)
    (line,) = inspect_alone(expected, captured)
    assert line.cls == "streak"
    seen, evidence = see_strip(expected, captured, mm_per_px=s.MM_PER_PX, inks=inks_of(cov))
    assert judge_strip(Inspection(), seen, evidence, at_m=0.0)[1] == ()


@pytest.mark.parametrize("brighter", [True, False])
@pytest.mark.parametrize("seed", [1, 2, 3] if FULL else [2])
def test_a_column_of_the_sensor_that_stands_out_by_a_code_value_is_no_nozzle(seed: int, brighter: bool) -> None:
    cov = np.full((STRIP, 400, 3), 0.8, np.float32)
    cov[..., 0] = 0.9
    captured = s.photograph(cov, s.Disturbance.drawn(seed))
    captured[:, 200, 0] = captured[:, 200, 0] + np.int64(1 if brighter else -1)
    seen, evidence = see_strip(s.render(cov), captured, mm_per_px=s.MM_PER_PX, inks=inks_of(cov))
    assert judge_strip(Inspection(), seen, evidence, at_m=0.0)[1] == ()


def test_a_streak_bridges_cloth_without_its_ink() -> None:
    cov = np.zeros((4 * STRIP, WIDTH, 3), np.float32)
    cov[: STRIP + 200] = cov[3 * STRIP - 300 :] = 0.5
    printed = cov.copy()
    s.dead_nozzle(printed, 0, 500, 300)
    _, latest, reports = inspect_web(cov, printed, s.Disturbance.drawn(4))
    (found,) = latest.values()
    assert found.at_m * 1000 == pytest.approx(300 * s.MM_PER_PX, abs=10)
    assert found.end_m * 1000 == pytest.approx(4 * STRIP * s.MM_PER_PX, abs=25)
    assert {f.key for report in reports for f in report} == {found.key}


def test_a_nozzle_that_comes_back_ends_its_streak() -> None:
    cov = web("brick", 3, 9)
    printed = cov.copy()
    s.dead_nozzle(printed, 2, 900, 200, STRIP + 500)
    state, latest, reports = inspect_web(cov, printed, s.Disturbance.drawn(8))
    (found,) = latest.values()
    assert not found.open
    assert found.end_m * 1000 == pytest.approx((STRIP + 500) * s.MM_PER_PX, abs=15)
    assert reports[2] == ()
    assert all(not run.finding.open for run in state.streaks)


@pytest.mark.parametrize(("tails", "y"), [(True, STRIP - 9), (True, STRIP), (False, STRIP + 8)])
def test_a_spot_on_the_border_of_two_strips_is_one_finding(tails: bool, y: int) -> None:
    cov = np.full((2 * STRIP, WIDTH, 3), 0.2, np.float32)
    printed = cov.copy()
    s.spot(printed, 800.0, float(y), 5.0)
    _, latest, _ = inspect_web(cov, printed, s.Disturbance.drawn(y), tails=tails)
    (found,) = latest.values()
    assert found.cls == "spot"
    assert found.at_m * 1000 == pytest.approx(y * s.MM_PER_PX, abs=3)


def test_wrong_content_is_one_misprint_and_no_spots() -> None:
    cov = web("chelsea", 1, 2)
    printed = cov.copy()
    other = s.coverage(s.artwork("retina", 512, 512), 3)
    printed[400:620, 700:960] = other[150:370, 120:380]
    _, latest, _ = inspect_web(cov, printed, s.Disturbance.drawn(21))
    (found,) = latest.values()
    assert found.cls == "misprint"
    assert found.at_m * 1000 == pytest.approx(510 * s.MM_PER_PX, abs=8)
    assert found.x_mm == pytest.approx(830 * s.MM_PER_PX, abs=8)


def test_a_wrong_design_is_one_misprint_of_the_whole_strip() -> None:
    cov = web("astronaut", 1, 2)
    _, latest, _ = inspect_web(cov, web("coffee", 1, 3), s.Disturbance.drawn(3))
    misprints = [f for f in latest.values() if f.cls == "misprint"]
    assert len(misprints) == 1
    assert misprints[0].width_mm > 0.6 * WIDTH * s.MM_PER_PX


def test_the_last_strip_may_be_short() -> None:
    cov = web("coffee", 1, 6)
    expected, captured = s.render(cov), s.photograph(cov, s.Disturbance.drawn(5))
    for rows in (1, 7, 40, 130):
        assert inspect_alone(expected[-rows:], captured[-rows:], (expected[:-rows], captured[:-rows])) == ()


def test_states_and_pictures_that_make_no_sense_are_refused() -> None:
    image = np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(ValueError, match="same camera"):
        see_strip(image, image, mm_per_px=0.2, previous=(image[:, :32], image[:, :32]))
    with pytest.raises(ValueError, match="same size"):
        see_strip(image, image[:32], mm_per_px=0.2)
    for text in ("", "[]", "{}", '{"streaks": [{}], "recent": [], "count": 0}'):
        with pytest.raises(ValueError, match=r"to_json"):
            Inspection.from_json(text)


def test_the_light_may_change_without_findings() -> None:
    cov = web("chelsea", 1, 4)
    captured = s.photograph(cov, s.Disturbance.drawn(2))
    dim = cv2.convertScaleAbs(captured, alpha=0.9)
    assert inspect_alone(s.render(cov), dim) == ()
