"""How fast the RIP is, beside peers that work on the same picture in the same run.

Prints one JSON object. Rates are samples (pixels × inks) per second, the best of some runs; ratios to the peers are
what can be compared between machines.

- ``unique_gsamples_s``: RGB in memory → 8 inks, 2 bits, packed planes; ``random_gsamples_s``: the same for random
  colours, which wait for memory at every look-up.
- ``disk_gsamples_s``: the same from an uncompressed RGB TIFF on disk (opened and hashed) to the sealed raster on disk.
- ``first_row_s``: a design of 64 × 64 cm at 600 dpi (a TIFF of 686 MB) on 1.8 m, from asking for its raster until the
  first strip of drops is on the disk; the table of colours, the mask and the profile are there already.
- ``whole_repeat_s``: the same until its raster is sealed and can be printed.
- ``repeat_gsamples_s``: that repeat streamed over its whole period as a press reads it, with label, colour bar, codes
  and running metres on; its 1.3 GB lie in the system's cache of files.
- ``spool_ratio_1000m``: disk space of the raster and the job file of 1,000 m of it ÷ that of one repeat's drops.
- ``peak_rss_mb``: of a process that does all of this for a cloth of 3.4 m, the table of colours and the mask made too.
- ``peers``: name → samples per second, with ``peers_note`` on what each does; only those that are installed.

``--long`` takes a picture of four times the rows and measures five times as long.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import imagecodecs
import numpy as np
import pyvips
import tifffile
from numpy.typing import NDArray
from PIL import Image

import rip
from hmi.memory import peak_rss
from rip.formats.opening import open_artwork
from rip.hot import Screen, Screener
from rip.mask import Mask
from rip.overlay import Counter, Overlays, Patch
from rip.period import screen_period
from rip.ranking import void_and_cluster
from rip.raster import Raster, write_job
from rip.spool import spool
from rip.writer import RasterWriter

Bytes = NDArray[np.uint8]

DPI, WIDTH_MM, WIDEST_MM = 600, 1800, 3400
ROWS, JOB_M = 512, 1000
INKS = ("cyan", "magenta", "yellow", "black", "orange", "red", "blue", "turquoise")
LABS = (
    (53, -33, -46), (46, 73, -4), (86, -5, 92), (17, 1, -2), (65, 50, 70), (47, 65, 45), (26, 24, -58), (60, -35, -25),
)  # fmt: skip
VOLUMES = (0.0, 0.28, 0.61, 1.0)
BAND = 64


def columns(width_mm: float) -> int:
    """Device columns of a cloth."""
    return round(width_mm / 25.4 * DPI)


def best_s(work: Callable[[], object], for_s: float) -> float:
    """Return the shortest of the runs that fit into some seconds, two at least."""
    times: list[float] = []
    while len(times) < 2 or sum(times) < for_s:
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def picture(width: int, rows: int, seed: int = 0) -> Bytes:
    """A picture as photographs are: lightness varies at every scale, hue slowly, and there is grain."""
    random = np.random.default_rng(seed)

    def smooth(cell: int, amplitude: float) -> NDArray[np.float32]:
        coarse = random.standard_normal((rows // cell + 3, width // cell + 3), np.float32) * amplitude
        return np.asarray(cv2.resize(coarse, (width, rows), interpolation=cv2.INTER_CUBIC), np.float32)

    light = smooth(1024, 50) + smooth(256, 25) + smooth(64, 10) + smooth(16, 4) + 128
    light += random.standard_normal(light.shape, np.float32) * 1.5
    warm, green = smooth(512, 20), smooth(512, 12)
    channels = (light + warm, light + green, light - warm)
    return np.stack([np.clip(channel, 0, 255).astype(np.uint8) for channel in channels], axis=-1)


def table() -> Bytes:
    """Tones of all 2^24 colours in 8 lanes; what they are does not change the work."""
    codes = np.arange(256, dtype=np.uint8)
    entries = np.empty((256, 256, 256, 8), np.uint8)
    red, green, blue = codes[:, None, None], codes[None, :, None], codes[None, None, :]
    darkest = np.minimum(np.minimum(255 - red, 255 - green), 255 - blue)
    for lane, tone in enumerate((255 - red, 255 - green, 255 - blue, darkest, blue, red ^ green, green, red)):
        entries[..., lane] = tone // 2
    return entries.reshape(1 << 24, 8)


def meta(width: int, rows: int) -> dict[str, Any]:
    """What a raster must say about itself."""
    return {
        "key": "bench", "width_px": width, "period_rows": rows, "dpi": DPI, "bits": 2, "drop_pl": 18.0,
        "inks": [{"name": name} for name in INKS], "drop_volumes": list(VOLUMES),
    }  # fmt: skip


def unique(rgb: Bytes, entries: Bytes, screen: Screen, for_s: float) -> float:
    """Screen a picture in memory on all processors; samples per second."""
    rows, width = rgb.shape[:2]
    threads = os.cpu_count() or 1
    screeners = [Screener(screen) for _ in range(threads)]
    out = np.empty((len(INKS), rows, -(-width // 4)), np.uint8)

    def work(thread: int) -> None:
        for first in range(thread * BAND, rows, threads * BAND):
            last = min(first + BAND, rows)
            screeners[thread].screen_rgb(rgb[first:last], entries, first, out[:, first:last])

    with ThreadPoolExecutor(threads) as pool:
        return rgb.shape[0] * width * len(INKS) / best_s(lambda: list(pool.map(work, range(threads))), for_s)


def from_disk(design: Path, entries: Bytes, screen: Screen, folder: Path) -> Raster:
    """The whole way of a design that has the press's size: open, hash, read, screen, hash, write, seal."""
    artwork = open_artwork(design)
    rows = spool(artwork, artwork.width_px, artwork.height_px, folder)
    path = folder / "raster.tif"
    with RasterWriter(path, meta(rows.width_px, rows.height_px)) as writer:
        screen_period(lambda first, out: rows.rows(first, len(out), out), screen, writer, entries)
        writer.finish()
    return Raster.open(path, check=False)


def marks(raster: Raster) -> Overlays:
    """Header label, colour bar, nozzle-check bars, a code and the running metre, each metre."""
    random = np.random.default_rng(1)
    metre = round(1000 / 25.4 * raster.dpi)
    label = random.integers(0, 2, (120, 4000), dtype=np.uint8) * 3
    code = np.kron(random.integers(0, 2, (29, 29), dtype=np.uint8), np.full((8, 8), 3, np.uint8))
    glyphs = np.repeat(random.integers(0, 2, (10, 48, 4), dtype=np.uint8), 8, axis=2) * np.uint8(3)
    bars = [
        Patch(f"bar {ink}", 700 + 130 * ink, 200, np.full((120, 600), level, np.uint8), (ink,), "clear", metre)
        for ink, level in enumerate((1, 2, 3, 3, 1, 2, 3, 3))
    ]
    lines = np.zeros((40, raster.width_px), np.uint8)
    lines[:, ::8] = 3
    checks = [Patch(f"nozzles {ink}", 2000 + 50 * ink, 0, lines, (ink,), "clear", metre) for ink in range(8)]
    items = [
        Patch("label", 100, 400, label, (3,), "clear", metre),
        Patch("code", 300, 60, code, (3,), "clear", metre),
        Counter("metres", 0, raster.width_px - 400, glyphs, 5, (3,), metre, ground="clear"),
        *bars,
        *checks,
    ]
    return Overlays(items, width_px=raster.width_px, inks=len(INKS), levels=len(VOLUMES), bits=2)


def repeat(job: Raster, for_s: float) -> float:
    """Stream a period of a long job, from its middle on, through one buffer; samples per second."""
    count = 1024
    buffer = np.empty((len(INKS), count, job.row_bytes), np.uint8)
    starts = range(job.period_rows // 2, job.period_rows * 3 // 2, count)

    def work() -> None:
        for start in starts:
            job.stream(start, count, buffer)

    return len(starts) * count * job.width_px * len(INKS) / best_s(work, for_s)


def on_disk(*paths: Path) -> int:
    """Bytes of disk space."""
    return sum(path.stat().st_blocks * 512 for path in paths)


def peak_of_widest(folder: Path) -> int:
    """The whole way for the widest cloth; returns this process's peak, bytes."""
    raster = rip.rip(folder / "repeat.tif", condition(WIDEST_MM), length_m=JOB_M, folder=folder / "widest")
    job = write_job(folder / "widest.json", raster, marks(raster), round(JOB_M / 25.4e-3 * DPI))
    repeat(job, 0)
    return peak_rss()


def condition(width_mm: float) -> rip.Condition:
    """Eight inks on a cloth of that width."""
    inks = tuple(rip.Ink(name, lab) for name, lab in zip(INKS, LABS, strict=True))
    return rip.Condition(width_mm, DPI, (92.5, 0.0, 3.0), inks, VOLUMES, 18.0, 250.0, 0.65)


def repeat_design(folder: Path) -> None:
    """Write the design of 64 × 64 cm, and rip a small part of it, which makes table, profile and mask."""
    side, band = round(640 / 25.4 * DPI), 1024
    one = picture(side, band)
    with tifffile.TiffWriter(folder / "repeat.tif") as tif:
        bands = (np.roll(one, 977 * top, axis=1)[: side - top].tobytes() for top in range(0, side, band))
        tif.write(bands, shape=(side, side, 3), dtype=np.uint8, photometric="rgb", rowsperstrip=band,
                  resolution=(DPI, DPI), resolutionunit="INCH")  # fmt: skip
    Image.fromarray(one[:300, :300]).save(folder / "sample.png", dpi=(DPI, DPI))
    rip.rip(folder / "sample.png", condition(WIDTH_MM), length_m=1, folder=folder / "rasters")


def whole_repeat(folder: Path) -> tuple[Raster, float, float]:
    """Return a repeat's raster, the seconds until its first drops were on the disk, and until it was sealed."""
    first: list[float] = []

    def told(step: str, share: float) -> None:
        if step == "screen":
            first.append(time.perf_counter() - begin)

    begin = time.perf_counter()
    raster = rip.rip(
        folder / "repeat.tif", condition(WIDTH_MM), length_m=JOB_M, folder=folder / "rasters", progress=told
    )
    return raster, first[0], time.perf_counter() - begin


def peers(rgb: Bytes, folder: Path, for_s: float) -> tuple[dict[str, float], dict[str, str]]:
    """Samples per second of the peers that are installed, and what each does."""
    rates: dict[str, float] = {}
    notes: dict[str, str] = {}
    pixels = rgb.shape[0] * rgb.shape[1]

    def add(name: str, note: str, samples: int, work: Callable[[], object]) -> None:
        try:
            rates[name], notes[name] = samples / best_s(work, for_s), note
        except subprocess.CalledProcessError as error:
            notes[name] = f"failed with exit code {error.returncode}"

    grey = Image.fromarray(rgb).convert("L")
    add("pillow", "less: 1 ink, 1 bit, no colour; more: error diffusion", pixels, lambda: grey.convert("1"))
    cmyk = bytes(pyvips.Image.profile_load("cmyk"))
    halves = np.array_split(rgb, os.cpu_count() or 1)

    def lcms() -> None:
        with ThreadPoolExecutor(len(halves)) as pool:
            list(pool.map(_to_cmyk, halves, [cmyk] * len(halves)))

    add("littlecms", "less: 4 inks, colour only, no screen; a thread per processor", pixels * 4, lcms)
    mask = void_and_cluster(128, 128) // 64
    wide = np.repeat(mask.astype(np.uint8)[..., None], 4, axis=2)

    def vips() -> None:
        image = pyvips.Image.new_from_array(rgb, interpretation="srgb")
        tile = pyvips.Image.new_from_array(wide).replicate(-(-image.width // 128), -(-image.height // 128))
        inks = image.icc_transform("cmyk", embedded=False, input_profile="srgb")
        (inks > tile.crop(0, 0, image.width, image.height)).write_to_memory()

    add("libvips", "less: 4 inks, 2 levels, a byte for each; on all processors", pixels * 4, vips)
    if (program := _imagemagick()) is not None:
        Image.fromarray(rgb).save(folder / "peer.tif", compression=None)
        command = [program, "peer.tif", "-colorspace", "CMYK", "-ordered-dither", "o8x8", "-depth", "8", "out.tif"]
        add("imagemagick", "less: 4 inks, 2 levels, Bayer; with reading and writing", pixels * 4,
            lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True))  # fmt: skip
    if (program := shutil.which("gs")) is not None:
        Image.fromarray(rgb).save(folder / "peer.pdf", resolution=DPI)
        command = [program, "-q", "-dNOPAUSE", "-dBATCH", "-sDEVICE=tiffsep1", f"-r{DPI}", "-o", "gs.tif", "peer.pdf"]
        add("ghostscript", "less: 4 inks, 2 levels; more: reads a page description; with reading and writing",
            pixels * 4, lambda: subprocess.run(command, cwd=folder, check=True, capture_output=True))  # fmt: skip
    return rates, notes


def _to_cmyk(rgb: Bytes, profile: bytes) -> Bytes:
    return imagecodecs.cms_transform(
        rgb, imagecodecs.cms_profile("srgb"), profile, colorspace="rgb", outcolorspace="cmyk"
    )


def _imagemagick() -> str | None:
    for name in ("magick", "convert"):
        if (program := shutil.which(name)) is None:
            continue
        version = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
        if version.returncode == 0 and "Version: ImageMagick" in version.stdout:
            return program
    return None


def measure(folder: Path, *, rows: int = ROWS, for_s: float = 1.0) -> dict[str, Any]:
    """Measure everything; the keys are those of the module's text."""
    width = columns(WIDTH_MM)
    rgb, entries = picture(width, rows), table()
    screen = Screen(Mask(void_and_cluster(128, 128)), VOLUMES, len(INKS))
    figures: dict[str, Any] = {"unique_gsamples_s": unique(rgb, entries, screen, for_s) / 1e9}
    noise = np.random.default_rng(2).integers(0, 256, (rows // 4, width, 3), dtype=np.uint8)
    figures["random_gsamples_s"] = unique(noise, entries, screen, for_s) / 1e9
    design = folder / "design.tif"
    tifffile.imwrite(design, rgb, photometric="rgb", rowsperstrip=BAND)
    disk_s = best_s(lambda: from_disk(design, entries, screen, folder), 2 * for_s)
    figures["disk_gsamples_s"] = rows * width * len(INKS) / disk_s / 1e9
    repeat_design(folder)
    raster, figures["first_row_s"], figures["whole_repeat_s"] = whole_repeat(folder)
    job = write_job(folder / "job.json", raster, marks(raster), round(JOB_M / 25.4e-3 * DPI))
    figures["repeat_gsamples_s"] = repeat(job, for_s) / 1e9
    drops = raster.row_bytes * raster.period_rows * len(INKS)
    figures["spool_ratio_1000m"] = on_disk(raster.planes_path, job.path) / drops
    command = [sys.executable, __file__, "--widest", str(folder)]
    widest = subprocess.run(command, check=True, capture_output=True, text=True)
    figures["peak_rss_mb"] = int(widest.stdout) / 1e6
    rates, notes = peers(rgb, folder, for_s / 2)
    figures["peers"] = {name: round(rate / 1e9, 4) for name, rate in rates.items()}
    figures["times_peers"] = {name: round(figures["unique_gsamples_s"] * 1e9 / rate, 1) for name, rate in rates.items()}
    figures["peers_note"] = notes
    figures["processors"], figures["picture_px"] = os.cpu_count(), [width, rows]
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in figures.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Throughput and memory of the RIP, beside its peers.")
    parser.add_argument("--long", action="store_true", help="four times the rows, five times as long")
    parser.add_argument("--widest", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.widest is not None:
        sys.stdout.write(f"{peak_of_widest(asked.widest)}\n")
        return
    with tempfile.TemporaryDirectory() as name:
        size = {"rows": ROWS * 4, "for_s": 5.0} if asked.long else {}
        sys.stdout.write(json.dumps(measure(Path(name), **size), indent=1) + "\n")


if __name__ == "__main__":
    main()
