"""A database from before jobs had a table of states opens with its jobs where they were."""

import json
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlmodel import select

from controller import Store
from controller.store import MIGRATIONS, in_folder
from controller.tables import Job, Operation

BEFORE = "0004"
OLD = (
    ("queued", "run", "queued"), ("queued", "hold", "parked"), ("ripping", "hold", "parked"),
    ("running", "run", "running"), ("held", "hold", "held"), ("running", "cancel", "cancelling"),
    ("complete", "run", "complete"), ("cancelled", "cancel", "cancelled"),
)  # fmt: skip


def test_old_jobs_have_the_states_and_quantities_of_new_ones(tmp_path: Path) -> None:
    engine = sa.create_engine(in_folder(tmp_path))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    at = "2026-01-01 00:00:00"
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        connection.exec_driver_sql(f"INSERT INTO 'order' VALUES (1, 'old', 'anna', '{at}')")
        for number, (status, want, _) in enumerate(OLD, start=1):
            layout = {"pieces": 4} if number == 1 else {}
            job = {"id": number, "order_id": 1, "title": "old", "fabric": "silk-twill", "control_recipe": "{}",
                   "designs": json.dumps(["a", "b"]), "layout": json.dumps(layout), "length_m": 2.5, "status": status,
                   "want": want, "raster_meta": "{}", "planned_ml": "{}", "inspected_rows": 0, "inspection": "",
                   "grade": "{}", "created_by": "anna", "created_at": at}  # fmt: skip
            connection.execute(sa.text(f"INSERT INTO job ({', '.join(job)}) VALUES (:{', :'.join(job)})"), job)
        operation = {"job_id": 1, "stage": "print", "machine": "press", "protocol": "opcua", "ticket": 1,
                     "status": "waiting", "state": "", "metres": 0,
                     "actuals": '{"residual_moisture_pct": 8.2}'}  # fmt: skip
        connection.execute(
            sa.text(f"INSERT INTO operation ({', '.join(operation)}) VALUES (:{', :'.join(operation)})"), operation
        )
    engine.dispose()
    store = Store.in_folder(tmp_path)
    with store.read() as session:
        jobs = session.exec(select(Job).order_by(Job.id)).all()  # pyright: ignore[reportArgumentType]
        assert [job.status for job in jobs] == [after for _, _, after in OLD]
        assert [job.ordered for job in jobs] == [8, *[2.5] * 7]
        assert {(job.priority, job.due_at, job.needs_approval, job.cut_m) for job in jobs} == {(0, None, False, None)}
        operation = session.exec(select(Operation)).one()
        assert (operation.length_m, operation.wettest_pct) == (2.5, 8.2)
    columns = sa.inspect(store.engine)
    for table in (Job, Operation):
        name = str(table.__tablename__)
        assert {column["name"] for column in columns.get_columns(name)} == set(table.model_fields), name
    store.close()
