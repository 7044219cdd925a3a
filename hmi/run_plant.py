"""`foulard plant`: the simulated machines, on their standard ports if nothing else is said."""

import asyncio
import os
import signal
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from controller import load_line
from hmi.errors import BadInput, writing
from hmi.settings import Settings
from simulators import MACHINES, Plant, PlantError, explain


@dataclass(frozen=True)
class PlantRequest:
    """What to run: one machine, or all four with an empty name, and where; None is the standard endpoint or folder.

    ``profile`` is the name or path of a device profile of one machine; without an endpoint it listens on a free port.
    """

    machine: str
    speed: float
    faults: str
    endpoint: str | None = None
    camera: str | None = None
    state_dir: Path | None = None
    profile: str | None = None
    insecure: bool = False


def about(machine: str, profile: str | None = None) -> str:
    """Return what the machines, or one of them, say of themselves."""
    return "\n\n".join(f"{name}\n{explain(name, profile)}" for name in _names(machine))


def _names(machine: str) -> list[str]:
    if machine and machine not in MACHINES:
        msg = f"machine {machine!r} is not known; give one of {', '.join(MACHINES)}, or none for all"
        raise BadInput(msg)
    return [machine] if machine else list(MACHINES)


async def run(settings: Settings, request: PlantRequest, say: Callable[[str], None]) -> None:
    """Run one machine, or all four, until SIGINT or SIGTERM; orders typed on a terminal go to one that runs alone."""
    names = _names(request.machine)
    if len(names) > 1 and (request.endpoint or request.camera or request.profile):
        msg = "--endpoint, --camera and --profile are for one machine: say which"
        raise BadInput(msg)
    if request.camera and request.machine != "press":
        msg = f"--camera and {request.machine} exclude each other: the camera is the press's; leave one out"
        raise BadInput(msg)
    line = load_line()
    endpoints = {spec.name: spec.endpoint for spec in line.machines} | {"camera": line.camera}
    profiles = {spec.name: spec.profile for spec in line.machines}
    if request.profile:
        del endpoints[request.machine]  # the standard one is of the standard profile's protocol
        profiles[request.machine] = request.profile
    endpoints |= {request.machine: request.endpoint} if request.endpoint else {}
    endpoints |= {"camera": request.camera} if request.camera else {}
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    folder = request.state_dir or settings.data.resolve() / "plant"
    with writing(folder, "--state-dir" if request.state_dir else "FOULARD_DATA"):
        folder.mkdir(parents=True, exist_ok=True)
    client = settings.data.resolve()
    async with Plant(
        folder, request.speed, request.faults, endpoints, names, profiles, client=client, insecure=request.insecure
    ) as plant:
        for name in [*names, *(["camera"] if "press" in names else [])]:
            say(f"{name:8} {plant.endpoints[name]}")
        orders = None
        if request.machine and _speaks(sys.stdin.fileno()):
            say(f"type orders and faults here; what there is: foulard plant {request.machine} --explain")
            orders = asyncio.create_task(_pass_on(plant, request.machine, say))
        say("Ctrl-C ends the plant")
        await stopped.wait()
        if orders is not None:
            orders.cancel()
            with suppress(asyncio.CancelledError):
                await orders


def _speaks(stdin: int) -> bool:
    """Whether somebody may say something on stdin: a person at a terminal, or a program through a pipe."""
    return os.isatty(stdin) or stat.S_ISFIFO(os.fstat(stdin).st_mode)


async def _pass_on(plant: Plant, machine: str, say: Callable[[str], None]) -> None:
    """Pass lines typed here on to the machine."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode(errors="replace"):
        if line.strip():
            try:
                say(await plant.order(machine, line.strip()))
            except PlantError as error:
                say(str(error))
