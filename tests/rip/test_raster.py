import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

import rip


@pytest.fixture(scope="module")
def raster(photo, silk, cache) -> rip.Raster:
    return rip.rip(photo, silk, length_m=1, repeat="half-drop", width_mm=30, folder=cache)


@pytest.fixture
def copied(raster, tmp_path) -> Path:
    """The raster's file and sidecar, to be damaged."""
    for path in (raster.path, raster.path.with_suffix(".json")):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path / raster.path.name


def test_any_tiff_program_finds_its_way(raster):
    with tifffile.TiffFile(raster.path) as tif:
        assert tif.is_bigtiff
        (page,) = tif.pages
        tags = {tag.name: tag.value for tag in page.tags.values()}
        assert (page.imagewidth, page.imagelength, page.samplesperpixel) == (raster.width_px, raster.period_rows, 4)
        assert (page.bitspersample, page.compression, page.planarconfig) == (2, 1, 2)
        assert page.photometric == 5
        assert tags["InkNames"].split("\0")[:4] == ["cyan", "magenta", "yellow", "black"]
        assert tags["XResolution"] == (raster.dpi, 1)
        strips = [tif.filehandle.read_segments([at], [size]) for at, size in zip(*page_segments(page), strict=True)]
        data = b"".join(segment for strip in strips for segment, _ in strip)
    bits = np.unpackbits(np.frombuffer(data, np.uint8)).reshape(4, raster.period_rows, -1, 2)
    levels = (bits[..., 0] << 1 | bits[..., 1])[..., : raster.width_px]
    assert np.array_equal(levels, raster.rows(0, raster.period_rows))


def page_segments(page):
    return page.dataoffsets, page.databytecounts


@given(start=st.integers(0, 10**9), count=st.integers(0, 900))
@settings(max_examples=40, deadline=None)
def test_row_r_of_the_job_is_row_r_mod_period(raster, start, count):
    period = raster.rows(0, raster.period_rows)
    wrapped = (start + np.arange(count)) % raster.period_rows
    rows = raster.rows(start, count)
    assert np.array_equal(rows, period[:, wrapped])
    packed = raster.packed(start, count)
    assert packed.shape == (4, count, -(-raster.width_px // 4))
    assert np.array_equal((packed >> 6) & 3, rows[:, :, 0::4])


@pytest.mark.parametrize("step", [1, 3, 4, 8, 12])
@pytest.mark.parametrize("start", [5, 100_000])
def test_coverage_is_the_mean_drop_volume_of_each_cell(raster, step, start):
    count = raster.period_rows + 30
    volumes = np.array(raster.drop_volumes)[raster.rows(start, count)]
    down, across = count // step, raster.width_px // step
    cells = volumes[:, : down * step, : across * step].reshape(4, down, step, across, step).mean(axis=(2, 4))
    coverage = raster.coverage(start, count, step)
    assert coverage.dtype == np.float32
    np.testing.assert_allclose(coverage, cells, atol=1e-6)


def test_there_is_no_row_before_the_first(raster):
    with pytest.raises(ValueError, match="must not be negative"):
        raster.rows(-1, 5)
    with pytest.raises(ValueError, match="step 0"):
        raster.coverage(0, 5, 0)


def test_ink_is_the_volume_of_the_drops(raster):
    length_m = raster.period_rows * 2.5 * 25.4 / raster.dpi / 1000
    levels = raster.rows(0, raster.total_rows(length_m))
    volumes_pl = np.array(raster.drop_volumes)[levels].sum(axis=(1, 2)) * raster.drop_pl
    ml = rip.ink_ml(raster, length_m)
    assert list(ml) == list(raster.inks)
    assert list(ml.values()) == pytest.approx(volumes_pl * 1e-9, rel=1e-5)


def test_total_rows_is_the_length_in_rows(raster):
    assert raster.total_rows(0.0254) == raster.dpi
    assert raster.total_rows(1000) == round(1e6 / 25.4 * raster.dpi)


def test_a_raster_travels_to_another_process_without_its_pixels(raster):
    raster.rows(0, 1)
    sent = pickle.dumps(raster)
    assert len(sent) < 10_000
    assert np.array_equal(pickle.loads(sent).rows(7, 5), raster.rows(7, 5))


def test_the_hash_is_checked_on_opening(raster, copied):
    assert rip.Raster.open(copied, raster.sha256).key == raster.key
    with pytest.raises(rip.RasterError, match="prepare the design again"):
        rip.Raster.open(copied, "0" * 64)


def damage_bit(data: bytes) -> bytes:
    return data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (damage_bit, "the hash is"),
        (lambda data: data[:-1], "cut after"),
        (lambda data: data[:5000], "cut after"),
        (lambda data: data[:100], "not a raster"),
        (lambda data: b"", "not a raster"),
        (lambda data: b"no raster at all" * 100, "not a raster"),
        (lambda data: data.replace(b'"period_rows": ', b'"period_rows": 9', 1), "does not fit|not a raster"),
    ],
)
def test_a_corrupt_or_cut_raster_is_refused(copied, damage, complaint):
    copied.write_bytes(damage(copied.read_bytes()))
    with pytest.raises(rip.RasterError, match=complaint) as refusal:
        rip.Raster.open(copied)
    assert copied.name in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_another_tiff_is_no_raster(tmp_path):
    path = tmp_path / "photo.tif"
    tifffile.imwrite(path, np.zeros((20, 20), np.uint8))
    with pytest.raises(rip.RasterError, match="not a raster"):
        rip.Raster.open(path)
    with pytest.raises(rip.RasterError, match="no such raster"):
        rip.Raster.open(tmp_path / "nothing.tif")


def test_a_sidecar_without_a_hash_is_refused(copied):
    copied.with_suffix(".json").write_text(json.dumps({"key": 1}))
    with pytest.raises(rip.RasterError, match="does not state"):
        rip.Raster.open(copied)


def test_the_reader_loads_without_colour_code():
    code = (
        "import sys, rip.raster; print([m for m in ('PIL', 'cv2', 'rip.colour', 'rip.condition') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
