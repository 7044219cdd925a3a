"""The historian at work: looks at the machines once a second, writes every few seconds, packs what is over."""

import asyncio
import contextlib
import math
from collections.abc import Iterable, Mapping

import structlog

from controller.history.keeping import Keeping
from controller.history.running import Running
from controller.history.sample import HOUR_S, Sample, recorded, sampled
from controller.history.shelf import Shelf
from controller.passing import AGAIN_S, CUT_OFF, in_turns, passing
from controller.tables import now
from drivers import Machine, Profile, Quality, Snapshot

log = structlog.get_logger(__name__)

WRITE_S = 5.0
"""How often is written: a kill loses at most so much."""

EARLY_S = 0.05
"""A sleep may end so much before its second."""

MOST_UNWRITTEN = 200_000
"""Half an hour of a busy line."""

UNSEEN_S = 3
"""Three looks."""

DAY_H = 24


class Recorder:
    """Keeps what machines show.

    After a start, all tags are unknown from the second after the last that the controller before has written down.

    Parameters
    ----------
    shelf
        Where it is kept.
    profiles
        The device profiles by machine: which tags there are, and what of them is no change.
    keeping
        For how long.
    most_unwritten
        So many samples are held while the database cannot be written; beyond, nothing is taken in.
    unseen_s
        A machine that was not looked at for longer than this, s, is unknown for that time: this process was frozen,
        starved, or could hold no more.

    Attributes
    ----------
    running
        The samples that are not packed yet.
    unwritten
        Those of them that a kill would lose, with the numbers of their tags.
    numbers
        The number of each tag by machine and name.
    until
        The second that was looked at last; None before the first.
    """

    def __init__(
        self,
        shelf: Shelf,
        profiles: Mapping[str, Profile],
        keeping: Keeping,
        most_unwritten: int = MOST_UNWRITTEN,
        unseen_s: int = UNSEEN_S,
    ) -> None:
        self.shelf, self.keeping, self.running = shelf, keeping, Running()
        self._most_unwritten, self._unseen_s = most_unwritten, unseen_s
        self._deadbands = {name: recorded(profile) for name, profile in profiles.items()}
        every = [(machine, tag) for machine, tags in self._deadbands.items() for tag in tags]
        self.numbers = shelf.numbers(every)
        self._kept: dict[str, dict[str, Sample]] = {name: {} for name in profiles}
        self._looked: dict[str, int] = {}
        self.unwritten: list[tuple[int, Sample]] = []
        self.until: int | None = None
        self._dropping = False

    async def run(self, machines: Iterable[Machine]) -> None:
        """Record until cancelled; what is kept by then is written down."""
        await self._resumed()
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._look(tuple(machines)))
                tasks.create_task(in_turns(self._turn, "historian"))
        finally:
            with contextlib.suppress(*CUT_OFF):
                await asyncio.to_thread(self._write)

    def take(self, snapshot: Snapshot, second: int) -> None:
        """Take in what a machine shows at a second."""
        if len(self.unwritten) >= self._most_unwritten:
            if not self._dropping:
                log.error("nothing is recorded until the database can be written again", unwritten=len(self.unwritten))
            self._dropping = True
            return
        self._dropping = False
        machine = snapshot.machine
        kept, before = self._kept[machine], self._looked.get(machine, second)
        if second - before > self._unseen_s:
            self._unknown_from(machine, before + 1)
        for name, sample in sampled(kept, snapshot, self._deadbands[machine], second).items():
            kept[name] = sample
            self._keep(self.numbers[machine, name], sample)
        self.until = self._looked[machine] = second

    async def write(self, second: int) -> None:
        """Write down what was kept, pack the hours that are over at a second, and forget what is too old."""
        await asyncio.to_thread(self._write)
        over = self.running.over(second // HOUR_S)
        for hour in over:
            packed = self.running.hour(hour)
            await asyncio.to_thread(self.shelf.put, hour, packed)
            self.running.drop(hour, packed)
        if over:
            before = {step_s: second // HOUR_S - DAY_H * days for step_s, days in self.keeping.days.items()}
            await asyncio.to_thread(self.shelf.forget, self.numbers.values(), before)

    async def _look(self, machines: tuple[Machine, ...]) -> None:
        last = 0
        while True:
            await asyncio.sleep(1 - now().timestamp() % 1)
            second = math.floor(now().timestamp() + EARLY_S)
            if second == last:
                continue
            last = second
            for machine in machines:
                self.take(machine.snapshot(), second)
                await asyncio.sleep(0)  # all machines at once would keep the loop from others for longer

    async def _turn(self) -> None:
        await asyncio.sleep(WRITE_S)
        await self.write(math.floor(now().timestamp()))

    def _write(self) -> None:
        if self.until is None:
            return
        count = len(self.unwritten)  # what is added meanwhile stays for the next time
        self.shelf.note(self.until, self.unwritten[:count])
        del self.unwritten[:count]

    def _keep(self, number: int, sample: Sample) -> None:
        self.running.add(number, sample)
        self.unwritten.append((number, sample))

    async def _resumed(self) -> None:
        """Resume in a thread, as an hour of a busy line takes a second: the machines are commanded meanwhile."""
        while True:
            try:
                return await asyncio.to_thread(self.resume)
            except CUT_OFF as error:
                log.error("tried again", task="historian", why=passing(error))
                await asyncio.sleep(AGAIN_S)

    def resume(self) -> None:
        """Go on from what the controller before has noted; before anything is taken in."""
        noted = self.shelf.noted()
        names = {number: name for name, number in self.numbers.items()}
        for number, sample in noted.samples:
            self.running.add(number, sample)
            machine, tag = names[number]
            if tag in self._deadbands.get(machine, {}):
                self._kept[machine][tag] = sample
        if noted.until is not None:
            self.until = noted.until
            for machine in self._kept:
                self._unknown_from(machine, noted.until + 1)

    def _unknown_from(self, machine: str, second: int) -> None:
        """Note that from a second on nobody has looked."""
        kept = self._kept[machine]
        for tag, sample in kept.items():
            if sample.quality is not Quality.BAD:
                kept[tag] = Sample(second, None, Quality.BAD)
                self._keep(self.numbers[machine, tag], kept[tag])
