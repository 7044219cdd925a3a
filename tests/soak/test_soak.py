"""Four real machines under faults of links and PLCs; ``FOULARD_FULL=1`` and ``SEED=`` for the long form."""

import asyncio
import os

import pytest

from simulators.linktable import format_schedule
from tests.soak.run import GROWTH_PER_FAULT, drawn, soak

FULL = bool(os.environ.get("FOULARD_FULL"))
SEED = int(os.environ.get("SEED", "1"))
COUNT = 1000 if FULL else 12


@pytest.mark.line
@pytest.mark.timeout(7200 if FULL else 180)
def test_nothing_wrong_is_shown_nothing_is_done_twice_nothing_is_left_over(tmp_path):
    schedule = drawn(SEED, COUNT)
    (tmp_path / "schedule").write_text(format_schedule(schedule))
    outcome = asyncio.run(soak(schedule, SEED, tmp_path / "plant"))
    assert not outcome.violations, "\n".join(map(str, outcome.violations))
    assert outcome.faults.total() == COUNT
    assert outcome.values_judged > 500 * COUNT
    assert outcome.calls["accepted"] > COUNT
    if FULL:  # a short run is all warming up
        assert outcome.growth_per_fault() < GROWTH_PER_FAULT
