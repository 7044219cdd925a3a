"""The person beside a running machine: orders on its stdin, each answered; the machine itself over its own protocol."""

import asyncio
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulators import Plant
from simulators.cloth import STAGES
from simulators.faults import KINDS
from simulators.packml import State, Verb
from simulators.plant import PlantError
from simulators.plc import Order
from simulators.rolls import Rolls

ROOT = Path(__file__).parents[2]


def alarms(tags, values):
    return {alarm.name for alarm in tags.profile.alarms if values["alarm_word"] >> alarm.bit & 1}


@pytest.mark.parametrize("profile", ["padder-stenter", "padder-stenter-opcua"])
def test_an_emergency_stop_is_reset_at_the_machine_only(tmp_path, tags_of, profile):
    async def scenario():
        async with Plant(tmp_path, 60, only=["padder"], profiles={"padder": profile}, insecure=True) as plant:
            padder = await tags_of("padder", plant.endpoints["padder"], profile)
            await padder.write({"ticket": 1, "length_m": 500.0, "chamber_temp_sp_c": 95.0})
            assert await padder.command(Verb.RESET) == 1
            await padder.reach(State.IDLE)
            assert await padder.command(Verb.START) == 1
            await padder.reach(State.EXECUTE)
            assert await plant.order("padder", "estop") == "done estop"
            stopped = await padder.reach(State.ABORTED)
            assert (stopped["emergency_stop"], stopped["speed_m_min"]) == (True, 0)
            assert alarms(padder, stopped) == {"emergency_stop"}
            assert await padder.command(Verb.CLEAR) == 2
            await plant.order("padder", "release")
            released = await padder.wait(lambda values: not values["emergency_stop"])
            assert (released["state"], alarms(padder, released)) == (State.ABORTED, {"emergency_stop"})
            assert await padder.command(Verb.CLEAR) == 1
            assert alarms(padder, await padder.reach(State.STOPPED)) == set()

            await plant.order("padder", "mode maintenance")
            assert (await padder.wait(lambda values: values["mode"] == 2))["state"] == State.STOPPED
            assert await padder.command(Verb.RESET) == 2
            await plant.order("padder", "mode produce")
            assert await padder.command(Verb.RESET) == 1
            await padder.close()

    asyncio.run(scenario())


def test_a_fault_ordered_while_it_runs_shows_and_is_cleared(tmp_path, tags_of):
    async def scenario():
        async with Plant(tmp_path, speed=60, only=["steamer"]) as plant:
            steamer = await tags_of("steamer", plant.endpoints["steamer"])
            await steamer.write({"ticket": 1, "length_m": 500.0})
            assert await steamer.command(Verb.RESET) == 1
            await steamer.reach(State.IDLE)
            assert await steamer.command(Verb.START) == 1
            await steamer.reach(State.EXECUTE)
            await plant.order("steamer", "fault superheat k=20")
            hot = await steamer.wait(lambda values: values["superheat_k"] > 10)
            assert "superheat_high" in alarms(steamer, hot)
            await plant.order("steamer", "clear superheat")
            cool = await steamer.wait(lambda values: values["superheat_k"] < 3)
            assert alarms(steamer, cool) == set()
            await steamer.close()
        record = (tmp_path / "steamer" / "faults.jsonl").read_text(encoding="utf-8").splitlines()
        assert len(record) == 2

    asyncio.run(scenario())


def test_a_restarting_controller_leaves_the_network_and_comes_back(tmp_path, tags_of):
    async def scenario():
        async with Plant(tmp_path, speed=1, only=["washer", "steamer"], insecure=True) as plant:
            for name in ("washer", "steamer"):
                tags = await tags_of(name, plant.endpoints[name])
                await tags.write({"ticket": 5, "length_m": 7.0})
                assert await tags.command(Verb.RESET) == 1
                await tags.reach(State.IDLE)
                await plant.order(name, f"fault plc_restart keep={int(name == 'washer')}")
                await off_the_network(plant.endpoints[name])
                await tags.close()
                again = await listening(tags_of, name, plant.endpoints[name])
                values = await again.all()
                if name == "washer":
                    assert (values["state"], values["active_ticket"]) == (State.ABORTED, 5)
                    assert alarms(again, values) == {"power_lost"}
                else:
                    assert (values["state"], values["active_ticket"], values["ticket"]) == (State.STOPPED, 0, 0)
                await again.close()

    asyncio.run(scenario())


async def off_the_network(endpoint):
    host, port = endpoint.partition("://")[2].split(":")
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection(host, int(port))
            except ConnectionRefusedError:
                return
            writer.close()
            await asyncio.sleep(0.05)


async def listening(tags_of, name, endpoint):
    async with asyncio.timeout(20):
        while True:
            try:
                return await tags_of(name, endpoint)
            except (ConnectionError, OSError, AssertionError, TimeoutError):
                await asyncio.sleep(0.1)


def test_what_cannot_be_done_is_refused_in_one_line(tmp_path):
    async def scenario():
        async with Plant(tmp_path, only=["padder"]) as plant:
            for order, says in (
                ("dance", "no order"),
                ("fault superheat k=20", "steamer"),
                ("fault under_drying pct=900", "pct"),
                ("clear web_break", "not ordered"),
                ("mode sideways", "no order"),
                ("certificate expired", "the padder has no certificate: its endpoint is not encrypted"),
            ):
                with pytest.raises(PlantError, match=says) as caught:
                    await plant.order("padder", order)
                assert "\n" not in str(caught.value)
            assert await plant.order("padder", "local") == "done local"

    asyncio.run(scenario())


def test_one_roll_goes_through_processes_with_its_history(tmp_path, tags_of):
    async def scenario():
        faults = "under_drying:pct=100,at_m=0.1"
        async with Plant(tmp_path, math.inf, faults, only=["padder"]) as plant:
            padder = await tags_of("padder", plant.endpoints["padder"])
            await padder.write({"ticket": 11, "length_m": 60.0, "chamber_temp_sp_c": 95.0, "fan_sp_pct": 60.0})
            await padder.run_through()
            await padder.close()

    asyncio.run(scenario())
    wet = Rolls(tmp_path / "rolls", "padder").read(11)
    assert wet["moisture_pct"][-1] > 20 > wet["moisture_pct"][0]
    taken = Rolls(tmp_path / "rolls", "press").take(Order(12, 60.0))
    assert taken.roll == 11
    assert (taken["moisture_pct"] == wet["moisture_pct"]).all()
    other = Rolls(tmp_path / "rolls", "press").take(Order(13, 60.0))
    assert other.roll == 13  # nobody else gets it
    assert Rolls(tmp_path / "rolls", "press").take(Order(12, 60.0)).roll == 11


def test_one_machine_from_the_command_line_obeys_what_is_typed(tmp_path, tags_of):
    async def scenario():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "hmi.cli", "plant", "padder", "--profile", "padder-stenter-opcua", "--insecure",
            "--endpoint", "opc.tcp://127.0.0.1:0", "--state-dir", str(tmp_path), "--faults", "wrong_roll",
            cwd=ROOT, env=os.environ | {"FOULARD_DATA": str(tmp_path / "data")},
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        name, endpoint = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().split()
        assert (name, endpoint.partition(":")[0]) == ("padder", "opc.tcp")
        padder = await tags_of("padder", endpoint, "padder-stenter-opcua")
        await padder.write({"ticket": 1, "length_m": 2.0})
        assert await padder.command(Verb.RESET) == 4
        assert alarms(padder, await padder.all()) == {"wrong_roll"}
        process.stdin.write(b"dance\nclear wrong_roll\n")
        said = ""
        while "done clear wrong_roll" not in said:
            said += (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
        assert "no order" in said
        assert await padder.command(Verb.RESET) == 1
        await padder.close()
        process.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(process.wait(), 20) == 0

    asyncio.run(scenario())


@pytest.mark.parametrize("machine", STAGES)
def test_a_machine_explains_its_tags_faults_and_orders(machine):
    said = subprocess.run(
        [sys.executable, "-m", "simulators", machine, "--explain"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "drivers/profiles/" in said
    for kind in KINDS.values():
        assert (kind.name in said) == (machine in kind.machines)
    for order in ("local", "estop", "mode", "fault", "clear"):
        assert order in said
