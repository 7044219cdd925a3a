"""The controller under load and under kills: loop lag, time until machines are live again, what kills leave behind.

Run: ``python tests/bench/bench_control.py [--long] [--seed N]``; prints JSON. ``--long`` kills 1,000 times: two hours.
"""

import argparse
import asyncio
import json
import re
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import tifffile
from PIL import Image
from skimage import data

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
from bench_journal import journal  # noqa: E402

from simulators import Plant  # noqa: E402
from tests.kills.run import OPERATOR, PASSWORD, Line, key, kills  # noqa: E402

BROWSERS = 50
UPLOAD_PX = 12_900
"""Both sides of a design of 500 MB, 8-bit RGB, not compressed."""
FABRIC = "silk-twill"
BOUND_S = 300.0


def shares(text: str) -> dict[float, int]:
    """Cumulative counts of the loop's lag by upper bound in seconds."""
    found = re.findall(r'foulard_loop_lag_seconds_bucket\{le="([^"]+)"\} (\S+)', text)
    return {float(bound): int(float(count)) for bound, count in found}


def percentile_ms(before: dict[float, int], after: dict[float, int], share: float) -> float:
    """Upper bound of the bucket that holds this share of what came between two readings, ms."""
    counts = {bound: after[bound] - before[bound] for bound in sorted(after)}
    total = counts[float("inf")]
    return next(bound for bound, count in counts.items() if count >= share * total) * 1000


async def watch(client: httpx.AsyncClient, seen: list[int]) -> None:
    """Read the event stream as a browser does."""
    async with client.stream("GET", "/api/v1/events", timeout=None) as stream:
        async for chunk in stream.aiter_bytes():
            seen[0] += len(chunk)


async def loaded(folder: Path) -> dict[str, Any]:
    """Lag of the loop while browsers watch, a large design comes in and two jobs are ripped."""
    data_folder = folder / "data"
    data_folder.mkdir(parents=True)
    large = folder / "large.tif"
    tile = np.random.default_rng(1).integers(0, 255, (300, UPLOAD_PX, 3), np.uint8)
    with tifffile.TiffWriter(large) as file:
        file.write(np.tile(tile, (UPLOAD_PX // 300, 1, 1)), photometric="rgb", resolution=(300, 300))
    pictures = []
    for name in ("astronaut", "coffee"):
        pictures.append(folder / f"{name}.png")
        Image.fromarray(getattr(data, name)()).save(pictures[-1], dpi=(150, 150))
    async with AsyncExitStack() as stack:
        plant = await stack.enter_async_context(Plant(folder / "plant", 1.0, client=data_folder))
        line = Line(data_folder, plant, role="planner")
        process = await line.start()
        stack.callback(lambda: process.returncode is None and process.kill())
        assert process.stdout is not None
        url = re.search(rb"http://\S+", await process.stdout.readline())
        assert url is not None
        client = httpx.AsyncClient(base_url=url.group().decode(), timeout=BOUND_S, limits=httpx.Limits())
        await stack.enter_async_context(client)
        who = {"name": OPERATOR, "password": PASSWORD}
        (await client.post("/api/v1/session", json=who, headers=key())).raise_for_status()
        bearer = {"Authorization": f"Bearer {(data_folder / 'metrics-token').read_text().strip()}"}

        async def lag() -> dict[float, int]:
            return shares((await client.get("/metrics", headers=bearer)).text)

        async def submit(path: Path) -> int:
            with path.open("rb") as file:
                design = {"design": (path.name, file, "image/tiff")}
                form = {"fabric": FABRIC, "length_m": "1"}
                answer = await client.post("/api/v1/jobs", data=form, files=design, headers=key())
            return answer.raise_for_status().json()["id"]

        async def ripping(job: int) -> bool:
            return (await client.get(f"/api/v1/jobs/{job}")).json()["status"] in ("queued", "ripping")

        seen = [0]
        watching = [asyncio.create_task(watch(client, seen)) for _ in range(BROWSERS)]
        await asyncio.sleep(2.0)
        idle = await lag()
        began = time.monotonic()
        jobs = [await submit(path) for path in pictures]
        await submit(large)
        upload_s = time.monotonic() - began
        async with asyncio.timeout(BOUND_S):
            while any([await ripping(job) for job in jobs]):  # noqa: ASYNC110 (another process does it)
                await asyncio.sleep(0.5)
        busy = await lag()
        for task in watching:
            task.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
        process.terminate()
        await process.wait()
    return {
        "loop_lag_p99_ms": percentile_ms(idle, busy, 0.99),
        "loop_lag_p999_ms": percentile_ms(idle, busy, 0.999),
        "loop_looks": busy[float("inf")] - idle[float("inf")],
        "browsers": BROWSERS,
        "streamed_mb": round(seen[0] / 1e6, 1),
        "upload_s": round(upload_s, 1),
        "loaded_s": round(time.monotonic() - began, 1),
    }


def measure(folder: Path, seed: int, count: int) -> dict[str, Any]:
    """Measure everything."""
    figures = asyncio.run(loaded(folder / "loaded"))
    rates = journal(long=False)
    outcome = asyncio.run(kills(folder / "kills", seed, count))
    return figures | {name: rates[name] for name in ("journal_events_s", "batch_ms_p99")} | outcome.figures()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), arguments.seed, 1000 if arguments.long else 20)
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
