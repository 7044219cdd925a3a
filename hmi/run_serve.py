"""`foulard serve`: controller and browser app on a line that is there."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from controller import load_line
from controller.line import DEFAULT_LINE
from hmi.northbound import northbound
from hmi.serve import address, application, listen, serve
from hmi.settings import Settings


async def run(settings: Settings, line: Path | None, say: Callable[[str], None], *, standby: bool = False) -> None:
    """Run until SIGINT or SIGTERM; raises `CannotStart`, `LineError` or `LineTaken` with a message for people."""
    described = load_line(line or DEFAULT_LINE)
    with contextlib.closing(listen(settings.host, settings.port)) as listening:
        async with application(settings, described, say if standby else None) as (app, password):
            say(f"Foulard runs {described.title} at {address(listening)}")
            if password:
                say(f"sign in as admin with {password} (shown this once; change it with: foulard user admin)")
            async with northbound(settings, app.controller, app.accounts) as endpoint:
                if endpoint:
                    say(f"the line is an OPC UA server at {endpoint} (trusted clients: {settings.data}/opcua/trusted)")
                await serve(app, listening)
