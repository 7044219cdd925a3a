"""Drivers against the bare libraries and against time: reads, snapshots, commands, links, and a soak.

Run: ``python tests/bench/bench_machines.py [--long]``; prints JSON. The servers run in processes of their own.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from asyncua import Client
from pymodbus.client import AsyncModbusTcpClient

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]
import devices  # noqa: E402

from drivers import OPEN, Machine, Verb, access_in, load_profile  # noqa: E402
from drivers.protocols import connector  # noqa: E402
from simulators import Plant  # noqa: E402
from simulators.security import USER  # noqa: E402
from tests.soak.run import drawn, quiet, soak  # noqa: E402

ROUNDS, ROUND_S = 5, 0.4
VALUES, REGISTERS = 100, 125
MACHINES, TAGS = 4, 75


@asynccontextmanager
async def serving(*arguments: str) -> AsyncIterator[list[str]]:
    """Run devices as a process; gives their endpoints."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(ROOT / "tests/bench/devices.py"), *arguments,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield (await process.stdout.readline()).decode().split()[1:]
    finally:
        process.stdin.close()
        await process.wait()


async def rate(work: Callable[[], Awaitable[object]]) -> float:
    """How often a second."""
    count, began = 0, time.perf_counter()
    while (now := time.perf_counter()) < began + ROUND_S:
        await work()
        count += 1
    return count / (now - began)


async def compared(bare: Callable[[], Awaitable[object]], ours: Callable[[], Awaitable[object]]) -> tuple[float, float]:
    """Best rates of some rounds in turn, so that other load meets both."""
    rates = [(await rate(bare), await rate(ours)) for _ in range(ROUNDS)]
    return max(one for one, _ in rates), max(two for _, two in rates)


async def reads(folder: Path) -> dict[str, Any]:
    """Batched reads through the driver's connection against the library alone, on the same servers."""
    opcua = devices.write_profile(folder / "rate-opcua.yaml", "opcua", VALUES + len(devices.FIXED))
    modbus = devices.write_profile(folder / "rate-modbus.yaml", "modbus-tcp", REGISTERS // 2 + len(devices.FIXED))
    async with serving("--still", str(opcua), str(modbus)) as (opcua_url, modbus_url):
        profile = load_profile(opcua)
        names = [name for name in profile.tags if name.startswith("v")]
        assert len(names) == VALUES
        async with Client(opcua_url) as client:
            index = await client.get_namespace_index("urn:bench")
            nodes = [client.get_node(f"ns={index};s=Bench.{name}") for name in names]
            connection = await connector("bench", profile, opcua_url, OPEN)(profile, opcua_url)
            bare_ua, ours_ua = await compared(lambda: client.read_values(nodes), lambda: connection.read(names))
            await connection.close(lost=False)

        profile = load_profile(modbus)
        names = ["count", *(name for name in profile.tags if name.startswith("v"))]
        assert sum(profile.tags[name].registers.count for name in names) == REGISTERS
        first = profile.tags["count"].registers.start
        client = AsyncModbusTcpClient("127.0.0.1", port=int(modbus_url.rsplit(":", 1)[1]))
        await client.connect()
        connection = await connector("bench", profile, modbus_url, OPEN)(profile, modbus_url)
        bare_mb, ours_mb = await compared(
            lambda: client.read_input_registers(first, count=REGISTERS, device_id=1), lambda: connection.read(names)
        )
        await connection.close(lost=False)
        client.close()
    return {
        "opcua_read_ratio": round(ours_ua / bare_ua, 2),
        "opcua_values_s": round(ours_ua * VALUES),
        "opcua_bare_values_s": round(bare_ua * VALUES),
        "modbus_read_ratio": round(ours_mb / bare_mb, 2),
        "modbus_reads_of_125_s": round(ours_mb),
        "modbus_bare_reads_of_125_s": round(bare_mb),
    }


async def encrypted(folder: Path) -> dict[str, Any]:
    """All tags of a simulated washer in one read, encrypted against open; and what opening the link costs."""
    profile, opening = load_profile("open-width-washer"), []
    async with Plant(folder / "plant", only=["washer"], insecure=True, client=folder / "line") as plant:
        url, access = plant.endpoints["washer"], access_in(folder / "line", "washer", USER)
        links = {}
        for how in (OPEN, access):
            connect = connector("bench", profile, url, how)
            took = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                links[how] = await connect(profile, url)
                took.append((time.perf_counter() - began) * 1000)
                await links[how].close(lost=False)
            opening.append(min(took))
            links[how] = await connect(profile, url)
        rates = await compared(lambda: links[OPEN].read(profile.tags), lambda: links[access].read(profile.tags))
        for link in links.values():
            await link.close(lost=False)
    return {
        "opcua_encrypted_read_ratio": round(rates[1] / rates[0], 2),
        "opcua_open_ms": round(opening[0], 1),
        "opcua_encrypted_open_ms": round(opening[1], 1),
    }


async def latencies(folder: Path, seconds: float) -> dict[str, Any]:
    """Machine change → snapshot, and command → verified, on four machines that change all their tags at 10 Hz."""
    paths = [devices.write_profile(folder / f"{protocol}.yaml", protocol, TAGS) for protocol in ("opcua", "modbus-tcp")]
    paths = [path for path in paths for _ in range(MACHINES // len(paths))]
    async with serving(*map(str, paths)) as endpoints:
        machines = [
            Machine(f"machine {number}", load_profile(path), url, OPEN)
            for number, (path, url) in enumerate(zip(paths, endpoints, strict=True))
        ]
        running = [asyncio.create_task(machine.run()) for machine in machines]
        seen: list[float] = []
        await asyncio.gather(*(until_sound(machine) for machine in machines))
        await asyncio.gather(*(see(machine, seconds, seen) for machine in machines))
        taken: list[float] = []
        await asyncio.gather(*(command(machine, seconds, taken) for machine in machines))
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    return {
        "snapshot_p50_ms": share(seen, 0.5),
        "snapshot_p99_ms": share(seen, 0.99),
        "snapshots_measured": len(seen),
        "command_p50_ms": share(taken, 0.5),
        "command_p99_ms": share(taken, 0.99),
        "commands_measured": len(taken),
    }


async def until_sound(machine: Machine) -> None:
    snapshot = machine.snapshot()
    while not all(snapshot.good(name) for name in snapshot.tags):
        snapshot = await machine.changed(snapshot, 1.0)


async def see(machine: Machine, seconds: float, seen: list[float]) -> None:
    """Note how old each change is when a consumer of snapshots gets it, in ms."""
    snapshot, until = machine.snapshot(), time.monotonic() + seconds
    before = snapshot.value("stamp_ms")
    while time.monotonic() < until:
        snapshot = await machine.changed(snapshot, 1.0)
        stamp = snapshot.value("stamp_ms")
        if snapshot.good("stamp_ms") and stamp != before:
            before = stamp
            seen.append((time.monotonic() * 1000 - float(stamp or 0)) % 2**32)


async def command(machine: Machine, seconds: float, taken: list[float]) -> None:
    """Note how long each command takes until the machine's answer is seen, in ms."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        began = time.monotonic()
        await machine.command(Verb.START)
        taken.append((time.monotonic() - began) * 1000)
        await asyncio.sleep(0.013)  # not in step with the poll


def share(values: Sequence[float], part: float) -> float:
    """Value that so large a part of the values stays below."""
    return round(sorted(values)[min(int(part * len(values)), len(values) - 1)], 1)


async def measure(long: bool, seed: int) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = await reads(folder) | await encrypted(folder)
        figures |= await latencies(folder, 30.0 if long else 5.0)
        outcome = await soak(drawn(seed, 1000 if long else 16), seed, folder)
        return figures | outcome.figures()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true", help="1,000 faults and longer measurements: about half an hour")
    parser.add_argument("--seed", type=int, default=1, help="of the faults")
    arguments = parser.parse_args()
    quiet()
    figures = asyncio.run(measure(arguments.long, arguments.seed))
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    return 1 if figures["soak_violations"] else 0


if __name__ == "__main__":
    sys.exit(main())
