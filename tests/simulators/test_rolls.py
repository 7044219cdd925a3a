"""A roll goes on under another ticket, or is cut off where its machine stands: those behind get what there is."""

import numpy as np
import pytest

from simulators import Mill
from simulators.packml import State, Verb
from simulators.plc import Order
from simulators.rolls import Rolls

PADDED_M, STOP_M, BACK_M = 12.0, 7.0, 5.0
ROWS_M = 600 / 25.4e-3


def stopped_print(mill):
    """A roll from the padder, printed to some metre; returns that metre."""
    mill.run("padder", 11, PADDED_M)
    mill.start("press", 12, PADDED_M)
    press = mill["press"]
    mill.forward(until=lambda _: press["metres"] > STOP_M)
    press.command(Verb.STOP)
    mill.forward(until=lambda _: press.state == State.STOPPED)
    return press["metres"]


@pytest.mark.parametrize("restart", [False, True])
def test_a_print_that_is_taken_up_further_back_goes_on_with_the_roll_that_it_has(restart):
    with Mill() as mill:
        stop_m = stopped_print(mill)
        press, rest_m = mill["press"], PADDED_M - BACK_M
        before = press.cloth["ink_g_m2"][: press.cloth.passed(stop_m)].copy()
        mill.start("press", 13, rest_m, start_row=round(BACK_M * ROWS_M))
        if restart:
            mill.forward(until=lambda _: press["metres"] > 1)
            press.order("fault plc_restart keep=1")
            mill.forward(until=lambda _: press.state == State.ABORTED)
            for verb, state in ((Verb.CLEAR, State.STOPPED), (Verb.RESET, State.IDLE), (Verb.START, State.EXECUTE)):
                press.command(verb)
                mill.forward(until=lambda _, state=state: press.state == state)
        mill.forward(until=lambda _: press.state == State.COMPLETE)
        cloth, whole_m = press.cloth, stop_m + rest_m
        assert (cloth.roll, press["roll"]) == (11, 11)
        assert (cloth.length_m, cloth.begins_m) == pytest.approx((whole_m, stop_m), abs=1e-3)
        assert press["metres"] == pytest.approx(rest_m)
        assert cloth["ink_g_m2"][: len(before) - 1] == pytest.approx(before[:-1], rel=0.02)
        assert cloth["ink_g_m2"] == pytest.approx(np.full(cloth.stretches, 12 * 1.05 / 1.4), rel=0.02)
        assert cloth["moisture_pct"].max() < 14, "what stood in the dryer went on through it"
        steamed = mill.run("steamer", 14, whole_m)
        assert steamed.roll == 11
        assert steamed["printed_h"].min() > 0
        taken_up = steamed["printed_h"][steamed.passed(stop_m + 0.5)]
        assert taken_up > steamed["printed_h"][steamed.passed(stop_m - 0.5)] + 10 / 3600, "it stood in between"


def test_a_roll_that_is_cut_off_where_the_press_stands_goes_on_as_long_as_it_is():
    with Mill() as mill:
        stop_m = stopped_print(mill)
        steamed = mill.run("steamer", 14, stop_m)
        assert steamed.roll == 11
        assert steamed["ink_g_m2"] == pytest.approx(np.full(steamed.stretches, 12 * 1.05 / 1.4), rel=0.02)
        assert mill.run("press", 15, PADDED_M).roll == 15, "what is left of it is nobody's"


def test_a_stop_that_goes_on_cuts_nothing_off(tmp_path):
    with Mill(folder=tmp_path) as mill:
        stop_m = stopped_print(mill)
        press = mill["press"]
        press.command(Verb.RESET)
        mill.forward(until=lambda _: press.state == State.IDLE)
        assert Rolls(tmp_path / "rolls", "steamer").take(Order(21, stop_m)).roll == 21
        press.command(Verb.START)
        mill.forward(until=lambda _: press.state == State.COMPLETE)
        assert mill.run("steamer", 14, PADDED_M).roll == 11


def test_cloth_from_outside_is_sewn_on_where_a_roll_ends_too_soon(tmp_path):
    with Mill(folder=tmp_path) as mill:
        padded = mill.run("padder", 11, PADDED_M)
        mill.start("press", 12, PADDED_M)
        mill.forward(until=lambda mill: mill["press"]["metres"] > STOP_M)
        mill["press"].command(Verb.STOP)
        mill.forward(until=lambda mill: mill["press"].state == State.STOPPED)
        stop_m = mill["press"]["metres"]
        again = Rolls(tmp_path / "rolls", "press").take(Order(13, PADDED_M, raster_sha256=""))
        assert again.roll == 13, "a press that begins anew takes another roll"
        longer = Rolls(tmp_path / "rolls", "press").take(Order(14, PADDED_M - BACK_M, start_row=1))
        assert (longer.roll, longer.begins_m) == (11, pytest.approx(stop_m, abs=1e-3))
        inside, outside = longer.passed(PADDED_M - stop_m - 0.2), longer.passed(PADDED_M - stop_m + 0.2)
        assert longer["salt_g_kg"][:inside] == pytest.approx(np.full(inside, padded["salt_g_kg"][0]), rel=0.1)
        assert longer["salt_g_kg"][outside:] == pytest.approx(np.full(longer.stretches - outside, 70.0))
