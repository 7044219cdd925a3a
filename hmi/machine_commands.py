"""Commands for a technician with a machine: `foulard machine check`, `try` and `schema`."""

import asyncio
import json
import sys
from typing import Annotated

import typer

from hmi.errors import BAD_INPUT
from hmi.output import AsJson, tell

machine = typer.Typer(help="Write and try the profile of a machine.", no_args_is_help=True, rich_markup_mode=None)

Profile = Annotated[str, typer.Argument(metavar="FILE", help="A profile (YAML), or the name of a shipped one.")]


@machine.command("check")
def check(profile: Profile) -> None:
    """Say what a profile holds; or each of its faults with file and line, and exit code 2."""
    from drivers import ProfileError
    from hmi.machine_tools import check as checked

    try:
        tell(checked(profile), as_json=False)
    except ProfileError as error:
        for fault in error.faults or (error,):
            print(fault, file=sys.stderr)
        raise typer.Exit(BAD_INPUT) from error


@machine.command("try")
def try_(
    profile: Profile,
    endpoint: Annotated[str, typer.Option(help="opc.tcp://HOST:PORT or modbus://HOST:PORT.")],
    as_json: AsJson = False,
) -> None:
    """Read a machine once by a profile, write nothing, and say what does not answer as declared (exit code 1)."""
    from hmi.machine_tools import told, try_profile

    outcome = asyncio.run(try_profile(profile, endpoint))
    print(json.dumps(outcome, ensure_ascii=False) if as_json else "\n".join(told(outcome)))
    if outcome["faults"] or not outcome["reachable"]:
        raise typer.Exit(1)


@machine.command("schema")
def schema() -> None:
    """Print the JSON Schema of a profile, for an editor that completes and checks while you write."""
    from drivers import profile_schema

    print(json.dumps(profile_schema(), indent=2, ensure_ascii=False))
