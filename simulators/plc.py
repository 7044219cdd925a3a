"""The PLC logic all machines share, as pure functions: commands, ticket, metres, watchdog, state changes.

A command is executed once per new token. Reset latches the job: another ticket starts at zero, the same one goes on
where it was. Setpoints act as they are written, at any time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from simulators.laws import Drive
from simulators.packml import ACTING, State, Verb, finished, next_state

__all__ = ["Order", "Plc", "drive", "metres", "refuse_job", "scan", "take_command", "watch"]

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
_UNTIL_READY = {State.STARTING, State.UNHOLDING, State.UNSUSPENDING}
_UNTIL_STANDING = {State.HOLDING, State.SUSPENDING, State.STOPPING, State.ABORTING, State.COMPLETING}
_AT_LEAST_S = {State.RESETTING: 2.0, State.CLEARING: 1.0, State.COMPLETING: 1.0}


@dataclass(frozen=True, slots=True)
class Order:
    """The job a machine has latched; the press has rows and a raster, the others have a length only.

    ``pitch_m`` is the height of one row, known once the raster is open.
    """

    ticket: int = 0
    length_m: float = 0.0
    start_row: int = 0
    total_rows: int = 0
    raster_path: str = ""
    raster_sha256: str = ""
    pitch_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Plc:
    """Everything the PLC remembers.

    ``entered_m`` counts on behind the job's end, while its last metres travel to the exit; ``heard_s`` is the wall
    clock (monotonic) at which the controller's heartbeat changed last.
    """

    state: State = State.STOPPED
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
    heard_s: float = 0.0


def metres(plc: Plc, content_m: float) -> float:
    """Metres of the ticket that left the machine."""
    return min(max(plc.entered_m - content_m, 0.0), plc.order.length_m)


def drive(plc: Plc) -> Drive:
    """What the state asks of the machine."""
    return Drive(
        moving=plc.state == State.EXECUTE,
        hot=plc.state in _HOT,
        quick_stop=plc.state == State.ABORTING,
        entered_m=plc.entered_m,
        length_m=plc.order.length_m,
        plant_s=plc.plant_s,
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
    if target is None:
        return replace(plc, result=REFUSED_STATE)
    plc = replace(plc, result=ACCEPTED)
    if verb == Verb.RESET:
        order = _order(inputs)
        if reason := refusal(order):
            return replace(plc, result=REFUSED_JOB, message=reason)
        plc = _latch(plc, order)
    if verb in (Verb.RESET, Verb.UNHOLD):
        plc = replace(plc, latched=plc.latched - {"controller_lost", "raster_refused"})
    return _enter(plc, target)


def _order(inputs: Mapping[str, Any]) -> Order:
    return Order(
        ticket=inputs["ticket"],
        length_m=inputs["length_m"],
        start_row=inputs.get("start_row", 0),
        total_rows=inputs.get("total_rows", 0),
        raster_path=inputs.get("raster_path", ""),
        raster_sha256=inputs.get("raster_sha256", ""),
    )


def _latch(plc: Plc, order: Order) -> Plc:
    same = order.ticket == plc.order.ticket
    plc = replace(plc, order=order, message="")
    return plc if same else replace(plc, entered_m=0.0, run_s=0.0)


def _enter(plc: Plc, state: State) -> Plc:
    return replace(plc, state=state, state_s=0.0)


def refuse_job(plc: Plc, reason: str) -> Plc:
    """Take an accepted Reset back, because its raster turned out to be unusable: Stopping, alarm, result, message."""
    plc = replace(plc, result=REFUSED_JOB, message=reason, latched=plc.latched | {"raster_refused"})
    return _enter(plc, State.STOPPING)


def watch(plc: Plc, heartbeat: int, remote: bool, now_s: float) -> Plc:
    """Hold a machine that runs while its controller is silent; a machine with the key on local runs without one."""
    if heartbeat != plc.heartbeat or not remote:
        return replace(plc, heartbeat=heartbeat, heard_s=now_s)
    if plc.state == State.EXECUTE and now_s - plc.heard_s > WATCHDOG_S:
        return _enter(replace(plc, latched=plc.latched | {"controller_lost"}), State.HOLDING)
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
