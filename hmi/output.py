"""What commands print: one JSON object, or a table for people."""

import json
from typing import Annotated, Any

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def tell(outcome: dict[str, Any], as_json: bool) -> None:
    """Print what a command came to."""
    if as_json:
        print(json.dumps(outcome, ensure_ascii=False))
        return
    from hmi.progress import table

    table(outcome)
