import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rip.channels import FULL, channels_of
from rip.inkmodel import InkModel
from rip.sharing import colour_model

RAMP = np.rint(np.linspace(0, 65535, 5001)).astype(np.uint16)


def ramp(condition, place: int) -> np.ndarray:
    """Amounts of one ink from none to solid."""
    amounts = np.zeros((len(RAMP), len(condition.colour_inks)), np.uint16)
    amounts[:, place] = RAMP
    return amounts


def test_a_plain_ink_prints_the_tone_wanted(silk):
    tones = channels_of(silk).tones(ramp(silk, 1))
    assert tones[:, 1] == pytest.approx(RAMP / 65535 * FULL, abs=0.51)
    assert not tones[:, [0, 2, 3]].any()


@pytest.mark.parametrize(
    ("place", "dark", "lights"),
    [(0, 0, [4, 6]), (2, 2, [8]), (3, 3, [9, 10, 11])],
    ids=["cyan, two lights", "yellow, one", "black, three"],
)
def test_light_inks_begin_and_the_dark_ink_takes_over(ink_set, place, dark, lights):
    condition = ink_set("twelve")
    tones = channels_of(condition).tones(ramp(condition, place)).astype(int)
    assert (np.diff(tones[:, dark]) >= 0).all()
    assert tones[-1, dark] == FULL
    assert not tones[-1, lights].any()
    *stronger, lightest = dark, *lights
    joined = np.flatnonzero(tones[:, stronger].any(axis=1))[0]
    assert tones[joined, lightest] == pytest.approx(0.5 * FULL, abs=0.02 * FULL)
    assert (np.diff(tones[:joined, lightest]) > 0).all()
    for channel in (dark, *lights):  # nowhere steeper than the ink alone, up to what its lightness is worth
        assert np.abs(np.diff(tones[:, channel])).max() < 8 * FULL / 5000
    others = [channel for channel in range(12) if channel not in (dark, *lights)]
    assert not tones[:, others].any()


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_dark_and_light_ink_together_are_as_light_as_the_dark_one_alone(ink_set, place):
    condition = ink_set("twelve")
    model = InkModel.of(condition)
    amounts = ramp(condition, place)
    alone = model.only(condition.colour_inks).relative_lab(amounts / 65535)[:, 0]
    together = model.relative_lab(channels_of(condition).tones(amounts) / FULL)[:, 0]
    assert together == pytest.approx(alone, abs=0.4 if place == 3 else 0.2)
    assert (np.diff(together) <= 1e-3).all()


def test_the_strength_of_a_light_ink_may_be_stated(ink_set):
    condition = ink_set("light")
    stated = [dataclasses.replace(ink, strength=0.2) if ink.light_of else ink for ink in condition.inks]
    weaker = channels_of(dataclasses.replace(condition, inks=tuple(stated))).tones(ramp(condition, 0))
    usual = channels_of(condition).tones(ramp(condition, 0))
    dark_begins = [int(np.flatnonzero(tones[:, 0])[0]) for tones in (weaker, usual)]
    assert dark_begins[0] < dark_begins[1]


def test_the_separation_knows_how_tones_are_shared(ink_set):
    """The model the default profile is made with predicts what the channels print, below the limit and at it."""
    condition = ink_set("twelve", total_limit_pct=220)
    random = np.random.default_rng(0)
    tones = random.random((400, 4)) * random.random((400, 1))
    tones = tones[tones.sum(axis=1) < 2.2]
    printed = channels_of(condition).tones(np.rint(tones * 65535).astype(np.uint16))
    assert (printed.sum(axis=1) >= 2.19 * FULL).sum() > 20
    assert InkModel.of(condition).relative_lab(printed / FULL) == pytest.approx(
        colour_model(condition).relative_lab(tones), abs=0.1
    )


def test_linearisation_turns_tones_into_drop_volumes(ink_set):
    condition = ink_set("light")
    curve = ((0, 0), (0.5, 0.3), (1, 0.9))
    inks = tuple(dataclasses.replace(ink, linear=curve) for ink in condition.inks)
    straight = channels_of(condition).tones(ramp(condition, 0)) / FULL
    bent = channels_of(dataclasses.replace(condition, inks=inks)).tones(ramp(condition, 0)) / FULL
    assert bent == pytest.approx(np.interp(straight, *np.array(curve).T), abs=1e-4)


@settings(max_examples=12, deadline=None)
@given(
    total=st.floats(100, 1200),
    limits=st.lists(st.floats(5, 100), min_size=12, max_size=12),
    bend=st.floats(0.1, 0.9),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_limit_is_ever_exceeded(ink_set, total, limits, bend, seed):
    """Whatever a profile asks for: every ink's own limit, and the sum of the bytes that go to the press."""
    condition = ink_set("twelve", total_limit_pct=total)
    inks = tuple(
        dataclasses.replace(ink, limit_pct=limit, linear=((0, 0), (0.5, bend), (1, 1)))
        for ink, limit in zip(condition.inks, limits, strict=True)
    )
    channels = channels_of(dataclasses.replace(condition, inks=inks))
    random = np.random.default_rng(seed)
    amounts = (random.random((300, 4)) ** random.uniform(0.1, 3, (300, 1)) * 65535).astype(np.uint16)
    for tones in (channels.tones(amounts), channels.own_tones(np.repeat(amounts, 3, axis=1))):
        printed = channels.bytes(tones)
        assert (printed[:, :12] <= np.array(limits) * 2.55 + 1e-6).all()
        assert not printed[:, 12:].any()
        assert printed.sum(axis=1, dtype=int).max() <= total * 2.55 + 1e-6


def test_no_ink_wanted_is_no_ink(ink_set):
    channels = channels_of(ink_set("twelve"))
    assert not channels.bytes(channels.tones(np.zeros((5, 4), np.uint16))).any()


def test_black_stays_when_there_is_too_much(silk):
    tones = channels_of(silk).tones(np.full((1, 4), 65535, np.uint16))[0]
    assert tones[3] == FULL
    assert tones[:3] == pytest.approx(FULL / 2, abs=200)
