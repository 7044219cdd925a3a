import numpy as np
import pytest

from rip.mask import load_mask, void_and_cluster


@pytest.fixture(scope="module")
def mask():
    return void_and_cluster(128, 128)


def test_mask_ranks_every_pixel_once(mask):
    assert sorted(mask.ravel().tolist()) == list(range(128 * 128))


@pytest.mark.parametrize("share", [1 / 16, 1 / 8, 1 / 4, 1 / 2, 3 / 4, 15 / 16])
def test_mask_is_blue(mask, share):
    """Power below half of the principal frequency, white noise = 1; a good void-and-cluster mask stays below 0.12."""
    pattern = (mask < share * mask.size).astype(float)
    power = np.abs(np.fft.fft2(pattern - pattern.mean())) ** 2 / mask.size / (share * (1 - share))
    frequency = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.fftfreq(128)[None, :])
    principal = min(np.sqrt(min(share, 1 - share)), 0.5)
    low = power[(frequency > 0) & (frequency < principal / 2)].mean()
    assert low < 0.12


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
