"""A job that stands on the line, put there by hand in one transaction: no RIP that runs beside can take it up."""

from sqlmodel import col, select

from controller import control_recipe
from controller.book import Book
from controller.states import State
from controller.tables import Job, Operation, Order


def on_the_line(
    book: Book, fabric: str, length_m: float, *, title: str = "", total_rows: int = 0, priority: int = 0
) -> int:
    """Add a job whose raster is made and whose first machine may begin; returns its number.

    With the highest priority its turn comes before whatever else a server's tests have left.
    """
    job = Job(title=title or fabric, fabric=fabric, control_recipe=control_recipe(fabric).model_dump(mode="json"),
              length_m=length_m, raster="raster", raster_sha256="ab" * 32, total_rows=total_rows,
              priority=priority, mm_per_row=length_m * 1000 / total_rows if total_rows else 0.04)  # fmt: skip
    with book.store.write() as session:
        order = Order(title=job.title, created_by="anna")
        session.add(order)
        session.flush()
        job.order_id = order.id or 0
        book.enter(session, "anna", job, {machine.name: "opcua" for machine in book.line.machines})
        job.status = State.RUNNING
        operations = select(Operation).where(Operation.job_id == job.id).order_by(col(Operation.id))
        session.exec(operations).first().status = "ready"  # pyright: ignore[reportOptionalMemberAccess]
    return job.id or 0
