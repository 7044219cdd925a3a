"""The press as a process: OPC UA, raster, cloth and camera."""

import asyncio
import contextlib
import json
import time

import cv2
import numpy as np
import pytest

from simulators.imaging import Sight, eye, render
from simulators.packml import State, Verb
from simulators.retained import ClothLog, Printed


def job(raster, rows, ticket=1, **other):
    return {
        "ticket": ticket,
        "length_m": rows * 25.4e-3 / 600,
        "raster_path": str(raster.path),
        "raster_sha256": raster.sha256,
        "total_rows": rows,
        "start_row": 0,
        **other,
    }


def cloth(folder):
    return [json.loads(line) for line in (folder / "cloth.jsonl").read_text(encoding="utf-8").splitlines()]


def assert_once(lines, rows):
    """The ranges cover 0..rows, each row exactly once, in order."""
    place = 0
    for line in lines:
        assert line["from_row"] == place
        assert line["to_row"] > place
        place = line["to_row"]
    assert place == rows


class Strips:
    """A plain client of the camera."""

    def __init__(self, url):
        self.host, self.port = url.removeprefix("tcp://").split(":")

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection(self.host, int(self.port))
        return self

    async def __aexit__(self, *_):
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()

    async def ask(self, ticket, from_row=0):
        await self.send({"ticket": ticket, "from_row": from_row})

    async def send(self, message):
        self.writer.write(json.dumps(message).encode() + b"\n")
        await self.writer.drain()

    async def strip(self, ack=True):
        header = json.loads(await asyncio.wait_for(self.reader.readline(), 60))
        raw = await asyncio.wait_for(self.reader.readexactly(header["bytes"]), 20)
        if ack:
            await self.send({"ack": header["row_start"] + header["rows"]})
        return header, np.frombuffer(raw, np.uint8).reshape(header["height_px"], header["width_px"], 3)

    async def all(self, ticket, from_row=0):
        await self.ask(ticket, from_row)
        strips = [await self.strip()]
        while not strips[-1][0]["last"]:
            strips.append(await self.strip())
        return strips


def test_press_prints_a_job_and_spends_its_ink(machine, raster):
    rows = 9000

    async def scenario():
        extra = ("--faults", "spot:at_m=0.25,x_mm=40,d_mm=4")
        async with machine("press", extra=extra) as (process, press), Strips(process.camera) as camera:
            await press.write(job(raster, rows))
            started = time.monotonic()
            reading = asyncio.create_task(camera.all(1))
            done = await press.run_through()
            strips = await reading
            assert time.monotonic() - started < 10
            assert (done["row"], done["active_ticket"]) == (rows, 1)
            assert done["metres"] == pytest.approx(rows * 25.4e-3 / 600)
            used = [done[f"ink{number}_used_ml"] for number in range(1, 5)]
            assert done["ink1_level_l"] == pytest.approx(20 - used[0] / 1000, abs=1e-3)
            assert await process.end() == 0
            return used, strips, cloth(process.folder)

    used, strips, lines = asyncio.run(scenario())
    volumes = np.array(raster.drop_volumes)
    expected = [volumes[plane].sum() * raster.drop_pl * 1e-9 for plane in raster.rows(0, rows)]
    assert used == pytest.approx(expected, rel=2e-3)
    assert_once(lines, rows)

    headers = [header for header, _ in strips]
    assert [header["index"] for header in headers] == [0, 1, 2]
    assert [header["rows"] for header in headers] == [4096, 4096, 808]
    assert [header["height_px"] for header in headers] == [1024, 1024, 202]
    assert {header["width_px"] for header in headers} == {raster.width_px // 4}
    assert [header["mm_per_px"] for header in headers] == pytest.approx([0.169333] * 3, rel=1e-4)
    assert [header["last"] for header in headers] == [False, False, True]
    assert strips[1][1][1476 - 1024, 236].max() < 60  # the ordered spot


def test_kill_9_in_execute_prints_every_row_once(machine, raster):
    rows = 40_000_000

    async def scenario():
        async with machine("press") as (process, press):
            await press.write(job(raster, rows))
            assert await press.command(Verb.RESET) == 1
            await press.reach(State.IDLE)
            seen = 0
            for kills in range(2):
                assert await press.command(Verb.START) == 1
                seen = (await press.wait(lambda values, seen=seen: values["row"] > seen + 100_000))["row"]
                await process.kill()
                await press.close()
                assert cloth(process.folder)[-1]["to_row"] >= seen
                await process.start()
                await press.open(process.endpoint)
                woken = await press.all()
                assert (woken["state"], woken["alarm_word"] & 1) == (State.ABORTED, 1), kills
                assert woken["row"] == cloth(process.folder)[-1]["to_row"]
                assert woken["raster_path"] == str(raster.path)
                seen = woken["row"]
                assert await press.command(Verb.CLEAR) == 1
                await press.reach(State.STOPPED)
                assert await press.command(Verb.RESET) == 1
                idle = await press.reach(State.IDLE)
                assert idle["row"] == seen
            assert await press.command(Verb.START) == 1
            assert (await press.reach(State.COMPLETE))["row"] == rows
            return cloth(process.folder)

    assert_once(asyncio.run(scenario()), rows)


def test_a_torn_line_of_the_cloth_is_cut_off(tmp_path):
    log = ClothLog(tmp_path)
    log.begin(1, 0, "raster.tiff", "0" * 64, "")
    log.append(1, 0, 700)
    log.close()
    with (tmp_path / "cloth.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"ticket": 1, "from_r')
    log = ClothLog(tmp_path)
    assert log.next_row(1) == 700
    log.begin(1, 700, "raster.tiff", "0" * 64, "spot:at_m=1,x_mm=1,d_mm=1")
    log.append(1, 700, 900)
    log.close()
    assert_once(cloth(tmp_path), 900)
    assert ClothLog(tmp_path).printed(1) == (Printed(0, 700), Printed(700, 900, "spot:at_m=1,x_mm=1,d_mm=1"))


def test_a_bad_raster_is_refused_and_nothing_moves(machine, raster, tmp_path):
    broken = tmp_path / "broken.tif"
    broken.write_bytes(raster.path.read_bytes()[:-1000])

    async def scenario():
        async with machine("press") as (process, press):
            await press.write(job(raster, 5000, raster_path=str(tmp_path / "none.tif")))
            assert await press.command(Verb.RESET) == 4
            assert "none.tif" in (await press.all())["message"]
            assert (await press.all())["state"] == State.STOPPED

            for path, digest in ((broken, raster.sha256), (raster.path, "0" * 64)):
                await press.write(job(raster, 5000, raster_path=str(path), raster_sha256=digest))
                await press.command(Verb.RESET)
                refused = await press.wait(lambda values: values["command_result"] == 4)
                refused = await press.reach(State.STOPPED)
                assert path.name in refused["message"]
                assert refused["alarm_word"] == 0b100
                assert await press.command(Verb.START) == 2

            await press.write(job(raster, 5000))
            assert await press.command(Verb.RESET) == 1
            idle = await press.reach(State.IDLE)
            assert (idle["message"], idle["alarm_word"]) == ("", 0)
            return cloth(process.folder)

    assert asyncio.run(scenario()) == []


def test_opcua_writes_are_clamped_or_refused(machine):
    from asyncua import ua

    async def scenario():
        async with machine("washer") as (_, washer):
            await washer.write({"speed_sp_m_min": 500.0})
            assert (await washer.all())["speed_sp_m_min"] == 60.0
            with pytest.raises(ua.UaError):
                await washer.write({"speed_sp_m_min": float("nan")})
            with pytest.raises(ua.UaError):
                await washer.write({"state": 6})
            node = washer.nodes["speed_sp_m_min"]
            with pytest.raises(ua.UaError):
                await node.write_value(ua.DataValue(ua.Variant("fast", ua.VariantType.String)))
            await washer.write({"ticket": 4, "length_m": 2.0})
            done = await washer.run_through()
            assert done["metres"] == pytest.approx(2.0)
            assert done["water_l"] > 0
            assert done["residual_moisture_pct"] < 20

    asyncio.run(scenario())


def test_the_camera_sees_the_same_again_and_keeps_two_strips_on_their_way(machine, raster):
    async def scenario():
        async with machine("press") as (process, press), Strips(process.camera) as camera:
            await press.write(job(raster, 30_000, ticket=11))
            assert await press.command(Verb.RESET) == 1
            await press.reach(State.IDLE)
            await camera.ask(11)
            assert await press.command(Verb.START) == 1
            first, second = await camera.strip(ack=False), await camera.strip(ack=False)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(camera.reader.readexactly(1), 0.5)
            # the clock is held while strips wait: the press does not run away
            row = (await press.all())["row"]
            assert row <= 8192 + 5 * 4096
            assert (await press.all())["state"] == State.EXECUTE
            await camera.send({"ack": 4096})
            third = await camera.strip()
            assert third[0]["index"] == 2
            await camera.send({"ack": 8192})
            while not (await camera.strip())[0]["last"]:
                pass
            await press.reach(State.COMPLETE)
            again = await camera.all(11, from_row=25_000)
            behind = await camera.all(11, from_row=999_999)
            await camera.ask(12)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(camera.reader.readexactly(1), 0.3)
            await camera.ask(11)
            once_more = await camera.strip()
            return first, second, again, behind, once_more

    first, second, again, behind, once_more = asyncio.run(scenario())
    assert (first[0]["row_start"], second[0]["row_start"]) == (0, 4096)
    assert [header["index"] for header, _ in again] == [6, 7]
    assert [header["index"] for header, _ in behind] == [7]
    assert np.array_equal(again[1][1], behind[0][1])
    assert np.array_equal(first[1], once_more[1])


def test_a_missing_nozzle_changes_its_columns_only_and_a_spot_is_where_it_was_ordered(raster):
    def run(faults):
        view, sight = eye(raster), Sight((Printed(0, 8000, faults),))
        return render(view, sight, ticket=3, row_start=0, height_px=2000).astype(int)

    clean = run("")
    # nozzle 400 prints camera column 100, 0.1 m is camera row 590
    # the spot's centre is camera row 1476, column 236; it is 24 pixels wide
    faulty = run("nozzle_out:ink=0,nozzle=400,from_m=0.1;spot:at_m=0.25,x_mm=40,d_mm=4")
    changed = np.abs(faulty - clean).max(axis=2) > 0

    streak = changed.copy()
    streak[:, 200:] = False
    columns, rows = np.flatnonzero(streak.any(axis=0)), np.flatnonzero(streak.any(axis=1))
    assert columns.size > 0
    assert 96 <= columns.min() <= columns.max() <= 104
    assert 585 < rows.min() < 640
    assert rows.max() > 1950
    gain = (faulty - clean)[600:, 98:103].mean(axis=(0, 1))
    assert gain[0] > 0.5  # cyan is missing: more red comes back
    assert gain[0] > gain[2]

    spot = np.argwhere(changed[:, 200:]) + np.array([0, 200])
    assert spot.mean(axis=0) == pytest.approx((1476, 236), abs=2)
    assert np.ptp(spot, axis=0) == pytest.approx((24, 24), abs=4)
    assert faulty[1476, 236].max() < 60


def test_a_strip_shows_the_print_and_lies_where_it_says(raster):
    """Dark where the raster has ink, and in register with it within the stated 1.5 pixels."""
    strip = render(eye(raster), Sight((Printed(0, 8192),)), ticket=1, row_start=0, height_px=1024).mean(axis=2)
    ink = raster.coverage(0, 4096).sum(axis=0)
    assert np.corrcoef(strip.ravel(), ink.ravel())[0, 1] < -0.85
    (dx, dy), response = cv2.phaseCorrelate(
        np.ascontiguousarray(strip, np.float64),
        -ink.astype(np.float64),
        cv2.createHanningWindow(strip.shape[::-1], cv2.CV_64F),
    )
    assert response > 0.1
    assert max(abs(dx), abs(dy)) <= 1.6


def test_unprinted_cloth_is_white_with_weave_falloff_and_noise(raster):
    strip = render(eye(raster), Sight((Printed(2048, 8192),)), ticket=1, row_start=0, height_px=1024).astype(float)
    bare, printed = strip[:500], strip[530:]
    assert bare.mean() > 210
    assert printed.mean() < bare.mean() - 20
    middle, edge = bare[:, 150:200].mean(), bare[:, :20].mean()
    assert 0.95 < edge / middle < 0.985  # 9 % of the light is 4 % of the code value
    assert 2.0 < bare[:, 170:180, 0].std() < 6.0


def test_strips_join_without_a_seam(raster):
    """What the camera says of the same cloth does not depend on where a strip ends."""
    view, sight = eye(raster), Sight((Printed(0, 20_000),))
    upper = render(view, sight, ticket=1, row_start=0, height_px=1024).astype(float)
    lower = render(view, sight, ticket=1, row_start=4096, height_px=1024).astype(float)
    within = np.abs(np.diff(upper[-40:], axis=0)).mean()
    across = np.abs(lower[0] - upper[-1]).mean()
    assert across < 1.5 * within


def test_another_ticket_goes_on_at_its_start_row_and_the_camera_shows_the_end_of_the_one_before(machine, raster):
    async def scenario():
        async with machine("press") as (process, press), Strips(process.camera) as camera:
            await press.write(job(raster, 40_000_000))
            assert await press.command(Verb.RESET) == 1
            await press.reach(State.IDLE)
            assert await press.command(Verb.START) == 1
            await press.wait(lambda values: values["row"] > 20_000)
            assert await press.command(Verb.STOP) == 1
            stop = (await press.reach(State.STOPPED))["row"]
            begin, total = stop - 6001, stop + 5000
            await press.write(job(raster, total, ticket=2, start_row=begin))
            done = await press.run_through()
            ended = await camera.all(1, stop - 3000)
            await camera.ask(2, begin)
            strips = [await camera.strip() for _ in range(3)]
            assert await process.end() == 0
            return stop, begin, total, done, [header for header, _ in ended], strips, cloth(process.folder)

    stop, begin, total, done, ended, strips, lines = asyncio.run(scenario())
    assert (done["row"], done["active_ticket"]) == (total, 2)
    assert done["metres"] == pytest.approx((total - begin) * 25.4e-3 / 600)
    assert_once([line for line in lines if line["ticket"] == 1], stop)
    again = [line for line in lines if line["ticket"] == 2]
    assert (again[0]["from_row"], again[-1]["to_row"]) == (begin, total)
    last = ended[-1]
    assert last["last"]
    assert last["row_start"] + last["rows"] == stop // 4 * 4, "another ticket has followed: nothing more will come"
    headers = [header for header, _ in strips]
    grid = begin // 4 * 4
    assert [header["row_start"] for header in headers] == [grid, grid + 4096, grid + 8192]
    assert headers[-1]["last"]
    assert strips[0][1][100:900].std() > 10, "the rows are there"
