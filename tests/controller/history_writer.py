"""A process that records a counter and says what it has written, to be killed; see `test_history.py`."""

import asyncio
import sys
from itertools import count
from pathlib import Path

from controller import Store
from controller.history import Keeping, Recorder, Shelf
from drivers import load_profile
from tests.controller.recording import snapshot


async def main(folder: Path, begin: int) -> None:
    recorder = Recorder(Shelf(Store.in_folder(folder)), {"press": load_profile("press")}, Keeping())
    for second in count(begin):
        recorder.take(snapshot(metres=second - begin), second)
        if second % 5 == 0:
            await recorder.write(second)
            print(second, flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
