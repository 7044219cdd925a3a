"""Following tags over OPC UA: a subscription that is watched, and polling where it does not do.

A subscription that died quietly looks like a machine at rest. So each one also carries the machine's heartbeat, and a
probe reads the same nodes directly: if the heart beats there but not in the subscription, the subscription is starved
and polling takes its place until the link is made anew. The library's own watchdog ends after one escalation; it is not
used.
"""

import asyncio
import time
from typing import TYPE_CHECKING, NoReturn

import structlog
from asyncua import ua
from asyncua.common.subscription import DataChangeEvent, Subscription

from drivers.connection import Take, poll
from drivers.opcua_subscription import Refused, follow, refusals, subscribe, unsubscribe
from drivers.snapshot import Reading

if TYPE_CHECKING:
    from drivers.opcua import OpcUaConnection

__all__ = ["watch"]

PROBE_S = 0.25  # values are read this often, and a silent server found within this and one time-out
STARVED_S = 1.0  # and four periods at least: a beat the subscription owes for longer will not come
QUEUE_PER_TAG = 20  # changes not yet handed over; what does not fit ends the subscription, nothing is dropped unseen

log = structlog.get_logger(__name__)


async def watch(connection: "OpcUaConnection", names: tuple[str, ...], period_s: float, take: Take) -> NoReturn:
    """Hand over every change of the tags, by subscription as long as that is alive, then by polling.

    Raises
    ------
    LinkLost
        If the server does not answer.
    """
    following = _Following(connection, names, period_s, take)
    try:
        await following.run()
    except Refused as error:
        await connection.read((connection.profile.heartbeat.watch,))  # LinkLost if it is the link that ended
        server = connection.client.server_url.netloc
        log.warning("subscription given up, polling", server=server, period_s=period_s, reason=str(error))
    await poll(connection, names, period_s, take)


class _Following:
    """One subscription with its own heartbeat check."""

    def __init__(self, connection: "OpcUaConnection", names: tuple[str, ...], period_s: float, take: Take) -> None:
        self._connection = connection
        self._names = names
        self._beat = connection.profile.heartbeat.watch
        self._wanted = names if self._beat in names else (*names, self._beat)
        self._by_node = {connection.nodes[name]: name for name in self._wanted}
        self._period_s = period_s
        self._take = take
        self._changes: dict[str, Reading] = {}
        self._heard_at: dict[str, float] = {}
        self._proven_at = time.monotonic()
        self._last_beat: Reading | None = None
        self._owed_since: float | None = None
        self._overflow = asyncio.Event()

    async def run(self) -> NoReturn:
        """Follow until the subscription (Refused) or the link (LinkLost) ends."""
        made, requests = self._subscribe(), self._connection.requests
        await follow(requests, made, self._overflow, self._receive, self._probe)

    async def _subscribe(self) -> Subscription:
        client = self._connection.client
        with refusals("a subscription"):
            subscription = await subscribe(
                client, self._period_s, QUEUE_PER_TAG * len(self._wanted), self._overflow.set
            )
            nodes = [client.get_node(node) for node in self._by_node]
            items = await subscription.subscribe_data_change(
                nodes, queuesize=1, sampling_interval=ua.Double(self._period_s * 500)
            )
        refused = [item for item in items if isinstance(item, ua.StatusCode)]
        if refused:
            await unsubscribe(subscription)
            raise Refused(f"the server refuses {len(refused)} of {len(nodes)} nodes: {refused[0].name}")
        return subscription

    async def _receive(self, subscription: Subscription) -> NoReturn:
        """Collect changes; all that came with one publication are handed over together."""
        async for event in subscription:
            if not isinstance(event, DataChangeEvent):
                raise Refused("the server ended the subscription")
            if not self._changes:
                asyncio.get_running_loop().call_soon(self._hand_over)
            name = self._by_node[event.node.nodeid]
            self._changes[name] = self._connection.reading(name, event.data.monitored_item.Value)
            self._heard_at[name] = time.monotonic()
        raise Refused("the subscription was closed")

    def _hand_over(self) -> None:
        changes, self._changes = self._changes, {}
        if beat := changes.get(self._beat):
            self._last_beat, self._owed_since = beat, None
        told = {name: found for name, found in changes.items() if name in self._names}
        # sent after the answer to the last probe, so true after that was asked: how late it came does not matter
        self._take(told, tuple(told), self._proven_at)

    async def _probe(self, _: Subscription) -> NoReturn:
        """Read the values too: what a subscription told is news, that it still holds is only known by asking.

        A change that was lost or spoilt on its way is shown for a moment only, and a heart that beats here but not in
        the subscription tells that the subscription is starved.
        """
        read_at = self._proven_at
        while True:
            await asyncio.sleep(PROBE_S)
            asked_at = time.monotonic()
            whole = asked_at - read_at >= self._period_s
            found = await self._connection.read(self._wanted if whole else (self._beat,))
            self._proven_at = asked_at
            if self._last_beat is None or found[self._beat].value != self._last_beat.value:
                self._owed_since = self._owed_since or asked_at
            if whole:
                read_at = asked_at
                # what the subscription told since is newer
                told = {name: found[name] for name in self._names if self._heard_at.get(name, 0.0) < asked_at}
                self._take(told, tuple(told), asked_at)
            if self._owed_since is not None and asked_at - self._owed_since > max(STARVED_S, 4 * self._period_s):
                raise Refused("the machine's heart beats, but not in the subscription")
