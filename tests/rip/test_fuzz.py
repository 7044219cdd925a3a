"""Damaged files end in pixels or in one line of complaint: no traceback, no hang, no crash, no flood of memory."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.rip.mutate import mutant

FULL = os.environ.get("FOULARD_FULL") == "1"
FILES = 10_000 if FULL else 600
SEED = 20260
PEAK_MB = 700
WORKERS = 2


def read_mutants(first: int, count: int) -> tuple[list[str], int, int]:
    """Read damaged files in a worker process, in another one from the next file on where one ends; return failures."""
    failures, peak_mb, refused, end = [], 0, 0, first + count
    while first < end:
        command = [sys.executable, "-m", "tests.rip.mutate", str(SEED), str(first), str(end - first)]
        run = subprocess.run(command, capture_output=True, text=True)
        begun = name = None
        for line in run.stdout.splitlines():
            number, word, *rest = line.split(" ", 2)
            if word == "begun":
                begun, name = int(number), rest[0]
                continue
            begun = None
            peak, outcome = rest[0].split(" ", 1)
            peak_mb = max(peak_mb, int(peak))
            refused += outcome.startswith("refused: ")
            if outcome.startswith("FAILED"):
                failures.append(f"mutant({SEED}, {number}): {outcome}")
            first = int(number) + 1
        if begun is not None:
            failures.append(f"mutant({SEED}, {begun}), {name}: ended with {run.returncode}: {run.stderr[-3000:]}")
            first = begun + 1
        elif run.returncode:
            failures.append(f"the worker ended with {run.returncode}: {run.stderr[-3000:]}")
            break
    return failures, peak_mb, refused


@pytest.mark.timeout(7200 if FULL else 120)
def test_damaged_files_end_in_pixels_or_in_one_line():
    share = FILES // WORKERS
    with ThreadPoolExecutor(WORKERS) as pool:
        results = list(pool.map(lambda at: read_mutants(at * share, share), range(WORKERS)))
    failures = [failure for found, _, _ in results for failure in found]
    assert failures == []
    assert max(peak_mb for _, peak_mb, _ in results) < PEAK_MB
    refused = sum(refused for _, _, refused in results)
    assert 0.2 * FILES < refused < 0.95 * FILES, "damage that is never or always noticed tries nothing"


def test_a_mutant_is_always_the_same():
    assert [mutant(1, number) for number in range(20)] == [mutant(1, number) for number in range(20)]
    assert len({mutant(1, number)[1] for number in range(20)}) > 15
