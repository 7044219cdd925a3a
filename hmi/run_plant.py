"""`foulard plant`: the simulated machines on their standard ports."""

import asyncio
import signal
from collections.abc import Callable
from urllib.parse import urlsplit

from controller import load_line
from hmi.errors import BadInput
from hmi.settings import Settings
from simulators import Plant


async def run(settings: Settings, machine: str, speed: float, faults: str, say: Callable[[str], None]) -> None:
    """Run one machine, or all four, until SIGINT or SIGTERM."""
    line = load_line()
    endpoints = {spec.name: spec.endpoint for spec in line.machines} | {"camera": line.camera}
    ports = {name: urlsplit(endpoint).port or 0 for name, endpoint in endpoints.items()}
    names = [spec.name for spec in line.machines]
    if machine and machine not in names:
        msg = f"machine {machine!r} is not known; give one of {', '.join(names)}, or none for all"
        raise BadInput(msg)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    only = [machine] if machine else names
    async with Plant(settings.data.resolve() / "plant", speed, faults, ports, only) as plant:
        for name in [*only, *(["camera"] if "press" in only else [])]:
            endpoint = plant.endpoints[name]
            say(f"{name:8} {endpoint}")
        say("Ctrl-C ends the plant")
        await stopped.wait()
