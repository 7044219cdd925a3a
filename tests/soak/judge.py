"""Judges a driver's picture of a machine by what the machine showed and did, as the machine itself wrote it down."""

import json
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drivers import Profile, Snapshot, TagValue, Verb

FRESH_S = 1.0
"""A value may be called good if it was the machine's at some time in so many seconds before."""
SETTLED_S = 2.0
"""So long after a snapshot the machine has written down what clients had written to it."""
KEPT_S = 30.0
ALARMS = "alarms"
"""Name under which a machine writes down which alarms it gives."""
LATE_S = 30.0
"""A command whose answer was lost may still be executed so much later."""


@dataclass(frozen=True, slots=True)
class Call:
    """A command given through the driver, from ``began`` to ``ended`` (seconds since 1970)."""

    verb: Verb
    began: float
    ended: float
    outcome: str  # accepted, refused or lost


@dataclass(frozen=True, slots=True)
class Execution:
    """A command that the machine answered."""

    at: float
    verb: int
    accepted: bool


class Truth:
    """What a machine showed, read from the file it writes; the values of the last half minute are kept."""

    def __init__(self, profile: Profile, path: Path) -> None:
        self._profile, self._file = profile, path.open(encoding="utf-8")
        self._times: dict[str, list[float]] = {name: [] for name in (*profile.tags, ALARMS)}
        self._values: dict[str, list[Any]] = {name: [] for name in (*profile.tags, ALARMS)}
        self._now: dict[str, Any] = {}
        self._rest = ""

    def close(self) -> None:
        self._file.close()

    def read(self) -> Iterator[Execution]:
        """Take in what was written since; gives the commands executed."""
        *lines, self._rest = (self._rest + self._file.read()).split("\n")
        for line in lines:
            changed = json.loads(line)
            at, before = changed.pop("at"), self._now.get("command_ack", 0)
            self._now |= changed
            for name, value in changed.items():
                self._add(name, at, value)
            if self._now["command_ack"] not in (0, before):
                yield Execution(at, self._now["command"], self._now["command_result"] == 1)

    def _add(self, name: str, at: float, value: Any) -> None:
        spec = self._profile.tags.get(name)
        if spec is None and name != ALARMS:
            return
        times, values = self._times[name], self._values[name]
        times.append(at)
        values.append(value if spec is None else spec.from_raw(spec.to_raw(value)))
        if len(times) > 2000:
            gone = max(bisect_right(times, at - KEPT_S) - 1, 0)
            del times[:gone], values[:gone]

    def within(self, name: str, first: float, last: float) -> Sequence[Any]:
        """All values the machine showed from one time to another; of ``ALARMS`` the lists of those that were given."""
        times = self._times[name]
        start = max(bisect_right(times, first) - 1, 0)
        return self._values[name][start : bisect_right(times, last)]


class Pictures:
    """Good values that a driver showed, judged as soon as the truth about them is known."""

    def __init__(self, profile: Profile, truth: Truth) -> None:
        heard = profile.heartbeat.write
        # what the driver itself says to the machine is no news of the machine
        self._names = [name for name in profile.tags if name not in (heard, "command", "command_token")]
        self._written = {name for name in self._names if profile.tags[name].access == "rw"}
        self._truth = truth
        self._waiting: deque[tuple[float, Mapping[str, TagValue | None], Mapping[str, bool]]] = deque()
        self._wrote: deque[tuple[float, float, Mapping[str, TagValue]]] = deque(maxlen=20)
        self.judged = 0

    def show(self, snapshot: Snapshot) -> None:
        """Take a snapshot as somebody sees it who asks for it now."""
        good = {name: snapshot.value(name) for name in self._names if snapshot.good(name)}
        alarms = {name: active for name, active in snapshot.alarms.items() if active is not None}
        if good or alarms:
            self._waiting.append((snapshot.at.timestamp(), good, alarms))

    def wrote(self, began: float, ended: float, values: Mapping[str, TagValue]) -> None:
        """Take what was written to the machine: it may show that before it writes it down."""
        self._wrote.append((began, ended, values))

    def judge(self, now: float) -> Iterator[tuple[float, str, TagValue | None, Sequence[TagValue]]]:
        """Give what was wrong: time, tag, value shown as good, values that would have been right."""
        while self._waiting and self._waiting[0][0] < now - SETTLED_S:
            at, good, alarms = self._waiting.popleft()
            given = self._truth.within(ALARMS, at - FRESH_S, at)
            for name, active in alarms.items():
                self.judged += 1
                if active not in (right := [name in all_given for all_given in given]):
                    yield at, f"alarm {name}", active, right
            for name, value in good.items():
                self.judged += 1
                right = self._truth.within(name, at - FRESH_S, at)
                if value in right or (name in self._written and self._told(name, value, at)):
                    continue
                yield at, name, value, right

    def _told(self, name: str, value: TagValue | None, at: float) -> bool:
        later = self._truth.within(name, at, at + SETTLED_S)
        mine = (values for began, ended, values in self._wrote if began <= at <= ended + FRESH_S)
        return value in later or any(values.get(name) == value for values in mine)


def unexplained(calls: Sequence[Call], executions: Sequence[Execution]) -> Iterator[tuple[float, str]]:
    """Say when a command was executed twice or without having been given, or not at all though it was reported done.

    Every accepted execution needs a call of its own: the one that was accepted while it happened, or one before whose
    answer was lost. A call that was refused explains none.
    """
    open_calls = list(calls)
    for execution in executions:
        at, of_verb = execution.at, [call for call in open_calls if call.verb == execution.verb]
        fits = [call for call in of_verb if call.outcome == "accepted" and call.began <= at <= call.ended]
        fits += [call for call in of_verb if call.outcome == "lost" and 0 <= at - call.began <= LATE_S]
        if fits:
            open_calls.remove(fits[0])
        else:
            yield execution.at, f"{Verb(execution.verb).name} was executed without a command, or twice"
    for call in open_calls:
        if call.outcome == "accepted":
            yield call.began, f"{call.verb.name} was reported done, but not executed"
