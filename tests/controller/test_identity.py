"""Codes of labels: short, and read whatever a scanner makes of what stands between the numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.tracing.identity import Identity, read_identity

NUMBERS = st.integers(0, 999_999)
IDENTITIES = st.one_of(
    st.builds(Identity, st.sampled_from(["roll", "cloth", "ink", "chemical", "liquor"]), NUMBERS),
    st.builds(Identity, st.just("cloth"), NUMBERS, st.integers(1, 99)),
    st.builds(Identity, st.just("piece"), NUMBERS, st.integers(1, 100_000)),
)
BETWEEN = st.sampled_from(["-", "ß", "'", " ", "/", "–", "_"])


@given(IDENTITIES, BETWEEN, st.booleans())
def test_a_code_is_read_as_it_was_printed_whatever_the_keyboard_of_the_scanner(
    identity: Identity, between: str, small: bool
) -> None:
    typed = str(identity).replace("-", between if between != "/" or identity.part is None else "-")
    if between == "/":
        typed = f"https://mill.example/{identity!s}"
    assert read_identity(f" {typed.lower() if small else typed}\r") == identity


@given(IDENTITIES)
def test_a_code_without_its_hyphens_is_read_too(identity: Identity) -> None:
    assert read_identity(str(identity).replace("-", "")) == identity


@given(st.text(max_size=300))
def test_any_text_is_an_identity_or_none(text: str) -> None:
    named = read_identity(text)
    assert named is None or read_identity(str(named)) == named


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("r-7", "R-000007"),
        ("cl 3 2", "CL-000003-02"),
        ("FOULARD 12", "R-000012"),
        ("FOULARD 12/carré, blue 3", "FOULARD 12/carré, blue 3"),
        ("P-12-3", "P-000012-003"),
    ],
)
def test_people_may_leave_noughts_out_and_codes_on_the_cloth_are_known(code: str, shown: str) -> None:
    assert str(read_identity(code)) == shown


@pytest.mark.parametrize("code", ["", "R", "12", "X-000001", "P-000001", "INK-000001-02", "4006381333931", "R-1-2"])
def test_what_is_no_code_of_this_mill_is_none(code: str) -> None:
    assert read_identity(code) is None
