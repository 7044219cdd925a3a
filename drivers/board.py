"""What is known of a machine: its values, how old each is, whether its heart beats. It knows nothing of protocols."""

import asyncio
import math
import time
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from drivers.profile import Profile
from drivers.profile.spec import FromTag
from drivers.registers import TagValue
from drivers.snapshot import ConsumableLevel, Identity, Link, Quality, Reading, Snapshot, Tag, quality_at_age

__all__ = ["Board"]


class _Seen(NamedTuple):
    at: float  # monotonic clock, seconds
    time: datetime | None


_NEVER = _Seen(-math.inf, None)


class Board:
    """The last values of a machine, from which snapshots are taken; ages are by the monotonic clock, in seconds."""

    def __init__(self, machine: str, profile: Profile) -> None:
        self.machine = machine
        self.profile = profile
        self.link: Link | None = None  # None: never tried
        self.number = 0
        self.clock_skew_s: float | None = None
        self._readings: dict[str, Reading] = dict.fromkeys(profile.followed, Reading(None, Quality.BAD))
        self._seen: dict[str, _Seen] = dict.fromkeys(profile.followed, _NEVER)
        self._told: dict[str, Reading] = {}
        self._groups = {name: profile.group_of(name) for name in profile.followed}
        self._alarm_words = {word for word, _ in profile.alarm_places.values()}
        self._beat_at = -math.inf
        self._ages: tuple[Quality, ...] = ()
        self._news = asyncio.Event()

    def take(self, readings: Mapping[str, Reading], names: Collection[str], asked_at: float) -> None:
        """Take what the machine gave, and that it thereby confirmed the values of ``names``.

        Parameters
        ----------
        readings : Mapping[str, Reading]
            The values that were read, or of a subscription those that changed.
        names : Collection[str]
            All tags whose values are now known to be those of the machine.
        asked_at : float
            Monotonic time at which it was asked; no value is ever called younger than that.
        """
        news = self.link is not Link.CONNECTED
        if news:
            self.link, self._beat_at = Link.CONNECTED, asked_at
        for name, given in readings.items():
            found = self._standard(name, given)
            before, self._readings[name] = self._readings[name], found
            if found.value != before.value:
                self._changed(name, found, asked_at)
            news = self._is_news(name, found) or news
        self._seen.update(dict.fromkeys(names, _Seen(asked_at, datetime.now(UTC))))
        self.look(news=news)

    def lose(self) -> None:
        """Take the loss of the link: the values stay, all of them bad."""
        self.link, self.clock_skew_s = Link.LOST, None
        self.look(news=True)

    def look(self, *, news: bool = False) -> None:
        """Look whether a value turned uncertain or bad by age; wake all who wait if so, or if there are news."""
        ages = tuple(self._ages_now().values())
        if news or ages != self._ages:
            self._ages = ages
            self.number += 1
            self._news.set()
            self._news = asyncio.Event()

    async def news(self, timeout_s: float) -> bool:
        """Wait for a change of value, quality or link; False if there is none in time."""
        try:
            async with asyncio.timeout(max(timeout_s, 0)):
                await self._news.wait()
        except TimeoutError:
            return False
        return True

    def value(self, name: str) -> TagValue | None:
        """Value of a tag at the last reading."""
        return self._readings[name].value

    @property
    def stalled(self) -> bool:
        """The machine answers, but its heartbeat stands still for longer than the profile allows."""
        return self.link is Link.CONNECTED and self._heart(time.monotonic()) is Quality.BAD

    @property
    def useless(self) -> Mapping[str, str]:
        """What was asked for and gave no usable value the last time, each with the reason."""
        bad, seen = Quality.BAD, self._seen
        return {n: found.fault for n, found in self._readings.items() if found.quality is bad and seen[n] is not _NEVER}

    def snapshot(self) -> Snapshot:
        """Give what is known, with qualities as they are now."""
        ages, tags = self._ages_now(), {}
        for name, spec in self.profile.tags.items():
            found = self._readings[name]
            quality = max(found.quality, ages[name])
            tags[name] = Tag(found.value, spec.unit, quality, self._seen[name].time, found.source_time)
        consumables = tuple(
            ConsumableLevel(item.name, item.title, tags[item.level], item.capacity, item.low)
            for item in self.profile.consumables
        )
        return Snapshot(
            self.machine,
            datetime.now(UTC),
            self.link or Link.LOST,
            tags,
            self.number,
            consumables,
            self._identity(),
            self.clock_skew_s,
            self._alarms(ages),
        )

    def _alarms(self, ages: Mapping[str, Quality]) -> Mapping[str, bool | None]:
        known: dict[str, int] = {}
        for word in self._alarm_words:
            found = self._readings[word]
            if max(found.quality, ages[word]) is Quality.GOOD and isinstance(found.value, int):
                known[word] = found.value
        places = self.profile.alarm_places.items()
        return {name: bool(known[word] >> bit & 1) if word in known else None for name, (word, bit) in places}

    def _identity(self) -> Identity:
        given = self.profile.identification
        return Identity(self._text(given.manufacturer), self._text(given.model), self._text(given.serial_number))

    def _text(self, given: str | FromTag | None) -> str | None:
        if not isinstance(given, FromTag):
            return given
        value = self._readings[given.tag].value
        return None if value is None else str(value)

    def _standard(self, name: str, found: Reading) -> Reading:
        """Reading in the line's terms: the machine's own number of a state becomes PackML's."""
        if name != "state" or found.value is None:
            return found
        state = self.profile.state_of(found.value)
        if state is None:
            return Reading(None, Quality.BAD, found.source_time, f"{found.value} is the number of no state")
        return found._replace(value=int(state))

    def _changed(self, name: str, found: Reading, asked_at: float) -> None:
        if name == self.profile.heartbeat.watch:
            self._beat_at = asked_at
        if name == self.profile.clock and isinstance(found.value, (int, float)):
            # At the moment the machine's clock ticks, it is known better than its resolution.
            middle = time.time() - (time.monotonic() - asked_at) / 2
            self.clock_skew_s = found.value - middle

    def _is_news(self, name: str, found: Reading) -> bool:
        if name in (self.profile.heartbeat.watch, self.profile.heartbeat.write):
            return False  # a beat says nothing but that the link holds; when it fails, the qualities tell
        told = self._told.get(name)
        if told is not None and told.quality is found.quality and self._within(name, told.value, found.value):
            return False
        self._told[name] = found
        return True

    def _within(self, name: str, told: TagValue | None, value: TagValue | None) -> bool:
        tag = self.profile.tags.get(name)
        deadband = tag.deadband if tag is not None else 0.0
        if deadband and isinstance(told, (int, float)) and isinstance(value, (int, float)):
            return abs(value - told) < deadband
        return told == value

    def _ages_now(self) -> dict[str, Quality]:
        """Quality of each tag by its age and the machine's heartbeat."""
        if self.link is not Link.CONNECTED:
            return dict.fromkeys(self._groups, Quality.BAD)
        now = time.monotonic()
        heart = self._heart(now)
        return {
            name: max(heart, quality_at_age(now - self._seen[name].at, group.uncertain_after_s, group.bad_after_s))
            for name, group in self._groups.items()
        }

    def _heart(self, now: float) -> Quality:
        heartbeat = self.profile.heartbeat
        return quality_at_age(now - self._beat_at, 3 * heartbeat.period_s, heartbeat.timeout_s)
