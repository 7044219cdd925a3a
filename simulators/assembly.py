"""Puts one machine together: profile, physics, work, memory and the server of its protocol."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers.profile import Profile, load_profile
from simulators.clock import Clock
from simulators.endpoint import claim, split
from simulators.padder import PADDER
from simulators.printer import PRESS
from simulators.process import Process
from simulators.published import PublishedFace
from simulators.retained import Memory
from simulators.station import ClothWork, Face, Station, Work
from simulators.steamer import STEAMER
from simulators.washer import WASHER

__all__ = ["Assembled", "build"]

PROCESSES: dict[str, Process] = {"padder": PADDER, "press": PRESS, "steamer": STEAMER, "washer": WASHER}
SCHEMES = {"modbus-tcp": "modbus", "opcua": "opc.tcp"}


@dataclass(frozen=True, slots=True)
class Assembled:
    """A machine that listens: its station (to be run) and its endpoints with the real ports."""

    station: Station
    endpoints: tuple[str, ...]


def _face(profile: Profile, host: str, port: int, inputs: dict[str, Any], work: Work, state_dir: Path) -> Face:
    # imported late: each stack of a protocol costs start-up time and only one is needed
    if profile.protocol == "opcua":
        from simulators.job_control import JobControl
        from simulators.machinery import Machinery
        from simulators.opcua_server import OpcUaFace

        with_jobs = profile.job.handover == "isa95"
        jobs = JobControl(profile, Memory(state_dir / "job-orders"), work.refusal) if with_jobs else None
        return OpcUaFace(profile, host, port, inputs, Machinery(profile, Memory(state_dir / "machinery")), jobs)
    from simulators.modbus_server import ModbusFace

    return ModbusFace(profile, host, port, inputs)


@asynccontextmanager
async def build(
    name: str,
    endpoint: str,
    camera: str | None,
    clock: Clock,
    state_dir: Path,
    faults: str,
    published: Path | None = None,
) -> AsyncIterator[Assembled]:
    """Build a machine and listen; on leaving, switch it off. What it shows is written down in ``published``.

    Raises
    ------
    EndpointError
        If an endpoint is of the wrong form or its port is in use.
    """
    process = PROCESSES[name]
    profile = load_profile(process.profile)
    scheme = SCHEMES[profile.protocol]
    host, port = split(endpoint, scheme)
    port = claim(host, port)
    endpoints = [f"{scheme}://{host}:{port}"]
    memory = Memory(state_dir)

    def station_with(work: Work) -> Station:
        def make_face(inputs: dict[str, Any]) -> Face:
            face = _face(profile, host, port, inputs, work, state_dir)
            return face if published is None else PublishedFace(face, inputs, published)

        return Station(process, profile, work, clock, memory, make_face)

    if camera is None:
        station = station_with(ClothWork())
        await station.start()
        try:
            yield Assembled(station, tuple(endpoints))
        finally:
            await station.stop()
        return

    from simulators.camera import StripCamera
    from simulators.press import PressWork

    camera_host, camera_port = split(camera, "tcp")
    camera_port = claim(camera_host, camera_port)
    work = PressWork(state_dir, faults, hold=clock.speed is None)
    station = station_with(work)
    eye = StripCamera(work, camera_host, camera_port)
    await eye.start()
    try:
        await station.start()
        try:
            yield Assembled(station, (*endpoints, f"tcp://{camera_host}:{camera_port}"))
        finally:
            await station.stop()
    finally:
        await eye.stop()
        work.close()
