"""Figures by ISO 22400: they add up, however time is cut, and a shift worked out by hand comes to what it must."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.figures.oee import by_fabric, figures_of
from controller.figures.record import Done, Record, Span, states_of, union
from controller.figures.shifts import read_shifts, shifts_of

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
STATES = ("EXECUTE", "STARTING", "HELD", "SUSPENDED", "ABORTED", "STOPPED", "IDLE", "COMPLETE", "")


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def operation(
    number: int, ready: float, started: float | None, ended: float | None, metres: float = 0.0, fabric: str = "silk",
    seconds_m: float | None = None, expected_min: float | None = None,
) -> Done:  # fmt: skip
    """An operation of the press by minutes after the start; a metre takes half a minute by its recipe."""
    begun, over = (None if minute is None else at(minute) for minute in (started, ended))
    due = None if expected_min is None or started is None else at(started + expected_min)
    return Done(number, number, "press", fabric, at(ready), begun, over, metres, seconds_m, 0.5, expected_min, due)


def record(changes: list[tuple[float, str]], *done: Done, asked: tuple[Span, ...] = (), end: float = 480) -> Record:
    states = states_of([(at(minute), state) for minute, state in changes], START, at(end))
    return Record(START, at(end), {"press": states}, {"press": asked}, done)


def test_a_shift_worked_out_by_hand() -> None:
    """An hour of nothing, a question of 10 min, 5 min of warming up, 60 m in 40 min with a fault, the next after 20."""
    of = record(
        [(0, "STOPPED"), (75, "STARTING"), (80, "EXECUTE"), (100, "ABORTED"), (110, "CLEARING"), (115, "EXECUTE"),
         (135, "COMPLETE"), (155, "EXECUTE"), (185, "COMPLETE")],
        operation(1, 60, 70, 140, 60.0, seconds_m=6.0, expected_min=35.0),
        operation(2, 90, 145, 190, 60.0, seconds_m=0.0),
        asked=(Span(at(60), at(70)),),
    )  # fmt: skip
    (found,) = figures_of(of, "press")
    assert found.planned_busy_min == 130, "from 60 to 190 there was cloth for the press"
    assert (found.production_min, found.setup_min, found.delay_min) == (70, 10, 50)
    assert found.waiting_min == {"answer": 10, "fault": 10, "start": 5, "stopped": 25}
    assert found.availability == pytest.approx(70 / 130)
    assert found.effectiveness == pytest.approx(120 * 0.5 / 70)
    assert found.quality == pytest.approx(114 / 120)
    assert found.oee == pytest.approx(70 / 130 * 60 / 70 * 114 / 120)
    assert found.seconds_rate == pytest.approx(6 / 120)
    assert found.m_per_h == pytest.approx(120 / 130 * 60)
    assert (found.changeovers, found.changeover_min) == (1, 15), "the second was waiting; it was printing at 155"
    assert (found.expected_min, found.actual_min) == (35, 70)


def test_a_machine_that_had_no_work_has_no_figures_to_divide_by() -> None:
    (found,) = figures_of(record([(0, "IDLE")]), "press")
    assert found.planned_busy_min == 0
    assert (found.oee, found.availability, found.effectiveness, found.quality, found.m_per_h) == (None,) * 5


def test_where_nobody_looks_quality_counts_as_one() -> None:
    (found,) = figures_of(record([(0, "EXECUTE")], operation(1, 0, 0, 60, 120.0), end=60), "press")
    assert found.quality is None
    assert found.seconds_rate is None
    assert found.oee == pytest.approx(1.0)


@st.composite
def records(draw: st.DrawFn) -> Record:
    minutes = st.floats(0, 480)
    changes = sorted(draw(st.lists(st.tuples(minutes, st.sampled_from(STATES)), max_size=12)))
    done, free = [], 0.0
    for number in range(draw(st.integers(0, 4))):
        times = sorted(draw(st.tuples(st.floats(free, 480), st.floats(free, 480))))
        ready = draw(st.floats(0, times[0]))
        fabric, seconds_m = draw(st.sampled_from(("silk", "satin"))), draw(st.sampled_from((None, 0.0)))
        done.append(operation(number, ready, times[0], times[1], draw(st.floats(0, 500)), fabric, seconds_m))
        free = times[1]
    waits = [sorted(pair) for pair in draw(st.lists(st.tuples(minutes, minutes), max_size=2))]
    asked = tuple(Span(at(first), at(second)) for first, second in waits if first < second)
    return record(changes, *done, asked=union(asked))


@given(of=records())
@settings(max_examples=60)
def test_times_add_up(of: Record) -> None:
    (found,) = figures_of(of, "press")
    parts = found.production_min + found.setup_min + found.delay_min
    assert parts == pytest.approx(found.planned_busy_min, abs=1e-6)
    assert sum(found.waiting_min.values()) == pytest.approx(found.delay_min, abs=1e-6)
    assert found.planned_busy_min <= 480 + 1e-6
    assert found.availability is None or -1e-9 <= found.availability <= 1 + 1e-9
    fabrics = by_fabric(of, "press")
    assert sum(one.planned_busy_min for one in fabrics) <= found.planned_busy_min + 1e-6


@given(of=records(), hours=st.lists(st.integers(0, 23), min_size=1, max_size=4, unique=True))
@settings(max_examples=60)
def test_however_time_is_cut_the_parts_come_to_the_whole(of: Record, hours: list[int]) -> None:
    shifts = read_shifts(", ".join(f"shift{hour} {hour:02d}:00" for hour in sorted(hours)))
    zone = ZoneInfo("Europe/Paris")

    def cut(start: datetime, end: datetime) -> list[tuple[str, datetime, datetime]]:
        return [(one.label, one.start, one.end) for one in shifts_of(shifts, zone, start, end)]

    (whole,) = figures_of(of, "press")
    parts = figures_of(of, "press", cut)
    for name in ("planned_busy_min", "production_min", "setup_min", "delay_min", "produced_m", "nominal_min"):
        assert sum(getattr(one, name) for one in parts) == pytest.approx(getattr(whole, name), abs=1e-6), name


@given(after=st.integers(0, 525_000), long=st.integers(1, 4000))
def test_shifts_follow_one_another_also_when_the_clock_changes(after: int, long: int) -> None:
    begin = START + timedelta(minutes=after)
    found = list(shifts_of(read_shifts("early 06:00, late 14:00, night 22:00"), ZoneInfo("Europe/Paris"), begin,
                           begin + timedelta(minutes=long)))  # fmt: skip
    assert found[0].start <= begin
    assert found[-1].end >= begin + timedelta(minutes=long)
    assert all(one.end == next_one.start for one, next_one in pairwise(found))
    assert len({one.label for one in found}) == len(found)


@pytest.mark.parametrize(
    "text", ["", "early", "early 25:00", "late 14:00, early 06:00", "a 06:00, b 06:00", "a 06:00,"]
)
def test_shifts_that_are_none_are_told(text: str) -> None:
    with pytest.raises(ValueError, match="in the order of the day"):
        read_shifts(text)
