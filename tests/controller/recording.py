"""What a press shows, for the historian's tests."""

from datetime import UTC, datetime

from drivers import Link, Quality, Snapshot, Tag
from drivers.registers import TagValue


def snapshot(quality: Quality = Quality.GOOD, **values: TagValue) -> Snapshot:
    """A press that shows some tags."""
    at = datetime(2026, 11, 25, 6, tzinfo=UTC)
    return Snapshot("press", at, Link.CONNECTED, {name: Tag(value, "", quality, at) for name, value in values.items()})
