"""A simulated machine as a process that can lose its power, its memory, its certificate, or all sense of time."""

import asyncio
import os
import shutil
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

from drivers import Access, access_in
from simulators.linktable import LinkFault
from simulators.security import USER, introduce

ROOT = Path(__file__).parents[2]
PROFILES = {"padder": "padder-stenter", "press": "press", "steamer": "loop-steamer", "washer": "open-width-washer"}
START_S = 60.0
SPEED = "10"  # plant seconds per second: acting states take tenths of a second


class PlcProcess:
    """One machine; its memory is in ``folder/memory``, what it showed in ``folder/published``.

    ``folder/line`` is the data folder of the line that drives it, encrypted where its protocol can.
    """

    def __init__(self, name: str, profile: str, folder: Path) -> None:
        self.name, self.folder, self.published = name, folder, folder / "published"
        self._profile, self._endpoint, self._process = profile, None, None
        folder.mkdir(parents=True)

    @property
    def port(self) -> int:
        return urlsplit(self._endpoint).port

    @property
    def access(self) -> Access:
        return access_in(self.folder / "line", self.name, USER)

    async def start(self) -> None:
        arguments = [self.name, "--profile", self._profile, "--speed", SPEED]
        arguments += ["--endpoint", self._endpoint] if self._endpoint else []
        arguments += ["--state-dir", str(self.folder / "memory"), "--published", str(self.published)]
        arguments += ["--security", str(self.folder / "security")]
        arguments += ["--camera", "tcp://127.0.0.1:0"] if self.name == "press" else []
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "simulators", *arguments, "--follow-stdin",
            cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        line = (await asyncio.wait_for(self._process.stdout.readline(), START_S)).decode().split()
        assert line[:2] == ["ready", self.name], f"{self.name} did not start"
        self._endpoint = line[2]
        if self._endpoint.startswith("opc.tcp:"):
            introduce(self.name, self.folder / "security", self.folder / "line")

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            os.kill(self._process.pid, signal.SIGCONT)
            self._process.kill()
            await self._process.wait()
        if self._process is not None:
            self._process._transport.close()  # its pipes, which asyncio leaves to the garbage collector

    async def suffer(self, fault: LinkFault) -> None:
        """Bring a fault of the machine about, and take it away when its time is over."""
        for_s = fault.number("for_s")
        if fault.name == "freeze":
            os.kill(self._process.pid, signal.SIGSTOP)
            await asyncio.sleep(for_s)
            os.kill(self._process.pid, signal.SIGCONT)
            return
        if fault.name == "certificate_expired":
            await self._order("certificate expired")
            await asyncio.sleep(for_s)
            await self._order("certificate valid")
            return
        await self.stop()
        if fault.word("memory") == "lost":
            shutil.rmtree(self.folder / "memory")
        await asyncio.sleep(for_s)
        await self.start()

    async def _order(self, line: str) -> None:
        self._process.stdin.write(f"{line}\n".encode())
        answer = await self._process.stdout.readline()
        assert answer.decode().strip() == f"done {line}"
