import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import rip

DPI = 300


@given(
    wanted=st.integers(96, 30000),
    aspect=st.floats(0.3, 3),
    width_px=st.integers(600, 33000),
    repeat=st.sampled_from(["straight", "half-drop"]),
)
def test_period_holds_whole_masks_and_keeps_the_height(wanted, aspect, width_px, repeat):
    design = (10_000, round(10_000 * aspect))
    layout = rip.plan_layout(width_px, 600, design, wanted / aspect * 25.4 / 600, repeat)
    exact = wanted * design[1] / design[0] / aspect
    assert 96 <= layout.mask_rows <= 192
    assert layout.period_rows % layout.mask_rows == 0
    assert layout.period_rows % layout.tile_h_px == 0
    assert abs(layout.tile_h_px - exact) <= max(6.5, exact * 0.001 + 0.5)
    assert layout.height_error == pytest.approx(layout.tile_h_px / exact - 1, abs=1e-9)
    columns = layout.columns()
    assert columns[0][0] == 0
    assert columns[-1][1] == width_px
    assert all(left < right for left, right, _ in columns)


@given(rows=st.integers(16, 95))
def test_a_low_design_is_repeated_within_the_period(rows):
    layout = rip.plan_layout(1000, 600, (100, rows), 100 * 25.4 / 600)
    assert layout.tile_h_px == rows
    assert layout.period_rows == layout.mask_rows
    assert 96 <= layout.mask_rows <= 192


@given(
    width=st.integers(16, 700),
    height=st.sampled_from([32, 96, 97, 128, 256]),
    repeat=st.sampled_from(["straight", "half-drop"]),
    seed=st.integers(0, 99),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_pixel_of_the_press_lies_on_its_pixel_of_the_design(silk, cache, tmp_path, width, height, repeat, seed):
    """At the press's own resolution, with ink amounts of 0 or 100 %, the levels are the artwork itself."""
    ink = np.random.default_rng(seed).integers(0, 4, (height, width))
    tones = (np.arange(4) == ink[..., None]).astype(np.uint8) * 255
    design = tmp_path / "design.tif"
    Image.frombytes("CMYK", (width, height), tones.tobytes()).save(design)
    raster = rip.rip(design, silk, length_m=1, repeat=repeat, width_mm=width / DPI * 25.4, folder=cache)

    y, x = np.mgrid[0 : 2 * raster.period_rows, 0 : raster.width_px]
    dropped = (x // width % 2) * (height // 2) if repeat == "half-drop" else 0
    expected = np.arange(4)[:, None, None] == ink[(y - dropped) % height, x % width]
    assert raster.period_rows % height == 0
    assert np.array_equal(raster.rows(0, 2 * raster.period_rows), 3 * expected)


@pytest.mark.parametrize(
    ("width_mm", "repeat", "complaint"),
    [
        (0, "straight", "must be above 0"),
        (float("nan"), "straight", "must be above 0"),
        (0.1, "straight", "outside of"),
        (1e6, "straight", "outside of"),
        (100, "brick", "straight or half-drop"),
    ],
)
def test_what_cannot_be_laid_out_is_refused(width_mm, repeat, complaint):
    with pytest.raises(rip.LayoutError, match=complaint):
        rip.plan_layout(1000, 600, (100, 100), width_mm, repeat)
