import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rip.plan import Cell, LayoutError, Piece, Plan

WIDTH, ROWS = 60, 96


@st.composite
def cells(draw, wraps=True):
    width, height = draw(st.integers(1, 40)), draw(st.integers(1, 50))
    times = draw(st.integers(1, 4))
    step = draw(st.integers(width, 45)) if times > 1 and width <= 45 else 0
    times = max(1, min(times, (WIDTH - width) // step + 1)) if step else 1
    return Cell(
        source=0,
        x=draw(st.integers(0, WIDTH - width - (times - 1) * step)),
        y=draw(st.integers(0, ROWS - (1 if wraps else height))),
        width=width,
        height=height,
        source_x=draw(st.integers(0, 64 - width)),
        source_y=draw(st.integers(0, 64 - height)),
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
        cells=tuple(draw(st.lists(cells(wraps), max_size=6))),
        sources_px=((64, 64),),
        ground=(10, 20, 30),
    )


def look(plan, top=0, bottom=ROWS):
    return [[plan.source_at(x, y) for x in range(plan.width_px)] for y in range(top, bottom)]


@given(cell=cells(), left=st.integers(-5, 65), size=st.integers(0, 60))
def test_a_cut_cell_shows_what_it_showed_between_the_columns(cell, left, size):
    whole = Plan(width_px=WIDTH, period_rows=ROWS, wraps=True, cells=(cell,), sources_px=((64, 64),))
    parts = cell.cut_across(left, left + size)
    cut = Plan(width_px=WIDTH, period_rows=ROWS, wraps=True, cells=parts, sources_px=((64, 64),))
    y = cell.y + cell.height // 2
    for x in range(WIDTH):
        assert cut.source_at(x, y) == (whole.source_at(x, y) if left <= x < left + size else None)


@given(cell=cells(wraps=False), top=st.integers(-5, 100), size=st.integers(0, 60))
def test_a_cut_cell_shows_what_it_showed_between_the_rows(cell, top, size):
    whole = Plan(width_px=WIDTH, period_rows=ROWS, wraps=False, cells=(cell,), sources_px=((64, 64),))
    parts = cell.cut_along(top, top + size)
    cut = Plan(width_px=WIDTH, period_rows=ROWS, wraps=False, cells=parts, sources_px=((64, 64),))
    for y in range(ROWS):
        assert cut.source_at(cell.x, y) == (whole.source_at(cell.x, y) if top <= y < top + size else None)


@given(plan=plans(), across=st.booleans(), along=st.booleans())
def test_a_mirrored_job_shows_every_pixel_on_the_other_side(plan, across, along):
    mirrored = plan.mirrored(across=across, along=along)
    before, after = look(plan), look(mirrored)
    rows = before[::-1] if along else before
    assert after == [row[::-1] if across else row for row in rows]


@given(plan=plans(), y=st.integers(-3 * ROWS, 3 * ROWS), x=st.integers(0, WIDTH - 1))
def test_a_period_comes_again_and_a_sheet_does_not(plan, x, y):
    if plan.wraps:
        assert plan.source_at(x, y) == plan.source_at(x, y + ROWS)
    elif not 0 <= y < ROWS:
        assert plan.source_at(x, y) is None


def test_the_last_cell_lies_on_top():
    low, high = Cell(0, 0, 0, 10, 10), Cell(0, 5, 5, 10, 10, flip_x=True, flip_y=True)
    plan = Plan(width_px=20, period_rows=96, wraps=False, cells=(low, high), sources_px=((10, 10),))
    assert plan.source_at(4, 4) == (0, 4, 4)
    assert plan.source_at(5, 5) == (0, 9, 9)
    assert plan.source_at(15, 5) is None


def test_pieces_of_a_mirrored_job_keep_their_names_and_come_in_printing_order():
    plan = Plan(
        width_px=50,
        period_rows=96,
        wraps=True,
        cells=(),
        sources_px=(),
        pieces=(Piece("a", 0, 0, 10, 90), Piece("b", 20, 0, 10, 90), Piece("a 2", 0, 96, 10, 90)),
        job_rows=192,
    )
    turned = plan.mirrored(across=True, along=True)
    assert turned.pieces == (Piece("a 2", 40, 6, 10, 90), Piece("b", 20, 102, 10, 90), Piece("a", 40, 102, 10, 90))
    assert turned.mirrored(across=True, along=True).pieces == plan.pieces


@pytest.mark.parametrize(
    ("cell", "complaint"),
    [
        (Cell(0, 0, 0, 0, 10), "is empty"),
        (Cell(0, 0, 0, 10, 10, times=2, step=9), "over itself"),
        (Cell(0, -1, 0, 10, 10), "out of the print width"),
        (Cell(0, 25, 0, 10, 10, times=2, step=20), "out of the print width"),
        (Cell(0, 0, 90, 10, 10), "out of the 96 rows"),
        (Cell(1, 0, 0, 10, 10), "none of the 1"),
        (Cell(0, 0, 0, 10, 10, source_x=60), "out of its source"),
        (Cell(0, 0, 0, 10, 10, source_y=-1), "out of its source"),
    ],
)
def test_a_cell_that_shows_nothing_or_too_much_is_refused(cell, complaint):
    with pytest.raises(LayoutError, match=complaint):
        Plan(width_px=50, period_rows=96, wraps=False, cells=(cell,), sources_px=((64, 64),))


def test_a_plan_of_nothing_is_refused():
    with pytest.raises(LayoutError, match="50 px × 0 rows is impossible"):
        Plan(width_px=50, period_rows=0, wraps=True, cells=(), sources_px=())


def test_a_picture_of_nowhere_is_ground():
    plan = Plan(width_px=5, period_rows=96, wraps=True, cells=(), sources_px=())
    assert np.all(np.array(look(plan), object) == None)  # noqa: E711
