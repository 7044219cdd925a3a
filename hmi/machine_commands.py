"""Commands for a technician with a machine: `foulard machine check`, `try` and `schema`."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from hmi.errors import BAD_INPUT, BadInput
from hmi.output import AsJson, tell
from hmi.settings import read_settings

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
    user: Annotated[str, typer.Option(help="OPC UA: our name on the machine; none if left out.")] = "",
    password_file: Annotated[Path | None, typer.Option(help="File with the password, mode 0600.")] = None,
    certificates: Annotated[
        Path | None,
        typer.Option(help="Folder with own.der and trusted; machines in the data folder (FOULARD_DATA) if left out."),
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="OPC UA: without encryption and user.")] = False,
    as_json: AsJson = False,
) -> None:
    """Read a machine once by a profile, write nothing, and say what does not answer as declared (exit code 1)."""
    from drivers import OPEN, POLICIES, Access
    from hmi.machine_tools import told, try_profile

    if insecure and user:
        raise BadInput("--insecure and --user do not go together: no password is sent in the open")
    if user and password_file is None:
        raise BadInput(f"--user {user} needs --password-file")
    folder = certificates or read_settings().data.resolve() / "machines"
    access = OPEN if insecure else Access(folder, POLICIES, user, password_file)
    outcome = asyncio.run(try_profile(profile, endpoint, access))
    print(json.dumps(outcome, ensure_ascii=False) if as_json else "\n".join(told(outcome)))
    if outcome["faults"] or not outcome["reachable"]:
        raise typer.Exit(1)


@machine.command("schema")
def schema() -> None:
    """Print the JSON Schema of a profile, for an editor that completes and checks while you write."""
    from drivers import profile_schema

    print(json.dumps(profile_schema(), indent=2, ensure_ascii=False))
