"""The one database: opened, migrated, and changed in transactions that wake those who wait for changes."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Engine
from sqlmodel import Session

from controller.feed import Feed

MIGRATIONS = Path(__file__).with_name("migrations")


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

    def __init__(self, url: str, feed: Feed) -> None:
        self.engine = create_engine(url)
        self.feed = feed
        self.fence: Callable[[Session], None] | None = None
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine, "connect", _sqlite_settings)
        _migrate(self.engine)

    @classmethod
    def in_folder(cls, folder: Path, feed: Feed | None = None) -> "Store":
        """Open (or make) `foulard.db` in a data folder."""
        folder.mkdir(parents=True, exist_ok=True)
        return cls(f"sqlite:///{folder / 'foulard.db'}", feed or Feed())

    @contextlib.contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction; committed at the end, rolled back on error; then the feed moves on."""
        with Session(self.engine, expire_on_commit=False) as session:
            if self.fence is not None:
                self.fence(session)
            yield session
            session.commit()
        self.feed.moved()

    @contextlib.contextmanager
    def read(self) -> Iterator[Session]:
        """Look without changing."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def _sqlite_settings(connection: sqlite3.Connection, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
