"""The command line as a person has it: a process, its two streams and its exit code."""

import os
import subprocess
import sys
from pathlib import Path

SMALL = ("--fabric", "silk-twill", "--dpi", "100", "--print-width-mm", "100")
"""A press on which a RIP takes no time."""

LIMITED = """
import resource, sys
size = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
from hmi.cli import main
main()
"""


def foulard(
    *arguments: object, folder: Path, stdin: str = "", file_bytes: int | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder to its end; no file it writes may grow beyond `file_bytes`."""
    program = ["-m", "hmi.cli"] if file_bytes is None else ["-c", LIMITED, str(file_bytes)]
    variables = os.environ | {"FOULARD_DATA": str(folder / "data")} | environment
    return subprocess.run([sys.executable, *program, *map(str, arguments)], cwd=folder, env=variables,
                          input=stdin, capture_output=True, text=True, timeout=120,
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
