"""The command line as a person has it: a process, its two streams and its exit code."""

import os
import resource
import subprocess
import sys
from pathlib import Path

SMALL = ("--fabric", "silk-twill", "--dpi", "100", "--print-width-mm", "100")
"""A press on which a RIP takes no time."""


def foulard(
    *arguments: object, folder: Path, stdin: str = "", file_bytes: int | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder to its end; no file it writes may grow beyond `file_bytes`."""

    def limited() -> None:
        if file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))

    variables = os.environ | {"FOULARD_DATA": str(folder / "data")} | environment
    return subprocess.run([sys.executable, "-m", "hmi.cli", *map(str, arguments)], cwd=folder, env=variables,
                          input=stdin, preexec_fn=limited, capture_output=True, text=True, timeout=120,
                          check=False)  # fmt: skip


def assert_refused(done: subprocess.CompletedProcess[str], *says: str) -> None:
    """Exit code 2, and one line that says all of this and nothing of Python's own."""
    assert done.returncode == 2, done.stderr[-2000:]
    assert done.stdout == ""
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("foulard: ")
    for word in says:
        assert word in line, line
    for word in ("[Errno", "Traceback", "pydantic", "Error:"):
        assert word not in line, line
