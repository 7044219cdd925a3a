"""Puts one machine together: profile, physics, work, memory and the server of its protocol."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from drivers.profile import Profile, load_profile
from simulators.clock import Clock
from simulators.endpoint import claim, split
from simulators.faults import Fault
from simulators.machine import Machine
from simulators.padder import PADDER
from simulators.printer import PRESS
from simulators.process import Process
from simulators.published import PublishedFace
from simulators.retained import Memory
from simulators.rolls import Rolls
from simulators.station import Face, Station
from simulators.steamer import STEAMER
from simulators.washer import WASHER
from simulators.work import ClothWork, Work

__all__ = ["PROCESSES", "Assembled", "Place", "build"]

PROCESSES: dict[str, Process] = {process.name: process for process in (PADDER, PRESS, STEAMER, WASHER)}
SCHEMES = {"modbus-tcp": "modbus", "opcua": "opc.tcp"}
HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a machine stands: its endpoint, its camera's, the folder of its memory and the one with the rolls.

    What it shows is written down in ``published``, if that is given. ``profile`` is the name or path of a device
    profile that takes the place of the machine's usual one; without an endpoint it listens on a free port here.
    """

    endpoint: str | None
    camera: str | None
    state_dir: Path
    rolls: Path
    published: Path | None = None
    profile: str | None = None


@dataclass(frozen=True, slots=True)
class Assembled:
    """A machine that listens: its station (to be run) and its endpoints with the real ports."""

    station: Station
    endpoints: tuple[str, ...]


def _make_face(machine: Machine, profile: Profile, work: Work, state_dir: Path, host: str, port: int) -> Face:
    # imported late: each stack of a protocol costs start-up time and only one is needed
    if profile.protocol == "opcua":
        from simulators.job_control import JobControl
        from simulators.machinery import Machinery
        from simulators.opcua_server import OpcUaFace

        with_jobs = profile.job.handover == "isa95"
        jobs = JobControl(profile, Memory(state_dir / "job-orders"), work.refusal) if with_jobs else None
        counters = Machinery(profile, Memory(state_dir / "machinery"))
        return OpcUaFace(profile, host, port, machine.inputs, counters, jobs, lambda: machine.skew_s)
    from simulators.modbus_server import ModbusFace

    return ModbusFace(profile, host, port, machine.inputs)


@asynccontextmanager
async def build(name: str, place: Place, clock: Clock, faults: Sequence[Fault]) -> AsyncIterator[Assembled]:
    """Build a machine and listen; on leaving, switch it off.

    Raises
    ------
    EndpointError
        If an endpoint is of the wrong form or its port is in use.
    ProfileError
        If the profile cannot be used, or is one of another kind of machine.
    """
    process = PROCESSES[name]
    profile = load_profile(place.profile or process.profile)
    scheme = SCHEMES[profile.protocol]
    host, port = split(place.endpoint or f"{scheme}://{HERE}:0", scheme)
    port = claim(host, port)
    endpoints = [f"{scheme}://{host}:{port}"]
    memory, rolls = Memory(place.state_dir), Rolls(place.rolls, name)

    def face_with(work: Work) -> Callable[[Machine], Face]:
        def make(machine: Machine) -> Face:
            face = _make_face(machine, profile, work, place.state_dir, host, port)
            return face if place.published is None else PublishedFace(face, machine.inputs, place.published)

        return make

    if place.camera is None:
        cloth = ClothWork()
        station = Station(Machine(process, profile, cloth, memory, rolls, faults), clock, face_with(cloth))
        await station.start()
        try:
            yield Assembled(station, tuple(endpoints))
        finally:
            await station.stop()
        return

    from simulators.camera import StripCamera
    from simulators.press import PressWork

    camera_host, camera_port = split(place.camera, "tcp")
    camera_port = claim(camera_host, camera_port)
    work = PressWork(place.state_dir, faults, hold=clock.speed is None)
    machine = Machine(process, profile, work, memory, rolls, faults)
    station = Station(machine, clock, face_with(work))
    eye = StripCamera(work, lambda: machine.cloth, camera_host, camera_port)
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
