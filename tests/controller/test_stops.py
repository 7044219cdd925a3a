"""Where the cloth stood still, by what the supervisor keeps of an operation."""

from pathlib import Path

import pytest

from controller import Actor, Store, control_recipe, load_line
from controller.book import Book
from controller.desk import Desk
from controller.tables import Job, Stop

LENGTH_M = 10.0


@pytest.fixture
def kept(tmp_path: Path):
    """Keeps one report after the other of a print, and returns the stops so far."""
    store, line = Store.in_folder(tmp_path), load_line()
    book, protocols = Book(store, line, tmp_path), {machine.name: "opcua" for machine in line.machines}
    control = control_recipe("silk-twill").model_dump(mode="json")
    job = book.add_job(
        "anna", Job(title="t", fabric="silk-twill", control_recipe=control, length_m=LENGTH_M), protocols
    )
    desk, viewer, job_id = Desk(book, protocols), Actor("anna", "viewer"), job.id or 0
    printing = next(item for item in desk.job(viewer, job_id).operations if item.stage == "print")

    def keep(*reports: tuple[str, float]) -> tuple[Stop, ...]:
        for state, metres in reports:
            book.reached(printing.id or 0, state, metres, {})
        return desk.job(viewer, job_id).stops

    yield keep
    store.close()


def test_a_stop_begins_rolls_out_and_ends(kept) -> None:
    (stop,) = kept(("Execute", 3.9), ("Holding", 4.0), ("Held", 4.2))
    assert (stop.stage, stop.state, stop.at_m, stop.ended_at) == ("print", "Holding", 4.2, None)
    (stop,) = kept(("Unholding", 4.2))
    assert stop.ended_at is None, "it warms up"
    (stop,) = kept(("Execute", 4.2), ("Execute", 4.4))
    assert stop.ended_at is not None
    assert stop.ended_at >= stop.began_at
    first, second = kept(("Aborted", 7.0), ("Clearing", 7.0), ("Stopped", 7.0), ("Resetting", 7.0), ("Execute", 7.1))
    assert (first.id, second.at_m, second.state) == (stop.id, 7.0, "Aborted")


def test_no_cloth_is_marked_before_the_first_metre_and_behind_the_last(kept) -> None:
    assert (
        kept(("Stopped", 0.0), ("Idle", 0.0), ("Execute", 5.0), ("Completing", LENGTH_M), ("Stopped", LENGTH_M)) == ()
    )
