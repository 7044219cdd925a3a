import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

import rip


def picture(mode: str, size=(40, 30)) -> Image.Image:
    ramp = np.linspace(0, 255, size[0] * size[1]).reshape(size[1], size[0]).astype(np.uint8)
    return Image.fromarray(ramp).convert(mode)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA"])
def test_png_of_every_common_mode_is_read(tmp_path, mode):
    path = tmp_path / "design.png"
    picture(mode).save(path, dpi=(254, 254))
    art = rip.read_artwork(path)
    assert (art.width_px, art.height_px, art.mode) == (40, 30, mode)
    assert art.dpi == pytest.approx(254, abs=0.02)
    assert art.size_mm == pytest.approx((4.0, 3.0), rel=1e-3)


def test_cmyk_tiff_with_profile_and_resolution(tmp_path):
    path = tmp_path / "design.tif"
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture("CMYK").save(path, dpi=(300, 300), icc_profile=icc)
    art = rip.read_artwork(path)
    assert (art.mode, art.dpi, art.profile) == ("CMYK", 300, icc)


def test_16_bit_grey_is_read(tmp_path):
    path = tmp_path / "deep.png"
    Image.fromarray(np.full((20, 20), 40000, np.uint16)).save(path)
    assert rip.read_artwork(path).mode == "I;16"


@pytest.mark.parametrize("dpi", [1, 10000])
def test_an_unlikely_resolution_is_not_believed(tmp_path, dpi):
    path = tmp_path / "design.png"
    picture("RGB").save(path, dpi=(dpi, dpi))
    art = rip.read_artwork(path)
    assert art.dpi is None
    assert art.size_mm is None


def test_orientation_tag_turns_the_picture(tmp_path):
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    picture("RGB").save(path, exif=exif)
    art = rip.read_artwork(path)
    assert (art.width_px, art.height_px) == (30, 40)


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def encoded(kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture("RGB", (300, 200)).save(buffer, kind, **options)
    return buffer.getvalue()


BAD = {
    "empty": (b"", "the file is empty"),
    "text": (b"this is no picture, whatever its name says", "not a PNG, JPEG or TIFF image"),
    "script": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a PNG, JPEG or TIFF image"),
    "gif": (encoded("GIF"), "not a PNG, JPEG or TIFF image"),
    "bmp": (encoded("BMP"), "not a PNG, JPEG or TIFF image"),
    "pdf": (encoded("PDF"), "not a PNG, JPEG or TIFF image"),
    "cut png": (encoded("PNG")[:200], "cannot be decoded"),
    "cut jpeg": (encoded("JPEG")[:1500], "cannot be decoded"),
    "cut tiff": (encoded("TIFF", compression="tiff_lzw")[:300], "PNG, JPEG or TIFF image|cannot be decoded"),
    "damaged png": (encoded("PNG")[:60] + bytes(40) + encoded("PNG")[100:], "cannot be decoded"),
    "no width": (png_claiming(0, 5), "cannot be decoded|not a PNG"),
    "600 megapixels": (png_claiming(30000, 20001), "more than 600 megapixels"),
    "a bomb": (png_claiming(2_000_000_000, 2_000_000_000), "more than 600 megapixels"),
    "no rows": (png_claiming(100, 100), "cannot be decoded"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_artwork_is_refused_in_one_line_with_its_name(tmp_path, case):
    data, complaint = BAD[case]
    path = tmp_path / "silk scarf.png"
    path.write_bytes(data)
    with pytest.raises(rip.ArtworkError, match=complaint) as refusal:
        rip.read_artwork(path)
    assert str(refusal.value).startswith("silk scarf.png: ")
    assert "\n" not in str(refusal.value)


def test_missing_file_folder_and_float_tiff_are_refused(tmp_path):
    for path in (tmp_path / "nothing.png", tmp_path):
        with pytest.raises(rip.ArtworkError, match="no such file"):
            rip.read_artwork(path)
    path = tmp_path / "float.tif"
    Image.fromarray(np.zeros((20, 20), np.float32)).save(path)
    with pytest.raises(rip.ArtworkError, match="colour mode F is not read"):
        rip.read_artwork(path)
