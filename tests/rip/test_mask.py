import numpy as np
import pytest

from rip.mask import load_mask, void_and_cluster

SIXTEENTHS = [part / 16 for part in range(1, 16)]


@pytest.fixture(scope="module")
def mask():
    return void_and_cluster(96, 128)


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


def test_mask_ranks_every_pixel_once(mask):
    assert sorted(mask.ravel().tolist()) == list(range(96 * 128))


@pytest.mark.parametrize("share", SIXTEENTHS)
def test_mask_is_blue(realisations, share):
    """Below half of the principal frequency there is less than 0.08 of white noise's power; 0.09 in any one mask."""
    principal = min(np.sqrt(min(share, 1 - share)), 0.5)
    power, frequency = mean_power(realisations, share)
    low = (frequency > 0) & (frequency < principal / 2)
    assert power[low].mean() <= 0.08


@pytest.mark.parametrize("share", SIXTEENTHS)
def test_a_mask_of_the_press_is_as_blue(mask, share):
    principal = min(np.sqrt(min(share, 1 - share)), 0.5)
    power, frequency = mean_power([mask], share)
    assert power[(frequency > 0) & (frequency < principal / 2)].mean() <= 0.09


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


def test_mask_is_kept_and_a_damaged_one_is_made_again(tmp_path):
    first = load_mask(96, tmp_path)
    (kept,) = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    assert np.array_equal(load_mask(96, tmp_path), first)
    assert kept.stat().st_mtime_ns == written
    np.save(kept, np.zeros_like(first))
    assert np.array_equal(load_mask(96, tmp_path), first)
    kept.write_bytes(b"\x93NUMPY")
    assert np.array_equal(load_mask(96, tmp_path), first)
