"""A Modbus TCP connection, plain or in TLS: the only place that knows pymodbus.

Its client is made afresh for every connection, with its own reconnecting switched off, because a request that waits for
a client that reconnects by itself blocks everybody behind it. A request that got no answer ends the connection, since a
late answer could otherwise be taken for that of the next request; TCP itself repeats what was lost on the way.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, NoReturn
from urllib.parse import urlsplit

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException
from pymodbus.pdu import ModbusPDU
from pymodbus.transport import CommParams, CommType

from drivers.access import Access
from drivers.blocks import READ_MAX, WRITE_MAX, Block, blocks
from drivers.conduit import conduit_of
from drivers.connection import Requests, Take, poll, reading
from drivers.errors import AccessError, EntryRefused, LinkLost, WriteRefused
from drivers.machinery import Identification
from drivers.packml import Verb
from drivers.profile import Profile
from drivers.registers import TagValue
from drivers.snapshot import Quality, Reading
from drivers.tls import client_context

__all__ = ["ModbusConnection", "connect", "split_endpoint"]

# Losses are told once, by Machine; the library would tell them at each try.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

TIMEOUT_S = 1.0
ILLEGAL_ADDRESS = 2
EXCEPTIONS = {  # Modbus Application Protocol 1.1b3 §7
    1: "illegal function",
    2: "illegal address",
    3: "illegal value",
    4: "device failure",
    6: "device busy",
}


PORTS = {"modbus": 502, "modbus+tls": 802}


def split_endpoint(endpoint: str) -> tuple[str, int, bool]:
    """Host and port of ``modbus://HOST:PORT`` (port 502 if left out), and whether it is ``modbus+tls`` (port 802).

    ValueError for anything else.
    """
    url = urlsplit(endpoint)
    if url.scheme not in PORTS or not url.hostname:
        raise ValueError(f"endpoint {endpoint!r} is not modbus://HOST:PORT or modbus+tls://HOST:PORT")
    return url.hostname, url.port or PORTS[url.scheme], url.scheme == "modbus+tls"


class ModbusConnection:
    """A live connection to one device; see :class:`drivers.connection.Connection`."""

    skew_s: float | None = None  # the protocol knows no time; a profile may name a tag that does

    def __init__(self, profile: Profile, client: AsyncModbusTcpClient, doubt: str = "") -> None:
        assert profile.modbus is not None
        self._tags = profile.tags
        self._modbus = profile.modbus
        self._client = client
        self._lock = asyncio.Lock()
        self._requests = Requests()
        self._plans: dict[tuple[str, ...], list[Block]] = {}
        self._last: dict[Block, tuple[list[int], Mapping[str, Reading]]] = {}
        self._dead: str | None = None
        self._doubt = doubt  # what a person should do if the device hangs up before it ever answered

    async def read(self, names: Collection[str]) -> Mapping[str, Reading]:
        """Read tags, at most 125 registers at a time; what the device refuses comes back bad.

        Readings have no source time: a Modbus reply carries none.
        """
        readings: dict[str, Reading] = {}
        plan = self._plan(tuple(names))
        for block in list(plan):
            answer = await self._ask(block)
            if answer.isError() and answer.exception_code == ILLEGAL_ADDRESS and len(block.tags) > 1:
                # One register that the device lacks must not spoil its neighbours: they are asked for singly, always.
                singles = block.singly()
                if block in plan:
                    at = plan.index(block)
                    plan[at : at + 1] = singles
                for single in singles:
                    readings |= self._readings(single, await self._ask(single))
            else:
                readings |= self._readings(block, answer)
        return readings

    def _plan(self, names: tuple[str, ...]) -> list[Block]:
        if names not in self._plans:
            tags = (self._tags[name] for name in names)
            self._plans[names] = blocks(tags, READ_MAX, self._modbus.word_order, self._modbus.gap_max)
        return self._plans[names]

    async def _ask(self, block: Block) -> Any:
        at = block.registers
        ask = self._client.read_input_registers if at.kind == "input" else self._client.read_holding_registers
        return await self._request(ask, at.start, count=at.count, device_id=self._modbus.unit_id)

    def _readings(self, block: Block, answer: Any) -> Mapping[str, Reading]:
        if answer.isError() or len(answer.registers) != block.registers.count:
            said = _said(answer) if answer.isError() else "an answer of another length than asked for"
            return dict.fromkeys((tag.name for tag in block.tags), Reading(None, Quality.BAD, None, said))
        words, known = answer.registers, self._last.get(block)
        if known is not None and known[0] == words:  # mostly nothing has changed
            return known[1]
        good = Quality.GOOD
        # An integer from registers is always a number of its type: nothing to be looked at, and most tags are integers.
        found = {
            name: Reading(raw * scale, good) if scale and isinstance(raw, int) else reading(tag, raw)
            for (tag, name, scale), raw in zip(block.scaled, block.raw(words), strict=True)
        }
        self._last[block] = words, found
        return found

    async def watch(self, names: tuple[str, ...], period_s: float, take: Take) -> NoReturn:
        """Read tags every period: Modbus can do nothing else."""
        await poll(self, names, period_s, take)

    async def write(self, values: Mapping[str, TagValue]) -> None:
        """Write tags, neighbours together in one request."""
        for block in blocks((self._tags[name] for name in values), WRITE_MAX, self._modbus.word_order):
            write, words = self._client.write_registers, block.words(values)
            answer = await self._request(write, block.registers.start, words, device_id=self._modbus.unit_id)
            if answer.isError():
                raise WriteRefused(f"{', '.join(tag.name for tag in block.tags)}: the device answers {_said(answer)}")

    async def _request(self, call: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        return await self._requests.run(self._in_turn(call, *args, **kwargs))

    async def _in_turn(self, call: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        async with self._lock:
            if self._dead:
                raise LinkLost(self._dead)
            try:
                answer = await call(*args, **kwargs)
            except ModbusException as error:
                hung_up = not self._client.connected
                self._dead = "the device hung up" if hung_up else f"no answer within {TIMEOUT_S:g} s"
                if hung_up and self._doubt:
                    raise EntryRefused(f"{self._dead}: {self._doubt}") from error
                raise LinkLost(self._dead) from error
            self._doubt = ""
            return answer

    async def act(self, verb: Verb) -> bool:
        """Leave all commands to the tags."""
        del verb
        return False

    async def identify(self) -> Identification | None:
        """Nothing: registers say no names."""
        return None

    async def close(self, *, lost: bool) -> None:
        """Close the socket; Modbus knows no farewell."""
        self._dead = self._dead or "the connection was closed"
        if not lost:
            await self._requests.ended()
        _hang_up(self._client)
        await self._requests.ended()
        await asyncio.sleep(0)  # the transport closes its socket in the next round of the loop


async def _reach(client: AsyncModbusTcpClient, otherwise: str) -> None:
    try:
        if not await client.connect():
            raise LinkLost(otherwise)
    except BaseException:  # also when it is cancelled: a socket that was opened meanwhile is not left behind
        _hang_up(client)
        raise


def _hang_up(client: AsyncModbusTcpClient) -> None:
    if isinstance(transport := client.ctx.transport, asyncio.WriteTransport):
        transport.abort()  # a farewell in TLS would wait half a minute for its answer
    client.close()


def _said(answer: Any) -> str:
    return EXCEPTIONS.get(answer.exception_code, f"exception {answer.exception_code}")


class _Guarded(AsyncModbusTcpClient):
    """A client that sends nothing but what the profile declares, and speaks TLS if it is given a context."""

    def __init__(self, profile: Profile, host: str, port: int, context: ssl.SSLContext | None) -> None:
        self._conduit = conduit_of(profile)
        # With the library's own framing for TLS an answer that comes in two pieces is lost; that of TCP is the same.
        self.comm_params = CommParams(
            comm_type=CommType.TCP if context is None else CommType.TLS,
            host=host,
            port=port,
            sslctx=context,
            reconnect_delay=0,
            timeout_connect=TIMEOUT_S,
        )
        super().__init__(host, retries=0, trace_pdu=self._pass)

    def _pass(self, sending: bool, pdu: ModbusPDU) -> ModbusPDU:
        if sending and not self._conduit.allows(pdu.function_code, pdu.address, pdu.count):
            last = pdu.address + pdu.count - 1
            told = f"function {pdu.function_code} on registers {pdu.address} to {last}"
            raise AccessError(f"{told} is not what the profile declares; nothing was sent")
        return pdu


async def connect(profile: Profile, endpoint: str, access: Access | None = None) -> ModbusConnection:
    """Connect to ``modbus://HOST:PORT`` or ``modbus+tls://HOST:PORT`` within a second; LinkLost if nobody answers.

    EntryRefused, a LinkLost too, if a certificate is not right; nothing has been asked then.
    """
    host, port, secured = split_endpoint(endpoint)
    if not secured:
        client = _Guarded(profile, host, port, None)
        await _reach(client, f"nobody answers at {endpoint}")
        return ModbusConnection(profile, client)
    assert access is not None
    own = await asyncio.to_thread(access.own)
    trusts_us = f"have the machine trust {own.certificate}"
    client = _Guarded(profile, host, port, await asyncio.to_thread(client_context, own))
    await _reach(client, f"no TLS with {endpoint}: nobody answers, it is no Modbus Security port, or {trusts_us}")
    shown = client.ctx.transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
    if refusal := access.trust().refusal(shown):
        _hang_up(client)
        raise EntryRefused(refusal)
    return ModbusConnection(profile, client, trusts_us)
