"""Settings of a running Foulard, from the environment (`FOULARD_…`)."""

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from hmi.errors import BadInput

if TYPE_CHECKING:
    from controller.history import Keeping


class Settings(BaseSettings):
    """Where Foulard listens and keeps its data.

    Attributes
    ----------
    host, port
        Address of the API and the browser app; this machine only unless said otherwise.
    data
        Folder of the database, rasters, pictures, certificates and secrets.
    secrets
        Folder with one file per machine, named like it, with the password of Foulard's user there, for this user
        alone. Empty: `secrets` in `data`.
    database
        SQLAlchemy URL; empty: SQLite in `data`.
    secure_cookie
        Set to true behind TLS, so that the session cookie never travels in the clear.
    max_upload_mb
        Largest design that is taken.
    opcua_port
        Port of the whole line as an OPC UA server, for SCADA and MES; empty: there is none.
    opcua_host
        Its address; this machine only unless said otherwise.
    opcua_anonymous
        Whether clients with a trusted certificate may read without an account.
    opcua_writable
        Whether clients may hold, run and cancel jobs, as far as their account's role goes.
    history_days, history_minutes_days, history_hours_days
        For how many days what machines showed is kept: each change, minutes, hours (see `docs/history.md`).
    """

    model_config = SettingsConfigDict(env_prefix="FOULARD_", extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    data: Path = Path(".foulard")
    secrets: Path | None = None
    database: str = ""
    secure_cookie: bool = False
    max_upload_mb: int = Field(default=512, ge=1)
    opcua_port: int | None = Field(default=None, ge=0, le=65535)
    opcua_host: str = "127.0.0.1"
    opcua_anonymous: bool = False
    opcua_writable: bool = False
    history_days: int = Field(default=90, ge=1, le=36500)
    history_minutes_days: int = Field(default=90, ge=1, le=36500)
    history_hours_days: int = Field(default=730, ge=1, le=36500)

    @property
    def keeping(self) -> "Keeping":
        """For how long what machines showed is kept."""
        from controller.history import Keeping  # here, for most commands need no controller

        return Keeping(self.history_days, self.history_minutes_days, self.history_hours_days)


def read_settings() -> Settings:
    """Return the settings of the environment; raises `BadInput` naming the variable, its value and what it may be."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        name = str(first["loc"][0])
        msg = f"FOULARD_{name.upper()}={first['input']!s:.60} is not possible; give {_possible(name)}"
        raise BadInput(msg) from error


def _possible(name: str) -> str:
    """Say what a setting may be, from its own declaration."""
    field = Settings.model_fields[name]
    if field.annotation is bool:
        return "true or false"
    limits = {kind: getattr(limit, kind) for limit in field.metadata for kind in ("ge", "le") if hasattr(limit, kind)}
    if "le" in limits:
        return f"a whole number from {limits['ge']} to {limits['le']}"
    return f"a whole number from {limits['ge']}" if limits else "another value"
