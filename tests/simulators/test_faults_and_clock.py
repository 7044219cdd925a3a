import math

import pytest

from simulators import Fault, parse_faults
from simulators.clock import Clock, parse_speed
from simulators.endpoint import EndpointError, split


def test_faults_are_read_in_order():
    spec = "nozzle_out:ink=0,nozzle=1200,from_m=0.3; spot:at_m=0.5,x_mm=400,d_mm=4;"
    assert parse_faults(spec) == (
        Fault("press", "nozzle_out", (("ink", 0), ("nozzle", 1200)), at_m=0.3),
        Fault("press", "spot", (("x_mm", 400.0), ("d_mm", 4.0)), at_m=0.5),
    )
    assert parse_faults("") == ()


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        ("nozle_out:ink=0", ["nozle_out", "nozzle_out, spot"]),
        ("nozzle_out:ink=9,nozzle=1,from_m=0", ["nozzle_out", "ink", "'9'", "0 to 3"]),
        ("nozzle_out:ink=1.5,nozzle=1,from_m=0", ["nozzle_out", "ink", "'1.5'", "whole number"]),
        ("spot:at_m=0.5,x_mm=400", ["spot", "d_mm", "missing"]),
        ("spot:at_m=nan,x_mm=400,d_mm=4", ["spot", "at_m", "'nan'"]),
        ("spot:at_m=1,x_mm=400,d_mm=4,colour=red", ["spot", "colour", "x_mm, d_mm, at_m"]),
        ("spot:at_m=1,at_m=2,x_mm=400,d_mm=4", ["spot", "at_m", "twice"]),
    ],
)
def test_a_wrong_fault_is_named(spec, named):
    with pytest.raises(ValueError, match="fault") as caught:
        parse_faults(spec)
    assert all(word in str(caught.value) for word in named)
    assert "\n" not in str(caught.value)


def test_the_clock_at_max_runs_free_only_while_something_changes():
    assert Clock(None).due(0.05, busy=True) == math.inf
    assert Clock(None).due(0.05, busy=False) == 0.05
    assert Clock(20.0).due(0.05, busy=False) == 1.0


@pytest.mark.parametrize("text", ["0", "-1", "fast", "nan", "inf", "1001"])
def test_a_wrong_speed_is_refused(text):
    with pytest.raises(ValueError, match="speed"):
        parse_speed(text)


@pytest.mark.parametrize(
    "url", ["127.0.0.1:5020", "opc.tcp://127.0.0.1:5020", "modbus://127.0.0.1", "modbus://h:99999"]
)
def test_a_wrong_endpoint_is_refused(url):
    with pytest.raises(EndpointError, match="endpoint"):
        split(url, "modbus")
