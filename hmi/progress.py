"""Progress and results in a terminal."""

import sys
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from controller.desk import JobRecord

UNBOUNDED = 10_000  # columns of a file or a pipe: nothing is cut off there


class Progress:
    """One bar per stage on stderr; nothing at all when nobody looks."""

    def __init__(self) -> None:
        self._bars = Bars(
            TextColumn("{task.description:12}"), BarColumn(40), TaskProgressColumn(), TimeElapsedColumn(),
            TextColumn("{task.fields[state]}"), console=Console(stderr=True), disable=not sys.stderr.isatty(),
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        """Begin."""
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End."""
        self._bars.stop()

    def show(self, record: JobRecord) -> None:
        """Show where a job is."""
        for item in record.operations:
            if item.stage not in self._tasks:
                self._tasks[item.stage] = self._bars.add_task(item.stage, total=item.length_m, state="")
            done = item.length_m if item.status == "done" else item.metres
            self._bars.update(self._tasks[item.stage], completed=done, state=item.state or item.status)


def table(outcome: dict[str, Any]) -> None:
    """Print a result for people."""
    console = Console(width=None if sys.stdout.isatty() else UNBOUNDED)
    for name, value in outcome.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = Table(title=name, title_justify="left")
            for column in value[0]:
                rows.add_column(column, overflow="fold")
            for row in value:
                rows.add_row(*(escape(str(cell)) for cell in row.values()))
            console.print(rows)
        else:
            console.print(f"[dim]{name}[/dim]  {escape(str(value))}", highlight=False, soft_wrap=True)
