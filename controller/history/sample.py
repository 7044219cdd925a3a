"""What of all that a machine shows is worth keeping: one pure function, called once a second."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from drivers import Profile, Quality, Snapshot, Tag

HOUR_S = 3600
"""Every clock hour begins with a sample of every tag: so each is whole without the one before."""


class Sample(NamedTuple):
    """A tag's value from a second on, until the next sample.

    `second` counts from 1970 in UTC. `value` is a number or a text; a truth value is 1.0 or 0.0. It is None exactly if
    the quality is bad: nobody vouches for a value then, and a curve has a gap.
    """

    second: int
    value: float | str | None
    quality: Quality


def recorded(profile: Profile) -> dict[str, float]:
    """Return a machine's tags with their deadbands, in their units.

    Left out are the two heartbeats: they change with every look and say nothing but that the link holds, which the
    qualities of all others say.
    """
    beats = (profile.heartbeat.write, profile.heartbeat.watch)
    return {tag.name: tag.deadband for tag in profile.tag_list if tag.name not in beats}


def sampled(
    kept: Mapping[str, Sample], snapshot: Snapshot, deadbands: Mapping[str, float], second: int
) -> dict[str, Sample]:
    """Return the samples to keep of what a machine shows.

    Parameters
    ----------
    kept
        The last sample kept of each tag; a tag without one is new.
    snapshot
        What the machine shows.
    deadbands
        The tags to look at; a change below this, in the tag's unit, is none. With 0 every change is one.
    second
        Now, whole seconds from 1970 in UTC.

    Returns
    -------
    dict[str, Sample]
        At most one for each tag: of what is new, of what changed its value or its quality, and of everything once in an
        hour. Nothing for a tag that was kept in the same second.
    """
    found = {}
    for name, deadband in deadbands.items():
        tag, before = snapshot.tags.get(name), kept.get(name)
        if tag is not None and _is_news(before, seen := _seen(tag, second), deadband):
            found[name] = seen
    return found


def _seen(tag: Tag, second: int) -> Sample:
    value = float(tag.value) if isinstance(tag.value, int | float) else tag.value
    if tag.quality is Quality.BAD or value is None or (isinstance(value, float) and not math.isfinite(value)):
        return Sample(second, None, Quality.BAD)
    return Sample(second, value, tag.quality)


def _is_news(before: Sample | None, seen: Sample, deadband: float) -> bool:
    if before is None:
        return True
    if seen.second == before.second:
        return False
    if seen.quality is not before.quality or seen.second // HOUR_S != before.second // HOUR_S:
        return True
    if deadband and isinstance(seen.value, float) and isinstance(before.value, float):
        return abs(seen.value - before.value) >= deadband
    return seen.value != before.value
