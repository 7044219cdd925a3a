import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from PIL import Image, ImageCms

from rip.decode import bands
from rip.formats import ArtworkError, open_artwork
from rip.formats.facts import MAX_PAGES, profile_fault
from tests.rip.samples import (
    HEIGHT,
    SVG,
    WIDTH,
    bare_tiff,
    chunk,
    cmyk_profile,
    everything,
    inks,
    noise,
    pillow,
    plain_page,
    png,
    psd,
    smooth,
    tiff,
    unicode_names,
    write,
)

SRGB = imagecodecs.cms_profile("srgb")

KINDS = {  # file: mode, channels, bits, transparency, pages
    "rgb.png": ("rgb", 3, 8, False, 1),
    "rgba.png": ("rgb", 3, 8, True, 1),
    "grey.png": ("grey", 1, 8, False, 1),
    "bits.png": ("grey", 1, 8, False, 1),
    "palette.png": ("rgb", 3, 8, True, 1),
    "rgb16.png": ("rgb", 3, 16, False, 1),
    "grey16.png": ("grey", 1, 16, False, 1),
    "rgb.jpg": ("rgb", 3, 8, False, 1),
    "grey.jpg": ("grey", 1, 8, False, 1),
    "cmyk.jpg": ("cmyk", 4, 8, False, 1),
    "progressive.jpg": ("rgb", 3, 8, False, 1),
    "plain.tif": ("rgb", 3, 8, False, 1),
    "deflate16.tif": ("rgb", 3, 16, False, 1),
    "packbits.tif": ("grey", 1, 8, False, 1),
    "plane tiles.tif": ("rgb", 3, 8, False, 1),
    "cmyk.tif": ("cmyk", 4, 8, False, 1),
    "inks.tif": ("separations", 5, 8, False, 1),
    "lab.tif": ("lab", 3, 8, False, 1),
    "palette.tif": ("rgb", 3, 8, False, 1),
    "bits.tif": ("grey", 1, 8, False, 1),
    "alpha.tif": ("rgb", 3, 8, True, 1),
    "pages.tif": ("rgb", 3, 8, False, 3),
    "rgb.psd": ("rgb", 3, 8, False, 1),
    "cmyk.psd": ("cmyk", 4, 8, False, 1),
    "plates.psb": ("separations", 5, 16, False, 1),
    "palette.psd": ("rgb", 3, 8, False, 1),
    "page.pdf": ("rgb", 3, 8, False, 1),
    "page.svg": ("rgb", 3, 8, False, 1),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_a_file_says_about_itself(tmp_path, name):
    art = open_artwork(write(tmp_path, name, everything()[name]))
    assert (art.mode, art.channels, art.bits, art.alpha, art.pages) == KINDS[name]
    assert art.format == {"jpg": "jpeg", "tif": "tiff", "psb": "psd"}.get(name[-3:], name[-3:])
    if art.format not in ("pdf", "svg"):
        assert sorted((art.width_px, art.height_px)) == [HEIGHT, WIDTH]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.png", pillow(smooth(), "PNG", dpi=(254, 254))),
        ("a.jpg", pillow(smooth(), "JPEG", dpi=(254, 254))),
        ("a.tif", tiff(smooth(), photometric="rgb", resolution=(254, 254))),
        ("cm.tif", tiff(smooth(), photometric="rgb", resolution=(100, 100), resolutionunit="centimeter")),
        (
            "a.psd",
            psd(noise(3, HEIGHT, WIDTH), 3, resources={1005: struct.pack(">IHHIHH", 254 << 16, 1, 1, 254 << 16, 1, 1)}),
        ),
    ],
)
def test_resolution_and_size(tmp_path, name, data):
    art = open_artwork(write(tmp_path, name, data))
    assert art.dpi == 254
    assert art.size_mm == pytest.approx((3.7, 2.9))
    assert art.notes == ()


def test_resolution_of_a_jpeg_may_be_in_its_exif_block(tmp_path):
    exif = Image.Exif()
    exif[282], exif[283], exif[296] = 254.0, 254.0, 2
    assert open_artwork(write(tmp_path, "a.jpg", pillow(smooth(), "JPEG", exif=exif))).dpi == 254


@pytest.mark.parametrize("dpi", [1, 10000])
def test_an_absurd_resolution_is_not_believed(tmp_path, dpi):
    art = open_artwork(write(tmp_path, "a.png", pillow(smooth(), "PNG", dpi=(dpi, dpi))))
    assert (art.dpi, art.size_mm) == (None, None)
    assert art.notes[0].startswith(f"the file states {dpi} dpi")


def test_pixels_that_are_not_square_are_said_to_be(tmp_path):
    art = open_artwork(write(tmp_path, "a.tif", tiff(smooth(), photometric="rgb", resolution=(254, 127))))
    assert art.size_mm == pytest.approx((3.7, 5.8))
    assert "254 dpi across, 127 dpi down" in art.notes[0]


def test_a_missing_resolution_is_none(tmp_path):
    assert open_artwork(write(tmp_path, "a.png", pillow(smooth(), "PNG"))).size_mm is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_swaps_sides_and_resolutions(tmp_path, orientation):
    tags = [(274, "H", 1, orientation, True)]
    art = open_artwork(
        write(tmp_path, "a.tif", tiff(smooth(), photometric="rgb", extratags=tags, resolution=(254, 127)))
    )
    turned = orientation >= 5
    assert (art.width_px, art.height_px) == ((HEIGHT, WIDTH) if turned else (WIDTH, HEIGHT))
    assert art.size_mm == pytest.approx((5.8, 3.7) if turned else (3.7, 5.8))
    assert art.dpi == (127 if turned else 254)


@pytest.mark.parametrize("name", ["palette.png", "palette.tif", "palette.psd"])
def test_palettes_are_listed(tmp_path, name):
    art = open_artwork(write(tmp_path, name, everything()[name]))
    if name == "palette.png":
        expected = np.array(Image.open(io.BytesIO(everything()[name])).getpalette()).reshape(-1, 3)
    elif name == "palette.tif":
        expected = (noise(3, 256, dtype=np.uint16) >> 8).T
    else:
        expected = noise(768).reshape(3, 256).T
    assert np.array_equal(np.array(art.palette), expected)


def test_an_old_palette_of_8_bits_is_not_darkened(tmp_path):
    table = noise(3, 256).astype(np.uint16)
    art = open_artwork(write(tmp_path, "a.tif", tiff(noise(HEIGHT, WIDTH), photometric="palette", colormap=table)))
    assert np.array_equal(np.array(art.palette), table.T)


@pytest.mark.parametrize(
    ("data", "names", "noted"),
    [
        (tiff(noise(4, 5, 3), photometric="rgb"), (), False),
        (
            tiff(noise(4, 5, 6), photometric="separated", planarconfig="contig", extratags=inks(*"abcdef")),
            tuple("abcdef"),
            False,
        ),
        (
            tiff(noise(4, 5, 5), photometric="separated", planarconfig="contig", extratags=inks("a", "b", "c", "d")),
            (*"abcd", "channel 5"),
            True,
        ),
        (
            tiff(noise(4, 5, 6), photometric="separated", planarconfig="contig"),
            ("cyan", "magenta", "yellow", "black", "channel 5", "channel 6"),
            True,
        ),
        (psd(noise(2, 4, 5), 7, resources={1045: unicode_names("Rouge", "Bleu é")}), ("Rouge", "Bleu é"), False),
        (psd(noise(2, 4, 5), 7, resources={1006: b"\5Rouge\4Bleu"}), ("Rouge", "Bleu"), False),
        (
            psd(
                noise(6, 4, 5),
                4,
                resources={1045: unicode_names("mask", "gold"), 1077: struct.pack(">I12xB12xB", 1, 0, 2)},
            ),
            ("cyan", "magenta", "yellow", "black", "gold"),
            True,
        ),
    ],
)
def test_separations_keep_their_names(tmp_path, data, names, noted):
    art = open_artwork(write(tmp_path, "a", data))
    assert art.channel_names == names
    assert bool(art.notes) == noted
    assert art.channels == (len(names) or 3)


def test_four_named_process_inks_are_cmyk(tmp_path):
    named = tiff(
        noise(4, 5, 4),
        photometric="separated",
        planarconfig="contig",
        extratags=inks("Cyan", "Magenta", "Yellow", "Black"),
    )
    other = tiff(
        noise(4, 5, 4),
        photometric="separated",
        planarconfig="contig",
        extratags=inks("Red", "Magenta", "Yellow", "Black"),
    )
    assert open_artwork(write(tmp_path, "a.tif", named)).mode == "cmyk"
    assert open_artwork(write(tmp_path, "b.tif", other)).mode == "separations"


def test_an_ink_name_cannot_smuggle_lines(tmp_path):
    data = tiff(
        noise(4, 5, 5),
        photometric="separated",
        planarconfig="contig",
        extratags=inks("a\nb\x1b[31m", "b", "c", "d", "e"),
    )
    assert open_artwork(write(tmp_path, "a.tif", data)).channel_names[0] == "a b [31m"


# profiles


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_a_sound_profile_is_kept(tmp_path, kind):
    data = pillow(smooth(), kind, icc_profile=SRGB)
    art = open_artwork(write(tmp_path, f"a.{kind.lower()}", data))
    assert (art.profile, art.notes) == (SRGB, ())


def test_a_profile_in_many_parts_is_joined(tmp_path):
    # with trailing zeros, which ICC allows, the profile fills three JPEG markers
    long = SRGB + bytes(150_000)
    art = open_artwork(write(tmp_path, "a.jpg", pillow(smooth(), "JPEG", icc_profile=long)))
    assert art.profile == long


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        (b"no profile", "cut or damaged"),
        (SRGB[:300], "cut or damaged"),
        (SRGB[:128] + b"\0\0\xff\xff" + SRGB[132:], "table of contents"),
        (SRGB[:136] + b"\xff\xff\xff\0" + SRGB[140:], "table of contents"),
        (SRGB[:16] + b"CMYK" + SRGB[20:], "for CMYK, not for rgb"),
        (SRGB[:12] + b"link" + SRGB[16:], "no profile of a device"),
        (SRGB[:132] + SRGB[132:].replace(b"rXYZ", b"none"), "colour engine"),
        (ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(), "no profile of a device"),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_profile_that_cannot_be_used_is_noted(tmp_path, kind, profile, reason):
    art = open_artwork(write(tmp_path, f"a.{kind.lower()}", pillow(smooth(), kind, icc_profile=profile)))
    assert art.profile is None
    assert art.notes[0].startswith("the embedded colour profile cannot be used")
    assert reason in art.notes[0]


def test_a_profile_fits_only_its_own_number_of_inks():
    four = cmyk_profile()
    assert profile_fault(four, "cmyk", 4) is None
    assert profile_fault(four, "separations", 4) is None
    assert "not for separations" in str(profile_fault(four, "separations", 5))
    assert "not for grey" in str(profile_fault(four, "grey", 1))
    assert "colour engine refuses it" in str(profile_fault(four.replace(b"mft1", b"none"), "cmyk", 4))
    six = four[:16] + b"6CLR" + four[20:]
    assert profile_fault(six, "separations", 6) is None
    assert "for 6CLR, not for cmyk" in str(profile_fault(six, "cmyk", 4))


def test_a_profile_with_a_part_missing_is_noted(tmp_path):
    data = pillow(smooth(), "JPEG", icc_profile=SRGB).replace(b"ICC_PROFILE\0\1\1", b"ICC_PROFILE\0\1\2")
    art = open_artwork(write(tmp_path, "a.jpg", data))
    assert art.profile is None
    assert "a part" in art.notes[0]


def test_a_profile_bomb_is_not_unpacked(tmp_path):
    bomb = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(100 << 20), 9))
    rows = b"".join(b"\0" + bytes(12) for _ in range(4))
    art = open_artwork(write(tmp_path, "a.png", png(4, 4, extra=bomb, rows=rows)))
    assert art.profile is None
    assert "cannot be used" in art.notes[0]


# pages


def test_pages_are_counted_and_chosen(tmp_path):
    several = write(tmp_path, "a.tif", everything()["pages.tif"])
    assert [open_artwork(several, page=at).page for at in range(3)] == [0, 1, 2]
    for page in (-1, 3):
        with pytest.raises(ArtworkError, match="does not exist"):
            open_artwork(several, page=page)
    for name in ("rgb.png", "page.pdf", "page.svg", "rgb.psd"):
        with pytest.raises(ArtworkError, match="page 2 of 1 does not exist"):
            open_artwork(write(tmp_path, name, everything()[name]), page=1)


def test_page_formats_take_the_resolution_asked_for(tmp_path):
    svg = write(tmp_path, "a.svg", SVG)
    assert open_artwork(svg).notes == ("SVG page rendered at 300 dpi",)
    art = open_artwork(svg, dpi=600)
    assert (art.width_px, art.height_px, art.dpi, art.notes) == (142, 94, 600, ())
    assert art.size_mm == pytest.approx((6, 4), abs=0.05)
    pdf = open_artwork(write(tmp_path, "a.pdf", everything()["page.pdf"]), dpi=200)
    assert (pdf.width_px, pdf.height_px) == (2 * WIDTH, 2 * HEIGHT)
    with pytest.raises(ArtworkError, match=r"20 dpi is outside of 30\.\.4800"):
        open_artwork(svg, dpi=20)


def test_css_pixels_are_96_to_the_inch(tmp_path):
    text = b'<svg xmlns="http://www.w3.org/2000/svg" width="96" height="48"/>'
    art = open_artwork(write(tmp_path, "a.svg", text), dpi=300)
    assert (art.width_px, art.height_px) == (300, 150)
    assert art.size_mm == pytest.approx((25.4, 12.7))


def test_a_wrong_name_is_noted_and_a_missing_one_is_none_of_our_business(tmp_path):
    data = everything()["rgb.jpg"]
    assert "read as what it is" in open_artwork(write(tmp_path, "a.PNG", data)).notes[0]
    assert open_artwork(write(tmp_path, "a", data)).notes == ()
    assert open_artwork(write(tmp_path, "a.v2", data)).notes == ()


# what is refused


def many_pages(count: int) -> bytes:
    """Write a chain of TIFF directories of one tag each."""
    chain = np.zeros(count, np.dtype("<u2,<u2,<u2,<u4,<u4,<u4"))
    chain["f0"], chain["f1"], chain["f2"], chain["f3"] = 1, 256, 4, 1
    chain["f5"] = 8 + chain.itemsize * (np.arange(count) + 1)
    return b"II*\0" + struct.pack("<I", 8) + chain.tobytes()


def floats(*values: float) -> bytes:
    return tiff(np.full((HEIGHT, WIDTH), np.array(values[0], np.float32)))


BAD = {
    "empty": (b"", "the file is empty"),
    "text": (b"this is no picture, whatever its name says", "not a PNG, JPEG, TIFF, PSD, PDF or SVG file"),
    "gif": (pillow(smooth(), "GIF"), "not a PNG"),
    "html": (b"<html><body></body></html>", "not a PNG"),
    "0 px png": (png(0, 5), "no pixels"),
    "0 px tiff": (bare_tiff(plain_page(0, 5)), "no pixels"),
    "0 px psd": (psd(noise(3, 1, 1), 3)[:14] + bytes(8) + psd(noise(3, 1, 1), 3)[22:], "no pixels"),
    "1 px png": (pillow(smooth(1, 1), "PNG"), "1 × 1 px: a design needs at least 2 px"),
    "1 px jpeg": (pillow(smooth(1, 1), "JPEG"), "1 × 1 px"),
    "1 px tiff": (tiff(smooth(1, 1), photometric="rgb"), "1 × 1 px"),
    "png bomb": (png(2_000_000_000, 2_000_000_000), "more than 600 megapixels"),
    "large png": (png(30_000, 20_001), "more than 600 megapixels"),
    "narrow png": (png(2, 300_001), "300000 px a side"),
    "tiff bomb": (bare_tiff(plain_page(4_000_000_000, 4_000_000_000)), "more than 600 megapixels"),
    "psd bomb": (psd(noise(3, 4, 4), 3)[:14] + b"\x7f\xff\xff\xff" * 2 + bytes(8), "more than 600 megapixels"),
    "jpeg bomb": (
        pillow(smooth(), "JPEG").replace(struct.pack(">HH", HEIGHT, WIDTH), b"\xff\xdc\xff\xdc"),
        "more than 600 megapixels",
    ),
    "svg bomb": (SVG.replace(b"6mm", b"6000mm").replace(b"4mm", b"4000mm"), "more than 600 megapixels"),
    "wide svg": (SVG.replace(b"6mm", b"6000mm"), "more than 32767 px a side"),
    "no rows": (png(100, 100), "cannot be decoded"),
    "no pixels": (png(100, 100)[:40], "it ends inside of its header"),
    "large interlaced png": (
        png(20_000, 20_000)[:28] + b"\1" + png(20_000, 20_000)[29:],
        "1200 MB of memory .* save it without interlacing",
    ),
    "large progressive jpeg": (
        pillow(smooth(), "JPEG", progressive=True, subsampling=0).replace(
            struct.pack(">HH", HEIGHT, WIDTH), struct.pack(">HH", 10_000, 10_000)
        ),
        "progressive JPEG of this size needs 600 MB",
    ),
    "strange colour png": (png(8, 8, colour=5), "the PNG header is damaged"),
    "float": (floats(0.5), "floating-point samples"),
    "nan": (floats(float("nan")), "floating-point samples"),
    "signed": (tiff(noise(4, 5).astype(np.int16)), "signed or complex samples"),
    "32 bits": (tiff(noise(4, 5).astype(np.uint32)), "32 bits per sample"),
    "zstd": (
        tiff(smooth(), photometric="rgb", compression="zstd"),
        "TIFF compression 50000 is not read: save it with LZW",
    ),
    "too many plates": (
        tiff(noise(8, 8, 20), photometric="separated", planarconfig="contig"),
        "20 separations: at most 16",
    ),
    "grey plates": (
        tiff(noise(8, 8, 5), photometric="minisblack", planarconfig="contig"),
        "save plates as separations",
    ),
    "large palette": (
        tiff(noise(4, 5, dtype=np.uint16), photometric="palette", colormap=noise(3, 65536, dtype=np.uint16)),
        "65536 colours",
    ),
    "no directory": (b"II*\0\0\0\0\0", "it has no page"),
    "a circle": (bare_tiff(plain_page(9, 9), circle=True), "run in a circle"),
    "a million pages": (many_pages(1_000_000), f"more than {MAX_PAGES} pages"),
    "strips beyond the end": (bare_tiff(plain_page(400, 300)), "cut after .* of at least 120000 bytes"),
    "strips too short": (bare_tiff(plain_page(400, 300, t279=("I", [12]))), "1 of 1 strips or tiles are too short"),
    "strips not listed": (bare_tiff(plain_page(40, 30, t278=("I", [1]))), "1 of 30 strips or tiles are listed"),
    "no composite": (psd(noise(3, 4, 4), 3, resources={1057: b"\0\0\0\1\0"}), "maximise compatibility"),
    "32-bit psd": (psd(noise(3, 4, 4).astype(np.uint32), 3, packed=False), "32 bits per channel"),
    "password": (b"%PDF-1.4\n" + b"x" * 200, "no sound PDF"),
    "entities": (b'<!DOCTYPE svg [<!ENTITY a "&a;">]><svg>&a;</svg>', "cannot be rendered"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_artwork_is_refused_in_one_line_with_its_name(tmp_path, case):
    data, complaint = BAD[case]
    path = write(tmp_path, "silk scarf", data)
    with pytest.raises(ArtworkError, match=complaint) as refusal:
        for _ in bands(open_artwork(path)):
            pass
    assert str(refusal.value).startswith("silk scarf: ")
    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("name", [name for name in sorted(everything()) if not name.startswith("page.")])
def test_every_header_may_be_cut_anywhere(tmp_path, name):
    data = everything()[name]
    for size in (*range(0, 64, 3), *range(64, len(data) // 4, 97)):
        refusal = ""
        try:
            open_artwork(write(tmp_path, "cut", data[:size]))
        except ArtworkError as error:
            refusal = str(error)
        knows_what_is_missing = data.startswith((b"II", b"MM", b"8BPS")) or size < 16
        assert refusal.startswith("cut: ") or not (refusal or knows_what_is_missing)


def test_missing_files_and_folders_are_refused(tmp_path):
    for path in (tmp_path / "nothing\n.png", tmp_path):
        with pytest.raises(ArtworkError, match="no such file") as refusal:
            open_artwork(path)
        assert str(refusal.value).isprintable()
