"""What one kind of machine does with the cloth, besides moving it: nothing, or printing."""

from collections.abc import Sequence
from typing import Any, Protocol

from simulators.faults import Fault
from simulators.plc import Order, Plc
from simulators.printer import spend

__all__ = ["ClothWork", "PlainPrint", "Work"]


class Work(Protocol):
    """What one kind of machine does with the cloth, besides moving it."""

    def refusal(self, order: Order) -> str | None:
        """Why a job cannot be taken, at once."""
        ...

    def begin(self, order: Order) -> None:
        """Prepare a job that Reset has latched."""
        ...

    def prepared(self, plc: Plc) -> Plc | str | None:
        """PLC with the verified job, why it is refused after all, or None: not known yet."""
        ...

    def planned_ml(self, stretches: int) -> Sequence[float]:
        """Ink that each of so many equal stretches of the job will get, ml; empty: this machine does not print."""
        ...

    def waiting(self, plc: Plc) -> bool:
        """Whether the plant's clock is held (it only ever is at ``max``, or while a job is being verified)."""
        ...

    def trouble(self, plc: Plc, faults: Sequence[Fault]) -> None:
        """Take note of the faults that show in the print, each with its metre."""
        ...

    def commit(self, before: Plc, after: Plc, physics: Any) -> Any:
        """Do what happened to the cloth between two moments; returns the physics after it."""
        ...

    def values(self, plc: Plc) -> dict[str, Any]:
        """Further tags to publish."""
        ...


class ClothWork:
    """Cloth runs through and nothing else happens: padder, steamer, washer."""

    def refusal(self, order: Order) -> str | None:
        """A job needs a ticket and a length."""
        if order.ticket == 0:
            return "ticket is 0: write the ticket of the job"
        return None if order.length_m > 0 else f"length_m is {order.length_m:g}: a job is longer than 0 m"

    def begin(self, order: Order) -> None:
        """Nothing to prepare."""

    def prepared(self, plc: Plc) -> Plc | str | None:
        """Always."""
        return plc

    def planned_ml(self, stretches: int) -> Sequence[float]:
        """None."""
        return ()

    def waiting(self, plc: Plc) -> bool:
        """Never."""
        return False

    def trouble(self, plc: Plc, faults: Sequence[Fault]) -> None:
        """Nothing to note."""

    def commit(self, before: Plc, after: Plc, physics: Any) -> Any:
        """Nothing to do."""
        return physics

    def values(self, plc: Plc) -> dict[str, Any]:
        """Nothing to add."""
        return {}


class PlainPrint(ClothWork):
    """A press without a raster: every metre of a job gets the same ink (``ink_ml_m``, one figure per ink)."""

    def __init__(self, ink_ml_m: Sequence[float]) -> None:
        self._ink_ml_m = tuple(ink_ml_m)
        self._length_m = 0.0

    def begin(self, order: Order) -> None:
        """Remember how long the job is."""
        self._length_m = order.length_m

    def planned_ml(self, stretches: int) -> Sequence[float]:
        """The same for all."""
        return (sum(self._ink_ml_m) * self._length_m / stretches,) * stretches

    def commit(self, before: Plc, after: Plc, physics: Any) -> Any:
        """Spend the ink of the metres between two moments."""
        if before.order.ticket != after.order.ticket:
            return physics
        metres = min(after.entered_m, self._length_m) - min(before.entered_m, self._length_m)
        return spend(physics, [ml * metres for ml in self._ink_ml_m]) if metres > 0 else physics

    def values(self, plc: Plc) -> dict[str, Any]:
        """A press without a raster counts no rows."""
        return {"row": 0, "message": plc.message}
