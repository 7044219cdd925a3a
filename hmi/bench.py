"""`foulard bench …`: figures that anyone can measure again, each by a program of its own in ``tests/bench``."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from hmi.errors import BadInput

FOLDER = Path(__file__).parent.parent / "tests" / "bench"


def figures(name: str, *options: str) -> dict[str, Any]:
    """Run a bench and give what it measured.

    Parameters
    ----------
    name : str
        ``machines`` for ``tests/bench/bench_machines.py``.
    options : str
        Options of that program.

    Raises
    ------
    BadInput
        If this installation has no benches, or the bench ended without figures.
    """
    path = FOLDER / f"bench_{name}.py"
    if not path.is_file():
        raise BadInput(f"there is no {path}: the benches come with the repository, run this from a checkout of it")
    done = subprocess.run([sys.executable, path, *options], stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603 (our own program)
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        raise BadInput(f"the bench {path.name} ended with exit code {done.returncode} and no figures") from error
