import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rip.cloth import Cloth
from rip.lettering import code_modules, digit_bitmaps, enlarged, text_bitmap
from rip.marks import (
    Pen,
    centre_crosses,
    colour_bar,
    crop_ticks,
    cut_lines,
    header,
    metre_ticks,
    nozzle_bars,
    piece_codes,
)
from rip.motif import picture
from rip.overlay import Overlays
from rip.pieces import nest, plan_pieces
from rip.plan import LayoutError

DPI = 254
WIDTH = 2000
PEN = Pen(DPI, WIDTH, inks=4, ink=3, level=3)
CLOTH = Cloth(WIDTH, DPI)


def drawn(patches, rows, start=0):
    """Lay the marks over bare cloth, as the press does: drop levels (4, rows, WIDTH)."""
    overlays = Overlays(patches, width_px=WIDTH, inks=4, levels=4, bits=2)
    packed = np.zeros((4, rows, WIDTH // 4), np.uint8)
    overlays.apply(packed, start)
    shifts = np.array([6, 4, 2, 0], np.uint8)
    return ((packed[..., None] >> shifts) & 3).reshape(4, rows, WIDTH)


@given(
    size=st.tuples(st.integers(20, 90), st.integers(20, 60)),
    count=st.integers(1, 9),
    gutter=st.integers(0, 25),
)
@settings(max_examples=25, deadline=None)
def test_ticks_and_crosses_lie_in_the_gutter_on_no_piece_in_every_period(size, count, gutter):
    plan = plan_pieces(picture("p", size, CLOTH), count, CLOTH, gutter_mm=(gutter, gutter))
    marks = crop_ticks(plan, PEN) + centre_crosses(plan, PEN)
    job = drawn(marks, plan.job_rows)
    assert not job[:3].any()
    for piece in plan.pieces:
        assert not job[3, piece.y : piece.y + piece.height, piece.x : piece.x + piece.width].any()
    if gutter >= 13:  # full length on both sides of the gutter
        last = plan.pieces[-1]
        line = last.y + last.height - 1
        assert job[3, line, last.x + last.width + 10 : last.x + last.width + 60].all() or count > 1
        assert job[3, last.y + last.height + 10 : last.y + last.height + 60, last.x].all()
        assert job[3, last.y + last.height + 25, last.x + last.width // 2] == 3


def test_ticks_point_at_the_corners():
    plan = plan_pieces(picture("p", (50, 40), CLOTH), 1, CLOTH)
    piece = plan.pieces[0]
    job = drawn(crop_ticks(plan, PEN), plan.job_rows)[3]
    rows, columns = np.flatnonzero(job.any(axis=1)), np.flatnonzero(job.any(axis=0))
    assert {piece.y, piece.y + piece.height - 1} <= set(rows)
    assert {piece.x, piece.x + piece.width - 1} <= set(columns)
    assert job[piece.y, : piece.x].sum() == job[piece.y, piece.x + piece.width :].sum() == 50 * 3
    assert (columns.min(), columns.max()) == (piece.x - 60, piece.x + piece.width + 59)
    assert (rows.min(), rows.max()) == (piece.y - 60, piece.y + piece.height + 59)


def read_code(job: np.ndarray) -> set[str]:
    """Read the QR codes of a black plane, as a camera would."""
    image = np.where(job > 0, 0, 255).astype(np.uint8)
    _, texts, _, _ = cv2.QRCodeDetector().detectAndDecodeMulti(cv2.resize(image, None, fx=0.5, fy=0.5))
    return set(texts)


def test_every_piece_has_its_own_code_to_the_last():
    plan = plan_pieces(picture("carre", (60, 50), CLOTH), 5, CLOTH, gutter_mm=(10, 20))
    marks = crop_ticks(plan, PEN) + piece_codes(plan, PEN, lambda piece: f"FOULARD 42/{piece.name}")
    overlays = [mark for mark in marks if mark.name.startswith("code")]
    assert [mark.name for mark in overlays] == [f"code {piece.name}" for piece in plan.pieces]
    for piece, mark in zip(plan.pieces, overlays, strict=True):
        assert mark.every_rows is None
        around = drawn(marks, mark.levels.shape[0] + 200, mark.row - 100)[3]
        near = around[:, mark.x - 15 : mark.x + mark.levels.shape[1] + 20]
        assert read_code(near) == {f"FOULARD 42/{piece.name}"}
        assert piece.y + piece.height <= mark.row
        assert mark.row + mark.levels.shape[0] <= plan.job_rows
        assert piece.x <= mark.x
        assert mark.x + mark.levels.shape[1] <= piece.x + piece.width
    labels = [mark.name for mark in marks if mark.name.startswith("label")]
    assert labels == [f"label {piece.name}" for piece in plan.pieces]


def test_codes_of_a_strike_off_sheet_lie_on_no_piece():
    items = [(picture(f"d{number}", (30 + 7 * number, 20 + 5 * number), CLOTH), 1) for number in range(6)]
    plan = nest(items, CLOTH, gutter_mm=(10, 25))
    job = drawn(piece_codes(plan, PEN, lambda piece: piece.name), plan.job_rows)[3]
    for piece in plan.pieces:
        assert not job[piece.y : piece.y + piece.height, piece.x : piece.x + piece.width].any()
        under = job[piece.y + piece.height : piece.y + piece.height + 250, piece.x : piece.x + piece.width]
        assert read_code(under) == {piece.name}


@pytest.mark.parametrize(("size", "gutter"), [((60, 50), 5), ((8, 50), 25)])
def test_a_code_without_room_is_refused(size, gutter):
    plan = plan_pieces(picture("carré", size, CLOTH), 2, CLOTH, gutter_mm=(10, gutter))
    with pytest.raises(LayoutError, match=r"carré 1: its code takes 1\d"):
        piece_codes(plan, PEN, lambda piece: piece.name)


def test_a_colour_bar_shows_each_ink_alone_in_three_tones():
    job = drawn(colour_bar(PEN, row=10, x=100, every_rows=500, until_row=1000), 1200)
    for ink in range(4):
        tones = [job[ink, 10:90, 100 + (3 * ink + field) * 80 :][:, :80].mean() / 3 for field in range(3)]
        assert tones == [1.0, 0.5, 0.25]
        others = np.delete(job[:, 10:90, 100 + 240 * ink : 340 + 240 * ink], ink, axis=0)
        assert not others.any()
    assert np.array_equal(job[:, 10:90], job[:, 510:590])
    assert not job[:, 1000:].any()


def test_a_colour_bar_that_does_not_fit_is_refused():
    with pytest.raises(LayoutError, match="begin it at 0"):
        colour_bar(PEN, row=0, x=1500)


def test_every_nozzle_of_every_ink_draws_one_line_of_its_own():
    job = drawn(nozzle_bars(PEN, row=7), 7 + 4 * 16 * 5 + 3)
    height = 16 * 5
    for ink in range(4):
        bar = job[ink, 7 + ink * height : 7 + (ink + 1) * height] > 0
        assert (bar.sum(axis=0) == 5).all()
        assert not job[ink, : 7 + ink * height].any()
        first = bar.argmax(axis=0)
        assert np.array_equal(first, np.arange(WIDTH) % 16 * 5)
        # neighbours that draw at the same time are 15 nozzles apart
        assert (np.diff(np.flatnonzero(bar[0])) == 16).all()


def test_a_cut_line_is_dashed_from_edge_to_edge():
    job = drawn(cut_lines(PEN, row=5, every_rows=100, until_row=200), 300)[3]
    rows = np.flatnonzero(job.any(axis=1))
    assert set(rows) == {5, 6, 7, 105, 106, 107}
    assert np.array_equal(job[5] > 0, np.arange(WIDTH) % 100 < 50)


def test_metres_are_ticked_and_numbered():
    marks = metre_ticks(PEN, x=40)
    digits = digit_bitmaps(PEN.px(3.5))
    for metre in (0, 7, 12):
        job = drawn(marks, 100, metre * 10_000)[3]
        assert (job[:3, 40:90] == 3).all()
        number = marks[1]
        shown = job[number.row : number.row + 35, 40 : 40 + 4 * digits.shape[2]] > 0
        text = f"{metre:4d}"
        for place, digit in enumerate(text):
            wanted = np.zeros_like(digits[0]) if digit == " " else digits[int(digit)]
            assert np.array_equal(shown[:, place * digits.shape[2] : (place + 1) * digits.shape[2]], wanted)


def test_a_header_clears_what_it_lies_on_and_keeps_inside_the_width():
    marks = header(["Carré Lyon · silk twill", "job 42"], PEN, row=3, x=20)
    assert marks[0].ground == "clear"
    assert marks[0].levels.shape[0] == 2 * PEN.px(3.5)
    long = header(["x" * 3000], PEN, x=1000)
    assert long[0].x + long[0].levels.shape[1] == WIDTH


@given(text=st.text(max_size=40), height=st.integers(8, 60))
@settings(max_examples=50, deadline=None)
def test_any_text_can_be_drawn(text, height):
    bitmap = text_bitmap(text, height)
    assert bitmap.dtype == np.bool_
    assert bitmap.shape[0] == height
    assert bitmap.shape[1] >= 2


def test_text_can_be_told_apart_and_fills_its_line():
    assert not np.array_equal(text_bitmap("carré 6", 40), text_bitmap("carré 9", 40))
    rows = np.flatnonzero(text_bitmap("ÉHgj", 40).any(axis=1))
    assert rows[0] > 0
    assert rows[-1] < 39
    assert len(rows) > 28


def test_text_may_be_of_any_language():
    drawn = [text_bitmap(text, 40) for text in ("Carré", "Carre", "Carrè", "丝绸", "綢", "Шёлк", "Μετάξι")]
    for number, one in enumerate(drawn):
        assert one.mean() > 0.05
        for other in drawn[number + 1 :]:
            assert not np.array_equal(one, other)
    assert np.array_equal(text_bitmap("x\ny", 40), text_bitmap("x y", 40))


def test_a_code_has_its_quiet_zone():
    modules = code_modules("FOULARD")
    assert not modules[:4].any()
    assert not modules[:, -4:].any()
    assert modules[4, 4]
    assert np.array_equal(enlarged(modules, 3)[::3, ::3], modules)
    with pytest.raises(ValueError, match="too many for a QR code"):
        code_modules("x" * 3000)
