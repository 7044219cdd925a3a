"""`docs/connect-your-own-machine.md`, followed by the letter with a machine that is not in the project.

The loop ager of that page is served from its register list by pyModbusTCP, which shares no code with the drivers.
"""

import asyncio
import json
import re
import struct
import threading
from pathlib import Path

import pytest
from pyModbusTCP.server import DataBank, ModbusServer

from drivers import CommandRefused, LinkLost, Machine, State, Verb, load_profile, try_machine
from tests.hmi import terminal

PAGE = Path(__file__).parents[2] / "docs" / "connect-your-own-machine.md"


def low_word_first(code, value):
    return list(struct.unpack(">2H", struct.pack(code, value)))[::-1]


class LoopAger:
    """The machine of the page, by its manual: register 30001 is at 0, 40001 too."""

    def __init__(self):
        # As many registers as the manual lists; all others are an illegal address.
        self.bank = DataBank(d_inputs_size=0, coils_size=0, i_regs_size=31, h_regs_size=10)
        self.server = ModbusServer("127.0.0.1", 0, no_block=True, data_bank=self.bank)
        self.commands = []
        self.life = threading.Event()

    def __enter__(self):
        put = self.bank.set_input_registers
        put(0, [3, 1, 0, 0b1000, 0b10, 1021, 1055, 82, 412])
        put(9, low_word_first(">I", 12_345))
        put(11, low_word_first(">I", 70_000))
        put(19, list(struct.unpack(">8H", b"HS20-2019-0042\0\0")))
        put(29, low_word_first(">f", 4.5))
        self.bank.set_holding_registers(7, [1020, 1050, 80])
        self.server.start()
        self.port = self.server._service.server_address[1]
        self.plc = threading.Thread(target=self.live)
        self.plc.start()
        return self

    def __exit__(self, *exc):
        self.life.set()
        self.plc.join()
        self.server.stop()

    def live(self):
        """Count, and answer a new command counter."""
        while not self.life.wait(0.05):
            self.bank.set_input_registers(2, [(self.bank.get_input_registers(2)[0] + 1) % 0x10000])
            _, command, counter = self.bank.get_holding_registers(0, 3)
            if counter != self.bank.get_input_registers(13)[0]:
                self.commands.append(command)
                if command == 2:
                    self.bank.set_input_registers(0, [4])
                self.bank.set_input_registers(14, [1])
                self.bank.set_input_registers(13, [counter])

    @property
    def endpoint(self):
        return f"modbus://127.0.0.1:{self.port}"


@pytest.fixture
def ager():
    with LoopAger() as machine:
        yield machine


def examples():
    return re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def profile(tmp_path):
    """The profile as it stands on the page."""
    path = tmp_path / "hs20.yaml"
    path.write_text(examples()[0], encoding="utf-8")
    return path


def foulard(verb, profile, *more):
    return terminal.foulard("machine", verb, profile, *more, folder=profile.parent)


def edited(path, before, after):
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    return path


def test_the_shorter_profile_of_the_page(tmp_path):
    path = tmp_path / "padder.yaml"
    path.write_text(next(text for text in examples() if "extends:" in text), encoding="utf-8")
    hall = load_profile(path)
    assert (hall.tags["speed_sp_m_min"].high, hall.tags["chamber3_temp_c"].address) == (40, "input:210")


def test_check_says_what_the_profile_holds(profile):
    done = foulard("check", profile)
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    for part in (
        "calorifer-hs20: Loop ager",
        "Calorifer, HS-20, told by serial",
        "23, 8 of them writable",
        "status, link, motion, job every 0.05 s; heat every 1 s",
        "3 bits in alarm_word, alarm_word_2",
        "Anti-crease additive",
        "reset, start, stop, clear",
        "the line lacks nothing",
    ):
        assert part in said


def test_check_names_every_fault_with_its_line(profile):
    edited(profile, 'title: Key on remote, address: "input:1"', 'title: Key on remote, adress: "input:1"')
    edited(profile, "stage: fix\n", "stage: fixx\n")
    done = foulard("check", profile)
    assert done.returncode == 2
    lines = profile.read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines, start=1) if "adress" in line)
    assert f'{profile}:{at}: tags.remote.adress: unknown key (did you mean "address"?)' in done.stderr.splitlines()
    assert (
        f"{profile}:4: stage: Input should be 'pretreat', 'print', 'fix' or 'wash' (did you mean \"fix\"?)"
        in done.stderr
    )
    assert "Traceback" not in done.stderr
    page = re.search(r"hs20.yaml:(\d+): tags.remote.adress", PAGE.read_text(encoding="utf-8"))
    assert page is not None
    assert int(page.group(1)) == at


def test_try_reads_everything_and_writes_nothing(profile, ager):
    before = ager.bank.get_holding_registers(0, 10)
    done = foulard("try", profile, "--endpoint", ager.endpoint, "--json")
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout)
    values = {tag["name"]: tag["value"] for tag in found["tags"]}
    assert values["chamber_temp_c"] == 102.1
    assert values["metres"] == 123.45
    assert values["active_ticket"] == 70_000
    assert values["steam_pressure_bar"] == 4.12
    assert found["identity"] == {"manufacturer": "Calorifer", "model": "HS-20", "serial_number": "HS20-2019-0042"}
    assert found["state"] == "idle"
    assert found["consumables"] == [{"name": "additive", "level": 4.5, "capacity": 60.0, "unit": "l", "low": True}]
    assert (found["faults"], found["clock_skew_s"]) == (0, None)
    assert ager.bank.get_holding_registers(0, 10) == before
    told = foulard("try", profile, "--endpoint", ager.endpoint).stdout
    assert "0 of 23 tags do not answer as declared; nothing was written" in told


# what is wrong in the profile, whose tag tells, and how: the table of the page
MISTAKES = [
    ('address: "input:29"', 'address: "input:30"', "additive_l", "illegal address"),
    ("word_order: little", "word_order: big", "metres", "is outside 0 to 100000 m: look at type, scale and word order"),
    ("idle: 3", "idle: 8", "state", "3 is the number of no state: see the key states"),
    ("bit: 3, name: steam", "bit: 4, name: steam", "alarm_word", "bit 3 is set, but the profile has no alarm for it"),
    (
        "watch: machine_heartbeat",
        "watch: command_ack",
        "command_ack",
        "did not change within 3 s: this is no heartbeat",
    ),
    ("capacity: 60, low: 6", "capacity: 4, low: 1", "additive_l", "4.5 l is more than the capacity 4 l"),
]


@pytest.mark.parametrize(("before", "after", "tag", "said"), MISTAKES, ids=[mistake[3][:30] for mistake in MISTAKES])
def test_try_says_what_does_not_answer_as_declared(profile, ager, before, after, tag, said):
    edited(profile, before, after)
    done = foulard("try", profile, "--endpoint", ager.endpoint)
    assert done.returncode == 1, done.stderr
    complaints = [line for line in done.stdout.splitlines() if line.startswith("!")]
    assert any(line.split()[1] == tag and line.endswith(said) for line in complaints), done.stdout


def test_try_says_that_nobody_is_there(profile, ager):
    ager.server.stop()
    done = foulard("try", profile, "--endpoint", ager.endpoint)
    assert done.returncode == 1
    assert f"nobody answers at {ager.endpoint}" in done.stdout
    wrong = foulard("try", profile, "--endpoint", "opc.tcp://127.0.0.1:4840")
    assert wrong.returncode == 2
    assert "is not modbus://HOST:PORT" in wrong.stderr


def test_the_line_runs_it(run, profile, ager, bench):
    async def main():
        machine = Machine("steamer", load_profile(profile), ager.endpoint)
        async with bench.running(machine):
            await bench.until(machine, lambda s: s.good("state") and s.good("chamber_temp_c"))
            await machine.write({"ticket": 70_001, "length_m": 12.5, "chamber_temp_sp_c": 103.5})
            assert await asyncio.to_thread(ager.bank.get_holding_registers, 3, 5) == [4465, 1, 1250, 0, 1035]
            await machine.command(Verb.START)
            await bench.until(machine, lambda s: s.state is State.EXECUTE)
            with pytest.raises(CommandRefused, match="HOLD was not sent: the machine has no such command"):
                await machine.command(Verb.HOLD)
            assert ager.commands == [2]

    run(main())


class Moody:
    """A Modbus TCP device that hangs up when asked for a register it lacks, and answers 0 otherwise."""

    def __init__(self, lacks):
        self.lacks = lacks

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.endpoint = f"modbus://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *exc):
        self.server.close()
        await self.server.wait_closed()

    async def serve(self, reader, writer):
        try:
            while True:
                head = await reader.readexactly(12)
                number, _, _, unit, function, start, count = struct.unpack(">3H2B2H", head)
                if any(start <= register < start + count for register in self.lacks):
                    return
                body = struct.pack(">3B", unit, function, 2 * count) + bytes(2 * count)
                writer.write(struct.pack(">3H", number, 0, len(body)) + body)
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


def test_a_device_that_hangs_up_loses_one_tag_only(run, profile):
    async def main():
        async with Moody({19}) as device:
            trial = await try_machine(load_profile(profile), device.endpoint)
        faults = {tag.spec.name: tag.faults for tag in trial.tags if tag.faults}
        assert faults.keys() == {"serial", "machine_heartbeat", *TOO_LOW}
        assert faults["serial"] == ("no answer: the device hung up",)

    run(main())


TOO_LOW = {"chamber_temp_sp_c", "ceiling_temp_sp_c", "dwell_sp_min"}
"""Set-points whose limits exclude the 0 that the moody device answers."""


def test_a_device_that_answers_nothing_is_no_machine(run, profile):
    async def main():
        async with Moody(range(0x10000)) as device:
            with pytest.raises(LinkLost, match="the device hung up"):
                await try_machine(load_profile(profile), device.endpoint)

    run(main())
