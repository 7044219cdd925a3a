"""What is known of a machine: its last poll, how old that is, whether its heart beats. No input or output."""

import math
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from drivers.profile import Profile
from drivers.registers import TagValue
from drivers.snapshot import Link, Quality, Reading, Snapshot, Tag, quality_at_age

__all__ = ["POLL_S", "Board"]

POLL_S = 0.1


class Board:
    """The last poll of a machine, from which snapshots are taken; ages are by the monotonic clock, in seconds."""

    def __init__(self, machine: str, profile: Profile) -> None:
        self.machine = machine
        self.profile = profile
        self.link: Link | None = None  # None: never tried
        self.number = 0
        self._readings: Mapping[str, Reading] = dict.fromkeys(profile.tags, Reading(None, Quality.BAD))
        self._read_at = self._beat_at = -math.inf
        self._read_time: datetime | None = None
        self._age = Quality.BAD

    def take(self, readings: Mapping[str, Reading], asked_at: float) -> None:
        """Take a poll that was asked for at ``asked_at``; a value is never called younger than that."""
        before = (self.link, self._age, self._readings)
        watch = self.profile.heartbeat.watch
        if self.link is not Link.CONNECTED or readings[watch] != self._readings[watch]:
            self._beat_at = asked_at
        self.link, self._readings = Link.CONNECTED, readings
        self._read_at, self._read_time = asked_at, datetime.now(UTC)
        self._age = self._quality_now()
        if before != (self.link, self._age, self._readings):
            self.number += 1

    def lose(self) -> None:
        """Take the loss of the link: the values stay, all of them bad."""
        self.link, self._age = Link.LOST, Quality.BAD
        self.number += 1

    def value(self, name: str) -> TagValue | None:
        """Value of a tag at the last poll."""
        return self._readings[name].value

    @property
    def stalled(self) -> bool:
        """The machine answers, but its heartbeat stands still for longer than the profile allows."""
        return self.link is Link.CONNECTED and self._age is Quality.BAD

    @property
    def useless(self) -> frozenset[str]:
        """Names of the tags that had no usable value at the last poll."""
        return frozenset(name for name, found in self._readings.items() if found.quality is Quality.BAD)

    def snapshot(self) -> Snapshot:
        """Give the last poll with qualities as they are now."""
        age = self._quality_now()
        tags = {}
        for name, spec in self.profile.tags.items():
            found = self._readings[name]
            tags[name] = Tag(found.value, spec.unit, max(found.quality, age), self._read_time)
        return Snapshot(self.machine, datetime.now(UTC), self.link or Link.LOST, tags, self.number)

    def _quality_now(self) -> Quality:
        if self.link is not Link.CONNECTED:
            return Quality.BAD
        now, heartbeat = time.monotonic(), self.profile.heartbeat
        return max(
            quality_at_age(now - self._read_at, POLL_S, heartbeat.timeout_s),
            quality_at_age(now - self._beat_at, heartbeat.period_s, heartbeat.timeout_s),
        )
