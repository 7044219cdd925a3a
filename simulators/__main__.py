"""One simulated machine as a process: ``python -m simulators press --endpoint opc.tcp://127.0.0.1:4840 …``."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from drivers.profile import ProfileError
from simulators.assembly import Place, build
from simulators.clock import Clock, parse_speed
from simulators.endpoint import EndpointError, networks
from simulators.faults import MACHINES, Fault
from simulators.manual import explain
from simulators.station import Station, obey
from simulators.troubles import read_faults

__all__ = ["main"]


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulators", description="One simulated machine of the line.")
    parser.add_argument("machine", choices=MACHINES)
    parser.add_argument(
        "--endpoint", metavar="URL", help="modbus://, modbus+tls:// or opc.tcp://host:port; else a free port"
    )
    parser.add_argument("--profile", metavar="NAME", help="device profile, name or path; it says which protocol")
    parser.add_argument("--camera", metavar="URL", help="the press's camera: tcp://host:port")
    parser.add_argument("--speed", default="1", metavar="N|max", help="plant seconds per wall second")
    parser.add_argument("--state-dir", type=Path, metavar="DIR", help="folder of the retentive memory")
    parser.add_argument("--rolls", type=Path, metavar="DIR", help="folder of the rolls; in --state-dir if left out")
    parser.add_argument("--security", type=Path, metavar="DIR", help="certificates, trusted clients and password; same")
    parser.add_argument("--clients", default="", metavar="NET,…", help="Modbus: who may connect; everybody if left out")
    parser.add_argument("--insecure", action="store_true", help="OPC UA: let everybody in without encryption, too")
    parser.add_argument("--faults", default="", metavar="SPEC", help="faults to come, or @FILE: a record to replay")
    parser.add_argument("--published", type=Path, metavar="FILE", help="write down every value shown, as JSON lines")
    parser.add_argument("--follow-stdin", action="store_true", help="take orders from stdin, end when it closes")
    parser.add_argument("--explain", action="store_true", help="say where the tags are, which faults and orders exist")
    arguments = parser.parse_args(argv)
    if not arguments.explain and not arguments.state_dir:
        parser.error("--state-dir is needed")
    return arguments


def _faults(arguments: argparse.Namespace) -> tuple[Fault, ...]:
    machine, faults = arguments.machine, read_faults(arguments.faults, arguments.machine)
    for fault in faults:
        if fault.machine != machine:
            raise ValueError(f"--faults: {fault.name} happens at the {fault.machine}, not at the {machine}")
    return faults


def main(argv: Sequence[str] | None = None) -> int:
    """Run one machine until SIGTERM, SIGINT or the end of stdin; returns the exit code (2: could not start)."""
    arguments = _arguments(argv)
    if arguments.explain:
        print(explain(arguments.machine, arguments.profile))  # noqa: T201 (a command line)
        return 0
    try:
        clock, faults = Clock(parse_speed(arguments.speed)), _faults(arguments)
        if arguments.machine != "press" and arguments.camera:
            raise ValueError(f"--camera is the press's, not the {arguments.machine}'s")
        if arguments.clients and arguments.endpoint.startswith("opc.tcp"):
            raise ValueError("--clients is for Modbus: over OPC UA certificates say who may come")
        if arguments.machine == "press" and not arguments.camera:
            raise ValueError("the press needs --camera tcp://host:port")
        asyncio.run(_serve(arguments, clock, faults))
    except (EndpointError, ProfileError, OSError, ValueError) as error:
        print(f"simulators {arguments.machine}: {error}", file=sys.stderr)  # noqa: T201 (a command line)
        return 2
    return 0


async def _serve(arguments: argparse.Namespace, clock: Clock, faults: tuple[Fault, ...]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    rolls = arguments.rolls or arguments.state_dir / "rolls"
    security = arguments.security or arguments.state_dir / "security"
    place = Place(
        arguments.endpoint, arguments.camera, arguments.state_dir, rolls, security, arguments.published,
        arguments.profile, arguments.insecure, networks(arguments.clients),
    )  # fmt: skip
    async with build(arguments.machine, place, clock, faults) as machine:
        print("ready", arguments.machine, *machine.endpoints, flush=True)  # noqa: T201 (the service manager reads it)
        tasks = [asyncio.create_task(stop.wait()), asyncio.create_task(machine.station.run())]
        if arguments.follow_stdin:
            tasks.append(asyncio.create_task(_follow_stdin(machine.station, stop)))
        done, pending = await asyncio.wait(tasks[:2], return_when=asyncio.FIRST_COMPLETED)
        for task in {*pending, *tasks} - done:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        for task in done:
            task.result()


async def _follow_stdin(station: Station, stop: asyncio.Event) -> None:
    """Obey line by line until stdin ends; each line is answered by one on stdout, ``done …`` or ``refused …``."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        order = line.decode(errors="replace").strip()
        if not order:
            continue
        try:
            answer = obey(station.machine, order)
        except ValueError as error:
            answer = f"refused {error}"
        print(answer, flush=True)  # noqa: T201 (the other end of the channel reads it)
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
