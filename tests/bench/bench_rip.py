"""How fast the RIP screens, beside a peer that everyone has: Pillow's conversion of the same tones to 1 bit.

Prints one JSON object: samples per second of screening to 2 bits and packing, of Pillow's Floyd-Steinberg dither to 1
bit, their ratio, and the rates of reading coverage, proofing and a whole job. The ratio is what to compare between
machines.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

import rip
from rip.mask import void_and_cluster
from rip.screen import Screener, ink_thresholds

WIDTH, ROWS = 32128, 512

INKS = (
    rip.Ink("cyan", (53, -33, -46)),
    rip.Ink("magenta", (46, 73, -4)),
    rip.Ink("yellow", (86, -5, 92)),
    rip.Ink("black", (17, 1, -2)),
)
SILK = rip.Condition(1360, 600, (92.5, -0.3, 3.6), INKS, (0, 0.28, 0.61, 1.0), 18, 250, 0.65)


def best_s(work: Callable[[], object], rounds: int = 5) -> float:
    """Return the shortest of some runs, seconds."""
    times = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def main() -> None:
    """Measure and print."""
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 256, (ROWS // 32, WIDTH // 32), dtype=np.uint8))
    picture = coarse.resize((WIDTH, ROWS), Image.Resampling.BICUBIC)
    tones = np.asarray(picture)
    packed = np.empty((ROWS, WIDTH // 4), np.uint8)
    screener = Screener(ink_thresholds(void_and_cluster(128, 128), SILK.drop_volumes, 0))
    screen_s = best_s(lambda: screener.screen(tones, 0, packed))
    pillow_s = best_s(lambda: picture.convert("1"), rounds=2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        design = folder / "design.png"
        Image.fromarray(random.integers(0, 256, (64, 64, 3), dtype=np.uint8)).resize((512, 512)).save(design)

        def job(condition: rip.Condition) -> rip.Raster:
            return rip.rip(design, condition, length_m=2, repeat="half-drop", folder=folder / "cache")

        begin = time.perf_counter()
        raster = job(SILK)
        job_s = time.perf_counter() - begin
        again_s = best_s(lambda: job(SILK), rounds=2)
        coverage_s = best_s(lambda: raster.coverage(0, 1024))
        cells = raster.coverage(0, 1024)
        proof_s = best_s(lambda: rip.proof(cells, SILK))
    figures = {
        "screen_gsamples_s": tones.size / screen_s / 1e9,
        "pillow_dither_gsamples_s": tones.size / pillow_s / 1e9,
        "screen_to_pillow": pillow_s / screen_s,
        "coverage_gsamples_s": 1024 * raster.width_px * 4 / coverage_s / 1e9,
        "proof_mpx_s": cells[0].size / proof_s / 1e6,
        "first_job_s": job_s,
        "same_job_s": again_s,
    }
    sys.stdout.write(json.dumps({name: round(value, 4) for name, value in figures.items()}) + "\n")


if __name__ == "__main__":
    main()
