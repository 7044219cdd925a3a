"""Which tests may run beside which: those that start processes and servers take turns, each kind in one worker."""

from pathlib import Path

import pytest

TAKE_TURNS = {"line": "line", "interop": "line", "hmi": "line", "drivers": "machines", "simulators": "machines"}
"""Group by folder: a plant, a browser and a controller at once are enough for two cores."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        group = TAKE_TURNS.get(Path(item.path).parent.name)
        if group:
            item.add_marker(pytest.mark.xdist_group(group))
