"""The plans' door: what people may do with plans, each act with its permission checked first."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from controller.actor import Actor, Permission
from controller.desk import Conflict, NotFound
from controller.planning import PlanError, Problem, Schedule, build, keep_shelf_lives
from controller.planning.problem import Decisions
from controller.plans.book import PlanBook
from controller.plans.content import Content, Slot, Timed, settles
from controller.plans.make import names
from controller.plans.read import Reader
from controller.plans.situation import Situation
from controller.plans.tables import PinRow, PlanMode
from controller.plans.translate import planning_file, sequences
from controller.request import Refused
from controller.tables import now

PINNED_LONGEST = timedelta(days=60)
"""How far ahead an earliest start may lie: half of what a plan's calendars reach."""


@dataclass(frozen=True)
class PlanState:
    """The plans as they stand.

    Attributes
    ----------
    mode
        How the line uses plans.
    content
        The newest proposal, and what the line comes to without it; None before the first.
    released, released_by, released_at
        The released plan as it was when it was released; empty, by nobody, if there is none.
    settled
        Whether the line follows the proposal already, as far as work has not begun.
    pins
        What is pinned, by the operation's id.
    expected
        When operations that run now were expected to be done, by their id.
    jobs
        Title and fabric of the jobs in all this, by their id.
    """

    mode: PlanMode
    content: Content | None
    released: Timed
    released_by: str
    released_at: datetime | None
    settled: bool
    pins: dict[int, PinRow]
    expected: dict[int, datetime]
    jobs: dict[int, tuple[str, str]]


class PlanDesk:
    """The use cases of plans.

    Parameters
    ----------
    reader, book
        What there is to plan, and the plans.
    mode
        How the line uses them.
    """

    def __init__(self, reader: Reader, book: PlanBook, mode: PlanMode) -> None:
        self._reader, self._book = reader, book
        self.mode: PlanMode = mode

    def state(self, actor: Actor) -> PlanState:
        """Return the plans as they stand."""
        actor.require(Permission.LINE_READ)
        content, (released, by, at) = self._book.newest(), self._book.released()
        settled = content is not None and settles(released, content.proposal)
        shown = {slot.job_id for plan in (content.proposal, released) for slot in plan.slots} if content else set()
        shown |= {one.job_id for one in content.left_out} if content else set()
        running = [slot.operation_id for slot in content.proposal.slots if slot.running] if content else []
        return PlanState(self.mode, content, released, by, at, settled, self._book.pins(),
                         self._book.expected(running), self._book.titles(shown))  # fmt: skip

    def release(self, actor: Actor, order: str) -> None:
        """Let the line follow the newest proposal.

        Parameters
        ----------
        actor
            A planner.
        order
            `Timed.order` of the proposal that was looked at.

        Raises
        ------
        Forbidden, Conflict
            Without permission; plans are not used, there is no proposal, or it orders something else by now.
        """
        actor.require(Permission.PLAN_RELEASE)
        content = self._content()
        if content.trouble:
            msg = f"there is no plan to release: {content.trouble}"
            raise Conflict(msg)
        if content.proposal.order != order:
            msg = f"the proposal is another by now ({content.proposal.order}, not {order[:20]}); look at it again"
            raise Conflict(msg)
        self._book.release(actor.name, content.proposal)

    def pin(self, actor: Actor, name: str, place: int | None, not_before: datetime | None) -> Slot:
        """Pin an operation's place, its earliest start, or both; every later proposal keeps it.

        A place means something only if what comes before it is settled: with it, what is planned before it on that
        machine is pinned in its present order.

        Parameters
        ----------
        actor
            A planner.
        name
            The operation, ``JOB@STAGE``.
        place
            Number in the machine's queue, from 1; None: that stays as it is.
        not_before
            Its earliest start, timezone-aware; None: none.

        Raises
        ------
        Forbidden, NotFound, Refused, Conflict
            Without permission; no such operation waits; a place or time that is not possible, or that contradicts other
            pins; plans are not used.
        """
        actor.require(Permission.PLAN_RELEASE)
        content, slot = self._content(), self._waiting(name)
        queue = content.proposal.queue(slot.machine)
        if place is None and not_before is None:
            raise Refused("give a place, an earliest start, or both")
        if place is not None and not 1 <= place <= len(queue):
            raise Refused(f"place {place} on the {slot.machine} is not there: it has 1 to {len(queue)}", "place")
        if not_before is not None and not now() < not_before <= now() + PINNED_LONGEST:
            said = not_before.isoformat(timespec="minutes")
            raise Refused(
                f"not before {said} is not possible: give a time within the next {PINNED_LONGEST.days} days",
                "not_before",
            )
        head: tuple[int, ...] = ()
        if place is not None:
            others = [one for one in queue if one.operation_id != slot.operation_id]
            behind = sorted((one for one in others[place - 1 :] if one.rank), key=lambda one: one.rank or 0)
            head = tuple(one.operation_id for one in (*others[: place - 1], slot, *behind))
        ranks = {operation_id: rank for rank, operation_id in enumerate(head, start=1)}
        self._possible(self._reader.situation().pinned(ranks, {slot.operation_id: not_before}))
        self._book.pin(actor.name, slot, head, not_before)
        return slot

    def unpin(self, actor: Actor, name: str) -> Slot:
        """Let the plan put an operation where it likes.

        Raises
        ------
        Forbidden, NotFound, Conflict
            Without permission; no such operation waits; it is not pinned.
        """
        actor.require(Permission.PLAN_RELEASE)
        slot = self._waiting(name)
        if slot.operation_id not in self._book.pins():
            msg = f"{name} is not pinned"
            raise Conflict(msg)
        self._book.unpin(actor.name, slot)
        return slot

    def solved(self, actor: Actor, name: str) -> tuple[Situation, Content]:
        """Return what the newest proposal was made of and the proposal, to explain an operation that is in it.

        Raises
        ------
        NotFound, Conflict
            No such operation waits; there is no proposal.
        """
        actor.require(Permission.LINE_READ)
        content = self._content()
        self._waiting(name)
        return self._reader.situation(), content

    def _content(self) -> Content:
        if self.mode == "first-come":
            msg = "plans are not used here: set FOULARD_PLAN to release or automatic and start again"
            raise Conflict(msg)
        content = self._book.newest()
        if content is None:
            msg = "there is no proposal yet; it comes within seconds"
            raise Conflict(msg)
        return content

    def _waiting(self, name: str) -> Slot:
        slots = [slot for slot in self._content().proposal.slots if not slot.running]
        found = next((slot for slot in slots if slot.name == name), None)
        if found is None:
            hint = f"give JOB@STAGE like {slots[0].name}" if slots else "nothing waits"
            msg = f"no operation that waits is called {name!r:.60}; {hint}"
            raise NotFound(msg)
        return found

    def _possible(self, situation: Situation) -> None:
        file = planning_file(situation, now())
        try:
            _ = file and build(file)
        except PlanError as error:
            raise Refused(f"this contradicts what is pinned already: {error}") from error


def rebuilt(situation: Situation, content: Content) -> tuple[Problem, Schedule] | None:
    """Return a proposal as the problem and schedule that it was made of; None if nothing is left to plan.

    Parameters
    ----------
    situation
        What there is to plan now.
    content
        The proposal.
    """
    file = planning_file(situation, content.made_at)
    if file is None:
        return None
    problem = build(file)
    return problem, keep_shelf_lives(problem, Decisions(sequences(problem, names(content.proposal))))
