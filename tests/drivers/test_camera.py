import asyncio
import contextlib
import json
import time

import numpy as np
import pytest
from structlog.testing import capture_logs

from drivers import CameraError, StripCamera

ROWS, HEIGHT, WIDTH = 4096, 1024, 300
TOTAL = 4 * ROWS + 1000  # five strips, the last one short


def picture(row):
    """Pixels that tell their strip."""
    height = min(HEIGHT, (TOTAL - row) // 4)
    rng = np.random.default_rng(row)
    return rng.integers(0, 256, (height, WIDTH, 3), dtype=np.uint8)


def header(ticket, row):
    pixels = picture(row)
    return {
        "index": row // ROWS, "ticket": ticket, "row_start": row, "rows": len(pixels) * 4, "total_rows": TOTAL,
        "mm_per_px": 0.16933, "x_mm": -2.0, "height_px": len(pixels), "width_px": WIDTH, "bytes": pixels.nbytes,
        "last": row + ROWS >= TOTAL,
    }  # fmt: skip


class FakeCamera:
    """Serves strips as the protocol says; ``cut`` maps a row to how many bytes of its strip come before the cut."""

    def __init__(self, cut=(), garble=None, *, silent=False):
        self.silent = silent
        self.cut = dict(cut)
        self.garble = garble
        self.asked, self.acks = [], []
        self.news = asyncio.Event()

    async def until(self, holds):
        """Await that ``holds`` is true after something was asked or acknowledged."""
        while not holds():
            self.news.clear()
            await self.news.wait()

    async def __aenter__(self):
        await self.listen(0)
        return self

    async def listen(self, port):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", port)
        self.port = self.server.sockets[0].getsockname()[1]
        self.endpoint = f"tcp://127.0.0.1:{self.port}"

    async def __aexit__(self, *exc):
        self.server.close()
        await self.server.wait_closed()

    async def serve(self, reader, writer):
        with contextlib.suppress(OSError):
            await self.talk(reader, writer)
        writer.close()

    async def talk(self, reader, writer):
        asked = json.loads(await reader.readline())
        self.asked.append(asked)
        self.news.set()
        if self.silent:
            await reader.read()
        row, unacknowledged = min(asked["from_row"], TOTAL - 1) // ROWS * ROWS, 0
        while row < TOTAL:
            head = header(asked["ticket"], row)
            line = self.garble(head) if self.garble else json.dumps(head).encode() + b"\n"
            payload = picture(row).tobytes()
            if row in self.cut:
                writer.write((line + payload)[: self.cut.pop(row)])
                await writer.drain()
                return
            writer.write(line + payload)
            await writer.drain()
            row += head["rows"]
            unacknowledged += 1
            while unacknowledged == 2 or (head["last"] and unacknowledged):
                if not (line := await reader.readline()):
                    return
                self.acks.append(json.loads(line)["ack"])
                self.news.set()
                unacknowledged -= 1


async def collect(camera, ticket, row, folder):
    strips = []
    async with contextlib.aclosing(camera.strips(ticket, row, folder)) as source:
        async for strip in source:
            pixels = np.memmap(strip.path, np.uint8, "r", shape=(strip.height_px, strip.width_px, 3))
            assert np.array_equal(pixels, picture(strip.row_start))
            strips.append(strip)
    return strips


def test_strips_arrive_whole_and_in_order(run, tmp_path):
    async def main():
        async with FakeCamera() as far:
            strips = await collect(StripCamera(far.endpoint), 7, 0, tmp_path / "roll")
            await far.until(lambda: len(far.acks) == 5)
        assert [strip.index for strip in strips] == [0, 1, 2, 3, 4]
        assert [strip.row_start for strip in strips] == [0, 4096, 8192, 12288, 16384]
        assert [strip.last for strip in strips] == [False] * 4 + [True]
        assert (strips[4].rows, strips[4].height_px, strips[4].x_mm) == (1000, 250, -2.0)
        assert strips[0].path == tmp_path / "roll" / "00000.rgb"
        assert far.acks == [4096, 8192, 12288, 16384, 17384]
        assert far.asked == [{"ticket": 7, "from_row": 0}]
        assert len(list((tmp_path / "roll").iterdir())) == 5

    run(main())


def test_nothing_comes_behind_the_last_row(run, tmp_path):
    async def main():
        async with FakeCamera() as far:
            assert [strip.index for strip in await collect(StripCamera(far.endpoint), 7, TOTAL - 1, tmp_path)] == [4]
            assert await collect(StripCamera(far.endpoint), 7, TOTAL, tmp_path) == []

    run(main())


# in the middle of a header, right behind it, in the middle of the pixels, one byte before the end
@pytest.mark.parametrize("size", [0, 20, 250, 400_000, -1])
def test_a_drop_is_resumed_where_it_was(run, tmp_path, size):
    async def main():
        async with FakeCamera(cut={8192: size, 16384: 5}) as far:
            with capture_logs() as logs:
                strips = await collect(StripCamera(far.endpoint), 7, 4096, tmp_path)
        assert [strip.row_start for strip in strips] == [4096, 8192, 12288, 16384]
        assert [asked["from_row"] for asked in far.asked] == [4096, 8192, 16384]
        assert sorted(path.name for path in tmp_path.iterdir()) == [f"{i:05d}.rgb" for i in (1, 2, 3, 4)]
        assert [entry["event"] for entry in logs] == ["camera link lost", "camera link up"] * 2

    run(main())


def test_a_camera_that_comes_late(run, tmp_path):
    async def main():
        far = FakeCamera()
        async with far:
            pass
        task = asyncio.create_task(collect(StripCamera(far.endpoint), 7, 12288, tmp_path))
        with capture_logs() as logs:
            await asyncio.sleep(0.4)  # some vain attempts
            await far.listen(far.port)
            assert [strip.index for strip in await asyncio.wait_for(task, 5)] == [3, 4]
        assert [entry["event"] for entry in logs] == ["camera link lost", "camera link up"]
        await far.__aexit__()

    run(main())


def test_leaving_early_leaves_nothing_behind(run, tmp_path):
    async def main():
        async with FakeCamera() as far, contextlib.aclosing(StripCamera(far.endpoint).strips(7, 0, tmp_path)) as source:
            assert (await anext(source)).index == 0
        async with FakeCamera(silent=True) as far:
            before = asyncio.all_tasks()
            waiting = asyncio.create_task(collect(StripCamera(far.endpoint), 7, 0, tmp_path))
            await far.until(lambda: far.asked)
            waiting.cancel()
            await asyncio.wait([waiting])
            assert waiting.cancelled()
            assert [task for task in asyncio.all_tasks() - before if "FakeCamera" not in repr(task)] == []
        assert [path.name for path in tmp_path.iterdir()] == ["00000.rgb"]

    run(main())


def changed(**values):
    return lambda head: json.dumps(head | values).encode() + b"\n"


GARBLED = [
    (lambda head: b"\x80\x00\xffhello\n", "bad strip header: Invalid JSON"),
    (lambda head: b"[1, 2]\n", "bad strip header: Input should be an object"),
    (lambda head: b"x" * 10_000, "no header line within 4096 bytes"),
    (lambda head: b"{}\n", "bad strip header: index: Field required"),
    (changed(colour="red"), "colour: Extra inputs are not permitted"),
    (changed(bytes=10), "bad strip header: 10 bytes are not 1024 × 300 RGB pixels"),
    (changed(bytes=10**12, height_px=10**6, width_px=10**6), "bytes: Input should be less than or equal to 536870912"),
    (changed(height_px=-1), "height_px: Input should be greater than 0"),
    (changed(index=-1), "index: Input should be greater than or equal to 0"),
    (changed(index="../../x"), "index: Input should be a valid integer"),
    (changed(mm_per_px=0), "mm_per_px: Input should be greater than 0"),
    (changed(rows=10**9), "rows 0 \\+ 1000000000 are more than the total of 17384"),
    (changed(ticket=8), "asked for ticket 7, got a strip of 8"),
    (changed(row_start=4096), "asked for row 0, got rows 4096 to 8191"),
    (lambda head: json.dumps(head).replace("-2.0", "NaN").encode() + b"\n", "x_mm: Input should be a finite number"),
]


@pytest.mark.parametrize(("garble", "message"), GARBLED, ids=[case[1][:40] for case in GARBLED])
def test_a_garbled_header_is_one_clear_error(run, tmp_path, garble, message):
    async def main():
        async with FakeCamera(garble=garble) as far:
            with pytest.raises(CameraError, match=message) as error:
                await collect(StripCamera(far.endpoint), 7, 0, tmp_path)
            assert far.endpoint in str(error.value)
            assert "\n" not in str(error.value)
        assert list(tmp_path.iterdir()) == []

    run(main())


def test_no_place_for_the_strip(run, tmp_path):
    async def main():
        (tmp_path / "00000.part").mkdir()
        async with FakeCamera() as far:
            with pytest.raises(CameraError, match=r"cannot store 921600 bytes in .*00000\.part: Is a directory"):
                await collect(StripCamera(far.endpoint), 7, 0, tmp_path)

    run(main())


@pytest.mark.parametrize("endpoint", ["127.0.0.1:5030", "tcp://host", "http://host:1", "tcp://:5"])
def test_bad_endpoint(endpoint):
    with pytest.raises(ValueError, match=f"camera endpoint '{endpoint}' is not tcp://HOST:PORT"):
        StripCamera(endpoint)


def test_a_consumer_may_take_its_time(run, tmp_path):
    async def main():
        async with FakeCamera() as far:
            async with contextlib.aclosing(StripCamera(far.endpoint).strips(7, 0, tmp_path)) as source:
                began = time.monotonic()
                first = await anext(source)
                await asyncio.sleep(0.2)
                assert far.acks == []  # nothing is acknowledged before it is done with
                second = await anext(source)
                assert (first.index, second.index) == (0, 1)
                assert time.monotonic() - began < 5
            await far.until(lambda: far.acks == [4096])

    run(main())
