import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rip.hot import Screen, Screener
from rip.mask import Mask
from rip.nozzles import GAIN_SCALE, Limits, Nozzles, close_gaps, evened, roundings, take_over, unlimited
from rip.packed import pack, unpacking
from rip.ranking import void_and_cluster
from rip.screen import ink_thresholds, screen_plainly

VOLUMES = (0, 0.28, 0.61, 1.0)
TILE = void_and_cluster(24, 128)
MASK = Mask(TILE, void_and_cluster(16, 128, between=TILE), 5)


def taken_over(tones, dead):
    moved = tones.copy()
    take_over(moved, np.arange(tones.shape[1]), dead)
    return moved


def test_half_goes_to_each_side():
    assert taken_over(np.array([[10, 20, 100, 40, 50]], np.uint8), (2,)).tolist() == [[10, 70, 0, 90, 50]]


def test_what_one_side_has_no_room_for_goes_to_the_other_and_then_further_out():
    assert taken_over(np.array([[0, 0, 250, 100, 0, 0]], np.uint8), (3,)).tolist() == [[0, 0, 255, 0, 95, 0]]
    assert taken_over(np.array([[10, 200, 220, 255, 20]], np.uint8), (2,)).tolist() == [[92, 255, 0, 255, 103]]


def test_full_tone_has_nowhere_to_go():
    assert taken_over(np.full((1, 7), 255, np.uint8), (3,)).tolist() == [[255, 255, 255, 0, 255, 255, 255]]


def test_neighbours_that_are_dead_too_and_the_edge_of_the_cloth():
    assert taken_over(np.array([[100, 10, 10, 10]], np.uint8), (0,)).tolist() == [[0, 110, 10, 10]]
    assert taken_over(np.array([[10, 60, 60, 10]], np.uint8), (1, 2)).tolist() == [[70, 0, 0, 70]]
    assert taken_over(np.array([[90, 90]], np.uint8), (0, 1)).tolist() == [[0, 0]]


@given(width=st.integers(1, 40), dead=st.sets(st.integers(0, 39)), top=st.integers(0, 255), seed=st.integers(0, 99))
def test_ink_is_moved_never_made(width, dead, top, seed):
    dead = tuple(sorted(column for column in dead if column < width))
    tones = np.random.default_rng(seed).integers(0, top + 1, (3, width), dtype=np.uint8)
    moved = taken_over(tones, dead)
    assert (moved[:, list(dead)] == 0).all()
    assert (moved.sum(axis=1, dtype=int) <= tones.sum(axis=1, dtype=int)).all()
    live = [column for column in range(width) if column not in dead]
    assert (moved[:, live] >= tones[:, live]).all()
    if top <= 85 and dead and not any({one + 1, one + 2} & set(dead) for one in dead) and width > 1:
        # light tones and nozzles dead one by one: all of the ink is still printed
        assert (moved.sum(axis=1, dtype=int) == tones.sum(axis=1, dtype=int)).all()


@pytest.mark.parametrize("gain", [0.8, 0.95, 1.0, 1.03, 1.25])
def test_a_flat_tone_gets_its_gain_on_average(gain):
    steps = np.full((128, 1), round(gain * GAIN_SCALE), np.uint16)

    def flat(tone):
        return evened(
            np.full((*TILE.shape, 1), tone, np.uint8), steps, roundings(Mask(TILE), 3)[..., None], unlimited(1)
        )

    for tone in (1, 7, 100, 200, 204):
        assert flat(tone).mean() == pytest.approx(tone * steps[0, 0] / GAIN_SCALE, abs=0.01)
    assert (flat(255) <= 255).all()
    assert (flat(0) == 0).all()


def tones_within(random, rows, width, limits):
    """Random tones that hold both limits, many of them right at one."""
    most = np.array(limits.inks)
    tones = np.minimum(random.integers(0, 300, (rows, width, len(most))), most)
    much = np.maximum(tones.sum(axis=-1), 1)
    return (tones * np.minimum(1, limits.total / much)[..., None]).astype(np.uint8)


def some_limits(random, inks):
    most = tuple(int(one) for one in random.integers(100, 256, inks))
    return Limits(most, int(random.integers(255, max(256, sum(most)))))


@given(inks=st.integers(1, 6), seed=st.integers(0, 999))
@settings(deadline=None)
def test_neither_gain_nor_help_lifts_a_pixel_above_a_limit(inks, seed):
    random = np.random.default_rng(seed)
    limits, width = some_limits(random, inks), 40
    tones = tones_within(random, 5, width, limits)
    steps = random.integers(0, 256, (width, inks)).astype(np.uint16)
    added = random.integers(0, GAIN_SCALE, tones.shape).astype(np.uint16)
    printed = evened(tones, steps, added, limits)
    helped = printed.copy()
    dead = tuple(tuple(np.unique(random.integers(0, width, 3)).tolist()) for _ in range(inks))
    close_gaps(helped, np.arange(width), dead, limits)
    for state in (printed, helped):
        assert (state <= limits.inks).all()
        assert (state.sum(axis=-1, dtype=int) <= limits.total).all()
    weak = steps <= GAIN_SCALE
    assert (printed <= np.where(weak, tones.astype(int) + 1, 255)).all()
    assert (helped.sum(axis=1, dtype=int) <= printed.sum(axis=1, dtype=int)).all()


def test_a_neighbour_takes_what_its_ink_may_and_the_rest_goes_further_out():
    """At 70 %, tone 178, nothing has room: the line of one nozzle stays open."""
    full = np.full((1, 7, 1), 178, np.uint8)
    close_gaps(full, np.arange(7), ((3,),), Limits((178,), 178))
    assert full[0, :, 0].tolist() == [178, 178, 178, 0, 178, 178, 178]
    less = np.full((1, 7, 1), 128, np.uint8)
    close_gaps(less, np.arange(7), ((3,),), Limits((178,), 178))
    assert less[0, :, 0].tolist() == [128, 142, 178, 0, 178, 142, 128]


def test_what_is_taken_leaves_room_for_the_inks_after():
    tones = np.tile(np.array([100, 150], np.uint8), (1, 5, 1))
    close_gaps(tones, np.arange(5), ((2,), (2,)), Limits((255, 255), 300))
    assert tones[0].sum(axis=1).tolist() == [300, 300, 0, 300, 300]


def test_where_all_inks_are_at_the_limit_a_gain_only_takes_away():
    tones = np.array([[[200, 200]]], np.uint8)
    steps, added = np.array([[255, 102]], np.uint16), np.zeros((1, 1, 2), np.uint16)
    assert evened(tones, steps, added, Limits((255, 255), 400)).tolist() == [[[250, 100]]]
    steps[:] = 255
    assert evened(tones, steps, added, Limits((255, 255), 420)).tolist() == [[[210, 210]]]


@given(
    inks=st.sampled_from([1, 4, 6]),
    width=st.sampled_from([9, 130, 4100]),
    rows=st.integers(1, 40),
    first_row=st.integers(0, 99),
    gained=st.booleans(),
    seed=st.integers(0, 99),
)
@settings(max_examples=25, deadline=None)
def test_the_hot_path_corrects_as_the_plain_one(inks, width, rows, first_row, gained, seed):
    random = np.random.default_rng(seed)
    dead = [tuple(np.unique(random.integers(0, width, ink % 4)).tolist()) for ink in range(inks)]
    dead[0] = (0, 1, width - 1)
    gain = random.uniform(0.7, 1.25, (inks, width)) if gained else None
    nozzles = Nozzles(width, tuple(dead), gain)
    limits = some_limits(random, inks)
    screen = Screen(MASK, VOLUMES, inks, nozzles, limits)
    tones = np.zeros((rows, width, screen.lanes), np.uint8)
    tones[..., :inks] = tones_within(random, rows, width, limits)
    out = np.empty((inks, rows, -(-width // 4)), np.uint8)
    Screener(screen).screen(tones, first_row, out)
    y, x = (first_row + np.arange(rows)) % MASK.rows, np.arange(width) % 128
    plain = tones[..., :inks].copy()
    if nozzles.steps is not None:
        added = np.stack([roundings(MASK, ink)[y[:, None], x] for ink in range(inks)], axis=-1)
        plain = evened(plain, nozzles.steps.T, added, limits)
    close_gaps(plain, np.arange(width), tuple(dead), limits)
    for ink in range(inks):
        levels = screen_plainly(plain[..., ink], ink_thresholds(MASK, VOLUMES, ink), first_row)
        assert np.array_equal(out[ink], pack(levels))
        printed = unpacking(2)[out[ink]].view(np.uint8)
        assert (printed[:, list(dead[ink])] == 0).all()


def test_colours_are_corrected_too():
    """The table is looked up again for the few columns round a dead nozzle."""
    entries = np.zeros((1 << 24, 4), np.uint8)
    entries[0x102030] = (90, 0, 60, 30)
    rgb = np.tile(np.array([0x10, 0x20, 0x30], np.uint8), (24, 256, 1))
    nozzles = Nozzles(256, ((100,), (), (3, 200), ()))
    out = np.empty((4, 24, 64), np.uint8)
    Screener(Screen(MASK, VOLUMES, 4, nozzles)).screen_rgb(rgb, entries, 0, out)
    volume = np.array(VOLUMES)[unpacking(2)[out].view(np.uint8)]
    tone = volume.mean(axis=1) * 255
    assert (tone[0, 100], tone[2, 3], tone[2, 200]) == (0, 0, 0)
    assert tone[0, 96:105].mean() == pytest.approx(90, rel=0.12)
    assert tone[0].mean() == pytest.approx(90, rel=0.01)


def test_no_gain_is_no_work():
    assert Nozzles(5, ((), ()), np.ones((2, 5))).steps is None
    assert Nozzles(5, ((), ())).steps is None


def test_the_digest_tells_states_apart():
    states = [
        Nozzles(5, ((), ())),
        Nozzles(6, ((), ())),
        Nozzles(5, ((1,), ())),
        Nozzles(5, ((), (1,))),
        Nozzles(5, ((), ()), np.full((2, 5), 1.1)),
    ]
    assert len({state.digest for state in states}) == len(states)
    assert Nozzles(5, ((), ()), np.ones((2, 5))).digest == states[0].digest


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ((5, ((5,),)), "dead nozzle 5 of ink 0 is not in 0..4"),
        ((5, ((), (-1,))), "dead nozzle -1 of ink 1"),
        ((5, ((3, 2),)), "columns must rise"),
        ((5, ((),), np.ones((2, 5))), "gain is"),
        ((5, ((),), np.full((1, 5), 1.3)), "gain must be in 0..1.25"),
        ((5, ((),), np.full((1, 5), np.nan)), "gain must be in 0..1.25"),
    ],
)
def test_impossible_states_are_named(arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        Nozzles(*arguments)


def test_nozzles_of_another_press_are_refused():
    with pytest.raises(ValueError, match="nozzles of 2 inks given for 4"):
        Screen(MASK, VOLUMES, 4, Nozzles(5, ((), ())))
    screener = Screener(Screen(MASK, VOLUMES, 2, Nozzles(5, ((), ()))))
    with pytest.raises(ValueError, match="8 columns for a press of 5 nozzles"):
        screener.screen(np.zeros((1, 8, 4), np.uint8), 0, np.zeros((2, 1, 2), np.uint8))
