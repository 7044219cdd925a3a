"""The command line as a person has it: a process, its two streams and its exit code."""

import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

SMALL = ("--fabric", "silk-twill", "--dpi", "100", "--print-width-mm", "100")
"""A press on which a RIP takes no time."""

TIMEOUT_S = 120
FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload(["hmi.cli", "hmi.offline", "hmi.print_job", "hmi.serve"])


def foulard(
    *arguments: object, folder: Path, stdin: str = "", file_bytes: int | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder to its end; no file it writes may grow beyond `file_bytes`.

    The process is forked from one that has loaded what commands need, which would take two seconds each, and done
    nothing with it: threads that libraries have started would be missing after a fork.
    """
    variables = {"FOULARD_DATA": str(folder / "data")} | environment
    command = ["foulard", *map(str, arguments)]
    with tempfile.TemporaryDirectory() as name:
        given, said, told = (Path(name) / stream for stream in ("stdin", "stdout", "stderr"))
        given.write_text(stdin, "utf-8")
        process = FORKING.Process(target=_run, args=(command, folder, variables, file_bytes, (given, said, told)))
        process.start()
        process.join(TIMEOUT_S)
        if process.is_alive():
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(command, TIMEOUT_S, stderr=told.read_bytes())
        assert process.exitcode is not None
        return subprocess.CompletedProcess(command, process.exitcode, said.read_text("utf-8"), told.read_text("utf-8"))


def _run(
    command: list[str], folder: Path, variables: Mapping[str, str], file_bytes: int | None, streams: tuple[Path, ...]
) -> None:
    for number, (path, flags) in enumerate(
        zip(streams, (os.O_RDONLY, *[os.O_WRONLY | os.O_CREAT | os.O_APPEND] * 2), strict=True)
    ):
        os.dup2(os.open(path, flags, 0o600), number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout, sys.stderr = (os.fdopen(number, "w", encoding="utf-8", closefd=False) for number in (1, 2))
    os.chdir(folder)
    os.environ.update(variables)
    if file_bytes is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
    sys.argv = command
    from hmi.cli import main

    code: object = 1
    try:
        main()
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else 0 if code is None else 1)


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
