import gc
import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import pyvips
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import rip
from rip.hot import Screen, Screener
from rip.mask import Mask
from rip.overlay import Counter, Overlays, Patch
from rip.packed import pack
from rip.period import screen_period
from rip.ranking import void_and_cluster
from rip.raster import Raster, RasterError, write_job
from rip.writer import RasterWriter

WIDTH, ROWS = 403, 210
INKS = ("cyan", "magenta", "yellow", "black", "orange")
VOLUMES = {2: (0, 0.28, 0.61, 1.0), 4: tuple(level / 7 for level in range(8))}
"""Eight levels are stored in 4 bits."""


def made(path, bits=2, width=WIDTH, rows=ROWS, seed=0, **meta):
    """Write a raster of random drops; return it and its levels (inks, rows, width)."""
    levels = np.random.default_rng(seed).integers(0, len(VOLUMES[bits]), (len(INKS), rows, width), dtype=np.uint8)
    packed = pack(levels, bits)
    about = {
        "key": "k" * 64,
        "width_px": width,
        "period_rows": rows,
        "dpi": 600,
        "bits": bits,
        "inks": [{"name": name, "lab": [50, 0, 0]} for name in INKS],
        "drop_volumes": list(VOLUMES[bits]),
        "drop_pl": 18,
    } | meta
    with RasterWriter(path, about) as writer:
        for first in reversed(range(0, rows, 64)):  # any order
            writer.write(first, packed[:, first : first + 64])
        seal = writer.finish()
    return Raster.open(path, seal), levels


@pytest.fixture(scope="module", params=[2, 4])
def both(request, tmp_path_factory):
    return made(tmp_path_factory.mktemp("rasters") / "design.tif", request.param)


@pytest.fixture(scope="module")
def raster(tmp_path_factory):
    return made(tmp_path_factory.mktemp("rasters") / "design.tif")[0]


@pytest.fixture
def copied(raster, tmp_path) -> Path:
    """The raster's file, to be damaged."""
    return _copy(raster.path, tmp_path)


def _copy(path, folder):
    (folder / path.name).write_bytes(path.read_bytes())
    return folder / path.name


def test_any_tiff_program_shows_the_separations(both):
    raster, levels = both
    with tifffile.TiffFile(raster.path) as tif:
        assert tif.is_bigtiff
        assert [page.tags["PageName"].value for page in tif.pages] == list(INKS)
        for page in tif.pages:
            assert (page.imagewidth, page.imagelength, page.samplesperpixel) == (WIDTH, ROWS, 1)
            assert (page.bitspersample, page.compression) == (raster.bits, 1)
            assert page.tags["XResolution"].value == (600, 1)
        assert np.array_equal(tif.asarray(), levels)
        about = json.loads(tif.pages.first.description)
    assert (about["inks"][0]["name"], about["drop_pl"]) == ("cyan", 18)
    white, step = 255, 255 // ((1 << raster.bits) - 1)
    with Image.open(raster.path) as image:
        for ink in (0, 3):
            image.seek(ink)
            assert np.array_equal(np.asarray(image), white - levels[ink] * step)
    page = pyvips.Image.new_from_file(str(raster.path), page=4)
    assert np.array_equal(page.numpy(), white - levels[4] * step)


@given(start=st.integers(0, 10**9), count=st.integers(0, 500))
@settings(max_examples=40, deadline=None)
def test_row_r_of_the_job_is_row_r_mod_period(both, start, count):
    raster, levels = both
    wrapped = (start + np.arange(count)) % ROWS
    rows = raster.rows(start, count)
    assert np.array_equal(rows, levels[:, wrapped])
    packed = raster.packed(start, count)
    assert np.array_equal(packed, pack(levels[:, wrapped], raster.bits))
    buffer = np.full(packed.shape, 0xAA, np.uint8)
    assert raster.stream(start, count, buffer, threads=3) is buffer
    assert np.array_equal(buffer, packed)


@given(start=st.integers(0, 3 * ROWS), count=st.integers(0, 3 * ROWS))
@settings(max_examples=30, deadline=None)
def test_behind_a_sheet_the_cloth_is_empty(sheet, start, count):
    raster, levels = sheet
    endless = np.concatenate([levels, np.zeros((len(INKS), 6 * ROWS, WIDTH), np.uint8)], axis=1)
    assert np.array_equal(raster.rows(start, count), endless[:, start : start + count])


@pytest.fixture(scope="module")
def sheet(tmp_path_factory):
    return made(tmp_path_factory.mktemp("rasters") / "sheet.tif", wraps=False)


def test_the_length_of_a_job(raster, sheet):
    assert raster.total_rows(0.0254) == raster.dpi
    assert raster.total_rows(1000) == round(1e6 / 25.4 * raster.dpi)
    with pytest.raises(ValueError, match="give length_m"):
        raster.total_rows()
    assert sheet[0].total_rows() == sheet[0].total_rows(1000) == ROWS


@pytest.mark.parametrize("step", [1, 3, 4, 8, 12])
@pytest.mark.parametrize("start", [5, 100_000])
def test_coverage_is_the_mean_drop_volume_of_each_cell(both, step, start):
    raster, _ = both
    count = ROWS + 30
    volumes = np.array(raster.drop_volumes)[raster.rows(start, count)]
    down, across = count // step, WIDTH // step
    cells = volumes[:, : down * step, : across * step].reshape(-1, down, step, across, step).mean(axis=(2, 4))
    coverage = raster.coverage(start, count, step)
    assert coverage.dtype == np.float32
    np.testing.assert_allclose(coverage, cells, atol=1e-6)


@pytest.mark.parametrize(("left", "right"), [(0, 1), (3, 11), (WIDTH - 5, WIDTH)])
@pytest.mark.parametrize("start", [0, ROWS - 3])
def test_nozzles_are_the_mean_drop_volume_of_each_column(both, start, left, right):
    raster, _ = both
    count, step = ROWS + 30, 4
    volumes = np.array(raster.drop_volumes)[raster.rows(start, count)][:, : count // step * step, left:right]
    nozzles = raster.nozzles(start, count, left, right, step)
    assert nozzles.dtype == np.float32
    means = volumes.reshape(len(volumes), -1, step, right - left).mean(axis=2)
    np.testing.assert_allclose(nozzles, means, atol=1e-6)
    with pytest.raises(ValueError, match=f"columns 0..{WIDTH + 1} "):
        raster.nozzles(0, 4, 0, WIDTH + 1)


def test_there_is_no_row_before_the_first(raster):
    with pytest.raises(ValueError, match="must not be negative"):
        raster.rows(-1, 5)
    with pytest.raises(ValueError, match="step 0"):
        raster.coverage(0, 5, 0)
    with pytest.raises(ValueError, match="out must be contiguous"):
        raster.stream(0, 5, np.empty((len(INKS), 5, raster.row_bytes + 1), np.uint8))


@given(rows=st.integers(0, 5 * ROWS))
@settings(max_examples=30, deadline=None)
def test_ink_is_the_volume_of_the_drops(both, sheet, rows):
    for raster, _ in (both, sheet):
        levels = raster.rows(0, rows)
        counts = [np.bincount(plane.ravel(), minlength=len(raster.drop_volumes)) for plane in levels]
        got = raster.drops(rows)
        assert np.array_equal(got[:, 1:], np.array(counts)[:, 1:])
    raster = both[0]
    length_m = rows * 25.4 / raster.dpi / 1000
    volumes_pl = np.array(raster.drop_volumes)[raster.rows(0, rows)].sum(axis=(1, 2)) * raster.drop_pl
    ml = rip.ink_ml(raster, length_m)
    assert list(ml) == list(raster.inks)
    assert list(ml.values()) == pytest.approx(volumes_pl * 1e-9, rel=1e-5)


def test_a_raster_travels_to_another_process_without_its_pixels(raster):
    raster.rows(0, 1)
    sent = pickle.dumps(raster)
    assert len(sent) < 10_000
    assert np.array_equal(pickle.loads(sent).rows(7, 5), raster.rows(7, 5))


def test_the_hash_is_checked_on_opening(raster, copied):
    assert Raster.open(copied, raster.sha256.upper()).key == raster.key
    with pytest.raises(RasterError, match=r"the hash is .* wanted 000000000000…: prepare the design again"):
        Raster.open(copied, "0" * 64)


@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=200, deadline=None)
def test_any_bit_that_changed_is_noticed(raster, damaged, at, bit):
    data = bytearray(raster.path.read_bytes())
    data[int(at * len(data))] ^= 1 << bit
    damaged.write_bytes(data)
    with pytest.raises(RasterError) as refusal:
        Raster.open(damaged)
    assert damaged.name in str(refusal.value)
    assert "\n" not in str(refusal.value)


@given(at=st.integers(0, 5000), junk=st.binary(min_size=1, max_size=40))
@settings(max_examples=100, deadline=None)
def test_junk_in_the_head_is_noticed(raster, damaged, at, junk):
    data = bytearray(raster.path.read_bytes())
    if bytes(data[at : at + len(junk)]) == junk:
        return
    data[at : at + len(junk)] = junk
    damaged.write_bytes(data)
    with pytest.raises(RasterError, match=r"damaged\.tif"):
        Raster.open(damaged)


@given(size=st.floats(0, 1, exclude_max=True))
@settings(max_examples=60, deadline=None)
def test_any_cut_is_noticed(raster, damaged, size):
    data = raster.path.read_bytes()
    damaged.write_bytes(data[: int(size * len(data))])
    with pytest.raises(RasterError, match=r"damaged\.tif"):
        Raster.open(damaged)


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged") / "damaged.tif"


def test_the_complaint_says_where(raster, copied):
    data = bytearray(raster.path.read_bytes())
    at = raster.planes_at[2] + 70 * raster.row_bytes
    data[at] ^= 1
    copied.write_bytes(data)
    with pytest.raises(RasterError, match=r"design.tif: rows 64 to 127 of ink yellow are damaged: prepare the design"):
        Raster.open(copied)
    assert Raster.open(copied, check=False).sha256 == raster.sha256
    copied.write_bytes(raster.path.read_bytes()[:-1])
    with pytest.raises(RasterError, match="cut after"):
        Raster.open(copied)
    copied.write_bytes(raster.path.read_bytes() + b"more")
    with pytest.raises(RasterError, match="4 bytes too many"):
        Raster.open(copied)


def test_a_raster_cut_while_the_press_runs_is_an_error_not_a_crash(raster, copied):
    running = Raster.open(copied)
    with copied.open("r+b") as file:
        file.truncate(running.planes_at[1] + 5)
    with pytest.raises(RasterError, match="was cut while in use"):
        running.packed(0, 10)


def test_a_raster_that_was_checked_stays_the_one_that_is_read(raster, copied):
    """A new file of the same name is another file."""
    running = Raster.open(copied)
    other, _ = made(copied.with_name("other.tif"), seed=9)
    other.path.replace(copied)
    assert np.array_equal(running.packed(0, 50), raster.packed(0, 50))
    gc.collect()
    assert np.array_equal(Raster.open(copied).packed(0, 50), other.packed(0, 50))


def test_another_tiff_is_no_raster(tmp_path):
    path = tmp_path / "photo.tif"
    tifffile.imwrite(path, np.zeros((20, 20), np.uint8))
    with pytest.raises(RasterError, match="not a raster"):
        Raster.open(path)
    for content in (b"", b"II", b"no raster at all" * 100, b"{", b"{}", b'{"seal": 1, "job": 2}'):
        path.write_bytes(content)
        with pytest.raises(RasterError, match=r"photo\.tif: (not a|its hash)"):
            Raster.open(path)
    with pytest.raises(RasterError, match="no such raster"):
        Raster.open(tmp_path / "nothing.tif")
    with pytest.raises(RasterError, match="no such raster"):
        Raster.open(tmp_path)


def overlays(raster, *items):
    return Overlays(items, width_px=WIDTH, inks=len(INKS), levels=len(raster.drop_volumes), bits=raster.bits)


def marks():
    box = np.full((6, 30), 3, np.uint8)
    glyphs = np.full((10, 5, 4), 2, np.uint8)
    return Patch("label", 3, 17, box, (3,), "clear"), Counter("metres", 0, 380, glyphs, 5, (3,), 50, ground="clear")


def test_a_job_file_names_a_raster_and_lies_over_it(raster, tmp_path):
    shared = Raster.open(_copy(raster.path, tmp_path))
    on = overlays(shared, *marks())
    job = write_job(tmp_path / "job-7.json", shared, on, job_rows=12_345)
    assert job.total_rows() == job.total_rows(3) == 12_345
    assert job.sha256 != shared.sha256
    wanted = shared.packed(190, 200)
    on.apply(wanted, 190)
    again = Raster.open(job.path, job.sha256)
    for each in (job, again, pickle.loads(pickle.dumps(again))):
        assert np.array_equal(each.packed(190, 200), wanted)
        assert np.array_equal(each.stream(190, 200, threads=2), wanted)
    assert (again.rows(0, 9)[3, 3:9, 17:47] == 3).all()
    assert (again.rows(0, 9)[:3, 3:9, 17:47] == 0).all()
    assert np.array_equal(again.bare.packed(0, 300), shared.packed(0, 300))
    assert (again.bare.path, again.bare.sha256) == (shared.path, shared.sha256)
    label = again.drops(ROWS + 3) - shared.drops(ROWS + 3)
    assert label[3].tolist() == [0, 0, 5 * 4 * 5, 6 * 30]  # five numbers 0, 1, … of one digit, one label
    assert job.path.stat().st_size < 10_000


def test_a_raster_can_carry_its_own_overlays(tmp_path):
    label, metres = marks()
    plain, _ = made(tmp_path / "plain.tif")
    on = overlays(plain, label, metres)
    carrying, _ = made(tmp_path / "labelled.tif", overlays=on.to_list())
    wanted = plain.packed(0, 300)
    on.apply(wanted, 0)
    assert np.array_equal(carrying.packed(0, 300), wanted)


def test_a_changed_job_file_is_refused(raster, tmp_path):
    shared = Raster.open(_copy(raster.path, tmp_path))
    job = write_job(tmp_path / "job-7.json", shared, overlays(shared), job_rows=500)
    with pytest.raises(RasterError, match=r"job-7.json: the hash is"):
        Raster.open(job.path, shared.sha256)
    text = job.path.read_text()
    job.path.write_text(text.replace("500", "900"))
    with pytest.raises(RasterError, match=r"job-7.json: its hash is not the one it states"):
        Raster.open(job.path)
    job.path.write_text(text)
    other, _ = made(tmp_path / "other.tif", seed=5)
    other.path.replace(shared.path)
    with pytest.raises(RasterError, match=r"design.tif: the hash is"):
        Raster.open(job.path)
    shared.path.unlink()
    with pytest.raises(RasterError, match=r"design.tif: no such raster"):
        Raster.open(job.path)


def test_what_is_not_finished_leaves_nothing_behind(tmp_path):
    about = {"width_px": 40, "period_rows": 130, "dpi": 600, "bits": 2, "inks": [{"name": "black"}]}
    with RasterWriter(tmp_path / "x.tif", about) as writer:
        writer.write(64, np.zeros((1, 64, 10), np.uint8))
        with pytest.raises(ValueError, match=r"x.tif: rows from 0 on were not written"):
            writer.finish()
        with pytest.raises(ValueError, match="begins at a multiple of 64"):
            writer.write(63, np.zeros((1, 64, 10), np.uint8))
        with pytest.raises(ValueError, match="a strip is"):
            writer.write(128, np.zeros((1, 64, 10), np.uint8))
    assert list(tmp_path.iterdir()) == []


def about(screen, width, rows):
    return {
        "key": "k", "width_px": width, "period_rows": rows, "dpi": 300, "bits": screen.bits, "drop_pl": 5,
        "inks": [{"name": f"ink {ink}"} for ink in range(screen.inks)], "drop_volumes": [0, 0.3, 0.6, 1],
    }  # fmt: skip


def test_a_period_is_screened_whole_on_threads(tmp_path):
    screen = Screen(Mask(void_and_cluster(12, 128)), (0, 0.3, 0.6, 1), 3)
    tones = np.random.default_rng(0).integers(0, 256, (250, 130, 4), dtype=np.uint8)
    shares = []

    def fill(first, out):
        out[:] = tones[first : first + len(out)]

    with RasterWriter(tmp_path / "x.tif", about(screen, 130, 250)) as writer:
        screen_period(fill, screen, writer, threads=3, progress=lambda step, share: shares.append((step, share)))
        writer.finish()
    raster = Raster.open(tmp_path / "x.tif")
    wanted = np.empty((3, 250, 33), np.uint8)
    Screener(screen).screen(tones, 0, wanted)
    assert np.array_equal(raster.packed(0, 250), wanted)
    assert shares == [("screen", part / 4) for part in range(1, 5)]


def test_an_error_while_filling_stops_the_period(tmp_path):
    screen = Screen(Mask(void_and_cluster(12, 128)), (0, 0.3, 0.6, 1), 3)
    filled = []

    def fill(first, out):
        filled.append(first)
        if first >= 128:
            raise OSError("the disk went away")

    with RasterWriter(tmp_path / "x.tif", about(screen, 130, 64 * 1000)) as writer:
        with pytest.raises(OSError, match="the disk went away"):
            screen_period(fill, screen, writer, threads=2)
        with pytest.raises(ValueError, match="a screen of 2 inks and 2 bits for a raster of 3 inks"):
            screen_period(fill, Screen(Mask(void_and_cluster(12, 128)), (0, 1.0), 2), writer)
    assert len(filled) < 100
    assert list(tmp_path.iterdir()) == []


def test_the_reader_loads_without_colour_code():
    code = (
        "import sys, rip.raster, rip.overlay;"
        "print([m for m in ('PIL', 'cv2', 'rip.colour', 'rip.condition') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
