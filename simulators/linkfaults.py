"""Faults of a link on demand, by command line.

Run: ``python -m simulators.linkfaults --listen modbus://127.0.0.1:1502 --to modbus://127.0.0.1:502 --fault half_open``
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from simulators.endpoint import split
from simulators.faultylink import FaultyLink
from simulators.linktable import KINDS, Scheduled, draw_schedule, format_schedule, parse_fault, parse_schedule
from simulators.wire import WIRES

__all__ = ["main"]


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    table = "\n".join(
        f"  {name:18}{kind.does} ({', '.join(kind.parameters)})" for name, kind in KINDS.items() if not kind.on_machine
    )
    parser = argparse.ArgumentParser(
        prog="python -m simulators.linkfaults",
        description="A link with faults between clients and one machine, over Modbus TCP or OPC UA.",
        epilog=f"faults, as NAME:PARAMETER=VALUE,…\n{table}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--listen", required=True, metavar="URL", help="modbus://host:port or opc.tcp://host:port")
    parser.add_argument("--to", required=True, metavar="URL", help="where the machine listens")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--fault", action="append", default=[], metavar="FAULT", help="one fault after the other")
    which.add_argument("--replay", type=Path, metavar="FILE", help="the faults of a recorded schedule")
    which.add_argument("--count", type=int, default=0, metavar="N", help="so many faults by chance")
    parser.add_argument("--pause-s", type=float, default=1.0, metavar="S", help="sound time before each --fault")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="what chance begins with")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write the schedule, to be replayed")
    return parser.parse_args(argv)


def _schedule(arguments: argparse.Namespace, protocol: str) -> tuple[Scheduled, ...]:
    if arguments.replay:
        return parse_schedule(arguments.replay.read_text(encoding="utf-8"))
    if arguments.count:
        kinds = [name for name, kind in KINDS.items() if not kind.on_machine]
        return draw_schedule(arguments.seed, {"link": protocol}, arguments.count, kinds)
    return tuple(Scheduled(arguments.pause_s, "link", parse_fault(text)) for text in arguments.fault)


async def _run(link: FaultyLink, schedule: Sequence[Scheduled]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with link:
        _say(f"ready {link.endpoint}")
        stopped = asyncio.create_task(stop.wait())
        suffering = asyncio.create_task(_suffer(link, schedule))
        await asyncio.wait((stopped, suffering), return_when=asyncio.FIRST_COMPLETED)
        if suffering.done():
            suffering.result()
            await stopped
        suffering.cancel()
        await asyncio.wait((suffering,))


async def _suffer(link: FaultyLink, schedule: Sequence[Scheduled]) -> None:
    for item in schedule:
        await asyncio.sleep(item.after_s)
        _say(f"fault {item.fault}")
        await link.suffer(item.fault)
    _say("sound")


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 (a command line)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a link until SIGTERM or SIGINT; returns the exit code (2: could not start)."""
    arguments = _arguments(argv)
    try:
        wire = next((wire for wire in WIRES.values() if arguments.to.startswith(wire.scheme)), WIRES["modbus-tcp"])
        link = FaultyLink(wire, *split(arguments.to, wire.scheme), split(arguments.listen, wire.scheme), arguments.seed)
        schedule = _schedule(arguments, wire.protocol)
        if impossible := [item.fault for item in schedule if not link.possible(item.fault)]:
            raise ValueError(f"fault {impossible[0].name} is not one of a link that speaks {wire.protocol}")
        if arguments.record:
            arguments.record.write_text(format_schedule(schedule), encoding="utf-8")
    except (OSError, ValueError) as error:
        print(f"simulators.linkfaults: {error}", file=sys.stderr)  # noqa: T201 (a command line)
        return 2
    asyncio.run(_run(link, schedule))
    return 0


if __name__ == "__main__":
    sys.exit(main())
