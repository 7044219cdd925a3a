import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rip.overlay import Counter, Overlays, Patch
from rip.packed import pack, unpacking

WIDTH, INKS = 101, 3
GROUNDS = ("clear", "knock-out", "overprint")


def over(*items, levels=4, bits=2, width=WIDTH):
    return Overlays(items, width_px=width, inks=INKS, levels=levels, bits=bits)


def seen(overlays, print_levels, start, bits=2):
    """Levels of the print (inks, rows, width) with the overlays on, as the press gets them."""
    packed = pack(print_levels, bits)
    overlays.apply(packed, start)
    return unpacking(bits)[packed].view(np.uint8)[..., : print_levels.shape[2]]


def drawn_plainly(items, print_levels, start):
    """The definition: every item in turn, pixel by pixel."""
    result = print_levels.copy()
    rows = print_levels.shape[1]
    for item in items:
        for turn in range(200):
            row = item.row + turn * (item.every_rows or 0)
            if (turn and not item.every_rows) or (item.until_row is not None and row >= item.until_row):
                break
            number = item.first + turn * item.step if isinstance(item, Counter) else 0
            levels = item.levels(number) if isinstance(item, Counter) else item.levels
            for y in range(levels.shape[0]):
                if not start <= row + y < start + rows:
                    continue
                for x in range(levels.shape[1]):
                    place, level = result[:, row + y - start, item.x + x], levels[y, x]
                    if item.ground == "clear" or (level and item.ground == "knock-out"):
                        place[:] = 0
                    if level:
                        place[list(item.inks)] = level
    return result


@st.composite
def patches(draw, max_level):
    height, width = draw(st.integers(1, 6)), draw(st.integers(1, 30))
    levels = np.random.default_rng(draw(st.integers(0, 99))).integers(0, max_level + 1, (height, width), dtype=np.uint8)
    return Patch(
        "patch",
        row=draw(st.integers(0, 60)),
        x=draw(st.integers(0, WIDTH - width)),
        levels=levels,
        inks=tuple(draw(st.sets(st.integers(0, INKS - 1), min_size=1))),
        ground=draw(st.sampled_from(GROUNDS)),
        every_rows=draw(st.none() | st.integers(1, 40)),
        until_row=draw(st.none() | st.integers(0, 90)),
    )


@given(data=st.data(), bits=st.sampled_from([2, 4]), start=st.integers(0, 120), rows=st.integers(1, 40))
@settings(max_examples=60, deadline=None)
def test_patches_lie_where_they_say_and_nothing_else_changes(data, bits, start, rows):
    items = data.draw(st.lists(patches((1 << bits) - 1), min_size=1, max_size=4))
    beneath = np.random.default_rng(1).integers(0, 1 << bits, (INKS, rows, WIDTH), dtype=np.uint8)
    overlays = over(*items, levels=1 << bits, bits=bits)
    wanted = drawn_plainly(items, beneath, start)
    assert np.array_equal(seen(overlays, beneath, start, bits), wanted)
    sent = Overlays.from_list(
        json.loads(json.dumps(overlays.to_list())), width_px=WIDTH, inks=INKS, levels=1 << bits, bits=bits
    )
    assert np.array_equal(seen(sent, beneath, start, bits), wanted)


def digits():
    """Digit d is a column of d + 1 set pixels."""
    glyphs = np.zeros((10, 10, 3), np.uint8)
    for digit in range(10):
        glyphs[digit, : digit + 1, 0] = 3
    return glyphs


@pytest.mark.parametrize("ground", GROUNDS)
def test_a_counter_runs(ground):
    metres = Counter("metres", 5, 50, digits(), places=3, inks=(2,), every_rows=20, first=8, ground=ground)
    beneath = np.full((INKS, 70, WIDTH), 1, np.uint8)
    overlays = over(metres)
    assert np.array_equal(seen(overlays, beneath, 0), drawn_plainly([metres], beneath, 0))
    black = seen(overlays, beneath, 0)[2]
    heights = [(black[row : row + 10, 50:59:3] == 3).sum(axis=0).tolist() for row in (5, 25, 45)]
    assert heights == [[0, 0, 9], [0, 0, 10], [0, 2, 1]]  # 8, 9, 10
    again = Overlays.from_list(overlays.to_list(), width_px=WIDTH, inks=INKS, levels=4, bits=2)
    assert np.array_equal(seen(again, beneath, 0), seen(overlays, beneath, 0))


def test_a_window_far_down_the_job_knows_its_number():
    metres = Counter("metres", 0, 0, digits(), places=4, inks=(0,), every_rows=100, step=5)
    far = seen(over(metres), np.zeros((INKS, 10, WIDTH), np.uint8), 100 * 246)
    assert (far[0, :, 0:12:3] == 3).sum(axis=0).tolist() == [2, 3, 4, 1]  # 1230


def test_a_number_that_is_too_long_loses_its_first_digits():
    metres = Counter("metres", 0, 0, digits(), places=2, inks=(0,), every_rows=10, first=345)
    assert (metres.levels(345)[:, ::3] == 3).sum(axis=0).tolist() == [5, 6]


def test_what_knocks_out_stays_within_the_ink_of_its_own():
    beneath = np.full((INKS, 8, WIDTH), 3, np.uint8)
    box = np.full((4, 10), 3, np.uint8)
    on = seen(over(Patch("box", 2, 7, box, (1,))), beneath, 0)
    assert (on[[0, 2], 2:6, 7:17] == 0).all()
    assert (on[1] == 3).all()


def test_a_thousand_pieces_have_their_own_codes():
    """Codes are found by row: a strip with two of them costs no more for the others."""
    random = np.random.default_rng(3)
    codes = [
        Patch(f"piece {number}", number * 50, 20, random.integers(0, 2, (20, 20), dtype=np.uint8) * 3, (2,), "clear")
        for number in range(1000)
    ]
    on = seen(over(*codes), np.ones((INKS, 100, WIDTH), np.uint8), 700 * 50)
    assert np.array_equal(on[2, :20, 20:40], codes[700].levels)
    assert np.array_equal(on[2, 50:70, 20:40], codes[701].levels)


@given(items=st.lists(patches(3), max_size=3), rows=st.integers(0, 150))
@settings(max_examples=30, deadline=None)
def test_drops_of_overlays_are_counted(items, rows):
    counts = over(*items).drops(rows)
    alone = np.zeros((INKS, 4), int)
    for item in items:
        tall = seen(over(item), np.zeros((INKS, rows + 10, WIDTH), np.uint8), 0) if rows else None
        if tall is None:
            continue
        begins = [row for row in range(rows) if _begins(item, row)]
        whole = _plain_count(item) * len(begins)
        alone[list(item.inks)] += whole
    alone[:, 0] = 0
    assert counts.tolist() == alone.tolist()


def _begins(item, row):
    if item.until_row is not None and row >= item.until_row:
        return False
    if not item.every_rows:
        return row == item.row
    return row >= item.row and (row - item.row) % item.every_rows == 0


def _plain_count(item):
    return np.bincount(item.levels.ravel(), minlength=4)


@pytest.mark.parametrize(
    ("item", "complaint"),
    [
        (Patch("label", 0, 95, np.ones((1, 10), np.uint8), (0,)), "overlay label: columns 95 to 104 do not lie within"),
        (Patch("label", 0, -1, np.ones((1, 1), np.uint8), (0,)), "columns -1 to -1"),
        (Patch("label", -2, 0, np.ones((1, 1), np.uint8), (0,)), "row -2"),
        (Patch("label", 0, 0, np.full((1, 1), 4, np.uint8), (0,)), "level 4 is above the largest drop level 3"),
        (Patch("label", 0, 0, np.ones((1, 1), np.uint8), (3,)), r"inks \(3,\) must be in 0..2"),
        (Patch("label", 0, 0, np.ones((1, 1), np.uint8), (1, 1)), "named once"),
        (Patch("label", 0, 0, np.ones((1, 1), np.uint8), ()), "inks"),
        (Patch("label", 0, 0, np.ones((1, 1), np.uint8), (0,), every_rows=0), "every_rows 0"),
        (Patch("label", 0, 0, np.ones(3, np.uint8), (0,)), "must be uint8"),
        (Patch("label", 0, 0, np.ones((1, 1)), (0,)), "must be uint8"),
        (Patch("label", 0, 0, np.ones((1, 1), np.uint8), (0,), "under"), "ground 'under'"),
        (Counter("metres", 0, 0, np.zeros((9, 2, 2), np.uint8), 3, (0,), 10), "9 digits drawn"),
        (Counter("metres", 0, 0, np.zeros((10, 2, 2), np.uint8), 0, (0,), 10), "places 0"),
        (Counter("metres", 0, 90, np.zeros((10, 2, 6), np.uint8), 2, (0,), 10), "columns 90 to 101"),
        (Counter("metres", 0, 0, np.zeros((10, 2, 2), np.uint8), 2, (0,), 10, first=-1), "must not be negative"),
    ],
)
def test_what_does_not_fit_is_named(item, complaint):
    with pytest.raises(ValueError, match=complaint):
        over(item)


@pytest.mark.parametrize("value", [{"name": "x"}, {"drops": "!", "shape": [1], "inks": [0]}, 7])
def test_overlays_that_cannot_be_read_are_refused(value):
    with pytest.raises(ValueError, match="overlay"):
        Overlays.from_list([value], width_px=WIDTH, inks=INKS, levels=4, bits=2)
