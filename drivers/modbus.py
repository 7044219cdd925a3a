"""A Modbus TCP connection: the only place that knows pymodbus.

Its client is made afresh for every connection, with its own reconnecting switched off, because a request that waits for
a client that reconnects by itself blocks everybody behind it. A request that got no answer ends the connection, since a
late answer could otherwise be taken for that of the next request; TCP itself repeats what was lost on the way.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from drivers.connection import reading
from drivers.errors import LinkLost, WriteRefused
from drivers.machinery import Identification
from drivers.packml import Verb
from drivers.profile import Profile, TagSpec
from drivers.registers import Registers, TagValue, WordOrder, decode
from drivers.snapshot import Quality, Reading

__all__ = ["ModbusConnection", "blocks", "connect", "split_endpoint"]

# Losses are told once, by Machine; the library would tell them at each try.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

TIMEOUT_S = 1.0
READ_MAX = 125  # registers per request: Modbus Application Protocol 1.1b3 §6.3, §6.4
WRITE_MAX = 123  # §6.12
EXCEPTIONS = {  # §7
    1: "illegal function",
    2: "illegal address",
    3: "illegal value",
    4: "device failure",
    6: "device busy",
}


@dataclass(frozen=True, slots=True)
class _Block:
    """Neighbouring tags that one request can carry."""

    registers: Registers
    tags: tuple[TagSpec, ...]


def blocks(tags: Iterable[TagSpec], size_max: int) -> list[_Block]:
    """Group tags into requests of one kind and size; no gap, because strict devices refuse registers they lack."""
    result: list[_Block] = []
    laid = sorted(tags, key=lambda tag: (tag.registers.kind, tag.registers.start))
    for _, of_kind in groupby(laid, key=lambda tag: tag.registers.kind):
        members: list[TagSpec] = []
        for tag in of_kind:
            gap = members and tag.registers.start != members[-1].registers.stop
            if gap or (members and tag.registers.stop - members[0].registers.start > size_max):
                result.append(_block(members))
                members = []
            members.append(tag)
        result.append(_block(members))
    return result


def _block(members: list[TagSpec]) -> _Block:
    first = members[0].registers
    return _Block(Registers(first.kind, first.start, members[-1].registers.stop - first.start), tuple(members))


def split_endpoint(endpoint: str) -> tuple[str, int]:
    """Host and port of ``modbus://HOST:PORT`` (port 502 if left out); ValueError for anything else."""
    url = urlsplit(endpoint)
    if url.scheme != "modbus" or not url.hostname:
        raise ValueError(f"endpoint {endpoint!r} is not modbus://HOST:PORT")
    return url.hostname, url.port or 502


class ModbusConnection:
    """A live connection to one device; see :class:`drivers.connection.Connection`."""

    def __init__(self, profile: Profile, client: AsyncModbusTcpClient) -> None:
        assert profile.modbus is not None
        self._tags = profile.tags
        self._unit = profile.modbus.unit_id
        self._word_order: WordOrder = profile.modbus.word_order
        self._client = client
        self._lock = asyncio.Lock()
        self._dead: str | None = None

    async def read(self, names: Collection[str]) -> Mapping[str, Reading]:
        """Read tags, at most 125 registers at a time; a block the device refuses comes back bad."""
        readings: dict[str, Reading] = {}
        for block in blocks((self._tags[name] for name in names), READ_MAX):
            at = block.registers
            ask = self._client.read_input_registers if at.kind == "input" else self._client.read_holding_registers
            answer = await self._request(ask, at.start, count=at.count, device_id=self._unit)
            if answer.isError() or len(answer.registers) != at.count:
                readings |= dict.fromkeys((tag.name for tag in block.tags), Reading(None, Quality.BAD))
                continue
            for tag in block.tags:
                offset = tag.registers.start - at.start
                words = answer.registers[offset : offset + tag.registers.count]
                readings[tag.name] = reading(tag, decode(words, tag.type, word_order=self._word_order))
        return readings

    async def write(self, values: Mapping[str, TagValue]) -> None:
        """Write tags, neighbours together in one request."""
        for block in blocks((self._tags[name] for name in values), WRITE_MAX):
            words = [word for tag in block.tags for word in tag.encode(values[tag.name], self._word_order)]
            write = self._client.write_registers
            answer = await self._request(write, block.registers.start, words, device_id=self._unit)
            if answer.isError():
                code = answer.exception_code
                names = ", ".join(tag.name for tag in block.tags)
                raise WriteRefused(f"{names}: the device answers {EXCEPTIONS.get(code, f'exception {code}')}")

    async def _request(self, call: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        async with self._lock:
            if self._dead:
                raise LinkLost(self._dead)
            try:
                return await call(*args, **kwargs)
            except ModbusException as error:
                self._dead = f"no answer within {TIMEOUT_S:g} s" if self._client.connected else "the device hung up"
                raise LinkLost(self._dead) from error

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
        self._client.close()
        await asyncio.sleep(0)  # the transport closes its socket in the next round of the loop


async def connect(profile: Profile, endpoint: str) -> ModbusConnection:
    """Connect to ``modbus://HOST:PORT`` within a second; LinkLost if nobody answers."""
    host, port = split_endpoint(endpoint)
    client = AsyncModbusTcpClient(host, port=port, timeout=TIMEOUT_S, retries=0, reconnect_delay=0)
    if not await client.connect():
        client.close()
        raise LinkLost(f"nobody answers at {endpoint}")
    return ModbusConnection(profile, client)
