"""The line as an OPC UA server, over real sockets: who gets in, what they see, and what they may not do."""

import asyncio
import contextlib
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asyncua import Client, Node, ua
from asyncua.crypto.security_policies import SecurityPolicyAes256Sha256RsaPss, SecurityPolicyBasic256Sha256

from controller import Store, load_line
from controller.book import Book
from drivers import Link, Quality, Tag, load_profile
from hmi.northbound.values import data_value
from tests.hmi.opcua import Line, certificate, running
from tests.standing import on_the_line

POLICIES = (SecurityPolicyAes256Sha256RsaPss, SecurityPolicyBasic256Sha256)


async def until(session: Client, node: Node, wanted: object) -> None:
    """Subscribe to a node until its value is the wanted one."""
    seen: asyncio.Queue[object] = asyncio.Queue()

    class Told:
        def datachange_notification(self, node: object, value: object, data: object) -> None:
            seen.put_nowait(value)

    subscription = await session.create_subscription(100, Told())
    await subscription.subscribe_data_change(node)
    async with asyncio.timeout(60):
        while await seen.get() != wanted:
            pass
    await subscription.delete()


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    with running(tmp_path_factory.mktemp("line")) as found:
        yield found


def test_quality_and_time_of_a_value_arrive() -> None:
    spec, time = load_profile("press").tags["head_temp_c"], datetime.now(UTC)

    def name(tag: Tag | None, link: Link) -> tuple[object, str, datetime | None]:
        value = data_value(spec, tag, link)
        assert value.StatusCode is not None
        assert value.Value is not None
        return value.Value.Value, value.StatusCode.name, value.SourceTimestamp

    def tag(quality: Quality, value: float | None = 34.0) -> Tag:
        return Tag(value, "°C", quality, time)

    assert name(tag(Quality.GOOD), Link.CONNECTED) == (34.0, "Good", time)
    assert name(tag(Quality.UNCERTAIN), Link.CONNECTED) == (34.0, "UncertainLastUsableValue", time)
    assert name(tag(Quality.BAD), Link.CONNECTED) == (None, "BadDeviceFailure", time)
    assert name(tag(Quality.GOOD), Link.LOST) == (None, "BadNoCommunication", time)
    assert name(Tag(None, "°C", Quality.BAD, None), Link.CONNECTED) == (None, "BadWaitingForInitialData", None)


def test_a_trusted_client_with_an_account_reads_and_subscribes(line: Line) -> None:
    async def scenario() -> None:
        async with line.connect() as session:
            assert await (await line.node(session, "Line.Title")).read_value() == "Line without machines"
            row = await (await line.node(session, "Line.Machines.press.Values.row")).read_data_value(False)
            assert row.StatusCode.name == "BadNoCommunication"
            assert await (await line.node(session, "Line.Machines.press.Connected")).read_value() is False
            assert await (await line.node(session, "Line.ActiveAlarms")).read_value() == []
            alarm = await (await line.node(session, "Line.Machines.press.Alarms.ink_low")).read_data_value(False)
            assert alarm.StatusCode.name == "BadNoData"
            state = await line.node(session, "Line.Machines.press.AlarmStates.ink_low")
            await until(session, state, "H Suppressed by design")
            await until(session, await line.node(session, "Line.Figures.JobsWaiting"), 0)

    asyncio.run(scenario())


@pytest.mark.parametrize("path", ["Line.Machines.press.CurrentJob.Want", "Line.Machines.press.Values.speed_m_min"])
def test_nothing_can_be_written(line: Line, path: str) -> None:
    async def scenario() -> None:
        async with line.connect() as session:
            node = await line.node(session, path)
            value = ua.Variant("hold") if path.endswith("Want") else ua.Variant(40.0, ua.VariantType.Double)
            with pytest.raises(ua.UaStatusCodeError) as refused:
                await node.write_value(value)
            assert refused.value.code in (ua.StatusCodes.BadUserAccessDenied, ua.StatusCodes.BadNotWritable)

    asyncio.run(scenario())


def test_nobody_else_gets_in(line: Line, tmp_path: Path) -> None:
    stranger = certificate(tmp_path / "stranger")

    async def refused(**how: object) -> None:
        with pytest.raises((ua.UaError, ConnectionError)):
            async with line.connect(**how):  # pyright: ignore[reportArgumentType]
                pass

    async def scenario() -> None:
        await refused(password="not the password")
        await refused(user="nobody", password="whatever it is")
        await refused(user=None)
        await refused(client=stranger)
        rejected = list((line.web.folder / "opcua" / "rejected").iterdir())
        assert [path.read_bytes() for path in rejected] == [(stranger / "client.der").read_bytes()]
        for name, password in ((None, None), ("admin", line.web.admin_password)):
            plain = Client(line.endpoint, timeout=5)
            if name and password:
                plain.set_user(name)
                plain.set_password(password)
            with pytest.raises((ua.UaError, ConnectionError, ValueError)):
                await plain.connect()
            with contextlib.suppress(ua.UaError, ConnectionError):
                await plain.disconnect()
        rejected[0].rename(line.web.folder / "opcua" / "trusted" / "stranger.der")
        async with line.connect(client=stranger):
            pass

    asyncio.run(scenario())


def test_nobody_speaks_for_a_session_that_is_there(line: Line) -> None:
    """Over a channel that anybody may open; the numbers of sessions are no secret."""

    async def scenario() -> list[object]:
        heard: list[object] = []
        async with line.connect():
            for number in range(1000, 1030):  # the library counts from 1000 on
                stranger = Client(line.endpoint, timeout=5)
                await stranger.connect_sessionless()
                assert stranger.uaclient.protocol is not None
                stranger.uaclient.protocol.authentication_token = ua.NodeId(number)
                for ask in (stranger.activate_session, stranger.nodes.server_state.read_value):
                    with contextlib.suppress(ua.UaError, ConnectionError, TimeoutError):
                        heard.append(await ask())
                stranger.disconnect_socket()
        return heard

    assert asyncio.run(scenario()) == []


def test_only_encrypted_endpoints_are_offered_and_the_key_is_private(line: Line) -> None:
    async def scenario() -> list[ua.EndpointDescription]:
        return await Client(line.endpoint, timeout=10).connect_and_get_server_endpoints()

    endpoints = asyncio.run(scenario())
    assert {endpoint.SecurityPolicyUri for endpoint in endpoints} == {policy.URI for policy in POLICIES}
    for endpoint in endpoints:
        assert endpoint.SecurityMode == ua.MessageSecurityMode.SignAndEncrypt
        assert [token.TokenType for token in endpoint.UserIdentityTokens] == [ua.UserTokenType.UserName]
    assert stat.S_IMODE((line.web.folder / "opcua" / "own.key.pem").stat().st_mode) == 0o600


def test_if_configured_a_job_is_held_by_who_may(tmp_path: Path) -> None:
    async def scenario(line: Line, viewer: str) -> None:
        async with line.connect(user=None) as session:
            want = await line.node(session, "Line.Machines.padder.CurrentJob.Want")
            await until(session, want, "run")
            with pytest.raises(ua.UaStatusCodeError, match="BadUserAccessDenied"):
                await want.write_value("hold")
        async with line.connect("vera", viewer) as session:
            with pytest.raises(ua.UaStatusCodeError, match="BadUserAccessDenied"):
                await (await line.node(session, "Line.Machines.padder.CurrentJob.Want")).write_value("hold")
        async with line.connect() as session:
            want = await line.node(session, "Line.Machines.padder.CurrentJob.Want")
            with pytest.raises(ua.UaStatusCodeError, match="BadOutOfRange"):
                await want.write_value("faster")
            await until(session, want, "run")
            await want.write_value("run")
            await want.write_value("cancel")

    with running(tmp_path, FOULARD_OPCUA_ANONYMOUS="true", FOULARD_OPCUA_WRITABLE="true") as line:
        viewer = line.web.add_user("vera", "viewer")
        with contextlib.closing(Store.in_folder(line.web.folder)) as store:
            job = on_the_line(Book(store, load_line(), line.web.folder), "silk-twill", 1.0, total_rows=100)
        asyncio.run(scenario(line, viewer))
        with line.web.signed_in() as client:
            assert client.get(f"/api/v1/jobs/{job}").json()["status"] == "cancelled"
