import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rip.mask import void_and_cluster
from rip.screen import Screener, ink_thresholds, pack, screen_plainly

VOLUMES = [(0, 0.28, 0.61, 1.0), (0, 1 / 3, 2 / 3, 1.0), (0, 0.05, 0.9, 1.0)]
MASK = void_and_cluster(96, 128)


@pytest.mark.parametrize("volumes", VOLUMES)
@pytest.mark.parametrize("ink", range(4))
def test_mean_drop_volume_is_the_tone_for_every_tone(volumes, ink):
    tiles = ink_thresholds(MASK, volumes, ink)
    for tone in range(256):
        levels = screen_plainly(np.full(MASK.shape, tone, np.uint8), tiles, first_row=0)
        assert np.array(volumes)[levels].mean() == pytest.approx(tone / 255, abs=1e-4)


def test_no_tone_is_no_drop_and_full_tone_is_the_largest_drop():
    tiles = ink_thresholds(MASK, VOLUMES[0], 0)
    assert (screen_plainly(np.zeros(MASK.shape, np.uint8), tiles, 0) == 0).all()
    assert (screen_plainly(np.full(MASK.shape, 255, np.uint8), tiles, 0) == 3).all()


@given(
    rows=st.integers(1, 230),
    width=st.integers(1, 2400).map(lambda quarter: quarter * 4),
    first_row=st.integers(0, 500),
    ink=st.integers(0, 3),
    seed=st.integers(0, 999),
)
@settings(max_examples=40, deadline=None)
def test_the_fast_screen_is_the_plain_one(rows, width, first_row, ink, seed):
    tiles = ink_thresholds(MASK, VOLUMES[0], ink)
    tones = np.random.default_rng(seed).integers(0, 256, (rows, width), dtype=np.uint8)
    packed = np.empty((rows, width // 4), np.uint8)
    Screener(tiles).screen(tones, first_row, packed)
    assert np.array_equal(packed, pack(screen_plainly(tones, tiles, first_row)))


def test_packing_puts_the_first_pixel_into_the_high_bits():
    assert pack(np.array([[3, 0, 1, 2, 1]], np.uint8)).tolist() == [[0b11000110, 0b01000000]]


def test_inks_do_not_share_their_drops():
    """At a quarter tone two inks of unrelated masks meet on 1/16 of the pixels; the same mask would give 1/4."""
    set_pixels = [
        screen_plainly(np.full(MASK.shape, 18, np.uint8), ink_thresholds(MASK, VOLUMES[0], ink), 0) > 0
        for ink in range(4)
    ]
    for one in range(4):
        for other in range(one):
            assert np.mean(set_pixels[one] & set_pixels[other]) == pytest.approx(1 / 16, abs=0.02)
