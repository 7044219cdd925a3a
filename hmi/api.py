"""The REST API: thin routes from HTTP to the controller's door."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, File, Form, Header, HTTPException, Query, Request, Response, UploadFile
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse, HTMLResponse, StreamingResponse

import recipes
import rip
from controller import Actor, JobRequest, Permission, Refused, Want, accept
from controller.request import Terms
from controller.tables import now
from controller.work import draw_tile, survey, surveyed
from hmi import designs, report, schemas, views
from hmi.accounts import SESSION_HOURS, SignInRefused
from hmi.alarm_views import alarm_views
from hmi.metrics import exposition
from hmi.session import COOKIE
from hmi.state import App, app_of
from hmi.uploads import Kept, UploadRefused, keep_file, keep_upload
from rip import PRICE_PER_L

MOST_DESIGNS = 40
"""Designs of one job: a strike-off sheet of a collection; default from practice."""

LONGEST_LAYOUT = 40_000
"""Characters of a layout: the largest colourway takes about half of it."""

_TILES = asyncio.Semaphore(2)
"""Tiles in work at once: people who look must not keep the inspection from the workers."""

Task = TypeVar("Task")
Result = TypeVar("Result")

router = APIRouter(prefix="/api/v1")


def signed_in(request: Request) -> Actor:
    """Return who is asking.

    Raises
    ------
    HTTPException
        401 for everybody who is not signed in.
    """
    actor = app_of(request).accounts.actor(request.cookies.get(COOKIE, ""))
    if actor is None:
        raise HTTPException(401, "sign in first")
    return actor


AppState = Annotated[App, Depends(app_of)]
Reader = Annotated[Actor, Depends(signed_in)]
Writer = Reader
Id = Annotated[int, PathParameter(ge=0, le=2**31 - 1)]
OptionalId = Annotated[int | None, Query(ge=0, le=2**31 - 1)]
Key = Annotated[str, Header(alias="Idempotency-Key", min_length=8, max_length=80)]
"""Every write carries one: sent again, it gets the same answer; and no cross-site form can send it."""


# -- session -------------------------------------------------------------------------------------------------------


@router.post("/session", operation_id="session_sign_in", responses={401: {"model": schemas.Problem}})
async def sign_in(body: schemas.SignIn, app: AppState, response: Response, _: Key) -> schemas.SessionView:
    """Sign in; the session comes back as a cookie that scripts cannot read."""
    try:
        token, actor = await asyncio.to_thread(app.accounts.sign_in, body.name, body.password)
    except SignInRefused as error:
        raise HTTPException(401, str(error)) from error
    response.set_cookie(COOKIE, token, max_age=SESSION_HOURS * 3600, httponly=True, samesite="strict",
                        secure=app.settings.secure_cookie)  # fmt: skip
    return _session(actor)


@router.get("/session", operation_id="session_get", responses={401: {"model": schemas.Problem}})
async def session(actor: Reader) -> schemas.SessionView:
    """Who am I, and what may I do."""
    return _session(actor)


@router.delete("/session", operation_id="session_sign_out", status_code=204)
async def sign_out(request: Request, app: AppState, _: Writer, _key: Key, response: Response) -> None:
    """End the session."""
    app.accounts.sign_out(request.cookies.get(COOKIE, ""))
    response.delete_cookie(COOKIE)


def _session(actor: Actor) -> schemas.SessionView:
    return schemas.SessionView(name=actor.name, role=actor.role, permissions=tuple(sorted(actor.permissions)))


# -- the line ------------------------------------------------------------------------------------------------------


@router.get("/line", operation_id="line_get")
async def line(app: AppState, actor: Reader) -> schemas.LineView:
    """Everything at this moment; the event stream goes on from `epoch:seq`."""
    controller = app.controller
    return schemas.LineView(
        epoch=app.ring.epoch, seq=app.ring.seq, server_time=now(),
        machines=tuple(views.machine_view(controller, name) for name in controller.machines),
        questions=tuple(views.question_view(item) for item in controller.desk.questions(actor)),
        alarms=alarm_views(controller.alarms.alarms(actor), controller.alarms.firsts(actor)),
        flood=controller.alarms.flood(actor),
    )  # fmt: skip


@router.get("/questions", operation_id="questions_list")
async def questions(app: AppState, actor: Reader) -> list[schemas.QuestionView]:
    """Open questions, oldest first."""
    return [views.question_view(item) for item in app.controller.desk.questions(actor)]


@router.post("/questions/{question_id}/answer", operation_id="questions_answer")
async def answer(question_id: Id, body: schemas.Answer, app: AppState, actor: Writer, key: Key) -> schemas.QuestionView:
    """Answer a question."""
    return app.once(actor, key, lambda: views.question_view(
        app.controller.desk.answer(actor, question_id, body.answer)))  # fmt: skip


@router.get("/journal", operation_id="journal_list")
async def journal(
    app: AppState, actor: Reader, job_id: OptionalId = None, limit: Annotated[int, Query(ge=1, le=1000)] = 200,
    after: OptionalId = None,
) -> list[schemas.JournalView]:  # fmt: skip
    """Journal lines, newest first; or, to read on, those after line `after`, oldest first."""
    return [views.journal_view(event) for event in app.controller.desk.journal(actor, job_id, limit, after)]


@router.get("/events/recent", operation_id="events_recent")
async def recent(
    app: AppState, _: Reader, limit: Annotated[int, Query(ge=1, le=2000)] = 200
) -> list[schemas.LiveEvent]:
    """The last events, for a reader that cannot hold a stream."""
    return app.ring.recent(limit)


@router.get("/events", operation_id="events_stream", response_class=StreamingResponse)
async def events(
    request: Request, app: AppState, _: Reader, after: str | None = None,
    last_event_id: Annotated[str | None, Header()] = None,
) -> StreamingResponse:  # fmt: skip
    """Server-sent events (`LiveEvent` each) for as long as the session lasts."""
    token = request.cookies.get(COOKIE, "")
    stream = app.ring.stream(last_event_id or after, lambda: app.accounts.actor(token) is not None)
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    return StreamingResponse(stream, media_type="text/event-stream", headers=headers)


# -- catalogue -----------------------------------------------------------------------------------------------------


@router.get("/fabrics", operation_id="fabrics_list")
async def fabrics(_: Reader) -> list[schemas.FabricView]:
    """The fabrics there are recipes for."""
    return [views.fabric_view(recipe) for recipe in recipes.library().values()]


@router.get("/designs", operation_id="designs_list")
async def sample_designs(_: Reader) -> list[schemas.DesignView]:
    """The designs that come with Foulard."""
    return [
        schemas.DesignView(name=item.name, title=item.title, repeat=item.repeat, width_mm=item.width_mm,
                           picture=f"/api/v1/designs/{item.name}.jpg")
        for item in designs.samples()
    ]  # fmt: skip


@router.get("/designs/{name}.jpg", operation_id="designs_picture", response_class=FileResponse)
async def design_picture(name: str, app: AppState, _: Reader) -> FileResponse:
    """A sample design as a small picture."""
    picture = app.sample_pictures.get(name)
    if picture is None:
        raise HTTPException(404, f"there is no sample design {name[:40]!r}")
    return _picture(picture)


# -- jobs ----------------------------------------------------------------------------------------------------------


@router.get("/jobs", operation_id="jobs_list")
async def jobs(app: AppState, actor: Reader) -> list[schemas.JobView]:
    """All jobs, newest first."""
    return [views.job_view(record) for record in app.controller.desk.jobs(actor)]


@router.post("/jobs", operation_id="jobs_submit", status_code=201)
async def submit(
    app: AppState,
    actor: Writer,
    key: Key,
    fabric: Annotated[str, Form(max_length=64)],
    length_m: Annotated[float | None, Form(allow_inf_nan=False)] = None,
    layout: Annotated[str, Form(max_length=LONGEST_LAYOUT)] = "{}",
    title: Annotated[str, Form(max_length=120)] = "",
    priority: Annotated[int, Form()] = 0,
    due_at: Annotated[datetime | None, Form()] = None,
    overrun_pct: Annotated[float, Form(allow_inf_nan=False)] = 0.0,
    seconds_pct: Annotated[float, Form(allow_inf_nan=False)] = 0.0,
    needs_approval: Annotated[bool, Form()] = False,
    strike_off_id: Annotated[int | None, Form(ge=0, le=2**31 - 1)] = None,
    sample: Annotated[str, Form(max_length=64)] = "",
    design: Annotated[list[UploadFile], File(max_length=MOST_DESIGNS)] = [],  # noqa: B006 (FastAPI copies it)
) -> schemas.JobView:
    """Submit designs, sent along or one by the name of a sample. `layout` is JSON, see the schema `Layout`."""
    actor.require(Permission.JOB_SUBMIT)
    known = app.replay(actor, key)
    if known is not None:
        return known
    known_title = next((one.title for one in designs.samples() if one.name == sample), "")
    name = title or Path((design[0].filename if design else known_title) or "Untitled").stem
    try:
        laid = rip.read_layout(layout)
    except rip.LayoutError as error:
        raise Refused(str(error), error.field) from error
    terms = Terms(priority, due_at, overrun_pct, seconds_pct, needs_approval, strike_off_id)
    accept(JobRequest((Path(),) * max(len(design), 1), fabric, laid, length_m, name, terms))
    folder = app.settings.data / "designs"
    if design:
        kept = tuple([await _kept(app, part, folder) for part in design])
    elif sample in app.samples:
        kept = (await asyncio.to_thread(keep_file, app.samples[sample], folder),)
    else:
        raise Refused("send a design file, or name one of the samples", "design")
    if laid.width_mm is None and laid.piece_mm is None and not all(one.sized for one in kept):
        raise Refused("the file states no resolution: say how wide one repeat is", "width_mm")
    request = JobRequest(tuple(one.path for one in kept), fabric, laid, length_m, name, terms)
    desk = app.controller.desk
    frozen = await asyncio.to_thread(desk.freeze, request)  # a file of gains takes a while to read
    return app.once(actor, key, lambda: job_view(app, actor, desk.submit(actor, request, frozen).id))


async def _kept(app: App, design: UploadFile, folder: Path) -> Kept:
    try:
        return await keep_upload(design, folder, app.settings.max_upload_mb << 20, app.controller.viewing)
    except UploadRefused as error:
        if error.too_large:
            raise HTTPException(413, str(error)) from error
        raise Refused(str(error), "design") from error


@router.get("/jobs/{job_id}", operation_id="jobs_get")
async def job(job_id: Id, app: AppState, actor: Reader) -> schemas.JobDetail:
    """One job with its pictures, strips and findings."""
    return views.job_detail(app.controller.desk.job(actor, job_id), f"/api/v1/jobs/{job_id}")


@router.post("/jobs/{job_id}/cancel", operation_id="jobs_cancel")
async def cancel(job_id: Id, app: AppState, actor: Writer, key: Key) -> schemas.JobView:
    """Cancel a job; a machine that runs it is stopped."""
    return _want(app, actor, key, job_id, Want.CANCEL)


@router.post("/jobs/{job_id}/hold", operation_id="jobs_hold")
async def hold(job_id: Id, app: AppState, actor: Writer, key: Key) -> schemas.JobView:
    """Hold a job where it is."""
    return _want(app, actor, key, job_id, Want.HOLD)


@router.post("/jobs/{job_id}/resume", operation_id="jobs_resume")
async def resume(job_id: Id, app: AppState, actor: Writer, key: Key) -> schemas.JobView:
    """Go on with a held job."""
    return _want(app, actor, key, job_id, Want.RUN)


@router.get("/jobs/{job_id}/preview.jpg", operation_id="jobs_preview", response_class=FileResponse)
async def preview(job_id: Id, app: AppState, actor: Reader) -> FileResponse:
    """How the design will look on the cloth."""
    return _picture(app.controller.desk.job_folder(actor, job_id) / "preview.jpg")


@router.get("/jobs/{job_id}/layout", operation_id="jobs_layout")
async def layout(
    job_id: Id, app: AppState, actor: Reader,
    price_per_l: Annotated[float, Query(ge=0, le=100_000, allow_inf_nan=False)] = PRICE_PER_L,
) -> schemas.LayoutView:  # fmt: skip
    """The layout of a job whose design is prepared: size and levels of its picture, ink, cost at a price per litre."""
    job, task = app.controller.desk.layout(actor, job_id)
    area = await asyncio.to_thread(surveyed, task) or await _worked(app, survey, task)
    return views.layout_view(job, task, area, price_per_l)


@router.get("/jobs/{job_id}/tiles/{view}/{level}/{column}_{row}.jpg", operation_id="jobs_tile", response_class=Response,
            responses={200: {"content": {"image/jpeg": {}}}, 404: {"model": schemas.Problem}})  # fmt: skip
async def tile(
    job_id: Id, view: schemas.TileView, level: Id, column: Id, row: Id, request: Request, app: AppState, actor: Reader,
    v: Annotated[str, Query(max_length=80)] = "", if_none_match: Annotated[str, Header()] = "",
) -> Response:  # fmt: skip
    """One tile of the layout's picture; for ever the same while `v` is the layout's version."""
    task = app.controller.desk.tile(actor, job_id, view, level, column, row)
    version = task.layout.version
    cache = "private, max-age=31536000, immutable" if v == version else "private, no-cache"
    headers = {"ETag": f'"{version}"', "Cache-Control": cache}
    if headers["ETag"] in if_none_match:
        return Response(status_code=304, headers=headers)
    async with _TILES:
        if await request.is_disconnected():
            return Response(status_code=499)
        return Response(await _worked(app, draw_tile, task), media_type="image/jpeg", headers=headers)


async def _worked(app: App, work: Callable[[Task], Result], task: Task) -> Result:
    """Do a worker's task on a layout; a raster that is gone is a 404, a worker that died a 503."""
    try:
        return await asyncio.get_running_loop().run_in_executor(app.controller.viewing, work, task)
    except (ValueError, OSError) as error:
        raise HTTPException(404, f"the layout cannot be shown: {error}") from error
    except BrokenProcessPool as error:
        raise HTTPException(503, "the worker ended; ask again") from error


@router.get("/jobs/{job_id}/strips/{index}.jpg", operation_id="jobs_strip", response_class=FileResponse)
async def strip_picture(job_id: Id, index: Id, app: AppState, actor: Reader) -> FileResponse:
    """One inspected strip as the camera saw it, reduced eight times."""
    return _picture(app.controller.desk.job_folder(actor, job_id) / "strips" / f"{index:05d}.jpg")


@router.get("/jobs/{job_id}/findings/{finding_id}.jpg", operation_id="jobs_finding", response_class=FileResponse)
async def finding_picture(job_id: Id, finding_id: Id, app: AppState, actor: Reader) -> FileResponse:
    """A defect as the camera saw it."""
    record = app.controller.desk.job(actor, job_id)
    finding = next((row for row in record.findings if row.id == finding_id and row.picture), None)
    if finding is None:
        raise HTTPException(404, f"job {job_id} has no picture of finding {finding_id}")
    return _picture(app.controller.desk.job_folder(actor, job_id) / str(finding.picture))


@router.get("/jobs/{job_id}/report", operation_id="jobs_report", response_class=HTMLResponse)
async def job_report(job_id: Id, app: AppState, actor: Reader) -> HTMLResponse:
    """The roll's report as one page with its pictures inside."""
    record = app.controller.desk.job(actor, job_id)
    folder = app.controller.desk.job_folder(actor, job_id)
    return HTMLResponse(await asyncio.to_thread(report.page, record, folder))


def _want(app: App, actor: Actor, key: str, job_id: Id, want: Want) -> schemas.JobView:
    return app.once(actor, key, lambda: job_view(app, actor, app.controller.desk.want(actor, job_id, want).id))


def job_view(app: App, actor: Actor, job_id: int | None) -> schemas.JobView:
    """Return a job as it is now."""
    return views.job_view(app.controller.desk.job(actor, job_id or 0))


def _picture(path: Path) -> FileResponse:
    if not path.is_file():
        raise HTTPException(404, "there is no such picture yet")
    return FileResponse(path, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


# -- metrics -------------------------------------------------------------------------------------------------------

metrics_router = APIRouter()


@metrics_router.get("/metrics", operation_id="metrics", include_in_schema=False)
async def metrics(request: Request, app: AppState, authorization: Annotated[str, Header()] = "") -> Response:
    """Figures for Prometheus, by the token in the data folder or a session."""
    token = authorization.removeprefix("Bearer ")
    if not secrets.compare_digest(token.encode(), app.metrics_token.encode()):
        signed_in(request)
    return Response(exposition(app.controller, app.ring), media_type="text/plain; version=0.0.4; charset=utf-8")
