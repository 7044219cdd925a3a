"""Alarms without machines: the table, what a look makes of an alarm, what is remembered, and the figures."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import col, select

from controller import Actor, Conflict, Forbidden, NotFound, Refused, Store, control_recipe
from controller.alarms import SHELVED_LONGEST_MIN, Alarm, AlarmBook, AlarmDesk, Cover, Kind, Position, Standing
from controller.alarms.alarm import Act, after, first_outs, seen
from controller.alarms.own import kinds_of
from controller.alarms.rates import CHATTER_WITHIN, WINDOW, Announced, figures, most_within
from controller.alarms.states import NAMES, POSITIONS, TABLE, Event, transitions
from controller.archive import stored
from controller.line import LineError
from controller.tables import Event as JournalLine
from controller.tables import Job, Operation, Order, Question, now
from controller.verify import verify
from drivers import Link, Quality, Snapshot, State, Tag, load_profile

START = datetime(2026, 11, 25, 6, tzinfo=UTC)
KIND = Kind("belt_slip", "medium", "The belt slips", "Check the glue")
OPERATOR, TECHNICIAN = Actor("Rosa", "operator"), Actor("Emil", "technician")
DOCUMENT = Path(__file__).parents[2] / "docs" / "alarms.md"


# -- the table -----------------------------------------------------------------------------------------------------


def test_no_event_leads_out_of_the_table() -> None:
    assert set(TABLE) == {(position, event) for position in POSITIONS for event in Event}
    assert set(TABLE.values()) <= set(POSITIONS)
    assert {position.state for position in POSITIONS} == set(NAMES) == set("ABCDEFGHI")


def test_the_page_shows_the_table() -> None:
    to = {(state, event): "–".join(dict.fromkeys((after[0], after[-1]))) for state, event, after in transitions()}
    rows = [
        f"| **{state}** {name} | {' | '.join(to.get((state, event), '') for event in Event)} |"
        for state, name in NAMES.items()
    ]
    table = [f"| state | {' | '.join(Event)} |", "|---" * (len(Event) + 1) + "|", *rows]
    assert "\n".join(table) in DOCUMENT.read_text("utf-8")


@given(st.lists(st.sampled_from(Event)))
def test_an_alarm_is_never_lost(events: list[Event]) -> None:
    position, there, told = Position(), False, False
    for event in events:
        before = position
        position = TABLE[position, event]
        if event in (Event.ACTIVE, Event.RETURNED, Event.LATCHED):
            there = event is Event.ACTIVE
        if event is Event.ACKNOWLEDGE and before.cover is Cover.NONE:
            told = False
            assert not position.unacknowledged
        assert position.active == there
        if position.cover is Cover.NONE:
            assert position.unacknowledged or not told, "only an acknowledgement ends it"
            assert position.announced or not there, "what is there is announced"
        told = told or position.unacknowledged


@given(st.lists(st.sampled_from(Event)), st.sampled_from([Event.SHELVE, Event.SUPPRESS, Event.REMOVE]))
def test_a_cover_that_is_taken_off_leaves_what_was_below(events: list[Event], cover: Event) -> None:
    position = Position()
    for event in events:
        position = TABLE[position, event]
    covered = TABLE[position, cover]
    off = {Cover.SHELVED: Event.UNSHELVE, Cover.SUPPRESSED: Event.UNSUPPRESS, Cover.OUT_OF_SERVICE: Event.RESTORE}
    if position.cover is Cover.NONE:
        assert TABLE[covered, off[covered.cover]] == position


# -- one alarm -----------------------------------------------------------------------------------------------------

looks = st.tuples(st.sampled_from([True, False, None]), st.sampled_from(["", "no link"]), st.integers(1, 4000))


@given(st.lists(looks, max_size=12), st.integers(1, SHELVED_LONGEST_MIN))
def test_a_shelved_alarm_comes_back_by_itself_at_its_time(
    shown: list[tuple[bool | None, str, int]], minutes: int
) -> None:
    until = START + timedelta(minutes=minutes)
    alarm = after(Alarm(1, "press", KIND), Act((Event.SHELVE,), START, "Rosa", "known", until))
    at = START
    for condition, why, seconds in [*shown, (True, "", minutes * 60 + 1)]:
        at += timedelta(seconds=seconds)
        alarm = after(alarm, Act(seen(alarm, condition, why, at), at, "press", why))
        assert (alarm.position.state == "G") == (at < until)
    assert alarm.position.state == "B"
    assert alarm.shelved_until is None


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["", "not while stopped"])), max_size=20))
def test_what_the_design_suppresses_is_never_announced(shown: list[tuple[bool, str]]) -> None:
    alarm = Alarm(1, "press", KIND)
    for number, (condition, why) in enumerate(shown):
        at = START + timedelta(seconds=number)
        before, alarm = alarm, after(alarm, Act(seen(alarm, condition, why, at), at, "press", why))
        assert (alarm.position.state == "H") == bool(why)
        assert alarm.position.active == condition
        if alarm.position.state == "D":
            assert before.position.unacknowledged or before.position.state == "H"
    told = [why for condition, why in shown if condition]
    if all(told):
        assert not alarm.position.unacknowledged


def test_an_acknowledged_alarm_stays_so_over_a_lost_link() -> None:
    alarm = Alarm(1, "press", KIND)
    for condition, why in ((True, ""), (None, "no link"), (None, ""), (True, "")):
        alarm = after(alarm, Act(seen(alarm, condition, why, START), START, "press", why))
        if alarm.position.state == "B":
            alarm = after(alarm, Act((Event.ACKNOWLEDGE,), START, "Rosa"))
    assert (alarm.position.state, alarm.acknowledged_by, alarm.occurrence) == ("C", "Rosa", 1)


def test_a_latched_alarm_stays_until_it_is_reset() -> None:
    alarm = Alarm(1, "press", replace(KIND, latched=True))
    states = []
    for condition in (True, False, False):
        alarm = after(alarm, Act(seen(alarm, condition, "", START), START, "press"))
        states.append(alarm.position.state)
    for event in (Event.ACKNOWLEDGE, Event.RESET):
        alarm = after(alarm, Act((event,), START, "Rosa"))
        states.append(alarm.position.state)
    assert states == ["B", "E", "E", "F", "A"]


def test_the_first_of_a_burst_is_marked() -> None:
    def active(number: int, machine: str, at_s: float) -> Alarm:
        position = Position(Standing.UNACKNOWLEDGED)
        return Alarm(number, machine, KIND, position, active_at=START + timedelta(seconds=at_s))

    burst = [active(1, "press", 0), active(3, "press", 300), active(2, "press", 295), active(4, "press", 309)]
    assert first_outs([*burst, active(5, "washer", 301)]) == {2}
    gone = [replace(alarm, position=Position()) if alarm.id == 2 else alarm for alarm in burst]
    assert first_outs(gone) == {2}, "no other becomes the first because it went"


# -- figures -------------------------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 3000), max_size=60))
def test_the_worst_window_is_found(seconds: list[int]) -> None:
    times = [START + timedelta(seconds=one) for one in sorted(seconds)]
    worst = max((sum(time <= other <= time + WINDOW for other in times) for time in times), default=0)
    assert most_within(times, WINDOW) == worst


def test_figures_say_flood_chatter_stale_and_shares() -> None:
    end = START + timedelta(hours=24)
    stale = Alarm(1, "press", KIND, Position(Standing.ACKNOWLEDGED), active_at=START - timedelta(hours=1))
    chatters = Alarm(2, "washer", replace(KIND, priority="high"))
    told = [Announced(end - timedelta(minutes=9) + one * CHATTER_WITHIN / 2, 2) for one in range(11)]
    found = figures([Announced(START + timedelta(hours=1), 1), *told], [stale, chatters], end, timedelta(hours=24))
    assert (found.announced, found.per_day, found.now_in_10_min, found.flood) == (12, 12.0, 11, True)
    assert (found.chattering, found.stale) == ((2,), (1,))
    assert found.frequent == ((2, 11), (1, 1))
    assert found.flood_pct == pytest.approx(100 / 144, abs=0.01)
    assert found.shares_pct == {"high": 91.7, "medium": 8.3, "low": 0.0}
    quiet = figures([], [], end, timedelta(hours=1))
    assert (quiet.per_day, quiet.flood, quiet.shares_pct) == (0.0, False, {})


# -- what is remembered --------------------------------------------------------------------------------------------


def shown(state: State | None, at: datetime, link: Link = Link.CONNECTED, **alarms: bool) -> Snapshot:
    tags = {} if state is None else {"state": Tag(int(state), "", Quality.GOOD, at)}
    every = {spec.name: alarms.get(spec.name, False) for spec in load_profile("loop-steamer").alarms}
    known = every if link is Link.CONNECTED else dict.fromkeys(every)
    return Snapshot("steamer", at, link, tags, alarms=known)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store.in_folder(tmp_path)
    yield store
    store.close()


def book_of(store: Store) -> AlarmBook:
    return AlarmBook(store, {"steamer": kinds_of("steamer", load_profile("loop-steamer"))})


def states(book: AlarmBook) -> dict[str, str]:
    return {alarm.name: alarm.position.state for alarm in book.all() if alarm.position.state != "A"}


def lines(store: Store, kind: str) -> list[JournalLine]:
    with store.read() as session:
        return list(session.exec(select(JournalLine).where(JournalLine.kind == kind).order_by(col(JournalLine.seq))))


def test_a_stopped_machine_s_low_steam_is_suppressed_until_it_runs(store: Store) -> None:
    book = book_of(store)
    book.look(shown(State.STOPPED, START, steam_pressure_low=True, web_break=True), None, START)
    assert states(book)["steam_pressure_low"] == "H"
    assert states(book)["web_break"] == "B"
    assert [line.payload["alarm"] for line in lines(store, "alarm")] == ["steam_pressure_low", "web_break"]
    book.look(shown(State.EXECUTE, START, steam_pressure_low=True), 7, START)
    assert states(book) == {"steam_pressure_low": "B", "web_break": "D"}
    assert [one.at for one in book.announced(START)] == [line.time for line in lines(store, "alarm")[1:]]


def test_alarms_survive_a_restart_and_a_lost_link(store: Store) -> None:
    book = book_of(store)
    book.look(shown(State.EXECUTE, START, air_high=True, web_break=True), 7, START)
    desk = AlarmDesk(book)
    number = next(alarm.id for alarm in book.all() if alarm.name == "air_high")
    desk.acknowledge(OPERATOR, {number: 1})
    again = book_of(store)
    assert again.all() == book.all()
    gone = START + timedelta(seconds=5)
    again.look(shown(None, gone, Link.LOST), None, gone)
    assert set(states(again).values()) == {"H"}
    assert states(again).get("link_lost") is None, "it has not lasted yet"
    later = gone + timedelta(seconds=11)
    again.look(shown(None, later, Link.LOST), None, later)
    assert states(again)["link_lost"] == "B"
    again.look(shown(State.EXECUTE, later, air_high=True), 7, later)
    assert states(again) == {"air_high": "C", "web_break": "D", "link_lost": "D"}
    assert len(again.announced(START)) == 3, "what was told before is not told again"
    with store.read() as session:
        assert verify(stored(session.connection())).faults == ()


def test_who_acknowledges_second_changes_nothing(store: Store) -> None:
    book = book_of(store)
    book.look(shown(State.EXECUTE, START, air_high=True), None, START)
    (alarm,) = AlarmDesk(book).alarms(OPERATOR)
    for actor in (OPERATOR, TECHNICIAN, OPERATOR):
        done, left = AlarmDesk(book).acknowledge(actor, {alarm.id: 1})
        assert [(one.position.state, one.acknowledged_by) for one in done] == [("C", "Rosa")]
        assert left == []
    assert [line.actor for line in lines(store, "alarm acknowledged")] == ["Rosa"]


def test_an_alarm_that_came_again_is_left(store: Store) -> None:
    book = book_of(store)
    for there in (True, False, True):
        book.look(shown(State.EXECUTE, START, air_high=there), None, START)
    (alarm,) = AlarmDesk(book).alarms(OPERATOR)
    assert (alarm.position.state, alarm.occurrence) == ("B", 2)
    done, left = AlarmDesk(book).acknowledge(OPERATOR, {alarm.id: 1})
    assert done == []
    assert "come again" in left[0].why
    assert AlarmDesk(book).acknowledge(OPERATOR, {alarm.id: 2})[0][0].position.state == "C"


def test_what_came_on_the_shelf_is_told_when_it_is_taken_back(store: Store) -> None:
    book = book_of(store)
    desk = AlarmDesk(book)
    number = next(alarm.id for alarm in book.all() if alarm.name == "air_high")
    book.look(shown(State.EXECUTE, START), None, START)
    desk.shelve(OPERATOR, number, 30, "known")
    for there in (True, False, True):
        book.look(shown(State.EXECUTE, START, air_high=there), None, START)
    assert [line.payload["to"] for line in (*lines(store, "alarm"), *lines(store, "alarm over"))] == ["G", "G", "G"]
    assert book.announced(START) == []
    assert desk.unshelve(OPERATOR, number).position.state == "B"
    assert [one.alarm_id for one in book.announced(START)] == [number]


def test_the_door_checks_who_may_and_what_can_be(store: Store) -> None:
    book = book_of(store)
    desk = AlarmDesk(book)
    book.look(shown(State.EXECUTE, START, air_high=True), None, START)
    (alarm,) = desk.alarms(OPERATOR)
    planner, viewer = Actor("Paul", "planner"), Actor("Vera", "viewer")
    for actor in (planner, viewer):
        with pytest.raises(Forbidden):
            desk.acknowledge(actor, {alarm.id: 1})
        with pytest.raises(Forbidden):
            desk.shelve(actor, alarm.id, 5, "known")
    with pytest.raises(Forbidden):
        desk.remove(OPERATOR, alarm.id, "maintenance")
    with pytest.raises(NotFound, match="there is no alarm 999"):
        desk.acknowledge(OPERATOR, {alarm.id: 1, 999: None})
    with pytest.raises(Refused, match="481 minutes cannot be shelved; give 1 to 480"):
        desk.shelve(OPERATOR, alarm.id, 481, "long")
    assert desk.alarms(viewer) == [alarm], "nothing was done"
    assert desk.shelve(OPERATOR, alarm.id, 5, "known").covered_by == "Rosa"
    assert "shelved" in desk.acknowledge(OPERATOR, {alarm.id: 1})[1][0].why
    with pytest.raises(Conflict, match="is shelved; there is nothing to shelve"):
        desk.shelve(TECHNICIAN, alarm.id, 5, "known")
    assert desk.unshelve(OPERATOR, alarm.id).position.state == "B"
    assert len(book.announced(START)) == 1, "it was told before"
    assert desk.remove(TECHNICIAN, alarm.id, "sensor changed").position.state == "I"
    assert desk.restore(TECHNICIAN, alarm.id).position.state == "B"
    with pytest.raises(Conflict, match="nothing to reset"):
        desk.reset(OPERATOR, alarm.id)
    assert [line.payload.get("why") for line in lines(store, "alarm out of service")] == ["sensor changed"]


def test_a_profile_cannot_call_an_alarm_like_ours() -> None:
    profile = load_profile("loop-steamer")
    named = profile.model_copy(update={"alarms": (profile.alarms[0].model_copy(update={"name": "link_lost"}),)})
    with pytest.raises(LineError, match="steamer: 'link_lost' is an alarm of the controller's own"):
        kinds_of("steamer", named)


def test_a_flood_is_told_also_after_a_restart(store: Store) -> None:
    book = book_of(store)
    for number in range(21):
        assert book.flood(now()) == 0, number
        book.look(shown(State.EXECUTE, START, air_high=number % 2 == 0), None, START)
    assert book.flood(now()) == book_of(store).flood(now()) == 11
    assert book.flood(now() + WINDOW) == 0


def test_what_waits_too_long_is_an_alarm_of_the_controller_s_own(store: Store) -> None:
    with store.write() as session:
        order = Order(title="Late", created_by="Rosa")
        session.add(order)
        session.flush()
        frozen = control_recipe("silk-twill").model_dump(mode="json")
        assert frozen["recipe"]["stages"]["fix"]["max_wait_h"] == 24
        job = Job(order_id=order.id or 0, title="Late", fabric="silk-twill", length_m=2, created_by="Rosa",
                  control_recipe=frozen)  # fmt: skip
        session.add(job)
        session.flush()
        stages = {"print": ("press", "done", START), "fix": ("steamer", "waiting", None)}
        operations = [
            Operation(job_id=job.id or 0, stage=stage, machine=machine, protocol="", ticket=number, status=status,
                      length_m=2, ended_at=ended_at)
            for number, (stage, (machine, status, ended_at)) in enumerate(stages.items())
        ]  # fmt: skip
        session.add_all(operations)
        session.flush()
        session.add(Question(operation_id=operations[1].id or 0, job_id=job.id or 0, machine="steamer", kind="load",
                             text="Load it", asked_at=START + timedelta(hours=20)))  # fmt: skip
    book = book_of(store)
    found = []
    for hours in (11, 13, 21, 25):
        at = START + timedelta(hours=hours)
        book.look(shown(State.EXECUTE, at), None, at)
        found.append({alarm.name for alarm in book.all() if alarm.position.active})
    assert found == [set(), {"steam_soon"}, {"steam_soon", "answer_waits"}, {"steam_late", "answer_waits"}]
