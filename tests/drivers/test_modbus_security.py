"""What may go over Modbus, by whom, and what TLS adds: our drivers and a simulated padder on real sockets."""

import asyncio
import contextlib
import shutil
import ssl
import struct
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from drivers import AccessError, Machine, access_in, load_profile, try_machine
from drivers.blocks import READ_MAX, WRITE_MAX, blocks
from drivers.conduit import READ_HOLDING, READ_INPUT, WRITE, conduit_of
from drivers.modbus import connect
from drivers.trust import Trust, self_signed
from tests.drivers.known import sound, started

ROOT = Path(__file__).parents[2]
PROFILE = load_profile("padder-stenter")
NOT_ALLOWED = [1, 2, 5, 7, 8, 11, 12, 15, 17, 20, 21, 22, 23, 24, 43]
"""All other functions of the Modbus Application Protocol 1.1b3 §6 that a server may know."""


@pytest.fixture(scope="module", params=["modbus", "modbus+tls"])
def any_padder(request, run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("padder")
    with started(run, folder, "padder", endpoints={"padder": f"{request.param}://127.0.0.1:0"}) as found:
        yield found


@pytest.fixture(scope="module")
def padder(run, tmp_path_factory):
    """One that speaks TLS."""
    folder = tmp_path_factory.mktemp("padder")
    with started(run, folder, "padder", endpoints={"padder": "modbus+tls://127.0.0.1:0"}) as found:
        yield found


@given(st.sets(st.sampled_from(sorted(PROFILE.tags)), min_size=1), st.integers(0, 20))
def test_all_that_a_driver_plans_is_allowed_and_nothing_read_only_is_written(names, gap_max):
    profile = PROFILE.model_copy(update={"modbus": PROFILE.modbus.model_copy(update={"gap_max": gap_max})})
    conduit = conduit_of(profile)
    tags = [profile.tags[name] for name in names]
    for block in blocks(tags, READ_MAX, "big", gap_max):
        function = READ_INPUT if block.registers.kind == "input" else READ_HOLDING
        assert conduit.allows(function, block.registers.start, block.registers.count)
    for block in blocks((tag for tag in tags if tag.access == "rw"), WRITE_MAX):
        assert conduit.allows(WRITE, block.registers.start, block.registers.count)
    ends = {tag.registers.stop for tag in profile.tags.values() if tag.access == "rw"}
    assert not conduit.allows(WRITE, max(ends), 1)
    assert not conduit.allows(WRITE, 0, max(ends) + 1)
    assert not any(conduit.allows_function(function) for function in NOT_ALLOWED)


def test_gaps_are_read_along_but_never_written(tmp_path, modbus_device):
    text = (tmp_path / "modbus-tcp.yaml").read_text().replace("unit_id: 7", "unit_id: 7, gap_max: 4")
    extra = '  - {name: far_c, title: Far, type: float32, access: rw, address: "holding:14", low: 0, high: 1}\n'
    (tmp_path / "far.yaml").write_text(text + extra)
    conduit = conduit_of(load_profile(tmp_path / "far.yaml"))
    assert conduit.allows(READ_HOLDING, 0, 16)  # holding:11 to 13 are nobody's
    assert not conduit.allows(WRITE, 0, 16)
    assert conduit.allows(WRITE, 14, 2)
    assert not conduit.allows(READ_INPUT, 0, 301), "a larger gap is not read along"


def test_a_driver_cannot_send_what_the_profile_does_not_declare(run, modbus_device):
    async def main():
        async with modbus_device as device:
            connection = await connect(device.profile, device.endpoint)
            client = connection._client  # not even by a mistake of ours
            for call in (client.write_coil(0, True), client.write_registers(500, [1]), client.read_coils(0)):
                with pytest.raises(AccessError, match=r"function \d+ on registers .* is not what the profile declares"):
                    await call
            assert (await connection.read(("row",)))["row"].value == 4_000_000_000
            await connection.close(lost=False)

    run(main())


async def ask(endpoint, function, body, context=None):
    """Send one request and give the answer's function code and what follows."""
    url = urlsplit(endpoint)
    reader, writer = await asyncio.open_connection(url.hostname, url.port, ssl=context)
    try:
        pdu = bytes([function]) + body
        writer.write(struct.pack(">HHHB", 1, 0, len(pdu) + 1, PROFILE.modbus.unit_id) + pdu)
        head = await asyncio.wait_for(reader.readexactly(8), 5)
        return head[7], await reader.read(250)
    finally:
        writer.transport.abort()


def contexts(known):
    """The line's own TLS, where the machine speaks it."""
    if not known.endpoint.startswith("modbus+tls"):
        return None
    own = known.access().own()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(own.certificate.with_suffix(".pem"), own.key)
    return context


def test_the_machine_answers_declared_functions_and_registers_only(run, any_padder):
    run(try_machine(PROFILE, any_padder.endpoint, any_padder.access()))  # writes our certificate in both forms
    context = contexts(any_padder)
    speed = PROFILE.tags["speed_sp_m_min"].registers
    bodies = {43: b"\x0e\x01\x00", 8: bytes(4), 15: struct.pack(">HHBB", 0, 8, 1, 0), 20: b"\x07\x06" + bytes(6),
              21: b"\x09\x06" + struct.pack(">4H", 1, 0, 1, 0), 22: struct.pack(">HHH", speed.start, 0xFF, 0),
              23: struct.pack(">HHHHBHH", speed.start, 2, speed.start, 2, 4, 0, 0)}  # fmt: skip

    async def main():
        for function in NOT_ALLOWED:
            body = b"" if function in (7, 11, 12, 17) else bodies.get(function, struct.pack(">HH", 0, 1))
            assert await ask(any_padder.endpoint, function, body, context) == (function | 0x80, b"\x01"), function
        readings = {3: speed, 4: PROFILE.tags["metres"].registers}
        for function, place in readings.items():
            answer, data = await ask(any_padder.endpoint, function, struct.pack(">HH", place.start, 2), context)
            assert (answer, len(data)) == (function, 5)
            beyond = struct.pack(">HH", 2000, 2)
            assert await ask(any_padder.endpoint, function, beyond, context) == (function | 0x80, b"\x02")
        beat = PROFILE.tags["heartbeat"].registers
        assert (await ask(any_padder.endpoint, 6, struct.pack(">HH", beat.start, 7), context))[0] == 6
        assert await ask(any_padder.endpoint, 6, struct.pack(">HH", 2000, 7), context) == (0x86, b"\x02")
        assert await ask(any_padder.endpoint, 16, struct.pack(">HHBH", 2000, 1, 2, 7), context) == (0x90, b"\x02")

    run(main())


@pytest.mark.parametrize(("clients", "admitted"), [("192.0.2.0/24", False), ("192.0.2.7, 127.0.0.0/8", True)])
def test_only_clients_of_the_list_are_answered(run, tmp_path, clients, admitted):
    async def main():
        arguments = ["padder", "--endpoint", "modbus://127.0.0.1:0", "--state-dir", str(tmp_path), "--clients", clients]
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "simulators", *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE
        )
        try:
            endpoint = (await process.stdout.readline()).decode().split()[2]
            if admitted:
                assert (await try_machine(PROFILE, endpoint)).snapshot.state is not None
            else:
                reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(endpoint).port)
                assert await asyncio.wait_for(reader.read(), 20) == b"", "it hangs up"
                writer.close()
        finally:
            process.terminate()
            await process.wait()

    run(main())


def test_tls_reads_writes_and_tells_nothing_to_who_listens(run, padder, bench):
    async def main():
        async with bench.Proxy(padder) as proxy:
            endpoint = f"modbus+tls://{urlsplit(proxy.endpoint).netloc}"
            machine = Machine("padder", PROFILE, endpoint, padder.access())
            async with bench.running(machine):
                await bench.until(machine, sound)
                await machine.write({"ticket": 0x4D6F6462, "length_m": 12.5})
                await bench.until(machine, lambda s: s.value("ticket") == 0x4D6F6462)
            return proxy.heard

    assert b"Modb" not in run(main()), "the ticket's bytes"


def test_an_unknown_machine_is_refused_over_tls_and_known_when_its_file_was_moved(run, padder, tmp_path):
    data = Path(shutil.copytree(padder.client, tmp_path / "line"))
    trust = Trust(data / "machines")
    shutil.rmtree(trust.trusted)
    said = padder.refusal(run, padder.access(data))
    (waiting,) = trust.rejected.iterdir()
    assert said.endswith(f"is not trusted: if it is the right one, move {waiting} to {trust.trusted}")
    waiting.rename(trust.trusted / "padder.der")
    assert run(try_machine(PROFILE, padder.endpoint, padder.access(data))).snapshot.state is not None


def test_a_client_the_machine_does_not_trust_gets_no_answer_over_tls(run, padder, tmp_path):
    stranger = access_in(tmp_path / "stranger", "padder")
    machine = padder.client / "machines" / "trusted" / "padder.der"
    (stranger.trust().trusted / "padder.der").write_bytes(machine.read_bytes())
    own = tmp_path / "stranger" / "machines" / "own.der"
    assert f"the device hung up: have the machine trust {own}" in padder.refusal(run, stranger)
    shutil.copy(own, Trust(padder.folder).trusted / "stranger.der")
    assert run(try_machine(PROFILE, padder.endpoint, stranger)).snapshot.state is not None
    (Trust(padder.folder).trusted / "stranger.der").unlink()
    assert "the device hung up" in padder.refusal(run, stranger)


def test_who_was_signed_by_a_trusted_client_is_not_trusted_for_that(run, padder, tmp_path):
    """Trust is byte for byte: the library alone would take a self-signed certificate for an authority."""
    ours = padder.access().own()
    stranger = access_in(tmp_path / "stranger", "padder")
    own = stranger.own()
    private = load_pem_private_key(ours.key.read_bytes(), password=None)
    known, strange = ours.load(), own.load()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stranger")])
    builder = x509.CertificateBuilder(known.subject, name, strange.public_key(), 7)
    builder = builder.not_valid_before(known.not_valid_before_utc).not_valid_after(known.not_valid_after_utc)
    forged = builder.sign(private, SHA256()).public_bytes(Encoding.DER)
    own.certificate.write_bytes(forged)
    machine = padder.client / "machines" / "trusted" / "padder.der"
    (stranger.trust().trusted / "padder.der").write_bytes(machine.read_bytes())
    assert "the device hung up" in padder.refusal(run, stranger)


def test_expired_certificates_are_refused_over_tls(run, padder, bench, tmp_path):
    async def main():
        machine = Machine("padder", PROFILE, padder.endpoint, padder.access())
        async with bench.running(machine):
            await bench.until(machine, sound)
            await padder.plant.order("padder", "certificate expired")
            await bench.until(machine, lambda s: "expired on" in (machine.lost_why or ""), timeout_s=12)
            assert not any(machine.snapshot().good(name) for name in PROFILE.tags)
            await padder.plant.order("padder", "certificate valid")
            await bench.until(machine, sound, timeout_s=12)

    run(main())
    data = Path(shutil.copytree(padder.client, tmp_path / "line"))
    own = data / "machines" / "own.der"
    yesterday = datetime.now(UTC) - timedelta(days=1)
    key = data / "machines" / "own.key.pem"
    own.write_bytes(self_signed(key, "urn:us", "Foulard drivers", yesterday - timedelta(days=9), yesterday))
    said = padder.refusal(run, padder.access(data))
    assert f"our own certificate {own} expired on {yesterday:%Y-%m-%d}; remove it and {key}" in said


def test_tls_has_no_open_way_in(run, padder):
    async def main():
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            answer = await ask(padder.endpoint, 4, struct.pack(">HH", 0, 1))
            assert not answer, "plain Modbus was answered"
        anonymous = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anonymous.check_hostname, anonymous.verify_mode = False, ssl.CERT_NONE
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError, ssl.SSLError)):
            await ask(padder.endpoint, 4, struct.pack(">HH", 0, 1), anonymous)

    run(main())
    with pytest.raises(ValueError, match=r"is entered with certificates; plain Modbus is modbus://HOST:PORT"):
        Machine("padder", PROFILE, padder.endpoint)
