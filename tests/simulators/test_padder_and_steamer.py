"""Padder and steamer as processes, driven over Modbus TCP, and over OPC UA by another profile."""

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from simulators.__main__ import main
from simulators.packml import State, Verb

ROOT = Path(__file__).parents[2]

FULL = bool(os.environ.get("FOULARD_FULL"))  # the long form; see `make test-full`
either_padder = pytest.mark.parametrize("profile", ["padder-stenter", "padder-stenter-opcua"])
# what the protocol has less to do with, over the other one in the long form only
full_padder = pytest.mark.parametrize("profile", ["padder-stenter", *(["padder-stenter-opcua"] if FULL else [])])
full_steamer = pytest.mark.parametrize("profile", ["loop-steamer", *(["loop-steamer-opcua"] if FULL else [])])


@either_padder
def test_padder_goes_through_all_its_states(machine, profile):
    async def scenario():
        async with machine("padder", profile=profile) as (process, padder):
            first = await padder.all()
            assert (first["state"], first["remote"], first["alarm_word"]) == (State.STOPPED, True, 0)
            assert await padder.command(Verb.RESET) == 4  # no job yet
            await padder.write({"ticket": 7, "length_m": 2.0, "speed_sp_m_min": 20.0, "chamber_temp_sp_c": 95.0})
            started = time.monotonic()
            done = await padder.run_through()
            assert time.monotonic() - started < 5
            assert done["active_ticket"] == 7
            assert done["metres"] == pytest.approx(2.0)
            assert 60 < done["pickup_pct"] < 80
            assert done["liquor_kg"] == pytest.approx(2.0 * 1.4 * 0.09 * 0.7, rel=0.15)
            assert done["gas_kwh"] > 0
            assert done["speed_m_min"] == 0

            # the other verbs, in a job long enough to be caught in the middle
            await padder.write({"ticket": 8, "length_m": 10_000.0})
            assert await padder.command(Verb.RESET) == 1
            idle = await padder.reach(State.IDLE)
            assert (idle["metres"], idle["run_s"], idle["liquor_kg"]) == (0, 0, 0)
            assert await padder.command(Verb.UNHOLD) == 2
            assert (await padder.all())["state"] == State.IDLE
            for verb, rests_in in (
                (Verb.START, State.EXECUTE),
                (Verb.HOLD, State.HELD),
                (Verb.UNHOLD, State.EXECUTE),
                (Verb.SUSPEND, State.SUSPENDED),
                (Verb.UNSUSPEND, State.EXECUTE),
                (Verb.STOP, State.STOPPED),
            ):
                assert await padder.command(verb) == 1, verb.name
                await padder.reach(rests_in)
            stopped = await padder.all()
            assert await padder.command(Verb.RESET) == 1  # the same ticket goes on where it was
            assert (await padder.reach(State.IDLE))["metres"] == stopped["metres"]
            assert await padder.command(Verb.ABORT) == 1
            await padder.reach(State.ABORTED)
            assert await padder.command(Verb.CLEAR) == 1
            before = await padder.reach(State.STOPPED)
            await padder.close()
            assert await process.end() == 0

            # switched off in order, it wakes up without an alarm and knows its job
            await process.start()
            await padder.open(process.endpoint)
            after = await padder.all()
            assert (after["state"], after["alarm_word"]) == (State.STOPPED, 0)
            assert (after["active_ticket"], after["metres"]) == (8, before["metres"])

    asyncio.run(scenario())


@either_padder
def test_a_command_is_executed_once_per_token_and_local_refuses(machine, profile):
    async def scenario():
        async with machine("padder", profile=profile) as (process, padder):
            await padder.write({"ticket": 1, "length_m": 5.0})
            assert await padder.command(Verb.RESET, token=5) == 1
            await padder.reach(State.IDLE)
            await padder.write({"command": int(Verb.ABORT)})
            assert await padder.command(Verb.ABORT, token=5) == 1  # nothing new: the old answer stands
            await process.say("local")
            await padder.wait(lambda values: not values["remote"])
            assert (await padder.all())["state"] == State.IDLE
            assert await padder.command(Verb.ABORT, token=6) == 3
            await process.say("remote")
            await padder.wait(lambda values: values["remote"])
            assert await padder.command(Verb.ABORT, token=7) == 1

    asyncio.run(scenario())


@full_padder
def test_writes_are_clamped(machine, profile):
    async def scenario():
        async with machine("padder", profile=profile) as (_, padder):
            await padder.write({"speed_sp_m_min": 500.0, "nip_load_sp_kn_m": 1.0})
            values = await padder.all()
            assert (values["speed_sp_m_min"], values["nip_load_sp_kn_m"]) == (60.0, 10.0)

    asyncio.run(scenario())


def test_registers_refuse_what_is_no_value(machine):
    async def scenario():
        async with machine("padder") as (_, padder):
            await padder.write({"speed_sp_m_min": 60.0})
            spec = padder.profile.tags["speed_sp_m_min"]
            nan = await padder.client.write_registers(spec.registers.start, [0x7FC0, 0])
            half = await padder.client.write_register(spec.registers.start, 0x41A0)
            unknown = await padder.client.write_registers(1000, [1])
            coil = await padder.client.read_coils(65520, count=1)
            assert (nan.exception_code, half.exception_code, unknown.exception_code) == (3, 2, 2)
            assert coil.exception_code == 1
            assert (await padder.all())["speed_sp_m_min"] == 60.0

    asyncio.run(scenario())


def test_a_silent_controller_holds_the_machine(machine):
    async def scenario():
        async with machine("padder", speed=60) as (_, padder):
            await padder.write({"ticket": 3, "length_m": 5000.0, "chamber_temp_sp_c": 110.0})
            assert await padder.command(Verb.RESET) == 1
            await padder.reach(State.IDLE)
            assert await padder.command(Verb.START) == 1
            await padder.wait(lambda values: values["state"] == State.EXECUTE and values["metres"] > 0)
            padder.alive = False
            silent = time.monotonic()
            held = await padder.reach(State.HELD)
            assert 4.9 < time.monotonic() - silent < 8
            assert held["alarm_word"] == 0b10
            padder.alive = True
            await padder.write({"heartbeat": padder.beat + 1})
            assert await padder.command(Verb.UNHOLD) == 1
            assert (await padder.reach(State.EXECUTE))["alarm_word"] == 0

    asyncio.run(scenario())


@full_steamer
def test_a_steamer_that_runs_alone_ends_its_job_while_the_controller_is_silent(machine, profile):
    async def scenario():
        async with machine("steamer", speed=30, profile=profile) as (_, steamer):
            await steamer.write({"ticket": 4, "length_m": 2.0, "runs_alone": True, "dwell_sp_min": 4.0})
            assert await steamer.command(Verb.RESET) == 1
            await steamer.reach(State.IDLE)
            assert await steamer.command(Verb.START) == 1
            await steamer.wait(lambda values: values["state"] == State.EXECUTE)
            steamer.alive = False
            silent = time.monotonic()
            done = await steamer.reach(State.COMPLETE)
            assert time.monotonic() - silent > 6, "longer than the watchdog waits"
            assert (done["metres"], done["active_ticket"]) == (2.0, 4)

    asyncio.run(scenario())


@full_steamer
def test_silk_of_two_metres_steams_its_whole_dwell_in_a_few_seconds(machine, profile):
    async def scenario():
        async with machine("steamer", profile=profile) as (_, steamer):
            await steamer.write({"ticket": 2, "length_m": 2.0, "dwell_sp_min": 35.0, "chamber_temp_sp_c": 102.0})
            started = time.monotonic()
            done = await steamer.run_through()
            assert time.monotonic() - started < 8
            assert 35 * 60 < done["run_s"] < 37 * 60
            assert done["plant_s"] >= done["run_s"]
            assert 0 < done["superheat_k"] <= 2.5
            assert done["steam_kg"] > 20

    asyncio.run(scenario())


@full_padder
def test_a_killed_padder_wakes_up_aborted_and_goes_on_where_it_was(machine, profile):
    async def scenario():
        async with machine("padder", profile=profile) as (process, padder):
            await padder.write({"ticket": 9, "length_m": 10_000.0})
            assert await padder.command(Verb.RESET) == 1
            await padder.reach(State.IDLE)
            assert await padder.command(Verb.START) == 1
            before = await padder.wait(lambda values: values["metres"] > 10)
            await process.kill()
            await padder.close()
            await process.start()
            await padder.open(process.endpoint)
            after = await padder.all()
            assert (after["state"], after["alarm_word"]) == (State.ABORTED, 0b1)
            assert after["active_ticket"] == 9
            assert after["metres"] >= before["metres"]
            assert after["speed_sp_m_min"] == before["speed_sp_m_min"]
            assert await padder.command(Verb.CLEAR) == 1
            assert (await padder.reach(State.STOPPED))["alarm_word"] == 0
            assert await padder.command(Verb.RESET) == 1
            assert (await padder.reach(State.IDLE))["metres"] >= before["metres"]

    asyncio.run(scenario())


def test_a_port_in_use_is_one_line_and_exit_code_2(machine, tmp_path):
    async def scenario():
        async with machine("padder") as (process, _):
            arguments = ["padder", "--endpoint", process.endpoint, "--state-dir", str(tmp_path / "other")]
            second = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "simulators", *arguments, cwd=ROOT, stderr=asyncio.subprocess.PIPE
            )
            said = (await second.communicate())[1].decode()
            return said, second.returncode

    said, code = asyncio.run(scenario())
    assert code == 2
    assert said.count("\n") == 1
    assert "in use" in said


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["padder", "--endpoint", "opc.tcp://127.0.0.1:1", "--speed", "1"], "modbus://"),
        (["padder", "--endpoint", "modbus://127.0.0.1:1", "--profile", "padder-stenter-opcua"], "opc.tcp://"),
        (["padder", "--profile", "press"], "writable tag chamber_temp_sp_c is missing, which the padder needs"),
        (["padder", "--profile", "paddler"], "no profile is called 'paddler'; there are: loop-steamer, loop-"),
        (["padder", "--endpoint", "modbus://127.0.0.1:0", "--speed", "0"], "speed"),
        (["padder", "--endpoint", "modbus://127.0.0.1:0", "--faults", "spot:at_m=1,x_mm=1,d_mm=1"], "--faults"),
        (["press", "--endpoint", "opc.tcp://127.0.0.1:0"], "--camera"),
    ],
)
def test_wrong_arguments_are_one_line(arguments, named, tmp_path, capsys):
    assert main([*arguments, "--state-dir", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert named in said
    assert said.count("\n") == 1


def test_a_damaged_memory_is_one_line(tmp_path, capsys):
    (tmp_path / "memory").write_text("{", encoding="utf-8")
    assert main(["padder", "--endpoint", "modbus://127.0.0.1:0", "--state-dir", str(tmp_path)]) == 2
    assert f"{tmp_path / 'memory'}: is damaged" in capsys.readouterr().err
