from hypothesis import given
from hypothesis import strategies as st

from simulators.packml import ACTING, State, Verb, finished, next_state

STATES, VERBS = st.sampled_from(State), st.sampled_from(Verb)

# one line per state: the verbs it takes (ISA-TR88.00.02 as in the OPC 30050 nodeset)
TAKES = {
    State.CLEARING: {Verb.ABORT},
    State.STOPPED: {Verb.RESET, Verb.ABORT},
    State.STARTING: {Verb.HOLD, Verb.STOP, Verb.ABORT},
    State.IDLE: {Verb.START, Verb.STOP, Verb.ABORT},
    State.SUSPENDED: {Verb.UNSUSPEND, Verb.HOLD, Verb.STOP, Verb.ABORT},
    State.EXECUTE: {Verb.HOLD, Verb.SUSPEND, Verb.COMPLETE, Verb.STOP, Verb.ABORT},
    State.STOPPING: {Verb.ABORT},
    State.ABORTING: set(),
    State.ABORTED: {Verb.CLEAR},
    State.HOLDING: {Verb.STOP, Verb.ABORT},
    State.HELD: {Verb.UNHOLD, Verb.STOP, Verb.ABORT},
    State.UNHOLDING: {Verb.HOLD, Verb.STOP, Verb.ABORT},
    State.SUSPENDING: {Verb.HOLD, Verb.STOP, Verb.ABORT},
    State.UNSUSPENDING: {Verb.HOLD, Verb.STOP, Verb.ABORT},
    State.RESETTING: {Verb.STOP, Verb.ABORT},
    State.COMPLETING: {Verb.STOP, Verb.ABORT},
    State.COMPLETE: {Verb.RESET, Verb.STOP, Verb.ABORT},
}


@given(STATES, VERBS)
def test_a_state_takes_exactly_the_verbs_of_the_standard(state, verb):
    assert (next_state(state, verb) is not None) == (verb in TAKES[state])


@given(STATES, VERBS)
def test_every_accepted_verb_leads_to_an_acting_state(state, verb):
    target = next_state(state, verb)
    assert target is None or target in ACTING


@given(st.lists(VERBS, max_size=60))
def test_no_sequence_of_verbs_leads_out_of_the_machine_and_stop_and_abort_always_rest(verbs):
    state = State.STOPPED
    for verb in verbs:
        state = next_state(state, verb) or state
        if state in ACTING:
            state = finished(state)
    assert state not in ACTING
    stopped = next_state(state, Verb.ABORT) or State.ABORTED
    assert (finished(stopped) if stopped in ACTING else stopped) == State.ABORTED


def test_the_way_through_a_job():
    state = State.STOPPED
    for verb, rests_in in ((Verb.RESET, State.IDLE), (Verb.START, State.EXECUTE), (Verb.COMPLETE, State.COMPLETE)):
        target = next_state(state, verb)
        assert target is not None
        state = finished(target)
        assert state == rests_in
