"""From alarms to what the API says of them: pure functions."""

from collections.abc import Sequence, Set

from controller.alarms import Alarm
from controller.alarms.rates import is_stale
from controller.tables import now
from hmi import schemas


def alarm_views(alarms: Sequence[Alarm], firsts: Set[int]) -> tuple[schemas.AlarmView, ...]:
    """Return alarms in their order; `firsts` are the ids of those that were the first of a burst."""
    at = now()
    return tuple(
        schemas.AlarmView(
            id=alarm.id,
            machine=alarm.machine,
            name=alarm.name,
            own=alarm.kind.own,
            priority=alarm.kind.priority,
            text=alarm.kind.text,
            response=alarm.kind.response,
            consequence=alarm.kind.consequence,
            state=alarm.position.state,  # pyright: ignore[reportArgumentType]
            active=alarm.position.active,
            unacknowledged=alarm.position.unacknowledged,
            shelvable=alarm.kind.shelvable,
            occurrence=alarm.occurrence,
            active_at=alarm.active_at,
            returned_at=alarm.returned_at,
            acknowledged_at=alarm.acknowledged_at,
            acknowledged_by=alarm.acknowledged_by,
            covered_at=alarm.covered_at,
            covered_by=alarm.covered_by,
            covered_why=alarm.covered_why,
            shelved_until=alarm.shelved_until,
            first=alarm.id in firsts,
            stale=is_stale(alarm, at),
            job_id=alarm.job_id,
        )
        for alarm in alarms
    )
