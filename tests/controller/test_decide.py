"""`decide` against a model of a machine: it always gets the job done, and never acts on a machine it must not touch."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import Ask, Command, Finish, Intent, Wait, Want, Write, decide
from controller.decide import GoBack
from controller.interlocks import Beginning, Goods
from drivers import Link, Quality, Snapshot, State, Tag, Verb
from simulators import packml

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TICKET, FOREIGN = 4711, 815
SETTINGS = {"ticket": TICKET, "length_m": 2.0, "speed_sp_m_min": 20.0}


@dataclass(frozen=True)
class Machine:
    """A machine as PackML has it, with retained counters."""

    state: State = State.STOPPED
    active_ticket: int = 0
    metres: float = 0.0
    remote: bool = True
    link: Link = Link.CONNECTED
    quality: Quality = Quality.GOOD
    written: dict = field(default_factory=lambda: {"ticket": 0, "length_m": 0.0, "speed_sp_m_min": 0.0})

    def snapshot(self) -> Snapshot:
        values = {"state": int(self.state), "remote": self.remote, "active_ticket": self.active_ticket,
                  "metres": self.metres, **self.written}  # fmt: skip
        tags = {name: Tag(value, "", self.quality, NOW) for name, value in values.items()}
        return Snapshot("press", NOW, self.link, tags)

    def obey(self, verb: Verb) -> "Machine":
        """Take a command; a refused one changes nothing."""
        after = packml.next_state(packml.State(self.state), packml.Verb(verb))
        if after is None:
            return self
        machine = replace(self, state=State(after))
        if verb is Verb.RESET and machine.written["ticket"] != machine.active_ticket:
            machine = replace(machine, active_ticket=machine.written["ticket"], metres=0.0)
        return machine

    def goes_on(self) -> "Machine":
        """Let some time pass: acting states end, cloth moves."""
        if self.state is State.EXECUTE:
            metres = min(self.metres + 0.5, self.written["length_m"])
            over = metres >= self.written["length_m"]
            return replace(self, metres=metres, state=State.COMPLETING if over else State.EXECUTE)
        if self.state is State.SUSPENDED:  # the neighbour it waited for is back
            return replace(self, state=State.UNSUSPENDING)
        acting = packml.State(self.state) in packml.ACTING
        return replace(self, state=State(packml.finished(packml.State(self.state)))) if acting else self


machines = st.builds(
    Machine,
    state=st.sampled_from(State),
    active_ticket=st.sampled_from([0, TICKET, FOREIGN]),
    metres=st.floats(0, 2),
    remote=st.booleans(),
    link=st.sampled_from(Link),
    quality=st.sampled_from(Quality),
    written=st.sampled_from([
        {"ticket": 0, "length_m": 0.0, "speed_sp_m_min": 0.0},
        {"ticket": FOREIGN, "length_m": 9.0, "speed_sp_m_min": 5.0},
        dict(SETTINGS),
    ]),
)  # fmt: skip
wants = st.sampled_from(Want)


def sound(machine: Machine) -> Machine:
    """Make a drawn machine one that can be: reachable, and what it shows of our ticket is what was written for it."""
    machine = replace(machine, remote=True, link=Link.CONNECTED, quality=Quality.GOOD)
    if machine.active_ticket == TICKET:
        over = machine.state in (State.COMPLETING, State.COMPLETE)
        machine = replace(machine, written=dict(SETTINGS), metres=2.0 if over else machine.metres)
    return machine


def intent(want: Want = Want.RUN, confirmed: frozenset[str] = frozenset()) -> Intent:
    return Intent(TICKET, want, SETTINGS, "R-000001", confirmed)


@given(machines, wants, st.booleans())
def test_same_question_same_answer_and_no_act_without_good_values(
    machine: Machine, want: Want, confirmed: bool
) -> None:
    asked = intent(want, frozenset({"load"}) if confirmed else frozenset())
    action = decide(asked, machine.snapshot(), NOW)
    assert action == decide(asked, machine.snapshot(), NOW)
    if machine.link is Link.LOST or machine.quality is not Quality.GOOD or not machine.remote:
        assert isinstance(action, Wait)
        assert action.reason


@given(machines)
def test_nothing_is_done_without_a_plan(machine: Machine) -> None:
    assert isinstance(decide(None, machine.snapshot(), NOW), Wait)


@given(machines, wants)
def test_no_motion_before_the_cloth_is_confirmed_and_the_settings_are_on_the_machine(
    machine: Machine, want: Want
) -> None:
    action = decide(intent(want), machine.snapshot(), NOW)
    if isinstance(action, Command) and action.verb in (Verb.RESET, Verb.START):
        assert machine.written == SETTINGS
        assert action.verb is not Verb.RESET  # "load" was not confirmed


@given(machines, wants)
def test_a_foreign_ticket_that_runs_is_never_touched_unasked(machine: Machine, want: Want) -> None:
    machine = replace(machine, active_ticket=FOREIGN, state=State.EXECUTE)
    action = decide(intent(want), machine.snapshot(), NOW)
    assert not isinstance(action, Command | Write)


@given(machines)
def test_from_any_state_the_job_is_done_and_each_metre_once(machine: Machine) -> None:
    machine = sound(machine)
    confirmed: frozenset[str] = frozenset()
    run_before = 0.0
    for _ in range(200):
        action = decide(intent(confirmed=confirmed), machine.snapshot(), NOW)
        match action:
            case Finish(done):
                assert done
                assert machine.active_ticket == TICKET
                assert machine.metres == pytest.approx(2.0)
                return
            case Write(values):
                assert machine.state in (State.STOPPED, State.COMPLETE)
                machine = replace(machine, written=machine.written | dict(values))
            case Command(verb):
                machine = machine.obey(verb)
            case Ask(kind, _):
                confirmed |= {kind}
        run_before = machine.metres if machine.active_ticket == TICKET else 0.0
        machine = machine.goes_on()
        if machine.active_ticket == TICKET and machine.state is not State.RESETTING:
            assert machine.metres >= run_before
    pytest.fail(f"not done after 200 steps: {machine}")


@given(machines)
def test_cancel_always_ends(machine: Machine) -> None:
    machine = sound(machine)
    for _ in range(50):
        action = decide(intent(Want.CANCEL), machine.snapshot(), NOW)
        if isinstance(action, Finish):
            assert not action.done or (machine.state is State.COMPLETE and machine.active_ticket == TICKET)
            return
        machine = machine.obey(action.verb) if isinstance(action, Command) else machine
        machine = machine.goes_on()
    pytest.fail(f"not ended after 50 steps: {machine}")


RUN_OURS = {
    State.CLEARING: Wait("clearing"),
    State.STARTING: Wait("warming up"),
    State.SUSPENDING: Wait("suspending"),
    State.SUSPENDED: Wait("waiting for its neighbour"),
    State.EXECUTE: Wait("running"),
    State.STOPPING: Wait("stopping"),
    State.ABORTING: Wait("aborting"),
    State.ABORTED: Command(Verb.CLEAR),
    State.HOLDING: Wait("holding"),
    State.HELD: Command(Verb.UNHOLD),
    State.UNHOLDING: Wait("starting again"),
    State.UNSUSPENDING: Wait("starting again"),
    State.RESETTING: Wait("getting ready"),
    State.COMPLETING: Wait("running out"),
    State.IDLE: Command(Verb.START),
    State.STOPPED: Command(Verb.RESET),
    State.COMPLETE: Finish(done=True),
}


@pytest.mark.parametrize("state", State)
def test_each_state_of_a_machine_that_is_to_run_has_its_act(state: State) -> None:
    machine = Machine(state, TICKET, written=dict(SETTINGS))
    assert decide(intent(confirmed=frozenset({"load"})), machine.snapshot(), NOW) == RUN_OURS[state]


def test_what_is_not_as_planned_is_ended_first_and_what_nobody_knows_is_asked_about() -> None:
    loaded = intent(confirmed=frozenset({"load"}))
    assert decide(loaded, Machine(State.IDLE, TICKET).snapshot(), NOW) == Command(Verb.STOP)
    assert decide(loaded, Machine().snapshot(), NOW) == Write(SETTINGS)
    foreign = Machine(State.EXECUTE, FOREIGN).snapshot()
    text = f"The press runs ticket {FOREIGN}, which this plan does not know. Stop it?"
    assert decide(loaded, foreign, NOW) == Ask(f"foreign@{FOREIGN}", text)
    assert decide(intent(confirmed=frozenset({f"foreign@{FOREIGN}"})), foreign, NOW) == Command(Verb.STOP)
    assert decide(None, foreign, NOW) == Wait("no work")
    assert decide(loaded, Machine(link=Link.LOST).snapshot(), NOW) == Wait("no good values from the press")
    assert decide(loaded, Machine(remote=False).snapshot(), NOW) == Wait("the key at the press is turned to local")


@pytest.mark.parametrize("there", [True, False])
def test_a_wish_is_written_where_the_machine_can_take_it(there: bool) -> None:
    written = dict(SETTINGS) | ({"runs_alone": False} if there else {})
    machine = Machine(written=written)
    wishing = replace(intent(confirmed=frozenset({"load"})), wishes={"runs_alone": True})
    expected = Write({"runs_alone": True}) if there else Command(Verb.RESET)
    assert decide(wishing, machine.snapshot(), NOW) == expected


@pytest.mark.parametrize(
    ("beginning", "override", "said"),
    [
        (
            Beginning(moisture_pct=18.04, max_moisture_pct=14),
            "dry cloth",
            "with up to 18.0 % moisture, the recipe allows 14 %",
        ),
        (Beginning(unprofiled="Acid CMYK on silk"), "profile", "no measured profile of Acid CMYK on silk"),
        (
            Beginning(before=("print", NOW - timedelta(hours=30)), max_wait_h=24),
            "waiting time",
            "ended 30.0 h ago, the recipe allows 24 h",
        ),
        (
            Beginning(goods=Goods(wound=(("R-000001", "face-in"),)), takes="face-out", face="the smooth side"),
            "face side",
            "press: R-000001 lies face-in, and the press takes it face-out (the face: the smooth side)",
        ),
    ],
)
def test_what_would_spoil_goods_is_asked_and_overridden_by_name(beginning: Beginning, override: str, said: str) -> None:
    begun = Machine(written=dict(SETTINGS)).snapshot()
    ready = replace(intent(confirmed=frozenset({"load"})), beginning=beginning)
    question = decide(ready, begun, NOW)
    assert isinstance(question, Ask)
    assert question.kind == f"override {override}"
    assert said in question.text
    overridden = replace(ready, confirmed=ready.confirmed | {question.kind})
    assert decide(overridden, begun, NOW) == Command(Verb.RESET)


@pytest.mark.parametrize("beginning", [Beginning(moisture_pct=8, max_moisture_pct=14), Beginning(moisture_pct=8)])
def test_dry_cloth_is_not_asked_about(beginning: Beginning) -> None:
    ready = replace(intent(confirmed=frozenset({"load"})), beginning=beginning)
    assert decide(ready, Machine(written=dict(SETTINGS)).snapshot(), NOW) == Command(Verb.RESET)


def test_a_press_that_lost_power_goes_on_from_its_own_counter_after_a_person_agreed() -> None:
    machine = Machine(State.STOPPED, TICKET, metres=1.25, written=dict(SETTINGS))
    action = decide(intent(confirmed=frozenset({"load"})), machine.snapshot(), NOW)
    assert action == Ask("resume@1.25", "The press stopped at 1.25 m. Check the cloth; go on from there?")
    confirmed = frozenset({"load", "resume@1.25"})
    assert decide(intent(confirmed=confirmed), machine.snapshot(), NOW) == Command(Verb.RESET)


def test_a_person_has_the_rest_printed_from_a_row_further_back_under_a_new_ticket() -> None:
    machine = Machine(State.STOPPED, TICKET, metres=1.25, written=dict(SETTINGS))
    loaded = intent(confirmed=frozenset({"load"}))
    assert decide(replace(loaded, back={"resume@1.25": 17}), machine.snapshot(), NOW) == GoBack("resume@1.25", 17)
    assert isinstance(decide(replace(loaded, back={"resume@1.24": 17}), machine.snapshot(), NOW), Ask)
    again = replace(loaded, ticket=TICKET + 1, settings=SETTINGS | {"ticket": TICKET + 1, "length_m": 1.2}, leg=1,
                    begins_m=0.8, back={"resume@1.25": 17})  # fmt: skip
    assert decide(again, machine.snapshot(), NOW) == Write({"ticket": TICKET + 1, "length_m": 1.2})
    stopped = Machine(State.STOPPED, TICKET + 1, metres=1.25, written=dict(again.settings)).snapshot()
    question = Ask("resume@1.25/1", "The press stopped at 2.05 m. Check the cloth; go on from there?")
    assert decide(again, stopped, NOW) == question, "what was answered of one ticket is none of the next one's"


def test_hold_and_go_on() -> None:
    running = Machine(State.EXECUTE, TICKET, metres=1.0, written=dict(SETTINGS))
    assert decide(intent(Want.HOLD), running.snapshot(), NOW) == Command(Verb.HOLD)
    held = replace(running, state=State.HELD)
    assert decide(intent(Want.HOLD), held.snapshot(), NOW) == Wait("held from the desk")
    assert decide(intent(Want.RUN), held.snapshot(), NOW) == Command(Verb.UNHOLD)


def test_a_print_that_is_cut_short_is_stopped_behind_the_metre_and_is_done_then() -> None:
    cut = replace(intent(confirmed=frozenset({"load"})), until_m=1.2)
    running = Machine(State.EXECUTE, TICKET, metres=1.0, written=dict(SETTINGS))
    assert decide(cut, running.snapshot(), NOW) == Wait("running")
    behind = replace(running, metres=1.25)
    assert decide(cut, behind.snapshot(), NOW) == Command(Verb.STOP)
    assert decide(replace(cut, want=Want.HOLD), behind.snapshot(), NOW) == Command(Verb.STOP)
    assert decide(cut, replace(behind, state=State.STOPPED).snapshot(), NOW) == Finish(done=True)
    assert decide(cut, replace(running, state=State.HELD).snapshot(), NOW) == Command(Verb.UNHOLD)
    assert decide(replace(cut, want=Want.CANCEL), behind.snapshot(), NOW) == Command(Verb.STOP)
    cancelled = replace(cut, want=Want.CANCEL)
    assert decide(cancelled, replace(behind, state=State.STOPPED).snapshot(), NOW) == Finish(done=False)


def test_the_press_keeps_its_ticket_until_the_camera_has_seen_all_of_it() -> None:
    printed = Machine(State.COMPLETE, TICKET, metres=2.0, written=dict(SETTINGS))
    waiting = replace(intent(), inspected=False)
    assert decide(waiting, printed.snapshot(), NOW) == Wait("the camera looks at the last metres")
    assert decide(replace(waiting, want=Want.CANCEL), printed.snapshot(), NOW) == Finish(done=True)
    assert decide(intent(), printed.snapshot(), NOW) == Finish(done=True)
