"""Who and what touched which metres of a job: one relation, read in both directions.

A touch says that something (a lot, a roll, a recipe, a machine, a person) had to do with some metres of a job. What
went into a piece are the touches that lie over it (`origins`); what a lot went into are the touches that name it
(`reach`). So neither direction can know what the other does not.

A metre of a job is the same cloth in all stages, as far as the counters of the machines agree.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from controller.tracing.cloth import Laid, stretches
from controller.tracing.tanks import Mounted, fillings

Row = TypeVar("Row")
Key = TypeVar("Key", bound=Hashable)


class Kind(StrEnum):
    """What may touch cloth."""

    ROLL = "roll"
    CLOTH = "cloth"
    LIQUOR = "liquor"
    CHEMICAL = "chemical"
    INK = "ink"
    RECIPE = "recipe"
    MACHINE = "machine"
    PERSON = "person"


@dataclass(frozen=True)
class Place:
    """A tank of a machine that an operation takes something from, and what should be in it."""

    name: str
    kind: Kind
    material: str


@dataclass(frozen=True)
class Ran:
    """An operation that has begun: `length_m` is how far it came."""

    operation: int
    job: int
    stage: str
    machine: str
    started_at: datetime
    ended_at: datetime | None
    length_m: float
    places: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Did:
    """What a person did for a job, or for one operation of it."""

    job: int
    operation: int | None
    who: str
    what: str


@dataclass(frozen=True)
class Records:
    """What genealogy follows from, of one job or of many.

    Attributes
    ----------
    recipes
        Job to its recipe: name, version and the beginning of its digest.
    ran, mounted, laid, did
        In the order in which they were recorded.
    lot_of
        Roll to its lot of cloth; rolls without one are left out.
    kind_of
        Lot to what it is.
    ingredients
        Batch of liquor to the lots of chemicals in it.
    """

    recipes: Mapping[int, str] = field(default_factory=dict)
    ran: tuple[Ran, ...] = ()
    mounted: tuple[Mounted, ...] = ()
    laid: tuple[Laid, ...] = ()
    did: tuple[Did, ...] = ()
    lot_of: Mapping[str, str] = field(default_factory=dict)
    kind_of: Mapping[str, Kind] = field(default_factory=dict)
    ingredients: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Touch:
    """Something had to do with some metres of a job.

    Attributes
    ----------
    job : int
    from_m, to_m : float
    kind : Kind
    name : str or None
        None: there was something of this kind, and nobody recorded which.
    stage, where : str
        In which stage, and in which tank; for a person what they did. Empty for what is not of one stage.
    mixed : bool
        It was in a tank together with others, so it may or may not have reached this cloth.
    """

    job: int
    from_m: float
    to_m: float
    kind: Kind
    name: str | None
    stage: str = ""
    where: str = ""
    mixed: bool = False


def touches(records: Records) -> tuple[Touch, ...]:
    """Return all touches of the jobs in the records, job by job in the order of the stages."""
    found: list[Touch] = []
    tanks = _grouped(records.mounted, lambda one: (one.machine, one.place))
    ran_of = _grouped(records.ran, lambda one: one.job)
    laid_in = _grouped(records.laid, lambda one: one.job)
    did_for = _grouped(records.did, lambda one: (one.job, one.operation))
    for job, recipe in records.recipes.items():
        ran = ran_of.get(job, ())
        length_m = max((one.length_m for one in ran), default=0.0)
        if length_m <= 0:
            continue  # what has not begun was touched by nothing
        found += _cloth(records, job, laid_in.get(job, ()), length_m)
        found.append(Touch(job, 0.0, length_m, Kind.RECIPE, recipe))
        found += _people(did_for.get((job, None), ()), length_m, "")
        for one in ran:
            if one.length_m > 0:
                found.append(Touch(job, 0.0, one.length_m, Kind.MACHINE, one.machine, one.stage))
                found += _people(did_for.get((job, one.operation), ()), one.length_m, one.stage)
                found += _filled(records, one, tanks)
    return tuple(found)


def origins(found: Iterable[Touch], job: int, from_m: float, to_m: float) -> tuple[Touch, ...]:
    """Return what touched these metres of a job; each touch cut to them."""
    return tuple(
        replace(one, from_m=max(one.from_m, from_m), to_m=min(one.to_m, to_m))
        for one in found
        if one.job == job and one.from_m < to_m and from_m < one.to_m
    )


def reach(found: Iterable[Touch], name: str) -> tuple[Touch, ...]:
    """Return the metres that something touched."""
    return tuple(one for one in found if one.name == name)


def _grouped(rows: Iterable[Row], key: Callable[[Row], Key]) -> dict[Key, list[Row]]:
    groups: dict[Key, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _cloth(records: Records, job: int, laid: Sequence[Laid], length_m: float) -> Iterator[Touch]:
    for one in stretches(job, laid, length_m):
        yield Touch(job, one.from_m, one.to_m, Kind.ROLL, one.roll)
        lot = None if one.roll is None else records.lot_of.get(one.roll)
        yield Touch(job, one.from_m, one.to_m, Kind.CLOTH, lot)


def _people(did: Sequence[Did], length_m: float, stage: str) -> Iterator[Touch]:
    for job, who, what in dict.fromkeys((one.job, one.who, one.what) for one in did):
        yield Touch(job, 0.0, length_m, Kind.PERSON, who, stage, what)


def _filled(records: Records, ran: Ran, tanks: Mapping[tuple[str, str], Sequence[Mounted]]) -> Iterator[Touch]:
    """Tell what came out of the tanks of an operation: the lots, and the chemicals that a liquor was mixed from."""
    for place in ran.places:
        mounted = tanks.get((ran.machine, place.name), ())
        for one in fillings(mounted, ran.operation, ran.started_at, ran.length_m):
            for lot in sorted(one.lots, key=lambda name: (name is None, name)):
                kind = place.kind if lot is None else records.kind_of.get(lot, place.kind)
                yield Touch(ran.job, one.from_m, one.to_m, kind, lot, ran.stage, place.name, one.mixed)
                for chemical in () if lot is None else records.ingredients.get(lot, ()):
                    yield Touch(ran.job, one.from_m, one.to_m, Kind.CHEMICAL, chemical, ran.stage, place.name,
                                one.mixed)  # fmt: skip
