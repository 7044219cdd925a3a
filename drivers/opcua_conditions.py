"""Following a server's alarms over OPC UA: conditions (OPC 10000-9), told by events and proven by ConditionRefresh.

An event tells that an alarm came or went, but its silence tells nothing: the subscription may have died, an event may
have been lost, and what was active before we came is never told. So the server is asked again and again to tell all
that it retains (ConditionRefresh, §5.5.7), between RefreshStart and RefreshEnd. What comes between these two is the
truth; an alarm that is not among it is over. A refresh that does not come back ends the subscription, a new one is
made, and until that has its first refresh the alarms are as old as the last one.
"""

import asyncio
import time
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import structlog
from asyncua import ua
from asyncua.common.subscription import OpcEvent, Subscription

from drivers.connection import Take
from drivers.opcua_subscription import Refused, follow, refusals, subscribe, unsubscribe
from drivers.profile import CONDITIONS, AlarmSpec
from drivers.snapshot import Quality, Reading

if TYPE_CHECKING:
    from drivers.opcua import OpcUaConnection

__all__ = ["Conditions", "Told", "watch_conditions"]

PUBLISH_S = 0.05  # half of the time within which a change on the machine is to be seen
STARVED_S = 1.0  # and four periods at least: a refresh that took longer will not come
QUEUE = 2000  # events not yet taken; what does not fit ends the subscription, nothing is dropped unseen

# Where each field is defined, its path, and whether it is the condition's own number instead of a value.
_ID = ua.ObjectIds.ConditionType
FIELDS = (
    (_ID, ()),
    (ua.ObjectIds.BaseEventType, ("EventType",)),
    (ua.ObjectIds.BaseEventType, ("SourceName",)),
    (ua.ObjectIds.ConditionType, ("ConditionName",)),
    (ua.ObjectIds.ConditionType, ("BranchId",)),
    (ua.ObjectIds.ConditionType, ("Retain",)),
    (ua.ObjectIds.AlarmConditionType, ("ActiveState", "Id")),
)

log = structlog.get_logger(__name__)


class Told(NamedTuple):
    """What one event says: a refresh that starts or ends or is wanted, or a condition and whether it is active."""

    event_type: int
    condition: str
    source: str
    name: str
    active: bool


def told(fields: list[Any]) -> Told | None:
    """Read an event's fields, in the order of FIELDS; None for one that says nothing about what is active now.

    A branch is about an earlier time (§5.5.2). A condition that is not retained is not of interest any more, whatever
    its ActiveState says.
    """
    if len(fields) != len(FIELDS):
        raise Refused("an event came with other fields than asked for")
    condition, event_type, source, name, branch, retain, active = fields
    if isinstance(branch, ua.NodeId) and not branch.is_null():
        return None
    standard = isinstance(event_type, ua.NodeId) and event_type.NamespaceIndex == 0
    kind = event_type.Identifier if standard and isinstance(event_type.Identifier, int) else 0
    return Told(kind, repr(condition), str(source), str(name), retain is True and active is True)


class Conditions:
    """Which conditions are active, from events in the order in which they came."""

    def __init__(self, alarms: tuple[AlarmSpec, ...]) -> None:
        self._alarms = alarms
        self._active: dict[str, Told] = {}
        self._retained: dict[str, Told] | None = None  # while a refresh goes on

    def take(self, event: Told) -> bool:
        """Take an event; True if with it a refresh has ended."""
        if event.event_type == ua.ObjectIds.RefreshStartEventType:
            self._retained = {}
        elif event.event_type == ua.ObjectIds.RefreshEndEventType:
            whole, self._retained = self._retained, None
            if whole is None:
                return False
            self._active = whole
            return True
        else:
            for known in (self._active, self._retained):
                if known is not None and event.active:
                    known[event.condition] = event
                elif known is not None:
                    known.pop(event.condition, None)
        return False

    @property
    def word(self) -> int:
        """Word with a bit for each alarm, set while a condition that is it is active."""
        active = {(event.name, event.source) for event in self._active.values()}
        names = {name for name, _ in active}
        bits = (
            alarm.event in names if alarm.source is None else (alarm.event, alarm.source) in active
            for alarm in self._alarms
        )
        return sum(is_active << index for index, is_active in enumerate(bits))

    @property
    def strangers(self) -> frozenset[str]:
        """ConditionNames of what is active and no alarm of the profile."""
        return frozenset(event.name for event in self._active.values()) - {alarm.event for alarm in self._alarms}


async def watch_conditions(connection: "OpcUaConnection", period_s: float, take: Take) -> NoReturn:
    """Hand over which alarms are active: at once when that changes, and proven every period.

    Raises
    ------
    LinkLost
        If the server does not answer.
    """
    refused = ""
    while True:
        following = _Following(connection, period_s, take)
        try:
            await following.run()
        except Refused as error:
            # LinkLost if it is the link that ended
            await connection.read((connection.profile.heartbeat.watch,))
            if following.proven or str(error) != refused:
                refused = str(error)
                server = connection.client.server_url.netloc
                log.warning("alarms not told, subscribing again", server=server, reason=refused)
            take({CONDITIONS: Reading(None, Quality.BAD, None, refused)}, (CONDITIONS,), time.monotonic())
        await asyncio.sleep(period_s)


class _Following:
    """One subscription to the events of the server, from its first refresh to its end."""

    def __init__(self, connection: "OpcUaConnection", period_s: float, take: Take) -> None:
        self._connection, self._period_s, self._take = connection, period_s, take
        self._conditions = Conditions(connection.profile.conditions)
        self._asked_at = self._proven_at = 0.0
        self._strangers: frozenset[str] = frozenset()
        self._refreshed, self._wanted, self._overflow = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.proven = False

    async def run(self) -> NoReturn:
        """Follow until the subscription (Refused) or the link (LinkLost) ends."""
        made, requests = self._subscribe(), self._connection.requests
        await follow(requests, made, self._overflow, self._receive, self._refresh)

    async def _subscribe(self) -> Subscription:
        clauses = [
            ua.SimpleAttributeOperand(
                TypeDefinitionId=ua.NodeId(ua.Int32(defined_by)),
                BrowsePath=[ua.QualifiedName(name) for name in path],
                AttributeId=ua.AttributeIds.Value if path else ua.AttributeIds.NodeId,
            )
            for defined_by, path in FIELDS
        ]
        with refusals("a subscription to events"):
            subscription = await subscribe(self._connection.client, PUBLISH_S, QUEUE, self._overflow.set)
            try:
                # Of the Server object: it tells the events of all, and of the refresh too (OPC 10000-9 §5.5.7).
                await subscription.subscribe_events(evfilter=ua.EventFilter(SelectClauses=clauses))
            except ua.UaStatusCodeError:
                await unsubscribe(subscription)
                raise
        return subscription

    async def _receive(self, subscription: Subscription) -> NoReturn:
        async for event in subscription:
            if not isinstance(event, OpcEvent):
                raise Refused("the server ended the subscription")
            found = told([field.Value for field in event.event.event_fields or ()])
            if found is None:
                continue
            if self._conditions.take(found):
                self._proven_at, self.proven = self._asked_at, True
                self._refreshed.set()
            if found.event_type in (ua.ObjectIds.RefreshRequiredEventType, ua.ObjectIds.EventQueueOverflowEventType):
                self._wanted.set()
            if self.proven:
                self._hand_over()
        raise Refused("the subscription was closed")

    def _hand_over(self) -> None:
        strangers = self._conditions.strangers
        if new := strangers - self._strangers:
            self._strangers |= new
            log.warning("alarms that the profile does not know", conditions=sorted(new))
        fault = f"the profile has no alarm for {', '.join(sorted(strangers))}" if strangers else ""
        # sent after the answer to the last refresh, so true after that was asked
        found = Reading(self._conditions.word, Quality.GOOD, None, fault)
        self._take({CONDITIONS: found}, (CONDITIONS,), self._proven_at)

    async def _refresh(self, subscription: Subscription) -> NoReturn:
        within_s = max(STARVED_S, 4 * self._period_s)
        while True:
            self._refreshed.clear()
            self._wanted.clear()
            self._asked_at = time.monotonic()
            await self._connection.requests.run(self._ask(subscription))
            if not await _set_within(self._refreshed, within_s):
                raise Refused(f"no end of the refresh within {within_s:g} s")
            await _set_within(self._wanted, self._period_s)

    async def _ask(self, subscription: Subscription) -> None:
        kind = self._connection.client.get_node(ua.ObjectIds.ConditionType)
        method = ua.NodeId(ua.Int32(ua.ObjectIds.ConditionType_ConditionRefresh))
        with refusals("ConditionRefresh"):
            await kind.call_method(method, ua.Variant(subscription.subscription_id, ua.VariantType.UInt32))


async def _set_within(event: asyncio.Event, timeout_s: float) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return False
    return True
