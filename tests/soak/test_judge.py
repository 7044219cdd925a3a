"""The judge itself: it must find every lie it is there for."""

import json
from datetime import UTC, datetime

import pytest

from drivers import Link, Quality, Snapshot, Tag, Verb, load_profile
from tests.soak.judge import SETTLED_S, Call, Execution, Pictures, Truth, unexplained

PROFILE = load_profile("padder-stenter")


@pytest.fixture
def court(tmp_path):
    """Write what the machine showed, show what the driver showed, and give what is found wrong."""
    path = tmp_path / "published"
    path.touch()
    truth = Truth(PROFILE, path)
    pictures = Pictures(PROFILE, truth)

    class Court:
        wrote = pictures.wrote

        def machine(self, at, **values):
            with path.open("a") as file:
                file.write(json.dumps({"at": at, "command": 0, "command_ack": 0, "command_result": 0, **values}) + "\n")

        def driver(self, at, quality=Quality.GOOD, alarms=None, **values):
            when = datetime.fromtimestamp(at, UTC)
            bad = dict.fromkeys(PROFILE.tags, Tag(None, "", Quality.BAD, None))
            shown = {name: Tag(value, "", quality, when) for name, value in values.items()}
            pictures.show(Snapshot("padder", when, Link.CONNECTED, {**bad, **shown}, alarms=alarms or {}))

        def wrong(self):
            self.executions = list(truth.read())
            return [(name, value) for _, name, value, _ in pictures.judge(float("inf"))]

    yield Court()
    truth.close()


def test_a_true_value_is_right_also_a_moment_later(court):
    court.machine(100.0, state=4, metres=1.5)
    court.machine(105.0, state=6)
    court.driver(104.0, state=4, metres=1.5)
    court.driver(105.9, state=4, metres=1.5)
    court.driver(106.0, state=6)
    assert court.wrong() == []


def test_an_alarm_that_is_missed_or_shown_too_long_is_wrong(court):
    court.machine(100.0, alarms=["web_break"])
    court.machine(105.0, alarms=[])
    court.driver(104.0, alarms={"web_break": True, "tension_low": False})
    court.driver(105.9, alarms={"web_break": True, "tension_low": None})
    assert court.wrong() == []
    court.driver(104.5, alarms={"web_break": False})
    court.driver(106.5, alarms={"web_break": True, "tension_low": True})
    assert court.wrong() == [("alarm web_break", False), ("alarm web_break", True), ("alarm tension_low", True)]


def test_a_value_that_was_never_there_or_is_old_is_wrong(court):
    court.machine(100.0, state=4, metres=1.5)
    court.machine(105.0, state=6)
    court.driver(104.0, state=5)
    court.driver(106.5, state=4)
    court.driver(104.5, state=6)
    court.driver(107.0, metres=1.5000001)
    assert sorted(court.wrong()) == [("metres", 1.5000001), ("state", 4), ("state", 5), ("state", 6)]


def test_what_is_not_called_good_is_no_lie(court):
    court.machine(100.0, state=4)
    court.driver(101.0, Quality.UNCERTAIN, state=5)
    court.driver(101.0, Quality.BAD, state=9)
    assert court.wrong() == []


def test_a_float_is_compared_as_the_machine_keeps_it(court):
    court.machine(100.0, metres=0.1)
    court.driver(101.0, metres=PROFILE.tags["metres"].to_raw(0.1))
    assert court.wrong() == []


def test_what_a_client_wrote_may_be_seen_before_it_is_written_down(court):
    court.machine(100.0, ticket=1)
    court.wrote(101.0, 101.2, {"ticket": 2})
    court.driver(101.1, ticket=2)
    court.driver(103.0, ticket=3)
    court.machine(103.0 + SETTLED_S + 1, ticket=3)
    assert court.wrong() == [("ticket", 3)]


def test_a_line_half_written_waits_for_its_end(court, tmp_path):
    court.machine(100.0, state=4)
    with (tmp_path / "published").open("a") as file:
        file.write('{"at": 101.0, "state"')
    court.driver(102.5, state=4)
    assert court.wrong() == []
    with (tmp_path / "published").open("a") as file:
        file.write(": 6}\n")
    court.driver(102.5, state=4)
    assert court.wrong() == [("state", 4)]


def test_commands_are_counted_by_token(court):
    court.machine(100.0)
    court.machine(101.0, command=2, command_ack=77, command_result=1)
    court.machine(102.0, command=2, command_ack=77, command_result=1)
    court.machine(103.0, command=3, command_ack=78, command_result=2)
    court.wrong()
    assert court.executions == [Execution(101.0, 2, accepted=True), Execution(103.0, 3, accepted=False)]


def call(verb, began, outcome="accepted"):
    return Call(verb, began, began + 0.2, outcome)


def done(verb, at):
    return Execution(at, int(verb), accepted=True)


@pytest.mark.parametrize(
    ("calls", "executions", "told"),
    [
        ([call(Verb.START, 1.0)], [done(Verb.START, 1.1)], []),
        ([call(Verb.START, 1.0, "lost")], [], []),
        ([call(Verb.START, 1.0, "lost")], [done(Verb.START, 9.0)], []),
        ([call(Verb.START, 1.0, "lost"), call(Verb.START, 5.0)], [done(Verb.START, 5.1)], []),
        ([call(Verb.START, 1.0)], [done(Verb.START, 1.1), done(Verb.START, 1.3)], ["twice"]),
        ([call(Verb.START, 1.0, "lost")], [done(Verb.START, 1.1), done(Verb.START, 5.0)], ["twice"]),
        ([call(Verb.START, 1.0)], [], ["not executed"]),
        ([call(Verb.START, 1.0)], [done(Verb.STOP, 1.1)], ["STOP was executed without", "START was reported done"]),
        ([], [done(Verb.ABORT, 1.0)], ["ABORT was executed without a command"]),
        ([call(Verb.START, 1.0, "lost")], [done(Verb.START, 0.5)], ["twice"]),
        ([call(Verb.STOP, 1.0, "refused"), call(Verb.STOP, 1.3)], [done(Verb.STOP, 1.4)], []),
        ([call(Verb.STOP, 1.0, "refused")], [done(Verb.STOP, 1.1)], ["STOP was executed without"]),
        (
            [call(Verb.STOP, 1.0, "lost"), call(Verb.STOP, 1.3), call(Verb.STOP, 1.6)],
            [done(Verb.STOP, 1.4), done(Verb.STOP, 1.7)],
            [],
        ),
        ([call(Verb.STOP, 1.0, "lost"), call(Verb.STOP, 1.3)], [done(Verb.STOP, 1.31), done(Verb.STOP, 1.4)], []),
    ],
)
def test_every_execution_needs_a_call_of_its_own(calls, executions, told):
    found = [what for _, what in unexplained(calls, executions)]
    assert len(found) == len(told)
    assert all(part in line for part, line in zip(told, found, strict=True))
