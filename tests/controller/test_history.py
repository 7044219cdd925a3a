"""The historian over a real database: recorded, packed, forgotten, killed, read again."""

import math
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlmodel import Session, col, select

from controller import NotFound, Refused
from controller.history import Keeping
from controller.history.sample import HOUR_S
from controller.history.tables import HistoryBlock, HistoryNote
from controller.lease import LeaseLost
from controller.tables import Job, Operation, Order
from drivers import Quality
from tests.controller.recording import BEGIN, HOUR, VIEWER, History, at


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    made = History(tmp_path)
    yield made
    made.store.close()


def test_an_hour_is_packed_and_reads_as_before(history: History) -> None:
    for second in (*range(0, 2 * HOUR_S, 10), 2 * HOUR_S - 1):
        history.take(second, metres=second / 10, message="" if second < 100 else "ink")
    before = history.kept(), history.kept("message")
    curve = history.desk.curve(VIEWER, "press", "metres", at(0), at(2 * HOUR_S), 100)
    history.write(2 * HOUR_S)
    with history.store.read() as session:
        assert session.exec(select(HistoryNote)).all() == []
        steps = session.exec(select(HistoryBlock.step_s, HistoryBlock.hour).order_by(HistoryBlock.step_s)).all()
    assert set(steps) == {(step, HOUR + hour) for step in (1, 60, 3600) for hour in (0, 1)}
    assert (history.kept(), history.kept("message")) == before
    assert [sample.value for sample in before[1]] == ["", "ink", "ink"]
    after = history.desk.curve(VIEWER, "press", "metres", at(0), at(2 * HOUR_S), 100)
    for name in ("seconds", "low", "mean", "high"):
        np.testing.assert_allclose(getattr(after, name), getattr(curve, name), rtol=1e-4)


def test_curves_of_all_lengths_agree(history: History) -> None:
    for second in range(0, 30 * HOUR_S, 40):
        history.take(second, metres=math.floor(1000 * math.sin(second / 4000)))
    history.write(30 * HOUR_S)
    steps = set()
    for hours in (0.2, 5, 20, 29):
        curve = history.desk.curve(VIEWER, "press", "metres", at(0), at(hours * HOUR_S), 60)
        steps.add(curve.step_s)
        low, high = np.nanmin(curve.low), np.nanmax(curve.high)
        values = [float(sample.value or 0) for sample in history.kept(last=hours * HOUR_S)]
        assert low == min(values)
        assert high == max(values)
    assert len(steps) == 4


def test_what_nobody_vouched_for_is_a_gap_at_every_length(history: History) -> None:
    for second in range(0, HOUR_S, 10):
        bad = 600 <= second < 1200
        history.take(second, Quality.BAD if bad else Quality.GOOD, metres=second)
    history.write(HOUR_S)
    for points in (5000, 60, 6):
        curve = history.desk.curve(VIEWER, "press", "metres", at(0), at(HOUR_S), points)
        inside = (curve.seconds >= BEGIN + 600) & (curve.seconds < BEGIN + 1200)
        assert np.isnan(curve.mean[inside]).all()
        assert inside.any()
        assert not np.isnan(curve.mean[~inside]).any()


def test_old_samples_go_first_then_minutes_then_hours(tmp_path: Path) -> None:
    history = History(tmp_path, Keeping(samples_days=1, minutes_days=2, hours_days=3))
    for day in range(4):
        history.take(day * 24 * HOUR_S, metres=day)
    history.write((4 * 24 - 12) * HOUR_S)
    with history.store.read() as session:
        found = session.exec(select(HistoryBlock.step_s, HistoryBlock.hour).order_by(HistoryBlock.hour)).all()
    days = {step: [(hour - HOUR) // 24 for one, hour in found if one == step] for step in (1, 60, 3600)}
    assert days == {1: [3], 60: [2, 3], 3600: [1, 2, 3]}
    history.store.close()


def test_an_hour_that_comes_again_is_added_to(history: History) -> None:
    history.take(10, metres=1)
    history.write(HOUR_S)
    history.take(5, metres=2)  # somebody set the clock back
    history.write(HOUR_S)
    assert [(sample.second, sample.value) for sample in history.kept()] == [(5, 2.0), (10, 1.0)]


def test_the_next_controller_goes_on_behind_a_gap(tmp_path: Path) -> None:
    first = History(tmp_path)
    first.take(0, metres=7)
    first.take(9, metres=7)
    first.write(9)
    first.store.close()
    then = History(tmp_path)
    then.take(1000, metres=7)
    assert [(one.second, one.value) for one in then.kept()] == [(0, 7.0), (10, None), (1000, 7.0)]
    then.store.close()


def test_what_cannot_be_written_is_held_and_written_later(history: History) -> None:
    def refuse(_: Session) -> None:
        raise LeaseLost("another controller has taken this line")

    history.take(0, metres=1)
    history.store.fence = refuse
    with pytest.raises(LeaseLost):
        history.write(1)
    history.take(2, metres=2)
    history.store.fence = None
    history.write(HOUR_S)
    assert history.recorder.unwritten == []
    assert [(one.second, one.value) for one in history.kept()] == [(0, 1.0), (2, 2.0)]


def test_more_than_can_be_held_is_a_gap(tmp_path: Path) -> None:
    history = History(tmp_path, most_unwritten=3, unseen_s=3)
    for second in range(6):
        history.take(second, metres=second)
    history.write(6)
    history.take(7, metres=7)
    assert [(one.second, one.value) for one in history.kept()] == [(0, 0.0), (1, 1.0), (2, 2.0), (3, None), (7, 7.0)]
    history.store.close()


def test_a_controller_that_stood_still_does_not_know_what_was_meanwhile(tmp_path: Path) -> None:
    history = History(tmp_path, unseen_s=3)
    for second in (0, 1, 4, 60, 61):
        history.take(second, metres=7)
    assert [(one.second, one.value) for one in history.kept()] == [(0, 7.0), (5, None), (60, 7.0)]
    history.store.close()


def test_a_damaged_block_is_a_gap_and_nothing_more(history: History) -> None:
    history.take(0, metres=1)
    history.take(HOUR_S, metres=2)
    history.write(2 * HOUR_S)
    with history.store.write() as session:
        for block in session.exec(select(HistoryBlock).where(HistoryBlock.hour == HOUR)):
            block.data = block.data[:-1]
    assert [sample.value for sample in history.kept()] == [2.0]
    history.take(3, metres=3)
    history.write(2 * HOUR_S)
    assert [sample.value for sample in history.kept()] == [3.0, 2.0]


def test_a_kill_loses_only_what_was_not_written(tmp_path: Path) -> None:
    begin = BEGIN + HOUR_S - 20
    command = [sys.executable, "-m", "tests.controller.history_writer", str(tmp_path), str(begin)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert process.stdout is not None
    written = 0
    while written < begin + 60:
        written = int(process.stdout.readline())
    process.kill()
    said = process.stdout.read().split()
    process.wait()
    process.stdout.close()
    written = max([written, *map(int, said)])
    history = History(tmp_path)
    samples = history.kept()
    good = [one for one in samples if one.quality is Quality.GOOD]
    assert [one.value for one in good] == [float(number) for number in range(len(good))]
    assert good[-1].second + BEGIN >= written
    assert samples[-1] == (good[-1].second + 1, None, Quality.BAD)
    history.store.close()


# -- jobs ----------------------------------------------------------------------------------------------------------


def printed(history: History, ended: float | None = 400) -> int:
    """A job that is printed from second 100 to 400: 10 m a minute, with a stop of a minute at 20 m."""
    with history.store.write() as session:
        session.add(Order(id=1, title="", created_by=""))
        session.flush()
        session.add(Job(id=1, order_id=1, title="", fabric="", length_m=40, created_by=""))
        session.flush()
        session.add(Operation(job_id=1, stage="print", machine="press", protocol="", ticket=99, length_m=40.0,
                              status="running", started_at=at(100),
                              ended_at=None if ended is None else at(ended)))  # fmt: skip
        session.add(Operation(job_id=1, stage="fix", machine="steamer", protocol="", ticket=98, length_m=40.0))
    for second in range(500):
        going = second - 100 if second < 220 else max(120, second - 160)
        metres, ticket = (going / 6, 99) if second >= 100 else (77.0, 5)
        history.take(second, metres=min(metres, 40.0), active_ticket=ticket, head_temp_c=30 + second / 100)
    return 1


def test_a_metre_leads_to_its_time_and_back(history: History) -> None:
    job = printed(history)
    machine, passed = history.desk.when(VIEWER, job, "print", 10)
    assert (machine, passed.reached - BEGIN, passed.left - BEGIN) == ("press", 160, 160)
    _, stop = history.desk.when(VIEWER, job, "print", 20)
    assert (stop.reached - BEGIN, stop.left - BEGIN) == (220, 280)
    found, curve = history.desk.job_curve(VIEWER, job, "print", "head_temp_c", (5, 15), 1000)
    assert found.spec.unit == "°C"
    assert (curve.metres[0], curve.metres[-1]) == (5.0, 15.0)
    tenth = int(np.argmin(np.abs(curve.metres - 10)))
    assert curve.mean[tenth] == pytest.approx(31.6, abs=0.11)
    _, coarse = history.desk.job_curve(VIEWER, job, "print", "head_temp_c", (0, None), 4)
    assert coarse.step_m == 10.0
    assert (coarse.low[2], coarse.high[2]) == pytest.approx((32.2, 33.4), abs=0.11)


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        (lambda desk: desk.when(VIEWER, 1, "print", 41), NotFound, "metre 41 of job 1 was not seen at press"),
        (lambda desk: desk.when(VIEWER, 1, "fix", 1), NotFound, "job 1 has not begun to fix"),
        (lambda desk: desk.when(VIEWER, 7, "print", 1), NotFound, "there is no job 7"),
        (lambda desk: desk.when(VIEWER, 1, "dye", 1), Refused, "pretreat, print, fix, wash"),
        (lambda desk: desk.job_curve(VIEWER, 1, "print", "nothing", (0, 1)), NotFound, "no recorded tag 'nothing'"),
        (lambda desk: desk.job_curve(VIEWER, 1, "print", "metres", (3, 1)), Refused, "from metre 3 to 1"),
        (lambda desk: desk.job_curve(VIEWER, 1, "print", "metres", (0, math.nan)), Refused, "0 <= from < to"),
        (lambda desk: desk.curve(VIEWER, "press", "message", at(0), at(1)), Refused, "is a text"),
        (lambda desk: desk.curve(VIEWER, "loom", "metres", at(0), at(1)), NotFound, "the line has press"),
        (lambda desk: desk.curve(VIEWER, "press", "metres", at(1), at(1)), Refused, "at most 1098 days"),
        (lambda desk: desk.curve(VIEWER, "press", "metres", at(0), at(1), 1), Refused, "2 to 5000"),
    ],
)
def test_what_cannot_be_shown_is_said_in_one_line(history: History, ask, error, says) -> None:
    printed(history)
    with pytest.raises(error, match=says):
        ask(history.desk)


def test_a_job_whose_samples_are_gone_is_told_since_when_they_are_kept(history: History) -> None:
    job = printed(history)
    with history.store.write() as session:
        operation = session.exec(select(Operation).where(col(Operation.stage) == "print")).one()
        operation.started_at = at(0) - timedelta(days=91)
    with pytest.raises(NotFound, match=r"samples are kept from \d+-\d+-\d+ on"):
        history.desk.when(VIEWER, job, "print", 1)
