"""The soak: four machines behind faulty links, driven as a controller drives them, under a schedule of faults.

Run: ``python -m tests.soak.run --seed 1 --count 1000``; prints JSON, and every violation as it is found.
"""

import argparse
import asyncio
import gc
import json
import logging
import random
import resource
import sys
import tempfile
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from drivers import CommandRefused, Link, LinkLost, Machine, Quality, Snapshot, State, Verb, WriteRefused, load_profile
from simulators.faultylink import FaultyLink
from simulators.linktable import Scheduled, draw_schedule, format_schedule, parse_schedule
from simulators.wire import WIRES
from tests.soak.judge import FRESH_S, Call, Execution, Pictures, Truth, unexplained
from tests.soak.plant import PROFILES, PlcProcess

BACK_S = 60.0
"""A machine that is not back after so long counts as lost for ever."""
LOOK_S = 0.05
WARM_UP = 0.25  # of the faults; what is made once is made by then
GROWTH_PER_FAULT = 30
"""Objects that may be left over per fault: a connection is thousands of them. Default from practice."""
OURS = ("drivers/", "asyncua/client/", "pymodbus/")
NEXT = {State.STOPPED: Verb.RESET, State.IDLE: Verb.STOP, State.ABORTED: Verb.CLEAR}
NEXT_OF_PRESS = {**NEXT, State.STOPPED: Verb.ABORT}  # it resets for a real raster only


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that must never be: under which seed, number and fault, on which machine, and what."""

    seed: int
    number: int
    fault: str
    machine: str
    what: str

    def __str__(self) -> str:
        return f"seed {self.seed}, fault {self.number} ({self.fault}), {self.machine}: {self.what}"


@dataclass
class Outcome:
    """What came of a soak; times in seconds."""

    seed: int
    faults: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    loss_s: list[float] = field(default_factory=list)
    back_s: list[float] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    values_judged: int = 0
    values_unprovable: int = 0
    objects: list[int] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)

    def growth_per_fault(self) -> float:
        """Objects left over per fault, between the medians of the early and the late third of the time."""
        settled = self.objects[int(WARM_UP * len(self.objects)) :]
        third = max(len(settled) // 3, 1)
        early, late = sorted(settled[:third])[third // 2], sorted(settled[-third:])[third // 2]
        return (late - early) / max(len(settled) - third, 1)

    def figures(self) -> dict[str, Any]:
        """Give the figures a bench prints."""
        return {
            "seed": self.seed,
            "soak_faults": self.faults.total(),
            "soak_violations": len(self.violations),
            "soak_kinds": dict(self.faults.most_common()),
            "link_loss_s": round(max(self.loss_s, default=0.0), 2),
            "link_back_s": round(max(self.back_s, default=0.0), 2),
            "link_loss_s_p50_p90_p99": percentiles(self.loss_s),
            "link_back_s_p50_p90_p99": percentiles(self.back_s),
            "losses_measured": len(self.loss_s),
            "commands": dict(self.calls),
            "values_judged": self.values_judged,
            "values_unprovable": self.values_unprovable,
            "objects_left_per_fault": round(self.growth_per_fault(), 1),
            "rss_mb_first_last": [round(self.rss_mb[0], 1), round(self.rss_mb[-1], 1)] if self.rss_mb else [],
        }


def percentiles(values: Sequence[float]) -> list[float]:
    """50th, 90th and 99th percentile."""
    ordered = sorted(values) or [0.0]
    return [round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 3) for share in (0.5, 0.9, 0.99)]


class Station:
    """One machine with its process, its link, its driver and its judge."""

    def __init__(self, name: str, profile: str, folder: Path, outcome: Outcome) -> None:
        self.name, self._outcome = name, outcome
        self.profile = load_profile(profile)
        self.process = PlcProcess(name, profile, folder / name)
        self._random = random.Random(f"{outcome.seed} {name}")
        self._faults: list[tuple[float, str]] = [(0.0, "none yet")]
        # Nothing in Modbus TCP tells a value with a bit turned over from a sound one: what is shown until then (seconds
        # since 1970) is counted, not judged. All else holds then as ever. OPC UA, signed, is judged always.
        self._unprovable_until = 0.0
        self._bad_at: float | None = None
        self._calls: list[Call] = []
        self._executions: list[Execution] = []

    async def start(self, stack: AsyncExitStack) -> None:
        await self.process.start()
        stack.push_async_callback(self.process.stop)
        link = FaultyLink(WIRES[self.profile.protocol], "127.0.0.1", self.process.port, seed=self._outcome.seed)
        self._link = await stack.enter_async_context(link)
        self._truth = Truth(self.profile, self.process.published)
        stack.callback(self._truth.close)
        self._pictures = Pictures(self.profile, self._truth)
        self.machine = Machine(self.name, self.profile, link.endpoint, self.process.access)

    async def suffer(self, schedule: Sequence[Scheduled]) -> None:
        """Live through the faults of a schedule, and be sound at the end."""
        await self._until_sound(0.0)
        for item in schedule:
            await asyncio.sleep(item.after_s)
            fault = item.fault
            self._faults.append((time.time(), str(fault)))
            if fault.values.get("part") == "payload" and self.profile.protocol == "modbus-tcp":
                self._unprovable_until = float("inf")
            self._bad_at, began = None, time.monotonic()
            await (self.process if fault.kind.on_machine else self._link).suffer(fault)
            ended = time.monotonic()
            await self._until_sound(ended)
            if self._unprovable_until > time.time():
                self._unprovable_until = time.time() + FRESH_S  # the last spoilt poll is still shown
            if fault.kind.cuts and self._bad_at is not None:
                self._outcome.loss_s.append(self._bad_at - began)
            self._outcome.faults[fault.name] += 1
            self._weigh()

    async def watch(self) -> None:
        """Look at the machine as the controller and the app do, and keep what was seen."""
        snapshot = self.machine.snapshot()
        while True:
            snapshot = await self.machine.changed(snapshot, LOOK_S)
            if self._bad_at is None and _lost(snapshot):
                self._bad_at = time.monotonic()
            if snapshot.at.timestamp() > self._unprovable_until:
                self._pictures.show(snapshot)
            else:
                self._outcome.values_unprovable += sum(snapshot.good(name) for name in snapshot.tags)

    async def work(self) -> None:
        """Write setpoints and give commands by what the machine shows, as a controller does."""
        following = NEXT_OF_PRESS if self.name == "press" else NEXT
        while True:
            snapshot = self.machine.snapshot()
            verb = following.get(snapshot.state) if snapshot.state and snapshot.good("state") else None
            if verb is None:
                await self.machine.changed(snapshot, LOOK_S)
                continue
            with suppress(LinkLost, WriteRefused):
                await self._write()
                await self._command(verb)
                await self.machine.changed(self.machine.snapshot(), LOOK_S)
            await asyncio.sleep(LOOK_S)

    async def _write(self) -> None:
        values = {"ticket": self._random.randrange(1, 2**32), "length_m": float(self._random.randrange(1, 500))}
        began = time.time()
        self._pictures.wrote(began, began + BACK_S, values)
        await self.machine.write(values)

    async def _command(self, verb: Verb) -> None:
        began, outcome = time.time(), "lost"
        try:
            await self.machine.command(verb)
            outcome = "accepted"
        except CommandRefused:
            outcome = "refused"
        finally:
            if began < self._unprovable_until:
                outcome = "lost"  # an answer with a bit turned over proves nothing
            self._calls.append(Call(verb, began, time.time(), outcome))
            self._outcome.calls[outcome] += 1

    async def judge(self) -> None:
        """Compare what was shown with the truth, until nothing is left to be judged."""
        while True:
            await asyncio.sleep(1.0)
            self.compare(time.time())

    def compare(self, now: float) -> None:
        """Judge what was shown up to two seconds before ``now``."""
        before = self._pictures.judged
        self._executions += [item for item in self._truth.read() if item.accepted]
        for at, name, value, right in self._pictures.judge(now):
            near = ", ".join(map(repr, list(right)[-4:]))
            self._complain(at, f"{name} = {value!r} was shown as good; it was {near}")
        self._outcome.values_judged += self._pictures.judged - before

    def finish(self) -> None:
        """Judge the rest, and all commands."""
        self.compare(float("inf"))
        for at, what in unexplained(self._calls, self._executions):
            self._complain(at, what)

    async def _until_sound(self, ended: float) -> None:
        snapshot = self.machine.snapshot()
        deadline = time.monotonic() + BACK_S
        while not all(snapshot.good(name) for name in snapshot.tags):
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"seed {self._outcome.seed}: {self.name} is not back {BACK_S:g} s after fault {self._faults[-1][1]}"
                )
            snapshot = await self.machine.changed(snapshot, LOOK_S)
        if ended and self._bad_at is not None:
            self._outcome.back_s.append(time.monotonic() - ended)

    def _weigh(self) -> None:
        gc.collect()
        self._outcome.objects.append(len(gc.get_objects()))
        self._outcome.rss_mb.append(_rss_mb())

    def _complain(self, at: float, what: str) -> None:
        number = bisect_right(self._faults, (at, "")) - 1
        fault = self._faults[number][1]
        violation = Violation(self._outcome.seed, number, fault, self.name, f"at {at:.3f} {what}")
        self._outcome.violations.append(violation)
        sys.stderr.write(f"{violation}\n")


def _lost(snapshot: Snapshot) -> bool:
    return snapshot.link is Link.LOST or all(tag.quality is Quality.BAD for tag in snapshot.tags.values())


def _rss_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def soak(
    schedule: Sequence[Scheduled], seed: int, folder: Path, profiles: Mapping[str, str] = PROFILES
) -> Outcome:
    """Drive four machines through a schedule and judge all they showed and did."""
    outcome = Outcome(seed)
    before, files = asyncio.all_tasks(), _open_files()
    async with AsyncExitStack() as stack:
        stations = [Station(name, profile, folder, outcome) for name, profile in profiles.items()]
        await asyncio.gather(*(station.start(stack) for station in stations))
        running = [asyncio.create_task(station.machine.run()) for station in stations]
        others = [
            asyncio.create_task(doing())
            for station in stations
            for doing in (station.watch, station.work, station.judge)
        ]
        suffering = [
            asyncio.create_task(station.suffer([item for item in schedule if item.machine == station.name]))
            for station in stations
        ]
        try:
            # Whoever ends before the schedule does, ends by an error.
            waiting = set(suffering)
            while waiting:
                done, _ = await asyncio.wait({*waiting, *running, *others}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
                waiting -= done
            await asyncio.sleep(1.0)  # so that what was shown last has been written down
        finally:
            for task in (*others, *suffering, *running):
                task.cancel()
            await asyncio.gather(*others, *suffering, *running, return_exceptions=True)
        for station in stations:
            station.finish()
        left = [task for task in asyncio.all_tasks() - before if _home(task).startswith(OURS)]
        outcome.violations += [Violation(seed, 0, "the end", "driver", f"{task!r} was left over") for task in left]
    gc.collect()
    if (more := _open_files() - files) > 0:
        outcome.violations.append(Violation(seed, 0, "the end", "driver", f"{more} files or sockets were left open"))
    return outcome


def _home(task: asyncio.Task[Any]) -> str:
    """File of the coroutine that a task runs, from its package on."""
    parts = Path(task.get_coro().cr_code.co_filename).parts
    return "/".join(parts[-3:]) if "site-packages" in parts else "/".join(parts[-2:])


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def drawn(seed: int, count: int, profiles: Mapping[str, str] = PROFILES) -> tuple[Scheduled, ...]:
    """The schedule of a soak."""
    return draw_schedule(seed, {name: load_profile(profile).protocol for name, profile in profiles.items()}, count)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.run", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--replay", type=Path, help="a recorded schedule instead of one drawn from the seed")
    parser.add_argument("--record", type=Path, help="write the schedule, to be replayed")
    parser.add_argument(
        "--profile", action="append", default=[], metavar="MACHINE=NAME", help="another profile, and its protocol"
    )
    arguments = parser.parse_args()
    profiles = PROFILES | dict(given.split("=", 1) for given in arguments.profile)
    quiet()
    text = arguments.replay.read_text() if arguments.replay else None
    schedule = drawn(arguments.seed, arguments.count, profiles) if text is None else parse_schedule(text)
    if arguments.record:
        arguments.record.write_text(format_schedule(schedule))
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(soak(schedule, arguments.seed, Path(folder), profiles))
    sys.stdout.write(json.dumps(outcome.figures(), indent=1) + "\n")
    return 1 if outcome.violations else 0


def quiet() -> None:
    """Say nothing of links that come and go."""
    for name in ("asyncua", "asyncio", "pymodbus"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


if __name__ == "__main__":
    sys.exit(main())
