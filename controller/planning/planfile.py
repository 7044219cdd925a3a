"""What a planning file holds: stages, machines, jobs, set-up rules, shelf lives, campaigns, pins and weights.

The file is JSON. Times are ISO 8601 with an offset, durations whole minutes. ``foulard plan schema`` publishes it.
"""

from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, field_validator, model_validator

Name = Annotated[str, Field(min_length=1, max_length=80)]
Value = StrictBool | int | float | str
Minutes = Annotated[int, Field(ge=0, le=1_000_000)]
Clock = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
YEARS = 1900, 9000
"""Plans begin and end between these."""
WEEK: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Part(BaseModel):
    """What all parts of the file share: an unknown key is an error, and nothing changes after it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Shift(Part):
    """Hours in which a machine is staffed, on each of the days, in the file's time zone.

    A shift whose end is not after its beginning goes on into the next day.
    """

    days: tuple[Day, ...] = WEEK
    begin: Clock = Field(alias="from")
    end: Clock = Field(alias="to")


class Closed(Part):
    """A window in which a machine cannot be used: maintenance, cleaning, a holiday."""

    begin: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")
    why: str = ""

    @model_validator(mode="after")
    def _ordered(self) -> "Closed":
        if self.end <= self.begin:
            raise ValueError(f"ends at {self.end} and begins at {self.begin}; give an end after the beginning")
        return self


class Machine(Part):
    """One machine of a stage.

    Attributes
    ----------
    state
        What it is set up for when the plan begins; an attribute left out is not known and costs no set-up.
    shifts
        When it is staffed; always, if there are none.
    may_pause
        Whether an operation may stand still while the machine is closed, as a press may and a steamer may not.
    """

    name: Name
    stage: Name
    state: dict[str, Value] = {}
    shifts: tuple[Shift, ...] = ()
    maintenance: tuple[Closed, ...] = ()
    may_pause: bool = False


class Pin(Part):
    """What a person has fixed of an operation: its machine, its start, or both."""

    machine: Name | None = None
    start: AwareDatetime | None = None

    @model_validator(mode="after")
    def _something(self) -> "Pin":
        if self.machine is None and self.start is None:
            raise ValueError("fixes nothing; give machine, start or both")
        return self


class Operation(Part):
    """One stage of a job: minutes on every machine of the stage, or for each machine that can do it."""

    stage: Name
    minutes: Annotated[int, Field(ge=1, le=1_000_000)] | dict[Name, Annotated[int, Field(ge=1, le=1_000_000)]]
    pin: Pin | None = None


class Job(Part):
    """A job: when its cloth is there, when it is due, what a minute of lateness weighs, and its way."""

    name: Name
    release: AwareDatetime | None = None
    due: AwareDatetime | None = None
    weight: float = Field(default=1.0, ge=0, le=1e6)
    attributes: dict[str, Value] = {}
    operations: tuple[Operation, ...] = Field(min_length=1)


class SetupRule(Part):
    """What has to be done on a stage's machine between two operations, because an attribute differs.

    Of all rules that apply to a change, the longest counts: a new width includes the new cloth. The litres of the rule
    that dumps most are dumped.

    Attributes
    ----------
    when
        ``change``: another value. ``rises`` / ``falls``: a number greater / smaller by more than ``by``. ``always``:
        before every operation.
    minutes, litres
        One number, or a matrix: from value, to value. A pair that a matrix leaves out costs nothing.
    source
        Where the figure comes from.
    """

    stage: Name
    attribute: str = ""
    when: Literal["change", "rises", "falls", "always"] = "change"
    by: float = Field(default=0.0, ge=0)
    minutes: Minutes | dict[str, dict[str, Minutes]] = 0
    litres: Annotated[float, Field(ge=0, le=1e6)] | dict[str, dict[str, Annotated[float, Field(ge=0, le=1e6)]]] = 0.0
    machines: tuple[Name, ...] = ()
    source: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> "SetupRule":
        if self.when != "always" and not self.attribute:
            raise ValueError(f"{self.when!r} needs an attribute")
        if self.when != "change" and (isinstance(self.minutes, dict) or isinstance(self.litres, dict)):
            raise ValueError(f"a matrix says itself which change costs what; leave out when: {self.when!r}")
        return self


class ShelfLife(Part):
    """The longest wait from the end of one stage to the start of a later one, of jobs with these attributes."""

    begin: Name = Field(alias="from")
    end: Name = Field(alias="to")
    hours: float = Field(gt=0, le=1e5)
    only: dict[str, Value] = {}


class Campaign(Part):
    """Minutes that a machine of a stage should run with one value of an attribute before it changes."""

    stage: Name
    attribute: str
    minutes: int = Field(gt=0)


class PinnedOrder(Part):
    """Jobs that a person has put into an order on a machine.

    Others may come between, if that is better; with `first` they come before all others. That needs a stage of one
    machine: with several, those that come first have a machine of their own.
    """

    machine: Name
    jobs: tuple[Name, ...] = Field(min_length=1)
    first: bool = False

    @model_validator(mode="after")
    def _an_order(self) -> "PinnedOrder":
        if len(self.jobs) == 1 and not self.first:
            raise ValueError(f"{self.jobs[0]} alone has no order; give two jobs or more, or first: true")
        return self


class Weights(Part):
    """What the plan is judged by: points for each.

    Attributes
    ----------
    setup_min, tardiness_min, dumped_l
        A minute of set-up; a minute of tardiness of a job of weight 1; a litre of liquor dumped.
    shelf_min, pin_min, campaign_min
        A minute that a shelf life is passed by, a pinned start is missed by, or a campaign is too short by.
    """

    setup_min: float = Field(default=1.0, ge=0, le=1e6)
    tardiness_min: float = Field(default=1.0, ge=0, le=1e6)
    dumped_l: float = Field(default=0.0, ge=0, le=1e6)
    shelf_min: float = Field(default=20.0, gt=0, le=1e6)
    pin_min: float = Field(default=1000.0, gt=0, le=1e6)
    campaign_min: float = Field(default=0.2, ge=0, le=1e6)


class PlanFile(Part):
    """A whole planning problem.

    Attributes
    ----------
    start
        When the plan begins; nothing is planned before.
    stages
        In the order of the route; a job may leave stages out.
    setups
        The set-up rules; those from practice (`DEFAULT_SETUPS`), if left out.
    horizon_days
        So far the calendars are known; later every machine counts as open, and a warning says so.
    """

    start: AwareDatetime
    time_zone: str = "UTC"
    horizon_days: int = Field(default=120, ge=1, le=730)
    stages: tuple[Name, ...] = Field(min_length=1)
    machines: tuple[Machine, ...] = Field(min_length=1)
    jobs: tuple[Job, ...] = Field(min_length=1)
    setups: tuple[SetupRule, ...] | None = None
    shelf_lives: tuple[ShelfLife, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    pinned_orders: tuple[PinnedOrder, ...] = ()
    weights: Weights = Weights()

    @field_validator("start")
    @classmethod
    def _in_utc(cls, start: datetime) -> datetime:
        if not YEARS[0] <= start.year < YEARS[1]:  # beyond, some minutes of a plan have no date in every time zone
            raise ValueError(f"lies outside the years {YEARS[0]} to {YEARS[1] - 1}; give one of them")
        return start.astimezone(UTC)

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no time zone is called {name!r}; give one like Europe/Rome or UTC") from error
        return name


def schema() -> dict[str, object]:
    """Return the JSON Schema of a planning file."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **PlanFile.model_json_schema(by_alias=True)}
