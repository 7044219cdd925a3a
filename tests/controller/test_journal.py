"""The journal finds every tampering, grows in one chain whoever writes, and loses nothing that it said was written."""

import asyncio
import hashlib
import json
import multiprocessing
import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import select

from controller import Store, load_line
from controller.archive import JournalError, Span, between, prune, read_lines, readable, stored, write_lines, written
from controller.book import Book
from controller.journal import GENESIS, Head, Line, Unreadable, append
from controller.store import head_file, in_folder, kept_head, looking
from controller.tables import Event
from controller.verify import Verdict, verify

LINES = 20
FORK = multiprocessing.get_context("fork")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder whose journal has 20 lines."""
    folder = tmp_path_factory.mktemp("whole")
    store = Store.in_folder(folder)
    with store.write() as session:
        for n in range(LINES):
            append(session, actor="test", kind="note", machine="press", job_id=n, payload={"n": n, "ä": [1.5, None]})
    store.close()
    return folder


@pytest.fixture
def folder(whole: Path, tmp_path: Path) -> Path:
    return copied(whole, tmp_path / "data")


def copied(folder: Path, to: Path) -> Path:
    shutil.rmtree(to, ignore_errors=True)
    return Path(shutil.copytree(folder, to))


def lines_of(folder: Path) -> list[Line | Unreadable]:
    with looking(in_folder(folder)) as connection:
        return list(stored(connection))


def verified(folder: Path) -> Verdict:
    kept = kept_head(head_file(in_folder(folder)))
    return verify(lines_of(folder), [kept] if kept else [])


def tamper(folder: Path, *statements: str | tuple[str, tuple[Any, ...]]) -> None:
    connection = sqlite3.connect(folder / "foulard.db")
    with connection:
        for statement in statements:
            connection.execute(*([statement] if isinstance(statement, str) else statement))
    connection.close()


# -- tampering -------------------------------------------------------------------------------------------------------


def test_a_whole_journal_is_whole(folder: Path) -> None:
    verdict = verified(folder)
    assert (verdict.lines, verdict.faults) == (LINES, ())
    assert verdict.after == Head(0, GENESIS)
    assert verdict.head == kept_head(head_file(in_folder(folder)))


@pytest.mark.parametrize(
    ("tampering", "seq", "what"),
    [
        ("UPDATE event SET actor = 'nobody' WHERE seq = 7", 7, "was changed"),
        ("UPDATE event SET payload = '{\"n\": 99}' WHERE seq = 3", 3, "was changed"),
        ("UPDATE event SET payload = '{' WHERE seq = 3", 3, "cannot be read"),
        ("UPDATE event SET time = '2020-01-01 00:00:00' WHERE seq = 12", 12, "was changed"),
        ("UPDATE event SET time = '0001-01-01 00:00:00+05:00' WHERE seq = 12", 12, "cannot be read"),
        ("UPDATE event SET actor = CAST(x'ff' AS TEXT) WHERE seq = 12", 12, "was changed"),
        ("DELETE FROM event WHERE seq = 5", 5, "is missing"),
        ("DELETE FROM event WHERE seq BETWEEN 5 AND 9", 5, "to 9 are missing"),
        ("DELETE FROM event WHERE seq < 5", 1, "to 4 are missing"),
        ("DELETE FROM event WHERE seq > 17", 18, "to 20 are missing at the end"),
        ("DELETE FROM event", 1, "to 20 are missing at the end"),
        ("UPDATE event SET seq = 100 WHERE seq = 9", 9, "is missing"),
        ("UPDATE event SET seq = -1 WHERE seq = 9", -1, "does not begin the chain"),
    ],
)
def test_it_is_said_which_line_is_wrong_and_how(folder: Path, tampering: str, seq: int, what: str) -> None:
    tamper(folder, tampering)
    fault = verified(folder).faults[0]
    assert fault.seq == seq
    assert fault.what.startswith(what)


def test_a_line_that_is_forged_with_its_digest_does_not_fit_the_next(folder: Path) -> None:
    lines = [line for line in lines_of(folder) if isinstance(line, Line)]
    forged = Line(**vars(lines[6]) | {"actor": "nobody"})
    lines[6] = Line(**vars(forged) | {"digest": json_digest(forged)})
    (fault,) = verify(lines).faults
    assert (fault.seq, fault.what[:21]) == (8, "does not follow line ")


def json_digest(line: Line) -> str:
    """The digest by its definition in words: SHA-256 of these values as compact JSON with sorted keys."""
    time = line.time.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
    values = [line.before, time, line.actor, line.kind, line.machine, line.job_id, line.payload]
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def test_the_digest_is_what_the_documents_say(folder: Path) -> None:
    assert all(json_digest(line) == line.digest for line in lines_of(folder) if isinstance(line, Line))


SEQ = st.integers(1, LINES)
VALUES = st.one_of(st.none(), st.integers(-(2**31), 2**31), st.text(max_size=8), st.binary(max_size=4),
                   st.dictionaries(st.text(max_size=3), st.integers(), max_size=2).map(json.dumps))  # fmt: skip
REST = "time, actor, kind, machine, job_id, payload, before, digest"


def change(seq: int, column: str, value: object) -> list[Any]:
    return [(f"UPDATE event SET {column} = ? WHERE seq = ?", (value, seq))]


def swap(a: int, b: int) -> list[Any]:
    return [f"UPDATE event SET seq = 0 WHERE seq = {a}", f"UPDATE event SET seq = {a} WHERE seq = {b}",
            f"UPDATE event SET seq = {b} WHERE seq = 0"]  # fmt: skip


def insert(seq: int, source: int) -> list[Any]:
    """Put a copy of a line behind another."""
    shift = f"UPDATE event SET seq = -seq - 1 WHERE seq > {seq}", "UPDATE event SET seq = -seq WHERE seq < 0"
    source += source > seq
    return [*shift, f"INSERT INTO event SELECT {seq + 1}, {REST} FROM event WHERE seq = {source}"]


TAMPERING = st.one_of(
    st.builds(change, SEQ, st.sampled_from(["seq", *REST.split(", ")]), VALUES),
    st.builds(swap, SEQ, SEQ),
    st.builds(insert, SEQ, SEQ),
    st.builds(lambda first, last: [f"DELETE FROM event WHERE seq BETWEEN {first} AND {last}"], SEQ, SEQ),
    st.builds(lambda shift: [f"UPDATE event SET seq = seq + {1000 + shift}"], SEQ),
)


@settings(max_examples=400 if os.environ.get("FOULARD_FULL") else 80)
@given(tampering=TAMPERING)
def test_any_tampering_is_found(whole: Path, tmp_path_factory: pytest.TempPathFactory, tampering: list[Any]) -> None:
    folder = copied(whole, tmp_path_factory.getbasetemp() / "tampered")
    try:
        tamper(folder, *tampering)
    except sqlite3.IntegrityError:
        return  # the database itself refuses it
    same = repr(lines_of(folder)) == repr(lines_of(whole))
    assert (verified(folder).faults == ()) == same


def test_what_was_cut_off_is_told_for_good(folder: Path) -> None:
    tamper(folder, "DELETE FROM event WHERE seq > 17")
    store = Store.in_folder(folder)  # it goes on at 18, and the head beside it will be a new one
    with store.write() as session:
        append(session, actor="test", kind="note")
    store.close()
    (fault,) = verified(folder).faults
    assert fault.seq == 18
    assert fault.what.startswith(f"says that lines were cut off: {LINES}:")


def test_another_head_is_not_found(folder: Path) -> None:
    lines = lines_of(folder)
    fifth = next(line for line in readable(lines) if line.seq == 5)
    for heads in (
        [Head(5, "f" * 64)],
        [Head(5, "f" * 64), Head(5, fifth.digest)],
        [Head(5, fifth.digest), Head(5, "f" * 64)],
    ):
        assert [fault.seq for fault in verify(lines, heads).faults] == [5]
    assert verify(lines[5:], [Head(5, "f" * 64)], whole=False).faults[0].what.startswith("was noted and is not here")
    for text in ("5", "5:", "x:" + "0" * 64, "5:" + "g" * 64):
        with pytest.raises(ValueError, match="SEQ:DIGEST"):
            Head.read(text)


# -- writing ---------------------------------------------------------------------------------------------------------


def test_what_is_rolled_back_leaves_no_line(folder: Path) -> None:
    store = Store.in_folder(folder)

    def fail_after_writing() -> None:
        with store.write() as session:
            append(session, actor="test", kind="never")
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail_after_writing()
    store.close()
    assert verified(folder).lines == LINES


@pytest.fixture
def book(folder: Path) -> Iterator[Book]:
    store = Store.in_folder(folder)
    yield Book(store, load_line(), folder)
    store.close()


async def note(book: Book, *numbers: int) -> None:
    await asyncio.gather(*(book.note("note", "press", None, {"acked": number}) for number in numbers))


def test_what_is_noted_together_is_one_transaction_and_on_the_disk(book: Book, folder: Path) -> None:
    async def run() -> None:
        version = book.store.feed.version
        await note(book, *range(50))
        assert book.store.feed.version == version + 1
        assert len(lines_of(folder)) == LINES + 50  # on another connection

    asyncio.run(run())
    assert verified(folder).faults == ()


def test_who_is_cancelled_takes_nobodys_line_along(book: Book, folder: Path) -> None:
    async def run() -> None:
        impatient, patient = asyncio.create_task(note(book, 1)), asyncio.create_task(note(book, 2))
        await asyncio.sleep(0)  # both have noted; nothing is written
        impatient.cancel()
        await patient
        assert impatient.cancelled()

    asyncio.run(run())
    assert acked(folder) == {1, 2}


def acked(folder: Path) -> set[int]:
    return {line.payload["acked"] for line in readable(iter(lines_of(folder))) if "acked" in line.payload}


def write_many(folder: Path, first: int, count: int, pipe: int | None = None) -> None:
    """Write notes in a process of its own, five at a time; after each time, tell the pipe how far they reach."""
    store = Store.in_folder(folder)
    book = Book(store, load_line(), folder)

    async def run() -> None:
        for number in range(first, first + count, 5):
            await note(book, *range(number, number + 5))
            if pipe is not None:
                os.write(pipe, (number + 5).to_bytes(4, "big"))

    asyncio.run(run())
    store.close()


def test_two_processes_write_one_chain(folder: Path) -> None:
    writers = [FORK.Process(target=write_many, args=(folder, first, 100)) for first in (0, 1000)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    verdict = verified(folder)
    assert verdict.faults == ()
    assert verdict.lines == LINES + 200
    assert verdict.head.seq == LINES + 200


def test_two_connections_of_one_process_write_one_chain(folder: Path) -> None:
    stores = [Store.in_folder(folder), Store.in_folder(folder)]
    for number in range(6):
        with stores[number % 2].write() as session:
            append(session, actor="test", kind="note")
    for store in stores:
        store.close()
    assert verified(folder).faults == ()


@pytest.mark.parametrize("after", [1, 2, 7, 12])
def test_a_killed_writer_leaves_a_whole_chain_with_all_that_it_was_told_is_written(folder: Path, after: int) -> None:
    reading, writing = os.pipe()
    writer = FORK.Process(target=write_many, args=(folder, 0, 10**6, writing))
    writer.start()
    os.close(writing)
    told = b"".join(os.read(reading, 4) for _ in range(after))
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)  # it is at its next batch, wherever that is
    writer.join()
    while more := os.read(reading, 4096):
        told += more
    os.close(reading)
    assert writer.exitcode == -signal.SIGKILL
    assert acked(folder) >= set(range(int.from_bytes(told[-4:], "big")))
    assert verified(folder).faults == ()
    write_many(folder, 0, 5)
    assert verified(folder).faults == ()


def test_read_on_behind_a_line(book: Book) -> None:
    assert [line.seq for line in book.journal(None, 3)] == [20, 19, 18]
    assert [line.seq for line in book.journal(None, 3, after=10)] == [11, 12, 13]
    assert [line.seq for line in book.journal(12, 3, after=10)] == [13]
    assert book.journal(None, 3, after=LINES) == []


# -- files and retention ---------------------------------------------------------------------------------------------


def exported(folder: Path, path: Path, span: Span | None = None) -> Path:
    with looking(in_folder(folder)) as connection, written(path) as file:
        lines = stored(connection, span) if span else stored(connection)
        for _ in write_lines(file, readable(lines)):
            pass
    return path


def test_an_export_is_the_journal(folder: Path, tmp_path: Path) -> None:
    assert list(read_lines(exported(folder, tmp_path / "out.jsonl"))) == lines_of(folder)
    of_one_job = exported(folder, tmp_path / "job.jsonl", Span(job_id=4))
    verdict = verify(read_lines(of_one_job), whole=False, gaps=True)
    assert (verdict.lines, verdict.faults) == (1, ())


@pytest.mark.parametrize(
    ("edit", "seq"),
    [
        (lambda lines: lines[:3] + lines[4:], 4),
        (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], 4),
        (lambda lines: [*lines[:5], lines[4], *lines[5:]], 5),
        (lambda lines: [*lines[:6], lines[6].replace(b'"n":6', b'"n":7'), *lines[7:]], 7),
        (lambda lines: [*lines[:6], lines[6][:40] + b"\n", *lines[7:]], 7),
        (lambda lines: [*lines[:6], b"[]\n", *lines[7:]], 7),
        (lambda lines: lines[:-1], 20),
    ],
)
def test_a_file_that_was_edited_is_found(
    folder: Path, tmp_path: Path, edit: Callable[[list[bytes]], list[bytes]], seq: int
) -> None:
    path = exported(folder, tmp_path / "out.jsonl")
    head = verified(folder).head
    assert verify(read_lines(path), [head], whole=False).faults == ()
    path.write_bytes(b"".join(edit(path.read_bytes().splitlines(keepends=True))))
    assert verify(read_lines(path), [head], whole=False).faults[0].seq == seq


def at(folder: Path, seq: int) -> datetime:
    return next(line.time for line in readable(iter(lines_of(folder))) if line.seq == seq)


def test_pruned_lines_are_in_the_file_and_the_rest_says_so(folder: Path, tmp_path: Path) -> None:
    before, old = lines_of(folder), tmp_path / "old.jsonl"
    store = Store.in_folder(folder)
    pruned = prune(store, at(folder, 13), old, "shell:test")
    assert list(read_lines(old)) == before[:12]
    verdict = verified(folder)
    assert (verdict.faults, verdict.after, verdict.lines) == ((), pruned.head, LINES - 12 + 1)
    assert pruned.head.seq == 12
    with store.read() as session:
        said = session.exec(select(Event).where(Event.kind == "journal pruned")).one()
    assert (said.actor, said.payload["sha256"]) == ("shell:test", pruned.sha256)
    with pytest.raises(JournalError, match="nothing to prune"):
        prune(store, at(folder, 13), tmp_path / "none.jsonl", "shell:test")
    everything = prune(store, datetime.now(UTC) + timedelta(days=1), tmp_path / "older.jsonl", "shell:test")
    assert (everything.head.seq, everything.lines) == (LINES + 1, LINES - 12 + 1)
    store.close()
    files = [line for name in ("old", "older") for line in read_lines(tmp_path / f"{name}.jsonl")]
    assert verify([*files, *lines_of(folder)]).faults == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "old.jsonl", "older.jsonl"]


def test_no_file_is_overwritten_and_nothing_broken_is_pruned(folder: Path, tmp_path: Path) -> None:
    store, time, out = Store.in_folder(folder), at(folder, 13), tmp_path / "old.jsonl"
    out.write_text("mine")
    with pytest.raises(JournalError, match="is there already"):
        prune(store, time, out, "shell:test")
    with pytest.raises(FileNotFoundError):
        prune(store, time, tmp_path / "nowhere" / "old.jsonl", "shell:test")
    tamper(folder, "UPDATE event SET actor = 'nobody' WHERE seq = 15")
    with pytest.raises(JournalError, match="line 15 was changed"):
        prune(store, time, tmp_path / "other.jsonl", "shell:test")
    store.close()
    assert out.read_text() == "mine"
    assert not (tmp_path / "other.jsonl").exists()
    assert len(lines_of(folder)) == LINES


def test_a_pruning_that_was_killed_leaves_a_whole_journal(folder: Path) -> None:
    store = Store.in_folder(folder)
    twelfth = next(line for line in readable(iter(lines_of(folder))) if line.seq == 12)
    with store.write() as session:
        append(session, actor="test", kind="journal pruned", payload={"seq": 12, "digest": twelfth.digest})
    store.close()
    for last in (5, 11, 12):
        tamper(folder, f"DELETE FROM event WHERE seq <= {last}")
        assert (verified(folder).faults, verified(folder).after.seq) == ((), last)
    tamper(folder, "DELETE FROM event WHERE seq <= 13")
    assert verified(folder).faults[0].what.startswith("to 13 are missing")


def test_a_checkpoint_that_is_taken_away_is_missed(folder: Path, tmp_path: Path) -> None:
    store = Store.in_folder(folder)
    prune(store, at(folder, 13), tmp_path / "old.jsonl", "shell:test")
    store.close()
    tamper(folder, "DELETE FROM event WHERE seq = 13")
    assert [fault.what[:6] for fault in verified(folder).faults] == ["to 13 "]


def test_lines_between_two_times_have_no_gap_where_the_clock_was_set_back(folder: Path) -> None:
    tamper(folder, "UPDATE event SET time = '2020-01-01 00:00:00.000000' WHERE seq = 8")
    with looking(in_folder(folder)) as connection:
        span = between(connection, at(folder, 5), at(folder, 11))
    assert (span.first, span.last) == (5, 10)
