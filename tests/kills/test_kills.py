"""The short form of `python -m tests.kills.run`: a few kills of the controller, and of machines with it."""

import asyncio
from pathlib import Path

import pytest

from tests.kills.run import kills

COUNT = 3

pytestmark = [pytest.mark.line, pytest.mark.timeout(400)]


def test_killed_controllers_and_machines_lose_no_row_and_print_none_twice(tmp_path: Path) -> None:
    outcome = asyncio.run(kills(tmp_path, seed=5, count=COUNT, machines=True, length_m=1.0, speed=120.0))
    assert outcome.kills == COUNT
    assert outcome.machines
    assert outcome.jobs_incomplete == []
    assert (outcome.rows_lost, outcome.rows_twice, outcome.strips_wrong) == (0, 0, 0)
    assert outcome.faults == []
    assert outcome.lines > 20
