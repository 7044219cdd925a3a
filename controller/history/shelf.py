"""The historian's part of the database: blocks of whole hours, and notes of the hour that runs. Used from threads."""

import contextlib
import json
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Row, delete, func, insert, select
from sqlmodel import Session, SQLModel

from controller.history.block import (
    BadBlock,
    Buckets,
    Samples,
    joined,
    pack_buckets,
    pack_samples,
    unpack_buckets,
    unpack_samples,
)
from controller.history.keeping import SAMPLE_S
from controller.history.rollup import STEPS_S, held, rolled
from controller.history.sample import HOUR_S, Sample
from controller.history.tables import HistoryBlock, HistoryNote, HistoryTag
from controller.store import Store
from drivers import Quality

AT_ONCE = 20
"""Tags whose blocks are one transaction: long enough to be worth an fsync, short enough for all others to wait."""

PAUSE_S = 0.02
"""Between two of them, so that whoever waits for the database gets it."""

HOURS_AT_ONCE = 24 * 31
"""Hours of blocks that are read at once."""

FORGOTTEN_AT_ONCE_H = 6
"""Hours of as many tags that are deleted in one transaction."""

log = structlog.get_logger(__name__)

TAG, BLOCK, NOTE = (
    SQLModel.metadata.tables[str(table.__tablename__)] for table in (HistoryTag, HistoryBlock, HistoryNote)
)


@dataclass(frozen=True)
class Noted:
    """What the notes of the last controller say.

    Attributes
    ----------
    until
        The second up to which all tags were known; None if there are no notes.
    samples
        What was kept, with the number of its tag, in order.
    """

    until: int | None
    samples: list[tuple[int, Sample]]


class Shelf:
    """What is kept of the past, in the database.

    Parameters
    ----------
    store
        The database; only the controller that holds the line may write to it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def numbers(self, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
        """Return the numbers of tags by machine and name; those that are new get one."""
        with self._store.write(news=False) as session:
            known = _numbers(session)
            session.add_all(HistoryTag(machine=one[0], name=one[1]) for one in names if one not in known)
            session.flush()
            return _numbers(session)

    def note(self, until: int, samples: Sequence[tuple[int, Sample]]) -> None:
        """Write down what was kept up to a second, so that a kill loses only what comes after it."""
        hours: dict[int, list[tuple[object, ...]]] = {until // HOUR_S: []}
        for number, (second, value, quality) in samples:
            hours.setdefault(second // HOUR_S, []).append((number, second, value, int(quality)))
        rows = [
            {"hour": hour, "until": until, "data": zlib.compress(json.dumps(lines).encode(), 1)}
            for hour, lines in hours.items()
        ]
        with self._store.write(news=False) as session:
            session.execute(insert(NOTE), rows)

    def noted(self) -> Noted:
        """Return what is noted and not packed; notes that are damaged are left out."""
        with self._store.read() as session:
            notes = session.execute(select(NOTE.c.until, NOTE.c.data).order_by(NOTE.c.id)).all()
        samples, until = [], None
        for note_until, data in notes:
            until = note_until
            samples += [
                (number, Sample(second, value, Quality(quality))) for number, second, value, quality in _lines(data)
            ]
        return Noted(until, samples)

    def put(self, hour: int, tags: Mapping[int, Samples]) -> None:
        """Pack an hour that is over, with its roll-ups, and drop its notes.

        What is packed of this hour already stays: so it may be done twice, and after a kill in the middle.

        Parameters
        ----------
        hour
            From 1970 in UTC.
        tags
            Samples of that hour by the number of their tag.
        """
        with self._store.read() as session:
            last_note = session.scalar(select(func.max(NOTE.c.id))) or 0
        for some in _groups(tags):
            there = self._there(some, hour)
            rows = [row for number in some for row in _packed(number, hour, tags[number], there.get(number))]
            with self._store.write(news=False) as session:  # for writing alone: the control loop may wait for its end
                session.execute(delete(BLOCK).where(BLOCK.c.tag_id.in_(some), BLOCK.c.hour == hour))
                session.execute(insert(BLOCK), rows)
            time.sleep(PAUSE_S)
        with self._store.write(news=False) as session:
            session.execute(delete(NOTE).where(NOTE.c.hour == hour, NOTE.c.id <= last_note))

    def samples(self, number: int, first: int, last: int) -> Iterator[Samples]:
        """Yield a tag's samples from hour `first` to `last`, hour by hour; a block that is damaged is left out."""
        for hour, data in self._blocks(number, SAMPLE_S, first, last):
            with _damage(number, hour):
                yield unpack_samples(data, hour * HOUR_S)

    def buckets(self, number: int, step_s: int, first: int, last: int) -> list[Buckets]:
        """Return a tag's roll-ups from hour `first` to `last`, hour by hour; a block that is damaged is left out."""
        found = []
        for hour, data in self._blocks(number, step_s, first, last):
            with _damage(number, hour):
                found.append(unpack_buckets(data, step_s, hour * HOUR_S))
        return found

    def _blocks(self, number: int, step_s: int, first: int, last: int) -> Iterator[Row]:
        asked = select(BLOCK.c.hour, BLOCK.c.data).where(BLOCK.c.tag_id == number, BLOCK.c.step_s == step_s)
        asked = asked.where(BLOCK.c.hour.between(first, last)).order_by(BLOCK.c.hour)
        for start in range(first, last + 1, HOURS_AT_ONCE):
            page = asked.where(BLOCK.c.hour >= start, BLOCK.c.hour < start + HOURS_AT_ONCE)
            with self._store.read() as session:
                rows = session.execute(page).all()
            yield from rows  # no transaction is open while somebody works on them

    def forget(self, numbers: Iterable[int], before: Mapping[int, int]) -> None:
        """Delete the blocks of some tags that are older than the hour given for their step, a few hours at a time."""
        for some in _groups(numbers):
            for step_s, hour in before.items():
                these = BLOCK.c.tag_id.in_(some) & (BLOCK.c.step_s == step_s)
                while (oldest := self._oldest(these)) is not None and oldest < hour:
                    with self._store.write(news=False) as session:
                        end = min(hour, oldest + FORGOTTEN_AT_ONCE_H)
                        session.execute(delete(BLOCK).where(these, BLOCK.c.hour < end))
                    time.sleep(PAUSE_S)

    def _there(self, numbers: Sequence[int], hour: int) -> dict[int, Samples]:
        asked = select(BLOCK.c.tag_id, BLOCK.c.data).where(BLOCK.c.tag_id.in_(numbers), BLOCK.c.hour == hour)
        found = {}
        with self._store.read() as session:
            rows = session.execute(asked.where(BLOCK.c.step_s == SAMPLE_S)).all()
        for number, data in rows:
            with _damage(number, hour):
                found[number] = unpack_samples(data, hour * HOUR_S)
        return found

    def _oldest(self, these: ColumnElement[bool]) -> int | None:
        with self._store.read() as session:
            return session.scalar(select(func.min(BLOCK.c.hour)).where(these))


def _numbers(session: Session) -> dict[tuple[str, str], int]:
    found = session.execute(select(TAG.c.machine, TAG.c.name, TAG.c.id))
    return {(machine, name): number for machine, name, number in found}


def _groups(numbers: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(numbers)
    for start in range(0, len(ordered), AT_ONCE):
        yield ordered[start : start + AT_ONCE]


def _packed(number: int, hour: int, samples: Samples, there: Samples | None) -> Iterator[dict[str, Any]]:
    """Yield the rows of one hour of one tag, what is packed of it already included."""
    begin = hour * HOUR_S
    whole = samples if there is None else joined([there, samples])
    blocks = {SAMPLE_S: pack_samples(whole, begin)}
    if not whole.texts:
        seconds = held(whole, begin, begin + HOUR_S)
        blocks |= {step_s: pack_buckets(rolled(seconds, begin, step_s)) for step_s in STEPS_S}
    for step_s, data in blocks.items():
        yield {"tag_id": number, "step_s": step_s, "hour": hour, "data": data}


def _lines(data: bytes) -> list[list[Any]]:
    try:
        return json.loads(zlib.decompress(data))
    except (zlib.error, ValueError) as error:
        log.error("a note of the history is damaged and left out", why=str(error))
        return []


@contextlib.contextmanager
def _damage(number: int, hour: int) -> Iterator[None]:
    """Go on without a block that is damaged: curves have a gap there, and the line runs."""
    try:
        yield
    except BadBlock as error:
        log.error("left out", tag=number, hour=hour, why=str(error))
