import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rip.mask import Mask, load_mask
from rip.ranking import void_and_cluster

SIXTEENTHS = [part / 16 for part in range(1, 16)]


@pytest.fixture(scope="module")
def tile(cache):
    """The tile of every press."""
    return load_mask(128, cache / "masks").tile


@pytest.fixture(scope="module")
def realisations():
    """Ten masks from other random first patterns, as the published measures average over realisations."""
    return [void_and_cluster(64, 64, seed) for seed in range(10)]


def mean_power(masks, share):
    """Power spectrum of the flat patches at that tone, white noise = 1, and the frequency of each bin (1/px)."""
    patterns = np.stack([mask < share * mask.size for mask in masks]).astype(float)
    spectra = np.fft.fft2(patterns - patterns.mean(axis=(1, 2), keepdims=True), axes=(1, 2))
    power = (np.abs(spectra) ** 2).mean(axis=0) / masks[0].size / (share * (1 - share))
    rows, columns = masks[0].shape
    return power, np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.fftfreq(columns)[None, :])


@pytest.fixture(scope="module", params=[32, 101, 159])
def closing(request, cache):
    return load_mask(2 * 128 + request.param, cache / "masks").closing


def test_a_tile_ranks_every_pixel_once(tile, closing):
    for ranking in (tile, closing):
        assert sorted(ranking.ravel().tolist()) == list(range(ranking.size))


@pytest.mark.parametrize("share", SIXTEENTHS)
def test_mask_is_blue(realisations, share):
    """Below half of the principal frequency there is less than 0.08 of white noise's power; 0.09 in any one mask."""
    principal = min(np.sqrt(min(share, 1 - share)), 0.5)
    power, frequency = mean_power(realisations, share)
    low = (frequency > 0) & (frequency < principal / 2)
    assert power[low].mean() <= 0.08


def low_power(mask, share):
    principal = min(np.sqrt(min(share, 1 - share)), 0.5)
    power, frequency = mean_power([mask], share)
    return power[(frequency > 0) & (frequency < principal / 2)].mean()


@pytest.mark.parametrize("share", SIXTEENTHS)
def test_the_tile_of_the_press_is_as_blue(tile, share):
    assert low_power(tile, share) <= 0.08


@pytest.mark.parametrize("share", SIXTEENTHS)
def test_a_tile_and_one_that_closes_a_period_are_as_blue_together(tile, closing, share):
    """As places of 0 to 1, since each is a ranking of its own; one mask of both, which wraps."""
    both = np.concatenate([(part + 0.5) / part.size for part in (tile, closing)])
    assert low_power(both * both.size, share) <= 0.085


@pytest.mark.parametrize("share", SIXTEENTHS)
def test_mask_has_no_direction(realisations, share):
    """Variance over squared mean on the ring at the principal frequency: −10 dB for ten spectra, at most 3 dB more."""
    principal = min(np.sqrt(min(share, 1 - share)), 0.5)
    power, frequency = mean_power(realisations, share)
    ring = power[(frequency > principal - 1 / 64) & (frequency <= principal)]
    assert 10 * np.log10(ring.var() / ring.mean() ** 2) <= -7


def test_a_small_mask_is_a_ranking_too():
    assert sorted(void_and_cluster(3, 5).ravel().tolist()) == list(range(15))
    assert void_and_cluster(1, 1).tolist() == [[0]]


@given(times=st.integers(0, 300), over=st.sampled_from([0, 32, 101]), wraps=st.booleans())
@settings(max_examples=30)
def test_a_mask_closes_any_period(cache, times, over, wraps):
    period = times * 128 + over or 17
    mask = load_mask(period, cache / "masks", wraps=wraps)
    assert not wraps or period % mask.rows == 0
    assert mask.closing is None or (32 <= len(mask.closing) < 160 and mask.rows == period)


def test_a_shortened_mask_holds_every_neighbourhood():
    mask = Mask(np.zeros((12, 4), np.uint16), np.zeros((7, 4), np.uint16), 50)
    assert mask.shortened(64).rows == 7 * 12 + 7
    assert mask.shortened(1000).rows == mask.rows


def test_tiles_are_kept_and_a_damaged_one_is_made_again(tmp_path):
    first = load_mask(96, tmp_path).tile
    (kept,) = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    assert np.array_equal(load_mask(96, tmp_path).tile, first)
    assert kept.stat().st_mtime_ns == written
    np.save(kept, np.zeros_like(first))
    assert np.array_equal(load_mask(96, tmp_path).tile, first)
    kept.write_bytes(b"\x93NUMPY")
    assert np.array_equal(load_mask(96, tmp_path).tile, first)
