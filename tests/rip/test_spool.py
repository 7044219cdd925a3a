import io
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from rip.decode import bands
from rip.formats import ArtworkError, open_artwork
from rip.rawrows import turn_of_orientation
from rip.resample import Resize
from rip.spool import Spool, spool, turned
from tests.rip.samples import HEIGHT, WIDTH, everything, inks, noise, pillow, smooth, tiff, write


def weights(source: int, target: int, wrap: bool) -> np.ndarray:
    """The kernel as it is defined: (target, source), each row sums to 1."""
    scale = source / target
    matrix = np.zeros((target, source))
    for at in range(target):
        centre, support = (at + 0.5) * scale, max(1.0, scale)
        for near in range(int(np.floor(centre - support)) - 1, int(np.ceil(centre + support)) + 1):
            distance = (near + 0.5 - centre) / support
            if abs(distance) < 1 and (wrap or 0 <= near < source):
                matrix[at, near % source] += np.sinc(distance) * (0.54 + 0.46 * np.cos(np.pi * distance))
    return matrix / matrix.sum(axis=1, keepdims=True)


def resampled(pixels: np.ndarray, width: int, height: int, wrap: bool) -> np.ndarray:
    down, across = weights(pixels.shape[0], height, wrap), weights(pixels.shape[1], width, wrap)
    return np.einsum("yr,rcs,xc->yxs", down, pixels.astype(float), across, optimize=True)


def spooled(tmp_path, data: bytes, *size: int, **options) -> np.ndarray:
    kept = spool(open_artwork(write(tmp_path, "design", data)), *size, tmp_path / "spool", **options)
    return kept.rows(0, kept.height_px)


@pytest.mark.parametrize("name", ["rgb.png", "rgb16.png", "rgb.jpg", "cmyk.tif", "plates.psb", "page.svg"])
def test_the_same_size_is_a_copy(tmp_path, name):
    art = open_artwork(write(tmp_path, name, everything()[name]))
    kept = spool(art, art.width_px, art.height_px, tmp_path / "spool")
    assert np.array_equal(kept.rows(0, art.height_px), np.concatenate(list(bands(art))))
    assert (kept.channels, kept.bits) == (art.channels, art.bits)


def test_an_uncompressed_tiff_of_that_size_is_used_in_place(tmp_path):
    sixteen = noise(HEIGHT, WIDTH, 3, dtype=np.uint16)
    for data, pixels in (
        (everything()["plain.tif"], noise(HEIGHT, WIDTH, 3)),
        (tiff(sixteen, photometric="rgb"), sixteen),
        (tiff(noise(HEIGHT, WIDTH, 6), photometric="separated", extratags=inks(*"abcdef")), noise(HEIGHT, WIDTH, 6)),
    ):
        path = write(tmp_path, "a.tif", data)
        kept = spool(open_artwork(path), WIDTH, HEIGHT, tmp_path / "spool")
        assert kept.path == path
        assert np.array_equal(kept.rows(0, HEIGHT), pixels)
    assert not (tmp_path / "spool").exists()


@pytest.mark.parametrize(
    "name", ["lzw.tif", "planes.tif", "packbits.tif", "big.tif", "alpha.tif", "palette.tif", "lab.tif"]
)
def test_other_tiffs_are_not(tmp_path, name):
    art = open_artwork(write(tmp_path, name, everything()[name]))
    kept = spool(art, WIDTH, HEIGHT, tmp_path / "spool")
    assert kept.path.parent == tmp_path / "spool"
    assert np.array_equal(kept.rows(0, HEIGHT), np.concatenate(list(bands(art))))


def test_tiffs_that_are_stored_otherwise_are_not_used_in_place(tmp_path):
    for data in (
        tiff(noise(HEIGHT, WIDTH, 3, dtype=np.uint16), photometric="rgb", byteorder=">"),
        tiff(noise(HEIGHT, WIDTH), photometric="miniswhite"),
        tiff(noise(HEIGHT, WIDTH, 3), photometric="rgb", extratags=[(274, "H", 1, 3, True)]),
        tiff(noise(HEIGHT, WIDTH, 5), photometric="rgb", planarconfig="contig"),
    ):
        art = open_artwork(write(tmp_path, "a.tif", data))
        kept = spool(art, WIDTH, HEIGHT, tmp_path / "spool")
        assert np.array_equal(kept.rows(0, HEIGHT), np.concatenate(list(bands(art))))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    source=st.tuples(st.integers(2, 60), st.integers(2, 400)),
    target=st.tuples(st.integers(1, 90), st.integers(1, 500)),
    wrap=st.booleans(),
    channels=st.sampled_from([1, 3, 4, 6]),
)
def test_resampling_is_the_kernel_as_defined(tmp_path, source, target, wrap, channels):
    pixels = noise(source[1], source[0], channels)
    options = (
        {"photometric": "rgb"}
        if channels == 3
        else {"photometric": "separated", "extratags": inks(*"abcdef"[:channels])}
    )
    if channels == 1:
        pixels, options = pixels[..., 0], {"photometric": "minisblack"}
    data = tiff(pixels, planarconfig="contig" if channels > 1 else None, **options)
    out = spooled(tmp_path, data, *target, wrap=wrap)
    expected = resampled(pixels.reshape(source[1], source[0], channels), *target, wrap)
    # rounded once across and once down
    assert np.abs(out - expected).max() <= 1.01


def test_sixteen_bits_are_resampled_in_sixteen(tmp_path):
    pixels = noise(300, 50, 3, dtype=np.uint16)
    out = spooled(tmp_path, tiff(pixels, photometric="rgb"), 37, 211, wrap=True)
    assert out.dtype == np.uint16
    assert np.abs(out - resampled(pixels, 37, 211, True)).max() <= 2


@pytest.mark.parametrize("size", [(20, 17), (90, 200)])
def test_what_is_flat_stays_flat_and_nothing_overshoots(tmp_path, size):
    pixels = np.full((HEIGHT, WIDTH, 3), 60, np.uint8)
    pixels[8:16, 5:20] = 200
    out = spooled(tmp_path, pillow(pixels, "PNG"), *size)
    assert (out.min(), out.max()) == (60, 200)
    assert np.isin(out, [60, 200]).mean() > 0.8


def test_a_repeat_has_no_edge_when_it_wraps(tmp_path):
    """Where a repeat is cut makes no difference: turned round by a part, it comes out turned round by that part."""
    pixels = noise(60, 40, 3)
    moved = np.roll(pixels, (20, 8), axis=(0, 1))
    for width, height in ((100, 150), (25, 21)):
        out, other = (spooled(tmp_path, pillow(one, "PNG"), width, height, wrap=True) for one in (pixels, moved))
        expected = np.roll(out.astype(int), (height // 3, width // 5), axis=(0, 1))
        assert np.abs(other - expected).max() <= 1
        alone = spooled(tmp_path, pillow(moved, "PNG"), width, height)
        assert np.abs(alone - expected).max() > 4


@pytest.mark.parametrize("size", [(11, 13), (150, 99)])
def test_flat_designs_keep_their_colours(tmp_path, size):
    data = pillow(Image.fromarray(smooth()).quantize(7), "PNG")
    path = write(tmp_path, "a.png", data)
    art = open_artwork(path)
    kept = spool(art, *size, tmp_path / "spool", wrap=True)
    colours = {tuple(colour) for colour in kept.rows(0, size[1]).reshape(-1, 3).tolist()}
    assert colours <= set(art.palette or ())
    y, x = (((np.arange(n) + 0.5) * m / n).astype(int) for n, m in ((size[1], HEIGHT), (size[0], WIDTH)))
    whole = np.concatenate(list(bands(art)))
    assert np.array_equal(kept.rows(0, size[1]), whole[y[:, None], x])


@pytest.mark.parametrize("height", [1999, 2000, 2001, 2002])
@pytest.mark.parametrize("raw", [True, False])
def test_a_picture_of_nearly_the_right_height_gives_its_own_rows(tmp_path, height, raw):
    pixels = noise(2000, 30, 3)
    data = tiff(pixels, photometric="rgb") if raw else pillow(pixels, "PNG")
    art = open_artwork(write(tmp_path, "a", data))
    kept = spool(art, 30, height, tmp_path / "spool", wrap=True)
    assert (kept.path == art.path) == raw
    taken = kept.rows(0, height)
    number = {row.tobytes(): at for at, row in enumerate(pixels)}
    order = [number[row.tobytes()] for row in taken]
    assert order[0] == 0
    assert order[-1] == 1999
    assert sorted(order) == order
    assert len(set(order)) == min(height, 2000)
    for start, count in ((0, 7), (990, 40), (height - 3, 3), (5, 0)):
        assert np.array_equal(kept.rows(start, count), taken[start : start + count])
    assert np.array_equal(kept.turned_rows(1, False, 4, 5), np.rot90(taken, -1)[4:9])


def test_a_tall_picture_is_the_same_in_one_block_or_many(tmp_path, monkeypatch):
    data = pillow(noise(700, 40, 3), "PNG")
    art = open_artwork(write(tmp_path, "a.png", data))
    for wrap in (False, True):
        one = spool(art, 33, 1500, tmp_path / "one", wrap=wrap).rows(0, 1500).astype(int)
        monkeypatch.setattr("rip.resample._BLOCK_ROWS", 7)
        many = spool(art, 33, 1500, tmp_path / "many", wrap=wrap).rows(0, 1500).astype(int)
        monkeypatch.undo()
        assert np.abs(one - many).max() <= 1


def test_it_is_found_again(tmp_path):
    content = everything()["rgb.png"]  # made once: the profile within carries the second in which it was made
    art = open_artwork(write(tmp_path, "a.png", content))
    first = spool(art, 50, 40, tmp_path / "spool")
    before = first.path.stat()
    assert spool(art, 50, 40, tmp_path / "spool") == first
    assert first.path.stat().st_mtime_ns == before.st_mtime_ns
    copy = open_artwork(write(tmp_path, "b.png", content))
    assert spool(copy, 50, 40, tmp_path / "spool") == first
    others = [
        spool(art, 50, 41, tmp_path / "spool"),
        spool(art, 50, 40, tmp_path / "spool", wrap=True),
        spool(open_artwork(write(tmp_path, "c.png", everything()["rgba.png"])), 50, 40, tmp_path / "spool"),
    ]
    assert len({first.key, *(other.key for other in others)}) == 4
    assert len(list((tmp_path / "spool").iterdir())) == 4


def test_pages_and_resolutions_are_different_designs(tmp_path):
    pages = write(tmp_path, "a.tif", everything()["pages.tif"])
    svg = write(tmp_path, "a.svg", everything()["page.svg"])
    kept = [spool(open_artwork(pages, page=at), 20, 20, tmp_path / "spool") for at in (0, 1)]
    kept += [spool(open_artwork(svg, dpi=dpi), 20, 20, tmp_path / "spool") for dpi in (100, 200)]
    assert len({one.key for one in kept}) == 4


def test_a_spool_of_another_length_is_made_anew(tmp_path):
    art = open_artwork(write(tmp_path, "a.png", everything()["rgb.png"]))
    kept = spool(art, 50, 40, tmp_path / "spool")
    whole = kept.rows(0, 40)
    os.truncate(kept.path, 100)
    with pytest.raises(OSError, match="cut: it ends before its rows do"):
        kept.rows(0, 40)
    assert np.array_equal(spool(art, 50, 40, tmp_path / "spool").rows(0, 40), whole)


@pytest.mark.parametrize("size", [(WIDTH, HEIGHT), (50, 40)])
def test_damaged_artwork_leaves_nothing_behind(tmp_path, size):
    art = open_artwork(write(tmp_path, "a.png", everything()["rgb.png"]))
    write(tmp_path, "a.png", everything()["rgb.png"][:2000])
    with pytest.raises(ArtworkError, match=r"a\.png: "):
        spool(art, *size, tmp_path / "spool")
    assert list((tmp_path / "spool").iterdir()) == []


def test_progress_rises_to_one(tmp_path):
    art = open_artwork(write(tmp_path, "a.png", pillow(noise(600, 30, 3), "PNG")))
    for size in ((30, 600), (40, 900)):
        seen: list[tuple[str, float]] = []
        spool(art, *size, tmp_path / "spool", lambda *step, seen=seen: seen.append(step))
        shares = [share for _, share in seen]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0.0, 1.0)
        assert len(shares) > 4


def test_sizes_that_are_none_are_refused(tmp_path):
    art = open_artwork(write(tmp_path, "a.png", everything()["rgb.png"]))
    with pytest.raises(ValueError, match="0 × 5 px is not possible"):
        spool(art, 0, 5, tmp_path)


# reading rows


@pytest.fixture
def kept(tmp_path) -> Spool:
    pixels = noise(64, 50, 3)
    (tmp_path / "rows").write_bytes(b"head" + pixels.tobytes())
    return Spool(tmp_path / "rows", 4, 50, 64, 3, 8, "name")


def test_rows_are_read_by_position(kept):
    pixels = noise(64, 50, 3)
    assert np.array_equal(kept.rows(0, 64), pixels)
    assert np.array_equal(kept.rows(17, 5), pixels[17:22])
    assert kept.rows(64, 0).shape == (0, 50, 3)
    out = np.empty((5, 50, 3), np.uint8)
    assert kept.rows(3, 5, out) is out
    assert np.array_equal(out, pixels[3:8])


def test_rows_beyond_the_picture_are_refused(kept):
    for start, count in ((-1, 2), (0, 65), (64, 1), (3, -1)):
        with pytest.raises(ValueError, match=r"are not within 0\.\.64"):
            kept.rows(start, count)
    for out in (
        np.empty((5, 50, 4), np.uint8),
        np.empty((2, 50, 3), np.uint16),
        np.empty((2, 100, 3), np.uint8)[:, ::2],
    ):
        with pytest.raises(ValueError, match="out is"):
            kept.rows(0, 2, out)


def test_rows_are_read_from_many_threads(kept):
    pixels = noise(64, 50, 3)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda at: (at, kept.rows(at % 60, 4)), range(400)))
    assert all(np.array_equal(rows, pixels[at % 60 : at % 60 + 4]) for at, rows in found)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirror", [False, True])
def test_turned_rows_are_the_turned_picture(tmp_path, kept, turns, mirror):
    pixels = noise(64, 50, 3)
    expected = np.rot90(pixels[:, ::-1] if mirror else pixels, -turns)
    assert np.array_equal(kept.turned_rows(turns, mirror, 0, len(expected)), expected)
    assert np.array_equal(kept.turned_rows(turns, mirror, 9, 7), expected[9:16])
    copy = turned(kept, turns, mirror, tmp_path / "turned")
    assert (copy.width_px, copy.height_px) == (expected.shape[1], expected.shape[0])
    assert np.array_equal(copy.rows(0, len(expected)), expected)
    assert turned(kept, turns + 4, mirror, tmp_path / "turned") == copy


def test_turns_put_every_orientation_upright():
    picture = Image.fromarray(smooth())
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        data = pillow(picture, "PNG", exif=exif)
        turns, mirror = turn_of_orientation(orientation)
        upright = np.rot90(smooth()[:, ::-1] if mirror else smooth(), -turns)
        assert np.array_equal(upright, np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data)))))


def test_blocks_need_bounded_rows():
    for source, target in (
        ((20_000, 20_000), (2_000, 2_000)),
        ((20_000, 20_000), (20_001, 20_001)),
        ((9, 9), (9, 9000)),
    ):
        resize = Resize(source, target, wrap=True)
        row_bytes = source[0] * 3
        spans = [resize.rows_needed(start, count) for start, count in resize.blocks(row_bytes)]
        assert max((last - first) * row_bytes for first, last in spans) < 64 << 20
        assert sum(count for _, count in resize.blocks(row_bytes)) == target[1]
