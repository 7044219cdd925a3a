"""Handing over a job, decided against the press's own list of job orders: any list, any job, any answer lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import State, Verb, WriteRefused, load_profile
from drivers.isa95_types import JobState, JobVerb, ReturnStatus
from drivers.job_orders import AT_WORK, JobOrder, Step, at_hand, hand_over, shown, told_status, verb_of
from simulators.job_orders import JobOrder as StoredOrder
from simulators.job_orders import follow, take

PROFILE = load_profile("press")
CAPACITY = 4

jobs = st.fixed_dictionaries(
    {"ticket": st.integers(1, 4), "total_rows": st.integers(1, 2), "raster_path": st.sampled_from(["/a", "/b"])}
)
machine = st.tuples(st.sampled_from(State), st.integers(0, 4))
methods = st.tuples(st.sampled_from([*JobVerb]), jobs)


def seen(entries):
    return tuple(JobOrder(entry.order.id, entry.order.parameters, entry.state, entry.sub) for entry in entries)


def carry_out(entries, step):
    whole = step.verb in (JobVerb.STORE, JobVerb.STORE_AND_START, JobVerb.UPDATE)
    order = StoredOrder(step.order.id, step.order.parameters) if whole else step.order.id
    return take(entries, step.verb, order, CAPACITY)


def any_list(steps):
    entries = ()
    for step in steps:
        if isinstance(step[0], State):
            entries = follow(entries, *step, {}).entries
        else:
            (stored,) = hand_over(PROFILE, (), step[1], CAPACITY)
            entries = carry_out(entries, Step(step[0], stored.order)).entries
    return entries


@given(st.lists(st.one_of(methods, machine), max_size=14), jobs, st.data())
def test_after_a_hand_over_the_job_is_the_one_at_hand(steps, job, data):
    entries = any_list(steps)
    untouched = {order.id for order in seen(entries) if order.state is JobState.RUNNING}
    for _ in range(12):  # the link may be lost after any call
        try:
            plan = hand_over(PROFILE, seen(entries), job, CAPACITY)
        except WriteRefused:
            break
        if not plan:
            break
        for step in plan[: data.draw(st.integers(1, len(plan)))]:
            answer = carry_out(entries, step)
            assert answer.status is ReturnStatus.NO_ERROR, answer.reason
            entries = answer.entries
    assert untouched <= {order.id for order in seen(entries) if order.state is JobState.RUNNING}
    try:
        assert hand_over(PROFILE, seen(entries), job, CAPACITY) == ()
    except WriteRefused:
        working = [order for order in seen(entries) if order.state in AT_WORK]
        assert working
    else:
        hand = at_hand(seen(entries))
        assert shown(PROFILE, hand).items() >= job.items()


def test_a_job_is_stored_once_and_changed_by_update():
    job = {"ticket": 7, "total_rows": 10}
    (store,) = hand_over(PROFILE, (), job, CAPACITY)
    assert (store.verb, store.order.id, store.order.parameters["TotalRows"]) == (JobVerb.STORE, "7", 10)
    assert hand_over(PROFILE, (store.order,), job, CAPACITY) == ()
    (update,) = hand_over(PROFILE, (store.order,), {"total_rows": 11}, CAPACITY)
    assert (update.verb, update.order.id, update.order.parameters["TotalRows"]) == (JobVerb.UPDATE, "7", 11)
    with pytest.raises(WriteRefused, match="needs a ticket"):
        hand_over(PROFILE, (), {"total_rows": 11}, CAPACITY)
    full = tuple(JobOrder(str(number), {}, JobState.ENDED, 1) for number in range(1, 5))
    clear, store = hand_over(PROFILE, full, job, CAPACITY)
    assert (clear.verb, clear.order.id, store.verb) == (JobVerb.CLEAR, "1", JobVerb.STORE)
    running = JobOrder("8", {}, JobState.RUNNING)
    with pytest.raises(WriteRefused, match="job order 8 runs"):
        hand_over(PROFILE, (running,), job, CAPACITY)


@pytest.mark.parametrize(
    ("verb", "job", "state", "wanted"),
    [
        (Verb.START, JobState.NOT_ALLOWED_TO_START, State.IDLE, JobVerb.START),
        (Verb.START, JobState.ALLOWED_TO_START, State.IDLE, True),
        (Verb.START, JobState.INTERRUPTED, State.IDLE, JobVerb.RESUME),
        (Verb.HOLD, JobState.RUNNING, State.EXECUTE, JobVerb.PAUSE),
        (Verb.UNHOLD, JobState.INTERRUPTED, State.HELD, JobVerb.RESUME),
        (Verb.STOP, JobState.RUNNING, State.EXECUTE, JobVerb.STOP),
        (Verb.STOP, JobState.INTERRUPTED, State.HELD, JobVerb.STOP),
        (Verb.STOP, JobState.INTERRUPTED, State.IDLE, False),
        (Verb.ABORT, JobState.RUNNING, State.EXECUTE, JobVerb.ABORT),
        (Verb.RESET, JobState.NOT_ALLOWED_TO_START, State.STOPPED, False),
        (Verb.START, JobState.ENDED, State.IDLE, False),
    ],
)
def test_which_commands_are_methods_of_the_job(verb, job, state, wanted):
    order = JobOrder("7", {}, job)
    step = verb_of(verb, (order,), state)
    assert step == (wanted if isinstance(wanted, bool) else Step(wanted, order))
    assert verb_of(verb, (), state) is False


def test_what_an_order_shows():
    assert shown(PROFILE, None) == {"ticket": 0, "length_m": 0, "raster_path": "", "raster_sha256": "",
                                    "total_rows": 0, "start_row": 0, "runs_alone": False}  # fmt: skip
    assert shown(PROFILE, JobOrder("winter", {"TotalRows": 5}))["ticket"] is None
    assert told_status(ReturnStatus.UNKNOWN_JOB_ORDER_ID) == "the job order is unknown"
    assert told_status(1 << 40) == "ReturnStatus 0x10000000000"
