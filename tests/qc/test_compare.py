"""Comparison of single pictures, as the command line uses it."""

import cv2
import numpy as np
import pytest
import synthetic as s
from hypothesis import given, settings
from hypothesis import strategies as st

from qc import compare


def noisy(image: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 3, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize(("name", "mm"), [("astronaut", 0.5), ("grass", 0.2)])
def test_a_photo_with_a_spot_a_line_or_a_wrong_block(name: str, mm: float) -> None:
    image = s.artwork(name, 512, 512)
    clean = noisy(image)
    assert compare(image, image, mm).findings == ()
    assert compare(image, clean, mm).findings == ()

    spotted = clean.copy()
    cv2.circle(spotted, (200, 300), 6, (20, 20, 30), -1)
    (spot,) = compare(image, spotted, mm).findings
    assert spot.cls == "spot"
    assert (spot.x_mm, spot.at_m * 1000) == pytest.approx((200 * mm, 300 * mm), abs=3 * mm)

    lined = clean.copy()
    lined[120:, 350] = np.clip(lined[120:, 350] * 1.3 + 20, 0, 255).astype(np.uint8)
    (line,) = compare(image, lined, mm).findings
    assert line.cls == "streak"
    assert line.x_mm == pytest.approx(350.5 * mm, abs=2 * mm)
    assert line.at_m * 1000 == pytest.approx(120 * mm, abs=10 * mm)

    blocked = clean.copy()
    blocked[100:164, 300:364] = 128
    (block,) = compare(image, blocked, mm).findings
    assert block.cls == "misprint"
    assert (block.x_mm, block.at_m * 1000) == pytest.approx((332 * mm, 132 * mm), abs=8 * mm)


@pytest.mark.parametrize("shift", [(5.3, -4.1), (-2.6, 5.8)])
def test_the_shift_is_measured(shift: tuple[float, float]) -> None:
    cov = s.coverage(s.artwork("chelsea", 451, 640), 1)
    how = s.Disturbance(shift=shift, stretch=0.0, skew=0.0)
    result = compare(s.render(cov), s.photograph(cov, how), s.MM_PER_PX)
    assert result.findings == ()
    assert result.shift_px == pytest.approx(shift, abs=0.15)


def test_another_picture_is_a_misprint() -> None:
    result = compare(s.artwork("astronaut", 512, 512), s.artwork("chelsea", 512, 512), 0.2)
    assert [f.cls for f in result.findings if f.width_mm > 60] == ["misprint"]
    assert result.to_dict()["findings"][0]["cls"] == "misprint"


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.floats(0.05, 2.0), st.integers(0, 2**16))
def test_equal_pictures_of_any_size_have_no_findings(height: int, width: int, mm: float, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    assert compare(image, image, mm).findings == ()


@pytest.mark.parametrize(
    ("expected", "captured", "mm", "message"),
    [
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8), 0.2, "same size"),
        (np.zeros((0, 4, 3), np.uint8), np.zeros((0, 4, 3), np.uint8), 0.2, "empty"),
        (np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8), 0.2, "uint8 RGB"),
        (np.zeros((4, 4, 3), np.float32), np.zeros((4, 4, 3), np.uint8), 0.2, "uint8 RGB"),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 3), np.uint8), 0.0, "mm_per_px"),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 3), np.uint8), float("nan"), "mm_per_px"),
    ],
)
def test_pictures_that_cannot_be_compared_are_refused(
    expected: np.ndarray, captured: np.ndarray, mm: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        compare(expected, captured, mm)
