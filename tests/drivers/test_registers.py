import asyncio
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyModbusTCP.client import ModbusClient

from drivers.registers import decode, encode, registers_of, to_raw

TYPES = {
    "uint16": st.integers(0, 2**16 - 1),
    "int16": st.integers(-(2**15), 2**15 - 1),
    "uint32": st.integers(0, 2**32 - 1),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "float32": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
}
orders = st.sampled_from(["big", "little"])


@given(st.sampled_from(sorted(TYPES)).flatmap(lambda kind: st.tuples(st.just(kind), TYPES[kind])), orders)
def test_round_trip(pair, order):
    kind, value = pair
    words = encode(value, kind, word_order=order)
    assert len(words) == registers_of("input:0", kind).count
    assert all(0 <= word <= 0xFFFF for word in words)
    assert decode(words, kind, word_order=order) == value
    assert decode(words[::-1], kind, word_order="little" if order == "big" else "big") == value


@given(st.floats(-3000, 3000), st.sampled_from([0.1, 0.5, 2.0]))
def test_scaled_value_comes_back_within_half_a_step(value, scale):
    assert abs(decode(encode(value, "int16", scale=scale), "int16", scale=scale) - value) <= scale * 0.5000001


@given(st.lists(st.integers(0, 0xFFFF), min_size=2, max_size=2))
def test_any_registers_give_a_float(words):
    value = decode(words, "float32")
    assert math.isnan(value) or struct.pack(">f", value) == struct.pack(">2H", *words)


def test_known_layout():
    assert encode(1.0, "float32") == [0x3F80, 0x0000]
    assert encode(1.0, "float32", word_order="little") == [0x0000, 0x3F80]
    assert encode(-2, "int32") == [0xFFFF, 0xFFFE]
    assert registers_of("holding:12", "uint32").stop == 14


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        (65536, "uint16", r"65536 does not fit uint16 \(0 to 65535\)"),
        (-1, "uint32", "-1 does not fit uint32"),
        (math.nan, "int16", "nan does not fit int16"),
        (1e39, "float32", "1e[+]39 does not fit float32"),
        (math.inf, "float32", "inf does not fit float32"),
        ("x", "uint16", "'x' is not a number"),
        (True, "uint16", "True is not a number"),
        (2, "bool", "2 is neither true nor false"),
        (2, "string", "2 is not a text"),
    ],
)
def test_what_does_not_fit_is_refused(value, kind, message):
    with pytest.raises(ValueError, match=message):
        to_raw(value, kind)


@pytest.mark.parametrize("address", ["12", "coil:1", "input:", "input:-1", "input:65536", "input:1.5", "holding:٣"])
def test_bad_addresses_are_refused(address):
    with pytest.raises(ValueError, match=f"address '{address}'"):
        registers_of(address, "uint16")


def test_an_independent_client_reads_the_same(run, modbus_device):
    """The layout must be that of the protocol, not only our own on both sides."""

    async def main():
        async with modbus_device as device:
            client = ModbusClient(host="127.0.0.1", port=device.port, unit_id=7, timeout=5)
            try:
                words = await asyncio.to_thread(client.read_input_registers, 0, 11)
                row = await asyncio.to_thread(client.read_input_registers, 300, 2)
                assert await asyncio.to_thread(client.write_multiple_registers, 5, [0x41BC, 0x0000])
                assert await asyncio.to_thread(client.read_input_registers, 200, 1) is None
            finally:
                client.close()
            assert words[5] == 1
            assert struct.unpack(">f", struct.pack(">2H", *words[6:8]))[0] == 12.5
            assert words[8] == 0x10000 - 25
            assert struct.unpack(">i", struct.pack(">2H", *words[9:11]))[0] == -70000
            assert row[0] << 16 | row[1] == 4_000_000_000
            assert await device.get("speed_sp_m_min") == 23.5

    run(main())
