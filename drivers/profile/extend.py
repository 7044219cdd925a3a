"""A profile that says only what differs from another one: two files become one, and each key keeps its own line.

The same machine with another protocol, or the shipped one with the limits of the machine in the hall, need no copy of
everything that stays. Own keys replace those of the other profile; tags, alarms and consumables are joined by name.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from drivers.profile.spec import Extension

__all__ = ["Place", "Source", "extended", "names_in"]

Loc = tuple[str | int, ...]

JOINED = ("tags", "alarms", "consumables")
PLACES = {"tags": ("node", "address"), "alarms": ("word", "bit", "event", "source"), "consumables": ()}
"""Where an entry is on the machine. An entry that gives one of these has none of the other profile's."""
BY_PROTOCOL = ("opcua", "modbus")


class Place(NamedTuple):
    """Where a key stands."""

    file: str
    line: int


class Source(NamedTuple):
    """What stands in a profile, and where each of its keys stands."""

    data: dict[str, Any]
    places: Mapping[Loc, Place]


class _Entry(NamedTuple):
    data: Any
    places: Mapping[Loc, Place]  # of its keys; () is the entry itself


def extended(base: Source, own: Source, extension: Extension) -> Source:
    """Join a profile with the one it extends.

    Parameters
    ----------
    base : Source
        The other profile, whole.
    own : Source
        What differs, of any shape; ``extension`` is how it says so.
    """
    given = {key: value for key, value in own.data.items() if key not in Extension.model_fields}
    moved = "protocol" in given and given["protocol"] != base.data.get("protocol")
    kept = {key: value for key, value in base.data.items() if key not in given and not (moved and key in BY_PROTOCOL)}
    data = kept | given
    places = {loc: place for loc, place in base.places.items() if loc and loc[0] in kept} | dict(own.places)
    for key in JOINED:
        ours, theirs = _entries(own, key), _entries(base, key)
        if ours is None or theirs is None:
            continue
        if moved:
            # what the other protocol has no place for is missing here, not there
            theirs = [_elsewhere(key, entry, own.places[("extends",)]) for entry in theirs]
        left_out = getattr(extension.without, key)
        joined = _joined(key, [entry for entry in theirs if _name(entry) not in left_out], ours)
        data[key] = [entry.data for entry in joined]
        places = {loc: place for loc, place in places.items() if loc[:1] != (key,) or len(loc) == 1}
        for index, entry in enumerate(joined):
            places |= {(key, index, *loc): place for loc, place in entry.places.items()}
    return Source(data, places)


def names_in(source: Source, key: str) -> list[str]:
    """Names of the entries of a list; none if it is no list."""
    return [name for entry in _entries(source, key) or () if (name := _name(entry)) is not None]


def _entries(source: Source, key: str) -> list[_Entry] | None:
    """Entries of a list, each with the places of its keys; None if it is none."""
    listed = source.data.get(key, [])
    if not isinstance(listed, list):
        return None
    return [
        _Entry(data, {loc[2:]: place for loc, place in source.places.items() if loc[:2] == (key, index)})
        for index, data in enumerate(listed)
    ]


def _name(entry: _Entry) -> str | None:
    name = entry.data.get("name") if isinstance(entry.data, dict) else None
    return name if isinstance(name, str) else None


def _joined(key: str, theirs: list[_Entry], ours: list[_Entry]) -> list[_Entry]:
    """Their entries in their order, each with our changes, then ours that are new."""
    joined = list(theirs)
    at = {_name(entry): index for index, entry in enumerate(theirs)}
    for entry in ours:
        name = _name(entry)
        if name is None or name not in at:
            joined.append(entry)
            continue
        before = joined[at[name]]
        if any(place in entry.data for place in PLACES[key]):
            before = _without_place(key, before)
        # what does not go together any more is told here, where it was changed
        joined[at[name]] = _Entry(before.data | entry.data, entry.places)
    return joined


def _without_place(key: str, entry: _Entry) -> _Entry:
    data = {name: value for name, value in entry.data.items() if name not in PLACES[key]}
    return _Entry(data, {loc: place for loc, place in entry.places.items() if not loc or loc[0] not in PLACES[key]})


def _elsewhere(key: str, entry: _Entry, place: Place) -> _Entry:
    """Their entry without its place, told as if it stood where we name their profile."""
    if key != "tags" or not isinstance(entry.data, dict):
        return entry
    placeless = _without_place(key, entry)
    return placeless._replace(places={**placeless.places, (): place})
