"""Grouping registers into requests, and blocks of words into values: properties, with the plain way as oracle."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.blocks import READ_MAX, blocks
from drivers.limits import check
from drivers.profile import TagSpec, load_profile
from drivers.registers import INTEGERS

NUMBERS = {kind: st.integers(*limits) for kind, limits in INTEGERS.items()}
VALUES = {
    **NUMBERS,
    "float32": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "float64": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "string": st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=7),
}
orders = st.sampled_from(["big", "little"])


@st.composite
def laid(draw):
    """Tags with values, side by side or with gaps, of both kinds of registers; in any order."""
    result, at = {}, {"input": draw(st.integers(0, 300)), "holding": draw(st.integers(0, 300))}
    for number in range(draw(st.integers(1, 60))):
        kind = draw(st.sampled_from(sorted(VALUES)))
        place = draw(st.sampled_from(sorted(at)))
        start = at[place] + draw(st.sampled_from([0, 0, 0, 1, 2, 7, 200]))
        length = 7 if kind == "string" else None
        spec = TagSpec(name=f"t{number}", title="t", type=kind, access="r", address=f"{place}:{start}", length=length)
        at[place] = spec.registers.stop
        result[spec.name] = spec, draw(VALUES[kind])
    names = draw(st.permutations(sorted(result)))
    return {name: result[name] for name in names}


@given(laid(), st.integers(4, READ_MAX), st.integers(0, 20))
def test_every_tag_travels_once_and_nothing_travels_that_may_not(tags, size_max, gap_max):
    found = blocks([spec for spec, _ in tags.values()], size_max, gap_max=gap_max)
    assert sorted(tag.name for block in found for tag in block.tags) == sorted(tags)
    for block in found:
        assert block.registers.count <= size_max
        assert {tag.registers.kind for tag in block.tags} == {block.registers.kind}
        ends = [(tag.registers.start, tag.registers.stop) for tag in block.tags]
        assert ends[0][0] == block.registers.start
        assert ends[-1][1] == block.registers.stop
        assert all(0 <= after[0] - before[1] <= gap_max for before, after in pairwise(ends))
    for before, after in pairwise(found):
        if before.registers.kind == after.registers.kind:  # two requests only where one could not have done
            first = after.tags[0].registers
            too_far = first.start - before.registers.stop > gap_max
            assert too_far or first.stop - before.registers.start > size_max


@given(laid(), orders, st.integers(0, 20))
def test_a_block_gives_what_its_tags_give_one_by_one(tags, order, gap_max):
    image = {}
    for spec, value in tags.values():
        words = spec.encode(value, order)
        image |= {(spec.registers.kind, spec.registers.start + n): word for n, word in enumerate(words)}
        assert spec.decode(words, order) == value
    for block in blocks([spec for spec, _ in tags.values()], READ_MAX, order, gap_max):
        place = block.registers
        words = [image.get((place.kind, address), 0xDEAD) for address in range(place.start, place.stop)]
        for tag, raw in zip(block.tags, block.raw(words), strict=True):
            assert tag.from_raw(raw) == tags[tag.name][1]
    for block in blocks([spec for spec, _ in tags.values()], READ_MAX, order):
        words = block.words({name: value for name, (_, value) in tags.items()})
        place = block.registers
        assert words == [image[(place.kind, address)] for address in range(place.start, place.stop)]


SHIPPED = [load_profile(name) for name in ("padder-stenter", "press", "loop-steamer", "open-width-washer")]
WRITABLE = [
    (profile, name)
    for profile in SHIPPED
    for name, spec in profile.tags.items()
    if spec.access == "rw" and spec.is_number and name not in ("heartbeat", "command", "command_token")
]


@given(st.sampled_from(WRITABLE), st.one_of(st.floats(), st.integers(-(2**70), 2**70)))
def test_nothing_outside_the_limits_can_be_sent(place, value):
    profile, name = place
    spec = profile.tags[name]
    try:
        check("m", profile, {name: value})
    except ValueError:
        return
    sent = spec.from_raw(spec.to_raw(value))
    low, high = (spec.from_raw(spec.to_raw(limit)) for limit in (spec.low, spec.high))
    assert low <= sent <= high


@pytest.mark.parametrize("text", ["press 7", "", "abcdefg"])
def test_texts_in_registers(text):
    spec = TagSpec(name="t", title="t", type="string", access="r", address="input:0", length=7)
    assert spec.registers.count == 4
    assert spec.decode(spec.encode(text)) == text
    assert spec.encode("ab") == [0x6162, 0, 0, 0]
    for wrong in ("abcdefgh", "é", 7):
        with pytest.raises(ValueError, match="is not a text"):
            spec.encode(wrong)
    assert "\ufffd" in spec.decode([0xE9E9, 0, 0, 0])


@given(st.sampled_from(sorted(INTEGERS)))
def test_integers_reach_their_ends_and_no_further(kind):
    low, high = INTEGERS[kind]
    spec = TagSpec(name="t", title="t", type=kind, access="r", address="input:0")
    assert [spec.decode(spec.encode(end)) for end in (low, high)] == [low, high]
    for beyond in (low - 1, high + 1, 10**400, -1e300):
        with pytest.raises(ValueError, match=f"does not fit {kind}"):
            spec.encode(beyond)
