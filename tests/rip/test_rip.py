import dataclasses

import numpy as np
import pytest
from PIL import Image, ImageCms

import rip


def flat(tmp_path, mode, colour, name="flat.png", **options):
    path = tmp_path / name
    Image.new(mode, (64, 64), colour).save(path, **options)
    return path


def mean_coverage(raster: rip.Raster) -> np.ndarray:
    return raster.coverage(0, raster.period_rows).mean(axis=(1, 2))


def go(design, silk, cache, **options) -> rip.Raster:
    laid = {name: options.pop(name) for name in set(options) & set(rip.Layout.model_fields)}
    arguments = {"length_m": 1, "folder": cache, "layout": rip.Layout(**({"width_mm": 20} | laid))} | options
    return rip.rip(design, silk, **arguments)


def test_a_photo_comes_out_in_its_own_colours(photo, silk, cache):
    raster = go(photo, silk, cache, width_mm=90, repeat="half-drop")
    original = np.asarray(Image.open(photo).convert("RGB"))
    look = rip.proof(raster.coverage(0, raster.period_rows), silk)
    tile = look[: raster.meta["tile_h_px"] // 4, : raster.meta["tile_w_px"] // 4]
    small = np.asarray(Image.fromarray(tile).resize((64, 64), Image.Resampling.BOX)).astype(float)
    wanted = np.asarray(Image.fromarray(original).resize((64, 64), Image.Resampling.BOX)).astype(float)
    white = np.array(rip.proof(np.zeros((4, 1, 1), np.float32), silk)[0, 0])
    # seen against the cloth's white, as the eye does
    error = np.abs(small - wanted * white / 255)
    assert error.mean() < 15  # most of it is the black of the inks, lighter than a screen's
    assert np.corrcoef(small.ravel(), wanted.ravel())[0, 1] > 0.985


def test_white_takes_no_ink_and_transparent_is_white(tmp_path, silk, cache):
    for mode, colour in (("RGB", "white"), ("RGBA", (10, 20, 30, 0)), ("L", 255), ("1", 1), ("CMYK", (0, 0, 0, 0))):
        name = "flat.tif" if mode == "CMYK" else "flat.png"
        raster = go(flat(tmp_path, mode, colour, name), silk, cache)
        assert (raster.rows(0, raster.period_rows) == 0).all(), mode
        assert sum(rip.ink_ml(raster, 5).values()) == 0


def test_no_seam_between_periods(photo, silk, cache):
    raster = go(photo, silk, cache, repeat="half-drop")
    period = raster.period_rows
    assert np.array_equal(raster.rows(0, 50), raster.rows(period, 50))
    assert np.array_equal(raster.coverage(3, 48), raster.coverage(3 + 7 * period, 48))


def test_a_smooth_wrapping_design_shows_no_seam(tmp_path, silk, cache):
    """A design that wraps by itself stays smooth over every edge, although the press resolution does not fit it."""
    angle = np.arange(50) / 50 * 2 * np.pi
    wave = (128 + 60 * np.sin(angle)[:, None] + 60 * np.cos(angle)[None, :]).astype(np.uint8)
    path = tmp_path / "wave.png"
    Image.fromarray(wave).save(path)
    raster = go(path, silk, cache, width_mm=23.7)
    tone = raster.coverage(0, 2 * raster.period_rows, step=8)[0]
    for axis, size in ((0, raster.meta["tile_h_px"]), (1, raster.meta["tile_w_px"])):
        steps = np.abs(np.diff(tone.mean(axis=1 - axis)))
        seam = size // 8
        assert steps[seam - 1 : seam + 1].max() <= 1.5 * steps.max(initial=0, where=np.arange(len(steps)) < seam - 2)


@pytest.mark.parametrize("level", [20, 90, 160, 230])
def test_flat_tones_are_exact_on_the_cloth(tmp_path, silk, cache, level):
    path = flat(tmp_path, "CMYK", (level, 0, 255 - level, 0), "flat.tif")
    raster = go(path, silk, cache)
    # whole masks only: the width is cut anywhere
    levels = raster.rows(0, raster.period_rows)[:, :, : raster.width_px // 128 * 128]
    mean = np.array(raster.drop_volumes)[levels].mean(axis=(1, 2))
    assert mean == pytest.approx(np.array([level, 0, 255 - level, 0]) / 255, abs=1e-4)


def test_device_cmyk_is_kept_within_the_ink_limit(tmp_path, silk, cache):
    raster = go(flat(tmp_path, "CMYK", (255, 255, 255, 255), "flat.tif"), silk, cache)
    assert mean_coverage(raster).sum() == pytest.approx(silk.total_limit_pct / 100, abs=0.02)
    assert mean_coverage(raster)[3] == pytest.approx(1, abs=0.01)
    assert any("CMYK without a profile" in note for note in raster.meta["notes"])


def test_deep_grey_prints_like_its_8_bit_self(tmp_path, silk, cache):
    deep = tmp_path / "deep.png"
    Image.fromarray(np.full((64, 64), 128 * 257, np.uint16)).save(deep)
    shallow = flat(tmp_path, "L", 128)
    assert np.array_equal(go(deep, silk, cache).rows(0, 64), go(shallow, silk, cache).rows(0, 64))


def test_an_embedded_profile_is_honoured_and_a_broken_one_noted(tmp_path, silk, cache):
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = go(flat(tmp_path, "RGB", (200, 80, 40), "a.png"), silk, cache)
    tagged = go(flat(tmp_path, "RGB", (200, 80, 40), "b.png", icc_profile=srgb), silk, cache)
    broken = go(flat(tmp_path, "RGB", (200, 80, 40), "c.png", icc_profile=b"no profile"), silk, cache)
    misfit = go(flat(tmp_path, "L", 90, "d.png", icc_profile=srgb), silk, cache)
    assert plain.meta["notes"] == ["RGB without a profile: taken as sRGB"]
    assert tagged.meta["notes"] == []
    assert mean_coverage(tagged) == pytest.approx(mean_coverage(plain), abs=0.005)
    assert "cannot be used" in broken.meta["notes"][0]
    assert np.array_equal(broken.rows(0, 64), plain.rows(0, 64))
    assert "cannot be used" in misfit.meta["notes"][0]


def test_the_width_comes_from_the_call_the_file_or_an_assumption(tmp_path, silk, cache):
    stated = go(flat(tmp_path, "L", 90, "a.png", dpi=(100, 100)), silk, cache, width_mm=None)
    silent = go(flat(tmp_path, "L", 90, "b.png"), silk, cache, width_mm=None)
    assert stated.meta["repeat_width_mm"] == pytest.approx(64 / 100 * 25.4, rel=1e-3)
    assert silent.meta["repeat_width_mm"] == pytest.approx(64 / 150 * 25.4)
    assert "150 dpi assumed" in silent.meta["notes"][0]
    assert not any("assumed" in note for note in stated.meta["notes"])


def test_the_same_input_is_found_again_and_any_other_is_not(photo, silk, cache, tmp_path):
    first = go(photo, silk, cache)
    written = first.path.stat().st_mtime_ns
    again = go(photo, silk, cache, length_m=500)
    assert (again.path, again.sha256) == (first.path, first.sha256)
    assert first.path.stat().st_mtime_ns == written
    others = [
        go(photo, silk, cache, repeat="half-drop"),
        go(photo, silk, cache, width_mm=21),
        go(photo, dataclasses.replace(silk, total_limit_pct=220), cache),
        go(flat(tmp_path, "RGB", "red"), silk, cache),
    ]
    assert len({first.key, *(other.key for other in others)}) == 5


def test_a_damaged_raster_in_the_cache_is_made_again(photo, silk, primed, tmp_path):
    folder = primed(tmp_path / "own cache")
    first = go(photo, silk, folder)
    data = first.path.read_bytes()
    first.path.write_bytes(data[:-5000] + bytes(100) + data[-4900:])
    again = go(photo, silk, folder)
    assert again.sha256 == first.sha256
    assert again.path.read_bytes() == data
    assert {path.name for path in folder.iterdir()} == {
        "artwork",
        "masks",
        "profiles",
        first.path.name,
        f"{first.path.stem}.advice.json",
    }


def test_progress_is_told_step_by_step(photo, silk, primed, tmp_path):
    told = []
    go(photo, silk, primed(tmp_path), progress=lambda step, share: told.append((step, share)))
    steps = [step for step, _ in told]
    assert list(dict.fromkeys(steps)) == ["read", "separate", "screen", "write"]
    for step in dict.fromkeys(steps):
        shares = [share for name, share in told if name == step]
        assert shares == sorted(shares)
        assert shares[-1] == 1.0


def test_a_design_finer_than_the_press_is_reduced(tmp_path, silk, cache):
    """A one-pixel checkerboard at four times the press's resolution can only be its mean: a flat grey."""
    checks = ((np.indices((960, 960)).sum(axis=0) % 2) * 255).astype(np.uint8)
    path = tmp_path / "checks.png"
    Image.fromarray(checks).save(path)
    tone = go(path, silk, cache).coverage(0, 96, step=16)
    assert tone[0].std() < 0.03
    assert tone[0].mean() > 0.1


@pytest.mark.parametrize("length_m", [0, -1, float("nan")])
def test_a_job_without_length_is_refused(photo, silk, cache, length_m):
    with pytest.raises(ValueError, match="length above 0 m"):
        go(photo, silk, cache, length_m=length_m)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"width_mm": 0}, "width_mm 0 is not in"),
        ({"dpi": 10}, "dpi 10 is not in"),
        ({"inks": ()}, "0 inks"),
        ({"drop_volumes": (0, 0.5, 0.4, 1)}, "rising from 0 to 1"),
        ({"total_limit_pct": float("inf")}, "finite"),
        ({"black_start": 1}, "black_start 1 is not in"),
    ],
)
def test_an_impossible_condition_is_refused(silk, change, complaint):
    with pytest.raises(ValueError, match=complaint):
        dataclasses.replace(silk, **change)
