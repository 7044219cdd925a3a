"""The whole line on one machine: simulated plant, controller, API and browser app, with a first job."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import rip
from controller import Actor, Controller, JobRequest, load_line
from hmi.designs import samples
from hmi.errors import BadInput
from hmi.northbound import northbound
from hmi.operator import simulated_operator
from hmi.serve import address, application, check_folder, listen, serve
from hmi.settings import Settings
from hmi.state import App
from hmi.uploads import keep_file
from simulators import Plant

WALK_S = 2.0
"""The simulated operator's way to a machine, s."""

FABRIC = "silk-twill"
"""Fabric of the job a new demonstration begins with."""


async def demo(
    settings: Settings, speed: float, faults: str, length_m: float, design: str, say: Callable[[str], None]
) -> None:
    """Run until SIGINT or SIGTERM.

    Parameters
    ----------
    settings
        Where to listen and where the data is.
    speed
        Plant seconds per second; infinity: as fast as computing allows.
    faults
        Faults of the simulated print.
    length_m
        Metres of the first job.
    design
        Name of the sample it shows.
    say
        Prints one line for people.

    Raises
    ------
    BadInput
        There is no such sample.
    CannotStart
        The port is taken, the disk full or the folder not writable.
    """
    titles = {sample.name: sample.title for sample in samples()}
    if design not in titles:
        msg = f"--design {design} is no sample: give one of {', '.join(titles)}"
        raise BadInput(msg)
    listening = listen(settings.host, settings.port)
    with contextlib.closing(listening):
        check_folder(settings.data)
        say("starting the simulated plant …")
        async with (
            Plant(settings.data.resolve() / "plant", speed, faults, client=settings.data.resolve()) as plant,
            application(settings, load_line().at(plant.endpoints)) as (app, password),
            _operator(app.controller),
            northbound(settings, app.controller, app.accounts) as endpoint,
        ):
            await asyncio.to_thread(_first_job, app, design, titles[design], length_m)
            say(f"Foulard runs at {address(listening)}")
            if password:
                say(f"sign in as admin with {password} (shown this once; change it with: foulard user admin)")
            else:
                say("sign in as before; a lost password is replaced with: foulard user admin")
            if endpoint:
                say(f"the line is an OPC UA server at {endpoint} (trusted clients: {settings.data}/opcua/trusted)")
            say("Ctrl-C ends everything")
            await serve(app, listening)
            say("ending …")


@contextlib.asynccontextmanager
async def _operator(controller: Controller) -> AsyncIterator[None]:
    task = asyncio.create_task(simulated_operator(controller, WALK_S))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _first_job(app: App, name: str, title: str, length_m: float) -> None:
    actor = Actor("demonstration", "planner")
    if app.controller.desk.jobs(actor):
        return
    design = keep_file(app.samples[name], app.settings.data / "designs").path
    app.controller.desk.submit(actor, JobRequest((design,), FABRIC, rip.Layout(), length_m, f"{title}, first metres"))
