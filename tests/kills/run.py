"""The controller is really killed, again and again, at random moments of jobs; afterwards every row must be there once.

A print that stopped, as its press was killed too, is taken up further back now and then, as its operator says: the rows
that are cut out are printed again, and those only.

Run: ``python -m tests.kills.run --seed 1 --count 1000``; prints JSON. Some two hours; the simulated machines run on, as
real ones would. Half of the kills come at a time, half with a line of the journal: these are the moments between
writing down, acting and verifying.
"""

import argparse
import asyncio
import dataclasses
import json
import os
import random
import re
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml
from PIL import Image
from sqlmodel import col, select

import recipes
import rip
from controller import Actor, JobRequest, Store, load_line
from controller.archive import stored
from controller.book import Book
from controller.desk import Desk
from controller.gaps import gaps_of
from controller.tables import Job, Operation, Question, Strip
from controller.verify import verify
from controller.way import Way, way_of
from drivers import load_profile
from hmi.accounts import Accounts
from simulators import Plant
from simulators.camera import SHORTEST_STRIP
from simulators.imaging import CELL

ROOT = Path(__file__).parents[2]
PLANNER = Actor("kills", "planner")
OPERATOR, PASSWORD = "kills", "answers for an hour"
FABRIC = "cotton-sateen"
SPEED = 40.0
"""Plant seconds per second: ten minutes of steam take 15 s, in which some kills find it."""
LENGTH_M = 10.0
ANSWERS_S = 0.3
"""The operator looks so often whether there is a question."""
LIVES_S = 6.0
"""A controller is killed at the latest so long after its start."""
LINES = 30
"""A kill with the journal comes within so many lines."""
COMPANIES = ((), ("press",), ("steamer",), ("padder", "press", "steamer", "washer"))
"""Machines that die with the controller, if machines are to: none, one, or, in a power cut, all."""
CUT_OFF_S = 8.0
"""The database is kept from the controller at most so long before some kills."""
PATIENCE_S = 180.0
"""A job that has not moved for so long will not be completed."""


@dataclass
class Outcome:
    """What came of it; times in seconds."""

    seed: int
    kills: int = 0
    jobs: int = 0
    jobs_incomplete: list[str] = field(default_factory=list)
    rows_lost: int = 0
    rows_twice: int = 0
    strips_wrong: int = 0
    lines: int = 0
    faults: list[str] = field(default_factory=list)
    moments: Counter[str] = field(default_factory=Counter)
    machines: Counter[str] = field(default_factory=Counter)
    cut_off: int = 0
    questions: Counter[str] = field(default_factory=Counter)
    taken_up: int = 0
    reattach_s: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def sound(self) -> bool:
        """Whether nothing is lost, double or broken."""
        wrong = self.rows_lost or self.rows_twice or self.strips_wrong or self.jobs_incomplete
        return not wrong and not self.faults

    def figures(self) -> dict[str, Any]:
        """Give the figures a bench prints."""
        times = sorted(self.reattach_s) or [0.0]
        return {
            "seed": self.seed,
            "kills": self.kills,
            "jobs": self.jobs,
            "jobs_incomplete": len(self.jobs_incomplete),
            "why_incomplete": self.jobs_incomplete,
            "rows_lost": self.rows_lost,
            "rows_twice": self.rows_twice,
            "strips_wrong": self.strips_wrong,
            "journal_lines": self.lines,
            "journal_faults": self.faults,
            "killed_during": dict(self.moments.most_common()),
            "machines_killed_too": dict(self.machines.most_common()),
            "database_cut_off_before": self.cut_off,
            "questions": dict(self.questions.most_common()),
            "taken_up_further_back": self.taken_up,
            "reattach_s": round(times[len(times) // 2], 2),
            "reattach_s_max": round(times[-1], 2),
            "reattached": len(self.reattach_s),
            "seconds": round(self.seconds, 1),
        }


def narrow(fabric: str) -> recipes.ControlRecipe:
    """A control recipe for a press of 100 mm and 300 dpi, so that the RIP and the camera have little to do."""
    wide = recipes.recipe(fabric)
    return recipes.freeze(wide.model_copy(update={
        "fabric": wide.fabric.model_copy(update={"print_width_mm": 100.0}),
        "print_mode": wide.print_mode.model_copy(update={"dpi": 300}),
    }))  # fmt: skip


class Line:
    """Data folder, description of the line, and the controller as a process."""

    def __init__(self, folder: Path, plant: Plant, role: str = "operator", length_m: float = LENGTH_M) -> None:
        self.folder, self._file, self._length_m = folder, folder / "line.yaml", length_m
        line = load_line().at(plant.endpoints)
        self._file.write_text(yaml.safe_dump(line.model_dump(mode="json", exclude_none=True)))
        self._line = load_line(self._file)
        with closing(Store.in_folder(folder)) as store:
            Accounts(store).set_password(OPERATOR, PASSWORD, role=role)
        self._design = folder / "design.png"
        picture = Image.radial_gradient("L").resize((240, 240))
        Image.merge("RGB", [picture, picture.rotate(90), picture.rotate(180)]).save(self._design, dpi=(150, 150))

    def submit(self, number: int) -> None:
        """Put a job into the queue, on a press of 100 mm, while no controller runs."""
        with closing(Store.in_folder(self.folder)) as store:
            protocols = {spec.name: load_profile(spec.profile).protocol for spec in self._line.machines}
            desk = Desk(Book(store, self._line, self.folder), protocols)
            request = JobRequest((self._design,), FABRIC, rip.Layout(), self._length_m, f"job {number}")
            accepted = dataclasses.replace(desk.freeze(request), control=narrow(FABRIC))
            desk.submit(PLANNER, request, accepted)

    async def start(self) -> asyncio.subprocess.Process:
        """Start the controller; its workers have to end by themselves."""
        environment = os.environ | {"FOULARD_DATA": str(self.folder), "FOULARD_PORT": "0"}
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hmi.cli", "serve", "--line", str(self._file), cwd=ROOT, env=environment,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip

    def look(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Read from the database beside the controller."""
        with closing(sqlite3.connect(f"file:{self.folder / 'foulard.db'}?mode=ro", uri=True, timeout=20)) as database:
            return database.execute(question, values).fetchall()

    async def cut_off(self, seconds: float) -> None:
        """Keep the database for oneself: nothing can be written down meanwhile."""
        with closing(sqlite3.connect(self.folder / "foulard.db", isolation_level=None, timeout=20)) as database:
            database.execute("BEGIN IMMEDIATE")
            await asyncio.sleep(seconds)

    def lines(self) -> int:
        """Lines of the journal so far."""
        return self.look("select coalesce(max(seq), 0) from event")[0][0]

    def unfinished(self) -> int:
        """Jobs that are not over."""
        return self.look("select count(*) from job where status not in ('complete', 'cancelled', 'failed')")[0][0]

    def stage(self) -> str:
        """What was going on: the stage that runs, or the RIP, or the camera."""
        running = self.look("select stage, state from operation where status = 'running' order by id limit 1")
        status = self.look("select status from job where status not in ('complete') order by id limit 1")
        if running:
            return f"{running[0][0]} {running[0][1]}".strip()
        return status[0][0] if status else "no job"


async def operate(process: asyncio.subprocess.Process, attached: asyncio.Event, draw: random.Random) -> None:
    """Be the operator: see the machines come back, and answer every question, with yes or a row; until cancelled."""
    assert process.stdout is not None
    url = re.search(rb"http://\S+", await process.stdout.readline())
    if url is None:
        return
    async with httpx.AsyncClient(base_url=url.group().decode(), timeout=10) as client:
        while True:
            with suppress(httpx.HTTPError):
                told = await client.get("/api/v1/line")
                if told.status_code == httpx.codes.UNAUTHORIZED:
                    who = {"name": OPERATOR, "password": PASSWORD}
                    (await client.post("/api/v1/session", json=who, headers=key())).raise_for_status()
                    continue
                state = told.raise_for_status().json()
                if all(machine["link"] == "connected" for machine in state["machines"]):
                    attached.set()
                for question in state["questions"]:
                    path, answer = f"/api/v1/questions/{question['id']}", {"answer": question["answers"][0]}
                    if (
                        question["machine"] == "press"
                        and question["kind"].startswith("resume@")
                        and draw.random() < 0.5
                    ):
                        offer = (await client.get(f"{path}/resume")).raise_for_status().json()
                        row = {"row": draw.randint(0, offer["stop_row"])}
                        await client.post(f"{path}/resume", json=row, headers=key())
                    else:
                        await client.post(f"{path}/answer", json=answer, headers=key())
            await asyncio.sleep(ANSWERS_S if attached.is_set() else 0.05)


def key() -> dict[str, str]:
    """A header of its own for each write."""
    return {"Idempotency-Key": os.urandom(8).hex()}


async def moment(line: Line, draw: random.Random, attached: asyncio.Event) -> None:
    """Wait until the controller is to be killed: a time after its start or its machines', or with a journal line."""
    kind = draw.random()
    if kind < 0.1:
        await asyncio.sleep(draw.uniform(0.05, LIVES_S))
        return
    await attached.wait()
    if kind < 0.5:
        await asyncio.sleep(draw.uniform(0.0, LIVES_S))
        return
    wanted, latest = line.lines() + draw.randint(1, LINES), time.monotonic() + LIVES_S
    while line.lines() < wanted and time.monotonic() < latest:  # noqa: ASYNC110 (another process writes them)
        await asyncio.sleep(0.002)


async def kill_on(
    line: Line, plant: Plant, outcome: Outcome, count: int, *, machines: bool = False
) -> AsyncIterator[Outcome]:
    """Kill so often, then let all jobs end; gives the outcome after each life of the controller.

    The first controller lives until it has made the raster, which all jobs share: else most kills would find the RIP.
    """
    draw = random.Random(outcome.seed)
    progress, moved_at = (0, 0), time.monotonic()
    while outcome.kills < count or line.unfinished():
        if outcome.kills < count and not line.unfinished():
            outcome.jobs += 1
            line.submit(outcome.jobs)
        started = time.monotonic()
        process = await line.start()
        attached = asyncio.Event()
        operator = asyncio.create_task(operate(process, attached, random.Random(draw.random())))
        stopwatch = asyncio.create_task(attached.wait())
        stopwatch.add_done_callback(
            lambda task, started=started: task.cancelled() or outcome.reattach_s.append(time.monotonic() - started)
        )
        try:
            if outcome.kills < count:
                while outcome.jobs == 1 and line.stage() in ("queued", "ripping"):  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
                await moment(line, draw, attached)
                if machines and draw.random() < 0.2:
                    await line.cut_off(draw.uniform(0.5, CUT_OFF_S))
                    outcome.cut_off += 1
                outcome.kills += 1
                outcome.moments[line.stage()] += 1
                for name in draw.choice(COMPANIES) if machines else ():
                    if (pid := plant.pids.get(name)) is not None:  # it may be on its way back already
                        os.kill(pid, signal.SIGKILL)
                        outcome.machines[name] += 1
            else:
                while line.unfinished() and time.monotonic() < started + PATIENCE_S:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
        finally:
            for task in (operator, stopwatch):
                task.cancel()
            await asyncio.gather(operator, stopwatch, return_exceptions=True)
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        now = line.unfinished(), line.look("select coalesce(sum(metres), 0) + count(*) from operation, strip")[0][0]
        if now != progress:
            progress, moved_at = now, time.monotonic()
        yield outcome
        if time.monotonic() > moved_at + PATIENCE_S:
            return


def seen_whole(way: Way, strips: Sequence[Strip], total: int) -> bool:
    """Whether the strips follow each other, and show each row that is delivered where it was printed last."""
    seen: dict[int, int] = {}
    for strip in strips:
        leg, end = way.legs[strip.leg], strip.row_start + strip.rows
        begin = seen.get(strip.leg, leg.start_row // CELL * CELL)
        if strip.row_start != begin and end - begin >= SHORTEST_STRIP:  # a short rest comes with the strip before it
            return False
        seen[strip.leg] = end
    ends = [way.keeps_to(number) for number in range(len(way.legs))]
    return all(
        seen.get(number, leg.start_row) >= (total if end is None else end)
        for number, (leg, end) in enumerate(zip(way.legs, ends, strict=True))
        if end is None or end > leg.start_row
    )


def judge(line: Line, plant_folder: Path, outcome: Outcome) -> None:
    """Compare what the press wrote down of the cloth, what was inspected and the journal with the jobs."""
    printed: dict[int, list[tuple[int, int]]] = {}
    for text in (plant_folder / "press" / "cloth.jsonl").read_text().splitlines():
        laid = json.loads(text)
        if "to_row" in laid:
            printed.setdefault(laid["ticket"], []).append((laid["from_row"], laid["to_row"]))
    with closing(Store.in_folder(line.folder)) as store, store.read() as session:
        for job in session.exec(select(Job).order_by(col(Job.id))).all():
            if job.status != "complete":
                outcome.jobs_incomplete.append(f"job {job.id}: {job.status}, {job.error or 'not over'}")
                continue
            total = job.total_rows or 0
            operation = session.exec(
                select(Operation).where(Operation.job_id == job.id, Operation.stage == "print")
            ).one()
            gaps = gaps_of(session, job.id or 0)
            outcome.taken_up += len(gaps)
            tickets = [*(gap.ticket for gap in gaps), operation.ticket]
            starts, stops = [0, *(gap.resume_row for gap in gaps)], [*(gap.stop_row for gap in gaps), total]
            for ticket, start, stop in zip(tickets, starts, stops, strict=True):
                rows = Counter(row for low, high in printed.get(ticket, []) for row in range(low, high))
                outcome.rows_lost += sum(row not in rows for row in range(start, stop))
                outcome.rows_twice += sum(times - 1 for times in rows.values())
                outcome.rows_twice += sum(not start <= row < stop for row in rows)
            strips = session.exec(select(Strip).where(Strip.job_id == job.id).order_by(col(Strip.index))).all()
            outcome.strips_wrong += not seen_whole(way_of(job, gaps), strips, total)
        outcome.questions.update(question.kind.partition("@")[0] for question in session.exec(select(Question)).all())
        verdict = verify(stored(session.connection()))
        outcome.lines, outcome.faults = verdict.lines, [f"{fault.seq} {fault.what}" for fault in verdict.faults]


async def kills(
    folder: Path, seed: int, count: int, *, machines: bool = False, length_m: float = LENGTH_M, speed: float = SPEED
) -> Outcome:
    """Kill the controller so often over a plant of its own, and machines with it, and judge what came of it."""
    outcome, began = Outcome(seed), time.monotonic()
    data = folder / "data"
    data.mkdir(parents=True)
    async with Plant(folder / "plant", speed, client=data) as plant:
        line = Line(data, plant, length_m=length_m)
        async with aclosing(kill_on(line, plant, outcome, count, machines=machines)) as lives:
            async for life in lives:
                if life.kills % 20 == 0:
                    sys.stderr.write(f"{life.kills} kills, {life.jobs} jobs, {time.monotonic() - began:.0f} s\n")
    judge(line, folder / "plant", outcome)
    outcome.seconds = time.monotonic() - began
    return outcome


def main() -> None:
    """Run from the command line; exit code 1 if anything is lost, double or broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument(
        "--machines", action="store_true", help="kill machines too, and all at once: a power cut; cut the database off"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        outcome = asyncio.run(kills(Path(folder), arguments.seed, arguments.count, machines=arguments.machines))
    sys.stdout.write(json.dumps(outcome.figures(), indent=1) + "\n")
    sys.exit(not outcome.sound)


if __name__ == "__main__":
    main()
