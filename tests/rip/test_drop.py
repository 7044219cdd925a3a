from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rip.drop import find_drop
from rip.fill import rows_of
from rip.repeat import Repeat


def texture(width: int, height: int, drop: float, seed: int, columns: int = 1, rows: int = 1) -> np.ndarray:
    """Some tiles of a smooth random pattern of tiles width × height that lie `drop` px lower from column to column."""
    random = np.random.default_rng(seed)
    x, y = np.arange(columns * width)[None, :], np.arange(rows * height)[:, None]
    picture = np.zeros((rows * height, columns * width, 3))
    for along in range(-4, 5):
        for across in range(5):
            # a wave that closes after (width, drop) and after (0, height)
            wave = np.exp(2j * np.pi * along * y / height) * np.exp(
                2j * np.pi * (across - along * drop / height) * x / width
            )
            weights = random.normal(size=3) + 1j * random.normal(size=3)
            picture += (wave[..., None] * weights).real / (1 + across * across + along * along)
    picture -= picture.min()
    return np.rint(picture / picture.max() * 255).astype(np.uint8)


def ask(picture: np.ndarray):
    return find_drop(rows_of(picture), picture.shape[1], picture.shape[0])


@given(
    columns=st.integers(1, 4),
    rows=st.integers(1, 4),
    part=st.integers(0, 3),
    seed=st.integers(0, 50),
    size=st.tuples(st.integers(40, 90), st.integers(40, 90)),
)
@settings(max_examples=12, deadline=None)
def test_a_drop_hidden_inside_is_found(columns, rows, part, seed, size):
    """`columns` columns that drop by part/columns close again: so the artwork is straight, but its tile is not."""
    width, height = size
    drop = Fraction(part % columns, columns)
    picture = texture(width, height, float(drop * height), seed, columns, rows)
    found = ask(picture)
    if columns == rows == 1:
        assert found is None
        return
    assert found is not None
    assert (found.columns, found.rows) == (columns, rows)
    assert found.drop == drop
    assert found.score > 0.93
    assert found.tile(*picture.shape[1::-1]) == (width, height)


@given(drop=st.integers(0, 119), seed=st.integers(0, 50))
@settings(max_examples=12, deadline=None)
def test_the_drop_of_a_single_tile_is_found_at_its_edges(drop, seed):
    found = ask(texture(100, 120, drop, seed))
    if drop in (0, 1, 119):
        assert found is None or abs(float(found.drop)) * 120 in (drop, pytest.approx(drop, abs=2))
        return
    if found is None:
        assert min(drop, 120 - drop) <= 8  # so little that straight fits as well
        return
    assert found.axis == "down"
    assert (found.columns, found.rows) == (1, 1)
    assert float(found.drop) * 120 == pytest.approx(drop, abs=2.5)


@given(shift=st.integers(15, 85), seed=st.integers(0, 50))
@settings(max_examples=10, deadline=None)
def test_a_brick_is_found_at_its_edges(shift, seed):
    found = ask(np.ascontiguousarray(texture(120, 100, shift, seed).swapaxes(0, 1)))
    assert found is not None
    assert found.axis == "across"
    assert float(found.drop) * 100 == pytest.approx(shift, abs=2.5)


def test_a_proposal_is_a_repeat():
    half = ask(texture(100, 120, 60, 1))
    assert half.repeat(250, 300) == Repeat("half-drop")
    third = ask(texture(100, 120, 40, 1))
    assert third.repeat(250, 300) == Repeat("drop", Fraction(1, 3))
    odd = ask(texture(120, 490, 73, 1)).repeat(120, 490)
    assert odd.kind == "drop"
    assert odd.drop == pytest.approx(73, abs=1)
    brick = ask(np.ascontiguousarray(texture(120, 100, 50, 1).swapaxes(0, 1))).repeat(100, 120)
    assert brick == Repeat("brick", Fraction(1, 2))
    straight = ask(texture(60, 50, 0, 1, 3, 2))
    assert straight.repeat(180, 100) == Repeat()
    assert straight.tile(180, 100) == (60, 50)


@pytest.mark.parametrize("kind", ["flat", "noise", "ramp", "one pixel"])
def test_what_has_no_repeat_gives_none(kind):
    random = np.random.default_rng(0)
    ramp = np.add.outer(np.linspace(0, 127, 200), np.linspace(0, 127, 150)).astype(np.uint8)
    picture = {
        "flat": np.full((80, 90, 3), 7, np.uint8),
        "noise": random.integers(0, 256, (200, 210, 3), dtype=np.uint8),
        "ramp": np.repeat(ramp[..., None], 3, axis=2),
        "one pixel": np.zeros((1, 1, 3), np.uint8),
    }[kind]
    assert ask(picture) is None


@pytest.mark.parametrize("axis", [0, 1])
def test_stripes_repeat_across_and_anyhow_along(axis):
    """Along a stripe every shift fits: the search must end, with a tile that is part of the stripes."""
    stripe = np.repeat(np.random.default_rng(2).integers(0, 256, (20, 3), dtype=np.uint8), 6, axis=0)
    stripes = np.repeat(np.tile(stripe, (5, 1))[None], 400, axis=0)
    found = ask(np.ascontiguousarray(stripes if axis == 0 else stripes.swapaxes(0, 1)))
    assert found.columns % 5 == 0 or axis == 1
    assert found.rows % 5 == 0 or axis == 0
    assert found.columns * found.rows >= 5 * 16


def test_a_large_artwork_is_read_once_in_bands_and_sampled():
    """Tiles that are no whole number of pixels, in an artwork larger than the reduced picture."""
    whole = texture(333, 900, 450, 3, 2)
    asked = []

    def rows(first, count):
        asked.append(count)
        return whole[first : first + count]

    found = find_drop(rows, whole.shape[1], whole.shape[0])
    assert (found.columns, found.rows, found.drop) == (2, 1, Fraction(1, 2))
    assert sum(asked) < 3 * whole.shape[0]
    assert max(asked) <= 256
