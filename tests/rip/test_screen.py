import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from rip.hot import Screen, Screener
from rip.mask import Mask, load_mask
from rip.packed import count_drops, pack, stored_bits, unpacking
from rip.ranking import void_and_cluster
from rip.screen import ink_thresholds, ink_tile, screen_plainly

VOLUMES = [(0, 0.28, 0.61, 1.0), (0, 1 / 3, 2 / 3, 1.0), (0, 0.05, 0.9, 1.0)]
EIGHT = tuple((level / 7) ** 1.1 for level in range(8))
SIXTEEN = tuple((level / 15) ** 0.9 for level in range(16))
TILE = void_and_cluster(128, 128)
MASK = Mask(TILE)
SMALL = void_and_cluster(12, 128)
CLOSING = void_and_cluster(7, 128, between=SMALL)
MASKS = [Mask(SMALL), Mask(SMALL, CLOSING), Mask(SMALL, CLOSING, 6), Mask(SMALL, CLOSING, 300)]

COLOURS = 500
"""Colours in the pictures of these tests; every other entry of their tables stays untouched memory."""


@pytest.fixture(scope="module")
def tables():
    """For 4, 8 and 16 lanes: some colours, and a table of all 2^24 that knows their tones."""
    random = np.random.default_rng(4)
    made = {}
    for lanes in (4, 8, 16):
        colours = random.integers(0, 256, (COLOURS, 3), dtype=np.uint8)
        entries = np.zeros((1 << 24, lanes), np.uint8)
        code = colours.astype(int) @ (65536, 256, 1)
        entries[code] = random.integers(0, 256, (COLOURS, lanes))
        made[lanes] = colours, entries, entries[code]
    return made


@pytest.mark.parametrize("volumes", [*VOLUMES, (0, 1.0), EIGHT, SIXTEEN])
@pytest.mark.parametrize("ink", [0, 5, 11])
def test_mean_drop_volume_is_the_tone_for_every_tone(volumes, ink):
    """The gate is 0.2 %; a mask has 12,288 places, so 0.01 % is what there is to lose."""
    tiles = ink_thresholds(MASK, volumes, ink)
    for tone in range(256):
        levels = screen_plainly(np.full(TILE.shape, tone, np.uint8), tiles, first_row=0)
        assert np.array(volumes)[levels].mean() == pytest.approx(tone / 255, abs=1e-4)


def test_no_tone_is_no_drop_and_full_tone_is_the_largest_drop():
    for volumes in (VOLUMES[0], EIGHT, SIXTEEN):
        tiles = ink_thresholds(MASK, volumes, 0)
        assert (screen_plainly(np.zeros(TILE.shape, np.uint8), tiles, 0) == 0).all()
        assert (screen_plainly(np.full(TILE.shape, 255, np.uint8), tiles, 0) == len(volumes) - 1).all()


@given(
    rows=st.integers(1, 150),
    width=st.integers(1, 9000),
    first_row=st.integers(0, 9000),
    mask=st.sampled_from(MASKS),
    inks=st.integers(1, 12),
    volumes=st.sampled_from([VOLUMES[0], (0, 1.0), EIGHT, SIXTEEN]),
    seed=st.integers(0, 999),
)
@settings(max_examples=40, deadline=None)
def test_the_hot_path_is_the_plain_one(tables, rows, width, first_row, mask, inks, volumes, seed):
    screen = Screen(mask, volumes, inks)
    colours, entries, tones = tables[screen.lanes]
    drawn = np.random.default_rng(seed).integers(0, COLOURS, (rows, width))
    shape = (inks, rows, -(-width * screen.bits // 8))
    from_colours, from_tones = np.full(shape, 0xAA, np.uint8), np.full(shape, 0x55, np.uint8)
    screener = Screener(screen)
    screener.screen_rgb(colours[drawn], entries, first_row, from_colours)
    screener.screen(tones[drawn], first_row, from_tones)
    for ink in range(inks):
        plain = screen_plainly(tones[drawn, ink], ink_thresholds(mask, volumes, ink), first_row)
        assert np.array_equal(from_colours[ink], pack(plain, screen.bits))
        assert np.array_equal(from_tones[ink], from_colours[ink])


def test_the_hot_path_refuses_what_does_not_fit():
    screener = Screener(Screen(MASKS[0], VOLUMES[0], 4))
    with pytest.raises(ValueError, match=r"out is \(4, 2, 9\), must be \(4, 2, 10\)"):
        screener.screen(np.zeros((2, 40, 4), np.uint8), 0, np.zeros((4, 2, 9), np.uint8))
    with pytest.raises(ValueError, match="17 inks"):
        Screen(MASKS[0], VOLUMES[0], 17)
    with pytest.raises(ValueError, match="17 drop levels"):
        stored_bits(17)


def test_packing_puts_the_first_pixel_into_the_high_bits():
    assert pack(np.array([[3, 0, 1, 2, 1]], np.uint8)).tolist() == [[0b11000110, 0b01000000]]
    assert pack(np.array([[13, 2, 7]], np.uint8), bits=4).tolist() == [[0xD2, 0x70]]


@given(bits=st.sampled_from([2, 4]), rows=st.integers(1, 9), width=st.integers(1, 300), seed=st.integers(0, 99))
def test_packed_drops_can_be_unpacked_and_counted(bits, rows, width, seed):
    levels = np.random.default_rng(seed).integers(0, 1 << bits, (rows, width), dtype=np.uint8)
    packed = pack(levels, bits)
    assert np.array_equal(unpacking(bits)[packed].view(np.uint8)[:, :width], levels)
    assert count_drops(packed, bits, width).tolist() == np.bincount(levels.ravel(), minlength=1 << bits).tolist()


def test_inks_do_not_share_their_drops():
    """Of two inks at a quarter, 1/16 of the pixels get both if their masks have nothing to do with each other."""
    set_pixels = [ink_tile(TILE, ink) < TILE.size / 4 for ink in range(12)]
    for one in range(12):
        for other in range(one):
            assert np.mean(set_pixels[one] & set_pixels[other]) == pytest.approx(1 / 16, abs=0.01)


def test_two_inks_together_make_no_cloud():
    """Where two inks lie, the sum of their drops is as free of low frequencies as one of them."""
    frequency = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.fftfreq(128)[None, :])
    low = (frequency > 0) & (frequency < 0.125)
    for one in range(12):
        for other in range(one):
            drops = sum((ink_tile(TILE, ink) < TILE.size / 4).astype(float) for ink in (one, other))
            power = np.abs(np.fft.fft2(drops - drops.mean())) ** 2 / TILE.size / (2 * 0.25 * 0.75)
            assert power[low].mean() < 0.08


def ramp(columns, low=0.0, high=255.0):
    return np.tile(np.rint(np.linspace(low, high, columns)).astype(np.uint8), (TILE.shape[0], 1))


@pytest.mark.parametrize(("volumes", "at_least_db"), [((0, 1.0), 35.5), (VOLUMES[0], 36), (EIGHT, 36), (SIXTEEN, 36)])
def test_a_ramp_seen_by_the_eye_is_smooth(volumes, at_least_db):
    """HVS-weighted PSNR: error of a 0.02..0.98 ramp through a Gaussian of sigma 1.5 pixels."""
    tones = np.tile(np.linspace(0.02, 0.98, 256) * 255, (256, 1))
    tiles = ink_thresholds(MASK, volumes, 0)
    tones = np.floor(tones + np.random.default_rng(0).random(tones.shape)).astype(np.uint8)  # a press's ramp is 8-bit
    printed = np.array(volumes)[screen_plainly(tones, tiles, 0)]
    error = ndimage.gaussian_filter(printed - np.linspace(0.02, 0.98, 256), 1.5)[8:-8, 8:-8]
    assert -10 * np.log10(np.mean(error**2)) >= at_least_db


@pytest.mark.parametrize("volumes", [*VOLUMES, EIGHT])
def test_a_smooth_ramp_shows_no_step_where_the_drop_size_changes(volumes):
    """Mean of ramps that begin at every eighth column of the mask, so that its texture is not taken for a step.

    An eighth of an 8-bit code, within four codes, is the most that is let pass.
    """
    tones, tiles = ramp(4096), ink_thresholds(MASK, volumes, 0)
    printed = [np.array(volumes)[screen_plainly(tones, np.roll(tiles, shift, 2), 0)] for shift in range(0, 128, 8)]
    error = ndimage.uniform_filter1d((np.mean(printed, axis=0) - tones / 255).mean(axis=0), 64)[64:-64]
    assert np.abs(error).max() < 1 / 8 / 255
    assert np.abs(error[64:] - error[:-64]).max() < 1 / 8 / 255


def spectra(mask, tops, tone):
    """Power of windows of a flat tint, for each top row, on four rings of frequency, over all 128 columns."""
    hann = np.hanning(64)[:, None] * np.hanning(64)[None, :]
    frequency = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(64)[None, :])
    rings = [(frequency > low) & (frequency <= low + 0.1) for low in (0.03, 0.13, 0.23, 0.33)]
    tint = np.full((max(tops) + 64, 192), tone, np.uint8)
    printed = np.array(VOLUMES[0])[screen_plainly(tint, ink_thresholds(mask, VOLUMES[0], 2), 0)]
    found = []
    for top in tops:
        blocks = np.stack([printed[top : top + 64, left : left + 64] for left in range(0, 128, 8)])
        power = (np.abs(np.fft.fft2((blocks - blocks.mean()) * hann, axes=(1, 2))) ** 2).mean(axis=0)
        found.append([power[ring].mean() for ring in rings])
    return np.array(found)


def test_no_seam_of_a_period_and_of_its_mask_can_be_seen(cache):
    """Where a closing tile meets the others, the spectrum is that of tiles without a seam, to 1.5 dB at any seam.

    On the lowest ring, which the eye sees best, all seams together are above the inside by no more than a third of what
    they are where two tiles meet that were not made for each other.
    """
    strangers = [void_and_cluster(96, 128, seed) for seed in range(4)]
    masks = [load_mask(2 * 128 + rows, cache / "masks") for rows in (32, 101, 159)]
    closed, torn = [], []
    for tone in (20, 50, 90, 128, 170, 215):
        inside = np.concatenate([spectra(Mask(tile), range(0, 96, 8), tone) for tile in strangers]).mean(axis=0)

        def over(mask, tone=tone, inside=inside):
            seams = 2 * 128, mask.rows
            return [spectra(mask, [seam - 36, seam - 32, seam - 28], tone).mean(axis=0) / inside for seam in seams]

        closed += [seam for mask in masks for seam in over(mask)]
        torn += [seam for tile in strangers for seam in over(Mask(masks[0].tile, tile, 2))]
    assert np.abs(10 * np.log10(closed)).max() <= 1.5
    assert np.mean(closed, axis=0)[0] - 1 <= (np.mean(torn, axis=0)[0] - 1) / 3


@pytest.fixture(scope="module")
def press_mask(cache):
    """The mask of the press, as jobs are screened with it."""
    return load_mask(128, cache / "masks")


@given(limits=st.lists(st.integers(100, 255), min_size=1, max_size=6), volumes=st.sampled_from([*VOLUMES[:2], SIXTEEN]))
@settings(max_examples=25, deadline=None)
def test_a_limit_holds_over_areas_of_a_third_of_a_millimetre(press_mask, limits, volumes):
    """Flat tints right at the limit of each ink, their sum at the total: windows of 8 × 8 and 16 × 16 printed drops.

    A single drop is all or nothing, so below some drops no limit can hold; at 600 dpi 8 of them are 0.34 mm. Per ink in
    points of a solid, since a window's last drop is as large whatever the tint; the total as a multiple of itself.
    """
    screen = Screen(press_mask, volumes, len(limits))
    tones = np.zeros((128, 256, screen.lanes), np.uint8)
    tones[..., : len(limits)] = limits
    packed = np.empty((len(limits), 128, 256 * screen.bits // 8), np.uint8)
    Screener(screen).screen(tones, 0, packed)
    levels = unpacking(screen.bits)[packed].view(np.uint8).reshape(len(limits), 128, 256)
    drops = np.array(volumes)[levels] * 255
    for side, points, over in ((8, 3.5, 1.05), (16, 1.5, 1.02)):
        windows = sliding_window_view(drops, (side, side), axis=(1, 2)).mean(axis=(3, 4))
        assert (windows.max(axis=(1, 2)) <= np.array(limits) + 2.55 * points).all()
        if sum(limits) >= 255:
            assert windows.sum(axis=0).max() <= sum(limits) * over
