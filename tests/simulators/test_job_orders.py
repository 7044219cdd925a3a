"""The list of job orders against the standard's diagram, for any methods in any order on a machine in any state."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.isa95_types import TRANSITIONS, EndedSub, InterruptedSub, JobState, JobVerb, PrepareSub, ReturnStatus
from simulators.job_orders import OVER, JobOrder, at_hand, follow, needs, reached, take, ticket_of
from simulators.packml import State, Verb

CAPACITY = 3
IDS = ["7", "8", "winter-12", "a"]
BY_ORDER = {JobVerb.STORE, JobVerb.STORE_AND_START, JobVerb.UPDATE}

orders = st.builds(
    JobOrder, st.sampled_from(IDS), st.fixed_dictionaries({"Rows": st.integers(1, 3)}), st.integers(0, 2)
)
methods = st.tuples(st.sampled_from(JobVerb), orders)
machine = st.tuples(st.sampled_from(State), st.sampled_from([0, *map(ticket_of, IDS)]))


def call(entries, verb, order):
    return take(entries, verb, order if verb in BY_ORDER else order.id, CAPACITY)


def stored(*verbs, order_id="7"):
    entries = ()
    for verb in (JobVerb.STORE, *verbs):
        answer = call(entries, verb, JobOrder(order_id, {"Rows": 1}))
        assert answer.status is ReturnStatus.NO_ERROR, answer.reason
        entries = answer.entries
    return entries


@given(st.lists(st.one_of(methods, machine), max_size=30))
def test_no_transition_is_outside_the_standards_diagram(steps):
    entries = ()
    for step in steps:
        before = {entry.order.id: entry.state for entry in entries}
        if isinstance(step[0], JobVerb):
            answer = call(entries, *step)
            if answer.status is not ReturnStatus.NO_ERROR:
                assert answer.reason
                assert (answer.entries, answer.changes) == (entries, ())
        else:
            answer = follow(entries, *step, {"Row": 1})
        for change in answer.changes:
            order_id, state = change.entry.order.id, change.entry.state
            if change.transition is not None:
                assert TRANSITIONS[before[order_id], state] == change.transition
            before[order_id] = state
        entries = answer.entries
        assert {entry.order.id: entry.state for entry in entries}.items() <= before.items()
        assert len({entry.order.id for entry in entries}) == len(entries) <= CAPACITY
        hand = at_hand(entries)
        assert (hand is None) == all(entry.state in OVER for entry in entries)


@given(st.lists(st.one_of(methods, machine), max_size=12), orders)
def test_a_repeated_store_is_no_second_job(steps, order):
    entries = ()
    for step in steps:
        answer = call(entries, *step) if isinstance(step[0], JobVerb) else follow(entries, *step, {})
        entries = answer.entries
    first = call(entries, JobVerb.STORE, order)
    second = call(first.entries, JobVerb.STORE, order)
    assert second.entries == first.entries
    assert second.status == first.status
    assert second.changes == ()


@given(machine, st.lists(methods, max_size=8))
def test_following_the_machine_twice_changes_nothing_more(now, steps):
    entries = ()
    for step in steps:
        entries = call(entries, *step).entries
    once = follow(entries, *now, {"Row": 5})
    twice = follow(once.entries, *now, {"Row": 5})
    assert twice.entries == once.entries
    assert twice.changes == ()


def test_the_way_of_a_job():
    entries = stored()
    assert (entries[0].state, entries[0].sub) == (JobState.NOT_ALLOWED_TO_START, PrepareSub.WAITING)
    entries = follow(entries, State.STOPPED, 0, {}).entries
    assert entries[0].sub == PrepareSub.READY
    entries = follow(entries, State.IDLE, 7, {}).entries
    assert entries[0].sub == PrepareSub.LOADED
    entries = take(entries, JobVerb.START, "7", CAPACITY).entries
    seen = []
    for state in (State.IDLE, State.EXECUTE, State.HOLDING, State.HELD, State.SUSPENDED, State.ABORTED, State.STOPPED,
                  State.IDLE, State.STARTING, State.COMPLETE):  # fmt: skip
        entries = follow(entries, state, 7, {"Row": 9}).entries
        seen.append((entries[0].state, entries[0].sub))
    held, suspended = (JobState.INTERRUPTED, InterruptedSub.HELD), (JobState.INTERRUPTED, InterruptedSub.SUSPENDED)
    running = (JobState.RUNNING, 0)
    assert seen == [(JobState.ALLOWED_TO_START, PrepareSub.LOADED), running, held, held, suspended, held, held, held,
                    running, (JobState.ENDED, EndedSub.COMPLETED)]  # fmt: skip
    entries = follow(entries, State.EXECUTE, 8, {}).entries
    assert (entries[0].state, entries[0].sub) == (JobState.ENDED, EndedSub.CLOSED)
    assert entries[0].results == (("Row", 9),)
    assert take(entries, JobVerb.CLEAR, "7", CAPACITY).entries == ()


@pytest.mark.parametrize(
    ("verb", "state", "wanted"),
    [
        (JobVerb.PAUSE, State.EXECUTE, Verb.HOLD),
        (JobVerb.STOP, State.EXECUTE, Verb.STOP),
        (JobVerb.ABORT, State.EXECUTE, Verb.ABORT),
        (JobVerb.CLEAR, State.EXECUTE, None),
    ],
)
def test_what_the_machine_must_do_first(verb, state, wanted):
    running = follow(stored(JobVerb.START), State.EXECUTE, 7, {}).entries
    assert needs(running, verb, "7", state, 7) is wanted
    assert needs(running, verb, "7", state, 8) is None
    assert needs(running, verb, "9", state, 7) is None


def test_a_refusal_names_the_reason():
    entries = stored()
    unknown = take(entries, JobVerb.START, "8", CAPACITY)
    assert (unknown.status, unknown.reason) == (ReturnStatus.UNKNOWN_JOB_ORDER_ID, "there is no job order '8'")
    early = take(entries, JobVerb.PAUSE, "7", CAPACITY)
    assert early.status is ReturnStatus.INVALID_JOB_ORDER_STATUS
    assert early.reason == "Pause is not possible: job order '7' is not allowed to start"
    other = take(entries, JobVerb.STORE, JobOrder("7", {"Rows": 2}), CAPACITY)
    assert other.status is ReturnStatus.UNABLE_TO_ACCEPT_JOB_ORDER
    for order_id in ("8", "9"):
        entries = take(entries, JobVerb.STORE, JobOrder(order_id, {}), CAPACITY).entries
    full = take(entries, JobVerb.STORE, JobOrder("10", {}), CAPACITY)
    assert "3 job orders are stored" in full.reason
    assert take(entries, JobVerb.UPDATE, JobOrder("8", {"Rows": 4}), CAPACITY).changes[0].transition == 1
    assert reached(take(entries, JobVerb.START, "9", CAPACITY).entries, JobVerb.START, "9")


def test_orders_allowed_to_start_come_by_priority_and_age():
    entries = ()
    for order_id, priority in (("1", 0), ("2", 1), ("3", 1)):
        entries = take(entries, JobVerb.STORE, JobOrder(order_id, {}, priority), CAPACITY).entries
    assert at_hand(entries).order.id == "2"
    entries = take(entries, JobVerb.START, "1", CAPACITY).entries
    assert at_hand(entries).order.id == "1"
