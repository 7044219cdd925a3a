"""Settings of a running Foulard, from the environment (`FOULARD_…`)."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args, get_origin

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hmi.errors import BadInput

DEFAULT_SHIFTS = "early 06:00, late 14:00, night 22:00"
"""Three shifts of eight hours. Default from practice."""

EXAMPLES = {
    "shifts": f"names and beginnings like {DEFAULT_SHIFTS!r}, in the order of the day",
    "time_zone": "a zone like Europe/Rome or UTC",
}
"""What settings may be that have a form of their own."""
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
    jobs_need_approval
        Whether every job must be approved, by somebody other than who submitted it, before it is printed.
    opcua_port
        Port of the whole line as an OPC UA server, for SCADA and MES; empty: there is none.
    opcua_host
        Its address; this machine only unless said otherwise.
    opcua_anonymous
        Whether clients with a trusted certificate may read without an account.
    opcua_writable
        Whether clients may hold, run and cancel jobs, as far as their account's role goes.
    plan
        first-come: the oldest job first, and no plans. release: plans are proposed, and the line follows the one that a
        planner has released; without one the oldest job comes first. automatic: it follows the newest proposal.
    shifts
        The shifts that figures are cut into: names and beginnings, each until the next one.
    time_zone
        Of the shifts' hours.
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
    jobs_need_approval: bool = False
    opcua_port: int | None = Field(default=None, ge=0, le=65535)
    opcua_host: str = "127.0.0.1"
    opcua_anonymous: bool = False
    opcua_writable: bool = False
    plan: Literal["first-come", "release", "automatic"] = "release"
    shifts: str = DEFAULT_SHIFTS
    time_zone: str = "UTC"

    @field_validator("shifts", "time_zone")
    @classmethod
    def _usable(cls, value: str, info: ValidationInfo) -> str:
        from controller.figures.shifts import read_shifts, zone_of  # here, for most commands need no controller

        if info.field_name == "time_zone":
            zone_of(value)
        else:
            read_shifts(value)
        return value

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
    if get_origin(field.annotation) is Literal:
        return f"one of {', '.join(get_args(field.annotation))}"
    if name in EXAMPLES:
        return EXAMPLES[name]
    limits = {kind: getattr(limit, kind) for limit in field.metadata for kind in ("ge", "le") if hasattr(limit, kind)}
    if "le" in limits:
        return f"a whole number from {limits['ge']} to {limits['le']}"
    return f"a whole number from {limits['ge']}" if limits else "another value"
