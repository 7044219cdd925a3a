import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rip.inkrules import rules_of, wanted_black, within
from rip.inversion import invert
from rip.sharing import colour_model


def solve(condition, lab, **how):
    model = colour_model(condition)
    inks, cost = invert(model, np.asarray(lab, float), rules_of(condition, model), **how)
    return model, inks, cost


@pytest.mark.parametrize("name", ["cmyk", "seven", "light", "textile", "cmy"])
def test_colours_within_reach_are_met(ink_set, name):
    condition = ink_set(name)
    model = colour_model(condition)
    random = np.random.default_rng(0)
    prints = random.random((300, len(model.k))) * random.random((300, 1)) * 0.6
    lab = model.relative_lab(prints[prints.sum(axis=1) < 2])
    _, inks, _ = solve(condition, lab)
    off = np.linalg.norm(model.relative_lab(inks) - lab, axis=1)
    assert np.median(off) < 0.1
    assert np.percentile(off, 99) < 1


@settings(max_examples=25, deadline=None)
@given(
    st.floats(100, 400),
    st.lists(st.floats(20, 100), min_size=7, max_size=7),
    st.integers(0, 2**32 - 1),
)
def test_no_limit_is_ever_exceeded(ink_set, total, limits, seed):
    condition = ink_set("seven", total_limit_pct=total)
    inks = tuple(dataclasses.replace(ink, limit_pct=pct) for ink, pct in zip(condition.inks, limits, strict=True))
    lab = np.random.default_rng(seed).uniform([0, -100, -100], [100, 100, 100], (30, 3))
    _, tones, _ = solve(dataclasses.replace(condition, inks=inks), lab, rounds=8)
    assert (tones >= 0).all()
    assert (tones <= np.array(limits) / 100 + 1e-9).all()
    assert (tones.sum(axis=1) <= total / 100 + 1e-9).all()


def test_the_answer_is_as_good_as_a_general_optimiser_finds(ink_set):
    """The same wishes, written down plainly, from our answer and from elsewhere."""
    optimize = pytest.importorskip("scipy.optimize")
    condition = ink_set("seven")
    lab = np.random.default_rng(4).uniform([25, -40, -40], [95, 40, 40], (10, 3))
    model, inks, _ = solve(condition, lab, rounds=300)
    rules = rules_of(condition, model)
    for colour, found in zip(lab, inks, strict=True):
        black = wanted_black(model, colour, rules)
        chroma = np.hypot(colour[1], colour[2])
        along = colour[1:] / chroma
        hue_weight = rules.weights[1] + min(chroma / 10, 1) * (rules.weights[2] - rules.weights[1])

        def cost(tones, colour=colour, black=black, along=along, hue_weight=hue_weight):
            off = model.relative_lab(tones) - colour
            return (
                (rules.weights[0] * off[0]) ** 2
                + (rules.weights[1] * (off[1:] @ along)) ** 2
                + (hue_weight * (along[0] * off[2] - along[1] * off[1])) ** 2
                + (rules.black_weight * (tones[3] - black)) ** 2
                + ((rules.price * tones) ** 2).sum()
                + 2 * rules.toll @ tones
            )

        room = {"type": "ineq", "fun": lambda tones: rules.total - tones.sum()}
        starts = [found, np.full(7, 0.2), np.eye(7)[4:].sum(axis=0) * 0.5]
        best = min(
            optimize.minimize(cost, start, method="SLSQP", bounds=[(0, 1)] * 7, constraints=[room]).fun
            for start in starts
        )
        assert cost(found) < best * 1.02 + 0.05


def test_black_waits_for_its_start_and_neutrals_are_neutral(ink_set):
    for name in ("cmyk", "seven", "textile", "light"):
        condition = ink_set(name)
        grey = np.stack([np.linspace(20, 100, 81), np.zeros(81), np.zeros(81)], axis=1)
        model, inks, _ = solve(condition, grey)
        lab = model.relative_lab(inks)
        assert np.hypot(lab[:, 1], lab[:, 2]).max() < 0.5
        assert np.abs(lab[:, 0] - grey[:, 0]).max() < 0.5
        black = inks[:, condition.colour_inks.index(condition.black)]
        assert black[grey[:, 0] > 55].max() < 0.01
        assert black[0] > 0.5


def test_further_inks_stay_out_of_neutrals(ink_set):
    grey = [[lightness, 0, 0] for lightness in range(30, 100, 10)]
    _, inks, _ = solve(ink_set("seven"), grey)
    assert inks[:, 4:].max() < 0.02


def test_further_inks_join_where_the_others_do_not_reach(ink_set):
    condition = ink_set("seven")
    model = colour_model(condition)
    solids = model.relative_lab(np.eye(7))
    _, inks, _ = solve(condition, solids[4:])
    assert np.diag(inks[:, 4:]) == pytest.approx(1, abs=0.15)
    assert np.linalg.norm(model.relative_lab(inks) - solids[4:], axis=1).max() < 1


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4), st.floats(1, 4))
def test_what_is_too_much_is_taken_from_the_coloured_inks(tones, total):
    kept = within(np.array(tones), total, black=3)
    assert kept[3] == tones[3]
    assert kept.sum() <= max(total, tones[3]) + 1e-9
    assert kept.sum() == pytest.approx(min(total, sum(tones)), abs=1e-9)
    if tones[0] > 1e-3 and tones[1] > 1e-3:
        assert kept[0] * tones[1] == pytest.approx(kept[1] * tones[0], abs=1e-9)
