"""Runs the migrations on the connection the store hands over."""

from alembic import context
from sqlmodel import SQLModel

from controller import tables
from controller.plans import tables as _plans  # noqa: F401 (its tables belong to the metadata)

assert tables.Job.metadata is SQLModel.metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=SQLModel.metadata,
                  render_as_batch=True)  # fmt: skip
with context.begin_transaction():
    context.run_migrations()
