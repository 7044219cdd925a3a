"""What the line remembers: the tables of the one database."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, TypeDecorator, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlmodel import Column, Field, SQLModel


def now() -> datetime:
    """Return the time, timezone-aware, in UTC."""
    return datetime.now(UTC)


class UtcTime(TypeDecorator[datetime]):
    """A point in time that comes back timezone-aware in UTC from every database, SQLite included."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store UTC; ValueError for a time without a zone, which is a mistake of the caller."""
        if value is not None and value.tzinfo is None:
            msg = f"a time without a zone cannot be stored: {value.isoformat()}"
            raise ValueError(msg)
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give UTC back."""
        return None if value is None else value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _time(**options: Any) -> Any:
    return Field(sa_type=UtcTime, **options)  # type: ignore[call-overload]


def _json(default: type[list] | type[dict]) -> Any:
    return Field(default_factory=default, sa_column=Column(JSON, nullable=False))


class User(SQLModel, table=True):
    """A person who may sign in. Only the argon2 hash of the password is kept."""

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=64)
    role: str = Field(max_length=20)
    password_hash: str
    created_at: datetime = _time(default_factory=now)


class SignedIn(SQLModel, table=True):
    """A running session; the cookie's token is kept as its SHA-256 only."""

    __tablename__ = "signed_in"  # pyright: ignore[reportAssignmentType]

    token_sha256: str = Field(primary_key=True, max_length=64)
    user_id: int = Field(foreign_key="user.id", index=True)
    created_at: datetime = _time(default_factory=now)
    expires_at: datetime = _time()


class Holding(SQLModel, table=True):
    """The one row that says which controller commands the line; see `controller.lease`."""

    id: int = Field(primary_key=True)
    holder: str = Field(max_length=120)
    epoch: int
    beat: int


class Order(SQLModel, table=True):
    """What a studio asked for; its jobs carry it out."""

    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(max_length=120)
    created_by: str = Field(max_length=64)
    created_at: datetime = _time(default_factory=now)


class Job(SQLModel, table=True):
    """One layout on one fabric, so many metres, with its frozen control recipe.

    `ordered` counts pieces, or metres of a job by the metre; `length_m` is what is printed for it, over-run included.
    `cut_m` is where a print under way is to end. `approved_by` let it be printed, `accepted_by` approved its result.
    `strike_off_id` is the job whose acceptance this one waits for, `made_from_id` the one it was made from.
    `inspected_rows` of the print have been looked at, the last of them in leg `inspected_leg` (see `controller.way`).
    """

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(foreign_key="order.id", index=True)
    title: str = Field(max_length=120)
    fabric: str = Field(max_length=64)
    control_recipe: dict[str, Any] = _json(dict)
    designs: list[str] = _json(list)
    layout: dict[str, Any] = _json(dict)
    length_m: float
    ordered: float = 0.0
    overrun_pct: float = 0.0
    seconds_pct: float = 0.0
    priority: int = 0
    due_at: datetime | None = _time(default=None)
    needs_approval: bool = False
    approved_by: str | None = Field(default=None, max_length=64)
    approved_at: datetime | None = _time(default=None)
    accepted_by: str | None = Field(default=None, max_length=64)
    accepted_at: datetime | None = _time(default=None)
    strike_off_id: int | None = Field(default=None, index=True)
    made_from_id: int | None = None
    status: str = Field(default="queued", max_length=12, index=True)
    want: str = Field(default="run", max_length=8)
    cut_m: float | None = None
    error: str | None = None
    raster: str | None = None
    raster_sha256: str | None = None
    total_rows: int | None = None
    mm_per_row: float | None = None
    raster_meta: dict[str, Any] = _json(dict)
    planned_ml: dict[str, float] = _json(dict)
    inspected_leg: int = 0
    inspected_rows: int = 0
    inspection: str = ""
    grade: dict[str, Any] = _json(dict)
    created_by: str = Field(max_length=64)
    created_at: datetime = _time(default_factory=now)
    ended_at: datetime | None = _time(default=None)


class Roll(SQLModel, table=True):
    """A physical piece of cloth with an identity: the one that a job makes, or one of a lot that was delivered."""

    id: int | None = Field(default=None, primary_key=True)
    job_id: int | None = Field(default=None, foreign_key="job.id", index=True)
    lot_id: int | None = Field(default=None, foreign_key="lot.id", index=True)
    name: str = Field(unique=True, max_length=32)
    fabric: str = Field(max_length=64)
    length_m: float
    created_at: datetime = _time(default_factory=now)


class Operation(SQLModel, table=True):
    """One stage of a job on its machine. The ticket names it to the machine and is never used twice.

    `wettest_pct` is the most moisture that the machine's gauge has shown of its cloth.

    `length_m` and `metres` are along the cloth. A print that was taken up further back has a new ticket, its `leg`-th
    after the first: it began at row `start_row`, and `behind` is what the machine had counted before it, by tag.
    """

    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id", index=True)
    stage: str = Field(max_length=12)
    machine: str = Field(max_length=32, index=True)
    protocol: str = Field(max_length=16)
    ticket: int = Field(unique=True)
    length_m: float
    status: str = Field(default="waiting", max_length=12, index=True)
    state: str = Field(default="", max_length=20)
    metres: float = 0.0
    actuals: dict[str, float] = _json(dict)
    wettest_pct: float | None = None
    leg: int = 0
    start_row: int = 0
    behind: dict[str, float] = _json(dict)
    started_at: datetime | None = _time(default=None)
    ended_at: datetime | None = _time(default=None)


class Stop(SQLModel, table=True):
    """A place on the roll where the cloth stood still in a machine: a mark on the roll map.

    `at_m` is the machine's own counter, `state` the first that it stood in; without an end it stands there still.
    """

    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id", index=True)
    operation_id: int = Field(foreign_key="operation.id", index=True)
    stage: str = Field(max_length=12)
    state: str = Field(max_length=20)
    at_m: float
    began_at: datetime = _time(default_factory=now)
    ended_at: datetime | None = _time(default=None)


class Gap(SQLModel, table=True):
    """Where a print stopped and a row further back at which it was taken up: what lies between them is cut out.

    `ticket` printed up to `stop_row`; its successor began again at `resume_row`.
    """

    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id", index=True)
    operation_id: int = Field(foreign_key="operation.id", index=True)
    ticket: int
    stop_row: int
    resume_row: int
    decided_by: str = Field(max_length=64)
    made_at: datetime = _time(default_factory=now)


class Question(SQLModel, table=True):
    """What the controller asks a person, once per operation and kind; `row` is the answer to where to go on."""

    id: int | None = Field(default=None, primary_key=True)
    operation_id: int = Field(foreign_key="operation.id", index=True)
    job_id: int = Field(foreign_key="job.id", index=True)
    machine: str = Field(max_length=32)
    kind: str = Field(max_length=40)
    text: str
    answers: list[str] = _json(list)
    asked_at: datetime = _time(default_factory=now)
    answered_at: datetime | None = _time(default=None)
    answer: str | None = None
    answered_by: str | None = None
    row: int | None = None


class Strip(SQLModel, table=True):
    """One inspected strip of the print, as one of its legs printed it."""

    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id", index=True)
    index: int
    leg: int = 0
    row_start: int
    rows: int
    findings: int = 0
    picture: str


class FindingRow(SQLModel, table=True):
    """One defect on the roll, as a leg of the print has it; a running streak is one row that grows."""

    __tablename__ = "finding"  # pyright: ignore[reportAssignmentType]

    id: int | None = Field(default=None, primary_key=True)
    job_id: int = Field(foreign_key="job.id", index=True)
    key: str = Field(max_length=64)
    leg: int = 0
    defect: str = Field(max_length=20)
    at_m: float
    x_mm: float
    length_mm: float
    width_mm: float
    points: int
    picture: str | None = None


class AlarmRow(SQLModel, table=True):
    """One alarm of one machine as it stands; what it means says the device profile or the controller's own table."""

    __tablename__ = "alarm"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("machine", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    machine: str = Field(max_length=32)
    name: str = Field(max_length=64)
    standing: str = Field(default="A", max_length=8)
    cover: str = Field(default="", max_length=1)
    occurrence: int = 0
    active_at: datetime | None = _time(default=None)
    returned_at: datetime | None = _time(default=None)
    acknowledged_at: datetime | None = _time(default=None)
    acknowledged_by: str | None = Field(default=None, max_length=64)
    covered_at: datetime | None = _time(default=None)
    covered_by: str | None = Field(default=None, max_length=64)
    covered_why: str = Field(default="", max_length=200)
    shelved_until: datetime | None = _time(default=None)
    job_id: int | None = None


class Event(SQLModel, table=True):
    """One line of the journal; `digest` covers this line and the one before."""

    seq: int | None = Field(default=None, primary_key=True)
    time: datetime = _time(default_factory=now)
    actor: str = Field(max_length=64)
    kind: str = Field(max_length=40, index=True)
    machine: str | None = Field(default=None, max_length=32)
    job_id: int | None = Field(default=None, index=True)
    payload: dict[str, Any] = _json(dict)
    before: str = Field(max_length=64)
    digest: str = Field(max_length=64)
