"""From the text of a planning file to what it holds; whatever is wrong with it is one line that names the key."""

import json
from collections import Counter
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from controller.planning.names import PlanError
from controller.planning.planfile import Part, PlanFile


def parse(text: str) -> PlanFile:
    """Read a planning file.

    Raises
    ------
    PlanError
        It is not JSON, a key is unknown, missing or of the wrong kind.
    """
    try:
        return PlanFile.model_validate(json.loads(text, object_pairs_hook=_once))
    except json.JSONDecodeError as error:
        raise PlanError(f"is not JSON: {error.msg} in line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise PlanError("is nested too deeply for a planning file") from error
    except ValidationError as error:
        raise PlanError(_first(error)) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    for name, times in Counter(name for name, _ in pairs).items():
        if times > 1:
            raise PlanError(f"{name}: the key is there {times} times in one object")
    return dict(pairs)


def _first(error: ValidationError) -> str:
    # an unknown key first: it says more than that the right one is missing
    found = min(error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden")
    key = ".".join(map(str, found["loc"])) or "file"
    if found["type"] == "extra_forbidden":
        parts = [PlanFile] if len(found["loc"]) == 1 else Part.__subclasses__()
        known = {field.alias or name for part in parts for name, field in part.model_fields.items()}
        close = get_close_matches(str(found["loc"][-1]), known - {found["loc"][-1]}, 1)
        return f"{key}: unknown key" + (f"; did you mean {close[0]!r}?" if close else "; see the schema")
    if found["type"] == "missing":
        return f"{key}: is missing"
    message = " ".join(str(found["msg"]).removeprefix("Value error, ").split())
    value = found["input"]
    return f"{key}: {message}" + (f" (it is {value!r})" if isinstance(value, (str, int, float)) else "")
