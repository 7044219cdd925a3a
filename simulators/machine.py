"""One machine without a network: its PLC, its physics, the cloth in it, its faults, its memory.

A round takes commands, watches the heartbeat, computes the plant's time that is due in small steps, does the work (the
press prints) and stores. What is stored is never behind what is published, so no counter is ever seen going back.
"""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from drivers.profile import Profile, ProfileError
from simulators.cloth import FIELDS, NO_CLOTH
from simulators.faults import Fault
from simulators.limits import accept
from simulators.packml import ACTING, State
from simulators.plc import (
    Mode,
    Order,
    Plc,
    drive,
    interlock,
    metres,
    press_estop,
    refuse_job,
    release_estop,
    scan,
    take_command,
    turn_mode,
    watch,
)
from simulators.printer import lay_ink
from simulators.process import Process
from simulators.retained import Memory
from simulators.rolls import Rolls
from simulators.troubles import Troubles
from simulators.work import Work

__all__ = ["Machine"]

STEP_S = 0.25  # longest step of the physics while something settles, plant time
STEADY_STEP_S = 1.0  # and while the machine runs on or rests

WRONG_ROLL = "the roll at the entry is not the one ordered: load the right one"
_BEAT = {"heartbeat": 0}  # alone it is nothing to remember
_KEPT = ("entered_m", "run_s", "plant_s", "token", "ack", "result", "message", "estop")


class Machine:
    """A simulated machine; whoever has it calls :meth:`round` as its time passes.

    Parameters
    ----------
    process, profile, work, memory, rolls
        What kind of machine it is, what it does with the cloth, what it keeps, and the floor with the rolls.
    faults : sequence of Fault
        What will go wrong with it.
    calendar_h : Callable
        Hours by the calendar all machines share.

    Attributes
    ----------
    remote : bool
        Whether the key allows commands from remote.
    inputs : dict[str, Any]
        The writable tags, changed in place by whoever writes.
    skew_s : float
        How far the machine's clock is off the world's.
    restart : int or None
        Set when the controller is to restart: 1 with its memory, 0 with an empty one.
    expired : bool or None
        Whether it presents a certificate whose time is over; None: its protocol knows no certificates.
    """

    def __init__(
        self,
        process: Process,
        profile: Profile,
        work: Work,
        memory: Memory,
        rolls: Rolls,
        faults: Sequence[Fault] = (),
        calendar_h: Callable[[], float] = lambda: time.time() / 3600,
    ) -> None:
        self.remote, self.skew_s, self.restart = True, 0.0, None
        self.expired: bool | None = None
        self._process, self._profile, self._work = process, profile, work
        self._memory, self._rolls, self._calendar_h = memory, rolls, calendar_h
        self._way_m = process.content_m + process.runout_m
        self._bits = {alarm.name: alarm.bit for alarm in profile.alarms if alarm.bit is not None}
        self.troubles = Troubles(faults, memory.note)
        self.inputs: dict[str, Any] = {}
        self._check_setpoints()
        self.power_up()
        self._check_values()

    def power_up(self, *, keep: bool = True) -> None:
        """Switch the machine on, with its memory or with an empty one."""
        self.plc, self.cloth = Plc(), NO_CLOTH
        self.inputs.update({
            spec.name: self._process.setpoints.get(spec.name, "" if spec.type == "string" else 0)
            for spec in self._profile.tags.values()
            if spec.access == "rw"
        })  # fmt: skip
        self.physics: Any = self._process.power_up(self.inputs)
        self._prepared, self.restart = False, None
        self._stored_inputs: dict[str, Any] = {}
        self._stored_s = -math.inf
        self._frozen: dict[str, Any] = {}
        self._given: frozenset[str] = frozenset()
        self._out = 0
        if keep:
            self._recall()

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
            mode=Mode(plc["mode"]),
            latched=frozenset(plc["latched"]) | (frozenset() if clean else {"power_lost"}),
            **{name: plc[name] for name in _KEPT},
            heartbeat=self.inputs["heartbeat"],
        )
        names = {item.name for item in fields(self.physics)}
        kept = {n: tuple(v) if isinstance(v, list) else v for n, v in known["physics"].items() if n in names}
        self.physics = replace(self.physics, **{**kept, "speed_m_min": 0.0})
        self._recall_cloth(known["out"])

    def _recall_cloth(self, out: int) -> None:
        """Put the cloth back: what came, what left since, and what lay inside."""
        length_m = self.plc.order.length_m
        if self.plc.order.ticket == 0 or length_m <= 0:
            return
        self.cloth = self._rolls.take(self.plc.order)
        self._lay_ink()
        self._rolls.recall(self.cloth, out)
        inside = self._memory.inside().reshape(len(FIELDS), -1)
        self.cloth.data[:, out : out + inside.shape[1]] = inside
        self._out = out

    def _check_setpoints(self) -> None:
        writable = {spec.name for spec in self._profile.tags.values() if spec.access == "rw"}
        if needed := self._process.setpoints.keys() - writable:
            raise ProfileError(
                f"profile {self._profile.profile}: writable tag {min(needed)} is missing, which the {self.name} needs"
            )

    def _check_values(self) -> None:
        values = self.values(0.0)
        for spec in self._profile.tags.values():
            if spec.access == "r" and spec.name not in values:
                raise ProfileError(f"profile {self._profile.profile}: tag {spec.name} is not simulated")

    @property
    def name(self) -> str:
        """The machine's name."""
        return self._process.name

    @property
    def busy(self) -> bool:
        """Whether something changes: a job runs, or an acting state is on its way."""
        return self.plc.state == State.EXECUTE or self.plc.state in ACTING

    @property
    def alarms(self) -> frozenset[str]:
        """Names of the alarms that are given or latched."""
        return self.plc.latched | self._given

    @property
    def waiting(self) -> bool:
        """Whether the plant's clock is held."""
        return self._work.waiting(self.plc)

    def estop(self) -> None:
        """Hit the emergency stop."""
        self.plc = press_estop(self.plc)

    def release(self) -> None:
        """Pull the emergency stop out again."""
        self.plc = release_estop(self.plc)

    def turn_mode(self, mode: Mode) -> None:
        """Choose a unit mode at the machine; ValueError while it runs."""
        self.plc = turn_mode(self.plc, mode)

    def order_fault(self, fault: Fault) -> None:
        """Let something go wrong, now or at its time or metre."""
        self.troubles.order(fault, self.plc.entered_m)
        self._tell_work()

    def clear_fault(self, name: str) -> None:
        """Put something right; ValueError if nothing of that name is ordered."""
        self.troubles.clear(name, self.plc.plant_s, self.plc.entered_m, self.plc.order.ticket)
        self._tell_work()

    def round(self, now_s: float, due_s: float, deadline: float = math.inf, every_s: float = 0.0) -> None:
        """Let ``due_s`` seconds of the plant pass.

        Parameters
        ----------
        now_s : float
            Clock of the heartbeat, seconds.
        due_s : float
            Plant seconds; infinite: until nothing changes any more.
        deadline : float
            ``time.monotonic()`` after which the rest is left out.
        every_s : float
            Store no more often than this while nothing but the process goes on; 0: what is published is stored.
        """
        before = self.plc
        self.plc = watch(self.plc, self.inputs["heartbeat"], self.remote, now_s)
        state = self.plc.state
        self.plc = take_command(self.plc, self.inputs, self.remote, self._refusal)
        if self.plc.message == WRONG_ROLL:
            self.plc = replace(self.plc, latched=self.plc.latched | {"wrong_roll"})
        if self.plc.state == State.RESETTING != state:
            self._prepared = False
            if self.plc.order.ticket == before.order.ticket:
                self._rolls.take_up(self.cloth)
            else:
                self._leave(before)
                self.physics = self._process.new_job(self.physics)
                self.troubles.new_job()
                self._tell_work()
                self.cloth, self._out = NO_CLOTH, 0
            self._work.begin(self.plc.order)
        self._advance(due_s, deadline)
        self.physics = self._work.commit(before, self.plc, self.physics)
        changed = self.plc.state != before.state or {**self.inputs, **_BEAT} != self._stored_inputs
        # a machine at rest changes nothing but its clock: once a second is often enough for that
        if changed or now_s - self._stored_s >= (every_s if self.busy else max(every_s, 1.0)):
            self.store(clean=False)
            self._stored_s = now_s

    def _refusal(self, order: Order) -> str | None:
        if self.troubles.upsets.get("wrong_roll.on"):
            return WRONG_ROLL
        return self._work.refusal(order)

    def _advance(self, due_s: float, deadline: float) -> None:
        while due_s > 0 and not self._work.waiting(self.plc):
            if self.plc.state == State.RESETTING and not self._prepared:
                self._verify()
            self._look()
            step_s = min(due_s, STEP_S if self.plc.state in ACTING else STEADY_STEP_S)
            now = drive(self.plc, self.troubles.upsets, way_m=self._way_m, calendar_h=self._calendar_h())
            self.physics = self._process.step(self.physics, self.inputs, now, self.cloth, step_s)
            self.plc = scan(
                self.plc,
                speed_m_min=self.physics.speed_m_min,
                ready=self._process.ready(self.physics, self.inputs),
                prepared=self._prepared,
                content_m=self._process.content_m,
                dt_s=step_s,
            )
            now = drive(self.plc, self.troubles.upsets, way_m=self._way_m)
            self._given = self._process.alarms(self.physics, self.inputs, now)
            self.plc = interlock(self.plc, self._given, self._process.trips)
            due_s -= step_s
            # at max the plant runs on until nothing changes; a speed that cannot be kept runs as fast as it can
            if (math.isinf(due_s) and not self.busy) or time.monotonic() > deadline or self.restart is not None:
                return

    def _look(self) -> None:
        """Let the faults that are due begin and end."""
        metre = self.plc.entered_m
        for fault in self.troubles.look(self.plc.plant_s, metre, self.plc.order.ticket):
            begins = fault in self.troubles.active
            if begins and fault.name == "plc_restart":
                self.restart = int(fault["keep"])
            elif begins and fault.name == "clock_jump":
                self.skew_s += fault["seconds"]
                self.plc = replace(self.plc, plant_s=max(self.plc.plant_s + fault["seconds"], 0.0))
            elif fault.kind.in_picture:
                if begins and fault.at_m is None:
                    self.troubles.pin(fault, metre)
                self._tell_work()

    def _tell_work(self) -> None:
        self._work.trouble(self.plc, self.troubles.in_picture())

    def _verify(self) -> None:
        answer = self._work.prepared(self.plc)
        if isinstance(answer, str):
            self.plc = refuse_job(self.plc, answer)
        elif answer is not None:
            self.plc, self._prepared = answer, True
            if self.cloth.ticket != self.plc.order.ticket:
                self.cloth = self._rolls.take(self.plc.order)
                self._out = self.cloth.zone(0.0, 0.0, self._way_m).start
            self._lay_ink()

    def _lay_ink(self) -> None:
        if planned := self._work.planned_ml(self.cloth.stretches - self.cloth.passed(0.0)):
            lay_ink(self.cloth, planned, self.plc.entered_m)

    def store(self, *, clean: bool) -> None:
        """Write the retentive memory, and what left the machine to its roll."""
        inside = self.cloth.zone(self.plc.entered_m, 0.0, self._way_m)
        # a stretch that left is written before the memory knows of it; written twice, it is the same
        self._rolls.give(self.cloth, self._out, inside.start)
        self._out = max(self._out, inside.start)
        if self.plc.state in (State.STOPPED, State.ABORTED):
            self._leave(self.plc)
        self._stored_inputs = {**self.inputs, **_BEAT}
        plc = {**asdict(self.plc), "latched": sorted(self.plc.latched)}
        content = {"clean": clean, "plc": plc, "physics": asdict(self.physics), "inputs": self.inputs, "out": self._out}
        self._memory.store(content, self.cloth.data[:, self._out : inside.stop])

    def _leave(self, plc: Plc) -> None:
        """Say how far the roll has come that the machine stands in: it may be cut off there, or go on otherwise."""
        if self._out < self.cloth.stretches and plc.entered_m > 0:
            self._rolls.leave(self.cloth, self._out, min(plc.entered_m, plc.order.length_m))

    def values(self, now_s: float) -> Mapping[str, Any]:
        """All tags to publish."""
        plc = self.plc
        link = {
            "machine_heartbeat": int(now_s / 0.5) % 65536,
            "command_ack": plc.ack,
            "command_result": plc.result,
        }
        if "freeze.on" in self.troubles.upsets:
            alive = link if self.troubles.upsets["freeze.heartbeat"] else {}
            return {**self._frozen, **alive}
        self._frozen = {
            **self._process.actuals(self.physics),
            **link,
            "state": int(plc.state),
            "remote": self.remote,
            "mode": int(plc.mode),
            "emergency_stop": plc.estop,
            "alarms": sorted(self.alarms),
            "alarm_word": sum(1 << self._bits[name] for name in self.alarms if name in self._bits),
            "active_ticket": plc.order.ticket,
            "roll": self.cloth.roll,
            "metres": metres(plc, self._process.content_m),
            "run_s": plc.run_s,
            "plant_s": int(plc.plant_s),
            **self._work.values(plc),
        }
        return self._frozen
