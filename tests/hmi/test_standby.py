"""Two controllers on one line: one commands, the other stands by and takes over. Really killed, really frozen."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlmodel import col, select

from controller import Store
from controller.archive import stored
from controller.tables import Event
from controller.verify import verify
from tests.hmi.serving import DEAD_LINE

TAKES_OVER_S = 10.0
FULL = bool(os.environ.get("FOULARD_FULL"))  # the long form; after a kill each start of tests/kills takes over


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    line = tmp_path / "line.yaml"
    line.write_text(DEAD_LINE)
    environment = os.environ | {"FOULARD_DATA": str(tmp_path / "data"), "FOULARD_PORT": "0"}
    running: list[subprocess.Popen[str]] = []

    def start(*options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "hmi.cli", "serve", "--line", str(line), *options]
        running.append(subprocess.Popen(command, env=environment, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE))  # fmt: skip
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def says(process: subprocess.Popen[str], wanted: str) -> float:
    """Wait for a line, and, where it names an address, for an answer from there; returns how long it took."""
    began = time.monotonic()
    assert process.stdout is not None
    while line := process.stdout.readline():
        if re.search(wanted, line):
            if url := re.search(r"http://\S+", line):
                httpx.get(url.group(), timeout=20)
            return time.monotonic() - began
    pytest.fail(f"ended without saying {wanted!r}: {process.communicate()[1]}")


def test_one_commands_and_whoever_stands_by_takes_over_when_it_ends_dies_or_freezes(
    serve: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    first = serve()
    says(first, "Foulard runs")
    refused = serve()
    assert refused.wait(timeout=60) == 2
    assert refused.stderr is not None
    assert re.fullmatch(r"foulard: another controller commands this line .*--standby.*\n", refused.stderr.read())
    for fate in (signal.SIGTERM, *([signal.SIGKILL] if FULL else []), signal.SIGSTOP):
        second = serve("--standby")
        says(second, "standing by")
        first.send_signal(fate)
        assert says(second, "Foulard runs") < TAKES_OVER_S
        if fate is signal.SIGSTOP:
            first.send_signal(signal.SIGCONT)
            assert first.wait(timeout=30) == 2
            assert first.stderr is not None
            assert "another controller has taken this line" in first.stderr.read().splitlines()[-1]
        else:
            assert first.wait(timeout=20) == (0 if fate is signal.SIGTERM else -fate)
        first = second
    first.terminate()
    assert first.wait(timeout=20) == 0
    store = Store.in_folder(tmp_path / "data")
    with store.read() as session:
        events = session.exec(select(Event).order_by(col(Event.seq))).all()
        epochs = [event.payload["epoch"] for event in events if event.kind == "line taken"]
        assert epochs == list(range(1, len(epochs) + 1))
        assert verify(stored(session.connection())).faults == ()
    store.close()
