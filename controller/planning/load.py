"""From the text of a planning file to what it holds; whatever is wrong with it is one line that names the key."""

import json
import sys
from collections import Counter
from difflib import get_close_matches
from typing import Any, cast

from pydantic import ValidationError

from controller.planning.names import PlanError
from controller.planning.planfile import Part, PlanFile

URGENT = {"extra_forbidden": 0, "finite_number": 1}
"""What is told first: an unknown key says more than that the right one is missing, and no number more than no name."""

SAID = {
    "model_type": "is no object; give one with start, stages, machines and jobs",
    "too_short": "is empty; give one or more",
    "timezone_aware": "has no offset from UTC; give a time like 2026-03-02T06:00+01:00",
    "datetime_from_date_parsing": "is no time; give one like 2026-03-02T06:00+01:00",
    "datetime_parsing": "is no time; give one like 2026-03-02T06:00+01:00",
}
"""Words for what people meet most, by pydantic's kinds of error; its own for the rest."""

VALUE_LONGEST = 60
"""Characters of a wrong value that are told."""


def parse(text: str) -> PlanFile:
    """Read a planning file.

    Raises
    ------
    PlanError
        It is not JSON, a key is unknown, missing or of the wrong kind.
    """
    try:
        data = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise PlanError(f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise PlanError("is nested too deeply for a planning file") from error
    except PlanError:
        raise
    except ValueError as error:  # the only other that reading JSON raises
        raise PlanError(f"holds a number of more than {sys.get_int_max_str_digits()} digits") from error
    try:
        return PlanFile.model_validate(data)
    except ValidationError as error:
        raise PlanError(_first(error, data)) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for name, times in Counter(name for name, _ in pairs).items():
        if times > 1:
            raise PlanError(f"{name}: the key is there {times} times in one object")
    return dict(pairs)


def _first(error: ValidationError, data: object) -> str:
    found = min(error.errors(include_url=False), key=lambda one: URGENT.get(one["type"], len(URGENT)))
    kind, value, path = found["type"], found["input"], _path(found["loc"], data)
    key = ".".join(map(str, path)) or "the file"
    if kind == "missing":
        return f"{'.'.join(map(str, (*path, found['loc'][-1])))}: is missing"
    if kind == "extra_forbidden":
        parts = [PlanFile] if len(path) == 1 else Part.__subclasses__()
        known = {field.alias or name for part in parts for name, field in part.model_fields.items()}
        close = get_close_matches(str(path[-1]), known - {path[-1]}, 1)
        return f"{key}: unknown key" + (f"; did you mean {close[0]!r}?" if close else "; see the schema")
    message = SAID.get(kind) or " ".join(str(found["msg"]).removeprefix("Value error, ").split())
    if not isinstance(value, (str, int, float)):
        return f"{key}: {message}"
    told = repr(value)
    return f"{key}: {message} (it is {told if len(told) <= VALUE_LONGEST else told[:VALUE_LONGEST] + '…'})"


def _path(location: tuple[int | str, ...], data: Any) -> list[int | str]:
    """Return the keys and numbers that lead to a place in the file, without the kinds that were tried there."""
    path: list[int | str] = []
    for part in location:
        inside = part in data if isinstance(data, dict) else isinstance(data, list) and part in range(len(data))
        if inside:
            data = cast("Any", data)[part]
            path.append(part)
    return path
