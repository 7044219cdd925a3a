"""From a situation to a proposal: nothing is broken, pins stay, the incumbent never gets worse."""

from datetime import timedelta

from hypothesis import given, settings

from controller.plans.content import settles
from controller.plans.desk import rebuilt
from controller.plans.make import Request, make, names
from controller.plans.situation import Situation
from tests.controller.plans.drawn import START, faults, situation, situations, work


def proposed(of: Situation, **fields: object) -> Request:
    return Request(of, START, fields.pop("before", {}), {}, **fields)


@given(of=situations())
@settings(max_examples=20)
def test_a_proposal_keeps_what_the_line_and_the_pins_ask_for(of: Situation) -> None:
    content = make(proposed(of))
    assert content.trouble == ""
    for plan in (content.proposal, content.standing):
        assert faults(of, plan) == []
    assert content.proposal.points <= content.standing.points
    assert content.bound <= content.proposal.points + 1e-6


@given(of=situations())
@settings(max_examples=10)
def test_the_order_of_before_is_never_made_worse_and_can_be_kept(of: Situation) -> None:
    first = make(proposed(of)).proposal
    again = make(proposed(of, before=names(first), seconds=0.0)).proposal
    assert [slot.name for slot in again.slots] == [slot.name for slot in first.slots]
    assert make(proposed(of, before=names(first))).proposal.points <= first.points


def test_a_stored_proposal_is_the_schedule_it_was_made_of() -> None:
    of = situation(work(1, "silk"), work(2, "satin"), work(3, "crepe"))
    content = make(proposed(of))
    built = rebuilt(of, content)
    assert built is not None
    assert built[1].costs.objective == content.proposal.points
    assert type(content).model_validate(content.model_dump(mode="json")) == content


def test_a_plan_saves_the_changeovers_that_first_come_first_served_makes() -> None:
    of = situation(*(work(number, cloth) for number, cloth in enumerate(("silk", "satin") * 3, start=1)))
    content = make(proposed(of))
    oldest_first = [slot.job_id for slot in content.standing.queue("press")]
    assert oldest_first == [1, 2, 3, 4, 5, 6]
    assert content.standing.setup_min > 2 * content.proposal.setup_min
    assert [slot.job_id for slot in content.proposal.queue("padder")] == [1, 3, 5, 2, 4, 6]


def test_a_pinned_place_is_kept_though_it_costs() -> None:
    of = situation(*(work(number, cloth) for number, cloth in enumerate(("silk", "satin") * 3, start=1)))
    pinned = of.pinned({20: 1, 10: 2}, {60: START + timedelta(hours=9)})
    content = make(proposed(pinned))
    assert faults(pinned, content.proposal) == []
    assert [slot.job_id for slot in content.proposal.queue("padder")][:2] == [2, 1]
    assert next(slot.start for slot in content.proposal.queue("padder") if slot.job_id == 6) == START + timedelta(
        hours=9
    )
    assert content.proposal.setup_min > make(proposed(of)).proposal.setup_min
    assert pinned.pinned({}, {}) == pinned


def test_what_runs_is_not_moved_and_blocks_its_machine_until_it_is_done() -> None:
    running = work(1, "satin", 100.0)
    tasks = (type(running.tasks[0])(**{**vars(running.tasks[0]), "running": True, "share_done": 0.25}),
             *running.tasks[1:])  # fmt: skip
    of = situation(type(running)(**{**vars(running), "tasks": tasks}), work(2, "silk"))
    content = make(proposed(of))
    first, second = content.proposal.of("padder")
    assert (first.job_id, first.running, first.end) == (1, True, START + timedelta(minutes=75))
    assert second.setup_start >= first.end
    assert second.setup_min == 0, "the padder was last known to be set up for silk"


def test_a_job_that_would_be_put_off_for_ever_is_not() -> None:
    """The one satin among the silks costs eight hours of flushing; when it has waited long enough, it is worth it."""
    waiting = work(99, "satin", created_at=START - timedelta(days=12))
    of = situation(*(work(number, "silk") for number in range(1, 6)), waiting)
    queue = [slot.job_id for slot in make(proposed(of)).proposal.queue("padder")]
    assert queue[0] == 99


def test_cloth_that_lies_is_taken_before_it_spoils() -> None:
    lies = work(9, "satin", stages=("fix", "wash"), lies_since=START - timedelta(hours=23, minutes=30))
    of = situation(*(work(number, "silk", 60.0, ("fix", "wash")) for number in range(1, 4)), lies)
    assert make(proposed(of)).proposal.queue("steamer")[0].job_id == 9


def test_a_released_plan_settles_a_proposal_until_something_new_is_in_it() -> None:
    of = situation(work(1, "silk"), work(2, "satin"))
    released = make(proposed(of)).proposal
    assert settles(released, released)
    begun = released.model_copy(update={"slots": released.slots[1:]})
    assert settles(released, begun), "what is over changes nothing"
    more = make(proposed(situation(work(1, "silk"), work(2, "satin"), work(3, "silk")))).proposal
    assert not settles(released, more)
    assert released.order != more.order


def test_late_jobs_are_counted_by_what_was_promised() -> None:
    of = situation(work(1, "silk", due_at=START + timedelta(minutes=50)), work(2, "silk"))
    proposal = make(proposed(of)).proposal
    assert (proposal.late_jobs, proposal.late_min) == (1, 30), "80 min of work are due in 50"
    last = next(slot for slot in proposal.slots if slot.name == "1@wash")
    assert last.late_min == 30
