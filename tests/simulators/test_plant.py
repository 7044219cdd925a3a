"""The whole plant: four processes, and one that is killed comes back on the same port."""

import asyncio
import math
import os
import signal

import pytest

from simulators import Plant
from simulators.packml import State
from simulators.plant import PlantError


def test_a_killed_machine_is_restarted_on_its_port(tmp_path, tags_of):
    async def scenario():
        async with Plant(tmp_path, speed=math.inf) as plant:
            assert set(plant.endpoints) == {"padder", "press", "steamer", "washer", "camera"}
            assert len(set(plant.pids.values())) == 4
            pid, endpoint = plant.pids["padder"], plant.endpoints["padder"]
            os.kill(pid, signal.SIGKILL)
            async with asyncio.timeout(20):
                while plant.pids.get("padder", pid) == pid:  # noqa: ASYNC110 (another process)
                    await asyncio.sleep(0.05)
            assert plant.endpoints["padder"] == endpoint
            padder = await tags_of("padder", endpoint)
            assert (await padder.all())["state"] == State.ABORTED
            await padder.close()
            return list(plant.pids.values())

    for pid in asyncio.run(scenario()):
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_a_plant_that_cannot_start_says_why_in_one_line(tmp_path):
    async def scenario():
        async with Plant(tmp_path, faults="spot:at_m=1", only=["press"]):
            pass

    with pytest.raises(PlantError, match="x_mm") as caught:
        asyncio.run(scenario())
    assert "\n" not in str(caught.value)
