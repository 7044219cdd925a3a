import io
import subprocess
import sys
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import pyvips
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from rip.decode import bands, flattened
from rip.formats import ArtworkError, open_artwork, pages
from rip.formats.facts import Facts
from tests.rip.samples import HEIGHT, SVG, WIDTH, everything, inks, noise, pdf, pillow, psd, smooth, tiff, write


def decoded(path: Path, rows: int = 11, **options) -> np.ndarray:
    return np.concatenate(list(bands(open_artwork(path, **options), rows)))


def as_pillow(data: bytes) -> np.ndarray:
    """The same file as Pillow reads it, for what Pillow reads without loss."""
    pixels = np.asarray(Image.open(io.BytesIO(data)))
    return pixels if pixels.ndim == 3 else pixels[..., None]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "packbits"])
@pytest.mark.parametrize("layout", ["strips", "one strip", "tiles"])
@pytest.mark.parametrize("planar", [False, True])
def test_tiff_samples_come_out_as_they_were_put_in(tmp_path, dtype, order, compression, layout, planar):
    pixels = noise(HEIGHT, WIDTH, 5, dtype=dtype)
    options = {"strips": {"rowsperstrip": 6}, "one strip": {"rowsperstrip": HEIGHT}, "tiles": {"tile": (16, 32)}}[
        layout
    ]
    data = tiff(
        np.ascontiguousarray(np.moveaxis(pixels, -1, 0)) if planar else pixels,
        photometric="separated",
        planarconfig="separate" if planar else "contig",
        compression=compression,
        predictor=compression in ("lzw", "zlib"),
        byteorder=order,
        extratags=inks(*"abcde"),
        **options,
    )
    out = decoded(write(tmp_path, "a.tif", data))
    assert out.dtype == dtype
    assert np.array_equal(out, pixels)


@pytest.mark.parametrize(
    "name", ["rgb.png", "grey.png", "grey16.png", "grey.jpg", "cmyk.jpg", "progressive.jpg", "pages.tif"]
)
def test_pixels_are_those_that_pillow_reads(tmp_path, name):
    data = everything()[name]
    assert np.array_equal(decoded(write(tmp_path, name, data)), as_pillow(data))


def test_bilevel_is_black_and_white(tmp_path):
    for name in ("bits.png", "bits.tif"):
        data = everything()[name]
        expected = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
        assert np.array_equal(decoded(write(tmp_path, name, data))[..., 0], expected)
    planes = noise(1, HEIGHT, 5)  # in PSD a set bit is black; Pillow has it the other way round
    expected = 255 - 255 * np.unpackbits(planes[0], axis=1)
    assert np.array_equal(decoded(write(tmp_path, "a.psd", psd(planes, 0, depth=1)))[..., 0], expected)


def test_sixteen_bits_of_png_stay_sixteen(tmp_path):
    for pixels in (noise(9, 8, 3, dtype=np.uint16), noise(9, 8, 1, dtype=np.uint16)):
        assert np.array_equal(decoded(write(tmp_path, "a.png", imagecodecs.png_encode(pixels))), pixels)


def test_jpeg_in_tiff(tmp_path):
    data = everything()["jpeg.tif"]
    assert np.array_equal(decoded(write(tmp_path, "a.tif", data)), tifffile.imread(io.BytesIO(data)))


@pytest.mark.parametrize("compression", [None, "lzw", "zlib", "packbits"])
@pytest.mark.parametrize("shape", ["one strip", "tiles"])
@pytest.mark.parametrize("name", ["grey", "rgb", "cmyk", "inks", "alpha", "rgb16"])
def test_large_strips_and_tiles_go_through_libtiff(tmp_path, monkeypatch, compression, shape, name):
    layout = {"one strip": {"rowsperstrip": HEIGHT}, "tiles": {"tile": (16, 16)}}[shape]
    channels = {"grey": 1, "rgb": 3, "cmyk": 4, "inks": 6, "alpha": 4, "rgb16": 3}[name]
    pixels = noise(HEIGHT, WIDTH, channels, dtype=np.uint16 if name == "rgb16" else np.uint8)
    options = {
        "grey": {"photometric": "minisblack"},
        "cmyk": {"photometric": "separated"},
        "inks": {"photometric": "separated", "extratags": inks(*"abcdef")},
        "alpha": {"photometric": "rgb", "extrasamples": ["unassalpha"]},
    }.get(name, {"photometric": "rgb"})
    data = tiff(pixels[..., 0] if channels == 1 else pixels, compression=compression, **options, **layout)
    path = write(tmp_path, "a.tif", data)
    expected = decoded(path)
    monkeypatch.setattr("rip.formats.tiff_rows._MOST_BYTES", 100)
    assert np.array_equal(decoded(path), expected)


def test_large_strips_that_libtiff_cannot_read_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("rip.formats.tiff_rows._MOST_BYTES", 100)
    for name in ("lab", "planes", "alpha"):
        options = {
            "lab": {"photometric": "cielab"},
            "planes": {"photometric": "rgb", "planarconfig": "separate"},
            "alpha": {"photometric": "rgb", "extrasamples": ["assocalpha"]},
        }[name]
        pixels = noise(4, HEIGHT, WIDTH)[: 4 if name == "alpha" else 3]
        data = tiff(pixels if name == "planes" else np.moveaxis(pixels, 0, -1).copy(), compression="lzw", **options)
        with pytest.raises(ArtworkError, match="do not suit its colour mode: save it with LZW or Deflate"):
            open_artwork(write(tmp_path, name, data))


def test_white_may_be_zero(tmp_path):
    for dtype in (np.uint8, np.uint16):
        pixels = noise(HEIGHT, WIDTH, dtype=dtype)
        out = decoded(write(tmp_path, "a.tif", tiff(pixels, photometric="miniswhite")))
        assert np.array_equal(out[..., 0], np.iinfo(dtype).max - pixels)


@pytest.mark.parametrize("name", ["palette.tif", "palette.psd", "grey palette.tif"])
def test_palettes_are_looked_up(tmp_path, name):
    grey = np.repeat(np.arange(256, dtype=np.uint16)[None, ::-1] * 257, 3, axis=0)
    files = everything() | {"grey palette.tif": tiff(noise(HEIGHT, WIDTH), photometric="palette", colormap=grey)}
    path = write(tmp_path, name, files[name])
    table = np.array(open_artwork(path).palette, np.uint8)
    assert np.array_equal(decoded(path), table[noise(HEIGHT, WIDTH)])


@pytest.mark.parametrize("grey", [False, True])
def test_palettes_of_few_bits_are_looked_up(tmp_path, grey):
    """A palette of 4 bits goes another way: through libtiff, which makes one channel of it if it is grey."""
    index = noise(HEIGHT, WIDTH) & 15
    picture = Image.fromarray(index, "P")
    colours = np.repeat(np.arange(16)[:, None] * 17, 3, axis=1) if grey else noise(16, 3)
    picture.putpalette(colours.astype(np.uint8).tobytes())
    for kind in ("PNG", "TIFF"):
        path = write(tmp_path, "a", pillow(picture, kind, bits=4))
        assert np.array_equal(decoded(path), colours.astype(np.uint8)[index])


def test_lab_is_delivered_as_icc_encodes_it(tmp_path):
    lab = np.array([[[0, 0, 0], [50, -128, 127], [100, 10, -20]], [[25, 1, -1], [75, 64, -64], [10, 0, 5]]], float)
    eight = np.stack([np.rint(lab[..., 0] * 2.55), lab[..., 1] + 128, lab[..., 2] + 128], -1)
    sixteen = np.stack([np.rint(lab[..., 0] * 655.35), (lab[..., 1] + 128) * 257, (lab[..., 2] + 128) * 257], -1)

    def stored(lightness: float, step: int, centre: int, dtype: type) -> np.ndarray:
        values = np.stack([np.rint(lab[..., 0] * lightness), *(lab[..., at] * step + centre for at in (1, 2))], -1)
        return (values.astype(np.int64) % (1 << 8 * np.dtype(dtype).itemsize)).astype(dtype)

    cases = [
        (tiff(stored(2.55, 1, 0, np.uint8), photometric="cielab"), eight),
        (tiff(stored(2.55, 1, 128, np.uint8), photometric="icclab"), eight),
        (tiff(stored(655.35, 256, 0, np.uint16), photometric="cielab"), sixteen),
        (tiff(stored(652.8, 256, 32768, np.uint16), photometric="icclab"), sixteen),
        (psd(np.moveaxis(stored(2.55, 1, 128, np.uint8), -1, 0), 9), eight),
        (psd(np.moveaxis(stored(655.35, 256, 32768, np.uint16), -1, 0), 9), sixteen),
    ]
    for at, (data, expected) in enumerate(cases):
        path = write(tmp_path, f"{at}", data)
        assert open_artwork(path).mode == "lab"
        assert np.abs(decoded(path) - expected).max() <= (1 if expected is eight else 2), at


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("mode", "channels"), [(1, 1), (3, 3), (4, 4)])
def test_psd_composites_are_those_that_pillow_reads(tmp_path, packed, mode, channels):
    data = psd(noise(channels, HEIGHT, WIDTH), mode, packed=packed)
    assert np.array_equal(decoded(write(tmp_path, "a.psd", data)), as_pillow(data))


@pytest.mark.parametrize("version", [1, 2])
def test_psd_planes_of_16_bits_and_of_spot_colours(tmp_path, version):
    planes = noise(6, HEIGHT, WIDTH, dtype=np.uint16)
    out = decoded(write(tmp_path, "a.psd", psd(planes, 7, version=version)))
    assert np.array_equal(out, np.moveaxis(65535 - planes, 0, -1))
    spots = {1007: b"".join(bytes(12) + bytes([kind, 0]) for kind in (2, 0))}
    out = decoded(write(tmp_path, "b.psd", psd(planes, 4, version=version, resources=spots)))
    assert np.array_equal(out, np.moveaxis(65535 - planes[:5], 0, -1))


def test_cmyk_jpeg_is_taken_as_adobe_writes_it_marker_or_not(tmp_path):
    data = pillow(smooth(), "JPEG", "CMYK")
    at = data.index(b"\xff\xee")
    bare = data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]
    assert b"Adobe" not in bare
    assert np.array_equal(decoded(write(tmp_path, "a.jpg", bare)), as_pillow(bare))
    assert np.array_equal(decoded(tmp_path / "a.jpg"), as_pillow(data))


# transparency


def on_white(colours: np.ndarray, alpha: np.ndarray, full: int, ground: tuple[int, ...], carried: bool) -> np.ndarray:
    share = alpha / full
    return np.minimum(colours, alpha) + ground * (1 - share) if carried else colours * share + ground * (1 - share)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("carried", [False, True])
@pytest.mark.parametrize(("mode", "channels"), [("grey", 1), ("rgb", 3), ("cmyk", 4), ("separations", 6), ("lab", 3)])
def test_transparency_is_flattened_on_white(bits, carried, mode, channels):
    full = (1 << bits) - 1
    pixels = noise(9, 50, channels + 1, dtype=np.dtype(f"u{bits // 8}").type)
    pixels[0], pixels[1], pixels[2] = 0, full, (full, *[0] * channels)[::-1]
    neutral = 128 if bits == 8 else 128 * 257
    ground = {"lab": (full, neutral, neutral), "grey": (full,), "rgb": (full,) * 3}.get(mode, (0,) * channels)
    out = flattened(pixels, Facts(50, 9, mode, channels, bits, alpha=True, premultiplied=carried))
    expected = on_white(pixels[..., :-1].astype(float), pixels[..., -1:], full, np.array(ground, float), carried)
    assert out.dtype == pixels.dtype
    assert np.abs(out - expected).max() <= 0.5 + 1e-9


def test_transparent_files_come_out_flat(tmp_path):
    pixels = noise(HEIGHT, WIDTH, 4)
    ground = np.full(3, 255.0)
    straight = on_white(pixels[..., :3].astype(float), pixels[..., 3:], 255, ground, False)
    carried = on_white(pixels[..., :3].astype(float), pixels[..., 3:], 255, ground, True)
    for data, expected in (
        (pillow(pixels, "PNG"), straight),
        (tiff(pixels, photometric="rgb", extrasamples=["unassalpha"]), straight),
        (tiff(pixels, photometric="rgb", extrasamples=["assocalpha"]), carried),
    ):
        assert np.abs(decoded(write(tmp_path, "a", data)) - expected).max() <= 0.5
    data = pillow(Image.fromarray(smooth()).quantize(9), "PNG", transparency=2)
    expected = Image.alpha_composite(
        Image.new("RGBA", (WIDTH, HEIGHT), "white"), Image.open(io.BytesIO(data)).convert("RGBA")
    )
    assert np.array_equal(decoded(write(tmp_path, "b.png", data)), np.asarray(expected.convert("RGB")))


# bands


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_pictures_come_out_upright(tmp_path, orientation, kind):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = pillow(smooth(), kind, exif=exif)
    expected = np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))
    path = write(tmp_path, "a", data)
    assert np.array_equal(decoded(path), expected)
    art = open_artwork(path)
    assert (art.height_px, art.width_px) == expected.shape[:2]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["rgb.png", "rgb.jpg", "plain.tif", "lzw.tif", "tiles.tif", "planes.tif", "rgb.psd"]),
    rows=st.integers(1, 50),
)
def test_bands_are_of_the_height_asked_for(tmp_path, name, rows):
    path = write(tmp_path, name, everything()[name])
    art = open_artwork(path)
    heights = [len(band) for band in bands(art, rows)]
    full, rest = divmod(art.height_px, rows)
    assert heights == [rows] * full + [rest] * (rest > 0)
    assert np.array_equal(decoded(path, rows), decoded(path, 1000))


def test_a_band_belongs_to_who_asked_for_it(tmp_path):
    parts = list(bands(open_artwork(write(tmp_path, "a.png", everything()["rgb.png"])), 4))
    assert np.array_equal(np.concatenate(parts), as_pillow(everything()["rgb.png"]))


# pages


_IN_BANDS = """
import sys
from rip.formats import render
render.BAND_BYTES, render.SVG_BAND_ROWS = int(sys.argv[1]), int(sys.argv[2])
render.main(*sys.argv[3:])
"""


@pytest.mark.parametrize("name", ["page.pdf", "page.svg"])
def test_a_page_rendered_in_bands_has_no_seams(tmp_path, name):
    path = write(tmp_path, name, everything()[name])

    def rendered(band_bytes: int, band_rows: int) -> bytes:
        command = [sys.executable, "-c", _IN_BANDS, str(band_bytes), str(band_rows)]
        task = [name[-3:], "rows", str(path), "0", "300", "1000", "20"]
        return subprocess.run([*command, *task], capture_output=True, check=True).stdout

    assert rendered(8 * 3 * 111, 8) == rendered(1 << 24, 1 << 10)


def test_a_page_shows_what_is_on_it(tmp_path):
    path = write(tmp_path, "a.svg", SVG)
    out = decoded(path, dpi=254)  # 10 px to the millimetre
    assert out.shape == (40, 60, 3)
    assert out[38, 2].tolist() == [255, 255, 255]
    assert np.abs(out[30, 15].astype(int) - [127, 127, 255]).max() <= 1
    pdf = decoded(write(tmp_path, "a.pdf", everything()["page.pdf"]), dpi=100)
    assert np.abs(pdf.astype(int) - smooth()).mean() < 4


def test_a_page_loads_nothing_from_elsewhere(tmp_path):
    Image.new("RGB", (8, 8), "red").save(tmp_path / "red.png")
    text = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="96" height="96">'
        f'<image href="red.png" width="40" height="96"/><image xlink:href="{(tmp_path / "red.png").as_uri()}" x="50" '
        'width="40" height="96"/></svg>'
    )
    out = decoded(write(tmp_path, "a.svg", text.encode()), dpi=96)
    assert out.min() == 255


@pytest.mark.parametrize("limit", ["MEMORY_MB", "SECONDS_PER_MPX"])
def test_a_page_that_needs_too_much_is_given_up(tmp_path, monkeypatch, limit):
    """A blur over a wide page takes seconds and hundreds of megabytes."""
    blur = b'<filter id="f"><feGaussianBlur stdDeviation="3"/></filter><circle filter="url(#f)"'
    text = SVG.replace(b"6mm", b"300mm").replace(b"4mm", b"200mm").replace(b"<circle", blur)
    path = write(tmp_path, "a.svg", text)
    art = open_artwork(path, dpi=1000)
    monkeypatch.setattr(pages, limit, 300 if limit == "MEMORY_MB" else 0)
    monkeypatch.setattr(pages, "OPENING_S", 1 if limit == "SECONDS_PER_MPX" else 60)
    with pytest.raises(ArtworkError, match=r"a\.svg: cannot be rendered within"):
        list(bands(art))


_NESTED = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 10))
_CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
_DRAWS_ITSELF = b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</F 5 0 R>>>>/Length 11>>stream\n"


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (f'<!DOCTYPE svg [<!ENTITY a0 "x">{_NESTED}]><svg><text>&a9;</text></svg>'.encode(), "cannot be rendered"),
        (b"<svg>" + b"<g>" * 100_000, "cannot be rendered"),
        (
            pdf(
                _CATALOGUE,
                b"<</Type/Pages/Kids[" + b"3 0 R " * 1_000_000 + b"]/Count 1000000>>",
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>",
            ),
            "1000000 pages, more than 1000",
        ),
        (  # on this one PDFium ends its process, for want of memory
            pdf(
                _CATALOGUE,
                b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
                b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R/Resources<</XObject<</F 5 0 R>>>>>>",
                b"<</Length 5>>stream\n/F Do\nendstream",
                _DRAWS_ITSELF + b"/F Do /F Do\nendstream",
            ),
            "cannot be rendered within",
        ),
    ],
)
def test_hostile_pages_end_with_their_renderer(tmp_path, monkeypatch, data, complaint):
    monkeypatch.setattr(pages, "MEMORY_MB", 400)
    with pytest.raises(ArtworkError, match=f"^page: {complaint}"):
        decoded(write(tmp_path, "page", data))


# damage


@pytest.mark.parametrize("name", ["rgb.png", "rgb.jpg", "cmyk.jpg", "rgb16.png", "bits.tif", "jpeg.tif"])
def test_a_cut_file_is_an_error_and_never_grey(tmp_path, name):
    data = everything()[name]
    with pytest.raises(ArtworkError, match=f"^{name}: "):
        decoded(write(tmp_path, name, data[: len(data) * 3 // 4]))


@pytest.mark.parametrize("compression", ["lzw", "zlib", "packbits"])
def test_a_strip_that_ends_early_is_an_error(tmp_path, compression):
    data = tiff(noise(HEIGHT, WIDTH), compression=compression, rowsperstrip=HEIGHT)
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        tag = file.pages.first.tags[279]
        count = file.pages.first.databytecounts[0]
        short = bytearray(data)
        short[tag.valueoffset : tag.valueoffset + 4] = (count // 2).to_bytes(4, "little")
    with pytest.raises(ArtworkError, match=r"a\.tif: (cut or )?damaged: a strip or tile"):
        decoded(write(tmp_path, "a.tif", bytes(short)))


def test_damage_within_png_and_deflate_is_noticed(tmp_path):
    for name in ("rgb.png", "deflate16.tif"):
        data = bytearray(everything()[name])
        data[len(data) // 2] ^= 64
        with pytest.raises(ArtworkError, match=name):
            decoded(write(tmp_path, name, bytes(data)))


def test_a_file_exchanged_after_opening_is_noticed(tmp_path):
    path = write(tmp_path, "a.png", everything()["rgb.png"])
    art = open_artwork(path)
    for other in (everything()["grey.png"], pillow(smooth(20, 20), "PNG")):
        write(tmp_path, "a.png", other)
        with pytest.raises(ArtworkError, match=r"a\.png: it is not the file any more that was opened"):
            list(bands(art))


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    path = write(tmp_path, "a.jpg", everything()["rgb.jpg"])  # turned by way of a temporary file
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(3):
        decoded(path)
        next(bands(open_artwork(path), 2))
    assert list((tmp_path / "tmp").iterdir()) == []
    assert len(list(Path("/proc/self/fd").iterdir())) <= before


# memory

_READ = """
import sys
from pathlib import Path
from rip.decode import bands
from rip.formats import open_artwork
def peak_kb():  # of this program; the peak that getrusage gives begins with that of whoever started it
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
art = open_artwork(sys.argv[1])
before = peak_kb()
rows = sum(len(band) for band in bands(art))
print(rows, (peak_kb() - before) // 1024)
"""


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "lzw.tif", "tiles.tif", "planes.tif"])
def test_a_large_picture_needs_little_memory(tmp_path, name):
    """49 Mpx, 147 MB of pixels."""
    side, path = 7000, tmp_path / name
    if name == "planes.tif":
        tifffile.memmap(path, shape=(3, side, side), dtype=np.uint8, photometric="rgb", planarconfig="separate")
    else:
        picture = pyvips.Image.black(side, side, bands=3).linear(1, [10, 20, 30])
        options = {
            "a.png": {"compression": 1},
            "a.jpg": {"Q": 80},
            "lzw.tif": {"compression": "lzw", "tile": False},
            "tiles.tif": {"compression": "lzw", "tile": True, "tile_width": 256, "tile_height": 256},
        }[name]
        picture.cast("uchar").write_to_file(str(path), **options)
    run = subprocess.run([sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, check=True)
    rows, grown_mb = map(int, run.stdout.split())
    assert rows == side
    assert grown_mb < 60
