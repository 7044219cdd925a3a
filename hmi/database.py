"""Opens the database that the settings name, for whoever needs it: the server and the commands on its data alike."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from controller import Store
from controller.feed import Feed
from controller.store import head_file, in_folder, looking
from hmi.errors import CannotStart
from hmi.settings import Settings


def open_store(settings: Settings, feed: Feed | None = None) -> Store:
    """Open (or make) and migrate the database.

    Raises
    ------
    CannotStart
        It cannot be opened, its driver is missing, or it is none of ours. A password in its URL is not shown.
    """
    try:
        if settings.database:
            return Store(settings.database, feed or Feed())
        return Store.in_folder(settings.data, feed)
    except (SQLAlchemyError, CommandError, ModuleNotFoundError) as error:
        msg = f"{_named(settings)} cannot be used ({_why(error)}); set FOULARD_DATABASE to another, or leave it empty"
        raise CannotStart(msg) from error


def head_of(settings: Settings) -> Path | None:
    """Return where the journal's last line is noted; None if the database is no file."""
    return head_file(_url(settings))


@contextlib.contextmanager
def look(settings: Settings) -> Iterator[Connection]:
    """Look at the database without changing it, a running Foulard's too.

    Raises
    ------
    CannotStart
        It is not there, or cannot be read; whatever the database says in the block as well.
    """
    try:
        with looking(_url(settings)) as connection:
            yield connection
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        msg = f"{_named(settings)} cannot be read ({_why(error)}); set FOULARD_DATA to the folder that holds it"
        raise CannotStart(msg) from error


def existing_store(settings: Settings) -> Store:
    """Open a database that is there already, as `open_store` does; raises `CannotStart`."""
    with look(settings):
        return open_store(settings)


def _url(settings: Settings) -> str | URL:
    return settings.database or in_folder(settings.data)


def _named(settings: Settings) -> str:
    if not settings.database:
        return f"the database {settings.data / 'foulard.db'}"
    try:
        return f"the database {make_url(settings.database)}"  # hides the password
    except ArgumentError:
        return "the database of FOULARD_DATABASE"


def _why(error: Exception) -> str:
    """Return the first line of what the driver says, without the library's own words."""
    said = str(error.orig) if isinstance(error, DBAPIError) and error.orig is not None else str(error)
    return said.strip().splitlines()[0].lower()
