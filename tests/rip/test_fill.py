import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rip.cloth import Cloth
from rip.fill import fill_band, rows_of
from rip.plan import Cell, Plan
from rip.repeat import Repeat, plan_repeat

WIDTH, ROWS = 60, 96
GROUND = (1, 2, 3)
SIZES = ((64, 50), (40, 70))


def numbered(number: int) -> np.ndarray:
    """A picture whose every pixel tells its place and its source."""
    width, height = SIZES[number]
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([x, y, np.full_like(x, 50 + number)], axis=-1).astype(np.uint8)


PICTURES = [numbered(0), numbered(1)]


@st.composite
def cells(draw, wraps):
    source = draw(st.integers(0, 1))
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 50))
    step = draw(st.integers(width, width + 5))
    times = draw(st.integers(1, (WIDTH - width) // step + 1))
    return Cell(
        source=source,
        x=draw(st.integers(0, WIDTH - width - (times - 1) * step)),
        y=draw(st.integers(0, ROWS - (1 if wraps else height))),
        width=width,
        height=height,
        source_x=draw(st.integers(0, SIZES[source][0] - width)),
        source_y=draw(st.integers(0, SIZES[source][1] - height)),
        flip_x=draw(st.booleans()),
        flip_y=draw(st.booleans()),
        times=times,
        step=step if times > 1 else 0,
    )


@st.composite
def plans(draw):
    wraps = draw(st.booleans())
    return Plan(
        width_px=WIDTH,
        period_rows=ROWS,
        wraps=wraps,
        cells=tuple(draw(st.lists(cells(wraps), max_size=7))),
        sources_px=SIZES,
        ground=GROUND,
    )


@given(plan=plans(), start=st.integers(-100, 1000), count=st.integers(0, 250))
@settings(max_examples=80, deadline=None)
def test_a_band_shows_at_every_pixel_what_the_plan_says(plan, start, count):
    """Cells anywhere, over each other, mirrored, repeated, over the end of the period."""
    start = start if plan.wraps else start % 120
    asked: dict[int, list[int]] = {0: [], 1: []}

    def source(number):
        def rows(first, rows_asked):
            asked[number] += range(first, first + rows_asked)
            return PICTURES[number][first : first + rows_asked]

        return rows

    band = np.empty((count, WIDTH + 5, 3), np.uint8)[:, 2:-3]
    fill_band(plan, [source(0), source(1)], start, count, band)
    for y in range(0, count, 3):
        for x in range(WIDTH):
            found = plan.source_at(x, start + y)
            assert tuple(band[y, x]) == (GROUND if found is None else tuple(PICTURES[found[0]][found[2], found[1]]))
    if count <= ROWS:
        assert all(len(set(rows)) == len(rows) for rows in asked.values())


@given(start=st.integers(0, 5000), counts=st.lists(st.integers(1, 300), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_bands_put_together_are_the_whole(start, counts):
    plan = plan_repeat(Repeat("half-drop", mirror="both"), (3.0, 2.0), Cloth(200, 254))
    width, height = plan.sources_px[0]
    source = rows_of(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))
    whole = np.empty((sum(counts), 200, 3), np.uint8)
    fill_band(plan, [source], start, len(whole), whole)
    parts = np.empty_like(whole)
    row = 0
    for count in counts:
        fill_band(plan, [source], start + row, count, parts[row : row + count])
        row += count
    assert np.array_equal(parts, whole)


def best_of(times, plan):
    width, height = plan.sources_px[0]
    source = rows_of(np.zeros((height, width, 3), np.uint8))
    out = np.empty((64, plan.width_px, 3), np.uint8)
    best = 1e9
    for turn in range(times):
        begin = time.perf_counter()
        fill_band(plan, [source], turn * 64, 64, out)
        best = min(best, time.perf_counter() - begin)
    return best


@pytest.mark.parametrize("kind", ["straight", "half-drop", "brick"])
def test_tiny_tiles_cost_no_more_than_a_small_multiple_of_large_ones(kind):
    """2,000 tiles across: one at a time they would take thirty times as long as large ones."""
    cloth = Cloth(32_000, 600)
    px = 25.4 / 600
    tiny, large = (plan_repeat(Repeat(kind), (size * px, size * px), cloth) for size in (16, 4000))
    assert best_of(25, tiny) < 12 * best_of(25, large)


def test_a_source_of_another_size_than_planned_is_refused():
    plan = plan_repeat(Repeat(), (3.0, 2.0), Cloth(200, 254))
    with pytest.raises(ValueError, match="planned is uint8"):
        fill_band(plan, [rows_of(np.zeros((10, 10, 3), np.uint8))], 0, 5, np.empty((5, 200, 3), np.uint8))


@pytest.mark.parametrize("out", [np.empty((4, 200, 3), np.uint8), np.empty((5, 200, 3), np.uint16)])
def test_a_band_of_another_shape_is_refused(out):
    plan = plan_repeat(Repeat(), (3.0, 2.0), Cloth(200, 254))
    with pytest.raises(ValueError, match="is needed"):
        fill_band(plan, [rows_of(np.zeros((20, 30, 3), np.uint8))], 0, 5, out)
