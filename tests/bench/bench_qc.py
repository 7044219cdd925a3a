"""Throughput of the inspection of one camera strip on one thread, against a 5×5 Gaussian blur of the same picture.

Run: ``python tests/bench/bench_qc.py``; prints JSON. The blur is the peer: the least any inspection would do.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1] / "qc")]
import synthetic  # noqa: E402

from qc import TAIL_ROWS, Inspection, judge_strip, see_strip  # noqa: E402

ROWS, WIDTH, REPEATS = 1024, 8031, 5


def best_s(work: Callable[[], object]) -> float:
    """Least processor seconds of some runs after one to warm up (one thread; other load does not count)."""
    work()
    times = []
    for _ in range(REPEATS):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def main() -> None:
    """Measure and print."""
    cv2.setNumThreads(1)
    cov = synthetic.coverage(synthetic.artwork("astronaut", ROWS, WIDTH), 1)
    expected = synthetic.render(cov)
    captured = synthetic.photograph(cov, synthetic.Disturbance.drawn(1))
    tail = (expected[-TAIL_ROWS:], captured[-TAIL_ROWS:])

    def inspect(previous: tuple | None = None) -> object:
        seen, evidence = see_strip(expected, captured, mm_per_px=synthetic.MM_PER_PX, previous=previous)
        return judge_strip(Inspection(), seen, evidence, at_m=0.0)

    strip_s = best_s(inspect)
    tail_s = best_s(lambda: inspect(tail))
    blur_s = best_s(lambda: cv2.GaussianBlur(captured, (5, 5), 0))
    mpx = ROWS * WIDTH / 1e6
    result = {
        "strip_px": [WIDTH, ROWS],
        "threads": 1,
        "inspect_s": round(strip_s, 3),
        "inspect_mpx_s": round(mpx / strip_s, 2),
        "inspect_with_tail_s": round(tail_s, 3),
        "blur5_s": round(blur_s, 4),
        "blur5_mpx_s": round(mpx / blur_s, 1),
        "times_blur5": round(strip_s / blur_s, 1),
        "cloth_m_min": round(ROWS * synthetic.MM_PER_PX / 1000 / tail_s * 60, 1),
    }
    sys.stdout.write(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
