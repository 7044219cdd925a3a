"""The alarms of a line as they stand: in memory for those who look, in the database over restarts, in the journal."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from controller import journal
from controller.alarms.alarm import Act, Alarm, after, seen
from controller.alarms.kinds import Kind, suppressed_why
from controller.alarms.own import Facts, own_conditions
from controller.alarms.rates import FLOOD_ABOVE, WINDOW, Announced
from controller.alarms.states import Cover, Event, Position, Standing
from controller.store import Store
from controller.tables import AlarmRow, Job, Operation, Question, now
from controller.tables import Event as JournalLine
from drivers import Snapshot

FACTS_EVERY = timedelta(seconds=1)
"""The facts behind the controller's own alarms count in minutes; they are read at most so often."""

RECENT = 1000
"""New alarms that are remembered to tell a flood; more in ten minutes are no larger a flood."""

_KEPT = ("occurrence", "active_at", "returned_at", "acknowledged_at", "acknowledged_by", "covered_at", "covered_by",
         "covered_why", "shelved_until", "job_id")  # fmt: skip
"""What an alarm and its row have in common."""

_SAID = {
    Event.ACKNOWLEDGE: "alarm acknowledged",
    Event.RESET: "alarm reset",
    Event.SHELVE: "alarm shelved",
    Event.UNSHELVE: "alarm unshelved",
    Event.TIME_OVER: "alarm unshelved",
    Event.REMOVE: "alarm out of service",
    Event.RESTORE: "alarm in service",
}


class AlarmBook:
    """All alarms of a line. Every change is one transaction with its journal lines.

    Parameters
    ----------
    store
        The database.
    kinds
        The alarms there are, by machine; those that are new begin as normal. What nobody declares is kept, unseen, for
        the day it is declared again.
    """

    def __init__(self, store: Store, kinds: Mapping[str, tuple[Kind, ...]]) -> None:
        self.store = store
        self._alarms = self._load(kinds)
        self._lasting: dict[int, datetime] = {}
        self._facts: tuple[datetime | None, dict[str, Facts]] = None, {}
        self._recent = deque(self.announced(now() - WINDOW), maxlen=RECENT)

    def all(self) -> tuple[Alarm, ...]:
        """Return every alarm of the line, by machine and name in the order they are declared."""
        return tuple(self._alarms.values())

    def of(self, machine: str) -> tuple[Alarm, ...]:
        """Return the alarms of a machine."""
        return tuple(alarm for alarm in self._alarms.values() if alarm.machine == machine)

    def get(self, alarm_id: int) -> Alarm | None:
        """Return one alarm; None if there is none with this number."""
        return self._alarms.get(alarm_id)

    def look(self, snapshot: Snapshot, job_id: int | None, at: datetime) -> None:
        """Take in what a machine shows at a time."""
        conditions = {**snapshot.alarms, **own_conditions(snapshot, self._fact(snapshot.machine, at), at)}
        acts = []
        for alarm in self.of(snapshot.machine):
            why = suppressed_why(alarm.kind, snapshot)
            condition = self._lasted(alarm, conditions.get(alarm.name), at)
            events = seen(alarm, condition, why, at)
            other_why = alarm.position.cover is Cover.SUPPRESSED and why not in ("", alarm.covered_why)
            if events or other_why:
                by = "controller" if alarm.kind.own else alarm.machine
                acts.append((alarm, Act(events, at, by, why, job_id=job_id)))
        self.write(acts)

    def write(self, acts: Iterable[tuple[Alarm, Act]]) -> None:
        """Do what happens to some alarms, all of it or nothing."""
        changed = [(alarm, then, act) for alarm, act in acts if (then := after(alarm, act)) != alarm]
        if not changed:
            return
        with self.store.write() as session:
            for _, then, _ in changed:
                row = session.get_one(AlarmRow, then.id)
                row.standing, row.cover = then.position.standing.value, then.position.cover.value
                for name in _KEPT:
                    setattr(row, name, getattr(then, name))
            _tell(session, changed)
        self._alarms |= {then.id: then for _, then, _ in changed}
        self._recent.extend(Announced(now(), then.id) for before, then, _ in changed if _told(before, then))

    def flood(self, at: datetime) -> int:
        """Return how many new alarms the last ten minutes brought, if that is a flood; else 0."""
        count = sum(one.at > at - WINDOW for one in self._recent)
        return count if count > FLOOD_ABOVE else 0

    def announced(self, since: datetime) -> list[Announced]:
        """Return what operators were told since then, oldest first, from the journal."""
        with self.store.read() as session:
            tells = col(JournalLine.kind).in_(["alarm", "alarm unshelved", "alarm in service"])
            lines = select(JournalLine).where(tells, col(JournalLine.time) >= since)
            return [
                Announced(line.time, int(line.payload["id"]))
                for line in session.exec(lines.order_by(col(JournalLine.seq)))
                if line.payload.get("told")
            ]

    def _load(self, kinds: Mapping[str, tuple[Kind, ...]]) -> dict[int, Alarm]:
        declared = {(machine, kind.name): kind for machine, those in kinds.items() for kind in those}
        with self.store.write() as session:
            rows = {(row.machine, row.name): row for row in session.exec(select(AlarmRow))}
            new = {place: AlarmRow(machine=place[0], name=place[1]) for place in declared if place not in rows}
            session.add_all(new.values())
            session.flush()
            rows |= new
            alarms = [_alarm(rows[place], kind) for place, kind in declared.items()]
        return {alarm.id: alarm for alarm in alarms}

    def _lasted(self, alarm: Alarm, condition: bool | None, at: datetime) -> bool | None:
        """Whether a condition has lasted as long as its alarm wants."""
        if not condition or not alarm.kind.on_delay_s:
            self._lasting.pop(alarm.id, None)
            return condition
        since = self._lasting.setdefault(alarm.id, at)
        return alarm.position.active or at - since >= timedelta(seconds=alarm.kind.on_delay_s)

    def _fact(self, machine: str, at: datetime) -> Facts:
        read_at, facts = self._facts
        if read_at is None or at - read_at >= FACTS_EVERY:
            with self.store.read() as session:
                facts = _facts(session)
            self._facts = at, facts
        return facts.get(machine, Facts())


def _alarm(row: AlarmRow, kind: Kind) -> Alarm:
    position = Position(Standing(row.standing), Cover(row.cover))
    return Alarm(row.id or 0, row.machine, kind, position, **{name: getattr(row, name) for name in _KEPT})


def _tell(session: Session, changed: list[tuple[Alarm, Alarm, Act]]) -> None:
    """Write the journal lines: one for each alarm that comes, goes or is acted upon, one for all that a cover takes."""
    covered: dict[tuple[str, str, str], list[str]] = {}
    for before, then, act in changed:
        kind = _kind(before, then, act)
        if kind is None:
            word = "alarms suppressed" if then.position.cover is Cover.SUPPRESSED else "alarms unsuppressed"
            covered.setdefault((then.machine, word, act.why), []).append(then.name)
            continue
        said: dict[str, Any] = {"alarm": then.name, "id": then.id}
        said |= {"from": before.position.state, "to": then.position.state, "told": _told(before, then)}
        if then.position.cover is Cover.SHELVED and act.until is not None:
            said["until"] = act.until.isoformat(timespec="seconds")
        journal.append(session, actor=act.by, kind=kind, machine=then.machine, job_id=then.job_id,
                       payload=said | ({"why": act.why} if act.why else {}))  # fmt: skip
    for (machine, word, why), names in covered.items():
        journal.append(session, actor="controller", kind=word, machine=machine,
                       payload={"alarms": names} | ({"why": why} if why else {}))  # fmt: skip


def _told(before: Alarm, then: Alarm) -> bool:
    """Whether operators are told of something new: it came in the open, or had come unseen and is revealed."""
    new = then.occurrence != before.occurrence or before.position.standing is Standing.UNTOLD
    return new and then.position.standing is Standing.UNACKNOWLEDGED and then.position.announced


def _kind(before: Alarm, then: Alarm, act: Act) -> str | None:
    """Word of the journal line of one alarm; None for one that only a cover of the design takes or leaves."""
    for event, word in _SAID.items():
        if event in act.events:
            return word
    if then.occurrence != before.occurrence or _told(before, then):
        return "alarm"
    return "alarm over" if before.position.active and not then.position.active else None


def _facts(session: Session) -> dict[str, Facts]:
    facts: dict[str, Facts] = {}
    for question in session.exec(select(Question).where(col(Question.answered_at).is_(None))):
        known = facts.get(question.machine, Facts())
        asked_at = min(known.asked_at or question.asked_at, question.asked_at)
        facts[question.machine] = replace(known, asked_at=asked_at)
    unfixed = select(Operation).where(Operation.stage == "fix", col(Operation.status).in_(["waiting", "ready"]))
    waiting = {operation.job_id: operation.machine for operation in session.exec(unfixed)}
    keeps_h = col(Job.control_recipe)["recipe"]["stages"]["fix"]["max_wait_h"].as_float()
    printed = select(Operation, keeps_h).join(Job, col(Job.id) == col(Operation.job_id))
    printed = printed.where(Operation.stage == "print", Operation.status == "done", col(Job.id).in_(waiting))
    for operation, hours in session.exec(printed):
        if operation.ended_at is not None and hours is not None:
            machine = waiting[operation.job_id]
            facts[machine] = facts.get(machine, Facts()).with_print(operation.ended_at, timedelta(hours=hours))
    return facts
