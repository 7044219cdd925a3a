"""The table of a job's states: total, with words for every refusal, and no way out of the end."""

import runpy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import Conflict
from controller.actor import ROLES
from controller.states import ON_THE_LINE, OVER, RULES, WAITING, WORDS, Act, State, Step, allowed, leads, require

REPOSITORY = Path(__file__).parent.parent.parent


@given(st.sampled_from(State), st.sampled_from(Act))
def test_every_act_in_every_state_leads_somewhere_or_is_refused_in_words(state: State, act: Act) -> None:
    if act in allowed(state):
        assert require(7, state, act) is leads(state, act)
        return
    with pytest.raises(Conflict, match=f"^job 7 is {WORDS[state]}; ") as refused:
        require(7, state, act)
    assert str(refused.value).endswith(RULES[act].needs)


@given(st.sampled_from(State), st.lists(st.sampled_from([*Act, *Step]), max_size=30))
def test_a_job_that_is_over_stays_so_and_none_goes_back_before_the_line(state: State, deeds: list[Act | Step]) -> None:
    for deed in deeds:
        after = leads(state, deed) or state
        assert state not in OVER or after is state
        assert state not in ON_THE_LINE or after not in WAITING
        assert state is not State.CANCELLING or after in {State.CANCELLING, State.CANCELLED, State.FAILED}
        state = after


def test_from_every_state_the_end_can_be_reached_and_people_can_always_cancel_what_is_not_over() -> None:
    for state in State:
        seen, reached = set(), {state}
        while reached != seen:
            seen = set(reached)
            reached |= {after for one in seen for deed in (*Act, *Step) if (after := leads(one, deed))}
        assert reached & OVER
        assert state in OVER or state is State.CANCELLING or Act.CANCEL in allowed(state)
    assert set().union(WAITING, ON_THE_LINE, OVER) == set(State)


@pytest.mark.parametrize("act", Act)
def test_somebody_may_do_every_act_and_a_viewer_none(act: Act) -> None:
    permission = RULES[act].permission
    assert permission in ROLES["admin"]
    assert permission not in ROLES["viewer"]


def test_the_picture_in_the_documentation_is_drawn_from_the_table() -> None:
    script = runpy.run_path(str(REPOSITORY / "deploy" / "job_states.py"))
    assert script["OUT"].read_text("utf-8") == script["picture"](), "run python deploy/job_states.py"
