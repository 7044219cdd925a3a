"""All four machines in one process, without sockets, on one clock that only moves when it is told to.

The same machines, cloth and faults as behind the servers; the same orders and seed give the same values, bit by bit.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from drivers.packml import State, Verb
from drivers.profile import load_profile
from simulators.assembly import PROCESSES
from simulators.cloth import STAGES, Cloth
from simulators.faults import parse_faults
from simulators.machine import Machine
from simulators.retained import Memory
from simulators.rolls import Rolls
from simulators.station import obey
from simulators.work import ClothWork, PlainPrint

__all__ = ["Bench", "Mill"]

ROUND_S = 5.0  # commands and the heartbeat are looked at as often
STORE_S = 30.0  # nobody reads these memories between two runs
WATCH_S = 1.0  # and conditions that are waited for
DAWN_H = 8.0
INK_ML_M = (3.0, 4.0, 3.0, 2.0)  # about 8 ml/m², an average of the trade


class Bench:
    """One machine of the mill as its controller and the person beside it see it."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.alive = True
        self._now_s, self._token = 0.0, 0

    def __getitem__(self, tag: str) -> Any:
        return self.values()[tag]

    def values(self) -> Mapping[str, Any]:
        """All tags that can be read."""
        return self.machine.values(self._now_s)

    @property
    def state(self) -> State:
        """The machine's state."""
        return self.machine.plc.state

    @property
    def cloth(self) -> Cloth:
        """The cloth of the job in work, or of the last one."""
        return self.machine.cloth

    def write(self, **tags: float | str) -> None:
        """Write setpoints and the next job."""
        self.machine.inputs.update(tags)

    def command(self, verb: Verb) -> None:
        """Give a command; it is answered in the next round (``command_result``)."""
        self._token += 1
        self.write(command=int(verb), command_token=self._token)

    def order(self, line: str) -> str:
        """Say a line as the person at the machine: key, emergency stop, faults; ValueError if it cannot be."""
        return obey(self.machine, line)

    def alarms(self) -> frozenset[str]:
        """Names of the alarms that are given."""
        return self.machine.alarms

    def forward(self, now_s: float, seconds: float) -> None:
        """Let time pass for this machine; the mill does so for all."""
        if self.alive:
            self.write(heartbeat=int(now_s) % 65536)
        self.machine.round(now_s, seconds, every_s=STORE_S)
        if self.machine.restart is not None:
            self.machine.store(clean=False)
            self.machine.power_up(keep=bool(self.machine.restart))
        self._now_s = now_s


class Mill:
    """The four machines; use it with ``with``, or with a folder that shall keep the rolls.

    Parameters
    ----------
    faults : str
        Faults to come, see :func:`simulators.parse_faults`; ``random:seed=…`` draws them.
    folder : Path, optional
        Memory and rolls; a temporary one if left out.
    ink_ml_m : sequence of float
        What each ink of a print takes, millilitres per metre.
    """

    def __init__(self, faults: str = "", folder: Path | None = None, ink_ml_m: Sequence[float] = INK_ML_M) -> None:
        self._temporary = tempfile.TemporaryDirectory() if folder is None else None
        self._folder = Path(self._temporary.name) if self._temporary else Path(folder or ".")
        self.clock_s, self._ink_ml_m = 0.0, ink_ml_m
        self._benches = {name: self._bench(name, faults) for name in STAGES}

    def _bench(self, name: str, faults: str) -> Bench:
        process, rolls = PROCESSES[name], Rolls(self._folder / "rolls", name)
        work = PlainPrint(self._ink_ml_m) if name == "press" else ClothWork()
        here = tuple(fault for fault in parse_faults(faults) if fault.machine == name)
        machine = Machine(
            process,
            load_profile(process.profile),
            work,
            Memory(self._folder / name),
            rolls,
            here,
            lambda: DAWN_H + self.clock_s / 3600,
        )
        return Bench(machine)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._temporary is not None:
            self._temporary.cleanup()

    def __getitem__(self, machine: str) -> Bench:
        return self._benches[machine]

    def forward(
        self,
        *,
        seconds: float | None = None,
        until: Callable[["Mill"], bool] | None = None,
        at_most_s: float = 86_400.0,
    ) -> float:
        """Let time pass for all machines; returns the seconds that passed.

        Parameters
        ----------
        seconds : float, optional
            How long.
        until : Callable, optional
            Stop as soon as this is true of the mill; looked at every second.
        at_most_s : float
            TimeoutError if it is not true after so long.
        """
        begun_s = self.clock_s
        end_s = begun_s + (at_most_s if seconds is None else seconds)
        round_s = ROUND_S if until is None else WATCH_S
        while self.clock_s < end_s - 1e-9:
            if until is not None and until(self):
                break
            step_s = min(round_s, end_s - self.clock_s)
            self.clock_s += step_s
            for bench in self._benches.values():
                bench.forward(self.clock_s, step_s)
        else:
            if until is not None and not until(self):
                states = ", ".join(f"{name} {bench.state.name}" for name, bench in self._benches.items())
                raise TimeoutError(f"not so after {end_s - begun_s:g} s of the plant: {states}")
        return self.clock_s - begun_s

    def start(self, machine: str, ticket: int, length_m: float, **setpoints: float) -> None:
        """Load a job and start it: from Stopped or Complete to Starting."""
        bench = self[machine]
        more = {"total_rows": round(length_m / 25.4e-3 * 600)} if machine == "press" else {}
        bench.write(ticket=ticket, length_m=length_m, **more, **setpoints)
        bench.command(Verb.RESET)
        self.forward(until=lambda _: bench.state == State.IDLE, at_most_s=60.0)
        bench.command(Verb.START)
        self.forward(until=lambda _: bench.state == State.STARTING, at_most_s=10.0)

    def run(self, machine: str, ticket: int, length_m: float, **setpoints: float) -> Cloth:
        """Run a job from its Reset to its end; returns the cloth as it left the machine."""
        self.start(machine, ticket, length_m, **setpoints)
        self.forward(until=lambda mill: mill[machine].state == State.COMPLETE)
        return self[machine].cloth
