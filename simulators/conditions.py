"""A machine's alarms as OPC UA gives them: conditions (OPC 10000-9) of type AlarmConditionType, told by events.

They are emitted by the Server object, as all events are seen there. ConditionRefresh is the library's own: it tells a
subscription, between RefreshStart and RefreshEnd, what was told last of every condition that is retained. A machine
retains an alarm while it is active; there is nothing to acknowledge at it.
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import Node, Server, ua
from asyncua.server.event_generator import EventGenerator

from drivers.profile import AlarmSpec, Profile
from simulators.nodes import numeric

__all__ = ["Conditions"]

SEVERITIES = {"high": 800, "medium": 500, "low": 200}
"""Severity of each priority, in the middle of its third of 1 to 1000 (OPC 10000-5 §6.4.2 has the span)."""


class Conditions:
    """The alarms of a profile that are events; those that are bits lie in their words."""

    def __init__(self, profile: Profile) -> None:
        self._alarms = profile.conditions
        self._events: dict[str, EventGenerator] = {}
        self._active: frozenset[str] = frozenset()

    def prepare(self, server: Server) -> None:
        """Tell a server that is not built yet that it will have conditions."""
        if self._alarms:
            server.iserver.bind_condition_methods = True

    async def build(self, server: Server, root: Node) -> None:
        """Make the conditions of a machine's object; none of them is active."""
        for alarm in self._alarms:
            generator = await server.get_event_generator(ua.ObjectIds.AlarmConditionType)
            for field, value in _fields(alarm, root).items():
                setattr(generator.event, field, value)
            self._events[alarm.name] = generator

    async def publish(self, active: Collection[str], skew_s: float) -> None:
        """Tell what changed, by events stamped with the machine's own clock."""
        now = frozenset(active) & self._events.keys()
        for name in sorted(now ^ self._active):
            generator = self._events[name]
            event = generator.event
            event.Retain = name in now
            setattr(event, "ActiveState/Id", event.Retain)
            event.ActiveState = ua.LocalizedText("Active" if event.Retain else "Inactive")
            await generator.trigger(time_attr=datetime.now(UTC) + timedelta(seconds=skew_s))
        self._active = now


def _fields(alarm: AlarmSpec, root: Node) -> Mapping[str, Any]:
    """What stands in every event of a condition; its ConditionId is ``<root>.Alarms.<ConditionName>``."""
    name = str(root.nodeid.Identifier)
    return {
        "NodeId": ua.NodeId(ua.String(f"{name}.Alarms.{alarm.event}"), ua.Int16(root.nodeid.NamespaceIndex)),
        "SourceNode": root.nodeid,
        "SourceName": alarm.source or name,
        "Message": ua.LocalizedText(alarm.text),
        "Severity": SEVERITIES[alarm.priority],
        "ConditionClassId": numeric(ua.ObjectIds.ProcessConditionClassType),
        "ConditionClassName": ua.LocalizedText("ProcessConditionClassType"),
        "ConditionName": alarm.event,
        "BranchId": ua.NodeId(),
        "EnabledState": ua.LocalizedText("Enabled"),
        "EnabledState/Id": True,
        "AckedState": ua.LocalizedText("Acknowledged"),
        "AckedState/Id": True,
        "Quality": ua.StatusCode(),
        "LastSeverity": SEVERITIES[alarm.priority],
        "Comment": ua.LocalizedText(""),
        "ClientUserId": "",
        "SuppressedOrShelved": False,
    }
