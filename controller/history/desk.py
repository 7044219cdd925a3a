"""The history's door: curves by time and by metre, and all samples for a file, with the permission checked first."""

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np

from controller.actor import Actor, Permission
from controller.desk import NotFound
from controller.history import curve as curves
from controller.history import metres as by_metres
from controller.history.block import Samples, between, joined
from controller.history.curve import Curve
from controller.history.keeping import SAMPLE_S
from controller.history.metres import MetreCurve, Passed, Way
from controller.history.recorder import DAY_H, Recorder
from controller.history.rollup import held
from controller.history.runs import Run, run_of
from controller.history.sample import HOUR_S, recorded
from controller.request import Refused
from controller.store import Store
from controller.tables import now
from drivers import Profile, TagSpec

MOST_POINTS = 5000
"""The most points of a curve: more than a screen has."""

LONGEST_S = 3 * 366 * 24 * HOUR_S
"""The longest curve, s."""

BACK_H = 1
"""Hours to look back for the sample that holds at a time: each hour begins with one."""


class Recorded(NamedTuple):
    """A tag that is recorded: of which machine, and what the profile says of it."""

    machine: str
    spec: TagSpec


class HistoryDesk:
    """The use cases of the history. Those that read take time and may run in any thread.

    Parameters
    ----------
    recorder
        What is kept, and what is not packed yet.
    store
        The database, for the operations of jobs.
    profiles
        The device profiles by machine.
    """

    def __init__(self, recorder: Recorder, store: Store, profiles: Mapping[str, Profile]) -> None:
        self.recorder, self._store = recorder, store
        self._tags = {
            (machine, name): Recorded(machine, profile.tags[name])
            for machine, profile in profiles.items()
            for name in recorded(profile)
        }

    def tags(self, actor: Actor) -> list[Recorded]:
        """Return all tags that are recorded, by machine in the order of their profiles."""
        actor.require(Permission.LINE_READ)
        return list(self._tags.values())

    def tag(self, actor: Actor, machine: str, name: str) -> Recorded:
        """Return one; raises `NotFound`."""
        actor.require(Permission.LINE_READ)
        if (machine, name) not in self._tags:
            self._of(machine)
            msg = f"{machine} has no recorded tag {name!r:.64}"
            raise NotFound(msg)
        return self._tags[machine, name]

    def curve(self, actor: Actor, machine: str, name: str, begin: datetime, end: datetime, points: int = 500) -> Curve:
        """Return a tag over time, in at most about `points` points.

        Raises
        ------
        Forbidden, NotFound, Refused
            Without permission; no such tag; a tag that is a text, or a span or number of points that cannot be.
        """
        self._number_tag(actor, machine, name)
        first, last = _span(begin, end)
        _check_points(points)
        step, span_s = curves.fitting(first, last, points, self._oldest())
        until = min(last, self._until())
        number, hours = self.recorder.numbers[machine, name], curves.hours_of(first, last)
        if until <= first:
            none = np.array([], np.float64)
            return Curve(0, none, none, none, none)
        running = self.recorder.running.of(number)
        if step == SAMPLE_S:
            return curves.of_samples(self._samples(number, first, until), first, until, span_s, points)
        parts = self.recorder.shelf.buckets(number, step, *hours)
        parts += curves.minutes_and_hours(running, self._until(), step)
        return curves.of_buckets(curves.gathered(parts, first, until, span_s))

    def job_curve(
        self, actor: Actor, job_id: int, stage: str, name: str, span_m: tuple[float, float | None], points: int = 500
    ) -> tuple[Recorded, MetreCurve]:
        """Return a tag of the machine of a job's stage over the metres of the job.

        Parameters
        ----------
        actor, job_id, stage, name
            Who asks for which tag.
        span_m
            From which metre to which; None: as far as it got.
        points
            At most so many.

        Raises
        ------
        Forbidden, NotFound, Refused
            Without permission; no such job, stage or tag, or not begun; metres or points that cannot be.
        """
        run = self._run(actor, job_id, stage)
        found = self._number_tag(actor, run.machine, name)
        _check_points(points)
        from_m, to_m = span_m
        ends = (from_m, from_m + 1 if to_m is None else to_m)
        if not all(map(math.isfinite, ends)) or not 0 <= ends[0] < ends[1]:
            msg = f"from metre {ends[0]:g} to {ends[1]:g} is no length of cloth: give 0 <= from < to"
            raise Refused(msg, "from_m")
        on = self._way(run)
        if not len(on.metres):
            none = np.array([], np.float64)
            return found, MetreCurve(0.0, none, none, none, none)
        values = self._held(run, name)[on.seconds - run.begin]
        last = float(on.metres[-1])
        return found, by_metres.by_metre(on, values, from_m, max(last, from_m) if to_m is None else to_m, points)

    def when(self, actor: Actor, job_id: int, stage: str, metre: float) -> tuple[str, Passed]:
        """Return at which machine, and when, a metre of a job was in a stage.

        Raises
        ------
        Forbidden, NotFound, Refused
            Without permission; no such job or stage, or the metre was not there, as far as is known.
        """
        run = self._run(actor, job_id, stage)
        on = self._way(run)
        found = by_metres.passed(on, metre)
        if found is None:
            known = f"{on.metres[0]:g} to {on.metres[-1]:g} m" if len(on.metres) else "no metre of it"
            msg = f"metre {metre:g} of job {job_id} was not seen at {run.machine} ({stage}); known there: {known}"
            raise NotFound(msg)
        return run.machine, found

    def samples(
        self, actor: Actor, machine: str, names: Sequence[str], begin: datetime, end: datetime
    ) -> Iterator[tuple[Recorded, Samples]]:
        """Return all samples of some tags, in pieces of about an hour, tag after tag, each in order.

        Parameters
        ----------
        actor, machine
            Who asks for which machine.
        names
            Its tags; all of them if there are none.
        begin, end
            From when to before when.

        Raises
        ------
        Forbidden, NotFound, Refused
            Without permission; no such machine or tag; a span that cannot be. Before anything is read.
        """
        actor.require(Permission.LINE_READ)
        found = [self.tag(actor, machine, name) for name in names] or self._of(machine)
        return self._pieces(found, *_span(begin, end))

    def _of(self, machine: str) -> list[Recorded]:
        found = [one for one in self._tags.values() if one.machine == machine]
        if not found:
            known = ", ".join(dict.fromkeys(one.machine for one in self._tags.values()))
            msg = f"there is no machine {machine!r:.40}; the line has {known}"
            raise NotFound(msg)
        return found

    def _pieces(self, tags: Sequence[Recorded], first: int, last: int) -> Iterator[tuple[Recorded, Samples]]:
        for one in tags:
            number = self.recorder.numbers[one.machine, one.spec.name]
            for hour in self._hours(number, first, last):
                inside = between(hour, first, last)
                if len(inside):
                    yield one, inside

    def _hours(self, number: int, first: int, last: int) -> Iterator[Samples]:
        hours = curves.hours_of(first, last)
        running, done = self.recorder.running.of(number), hours[0] - 1
        for packed in self.recorder.shelf.samples(number, *hours):
            if not len(packed):
                continue
            done = int(packed.seconds[0]) // HOUR_S
            begin = done * HOUR_S
            yield joined([packed, between(running, begin, begin + HOUR_S)])
        yield between(running, (done + 1) * HOUR_S, last)

    def _samples(self, number: int, first: int, last: int) -> Samples:
        """Return a tag's samples between two seconds, with the one that holds at the first."""
        hours = curves.hours_of(first, last)
        packed = self.recorder.shelf.samples(number, hours[0] - BACK_H, hours[1])
        return joined([*packed, self.recorder.running.of(number)])

    def _number_tag(self, actor: Actor, machine: str, name: str) -> Recorded:
        found = self.tag(actor, machine, name)
        if found.spec.type == "string":
            msg = f"{machine} {name} is a text and has no curve; export it"
            raise Refused(msg, "tag")
        return found

    def _oldest(self) -> dict[int, int]:
        hour = int(now().timestamp()) // HOUR_S
        return {step: (hour - DAY_H * days) * HOUR_S for step, days in self.recorder.keeping.days.items()}

    def _until(self) -> int:
        """Return the second after the last that is known."""
        return (self.recorder.until or 0) + 1

    def _run(self, actor: Actor, job_id: int, stage: str) -> Run:
        actor.require(Permission.LINE_READ)
        return run_of(self._store, job_id, stage, self._oldest()[SAMPLE_S], self._until())

    def _way(self, run: Run) -> Way:
        counted = (self._held(run, "metres"), self._held(run, "active_ticket"))
        return by_metres.way(*counted, run.begins_m, run.begin)

    def _held(self, run: Run, name: str) -> curves.Floats:
        samples = self._samples(self.recorder.numbers[run.machine, name], run.begin, run.end)
        return held(samples, run.begin, run.end)


def _span(begin: datetime, end: datetime) -> tuple[int, int]:
    try:
        first, last = math.floor(begin.astimezone(UTC).timestamp()), math.ceil(end.astimezone(UTC).timestamp())
    except (OverflowError, ValueError) as error:
        msg = f"{begin} to {end} cannot be looked at ({error})"
        raise Refused(msg, "from") from error
    if not 0 < last - first <= LONGEST_S:
        msg = f"from {begin:%Y-%m-%d %H:%M:%S} to {end:%Y-%m-%d %H:%M:%S} cannot be looked at: give a span of at most "
        msg += f"{LONGEST_S // (24 * HOUR_S)} days, its end behind its beginning"
        raise Refused(msg, "from")
    return first, last


def _check_points(points: int) -> None:
    if not 2 <= points <= MOST_POINTS:
        msg = f"{points} points cannot be drawn; give 2 to {MOST_POINTS}"
        raise Refused(msg, "points")
