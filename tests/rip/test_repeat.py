import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rip.cloth import Cloth, units_screened
from rip.fill import fill_band, rows_of
from rip.plan import LayoutError
from rip.repeat import Repeat, parse_repeat, plan_repeat
from rip.shear import shear_rows

DPI = 254
"""10 device pixels to the millimetre."""
GROUND = (250, 251, 252)
FRACTIONS = st.fractions(0, 1, max_denominator=9)


def numbered(width: int, height: int) -> np.ndarray:
    """A picture whose every pixel tells its place."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x % 240, y % 240, x // 240 * 16 + y // 240], axis=-1).astype(np.uint8)


@st.composite
def repeats(draw):
    kind = draw(st.sampled_from(["straight", "half-drop", "brick", "drop"]))
    lengths = st.integers(-300, 300).map(lambda tenths: tenths / 10)
    drop = None
    if kind == "drop":
        drop = draw(FRACTIONS | lengths)
    elif kind == "brick":
        drop = draw(st.none() | FRACTIONS | lengths)
    return Repeat(
        kind,
        drop,
        mirror=draw(st.sampled_from(["none", "columns", "rows", "both", "turned"])),
        gap_mm=(draw(st.sampled_from([0, 0, 0.7])), draw(st.sampled_from([0, 0, 1.3]))),
        gap_colour=GROUND,
        columns=draw(st.none() | st.integers(5, 60).map(lambda tenths: tenths / 10)),
        origin_mm=(draw(st.integers(-90, 90)) / 10, draw(st.integers(-90, 90)) / 10),
    )


def expected(repeat: Repeat, plan, shift: Fraction | int, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The infinite pattern by its definition: which pixel of the numbered design lies at x, y, or the ground."""
    width, height = plan.sources_px[0]
    wide, high = width + round(repeat.gap_mm[0] * 10), height + round(repeat.gap_mm[1] * 10)
    ox, oy = (round(mm * 10) for mm in repeat.origin_mm)

    def shifted(lane, pitch):
        if isinstance(shift, Fraction):
            table = [
                round(Fraction(n * shift.numerator % shift.denominator, shift.denominator) * pitch)
                for n in range(shift.denominator)
            ]
            return np.array(table)[lane % shift.denominator]
        return lane * shift % pitch

    if repeat.kind == "brick":
        row = (y - oy) // high
        along = (y - oy) % high
        offset = x - ox - shifted(row, wide)
        column, across = offset // wide, offset % wide
    else:
        column, across = (x - ox) // wide, (x - ox) % wide
        offset = y - oy - shifted(column, high)
        row, along = offset // high, offset % high
    lane = row if repeat.kind == "brick" else column
    turned = (repeat.mirror == "turned") & (lane % 2 == 1)
    flip_x = turned | ((repeat.mirror in ("columns", "both")) & (column % 2 == 1))
    flip_y = turned | ((repeat.mirror in ("rows", "both")) & (row % 2 == 1))
    shown = (across < width) & (along < height)
    if repeat.columns is not None:
        shown &= (x >= ox) & (x < ox + round(repeat.columns * wide))
    sx = np.where(flip_x, width - 1 - across, across) % width
    sy = np.where(flip_y, height - 1 - along, along) % height
    return np.where(shown[..., None], numbered(width, height)[sy, sx], np.array(GROUND, np.uint8))


def shift_px(repeat: Repeat, plan) -> Fraction | int:
    """The shift by the rules: fractions as they are, lengths in whole pixels; a brick's near x/n is x/n."""
    if isinstance(repeat.shift, Fraction):
        return repeat.shift
    pixels = repeat.shift * 10
    if repeat.kind != "brick":
        return round(pixels)
    pitch = plan.sources_px[0][0] + round(repeat.gap_mm[0] * 10)
    for parts in range(1, 33):
        share = Fraction(round(pixels * parts / pitch), parts)
        if abs(float(share * pitch) - pixels) <= min(2.5, pitch / 100):
            return share
    return round(pixels)


@given(
    repeat=repeats(),
    tile=st.tuples(st.integers(16, 70), st.integers(16, 220)),
    width=st.integers(1, 400),
    start=st.integers(0, 20_000),
    count=st.integers(1, 260),
)
@settings(max_examples=250, deadline=None)
@example(Repeat("half-drop", mirror="both", gap_colour=GROUND), (64, 96), 400, 0, 200)
@example(Repeat("brick", 3.7, mirror="turned", gap_colour=GROUND), (37, 20), 300, 900, 100)
def test_every_pixel_of_the_press_lies_on_its_pixel_of_the_design(repeat, tile, width, start, count):
    cloth = Cloth(width, DPI)
    plan = plan_repeat(repeat, (tile[0] / 10, tile[1] / 10), cloth)
    tile_px = plan.sources_px[0]
    assert tile_px == tile
    band = np.empty((count, width, 3), np.uint8)
    fill_band(plan, [rows_of(numbered(*tile_px))], start, count, band)
    y, x = np.mgrid[start : start + count, 0:width]
    wanted = expected(repeat, plan, shift_px(repeat, plan), x, y)
    assert np.array_equal(band, wanted)
    if plan.covered:
        assert not (wanted == np.array(GROUND)).all(axis=-1).any()
    for row, column in ((0, 0), (count - 1, width - 1), (count // 2, width // 3)):
        found = plan.source_at(column, start + row)
        colour = GROUND if found is None else tuple(numbered(*tile_px)[found[2], found[1]])
        assert colour == tuple(wanted[row, column])


@given(repeat=repeats(), tile=st.tuples(st.integers(16, 60), st.integers(16, 300)), start=st.integers(0, 3000))
@settings(max_examples=40, deadline=None)
def test_a_row_and_the_row_one_period_on_are_equal(repeat, tile, start):
    plan = plan_repeat(repeat, (tile[0] / 10, tile[1] / 10), Cloth(150, DPI))
    y, x = np.mgrid[start : start + 7, 0:150]
    shift = shift_px(repeat, plan)
    one = expected(repeat, plan, shift, x, y)
    assert np.array_equal(one, expected(repeat, plan, shift, x, y + plan.period_rows))


@given(
    repeat=repeats(),
    skew=st.integers(-60, 60),
    bow=st.integers(-60, 60),
    start=st.integers(0, 500),
)
@settings(max_examples=60, deadline=None)
def test_skew_and_bow_shift_each_column_along(repeat, skew, bow, start):
    width = 300
    straight = plan_repeat(repeat, (3.3, 12.7), Cloth(width, DPI))
    bent = plan_repeat(repeat, (3.3, 12.7), Cloth(width, DPI, skew_mm=skew / 10, bow_mm=bow / 10))
    rows = shear_rows(Cloth(width, DPI, skew_mm=skew / 10, bow_mm=bow / 10))
    at = (np.arange(width) + 0.5) / width
    wanted = skew * at + bow * 4 * at * (1 - at)
    assert np.ptp(rows - wanted) <= 1.01
    picture = rows_of(numbered(*straight.sources_px[0]))
    flat, found = np.empty((120, width, 3), np.uint8), np.empty((120, width, 3), np.uint8)
    fill_band(bent, [picture], start, 120, found)
    for shift in np.unique(rows):
        fill_band(straight, [picture], (start - int(shift)) % straight.period_rows, 120, flat)
        assert np.array_equal(found[:, rows == shift], flat[:, rows == shift])
    assert bent.period_rows == straight.period_rows


@given(drop=FRACTIONS, kind=st.sampled_from(["drop", "brick"]), tile=st.tuples(*[st.integers(96, 99)] * 2))
@settings(max_examples=30, deadline=None)
def test_a_job_turned_by_a_quarter_shows_the_same_turned(drop, kind, tile):
    repeat = Repeat(kind, drop)
    tile_mm = (tile[0] / 10, tile[1] / 10)
    turned = repeat.quarter_turned(tile_mm)
    one = plan_repeat(repeat, tile_mm, Cloth(700, DPI))
    other = plan_repeat(turned, tile_mm[::-1], Cloth(700, DPI))
    assert other.sources_px[0] == one.sources_px[0][::-1] == tile[::-1]
    width, height = one.sources_px[0]
    # x, y of the turned job show what lay at y, -x-1 of the straight one
    for x, y in ((0, 0), (5, 90), (100, 33), (333, 200), (640, 655), (120, 470)):
        found, before = other.source_at(x, y), one.source_at(y, -x - 1)
        assert found is not None
        assert before is not None
        # rounding of x/n of the pitch to whole pixels may go the other way
        assert abs((height - 1 - before[2]) - found[1]) in (0, 1, height - 1)
        assert abs(before[1] - found[2]) in (0, 1, width - 1)
    again = turned.quarter_turned(tile_mm).quarter_turned(tile_mm).quarter_turned(tile_mm)
    assert (again.axis, again.shift % 1) == (repeat.axis if drop % 1 else "down", drop % 1)


@given(rows=st.integers(1, 60_000), units=st.integers(1, 8))
def test_a_period_is_that_of_the_layout_and_only_below_4_mm_a_multiple(rows, units):
    screened = units_screened(rows, units)
    assert screened % units == 0
    assert screened == units if rows * units >= 96 else 96 <= screened * rows < 96 + units * rows


def test_shrinkage_is_printed_larger_each_way_by_its_own():
    cloth = Cloth(20_000, 600, shrink_warp_pct=5, shrink_weft_pct=2)
    plan = plan_repeat(Repeat("drop", 50.0), (640, 320), cloth)
    width, height = plan.sources_px[0]
    assert width == round(640 / 25.4 * 600 / 0.98)
    assert height == pytest.approx(320 / 25.4 * 600 / 0.95, abs=0.5)
    second = next(cell for cell in plan.cells if cell.x == width)
    assert second.y == round(50 / 25.4 * 600 / 0.95)
    assert plan.scale_error < 0.002


@pytest.mark.parametrize(
    ("text", "repeat"),
    [
        ("straight", Repeat("straight")),
        ("Half-Drop", Repeat("half-drop")),
        ("drop:1/3", Repeat("drop", Fraction(1, 3))),
        ("drop:2/6", Repeat("drop", Fraction(1, 3))),
        ("drop:120mm", Repeat("drop", 120.0)),
        ("brick", Repeat("brick")),
        ("brick:1/4", Repeat("brick", Fraction(1, 4))),
        ("brick:-35.5mm", Repeat("brick", -35.5)),
        ("half-drop:1/2", Repeat("half-drop", Fraction(1, 2))),
    ],
)
def test_a_repeat_is_read_from_text(text, repeat):
    assert parse_repeat(text) == repeat


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "unknown"),
        ("third-drop", "unknown"),
        ("straight:", "unknown"),
        ("straight:1/2", "has no drop"),
        ("drop", "say by how much"),
        ("drop:1/0", "neither a fraction"),
        ("drop:1/97", "up to 96"),
        ("drop:4/3", "not x/n"),
        ("drop:12", "neither a fraction"),
        ("drop:nanmm", "neither a fraction"),
        ("brick:999999mm", "not in -20000"),
        ("half-drop:1/3", "drops by 1/2"),
    ],
)
def test_text_that_is_no_repeat_is_refused_in_one_line(text, complaint):
    with pytest.raises(LayoutError, match=complaint) as refused:
        parse_repeat(text)
    assert "\n" not in str(refused.value)


@given(st.text(max_size=30))
def test_any_text_is_a_repeat_or_a_clear_refusal(text):
    try:
        repeat = parse_repeat(text)
    except LayoutError as refused:
        assert len(str(refused)) < 200  # noqa: PT017
    else:
        assert text.strip().lower().startswith(repeat.kind)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"kind": "herringbone"}, "unknown"),
        ({"mirror": "rotated"}, "unknown"),
        ({"gap_mm": (-1, 0)}, "gap"),
        ({"gap_mm": (0, math.nan)}, "gap"),
        ({"columns": 0}, "columns"),
        ({"columns": math.inf}, "columns"),
        ({"origin_mm": (math.nan, 0)}, "origin"),
        ({"gap_colour": (0, 0, 256)}, "gap colour"),
        ({"kind": "drop", "drop": math.nan}, "not in -20000"),
    ],
)
def test_an_impossible_repeat_is_refused(change, complaint):
    with pytest.raises(LayoutError, match=complaint):
        Repeat(**change)


@pytest.mark.parametrize("size", [(0, 100), (100, 0.1), (math.nan, 100), (100, math.inf), (30_000, 100)])
def test_a_size_that_cannot_be_printed_is_refused(size):
    with pytest.raises(LayoutError, match="give another size"):
        plan_repeat(Repeat(), size, Cloth(1000, 600))


@pytest.mark.parametrize(
    "change", [{"shrink_warp_pct": 100}, {"shrink_weft_pct": math.nan}, {"skew_mm": 1e9}, {"width_px": 0}]
)
def test_an_impossible_cloth_is_refused(change):
    with pytest.raises(LayoutError, match="is not in"):
        Cloth(**({"width_px": 1000, "dpi": 600} | change))


def test_a_brick_length_near_a_fraction_is_taken_as_the_fraction():
    cloth = Cloth(40_000, 600)
    exact = plan_repeat(Repeat("brick", 35.0), (100, 100), cloth)
    near = plan_repeat(Repeat("brick", 33.5), (100, 100), cloth)
    odd = plan_repeat(Repeat("brick", 201.3), (640, 100), cloth, length_m=30)
    height = exact.sources_px[0][1]
    assert exact.period_rows == 20 * height
    assert exact.notes == ()
    assert near.period_rows == 3 * near.sources_px[0][1]
    assert "taken as 1/3 of the repeat, 0.17 mm off" in near.notes[0]
    assert odd.period_rows >= 30_000 / 25.4 * 600
    assert "no fraction" in odd.notes[0]


def test_a_design_far_from_whole_pixels_is_told():
    plan = plan_repeat(Repeat(), (0.7, 0.7), Cloth(1000, 600))
    assert plan.scale_error == pytest.approx(17 / (0.7 / 25.4 * 600) - 1)
    assert "0.72 × 0.72 mm instead of 0.7 × 0.7 mm" in plan.notes[0]
