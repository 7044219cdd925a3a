"""The one database: opened, migrated, and changed in transactions that wake those who wait for changes."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import URL, Engine, make_url
from sqlmodel import Session

from controller import journal
from controller.feed import Feed

MIGRATIONS = Path(__file__).with_name("migrations")

WRITES = {"writes": True}
"""Marks transactions that are to have the database for themselves from their beginning."""

BUSY_MS = 2000
"""How long SQLite waits for another process that writes. Machines hold when they have heard nothing for 3 s or more."""


class Store:
    """The database of one line.

    Parameters
    ----------
    url
        SQLAlchemy URL; SQLite (WAL) by default, PostgreSQL by URL.
    feed
        Is told of every committed change.

    Attributes
    ----------
    fence
        Looks first at every transaction that writes; what it raises ends it. None: everybody may write.
    """

    def __init__(self, url: str | URL, feed: Feed) -> None:
        self.engine = create_engine(url)
        self.feed = feed
        self.fence: Callable[[Session], None] | None = None
        self._writing = self.engine.execution_options(**WRITES)
        self.head = head_file(url)
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _sqlite_settings)
            event.listen(self.engine, "begin", _sqlite_begin)
        _migrate(self._writing)
        kept = kept_head(self.head)
        if kept is not None:
            with self.write() as session:
                journal.witness(session, kept)

    @classmethod
    def in_folder(cls, folder: Path, feed: Feed | None = None) -> "Store":
        """Open (or make) `foulard.db` in a data folder."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(in_folder(folder), feed or Feed())

    @contextlib.contextmanager
    def write(self, *, news: bool = True) -> Iterator[Session]:
        """One transaction, on the disk at its end, rolled back on error; then the feed moves on.

        From its first statement on it is the only one that writes, in all processes: what it has read stays true.
        Without `news` the feed stays where it is and nobody is woken: then it may run in any thread.
        """
        with Session(self._writing, expire_on_commit=False) as session:
            if self.fence is not None:
                self.fence(session)
            yield session
            session.commit()
            head = journal.appended(session)
        if head is not None and self.head is not None:
            _keep_head(self.head, head)
        if news:
            self.feed.moved()

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """Look without changing."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def in_folder(folder: Path) -> URL:
    """Return where the database of a data folder is."""
    return URL.create("sqlite", database=str(folder / "foulard.db"))


def head_file(url: str | URL) -> Path | None:
    """Return where the last line of a database's journal is noted: beside the database; None if that is no file."""
    parsed = make_url(url)
    inside = parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:")
    return None if inside else Path(f"{parsed.database}-head")


def kept_head(path: Path | None) -> journal.Head | None:
    """Return the journal's last line as it was noted beside the database; None if there is no such note."""
    try:
        return None if path is None else journal.Head.read(path.read_text("ascii"))
    except (FileNotFoundError, ValueError):
        return None


def _keep_head(path: Path, head: journal.Head) -> None:
    # In place and without waiting for the disk: an older head is as true, so that no crash makes it wrong.
    file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o644)
    try:
        os.pwrite(file, f"{head.seq:020d}:{head.digest}\n".encode(), 0)
    finally:
        os.close(file)


@contextlib.contextmanager
def looking(url: str | URL) -> Iterator[Connection]:
    """Look at a database without changing or migrating it; a running Foulard is not disturbed."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        file = f"file:{quote(parsed.database or '')}"
        parsed = URL.create("sqlite", database=file, query={"mode": "ro", "uri": "true"})
    engine = create_engine(parsed)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_any_text)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _sqlite_settings(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where `_sqlite_begin` says, not before the first change
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _sqlite_any_text(connection: sqlite3.Connection, _record: Any) -> None:
    """Read text that somebody damaged, too, so that it is found where it stands."""
    connection.text_factory = lambda text: text.decode(errors="surrogateescape")


def _sqlite_begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
