"""The state of a press's nozzles as a file holds it: which do not print, and the gain of each."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from rip.nozzles import GAIN_MAX, Nozzles

MOST_BYTES = 32_000_000
"""Gains of 12 inks on the widest press take 20 MB of text."""

Number = Annotated[int, Field(ge=0)]


class NozzleError(ValueError):
    """A file that does not say the state of this press's nozzles; the message says where and what to do."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    dead: dict[str, tuple[Number, ...]] = {}
    gain: dict[str, tuple[FiniteFloat, ...]] = {}


def read_nozzles(data: bytes, inks: Sequence[str], width_px: int) -> Nozzles:
    """Read the state of a press's nozzles.

    Parameters
    ----------
    data : bytes
        JSON: `{"dead": {"cyan": [1200, 1201]}, "gain": {"black": [1.0, 1.02, …]}}`. Nozzles count from 0 at the left
        edge of the print; an ink's gains are one for each of its nozzles, 0..1.25, and 1 for an ink left out.
    inks : sequence of str
        Of the press, in order.
    width_px : int
        Nozzles per ink.

    Raises
    ------
    NozzleError
    """
    if len(data) > MOST_BYTES:
        raise NozzleError(f"it has {len(data) / 1e6:.0f} MB, at most {MOST_BYTES / 1e6:.0f} MB are read")
    try:
        file = _File.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise NozzleError(f"{where or 'file'}: {first['msg'].lower()}") from None
    for name in (*file.dead, *file.gain):
        if name not in inks:
            raise NozzleError(f"ink {name!r:.60} is none of the press's: {', '.join(inks)}")
    gain = np.ones((len(inks), width_px))
    for at, name in enumerate(inks):
        gains = file.gain.get(name, ())
        if gains and len(gains) != width_px:
            raise NozzleError(f"gain.{name} has {len(gains)} values, one for each of {width_px} nozzles is needed")
        if gains and not 0 <= min(gains) <= max(gains) <= GAIN_MAX:
            raise NozzleError(f"gain.{name} goes from {min(gains):g} to {max(gains):g}: give 0 to {GAIN_MAX:g}")
        gain[at] = gains or 1.0
    try:
        dead = tuple(tuple(sorted(set(file.dead.get(name, ())))) for name in inks)
        return Nozzles(width_px, dead, gain if file.gain else None)
    except ValueError as error:
        raise NozzleError(str(error)) from None
