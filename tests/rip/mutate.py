"""Seeded damage to sound files, and a worker process that opens and reads each one.

    python -m tests.rip.mutate SEED FIRST COUNT

prints one line before each file and one after it, so that whoever started it knows which file ended the process. The
same seed and number always make the same file: `mutant(seed, number)`.
"""

import faulthandler
import random
import resource
import signal
import struct
import sys
import tempfile
import time
import traceback
import warnings
from functools import lru_cache
from pathlib import Path

from rip.decode import bands
from rip.formats import ArtworkError, open_artwork
from tests.rip.samples import chunk, everything

MEMORY_BYTES = 4 << 30
"""Address space of the worker, most of it libraries; what one file may take shows in the peak it reports."""

BUSY_S, HANG_S = 10, 100
"""Processor time, and time, that one file may take: at the lowest priority a second of the one is many of the other."""

ENOUGH_PX = 20_000_000
PAGE_SHARE = 0.04
"""Pages start two processes each, so they are rarer here than in the list of files."""

_NUMBERS = (0, 1, 2, 3, 7, 8, 16, 32, 127, 128, 255, 256, 32767, 32768, 65535, 65536, 1 << 24, (1 << 31) - 1, 1 << 31)
_NUMBERS += ((1 << 32) - 1, (1 << 32) - 2, (1 << 63) - 1, (1 << 64) - 1)


@lru_cache(maxsize=1)
def _files() -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]:
    files = sorted(everything().items())
    pages = [file for file in files if file[0].startswith("page.")]
    return [file for file in files if file not in pages], pages


def mutant(seed: int, number: int) -> tuple[str, bytes]:
    """Return the name and the bytes of a damaged file."""
    dice = random.Random(f"{seed} {number}")
    pictures, pages = _files()
    name, data = dice.choice(pages if dice.random() < PAGE_SHARE else pictures)
    broken = bytearray(data)
    for _ in range(dice.choice((1, 1, 1, 2, 3, 6))):
        broken = dice.choice(_DAMAGES)(broken, dice)
    if dice.random() < 0.85:  # else most end at the first look
        broken[:8] = data[:8]
    if name.endswith(".png") and dice.random() < 0.6:
        broken = _with_checksums(bytes(broken))
    return name, bytes(broken)


def _place(data: bytearray, dice: random.Random) -> int:
    """Return a place, mostly within headers."""
    return min(int(len(data) * dice.random() ** dice.choice((1, 4))), max(0, len(data) - 1))


def _flip(data: bytearray, dice: random.Random) -> bytearray:
    for _ in range(dice.choice((1, 2, 8, 40))):
        if data:
            data[_place(data, dice)] ^= 1 << dice.randrange(8)
    return data


def _number(data: bytearray, dice: random.Random) -> bytearray:
    """Write a number that is a limit of something over a length, a count, an offset or a size."""
    size, order = dice.choice((1, 2, 2, 4, 4, 4, 8)), dice.choice("<>")
    at, value = _place(data, dice) & ~dice.choice((0, 1)), dice.choice(_NUMBERS) + dice.choice((0, 0, -1, 1))
    data[at : at + size] = struct.pack(f"{order}Q", value % (1 << 64))[
        slice(size) if order == "<" else slice(-size, None)
    ]
    return data


def _cut(data: bytearray, dice: random.Random) -> bytearray:
    return data[: dice.randrange(len(data) + 1)]


def _lengthen(data: bytearray, dice: random.Random) -> bytearray:
    return data + bytes(dice.choice((1, 100, 100_000)))


def _remove(data: bytearray, dice: random.Random) -> bytearray:
    at = _place(data, dice)
    del data[at : at + dice.choice((1, 2, 4, 12, 100))]
    return data


def _repeat(data: bytearray, dice: random.Random) -> bytearray:
    at, size = _place(data, dice), dice.choice((1, 4, 12, 100))
    data[at:at] = data[at : at + size] * dice.choice((1, 1, 30))
    return data


def _scramble(data: bytearray, dice: random.Random) -> bytearray:
    at, size = _place(data, dice), dice.choice((4, 16, 200))
    data[at : at + size] = dice.randbytes(size)
    return data


def _swap(data: bytearray, dice: random.Random) -> bytearray:
    """Exchange two stretches, as of chunks, tags or segments."""
    size = dice.choice((2, 4, 12, 20, 60))
    one, two = sorted((_place(data, dice), _place(data, dice)))
    first, second = data[one : one + size], data[two : two + size]
    data[two : two + size] = first
    data[one : one + size] = second
    return data


def _join(data: bytearray, dice: random.Random) -> bytearray:
    """Put another file behind this one, or behind its first part."""
    other = dice.choice(_files()[0])[1]
    return data[: dice.choice((len(data), dice.randrange(len(data) + 1)))] + other[dice.choice((0, len(other) // 2)) :]


_DAMAGES = (_flip, _flip, _number, _number, _number, _cut, _lengthen, _remove, _repeat, _scramble, _swap, _join)


def _with_checksums(data: bytes) -> bytearray:
    """Give PNG chunks right checksums again, so that damage gets past them."""
    whole, at = bytearray(data[:8]), 8
    while at + 8 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        if at + 12 + length > len(data):
            break
        whole += chunk(data[at + 4 : at + 8], data[at + 8 : at + 8 + length])
        at += 12 + length
    return whole + data[at:]


def read_whole(path: Path) -> str:
    """Open and read a file; return what came of it."""
    try:
        artwork = open_artwork(path, dpi=60 if path.stem == "page" else None)
        rows = 0
        for band in bands(artwork, 64):
            rows += len(band)
            assert band.shape[1:] == (artwork.width_px, artwork.channels), "a band of another shape"
            assert band.dtype.itemsize * 8 == artwork.bits, "a band of another depth"
            if rows * artwork.width_px > ENOUGH_PX:
                return "read in part"
        assert rows == artwork.height_px, "rows are missing"
    except ArtworkError as refusal:
        line = str(refusal)
        assert line.startswith(f"{path.name}: "), f"not named: {line}"
        assert line.isprintable(), f"not one line: {line!r}"
        assert len(line) < 500, f"long: {line}"
        return f"refused: {line}"
    return "read"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(seed: int, first: int, count: int) -> None:
    """Read files one after the other until all are done or one ends the process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    warnings.simplefilter("error")
    faulthandler.enable()
    faulthandler.register(signal.SIGPROF, chain=True)  # tells where it is, and ends the process
    with tempfile.TemporaryDirectory(prefix="foulard-") as folder:
        for number in range(first, first + count):
            name, data = mutant(seed, number)
            path = Path(folder, name)
            path.write_bytes(data)
            _say(f"{number} begun {name}")
            signal.setitimer(signal.ITIMER_PROF, BUSY_S)
            faulthandler.dump_traceback_later(HANG_S, exit=True)
            start = time.perf_counter()
            try:
                outcome = read_whole(path)
            except Exception:  # noqa: BLE001  (whatever it is, it is what is looked for)
                outcome = f"FAILED: {traceback.format_exc()!r}"
            signal.setitimer(signal.ITIMER_PROF, 0)
            faulthandler.cancel_dump_traceback_later()
            peak_mb = int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
            _say(f"{number} {time.perf_counter() - start:.3f} {peak_mb} {outcome}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
