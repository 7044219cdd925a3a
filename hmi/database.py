"""Opens the database that the settings name, for whoever needs it: the server and the account commands alike."""

from alembic.util import CommandError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from controller import Store
from controller.feed import Feed
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
