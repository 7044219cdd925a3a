"""One machine on the network: it runs against the clock and publishes what it shows.

Everything a person at the machine does comes in here too: the key, the emergency stop, the unit mode, ordered faults.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from simulators.clock import Clock
from simulators.faults import parse_faults
from simulators.machine import Machine
from simulators.packml import State
from simulators.plc import Mode

__all__ = ["ORDERS", "Face", "Station", "obey"]

ROUND_S = 0.05  # values are published at 20 Hz
BUDGET_S = 0.02  # computing per round, so that the server answers within it
BREATH_S = 0.002
RESTART_S = 2.0  # a restarting controller is not on the network

ORDERS = """\
local | remote                     turn the machine's key
estop | release                    hit the emergency stop, pull it out again
certificate expired|valid          present an expired certificate, its own again (encrypted endpoints)
mode produce|maintenance|manual    choose the unit mode (while the machine is at rest)
fault NAME key=value ...           order a fault, at once or with at_m=, at_s=; for_m=, for_s= end it
clear NAME                         put it right"""
"""What can be said to a running machine, one order per line."""


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

    async def present(self, *, expired: bool) -> None:
        """Show a certificate whose time is over, or the machine's own; whoever is connected is hung up on."""
        ...

    async def stop(self) -> None:
        """Stop listening."""
        ...


class Station:
    """A simulated machine behind its server; :meth:`run` it until cancelled.

    ``make_face`` builds the server over the machine's writable tags, anew after each restart of its controller.
    """

    def __init__(self, machine: Machine, clock: Clock, make_face: Callable[[Machine], Face]) -> None:
        self.machine = machine
        self._clock, self._make_face = clock, make_face
        self._face, self._expired = make_face(machine), machine.expired

    async def start(self) -> None:
        """Listen."""
        self.machine.store(clean=False)
        await self._face.start(self.machine.values(time.monotonic()))

    async def run(self) -> None:
        """Run until cancelled."""
        machine, last = self.machine, time.monotonic()
        while True:
            now = time.monotonic()
            machine.round(now, self._clock.due(now - last, machine.busy), now + BUDGET_S)
            last = now
            if machine.restart is not None:
                await self._restart(keep=bool(machine.restart))
            if machine.expired != self._expired:
                self._expired = machine.expired
                await self._face.present(expired=bool(machine.expired))
            await self._face.publish(machine.values(now))
            unbounded = self._clock.speed is None and machine.busy and not machine.waiting
            await asyncio.sleep(BREATH_S if unbounded else ROUND_S)

    async def _restart(self, *, keep: bool) -> None:
        """Go off the network and come back as after a power cut."""
        await self._face.stop()
        self.machine.power_up(keep=keep)
        await asyncio.sleep(RESTART_S)
        self._face = self._make_face(self.machine)
        await self.start()

    async def stop(self) -> None:
        """Stop listening; a machine that stands is switched off in order, one that runs loses its power."""
        await self._face.stop()
        state = self.machine.plc.state
        unclean = self.machine.busy or state in (State.HELD, State.SUSPENDED, State.ABORTED)
        self.machine.store(clean=not unclean)


def obey(machine: Machine, line: str) -> str:
    """Do what a person at the machine orders; returns the answer.

    Raises
    ------
    ValueError
        If there is no such order, or it cannot be done now.
    """
    verb, *words = line.split()
    match verb, words:
        case (("local" | "remote"), []):
            machine.remote = verb == "remote"
        case "estop", []:
            machine.estop()
        case "release", []:
            machine.release()
        case "certificate", [("expired" | "valid") as word]:
            if machine.expired is None:
                raise ValueError(f"the {machine.name} has no certificate: its endpoint is not encrypted")
            machine.expired = word == "expired"
        case "mode", [name] if name.upper() in Mode.__members__:
            machine.turn_mode(Mode[name.upper()])
        case "fault", [name, *parameters]:
            for fault in parse_faults(f"{name}:{','.join(parameters)}", machine.name):
                if fault.machine != machine.name:
                    raise ValueError(f"fault {name!r} happens at the {fault.machine}, this is the {machine.name}")
                machine.order_fault(fault)
        case "clear", [name]:
            machine.clear_fault(name)
        case _:
            raise ValueError(f"{line!r} is no order; there are: {'; '.join(ORDERS.splitlines())}")
    return f"done {line}"
