"""An OPC UA connection. With :mod:`drivers.opcua_watch` the only place that knows asyncua.

The client is made afresh for every connection: one that lost its link can hang for ever when used again, and the
library's own reconnecting holds every request back for as long as it tries.
"""

import asyncio
import logging
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import NoReturn

from asyncua import Client, ua
from asyncua.ua.ua_binary import struct_from_binary

from drivers import machinery
from drivers.access import Access
from drivers.connection import Connection, Requests, Take, reading
from drivers.errors import LinkLost, WriteRefused
from drivers.machinery import Identification
from drivers.opcua_conditions import watch_conditions
from drivers.opcua_entry import enter
from drivers.opcua_errors import TIMEOUT_S, lost
from drivers.opcua_watch import watch
from drivers.packml import Verb
from drivers.profile import CONDITIONS, Profile
from drivers.registers import TagValue
from drivers.snapshot import Quality, Reading

__all__ = ["OpcUaConnection", "connect"]

# Losses are told once, by Machine; the library would tell them, with tracebacks, at each try. It would also write down
# whole requests when it debugs, and one of them carries the password.
for name in ("asyncua.client", "asyncua.common.subscription"):
    logging.getLogger(name).setLevel(logging.CRITICAL + 1)

CONNECT_TIMEOUT_S = 4.0
SESSION_TIMEOUT_MS = 30_000  # a session we could not close is forgotten by the server after this time
NEVER_S = 1e6  # the library's own health probe: ours sees a loss sooner

VARIANTS = {
    "uint16": ua.VariantType.UInt16,
    "int16": ua.VariantType.Int16,
    "uint32": ua.VariantType.UInt32,
    "int32": ua.VariantType.Int32,
    "uint64": ua.VariantType.UInt64,
    "int64": ua.VariantType.Int64,
    "float32": ua.VariantType.Float,
    "float64": ua.VariantType.Double,
    "bool": ua.VariantType.Boolean,
    "string": ua.VariantType.String,
}


class OpcUaConnection:
    """A live session with one server; see :class:`drivers.connection.Connection`."""

    def __init__(self, profile: Profile, client: Client, namespace: int) -> None:
        assert profile.opcua is not None
        self.profile = profile
        self.client = client
        self.requests = Requests()
        self.skew_s: float | None = None
        root, index = profile.opcua.root, ua.Int16(namespace)
        self._root = ua.NodeId(ua.String(root), index)
        self.nodes = {tag.name: ua.NodeId(ua.String(f"{root}.{tag.node}"), index) for tag in profile.tags.values()}

    async def read(self, names: Collection[str]) -> Mapping[str, Reading]:
        """Read tags in one request."""
        return await self.requests.run(self._read(names))

    async def _read(self, names: Collection[str]) -> Mapping[str, Reading]:
        request = ua.ReadRequest()
        request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Source
        request.Parameters.NodesToRead = [
            ua.ReadValueId(NodeId=self.nodes[name], AttributeId=ua.AttributeIds.Value) for name in names
        ]
        sent = time.time()
        try:
            if (protocol := self.client.uaclient.protocol) is None:
                raise LinkLost("the connection was closed")
            # One layer below Client.read: only the answer's header carries the time at the server.
            response = struct_from_binary(ua.ReadResponse, await protocol.send_request(request))
            response.ResponseHeader.ServiceResult.check()
            self.skew_s = _utc(response.ResponseHeader.Timestamp).timestamp() - (sent + time.time()) / 2
            return {name: self.reading(name, value) for name, value in zip(names, response.Results, strict=True)}
        except Exception as error:  # whatever the library's decoder stumbles over in a garbled answer
            raise lost(error) from error

    def reading(self, name: str, value: ua.DataValue) -> Reading:
        """Turn a node's value into a reading.

        Its source time is the server's SourceTimestamp, by the machine's clock; a server that gives none leaves None.
        """
        source_time = _utc(value.SourceTimestamp) if value.SourceTimestamp else None
        status, spec = value.StatusCode, self.profile.tags[name]
        if value.Value is None or (status is not None and status.is_bad()):
            return Reading(None, Quality.BAD, source_time, status.name if status is not None else "no value")
        if value.Value.VariantType is not VARIANTS[spec.type] or value.Value.is_array:
            shape = "a list of " if value.Value.is_array else ""
            fault = f"the node is {shape}{value.Value.VariantType.name}, not {VARIANTS[spec.type].name}"
            return Reading(None, Quality.BAD, source_time, fault)
        found = reading(spec, value.Value.Value, source_time)
        if status is not None and status.is_uncertain():
            return found._replace(quality=max(found.quality, Quality.UNCERTAIN), fault=status.name)
        return found

    async def watch(self, names: tuple[str, ...], period_s: float, take: Take) -> NoReturn:
        """Subscribe to tags, or poll them where a subscription does not do; or subscribe to the server's alarms."""
        if names == (CONDITIONS,):
            await watch_conditions(self, period_s, take)
        await watch(self, names, period_s, take)

    async def write(self, values: Mapping[str, TagValue]) -> None:
        """Write tags in one request, in the order given."""
        await self.requests.run(self._write(values))

    async def _write(self, values: Mapping[str, TagValue]) -> None:
        nodes = [self.nodes[name] for name in values]
        # Without timestamps: many servers refuse a client's.
        tags = self.profile.tags
        data = [
            ua.DataValue(ua.Variant(tags[name].to_raw(value), VARIANTS[tags[name].type]))
            for name, value in values.items()
        ]
        try:
            results = await self.client.uaclient.write_attributes(nodes, data, ua.AttributeIds.Value)
            refused = [f"{name}: {code.name}" for name, code in zip(values, results, strict=True) if not code.is_good()]
        except Exception as error:  # whatever the library's decoder stumbles over in a garbled answer
            raise lost(error) from error
        if refused:
            raise WriteRefused(", ".join(refused))

    async def act(self, verb: Verb) -> bool:
        """Leave all commands to the tags."""
        del verb
        return False

    async def identify(self) -> Identification | None:
        """Read the identification of OPC UA for Machinery."""
        try:
            return await self.requests.run(machinery.read(self.client, self._root))
        except Exception as error:  # as in a read
            raise lost(error) from error

    async def close(self, *, lost: bool) -> None:
        """End the session; with ``lost`` only drop the socket."""
        if not lost:
            await self.requests.ended()
        await _close(self.client, lost=lost)
        await self.requests.ended()


def _utc(time_: datetime) -> datetime:
    return time_ if time_.tzinfo else time_.replace(tzinfo=UTC)


async def _close(client: Client, *, lost: bool) -> None:
    protocol = client.uaclient.protocol
    if lost and protocol is not None and protocol.transport is not None:
        # Client.disconnect would ask the silent server first, and leaves the socket open if it believes it closed.
        protocol.transport.abort()
        await asyncio.sleep(0)
    await client.disconnect()  # it swallows the errors of the farewell
    await asyncio.sleep(0)  # the transport closes its socket in the next round of the loop


async def connect(profile: Profile, endpoint: str, access: Access) -> Connection:
    """Connect to ``opc.tcp://HOST:PORT`` and find the namespace; LinkLost if that takes over 4 s or is refused.

    EntryRefused, a LinkLost too, if certificates, name or password are not right.
    """
    assert profile.opcua is not None
    client = Client(endpoint, timeout=TIMEOUT_S, watchdog_intervall=NEVER_S)
    client.session_timeout = SESSION_TIMEOUT_MS
    connected = False
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await enter(client, access)
            namespaces = await client.get_namespace_array()
            if profile.opcua.namespace not in namespaces:
                raise LinkLost(f"the server at {endpoint} has no namespace {profile.opcua.namespace!r}")
            index = namespaces.index(profile.opcua.namespace)
            connection: Connection = OpcUaConnection(profile, client, index)
            if profile.job.handover == "isa95":
                from drivers.isa95 import attach

                connection = await attach(connection, client, profile, index)
        connected = True
    except TimeoutError as error:
        raise LinkLost(f"no session with {endpoint} in time") from error
    except LinkLost:
        raise
    except Exception as error:  # as in a read
        raise LinkLost(f"{endpoint}: {lost(error)}") from error
    finally:
        if not connected:
            await _close(client, lost=True)
    return connection
