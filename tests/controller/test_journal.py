"""The journal finds every tampering."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from controller import Store, journal
from controller.tables import Event


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store.in_folder(tmp_path)
    with store.write() as session:
        for number in range(20):
            journal.append(session, actor="test", kind="note", job_id=number, payload={"n": number, "ä": [1.5, None]})
    return store


def first_broken(store: Store) -> int | None:
    with store.read() as session:
        return journal.broken_at(session.exec(select(Event).order_by(text("seq"))))


def test_a_whole_journal_is_whole(store: Store) -> None:
    assert first_broken(store) is None
    store.close()


@pytest.mark.parametrize(
    ("tampering", "seq"),
    [
        ("UPDATE event SET actor = 'nobody' WHERE seq = 7", 7),
        ("UPDATE event SET payload = '{\"n\": 99}' WHERE seq = 3", 3),
        ("UPDATE event SET time = '2020-01-01 00:00:00' WHERE seq = 12", 12),
        ("DELETE FROM event WHERE seq = 5", 6),
        ("UPDATE event SET seq = 100 WHERE seq = 9", 10),
    ],
)
def test_a_changed_missing_or_moved_line_is_found(store: Store, tampering: str, seq: int) -> None:
    with store.engine.begin() as connection:
        connection.execute(text(tampering))
    assert first_broken(store) == seq
    store.close()


def test_what_is_rolled_back_leaves_no_line(store: Store) -> None:
    def fail_after_writing() -> None:
        with store.write() as session:
            journal.append(session, actor="test", kind="never")
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail_after_writing()
    with store.read() as session:
        assert len(session.exec(select(Event)).all()) == 20
    store.close()
