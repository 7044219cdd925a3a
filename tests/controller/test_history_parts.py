"""The historian's pure parts: what is kept, how it is packed, roll-ups, and the way between metres and times."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.history import block, curve, metres
from controller.history.block import BadBlock, Buckets, Samples, of_samples
from controller.history.rollup import held, rolled, wider
from controller.history.sample import HOUR_S, Sample, recorded, sampled
from drivers import Link, Quality, Snapshot, Tag, load_profile

AT = datetime(2026, 11, 25, 6, tzinfo=UTC)
BEGIN = int(AT.timestamp())
GOOD, UNCERTAIN, BAD = Quality

numbers = st.floats(-1e6, 1e6) | st.integers(0, 2**31).map(float) | st.integers(0, 9999).map(lambda raw: raw * 0.1)
single = st.floats(width=32, allow_nan=False, allow_infinity=False)
qualities = st.sampled_from(Quality)


def shown(tags: dict[str, tuple[object, Quality]]) -> Snapshot:
    given = {name: Tag(value, "", quality, AT) for name, (value, quality) in tags.items()}  # pyright: ignore
    return Snapshot("press", AT, Link.CONNECTED, given)


# -- what is kept --------------------------------------------------------------------------------------------------

looks = st.lists(st.tuples(st.integers(0, 1500), numbers, qualities), min_size=1, max_size=60)


@given(looks, st.sampled_from([0.0, 0.05, 1.0, 500.0]))
def test_no_value_is_further_from_the_last_kept_one_than_the_deadband(
    given_looks: list[tuple[int, float, Quality]], deadband: float
) -> None:
    kept: dict[str, Sample] = {}
    second, seen, history = BEGIN, {}, []
    for later, value, quality in given_looks:
        second += later
        found = sampled(kept, shown({"metres": (value, quality)}), {"metres": deadband}, second)
        assert not (found and history and history[-1].second == second), "at most one a second"
        kept |= found
        history += found.values()
        if found or second not in seen:
            seen[second] = None if quality is BAD else value, quality
    assert [one.second for one in history] == sorted({one.second for one in history})
    assert {one.second // HOUR_S for one in history} == {second // HOUR_S for second in seen}
    for second, (value, quality) in seen.items():
        last = next(one for one in reversed(history) if one.second <= second)
        assert last.quality is quality
        if value is not None:
            assert isinstance(last.value, float)
            assert last.value == value or abs(last.value - value) < deadband
    for before, after in pairwise(history):
        hour, quality = before.second // HOUR_S == after.second // HOUR_S, before.quality is after.quality
        if hour and quality and before.value is not None and after.value is not None:
            assert abs(float(after.value) - float(before.value)) >= deadband


@pytest.mark.parametrize("nothing", [None, math.nan, math.inf])
def test_what_is_no_value_is_a_gap(nothing: float | None) -> None:
    (sample,) = sampled({}, shown({"metres": (nothing, GOOD)}), {"metres": 0.0}, BEGIN).values()
    assert sample == Sample(BEGIN, None, BAD)


def test_truth_values_are_numbers_and_texts_are_kept_as_they_change() -> None:
    deadbands = {"remote": 0.0, "message": 0.0}
    first = sampled({}, shown({"remote": (True, GOOD), "message": ("", GOOD)}), deadbands, BEGIN)
    assert first == {"remote": Sample(BEGIN, 1.0, GOOD), "message": Sample(BEGIN, "", GOOD)}
    then = sampled(first, shown({"remote": (True, GOOD), "message": ("no raster", GOOD)}), deadbands, BEGIN + 1)
    assert then == {"message": Sample(BEGIN + 1, "no raster", GOOD)}


def test_every_tag_is_recorded_but_the_heartbeats() -> None:
    profile = load_profile("press")
    left_out = {tag.name for tag in profile.tag_list} - set(recorded(profile))
    assert left_out == {"heartbeat", "machine_heartbeat"}
    assert recorded(profile)["speed_m_min"] == 0.05


# -- packing -------------------------------------------------------------------------------------------------------


@st.composite
def hours(draw: st.DrawFn, values: st.SearchStrategy = numbers | single) -> Samples:
    seconds = sorted(draw(st.sets(st.integers(0, HOUR_S - 1), max_size=40)))
    made = []
    for second in seconds:
        quality = draw(qualities)
        made.append(Sample(BEGIN + second, None if quality is BAD else draw(values), quality))
    return of_samples(made)


@given(hours() | hours(st.text(max_size=20)))
def test_what_is_packed_comes_back_as_it_was(samples: Samples) -> None:
    back = block.unpack_samples(block.pack_samples(samples, BEGIN), BEGIN)
    assert list(back) == list(samples)
    assert [math.copysign(1, one) for one in back.values] == [math.copysign(1, one) for one in samples.values]


@given(hours(), st.sampled_from([60, 3600]))
def test_packed_roll_ups_are_exact_but_for_the_mean(samples: Samples, step_s: int) -> None:
    whole = rolled(held(samples, BEGIN, BEGIN + HOUR_S), BEGIN, step_s)
    back = block.unpack_buckets(block.pack_buckets(whole), step_s, BEGIN)
    for name in ("seconds", "low", "high", "known_s"):
        np.testing.assert_array_equal(getattr(back, name), getattr(whole, name))
    known = whole.known_s > 0
    error = np.abs(back.mean - whole.mean)[known]
    span = (whole.high - whole.low)[known]
    assert np.all(error <= span / 65535 + 1e-9 * np.abs(whole.high[known]))
    assert np.all((back.low <= back.mean) & (back.mean <= back.high) | ~known)


def test_steady_and_counting_values_take_little_room() -> None:
    every = range(BEGIN, BEGIN + HOUR_S)
    counter = of_samples(Sample(second, float(number), GOOD) for number, second in enumerate(every))
    assert len(block.pack_samples(counter, BEGIN)) < 100
    tenths = of_samples(Sample(second, (number * 7 % 13) * 0.1, GOOD) for number, second in enumerate(every))
    assert len(block.pack_samples(tenths, BEGIN)) < 300


@pytest.mark.parametrize("damaged", [b"", b"\x02abc", b"\x01abc"])
def test_a_damaged_block_is_told(damaged: bytes) -> None:
    with pytest.raises(BadBlock, match="block of the history"):
        block.unpack_samples(damaged, BEGIN)


@given(st.lists(hours(), max_size=4))
def test_pieces_are_joined_in_order_and_the_later_one_counts(pieces: list[Samples]) -> None:
    expected = {sample.second: sample for piece in pieces for sample in piece}
    assert list(block.joined(pieces)) == [expected[second] for second in sorted(expected)]


# -- roll-ups ------------------------------------------------------------------------------------------------------


def plain(samples: Samples, begin: int, end: int, step_s: int) -> dict[int, tuple[float, float, float, int]]:
    """Roll-ups second by second, in the plainest way."""
    spans: dict[int, list[float]] = {}
    for second in range(begin, end):
        before = [sample for sample in samples if sample.second <= second]
        if before and before[-1].value is not None:
            spans.setdefault(second - second % step_s, []).append(float(before[-1].value))
    return {first: (min(values), fmean(values), max(values), len(values)) for first, values in spans.items()}


def told(buckets: Buckets) -> dict[int, tuple[float, float, float, int]]:
    columns = zip(buckets.seconds, buckets.low, buckets.mean, buckets.high, buckets.known_s, strict=True)
    return {int(second): (low, mean, high, int(known)) for second, low, mean, high, known in columns if known}


def alike(one: dict[int, tuple[float, ...]], other: dict[int, tuple[float, ...]]) -> bool:
    return one.keys() == other.keys() and all(one[key] == pytest.approx(other[key], rel=1e-9) for key in one)


@settings(max_examples=50)
@given(hours(), st.integers(-100, 300), st.integers(1, 200), st.sampled_from([7, 60, 90]))
def test_roll_ups_are_what_the_plainest_way_says(samples: Samples, lead: int, length: int, step_s: int) -> None:
    begin, end = BEGIN + lead, BEGIN + lead + length
    found = rolled(held(samples, begin, end), begin, step_s)
    assert alike(told(found), plain(samples, begin, end, step_s))
    assert np.isnan(found.mean[found.known_s == 0]).all()


@given(hours(), st.integers(1, 30), st.integers(2, 5))
def test_longer_spans_are_made_of_shorter_ones(samples: Samples, step_s: int, times: int) -> None:
    values = held(samples, BEGIN, BEGIN + 600)
    begin = BEGIN - BEGIN % (step_s * times)
    short = rolled(np.concatenate([np.full(BEGIN - begin, np.nan), values]), begin, step_s)
    longer = rolled(np.concatenate([np.full(BEGIN - begin, np.nan), values]), begin, step_s * times)
    assert alike(told(wider(short, step_s * times)), told(longer))


# -- curves --------------------------------------------------------------------------------------------------------


@given(hours(), st.integers(2, 50), st.integers(1, HOUR_S))
def test_a_curve_never_has_more_points_than_asked_and_shows_every_peak(
    samples: Samples, points: int, length: int
) -> None:
    end = BEGIN + length
    step, span_s = curve.fitting(BEGIN, end, points, {1: 0, 60: 0, 3600: 0})
    found = curve.of_samples(samples, BEGIN, end, span_s, points)
    assert step <= span_s
    assert len(found.seconds) <= points + 1
    assert list(found.seconds) == sorted(found.seconds)
    values = held(samples, BEGIN, end)
    if not np.isnan(values).all():
        assert (np.nanmin(found.low), np.nanmax(found.high)) == (np.nanmin(values), np.nanmax(values))


@pytest.mark.parametrize(
    ("days", "oldest_days", "step"),
    [(1 / 24, 90, 1), (0.3, 90, 1), (1, 90, 60), (20, 90, 60), (90, 90, 3600), (1 / 24, 0, 60)],
)
def test_the_step_fits_the_span(days: float, oldest_days: float, step: int) -> None:
    end = BEGIN + 100 * 24 * HOUR_S
    begin = end - int(days * 24 * HOUR_S)
    kept = {1: end - int(oldest_days * 24 * HOUR_S), 60: end - 90 * 24 * HOUR_S, 3600: 0}
    found, span_s = curve.fitting(begin, end, 500, kept)
    assert found == step
    assert span_s % step == 0
    assert (end - begin) / span_s <= 500


def test_hours_that_are_missing_are_a_gap() -> None:
    row = rolled(np.arange(3 * HOUR_S, dtype=np.float64), BEGIN, 3600)
    columns = ("seconds", "low", "mean", "high", "known_s")
    holed = replace(row, **{name: np.delete(getattr(row, name), 1) for name in columns})
    found = curve.of_buckets(holed)
    assert list(found.seconds - BEGIN) == [0, 3600, 7200]
    assert list(np.isnan(found.mean)) == [False, True, False]


# -- metres --------------------------------------------------------------------------------------------------------


@st.composite
def ways(draw: st.DrawFn) -> metres.Way:
    count = draw(st.integers(1, 60))
    gone = draw(st.lists(st.sampled_from([0.0, 0.0, 0.25, 0.5, 1.0]), min_size=count, max_size=count))
    apart = draw(st.lists(st.sampled_from([1, 1, 1, 1, 2, 40]), min_size=count, max_size=count))
    return metres.Way(BEGIN + np.cumsum(apart), np.cumsum(gone))


@given(ways(), st.integers(0, 16 * 60).map(lambda parts: parts / 16))
def test_a_metre_was_there_when_the_counter_says_so(way: metres.Way, metre: float) -> None:
    found = metres.passed(way, metre)
    if found is None:
        assert metre < way.metres[0] or metre > way.metres[-1]
        return
    assert found.reached <= found.left
    before, after = way.seconds <= found.reached, way.seconds >= found.left
    assert way.metres[before].max(initial=-1.0) <= metre <= way.metres[after].min(initial=math.inf)
    there = way.seconds[way.metres == metre]
    if len(there):
        assert (found.reached, found.left) == (there[0], there[-1])


@given(ways(), st.integers(2, 30))
def test_a_curve_by_metre_shows_what_was_seen_while_the_metre_was_there(way: metres.Way, points: int) -> None:
    values = np.sin(way.seconds.astype(np.float64))
    last = float(way.metres[-1]) or 1.0
    found = metres.by_metre(way, values, 0.0, last, points)
    assert list(found.metres) == sorted(found.metres)
    assert np.nanmax(found.high) == values.max()
    assert np.nanmin(found.low) == values.min()
    if found.step_m:
        for metre, low, high in zip(found.metres, found.low, found.high, strict=True):
            inside = (way.metres >= metre) & (way.metres < metre + found.step_m * (1 - 1e-9))
            if inside.any():
                assert low <= values[inside].min()
                assert high >= values[inside].max()


def test_the_counter_of_another_job_is_not_ours() -> None:
    counted = np.array([80.0, 80.0, 0.0, 0.5, 1.0, np.nan, 1.5])
    tickets = np.array([7.0, 7.0, 9.0, 9.0, 9.0, 9.0, 9.0])
    way = metres.way(counted, tickets, {9: 0.0}, BEGIN)
    assert list(way.seconds - BEGIN) == [2, 3, 4, 6]
    assert list(way.metres) == [0.0, 0.5, 1.0, 1.5]
    assert metres.passed(way, 0.25) == metres.Passed(BEGIN + 2.5, BEGIN + 2.5)
    assert metres.passed(way, 9.0) is None


def test_tickets_of_one_operation_follow_each_other_along_the_cloth() -> None:
    counted = np.array([0.0, 1.0, 2.0, 2.0, 0.0, 0.5])
    tickets = np.array([9.0, 9.0, 9.0, 7.0, 10.0, 10.0])
    way = metres.way(counted, tickets, {9: 0.0, 10: 2.0}, BEGIN)
    assert list(way.seconds - BEGIN) == [0, 1, 2, 4, 5]
    assert list(way.metres) == [0.0, 1.0, 2.0, 2.0, 2.5]
