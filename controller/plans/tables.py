"""What the line remembers of its plans."""

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import JSON
from sqlmodel import Column, Field, SQLModel

from controller.tables import UtcTime

PlanMode = Literal["first-come", "release", "automatic"]
"""How the line uses plans: not at all; once a planner has released one; or always the newest."""


class PlanRow(SQLModel, table=True):
    """The newest proposal, and the plan that is released: one row each, by their kind."""

    __tablename__ = "plan"  # pyright: ignore[reportAssignmentType]

    kind: str = Field(primary_key=True, max_length=12)
    content: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    by: str = Field(default="", max_length=64)
    at: datetime | None = Field(default=None, sa_type=UtcTime)  # type: ignore[call-overload]


class PinRow(SQLModel, table=True):
    """What a person has pinned of an operation: its place at the head of its machine's queue, or its earliest start."""

    __tablename__ = "pin"  # pyright: ignore[reportAssignmentType]

    operation_id: int = Field(primary_key=True, foreign_key="operation.id")
    rank: int | None = None
    not_before: datetime | None = Field(default=None, sa_type=UtcTime)  # type: ignore[call-overload]
    by: str = Field(max_length=64)
    at: datetime = Field(sa_type=UtcTime)  # type: ignore[call-overload]


class ForecastRow(SQLModel, table=True):
    """What was expected of an operation when it began; `nominal_min` is by length and speed alone."""

    __tablename__ = "forecast"  # pyright: ignore[reportAssignmentType]

    operation_id: int = Field(primary_key=True, foreign_key="operation.id")
    nominal_min: float
    start: datetime = Field(sa_type=UtcTime)  # type: ignore[call-overload]
    end: datetime = Field(sa_type=UtcTime)  # type: ignore[call-overload]
