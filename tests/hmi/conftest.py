"""A real `foulard serve` on a free port, without any machine that answers."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.hmi.serving import DEAD_LINE, Server


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("serve")
    line = folder / "line.yaml"
    line.write_text(DEAD_LINE)
    environment = os.environ | {"FOULARD_DATA": str(folder / "data"), "FOULARD_PORT": "0", "FOULARD_MAX_UPLOAD_MB": "2"}
    process = subprocess.Popen([sys.executable, "-m", "hmi.cli", "serve", "--line", str(line)], env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)  # fmt: skip
    try:
        assert process.stdout is not None
        url = re.search(r"http://\S+", process.stdout.readline())
        password = re.search(r"admin with (\S+)", process.stdout.readline())
        assert url is not None
        assert password is not None
        yield Server(url.group(), password.group(1), folder / "data")
    finally:
        process.terminate()
        assert process.wait(timeout=15) == 0
        if process.stdout is not None:
            process.stdout.close()
