"""Whose turn it is at a machine: the released plan's order, and never a machine that stands for nothing."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from controller.plan import LEAST_STAND, next_operation
from controller.plans.content import Place
from controller.tables import Job, Operation
from tests.controller.plans.drawn import START


def line(*states: str, want: dict[int, str] | None = None) -> tuple[list[Operation], dict[int, Job]]:
    """Operations of a press, one of each job, from job 1 on."""
    operations = [
        Operation(id=number, job_id=number, stage="print", machine="press", protocol="", ticket=number, status=state)
        for number, state in enumerate(states, start=1)
    ]
    jobs = {
        number: Job(id=number, order_id=1, title="", fabric="", length_m=1, created_by="",
                    want=(want or {}).get(number, "run"))
        for number in range(1, len(states) + 1)
    }  # fmt: skip
    return operations, jobs


def places(*order: int, first_min: int = 0, each_min: int = 30) -> dict[int, Place]:
    return {
        number: Place(rank=rank, start=START + timedelta(minutes=first_min + rank * each_min),
                      end=START + timedelta(minutes=first_min + (rank + 1) * each_min))
        for rank, number in enumerate(order)
    }  # fmt: skip


def turn(states: tuple[list[Operation], dict[int, Job]], released: dict[int, Place], after_min: int = 0) -> int | None:
    found = next_operation("press", *states, released, START + timedelta(minutes=after_min))
    return found and found.id


def test_without_a_plan_the_oldest_comes_first_and_what_runs_goes_on() -> None:
    assert turn(line("waiting", "ready", "ready"), {}) == 2
    assert turn(line("ready", "ready", "running"), {}) == 3
    assert turn(line("ready", "ready", want={1: "hold"}), {}) == 2
    assert turn(line("waiting"), {}) is None


def test_the_released_plan_says_whose_turn_it_is_and_what_it_does_not_know_comes_behind() -> None:
    assert turn(line("ready", "ready", "ready"), places(3, 2)) == 3
    assert turn(line("ready", "ready", "ready", want={3: "hold"}), places(3, 2)) == 2
    assert turn(line("ready", "waiting", "done"), places(3)) == 1


def test_a_machine_waits_for_what_is_planned_next_but_not_for_ever() -> None:
    coming = line("ready", "waiting")
    assert turn(coming, places(2, 1)) is None, "2 comes first and is on its way"
    assert turn(coming, places(2, 1), after_min=29) is None
    assert turn(coming, places(2, 1), after_min=30) == 1, "its own time has come"
    assert turn(coming, places(2, 1, first_min=61)) == 1, "2 is planned for later than a machine may stand"
    assert turn(line("ready", "waiting", want={2: "hold"}), places(2, 1)) == 1, "2 is held"
    assert turn(line("ready", "waiting"), places(2), after_min=29) is None, "1 is in no plan and waits to its end"
    assert turn(line("ready", "waiting"), places(2), after_min=30) == 1


def test_a_machine_stands_longer_where_a_long_set_up_would_be_lost() -> None:
    """At the press another ink class takes eight hours to change to, and as long to change back."""
    far = places(2, 1, first_min=100)
    assert turn(line("ready", "waiting"), far) == 1
    far[1] = far[1].model_copy(update={"setup_min": 480})
    assert turn(line("ready", "waiting"), far) is None
    assert turn(line("ready", "waiting"), far, after_min=130) == 1, "its own time has come"
    assert turn(line("ready", "waiting"), places(2, 1, first_min=481) | {1: far[1]}) == 1


def test_an_earliest_start_is_kept() -> None:
    later = places(1, 2)
    later[1] = later[1].model_copy(update={"not_before": START + timedelta(minutes=50)})
    both = line("ready", "ready")
    assert turn(both, later, after_min=29) is None
    assert turn(both, later, after_min=30) == 2
    assert turn(line("ready", "done"), later, after_min=49) is None
    assert turn(line("ready", "done"), later, after_min=50) == 1


@given(
    states=st.lists(st.sampled_from(("waiting", "ready", "done")), min_size=1, max_size=5),
    order=st.permutations(range(1, 6)),
    planned=st.integers(0, 5),
    held=st.sets(st.integers(1, 5)),
    begun=st.integers(-500, 500),
    setup_min=st.integers(0, 600),
)
def test_whatever_is_planned_no_machine_stands_for_ever(
    states: list[str], order: list[int], planned: int, held: set[int], begun: int, setup_min: int
) -> None:
    mine = line(*states, want=dict.fromkeys(held, "hold"))
    released = places(*order[:planned], first_min=begun)
    released = {number: place.model_copy(update={"setup_min": setup_min}) for number, place in released.items()}
    end = begun + planned * 30 + max(LEAST_STAND / timedelta(minutes=1), setup_min) + 1
    ready = {one.id for one in mine[0] if one.status == "ready" and one.id not in held}
    assert (turn(mine, released, after_min=int(end)) in ready) == bool(ready)
