"""How long two metres take from the command to the report, the whole way, on each of three fabrics.

`foulard print` with a photograph, at the speed computing allows: RIP, four simulated machines over their protocols, the
camera's pictures, inspection, report. Prints one JSON object: for each fabric ``seconds``, ``status`` and the number of
``findings`` (a clean print has none), and ``strip_s``, the seconds of one strip.

``--length-m`` prints another length.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image
from skimage import data

PRINTS = {"silk-twill": "astronaut", "cotton-sateen": "coffee", "polyester-satin": "chelsea"}


def print_one(folder: Path, fabric: str, photograph: str, length_m: float) -> dict[str, Any]:
    """Print a photograph on a fabric; the folder holds everything, so that nothing is there from before."""
    design = folder / f"{photograph}.png"
    Image.fromarray(getattr(data, photograph)()).save(design)
    command = [sys.executable, "-m", "hmi.cli", "print", str(design), "--fabric", fabric, "--length-m", str(length_m),
               "--speed", "max", "--out", str(folder / "out"), "--json"]  # fmt: skip
    begin = time.perf_counter()
    done = subprocess.run(command, env=os.environ | {"FOULARD_DATA": str(folder)}, stdout=subprocess.PIPE, check=True)
    seconds, result = time.perf_counter() - begin, json.loads(done.stdout)
    return {
        "seconds": round(seconds, 1), "strip_s": round(seconds / result["strips"], 2), "status": result["status"],
        "findings": len(result["findings"]),
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="From the command to the report.")
    parser.add_argument("--length-m", type=float, default=2.0)
    length_m = parser.parse_args().length_m
    figures: dict[str, Any] = {"length_m": length_m, "processors": os.cpu_count()}
    for fabric, photograph in PRINTS.items():
        with tempfile.TemporaryDirectory() as name:
            figures[fabric] = print_one(Path(name), fabric, photograph, length_m)
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
