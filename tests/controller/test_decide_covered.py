"""Deciding is tested to its last branch: what no test reaches is not known to be safe.

Only by the tests that say what is to come of it: those that draw their cases reach another part of it each time.
"""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DECIDING = "controller/decide.py,controller/interlocks.py"
TESTS = [f"tests/controller/test_{name}.py" for name in ("decide", "interlocks")]


def test_every_branch_of_deciding_is_reached(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment["COVERAGE_FILE"] = str(tmp_path / "coverage")

    def coverage(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "coverage", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    ran = coverage("run", "--branch", f"--include={DECIDING}", "-m", "pytest", "-q", "--timeout", "0",
                   "-m", "not hypothesis", *TESTS)  # fmt: skip
    assert ran.returncode == 0, ran.stdout
    report = coverage("report", "--fail-under=100", "--show-missing")
    assert report.returncode == 0, report.stdout
