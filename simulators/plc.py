"""The PLC logic all machines share, as pure functions: commands, modes, interlocks, watchdog, ticket, metres, states.

A command is executed once per new token. Reset latches the job: another ticket starts at zero, the same one goes on
where it was. Setpoints act as they are written, at any time. An alarm that trips the machine stays until it is reset
and its cause is gone; an emergency stop is released by a person at the machine, never by a command.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from simulators.laws import Drive
from simulators.packml import ACTING, State, Verb, finished, next_state

__all__ = [
    "Mode",
    "Order",
    "Plc",
    "drive",
    "interlock",
    "metres",
    "press_estop",
    "refuse_job",
    "release_estop",
    "scan",
    "take_command",
    "turn_mode",
    "watch",
]

ACCEPTED, REFUSED_STATE, REFUSED_LOCAL, REFUSED_JOB = 1, 2, 3, 4
WATCHDOG_S = 5.0

_HOT = {
    State.STARTING,
    State.EXECUTE,
    State.HOLDING,
    State.HELD,
    State.UNHOLDING,
    State.SUSPENDING,
    State.SUSPENDED,
    State.UNSUSPENDING,
    State.COMPLETING,
}
_CHANGES_MODE = {State.STOPPED, State.IDLE, State.ABORTED}
_BY_CLEAR = frozenset({"power_lost", "emergency_stop"})  # a Reset or Unhold does not reset these
_UNTIL_READY = {State.STARTING, State.UNHOLDING, State.UNSUSPENDING}
_UNTIL_STANDING = {State.HOLDING, State.SUSPENDING, State.STOPPING, State.ABORTING, State.COMPLETING}
_AT_LEAST_S = {State.RESETTING: 2.0, State.CLEARING: 1.0, State.COMPLETING: 1.0}


class Mode(IntEnum):
    """Unit modes by their numbers in ISA-TR88.00.02; jobs run in Produce."""

    PRODUCE = 1
    MAINTENANCE = 2
    MANUAL = 3


@dataclass(frozen=True, slots=True)
class Order:
    """The job a machine has latched; the press has rows and a raster, the others have a length only.

    ``pitch_m`` is the height of one row, known once the raster is open. One that ``runs_alone`` goes on while the
    controller is silent.
    """

    ticket: int = 0
    length_m: float = 0.0
    start_row: int = 0
    total_rows: int = 0
    raster_path: str = ""
    raster_sha256: str = ""
    pitch_m: float = 0.0
    runs_alone: bool = False


@dataclass(frozen=True, slots=True)
class Plc:
    """Everything the PLC remembers.

    ``entered_m`` counts on behind the job's end, while its last metres travel to the exit; ``heard_s`` is the wall
    clock (monotonic) at which the controller's heartbeat changed last, or at which the machine was switched on.
    """

    state: State = State.STOPPED
    mode: Mode = Mode.PRODUCE
    estop: bool = False
    state_s: float = 0.0
    order: Order = field(default_factory=Order)
    entered_m: float = 0.0
    run_s: float = 0.0
    plant_s: float = 0.0
    latched: frozenset[str] = frozenset()
    token: int = 0
    ack: int = 0
    result: int = 0
    message: str = ""
    heartbeat: int = 0
    heard_s: float = -math.inf


def metres(plc: Plc, content_m: float) -> float:
    """Metres of the ticket that left the machine."""
    return min(max(plc.entered_m - content_m, 0.0), plc.order.length_m)


def drive(plc: Plc, upsets: Mapping[str, float], *, way_m: float, calendar_h: float = 0.0) -> Drive:
    """What the state asks of the machine; while Completing the cloth runs on until it has made its ``way_m`` metres."""
    running_out = plc.state == State.COMPLETING and plc.entered_m < plc.order.length_m + way_m
    return Drive(
        moving=plc.state == State.EXECUTE or running_out,
        hot=plc.state in _HOT,
        quick_stop=plc.state == State.ABORTING,
        entered_m=plc.entered_m,
        length_m=plc.order.length_m,
        plant_s=plc.plant_s,
        calendar_h=calendar_h,
        upsets=upsets,
    )


def take_command(plc: Plc, inputs: Mapping[str, Any], remote: bool, refusal: Callable[[Order], str | None]) -> Plc:
    """Answer a new token: execute its command, or say why not (``result``, and ``message`` for a job)."""
    token = inputs["command_token"]
    if token == plc.token:
        return plc
    plc = replace(plc, token=token, ack=token)
    if not remote:
        return replace(plc, result=REFUSED_LOCAL)
    try:
        verb = Verb(inputs["command"])
    except ValueError:
        return replace(plc, result=REFUSED_STATE)
    target = next_state(plc.state, verb)
    unfit = (verb == Verb.CLEAR and plc.estop) or (verb == Verb.RESET and plc.mode != Mode.PRODUCE)
    if target is None or unfit:
        return replace(plc, result=REFUSED_STATE)
    plc = replace(plc, result=ACCEPTED)
    if verb == Verb.RESET:
        order = _order(inputs)
        if reason := refusal(order):
            return replace(plc, result=REFUSED_JOB, message=reason)
        plc = _latch(plc, order)
    if verb in (Verb.RESET, Verb.UNHOLD):
        plc = replace(plc, latched=plc.latched & _BY_CLEAR)
    return _enter(plc, target)


def _order(inputs: Mapping[str, Any]) -> Order:
    return Order(
        ticket=inputs["ticket"],
        length_m=inputs["length_m"],
        start_row=inputs.get("start_row", 0),
        total_rows=inputs.get("total_rows", 0),
        raster_path=inputs.get("raster_path", ""),
        raster_sha256=inputs.get("raster_sha256", ""),
        runs_alone=inputs.get("runs_alone", False),
    )


def _latch(plc: Plc, order: Order) -> Plc:
    same = order.ticket == plc.order.ticket
    plc = replace(plc, order=order, message="")
    return plc if same else replace(plc, entered_m=0.0, run_s=0.0)


def _enter(plc: Plc, state: State) -> Plc:
    return replace(plc, state=state, state_s=0.0)


def press_estop(plc: Plc) -> Plc:
    """A person hits the emergency stop: Aborting, whatever the machine does."""
    plc = replace(plc, estop=True, latched=plc.latched | {"emergency_stop"})
    target = next_state(plc.state, Verb.ABORT)
    return plc if target is None else _enter(plc, target)


def release_estop(plc: Plc) -> Plc:
    """The person at the machine pulls the button out again; the machine still waits for Clear."""
    return replace(plc, estop=False)


def turn_mode(plc: Plc, mode: Mode) -> Plc:
    """Another unit mode, chosen at the machine.

    Raises
    ------
    ValueError
        If the machine is not at rest: Stopped, Idle or Aborted.
    """
    if plc.state not in _CHANGES_MODE:
        raise ValueError(f"mode {mode.name.lower()}: the machine is {plc.state.name}; stop it first")
    return replace(plc, mode=mode)


def interlock(plc: Plc, given: frozenset[str], trips: Mapping[str, Verb]) -> Plc:
    """Latch the alarms that trip the machine, and hold or abort it as far as its state can be."""
    for name in sorted(given & trips.keys()):
        target = next_state(plc.state, trips[name])
        # a machine that stands has nothing to trip: a fault that passes while it stands leaves no alarm behind
        if target is not None and plc.state not in (State.STOPPED, State.IDLE, State.COMPLETE, State.CLEARING):
            plc = _enter(replace(plc, latched=plc.latched | {name}), target)
    return plc


def refuse_job(plc: Plc, reason: str) -> Plc:
    """Take an accepted Reset back, because its raster turned out to be unusable: Stopping, alarm, result, message."""
    plc = replace(plc, result=REFUSED_JOB, message=reason, latched=plc.latched | {"raster_refused"})
    return _enter(plc, State.STOPPING)


def watch(plc: Plc, heartbeat: int, remote: bool, now_s: float) -> Plc:
    """Hold a machine that runs while its controller is silent.

    One with the key on local runs without a controller, and so does one whose job says that it goes on.

    One that still warms up is held as soon as it would run: nothing moves before.
    """
    if heartbeat != plc.heartbeat or not remote or plc.heard_s == -math.inf:
        return replace(plc, heartbeat=heartbeat, heard_s=now_s)
    hold, silent = next_state(plc.state, Verb.HOLD), now_s - plc.heard_s > WATCHDOG_S
    if plc.state == State.EXECUTE and not plc.order.runs_alone and hold is not None and silent:
        return _enter(replace(plc, latched=plc.latched | {"controller_lost"}), hold)
    return plc


def scan(plc: Plc, *, speed_m_min: float, ready: bool, prepared: bool, content_m: float, dt_s: float) -> Plc:
    """Count what moved in ``dt_s`` seconds and change the state when its condition is met.

    Parameters
    ----------
    speed_m_min : float
        Speed of the cloth in this step.
    ready : bool
        Everything is at its setpoint.
    prepared : bool
        The job is verified (the press: its raster).
    content_m : float
        Metres between entry and exit.
    """
    plc = replace(
        plc,
        state_s=plc.state_s + dt_s,
        plant_s=plc.plant_s + dt_s,
        run_s=plc.run_s + (dt_s if plc.state == State.EXECUTE else 0.0),
        entered_m=plc.entered_m + speed_m_min / 60 * dt_s,
    )
    if plc.state == State.EXECUTE and metres(plc, content_m) >= plc.order.length_m:
        return _enter(plc, State.COMPLETING)
    if plc.state not in ACTING or plc.state_s < _AT_LEAST_S.get(plc.state, 0.0):
        return plc
    waits = (
        (plc.state in _UNTIL_READY and not ready)
        or (plc.state in _UNTIL_STANDING and speed_m_min > 0)
        or (plc.state == State.RESETTING and not prepared)
    )
    if waits:
        return plc
    if plc.state == State.CLEARING:
        plc = replace(plc, latched=frozenset())
    return _enter(plc, finished(plc.state))
