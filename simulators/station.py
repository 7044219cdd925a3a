"""One machine at work: its PLC and physics run against the clock, its face to the network, its retentive memory.

Every round: take commands, watch the heartbeat, compute the plant's time that is due in small steps, do the work (the
press prints), store, publish. What is stored is never behind what is published, so no counter is ever seen going back.
"""

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from typing import Any, Protocol

from drivers.profile import Profile, ProfileError
from simulators.clock import Clock
from simulators.limits import accept
from simulators.packml import ACTING, State
from simulators.plc import Order, Plc, drive, metres, refuse_job, scan, take_command, watch
from simulators.process import Process
from simulators.retained import Memory

__all__ = ["ClothWork", "Face", "Station", "Work"]

ROUND_S = 0.05  # values are published at 20 Hz
STEP_S = 0.25  # longest step of the physics, plant time
BUDGET_S = 0.02  # computing per round, so that the server answers within it
BREATH_S = 0.002


class Face(Protocol):
    """The protocol server of a machine."""

    async def start(self, values: Mapping[str, Any]) -> None:
        """Listen."""
        ...

    def told(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give what is shown for the machine's values; the same but for what the protocol itself has to say."""
        ...

    async def publish(self, values: Mapping[str, Any]) -> None:
        """Show new values."""
        ...

    async def stop(self) -> None:
        """Stop listening."""
        ...


class Work(Protocol):
    """What one kind of machine does with the cloth, besides moving it."""

    def refusal(self, order: Order) -> str | None:
        """Why a job cannot be taken, at once."""
        ...

    def begin(self, order: Order) -> None:
        """Prepare a job that Reset has latched."""
        ...

    def prepared(self, plc: Plc) -> Plc | str | None:
        """PLC with the verified job, why it is refused after all, or None: not known yet."""
        ...

    def waiting(self, plc: Plc) -> bool:
        """Whether the plant's clock is held (it only ever is at ``max``, or while a job is being verified)."""
        ...

    def commit(self, before: Plc, after: Plc, physics: Any) -> Any:
        """Do what happened to the cloth between two moments; returns the physics after it."""
        ...

    def values(self, plc: Plc) -> dict[str, Any]:
        """Further tags to publish."""
        ...


class ClothWork:
    """Cloth runs through and nothing else happens: padder, steamer, washer."""

    def refusal(self, order: Order) -> str | None:
        """A job needs a ticket and a length."""
        if order.ticket == 0:
            return "ticket is 0: write the ticket of the job"
        return None if order.length_m > 0 else f"length_m is {order.length_m:g}: a job is longer than 0 m"

    def begin(self, order: Order) -> None:
        """Nothing to prepare."""

    def prepared(self, plc: Plc) -> Plc | str | None:
        """Always."""
        return plc

    def waiting(self, plc: Plc) -> bool:
        """Never."""
        return False

    def commit(self, before: Plc, after: Plc, physics: Any) -> Any:
        """Nothing to do."""
        return physics

    def values(self, plc: Plc) -> dict[str, Any]:
        """Nothing to add."""
        return {}


class Station:
    """A simulated machine; :meth:`run` it until cancelled."""

    def __init__(
        self,
        process: Process,
        profile: Profile,
        work: Work,
        clock: Clock,
        memory: Memory,
        make_face: Callable[[dict[str, Any]], Face],
    ) -> None:
        self.remote = True
        self.plc = Plc(heard_s=time.monotonic())
        self._process, self._profile, self._work, self._clock, self._memory = process, profile, work, clock, memory
        self._bits = {alarm.name: alarm.bit for alarm in profile.alarms}
        self.inputs: dict[str, Any] = {
            spec.name: process.setpoints.get(spec.name, "" if spec.type == "string" else 0)
            for spec in profile.tags.values()
            if spec.access == "rw"
        }
        self._physics: Any = process.power_up(self.inputs)
        self._prepared = False
        self._stored_inputs: dict[str, Any] = {}
        self._stored_s = 0.0
        self._recall()
        self._check_profile()
        self._face = make_face(self.inputs)

    def _recall(self) -> None:
        known = self._memory.load()
        if known is None:
            return
        for name, value in known["inputs"].items():
            if name in self.inputs:
                self.inputs[name] = accept(self._profile.tags[name], value)
        plc, order = known["plc"], Order(**known["plc"]["order"])
        clean = known["clean"]
        self.plc = replace(
            self.plc,
            state=State.STOPPED if clean else State.ABORTED,
            order=order,
            latched=frozenset(plc["latched"]) | (frozenset() if clean else {"power_lost"}),
            **{name: plc[name] for name in ("entered_m", "run_s", "plant_s", "token", "ack", "result", "message")},
            heartbeat=self.inputs["heartbeat"],
        )
        names = {item.name for item in fields(self._physics)}
        kept = {n: tuple(v) if isinstance(v, list) else v for n, v in known["physics"].items() if n in names}
        self._physics = replace(self._physics, **{**kept, "speed_m_min": 0.0})

    def _check_profile(self) -> None:
        values = self._values(0.0)
        for spec in self._profile.tags.values():
            if spec.access == "r" and spec.name not in values:
                raise ProfileError(f"profile {self._profile.profile}: tag {spec.name} is not simulated")
        needed = set(self._process.setpoints) - set(self.inputs)
        if needed:
            raise ProfileError(f"profile {self._profile.profile}: writable tag {min(needed)} is missing")

    @property
    def busy(self) -> bool:
        """Whether something changes: a job runs, or an acting state is on its way."""
        return self.plc.state == State.EXECUTE or self.plc.state in ACTING

    async def start(self) -> None:
        """Listen."""
        self._store(clean=False)
        await self._face.start(self._values(time.monotonic()))

    async def run(self) -> None:
        """Run until cancelled."""
        last = time.monotonic()
        while True:
            now = time.monotonic()
            self._round(now, now - last)
            last = now
            await self._face.publish(self._values(now))
            unbounded = self._clock.speed is None and self.busy and not self._work.waiting(self.plc)
            await asyncio.sleep(BREATH_S if unbounded else ROUND_S)

    async def stop(self) -> None:
        """Stop listening; a machine that stands is switched off in order, one that runs loses its power."""
        await self._face.stop()
        self._store(clean=not self.busy and self.plc.state not in (State.HELD, State.SUSPENDED, State.ABORTED))

    def _round(self, now: float, wall_s: float) -> None:
        before = self.plc
        self.plc = watch(self.plc, self.inputs["heartbeat"], self.remote, now)
        state = self.plc.state
        self.plc = take_command(self.plc, self.inputs, self.remote, self._work.refusal)
        if self.plc.state == State.RESETTING != state:
            self._prepared = False
            if self.plc.order.ticket != before.order.ticket:
                self._physics = self._process.new_job(self._physics)
            self._work.begin(self.plc.order)
        self._advance(self._clock.due(wall_s, self.busy), now + BUDGET_S)
        self._physics = self._work.commit(before, self.plc, self._physics)
        # a machine at rest changes nothing but its clock: once a second is often enough for that
        rests = replace(before, state_s=0.0, plant_s=0.0) == replace(self.plc, state_s=0.0, plant_s=0.0)
        if not rests or self.inputs != self._stored_inputs or now - self._stored_s > 1.0:
            self._store(clean=False)
            self._stored_s = now

    def _advance(self, due_s: float, deadline: float) -> None:
        while due_s > 0 and not self._work.waiting(self.plc):
            if self.plc.state == State.RESETTING and not self._prepared:
                self._verify()
            step_s = min(due_s, STEP_S)
            self._physics = self._process.step(self._physics, self.inputs, drive(self.plc), step_s)
            self.plc = scan(
                self.plc,
                speed_m_min=self._physics.speed_m_min,
                ready=self._process.ready(self._physics, self.inputs),
                prepared=self._prepared,
                content_m=self._process.content_m,
                dt_s=step_s,
            )
            due_s -= step_s
            # at max the plant runs on until nothing changes; a speed that cannot be kept runs as fast as it can
            if (math.isinf(due_s) and not self.busy) or time.monotonic() > deadline:
                return

    def _verify(self) -> None:
        answer = self._work.prepared(self.plc)
        if isinstance(answer, str):
            self.plc = refuse_job(self.plc, answer)
        elif answer is not None:
            self.plc, self._prepared = answer, True

    def _store(self, *, clean: bool) -> None:
        self._stored_inputs = dict(self.inputs)
        plc = asdict(self.plc)
        plc["latched"] = sorted(self.plc.latched)
        self._memory.store({"clean": clean, "plc": plc, "physics": asdict(self._physics), "inputs": self.inputs})

    def _values(self, now: float) -> dict[str, Any]:
        plc, physics = self.plc, self._physics
        given = plc.latched | self._process.alarms(physics, self.inputs, drive(plc))
        return {
            **self._process.actuals(physics),
            "state": int(plc.state),
            "remote": self.remote,
            "machine_heartbeat": int(now / 0.5) % 65536,
            "alarm_word": sum(1 << self._bits[name] for name in given),
            "active_ticket": plc.order.ticket,
            "metres": metres(plc, self._process.content_m),
            "run_s": plc.run_s,
            "plant_s": int(plc.plant_s),
            "command_ack": plc.ack,
            "command_result": plc.result,
            **self._work.values(plc),
        }
