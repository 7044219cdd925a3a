"""Where the historian's memory lies in the one database."""

from sqlalchemy import BigInteger, Column, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


class HistoryTag(SQLModel, table=True):
    """A tag of a machine that something is kept of; blocks name it by its number."""

    __tablename__ = "history_tag"  # pyright: ignore[reportAssignmentType]
    __table_args__ = (UniqueConstraint("machine", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    machine: str = Field(max_length=32)
    name: str = Field(max_length=64)


class HistoryBlock(SQLModel, table=True):
    """One clock hour, from 1970 in UTC, of one tag in one step: 1 s (samples), 60 s or 3600 s (roll-ups)."""

    __tablename__ = "history_block"  # pyright: ignore[reportAssignmentType]

    tag_id: int = Field(primary_key=True, foreign_key="history_tag.id")
    step_s: int = Field(primary_key=True)
    hour: int = Field(primary_key=True)
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class HistoryNote(SQLModel, table=True):
    """What was kept in a few seconds of an hour that is not packed yet; gone when it is.

    All tags are known up to second `until`, also those that nothing is noted of.
    """

    __tablename__ = "history_note"  # pyright: ignore[reportAssignmentType]

    id: int | None = Field(default=None, primary_key=True)
    hour: int = Field(index=True)
    until: int = Field(sa_column=Column(BigInteger, nullable=False))
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
