"""The side that is printed: how rolls are wound, what machines make of it, and the question where it does not fit."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller import Actor, Forbidden, Line, NotFound, Refused, control_recipe, load_line
from controller.tables import Job
from controller.tracing.delivery import Delivery, check_delivery
from controller.tracing.winding import Passed, Seen, Wound, wound_now
from controller.work import Prepared
from tests.controller.test_tracing import ROSA, Mill

VERA = Actor("vera", "viewer")
OUT, IN = Wound.FACE_OUT, Wound.FACE_IN
FIRST, SECOND = "CL-000001-01", "CL-000001-02"


class Works(Mill):
    """A mill whose padder may turn the rolls, with jobs on any fabric."""

    def __init__(self, folder: Path, *, padder_turns: bool) -> None:
        super().__init__(folder)
        line = load_line()
        turning = {"turns": padder_turns}
        machines = [one.model_copy(update=turning if one.name == "padder" else {}) for one in line.machines]
        self.book.line = line.model_copy(update={"machines": tuple(machines)})

    def job_on(self, fabric: str) -> int:
        control = control_recipe(fabric).model_dump(mode="json")
        protocols = {machine.name: "opcua" for machine in self.book.line.machines}
        ordered = Job(title="carre", fabric=fabric, control_recipe=control, length_m=10.0)
        job = self.book.add_job("anna", ordered, protocols).id or 0
        self.book.preparing(job)
        self.book.prepared(job, Prepared(Path("raster"), "ab" * 32, 100, 100.0, {}, {}))
        return job

    def delivered(self, wound: Wound | None, fabric: str = "silk-twill") -> None:
        self.goods.receive(ROSA, Delivery("cloth", fabric, rolls_m=(12.0, 30.0), wound=wound))


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    made = Works(tmp_path, padder_turns=False)
    yield made
    made.store.close()


def printed_on(works: Works, wound: Wound | None, fabric: str = "silk-twill") -> dict[str, str]:
    """What is asked about before a roll that came wound so is printed."""
    works.delivered(wound, fabric)
    works.goods.lay(ROSA, FIRST, works.job_on(fabric))
    assert works.unmet("padder") == {}  # it pads both sides
    works.ends("padder")
    return works.unmet("press")


@pytest.mark.parametrize(("turns", "right"), [(False, OUT), (True, IN)])
def test_a_roll_that_lies_with_its_back_up_is_asked_about(tmp_path: Path, turns: bool, right: Wound) -> None:
    for wound, words in (
        (right, None),
        (right.other, f"{FIRST} lies face-in, and the press takes it face-out (the face: the side whose twill line"),
    ):
        works = Works(tmp_path / wound, padder_turns=turns)
        said = printed_on(works, wound)
        works.store.close()
        assert (said == {}) if words is None else said["face side"].startswith(words)


@pytest.mark.parametrize(("wound", "fabric"), [(None, "silk-twill"), (IN, "cotton-poplin-pigment")])
def test_what_nobody_recorded_and_cloth_with_equal_sides_are_not_judged(
    works: Works, wound: Wound | None, fabric: str
) -> None:
    assert printed_on(works, wound, fabric) == {}


def test_a_roll_that_was_wound_over_is_recorded_as_it_lies_now(works: Works) -> None:
    assert printed_on(works, IN).keys() == {"face side"}
    shown = works.goods.wind(ROSA, "R-000001", OUT)
    assert (shown.roll.name, shown.wound) == ("R-000001", OUT)
    assert works.unmet("press") == {}
    (line,) = works.journal("wound")
    assert (line.actor, line.job_id, line.payload) == ("rosa", 1, {"roll": "R-000001", "wound": "face-out"})


def test_a_delivery_that_was_recorded_wrongly_is_put_right_as_it_came(tmp_path: Path) -> None:
    works = Works(tmp_path, padder_turns=True)
    assert printed_on(works, OUT).keys() == {"face side"}
    works.goods.wind(ROSA, FIRST, IN)  # said after the padder turned it, but of how it came
    assert works.unmet("press") == {}
    works.store.close()


def test_of_two_rolls_in_a_job_the_wrong_one_is_named(works: Works) -> None:
    works.delivered(OUT)
    job = works.job_on("silk-twill")
    works.goods.lay(ROSA, FIRST, job)
    works.goods.lay(ROSA, SECOND, job, 6.0)
    works.goods.wind(ROSA, SECOND, IN)
    works.ends("padder")
    assert works.unmet("press")["face side"].startswith(f"{SECOND} lies face-in")


def test_what_cannot_be_said_of_a_winding_is_refused(works: Works) -> None:
    works.delivered(OUT)
    with pytest.raises(Forbidden, match=r"goods\.record"):
        works.goods.wind(VERA, FIRST, IN)
    with pytest.raises(NotFound, match="no roll 'CL-000009-01'"):
        works.goods.wind(ROSA, "CL-000009-01", IN)
    with pytest.raises(Refused, match="face-in is how cloth is wound; leave it out of a lot of ink") as refused:
        check_delivery(Delivery("ink", "acid cyan", wound=IN))
    assert refused.value.field == "wound"
    assert [one.wound for one in works.goods.rolls(ROSA)] == [OUT, OUT]


def test_a_line_says_how_its_machines_take_and_leave_rolls() -> None:
    assert {one.name: (one.takes, one.turns) for one in load_line().machines} == {
        "padder": (None, False), "press": (OUT, False), "steamer": (None, False), "washer": (None, False),
    }  # fmt: skip
    said = load_line().model_dump(mode="json")
    said["machines"][1]["takes"] = "face-up"
    with pytest.raises(ValueError, match="'face-out' or 'face-in'"):
        Line.model_validate(said)


NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@given(st.sampled_from(Wound), st.lists(st.tuples(st.integers(-5, 5), st.booleans()), max_size=6))
def test_only_winders_behind_what_was_seen_turn_a_roll(wound: Wound, winders: list[tuple[int, bool]]) -> None:
    passed = [Passed(NOON + timedelta(hours=hours), turns) for hours, turns in winders]
    turned = len([hours for hours, turns in winders if hours > 0 and turns])
    assert wound_now(Seen(wound, NOON), passed) is (wound.other if turned % 2 else wound)
    twice = [*passed, Passed(NOON + timedelta(days=1), True), Passed(NOON + timedelta(days=2), True)]
    assert wound_now(Seen(wound, NOON), twice) is wound_now(Seen(wound, NOON), passed)
