"""An OPC UA connection: the only place that knows asyncua.

The client is made afresh for every connection: one that lost its link can hang for ever when used again. Values are
polled by one read of all nodes: one mechanism for both protocols, and its age is known, which a subscription that went
stale does not tell.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping

from asyncua import Client, ua

from drivers.connection import reading
from drivers.errors import LinkLost, WriteRefused
from drivers.profile import Profile
from drivers.registers import TagValue
from drivers.snapshot import Quality, Reading

__all__ = ["OpcUaConnection", "connect"]

# Losses are told once, by Machine; the library would tell them, with tracebacks, at each try.
logging.getLogger("asyncua.client").setLevel(logging.CRITICAL + 1)

TIMEOUT_S = 2.0
CONNECT_TIMEOUT_S = 4.0
SESSION_TIMEOUT_MS = 30_000  # a session we could not close is forgotten by the server after this time
NEVER_S = 1e6  # the library's own health probe: polling sees a loss sooner

VARIANTS = {
    "uint16": ua.VariantType.UInt16,
    "int16": ua.VariantType.Int16,
    "uint32": ua.VariantType.UInt32,
    "int32": ua.VariantType.Int32,
    "float32": ua.VariantType.Float,
    "bool": ua.VariantType.Boolean,
    "string": ua.VariantType.String,
}


class OpcUaConnection:
    """A live session with one server; see :class:`drivers.connection.Connection`."""

    def __init__(self, profile: Profile, client: Client, namespace: int) -> None:
        assert profile.opcua is not None
        self._tags = profile.tags
        self._client = client
        root, index = profile.opcua.root, ua.Int16(namespace)
        self._nodes = {tag.name: ua.NodeId(ua.String(f"{root}.{tag.node}"), index) for tag in profile.tags.values()}

    async def read(self, names: Collection[str]) -> Mapping[str, Reading]:
        """Read tags in one request."""
        nodes = [self._nodes[name] for name in names]
        try:
            values = await self._client.uaclient.read_attributes(nodes, ua.AttributeIds.Value)
            return {name: self._reading(name, value) for name, value in zip(names, values, strict=True)}
        except Exception as error:  # whatever the library's decoder stumbles over in a garbled answer
            raise _lost(error) from error

    def _reading(self, name: str, value: ua.DataValue) -> Reading:
        status = value.StatusCode
        if value.Value is None or (status is not None and status.is_bad()):
            return Reading(None, Quality.BAD)
        found = reading(self._tags[name], value.Value.Value)
        if status is not None and status.is_uncertain():
            return Reading(found.value, max(found.quality, Quality.UNCERTAIN))
        return found

    async def write(self, values: Mapping[str, TagValue]) -> None:
        """Write tags in one request, in the order given."""
        nodes = [self._nodes[name] for name in values]
        # Without timestamps: many servers refuse a client's.
        data = [
            ua.DataValue(ua.Variant(self._tags[name].to_raw(value), VARIANTS[self._tags[name].type]))
            for name, value in values.items()
        ]
        try:
            results = await self._client.uaclient.write_attributes(nodes, data, ua.AttributeIds.Value)
            refused = [f"{name}: {code.name}" for name, code in zip(values, results, strict=True) if not code.is_good()]
        except Exception as error:  # whatever the library's decoder stumbles over in a garbled answer
            raise _lost(error) from error
        if refused:
            raise WriteRefused(", ".join(refused))

    async def close(self, *, lost: bool) -> None:
        """End the session; with ``lost`` only drop the socket."""
        await _close(self._client, lost=lost)


def _lost(error: Exception) -> LinkLost:
    if isinstance(error, TimeoutError):
        return LinkLost(f"no answer within {TIMEOUT_S:g} s")
    if not isinstance(error, (ua.UaError, OSError)):
        return LinkLost(f"the answer cannot be read ({error!r})")
    return LinkLost(" ".join(str(error).split()) or type(error).__name__)


async def _close(client: Client, *, lost: bool) -> None:
    protocol = client.uaclient.protocol
    if lost and protocol is not None and protocol.transport is not None:
        # Client.disconnect would ask the silent server first, and leaves the socket open if it believes it closed.
        protocol.transport.abort()
        await asyncio.sleep(0)
    await client.disconnect()  # it swallows the errors of the farewell
    await asyncio.sleep(0)  # the transport closes its socket in the next round of the loop


async def connect(profile: Profile, endpoint: str) -> OpcUaConnection:
    """Connect to ``opc.tcp://HOST:PORT`` and find the namespace; LinkLost if that takes over 4 s or is refused."""
    assert profile.opcua is not None
    client = Client(endpoint, timeout=TIMEOUT_S, watchdog_intervall=NEVER_S)
    client.session_timeout = SESSION_TIMEOUT_MS
    connected = False
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await client.connect()
            namespaces = await client.get_namespace_array()
            if profile.opcua.namespace not in namespaces:
                raise LinkLost(f"the server at {endpoint} has no namespace {profile.opcua.namespace!r}")
        connected = True
    except TimeoutError as error:
        raise LinkLost(f"no session with {endpoint} in time") from error
    except LinkLost:
        raise
    except Exception as error:  # see read
        raise LinkLost(f"{endpoint}: {_lost(error)}") from error
    finally:
        if not connected:
            await _close(client, lost=True)
    return OpcUaConnection(profile, client, namespaces.index(profile.opcua.namespace))
