"""The whole plant: one process per machine, restarted like a service manager would."""

import asyncio
import math
import sys
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from simulators.faults import MACHINES
from simulators.security import introduce
from simulators.troubles import read_faults

__all__ = ["Plant", "PlantError"]

RESTART_S, RESTART_MAX_S = 1.0, 30.0
START_S = 30.0
STOP_S = 5.0
ROOT = Path(__file__).parent.parent


class PlantError(RuntimeError):
    """A machine could not be started, or refuses an order; the message is one line."""


class Plant:
    """Starts the four simulated machines and keeps them running; use it with ``async with``.

    Parameters
    ----------
    folder : Path
        Each machine's retentive memory is a folder below.
    speed : float
        Plant seconds per wall second; infinity: as fast as computing allows.
    faults : str
        Faults of the machines, see :func:`simulators.read_faults`.
    endpoints : Mapping[str, str], optional
        URL by name ("padder", "press", "steamer", "washer", "camera"); a free port here where it says nothing.
    only : Collection[str]
        The machines to start.
    profiles : Mapping[str, str], optional
        Device profile by machine, name or path, where it is another one than usual; it says which protocol is spoken.
    client : Path, optional
        Data folder of the line that drives the machines: as an installer would, it is given their certificates and the
        password, and they trust it. ``client`` below ``folder`` if left out.
    insecure : bool
        Let everybody in without encryption, too.

    Attributes
    ----------
    client : Path
        As given.
    endpoints : dict[str, str]
        URL by name, with "camera"; those of free ports once the machines have started.
    pids : dict[str, int]
        Process by machine, while it runs.
    """

    def __init__(
        self,
        folder: Path,
        speed: float = 1.0,
        faults: str = "",
        endpoints: Mapping[str, str] | None = None,
        only: Collection[str] = MACHINES,
        profiles: Mapping[str, str] | None = None,
        *,
        client: Path | None = None,
        insecure: bool = False,
    ) -> None:
        self._folder, self._names = Path(folder), tuple(only)
        self.client, self._insecure = client or self._folder / "client", insecure
        try:
            self._faults = read_faults(faults, self._names[0] if len(self._names) == 1 else None)
        except ValueError as error:
            raise PlantError(str(error)) from error
        self._speed = "max" if math.isinf(speed) else f"{speed:g}"
        self.endpoints = {"camera": "tcp://127.0.0.1:0", **(endpoints or {})}
        self._profiles = {name: _found_anywhere(profile) for name, profile in (profiles or {}).items()}
        self.pids: dict[str, int] = {}
        self._keepers: list[asyncio.Task[None]] = []
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._speaking = asyncio.Lock()

    async def order(self, machine: str, line: str) -> str:
        """Say a line to a machine as the person beside it: the key, the emergency stop, a fault; see ``ORDERS``.

        Raises
        ------
        PlantError
            If the machine refuses; the message says why.
        """
        process = self._processes[machine]
        assert process.stdin is not None
        assert process.stdout is not None
        async with self._speaking:
            process.stdin.write(f"{line}\n".encode())
            await process.stdin.drain()
            answer = (await process.stdout.readline()).decode().strip()
        if not answer.startswith("done"):
            raise PlantError(f"{machine}: {answer.removeprefix('refused ') or 'has ended'}")
        return answer

    async def __aenter__(self) -> Self:
        started = await asyncio.gather(*(self._begin(name) for name in self._names), return_exceptions=True)
        processes = [process for process in started if isinstance(process, asyncio.subprocess.Process)]
        failures = [failure for failure in started if isinstance(failure, BaseException)]
        if failures:
            await asyncio.gather(*(_end(process) for process in processes))
            raise failures[0]
        self._keepers = [
            asyncio.create_task(self._keep(name, process)) for name, process in zip(self._names, processes, strict=True)
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        self.pids.clear()

    async def _begin(self, name: str) -> asyncio.subprocess.Process:
        """Start a machine for the first time, and introduce it to the line that is to drive it."""
        process, security = await self._start(name), self._folder / name / "security"
        try:
            if security.exists():
                await asyncio.to_thread(introduce, name, security, self.client)
        except (OSError, ValueError) as error:
            await _end(process)
            raise PlantError(f"{name}: {error}") from error
        except BaseException:
            await _end(process)
            raise
        return process

    async def _start(self, name: str) -> asyncio.subprocess.Process:
        """Start a machine and wait until it serves."""
        arguments = [name, "--speed", self._speed]
        arguments += ["--endpoint", self.endpoints[name]] if name in self.endpoints else []
        arguments += ["--profile", self._profiles[name]] if name in self._profiles else []
        arguments += ["--state-dir", str(self._folder / name), "--rolls", str(self._folder / "rolls"), "--follow-stdin"]
        arguments += ["--faults", ";".join(str(fault) for fault in self._faults if fault.machine == name)]
        if name == "press":
            arguments += ["--camera", self.endpoints["camera"]]
        if self._insecure:
            arguments.append("--insecure")
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "simulators",
            *arguments,
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C in a terminal is for whoever started the plant
        )
        assert process.stdout is not None
        try:
            async with asyncio.timeout(START_S):
                line = (await process.stdout.readline()).decode().split()
        except BaseException:
            await _end(process)
            raise
        if line[:1] != ["ready"]:
            assert process.stderr is not None
            said = (await process.stderr.read()).decode(errors="replace").strip().splitlines()
            await process.wait()
            raise PlantError(said[-1] if said else f"{name}: ended with exit code {process.returncode}")
        self.endpoints[name] = line[2]
        if name == "press":
            self.endpoints["camera"] = line[3]
        self.pids[name], self._processes[name] = process.pid, process
        return process

    async def _keep(self, name: str, process: asyncio.subprocess.Process) -> None:
        """Restart a machine that died; end it when cancelled."""
        pause_s = RESTART_S
        try:
            while True:
                await _drain(process)
                await process.wait()
                self.pids.pop(name, None)
                await asyncio.sleep(pause_s)
                try:
                    process, pause_s = await self._start(name), RESTART_S
                except (PlantError, TimeoutError) as error:
                    # a port may need a moment more; what does not go away is tried less and less often
                    pause_s = min(2 * pause_s, RESTART_MAX_S)
                    sys.stderr.write(f"{error or f'{name}: no answer'}; it is started again in {pause_s:g} s\n")
        finally:
            await _end(process)


def _found_anywhere(profile: str) -> str:
    """Name of a profile, or its path as the machines find it, which run in another folder."""
    return str(Path(profile).resolve()) if profile.endswith((".yaml", ".yml")) else profile


async def _drain(process: asyncio.subprocess.Process) -> None:
    """Pass on what a machine says until it ends, so that it never blocks on a full pipe."""
    assert process.stderr is not None
    while line := await process.stderr.readline():
        sys.stderr.write(line.decode(errors="replace"))


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close the machine's stdin, which ends it; kill it if it does not."""
    if process.returncode is None:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
