"""A job is printed while a client of the line's OPC UA server watches: values, current job, figures after it."""

import asyncio
import math
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asyncua import Client, ua
from PIL import Image
from skimage import data

import rip
from controller import Controller, JobRequest, Store, load_line
from hmi.accounts import Accounts
from hmi.northbound import northbound
from hmi.operator import simulated_operator
from hmi.print_job import ACTOR, OVER
from hmi.settings import Settings
from hmi.uploads import keep_file
from simulators import Plant
from tests.hmi.opcua import NAMESPACE, Line, certificate
from tests.hmi.serving import Server

pytestmark = [pytest.mark.line, pytest.mark.timeout(300)]

LENGTH_M = 0.7
FULL = bool(os.environ.get("FOULARD_FULL"))  # the long form; see `make test-full`


@pytest.mark.skipif(not FULL, reason="long form only: tests/hmi/test_northbound.py stands for it; FOULARD_FULL=1")
def test_a_client_sees_the_line_at_work(tmp_path: Path, primed: Callable[[Path], Path]) -> None:
    primed(tmp_path / "rasters")
    asyncio.run(scenario(tmp_path))


async def scenario(folder: Path) -> None:
    design = folder / "astronaut.png"
    Image.fromarray(data.astronaut()).save(design)
    settings = Settings(data=folder, opcua_port=0)
    store = Store.in_folder(folder)
    accounts = Accounts(store)
    accounts.set_password("scada", "a long enough password", role="viewer")
    client = certificate(folder / "client")
    async with (
        Plant(folder / "plant", math.inf, client=folder) as plant,
        Controller.running(load_line().at(plant.endpoints), store, folder) as controller,
        northbound(settings, controller, accounts) as endpoint,
    ):
        assert endpoint
        (folder / "opcua" / "trusted" / "client.der").write_bytes((client / "client.der").read_bytes())
        line = Line(Server("", "", folder), endpoint, client)
        operator = asyncio.create_task(simulated_operator(controller, walk_s=0.0))
        async with line.connect("scada", "a long enough password") as session:
            watched = asyncio.create_task(watch(session))
            kept = keep_file(design, folder / "designs").path
            request = JobRequest((kept,), "silk-twill", rip.Layout(), LENGTH_M, "watched")
            job = controller.desk.submit(ACTOR, request)
            while controller.desk.job(ACTOR, job.id or 0).job.status not in OVER:
                await store.feed.wait(store.feed.version, timeout_s=1.0)
            seen = await watched
        operator.cancel()
        await asyncio.gather(operator, return_exceptions=True)
    assert {"watched"} == seen["Line.Machines.press.CurrentJob.Title"] - {None}
    assert {"Execute"} <= seen["Line.Machines.press.StateName"]
    assert {"Executing", "NotExecuting"} <= seen["Line.Machines.press.ItemState"]
    assert seen["Line.Machines.press.Identification.SerialNumber"] - {None} == {"SIM-press"}
    assert seen["Line.Figures.LastGrade"] - {None, ""} == {"first"}
    store.close()


async def watch(session: Client) -> dict[str, set[object]]:
    """Every value of some nodes until the first job is complete; then a look at values and their times."""
    index = await session.get_namespace_index(NAMESPACE)
    paths = ["Machines.press.CurrentJob.Title", "Machines.press.StateName", "Machines.press.ItemState",
             "Machines.press.Identification.SerialNumber", "Figures.LastGrade", "Figures.JobsComplete"]  # fmt: skip
    nodes = {path: session.get_node(f"ns={index};s={path}") for path in (f"Line.{path}" for path in paths)}
    seen: dict[str, set[object]] = {path: set() for path in nodes}
    complete = asyncio.Event()

    class Told:
        def datachange_notification(self, node: object, value: object, _data: object) -> None:
            path = next(path for path, known in nodes.items() if known == node)
            seen[path].add(value)
            if path.endswith("JobsComplete") and value == 1:
                complete.set()

    subscription = await session.create_subscription(100, Told())
    await subscription.subscribe_data_change(list(nodes.values()))
    await asyncio.wait_for(complete.wait(), 240)
    await subscription.delete()
    values = f"ns={index};s=Line.Machines.press.Values"
    row = await session.get_node(f"{values}.row").read_data_value()
    temperature = await session.get_node(f"{values}.head_temp_c").read_data_value()
    assert row.Value.Value == round(LENGTH_M * 600 / 0.0254)
    assert temperature.Value.VariantType is ua.VariantType.Double
    assert abs(datetime.now(UTC) - temperature.SourceTimestamp) < timedelta(minutes=10)
    metres = await session.get_node(f"ns={index};s=Line.Figures.MetresPrinted").read_value()
    assert metres == pytest.approx(LENGTH_M, abs=0.01)
    return seen
