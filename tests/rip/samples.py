"""Small sound files of every format that artwork comes in, made by other software where there is some."""

import io
import struct
import zlib
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from PIL import Image

WIDTH, HEIGHT = 37, 29


def noise(*shape: int, dtype: type = np.uint8, seed: int = 1) -> np.ndarray:
    """Random samples: any mistake in order, sign or scale shows."""
    return np.random.default_rng(seed).integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def smooth(height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    """A picture that JPEG keeps well, uint8 (h, w, 3)."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (width + height)], -1).astype(np.uint8)


def tiff(pixels: np.ndarray, **options) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, pixels, **options)
    return buffer.getvalue()


def pillow(picture: np.ndarray | Image.Image, kind: str, mode: str | None = None, **options) -> bytes:
    buffer = io.BytesIO()
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    (image.convert(mode) if mode else image).save(buffer, kind, **options)
    return buffer.getvalue()


def inks(*names: str) -> list[tuple]:
    """TIFF tags of separations that are no CMYK."""
    text = "".join(f"{name}\0" for name in names)
    return [(332, "H", 1, 2, True), (333, "s", len(text), text, True), (334, "H", 1, len(names), True)]


def psd(
    planes: np.ndarray,
    mode: int,
    *,
    packed: bool = True,
    version: int = 1,
    resources: dict[int, bytes] | None = None,
    table: bytes = b"",
    depth: int | None = None,
) -> bytes:
    """Write planes (channels, h, w) as a PSD composite, as Adobe's specification has it."""
    channels, height, width = planes.shape
    width, depth = (width, 8 * planes.itemsize) if depth is None else (width * 8, depth)
    block = b"".join(
        b"8BIM" + struct.pack(">HH", kind, 0) + struct.pack(">I", len(data)) + data + b"\0" * (len(data) % 2)
        for kind, data in (resources or {}).items()
    )
    head = struct.pack(">4sH6xHIIHH", b"8BPS", version, channels, height, width, depth, mode)
    layers = struct.pack(">I" if version == 1 else ">Q", 0)
    start = head + struct.pack(">I", len(table)) + table + struct.pack(">I", len(block)) + block + layers
    rows = planes.astype(planes.dtype.newbyteorder(">")).reshape(channels * height, -1)
    if not packed:
        return start + b"\0\0" + rows.tobytes()
    lines = [imagecodecs.packbits_encode(row.tobytes()) for row in rows]
    lengths = struct.pack(f">{len(lines)}{'H' if version == 1 else 'I'}", *map(len, lines))
    return start + b"\0\1" + lengths + b"".join(lines)


def unicode_names(*names: str) -> bytes:
    """PSD resource 1045."""
    return b"".join(struct.pack(">I", len(name) + 1) + (name + "\0").encode("utf-16-be") for name in names)


def png(width: int, height: int, *, depth: int = 8, colour: int = 2, extra: bytes = b"", rows: bytes = b"\0") -> bytes:
    """Write a PNG chunk by chunk, so that it can claim anything."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    signature = b"\x89PNG\r\n\x1a\n"
    return signature + chunk(b"IHDR", head) + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bare_tiff(*pages: dict[int, tuple[str, list[int]]], circle: bool = False) -> bytes:
    """Write TIFF directories tag by tag (H or I values), so that they can claim anything."""
    data = b"II*\0" + struct.pack("<I", 8)
    for number, tags in enumerate(pages):
        spill_at = len(data) + 2 + 12 * len(tags) + 4
        entries, spill = b"", b""
        for tag, (kind, values) in sorted(tags.items()):
            raw = struct.pack(f"<{len(values)}{kind}", *values)
            if len(raw) > 4:
                raw, spill = struct.pack("<I", spill_at + len(spill)), spill + raw
            entries += struct.pack("<HHI", tag, {"H": 3, "I": 4}[kind], len(values)) + raw.ljust(4, b"\0")
        last = number == len(pages) - 1
        following = (8 if circle else 0) if last else spill_at + len(spill)
        data += struct.pack("<H", len(tags)) + entries + struct.pack("<I", following) + spill
    return data


def plain_page(width: int, height: int, **changes: tuple[str, list[int]]) -> dict[int, tuple[str, list[int]]]:
    """Tags of a grey 8-bit page whose only strip is at offset 0."""
    tags = {
        256: ("I", [width]),
        257: ("I", [height]),
        258: ("H", [8]),
        259: ("H", [1]),
        262: ("H", [1]),
        273: ("I", [0]),
        279: ("I", [width * height % (1 << 32)]),
    }
    return tags | {int(tag.strip("t")): value for tag, value in changes.items()}


def cmyk_profile() -> bytes:
    """Write the smallest ICC profile of CMYK: Lab at the 16 corners, between them straight (ICC.1:2001, lut8Type)."""
    corners = np.array([[*np.unpackbits(np.uint8(at))[4:]] for at in range(16)], float)
    light = 100 * np.prod(1 - corners * [0.5, 0.5, 0.1, 0.9], axis=1)
    tint = corners @ np.array([[-35, -50], [70, 0], [-5, 90], [0, 0]])
    lab = np.column_stack([light * 2.55, 128 + tint * (light / 100)[:, None]]).clip(0, 255).astype(np.uint8)
    straight = bytes(range(256))
    identity = struct.pack(">9i", *(65536 * np.eye(3, dtype=int)).ravel())
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + straight * 4 + lab.tobytes() + straight * 3
    white = b"XYZ " + bytes(4) + struct.pack(">3i", 63190, 65536, 54061)
    text = b"text" + bytes(4) + b"none\0"
    title = b"desc" + bytes(4) + struct.pack(">I", 5) + b"tiny\0" + bytes(78)
    tags, at, body = b"", 128 + 4 + 12 * 4, b""
    for name, data in ((b"A2B0", table), (b"wtpt", white), (b"cprt", text), (b"desc", title)):
        data += bytes(-len(data) % 4)
        tags += name + struct.pack(">II", at, len(data))
        at, body = at + len(data), body + data
    head = struct.pack(">I4xI4s4s4s12x4s", at, 0x02400000, b"prtr", b"CMYK", b"Lab ", b"acsp")
    return head.ljust(68, b"\0") + white[8:] + bytes(48) + struct.pack(">I", 4) + tags + body


SVG = (
    b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="6mm" height="4mm" viewBox="0 0 6 4">'
    b'<defs><radialGradient id="g"><stop offset="0" stop-color="red"/><stop offset="1" stop-color="#08f"/>'
    b'</radialGradient></defs><rect x="0.5" width="2" height="4" fill="#00f" fill-opacity=".5"/>'
    b'<circle cx="4" cy="2" r="1.5" fill="url(#g)"/><path d="M0 0 L6 4" stroke="#060" stroke-width=".2"/></svg>'
)


def pdf(*objects: bytes) -> bytes:
    """Number objects from 1, the catalogue first, and write the table of where they are."""
    data, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj" % number + body + b"endobj\n"
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    table += b"".join(b"%010d 00000 n \n" % at for at in places)
    return data + table + b"trailer<</Size %d/Root 1 0 R>>startxref\n%d\n%%%%EOF" % (len(objects) + 1, len(data))


def everything() -> dict[str, bytes]:
    """One file for each way that pixels are stored; the name says which, its ending is the format's own."""
    rgb, grey, deep = noise(HEIGHT, WIDTH, 3), noise(HEIGHT, WIDTH), noise(HEIGHT, WIDTH, 3, dtype=np.uint16)
    four, planes = noise(HEIGHT, WIDTH, 4), noise(3, HEIGHT, WIDTH)
    picture = Image.fromarray(smooth())
    indexed = picture.quantize(9)
    table = noise(3, 256, dtype=np.uint16)
    profile = imagecodecs.cms_profile("srgb")
    exif = Image.Exif()
    exif[0x0112] = 6
    files = {
        "rgb.png": pillow(rgb, "PNG", dpi=(300, 300), icc_profile=profile),
        "rgba.png": pillow(four, "PNG"),
        "grey.png": pillow(grey, "PNG"),
        "bits.png": pillow(picture, "PNG", "1"),
        "palette.png": pillow(indexed, "PNG", transparency=2),
        "rgb16.png": imagecodecs.png_encode(deep),
        "grey16.png": imagecodecs.png_encode(noise(HEIGHT, WIDTH, dtype=np.uint16)),
        "rgb.jpg": pillow(picture, "JPEG", dpi=(300, 300), icc_profile=profile, exif=exif),
        "grey.jpg": pillow(picture, "JPEG", "L"),
        "cmyk.jpg": pillow(picture, "JPEG", "CMYK", icc_profile=cmyk_profile()),
        "progressive.jpg": pillow(picture, "JPEG", progressive=True, subsampling=0),
        "plain.tif": tiff(rgb, photometric="rgb", resolution=(300, 300), iccprofile=profile, rowsperstrip=8),
        "lzw.tif": tiff(rgb, photometric="rgb", compression="lzw", predictor=True, rowsperstrip=8),
        "deflate16.tif": tiff(deep, photometric="rgb", compression="deflate", predictor=True, byteorder=">"),
        "packbits.tif": tiff(grey, photometric="miniswhite", compression="packbits"),
        "tiles.tif": tiff(rgb, photometric="rgb", tile=(16, 16), compression="lzw"),
        "big.tif": tiff(grey, bigtiff=True, byteorder=">", tile=(16, 32)),
        "planes.tif": tiff(planes, photometric="rgb", planarconfig="separate"),
        "plane tiles.tif": tiff(planes, photometric="rgb", planarconfig="separate", tile=(16, 16), compression="zlib"),
        "cmyk.tif": tiff(four, photometric="separated", iccprofile=cmyk_profile()),
        "inks.tif": tiff(noise(HEIGHT, WIDTH, 5), photometric="separated", extratags=inks("a", "b", "c", "d", "e")),
        "lab.tif": tiff(rgb, photometric="cielab"),
        "palette.tif": tiff(grey, photometric="palette", colormap=table),
        "bits.tif": pillow(picture, "TIFF", "1", compression="group4"),
        "jpeg.tif": tiff(smooth(32, 48), photometric="ycbcr", compression="jpeg", tile=(16, 16)),
        "alpha.tif": tiff(four, photometric="rgb", extrasamples=["assocalpha"]),
        "pages.tif": pillow(picture, "TIFF", save_all=True, append_images=[picture, picture], compression="tiff_lzw"),
        "rgb.psd": psd(planes, 3, resources={1005: struct.pack(">IHHIHH", 300 << 16, 1, 1, 300 << 16, 1, 1)}),
        "cmyk.psd": psd(noise(4, HEIGHT, WIDTH), 4, packed=False),
        "plates.psb": psd(noise(5, HEIGHT, WIDTH, dtype=np.uint16), 7, version=2, resources={1045: unicode_names("a")}),
        "palette.psd": psd(grey[None], 2, table=noise(768).tobytes()),
        "page.pdf": pillow(picture, "PDF", resolution=100),
        "page.svg": SVG,
    }
    return {name: bytes(data) for name, data in files.items()}


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path
