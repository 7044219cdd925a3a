"""The PLC logic of all machines: nothing leaves the standard's diagram, no command goes unanswered."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from simulators.packml import State, Verb
from simulators.plc import (
    Mode,
    Order,
    Plc,
    drive,
    interlock,
    press_estop,
    refuse_job,
    release_estop,
    scan,
    take_command,
    turn_mode,
    watch,
)

S = State
RUNNING = {S.RESETTING, S.IDLE, S.STARTING, S.EXECUTE, S.HOLDING, S.HELD, S.UNHOLDING, S.SUSPENDING, S.SUSPENDED,
           S.UNSUSPENDING, S.COMPLETING, S.COMPLETE}  # fmt: skip
CLEARED = RUNNING | {S.CLEARING, S.STOPPED, S.STOPPING}

# the standard's three nested machines, arrow by arrow (ISA-TR88.00.02 as in the OPC 30050 nodeset)
DIAGRAM = {
    *((state, S.ABORTING) for state in CLEARED),
    (S.ABORTING, S.ABORTED), (S.ABORTED, S.CLEARING), (S.CLEARING, S.STOPPED),
    (S.STOPPED, S.RESETTING), *((state, S.STOPPING) for state in RUNNING), (S.STOPPING, S.STOPPED),
    (S.RESETTING, S.IDLE), (S.IDLE, S.STARTING), (S.STARTING, S.EXECUTE),
    (S.EXECUTE, S.HOLDING), (S.HOLDING, S.HELD), (S.HELD, S.UNHOLDING), (S.UNHOLDING, S.EXECUTE),
    (S.EXECUTE, S.SUSPENDING), (S.SUSPENDING, S.SUSPENDED), (S.SUSPENDED, S.UNSUSPENDING),
    (S.UNSUSPENDING, S.EXECUTE), (S.EXECUTE, S.COMPLETING), (S.COMPLETING, S.COMPLETE), (S.COMPLETE, S.RESETTING),
    *((state, S.HOLDING) for state in (S.STARTING, S.SUSPENDING, S.SUSPENDED, S.UNSUSPENDING, S.UNHOLDING)),
}  # fmt: skip

ALARMS = {"tension_low": Verb.HOLD, "web_break": Verb.ABORT}


class AnyMachine(RuleBasedStateMachine):
    """Whoever is at it: a controller, a person, the cloth, the network."""

    @initialize()
    def switch_on(self):
        self.plc = self.before = Plc(heard_s=0.0)
        self.now_s, self.token, self.remote = 0.0, 0, True

    def become(self, plc):
        self.before, self.plc = self.plc, plc

    @rule(verb=st.sampled_from(Verb), ticket=st.integers(0, 2), length_m=st.floats(0.1, 5))
    def command(self, verb, ticket, length_m):
        self.token += 1
        inputs = {"command": int(verb), "command_token": self.token, "ticket": ticket, "length_m": length_m}
        self.become(take_command(self.plc, inputs, self.remote, lambda order: None if order.ticket else "no ticket"))
        assert self.plc.ack == self.token  # every command is answered
        assert self.plc.result in (1, 2, 3, 4)
        if self.plc.result != 1:
            assert self.plc.state == self.before.state  # a refused one changes nothing
            assert self.plc.order == self.before.order
        again = take_command(self.plc, inputs, self.remote, lambda _: None)
        assert again == self.plc  # and it is executed once

    @rule(number=st.integers(11, 99))
    def unknown_command(self, number):
        self.token += 1
        inputs = {"command": number, "command_token": self.token, "ticket": 1, "length_m": 1.0}
        self.become(take_command(self.plc, inputs, self.remote, lambda _: None))
        assert self.plc.result in (2, 3)
        assert self.plc.state == self.before.state

    @rule(dt_s=st.floats(0.05, 100), ready=st.booleans(), moves=st.booleans(), prepared=st.booleans())
    def time_passes(self, dt_s, ready, moves, prepared):
        speed = 20.0 if moves and drive(self.plc, {}, way_m=5.0).moving else 0.0
        self.become(scan(self.plc, speed_m_min=speed, ready=ready, prepared=prepared, content_m=2.0, dt_s=dt_s))

    @rule(seconds=st.floats(0, 20), beats=st.booleans())
    def controller_watches(self, seconds, beats):
        self.now_s += seconds
        heard_s = self.plc.heard_s
        self.become(watch(self.plc, self.plc.heartbeat + beats, self.remote, self.now_s))
        if self.before.state == S.EXECUTE and not beats and self.remote and self.now_s - heard_s > 5:
            assert self.plc.state == S.HOLDING
            assert "controller_lost" in self.plc.latched

    @rule(alarm=st.sampled_from(sorted(ALARMS)))
    def trips(self, alarm):
        self.become(interlock(self.plc, frozenset({alarm}), ALARMS))
        if self.before.state == S.EXECUTE:
            assert self.plc.state == (S.HOLDING if ALARMS[alarm] == Verb.HOLD else S.ABORTING)
            assert alarm in self.plc.latched

    @rule()
    def raster_is_refused(self):
        if self.plc.state == S.RESETTING:
            self.become(refuse_job(self.plc, "the raster is damaged"))

    @rule()
    def hits_the_emergency_stop(self):
        self.become(press_estop(self.plc))
        assert self.plc.state in (S.ABORTING, S.ABORTED)

    @rule()
    def releases_the_emergency_stop(self):
        self.become(release_estop(self.plc))
        assert self.plc.state == self.before.state  # releasing moves nothing

    @rule(remote=st.booleans())
    def turns_the_key(self, remote):
        self.remote = remote

    @rule(mode=st.sampled_from(Mode))
    def chooses_a_mode(self, mode):
        if self.plc.state in (S.STOPPED, S.IDLE, S.ABORTED):
            self.become(turn_mode(self.plc, mode))
        else:
            with pytest.raises(ValueError, match="stop it first"):
                turn_mode(self.plc, mode)

    @invariant()
    def goes_along_an_arrow_of_the_diagram(self):
        if self.before.state != self.plc.state:
            assert (self.before.state, self.plc.state) in DIAGRAM
        self.before = self.plc

    @invariant()
    def nothing_moves_under_a_pressed_emergency_stop(self):
        if self.plc.estop:
            assert self.plc.state in (S.ABORTING, S.ABORTED)
            assert not drive(self.plc, {}, way_m=5.0).moving


TestAnyMachine = AnyMachine.TestCase
TestAnyMachine.settings = settings(
    max_examples=150, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def commanded(plc, verb, **inputs):
    job = {"ticket": 1, "length_m": 5.0, "command": int(verb), "command_token": plc.token + 1, **inputs}
    return take_command(plc, job, True, lambda _: None)


def test_only_the_person_at_the_machine_resets_the_emergency_stop():
    plc = press_estop(Plc(state=State.EXECUTE, order=Order(1, 5.0)))
    plc = scan(plc, speed_m_min=0.0, ready=True, prepared=True, content_m=0.0, dt_s=1.0)
    assert plc.state == State.ABORTED
    refused = commanded(plc, Verb.CLEAR)
    assert (refused.state, refused.result) == (State.ABORTED, 2)
    cleared = commanded(release_estop(plc), Verb.CLEAR)
    assert (cleared.state, cleared.result) == (State.CLEARING, 1)
    rests = scan(cleared, speed_m_min=0.0, ready=True, prepared=True, content_m=0.0, dt_s=2.0)
    assert (rests.state, rests.latched) == (State.STOPPED, frozenset())


def test_an_alarm_that_tripped_stays_until_it_is_reset():
    plc = interlock(Plc(state=State.EXECUTE), frozenset({"tension_low"}), ALARMS)
    plc = interlock(plc, frozenset(), ALARMS)  # its cause is gone
    assert plc.latched == {"tension_low"}
    held = replace(plc, state=State.HELD)
    assert commanded(held, Verb.UNHOLD).latched == frozenset()
    # an alarm that is reset while its cause is there comes back as soon as the machine would move
    again = interlock(commanded(held, Verb.UNHOLD), frozenset({"tension_low"}), ALARMS)
    assert (again.state, again.latched) == (State.HOLDING, {"tension_low"})


def test_jobs_run_in_produce_only():
    for mode in (Mode.MAINTENANCE, Mode.MANUAL):
        plc = turn_mode(Plc(), mode)
        assert commanded(plc, Verb.RESET).result == 2
    assert commanded(turn_mode(Plc(), Mode.PRODUCE), Verb.RESET).state == State.RESETTING
