"""One simulated machine as a process: ``python -m simulators press --endpoint opc.tcp://127.0.0.1:4840 …``."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from drivers.profile import ProfileError
from simulators.clock import Clock, parse_speed
from simulators.endpoint import EndpointError
from simulators.faults import parse_faults
from simulators.station import Station

__all__ = ["main"]

MACHINES = ("padder", "press", "steamer", "washer")


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulators", description="One simulated machine of the line.")
    parser.add_argument("machine", choices=MACHINES)
    parser.add_argument("--endpoint", required=True, metavar="URL", help="modbus://host:port or opc.tcp://host:port")
    parser.add_argument("--camera", metavar="URL", help="the press's camera: tcp://host:port")
    parser.add_argument("--speed", default="1", metavar="N|max", help="plant seconds per wall second")
    parser.add_argument("--state-dir", required=True, type=Path, metavar="DIR", help="folder of the retentive memory")
    parser.add_argument("--faults", default="", metavar="SPEC", help="faults of the print, press only")
    parser.add_argument("--published", type=Path, metavar="FILE", help="write down every value shown, as JSON lines")
    parser.add_argument(
        "--follow-stdin",
        action="store_true",
        help="end when stdin closes; the lines 'local' and 'remote' turn the machine's key",
    )
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one machine until SIGTERM, SIGINT or the end of stdin; returns the exit code (2: could not start)."""
    arguments = _arguments(argv)
    try:
        speed = parse_speed(arguments.speed)
        parse_faults(arguments.faults)
        if arguments.machine != "press" and (arguments.faults or arguments.camera):
            raise ValueError(f"--faults and --camera are the press's, not the {arguments.machine}'s")
        if arguments.machine == "press" and not arguments.camera:
            raise ValueError("the press needs --camera tcp://host:port")
        asyncio.run(_serve(arguments, Clock(speed)))
    except (EndpointError, ProfileError, OSError, ValueError) as error:
        print(f"simulators {arguments.machine}: {error}", file=sys.stderr)  # noqa: T201 (a command line)
        return 2
    return 0


async def _serve(arguments: argparse.Namespace, clock: Clock) -> None:
    # imported late: the press needs numpy and OpenCV, the others start without
    from simulators.assembly import build

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with build(
        arguments.machine,
        arguments.endpoint,
        arguments.camera,
        clock,
        arguments.state_dir,
        arguments.faults,
        arguments.published,
    ) as machine:
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
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode(errors="replace").strip() or None:
        if line in ("local", "remote"):
            station.remote = line == "remote"
    stop.set()


if __name__ == "__main__":
    sys.exit(main())
