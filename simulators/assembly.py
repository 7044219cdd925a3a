"""Puts one machine together: profile, physics, work, memory and the server of its protocol."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from drivers.profile import Profile, load_profile
from simulators.clock import Clock
from simulators.endpoint import Networks, claim, split
from simulators.faults import Fault
from simulators.machine import Machine
from simulators.padder import PADDER
from simulators.printer import PRESS
from simulators.process import Process
from simulators.published import PublishedFace
from simulators.retained import Memory
from simulators.rolls import Rolls
from simulators.security import Security
from simulators.station import Face, Station
from simulators.steamer import STEAMER
from simulators.washer import WASHER
from simulators.work import ClothWork, Work

__all__ = ["PROCESSES", "Assembled", "Place", "build"]

PROCESSES: dict[str, Process] = {process.name: process for process in (PADDER, PRESS, STEAMER, WASHER)}
SCHEMES = {"modbus-tcp": ("modbus", "modbus+tls"), "opcua": ("opc.tcp",)}
HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a machine stands: its endpoint, its camera's, the folders of its memory, of the rolls and its certificates.

    What it shows is written down in ``published``, if that is given. ``profile`` is the name or path of a device
    profile that takes the place of the machine's usual one; without an endpoint it listens on a free port here.
    ``insecure`` lets people in without certificates. To Modbus clients only come from the networks of ``clients``, if
    there are any.
    """

    endpoint: str | None
    camera: str | None
    state_dir: Path
    rolls: Path
    security: Path
    published: Path | None = None
    profile: str | None = None
    insecure: bool = False
    clients: Networks = ()


@dataclass(frozen=True, slots=True)
class Assembled:
    """A machine that listens: its station (to be run) and its endpoints with the real ports."""

    station: Station
    endpoints: tuple[str, ...]


def _make_face(machine: Machine, profile: Profile, work: Work, place: Place, host: str, port: int) -> Face:
    # imported late: each stack of a protocol costs start-up time and only one is needed
    uri = profile.opcua.namespace if profile.opcua is not None else f"urn:foulard:plant:{profile.profile}"
    security = Security(place.security, f"{uri}:server", profile.title, place.insecure)
    if profile.protocol == "opcua":
        from simulators.job_control import JobControl
        from simulators.machinery import Machinery
        from simulators.opcua_server import OpcUaFace

        with_jobs = profile.job.handover == "isa95"
        jobs = JobControl(profile, Memory(place.state_dir / "job-orders"), work.refusal) if with_jobs else None
        counters = Machinery(profile, Memory(place.state_dir / "machinery"))
        return OpcUaFace(
            profile, host, port, machine.inputs, counters, jobs, security,
            expired=bool(machine.expired), skew_s=lambda: machine.skew_s,
        )  # fmt: skip
    from simulators.modbus_server import ModbusFace

    tls = None if machine.expired is None else security
    return ModbusFace(profile, host, port, machine.inputs, place.clients, tls, expired=bool(machine.expired))


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
    schemes = SCHEMES[profile.protocol]
    endpoint = place.endpoint or f"{schemes[0]}://{HERE}:0"
    scheme = next((name for name in schemes if endpoint.startswith(f"{name}:")), schemes[0])
    host, port = split(endpoint, scheme)
    port = claim(host, port)
    endpoints = [f"{scheme}://{host}:{port}"]
    memory, rolls = Memory(place.state_dir), Rolls(place.rolls, name)

    def face_with(work: Work) -> Callable[[Machine], Face]:
        def make(machine: Machine) -> Face:
            machine.expired = None if scheme == "modbus" else bool(machine.expired)
            face = _make_face(machine, profile, work, place, host, port)
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
