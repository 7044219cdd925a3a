"""Alarms as conditions, with node-opcua at either end: our driver hears its server, its client hears our steamer."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from drivers import OPEN, Machine, load_profile
from simulators import Plant
from tests.line.test_foreign_machines import first_value, foreign_server, free_port
from tests.line.test_interop import exercise

pytestmark = [pytest.mark.line, pytest.mark.timeout(240)]
PROFILE = "loop-steamer-opcua"
FIELDS = ("ConditionName", "SourceName", "Retain", "ActiveState.Id", "Severity", "BranchId", "Message")


def test_our_driver_takes_the_alarms_of_a_foreign_server(node: Path) -> None:
    profile = load_profile(PROFILE)
    assert profile.opcua is not None
    tags = [{"name": tag.name, "node": tag.node, "type": tag.type, "access": tag.access, "value": first_value(tag)}
            for tag in profile.tags.values()]  # fmt: skip
    description = {"port": free_port(), "namespace": profile.opcua.namespace, "root": profile.opcua.root, "tags": tags,
                   "conditions": [alarm.event for alarm in profile.alarms]}  # fmt: skip

    async def scenario(endpoint: str, say: Callable[[dict[str, Any]], None]) -> None:
        machine = Machine("steamer", profile, endpoint, OPEN)

        async def active(*names: str) -> None:
            async with asyncio.timeout(20):
                snapshot = machine.snapshot()
                while None in snapshot.alarms.values() or snapshot.active_alarms != {*names}:
                    snapshot = await machine.changed(snapshot, 1.0)

        say({"condition": "AirHigh", "active": True})  # before anybody is there
        running = asyncio.create_task(machine.run())
        try:
            await active("air_high")
            say({"condition": "WebBreak", "active": True})
            await active("air_high", "web_break")
            say({"condition": "AirHigh", "active": False})
            await active("web_break")
            say({"condition": "WebBreak", "active": False})
            await active()
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    with foreign_server(node, "opcua_server.mjs", description) as (endpoint, say):
        asyncio.run(scenario(endpoint, say))


def test_node_opcua_is_told_the_alarms_of_our_steamer(node: Path, tmp_path: Path) -> None:
    async def scenario() -> list[Any]:
        faults = "steam_pressure_drop:bar=3"
        async with Plant(
            tmp_path, 60.0, faults, only=["steamer"], profiles={"steamer": PROFILE}, insecure=True
        ) as plant:
            return await asyncio.to_thread(exercise, node, plant.endpoints["steamer"], [
                {"do": "watch", "node": [0, 2253],
                 "fields": [[0, name] for name in FIELDS]},
                {"do": "refresh"},
                {"do": "events", "count": 3},
            ])  # fmt: skip

    _, refreshed, (start, told, end) = asyncio.run(scenario())
    assert refreshed == "Good"
    assert start[0] is None
    assert end[0] is None
    name, source, retain, active, severity, branch, message = told
    assert (name, source, retain, active, severity) == ("SteamPressureLow", "Steamer", True, True, 500)
    assert branch == "ns=0;i=0"
    assert message["text"] == "The steam supply is below 3 bar"
