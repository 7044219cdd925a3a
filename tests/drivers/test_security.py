"""Who gets in, who does not, and what somebody on the wire learns: our drivers and a simulated washer, over OPC UA."""

import os
import re
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from asyncua import Client, ua
from structlog.testing import capture_logs

from drivers import OPEN, POLICIES, Access, EntryRefused, Machine, load_profile, try_machine
from drivers.opcua_entry import CLASSES, chosen
from drivers.trust import Trust
from simulators.security import USER
from tests.drivers.known import sound, started

ROOT = Path(__file__).parents[2]
PROFILE = load_profile("open-width-washer")


@pytest.fixture(scope="module")
def washer(run, tmp_path_factory):
    with started(run, tmp_path_factory.mktemp("washer"), "washer") as found:
        yield found


@pytest.fixture
def data(washer, tmp_path):
    """A data folder like that of the line, to be spoilt."""
    return Path(shutil.copytree(washer.client, tmp_path / "line"))


@pytest.mark.parametrize("policy", POLICIES)
def test_a_machine_is_read_written_and_heard_encrypted(run, washer, bench, policy):
    async def main():
        async with bench.Proxy(washer) as proxy:
            machine = Machine("washer", PROFILE, proxy.endpoint, washer.access(policies=(policy,)))
            async with bench.running(machine):
                await bench.until(machine, sound)
                await machine.write({"speed_sp_m_min": 21.5, "ticket": 7})
                assert machine.identification.serial_number == "SIM-open-width-washer"
                await bench.until(machine, lambda s: s.value("speed_sp_m_min") == 21.5)
            return proxy.heard

    heard = run(main())
    assert f"SecurityPolicy#{policy}".encode() in heard
    assert washer.password.encode() not in heard
    assert b"SIM-open-width-washer" not in heard, "the machine's serial number"
    assert USER.encode() not in re.sub(rb"urn:\S*?foulard:\w+|Foulard|urn:foulard:[\w:]+", b"", heard)


def test_the_better_policy_is_taken_and_in_the_open_everything_is_heard(run, washer, opcua_device, bench):
    """The second is the proof of the first: this ear hears."""

    async def main():
        async with bench.Proxy(washer) as proxy:
            await try_machine(PROFILE, proxy.endpoint, washer.access())
            assert b"#Aes256_Sha256_RsaPss" in proxy.heard.split(b"OPNF")[-1]
        async with opcua_device as device, bench.Proxy(device) as proxy:
            await try_machine(device.profile, proxy.endpoint, OPEN)
            assert b"no such raster" in proxy.heard

    run(main())


def test_an_unknown_machine_is_refused_before_anything_is_said_and_known_when_its_file_was_moved(
    run, washer, data, bench
):
    trust = Trust(data / "machines")
    shutil.rmtree(trust.trusted)

    async def main():
        async with bench.Proxy(washer) as proxy:
            machine = Machine("washer", PROFILE, proxy.endpoint, washer.access(data))
            with capture_logs() as logs:
                async with bench.running(machine):
                    await bench.until(machine, lambda s: machine.lost_why and "not trusted" in machine.lost_why)
                    assert b"SecurityPolicy#Aes256" not in proxy.heard.partition(b"OPNF")[2].partition(b"MSGF")[0]
                    assert proxy.heard.count(b"OPNF") == 2 * proxy.heard.count(b"HELF"), "only the list was asked for"
                    assert not any(snapshot.good(name) for snapshot in [machine.snapshot()] for name in snapshot.tags)
                    (waiting,) = trust.rejected.iterdir()
                    assert machine.lost_why.endswith(f"move {waiting} to {trust.trusted}")
                    waiting.rename(trust.trusted / waiting.name)
                    await bench.until(machine, sound, timeout_s=12)
            assert [entry["event"] for entry in logs] == ["link lost", "link up", "link closed"]
            assert washer.password not in str(logs)

    run(main())


def test_a_wrong_password_is_refused_and_not_shown(run, washer, data):
    path = data / "secrets" / "washer"
    path.write_text("not the password")
    said = washer.refusal(run, washer.access(data))
    assert f"it refuses user {USER!r} (BadUserAccessDenied): compare name and password with {path}" in said
    assert "not the password" not in said
    assert "not the password" not in repr(washer.access(data))


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.chmod(0o640), "others may read the password in {path} (mode 0640): chmod 600 it"),
        (lambda path: path.unlink(), "no password for user 'foulard': {path} cannot be read (No such file"),
        (lambda path: path.write_bytes(b"\n"), "no password for user 'foulard': {path} is empty"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "{path} cannot be read (not UTF-8)"),
    ],
    ids=["readable by others", "missing", "empty", "no text"],
)
def test_a_password_file_that_cannot_serve_is_named(run, washer, data, spoil, told):
    path = data / "secrets" / "washer"
    spoil(path)
    assert told.format(path=path) in washer.refusal(run, washer.access(data))


def test_nobody_gets_in_without_a_name(run, washer):
    said = washer.refusal(run, Access(washer.client / "machines"))
    assert "lets nobody in without a name (BadIdentityTokenRejected): give user and password" in said


def test_a_client_the_machine_does_not_trust_is_told_what_to_do(run, washer, data):
    own = data / "machines" / "own.der"
    for name in ("own.der", "own.key.pem"):
        (data / "machines" / name).unlink()
    said = washer.refusal(run, washer.access(data))
    assert f"it refuses our certificate (BadSecurityChecksFailed): have it trust {own}" in said
    trust = Trust(washer.folder)
    (waiting,) = trust.rejected.iterdir()
    assert waiting.read_bytes() == own.read_bytes()
    assert stat.S_IMODE((data / "machines" / "own.key.pem").stat().st_mode) == 0o600
    waiting.rename(trust.trusted / "second.der")
    assert run(try_machine(PROFILE, washer.endpoint, washer.access(data))).snapshot.state


def test_a_machine_without_encryption_is_refused_unless_the_line_says_so(run, washer, opcua_device):
    async def main():
        async with opcua_device as device:
            with pytest.raises(EntryRefused) as caught:
                await try_machine(device.profile, device.endpoint, washer.access())
            return str(caught.value)

    offered = "it offers no Aes256_Sha256_RsaPss or Basic256Sha256 with SignAndEncrypt, only None None"
    assert f"{offered}: switch encryption on there, or say security: none for this machine" in run(main())
    said = washer.refusal(run, OPEN)
    assert said == "it lets nobody in without encryption: leave security: none out for it"
    with pytest.raises(ValueError, match="entered with certificates, or openly by security: none; say which"):
        Machine("washer", PROFILE, washer.endpoint)
    with pytest.raises(ValueError, match="a name and a password have no place in an endpoint"):
        Machine("washer", PROFILE, "opc.tcp://foulard:secret@127.0.0.1:4841", OPEN)


def test_an_endpoint_that_only_signs_is_no_encrypted_one():
    mode, policy = ua.MessageSecurityMode, CLASSES["Basic256Sha256"].URI
    signs = ua.EndpointDescription(EndpointUrl="opc.tcp://a:1", SecurityMode=mode.Sign, SecurityPolicyUri=policy)
    with pytest.raises(EntryRefused, match="only Basic256Sha256 Sign: switch encryption on"):
        chosen([signs], POLICIES)
    both = ua.EndpointDescription(
        EndpointUrl="opc.tcp://a:1", SecurityMode=mode.SignAndEncrypt, SecurityPolicyUri=policy
    )
    assert chosen([signs, both], POLICIES) is both


def test_the_machine_lets_nobody_in_in_the_open(run, washer, bench):
    """Neither by a session of its own, nor by speaking for one that is there: their numbers are no secret."""

    async def main():
        machine = Machine("washer", PROFILE, washer.endpoint, washer.access())
        async with bench.running(machine):
            await bench.until(machine, sound)
            plain = Client(washer.endpoint, timeout=5)
            assert {item.SecurityMode for item in await plain.connect_and_get_server_endpoints()} == {
                ua.MessageSecurityMode.SignAndEncrypt
            }
            with pytest.raises((ua.UaError, ConnectionError)):
                await plain.connect()
            heard = []
            for number in range(1000, 1040):  # the library counts sessions from 1000 on
                stranger = Client(washer.endpoint, timeout=5)
                await stranger.connect_sessionless()
                stranger.uaclient.protocol.authentication_token = ua.NodeId(number)
                for ask in (lambda c: c.activate_session(), lambda c: c.nodes.server_state.read_value()):
                    try:
                        heard.append(await ask(stranger))
                    except (ua.UaError, ConnectionError, TimeoutError):
                        heard.append(None)
                stranger.disconnect_socket()
            assert heard == [None] * 80
            assert sound(machine.snapshot())

    run(main())


def test_an_expired_certificate_is_refused_until_a_valid_one_is_back(run, washer, bench):
    async def main():
        machine = Machine("washer", PROFILE, washer.endpoint, washer.access())
        with capture_logs() as logs:
            async with bench.running(machine):
                await bench.until(machine, sound)
                await washer.plant.order("washer", "certificate expired")
                await bench.until(machine, lambda s: "expired on" in (machine.lost_why or ""), timeout_s=12)
                assert not any(machine.snapshot().good(name) for name in PROFILE.tags)
                await washer.plant.order("washer", "certificate valid")
                await bench.until(machine, sound, timeout_s=12)
        events = [entry["event"] for entry in logs]
        assert [event for event in events if event != "entry refused"] == [
            "link up",
            "link lost",
            "link up",
            "link closed",
        ]
        said = next(entry["reason"] for entry in logs if "expired" in str(entry.get("reason")))
        assert re.search(
            r"its certificate '.*' \(SHA-256 \w{16}…\) expired on \d{4}-\d\d-\d\d: it needs a new one$", said
        )

    run(main())


def test_another_certificate_at_the_same_place_is_another_machine(run, washer, bench):
    """It restarted with a new key, or it is not the machine: only a person can tell."""

    async def main():
        machine = Machine("washer", PROFILE, washer.endpoint, washer.access())
        trust = Trust(washer.client / "machines")
        async with bench.running(machine):
            await bench.until(machine, sound)
            for name in ("own.der", "own.key.pem"):
                (washer.folder / name).unlink()
            os.kill(washer.plant.pids["washer"], signal.SIGKILL)
            await bench.until(machine, lambda s: "not trusted" in (machine.lost_why or ""), timeout_s=30)
            assert not any(machine.snapshot().good(name) for name in PROFILE.tags)
            (waiting,) = trust.rejected.iterdir()
            waiting.rename(trust.trusted / waiting.name)
            await bench.until(machine, sound, timeout_s=12)

    run(main())


def test_what_the_machine_keeps_is_its_own(washer):
    modes = {name: stat.S_IMODE((washer.folder / name).stat().st_mode) for name in ("own.key.pem", "password")}
    assert modes == {"own.key.pem": 0o600, "password": 0o600}
    assert len(washer.password) >= 32


def test_a_technician_tries_a_machine_with_certificate_and_user(washer, data):
    def tried(*options, folder=data / "machines"):
        command = [
            sys.executable,
            "-m",
            "hmi.cli",
            "machine",
            "try",
            "open-width-washer",
            "--endpoint",
            washer.endpoint,
        ]
        command += ["--certificates", str(folder), *options]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)

    named = ["--user", USER, "--password-file", str(data / "secrets" / "washer")]
    done = tried(*named)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 of " in done.stdout
    assert "state unknown" not in done.stdout
    refused = tried(*named, folder=data / "other")
    assert refused.returncode == 1
    waiting = next((data / "other" / "rejected").iterdir())
    assert f"if it is the right one, move {waiting} to {data / 'other' / 'trusted'}" in refused.stdout
    wrong = tried("--insecure", *named)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "--insecure and --user do not go together: no password is sent in the open" in wrong.stderr
    assert "--user foulard needs --password-file" in tried("--user", USER).stderr
    assert washer.password not in done.stdout + done.stderr + refused.stdout
