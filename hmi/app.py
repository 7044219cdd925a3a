"""The web application: routes, one way to say no, security headers, and the browser app's files."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from controller import Conflict, Forbidden, NotFound, Refused
from controller.lease import LeaseLost
from controller.passing import CUT_OFF, passing
from hmi import alarm_api, figures_api, history_api, job_api, plan_api, resume_api, trace_api
from hmi.api import metrics_router, router
from hmi.state import App

DIST = Path(__file__).parent / "web" / "dist"
"""Where the browser app is built to."""

NOT_BUILT = "<!doctype html><title>Foulard</title><p>The browser app is not built yet: run <code>make setup</code>."

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Sent with every answer; the report page alone brings its own style."""

STATUS = {Forbidden: 403, NotFound: 404, Conflict: 409, Refused: 422, LeaseLost: 503}
"""What the controller's refusals are in HTTP."""


WORDS = {
    "length_m": "length",
    "fabric": "fabric",
    "layout": "layout",
    "title": "title",
    "priority": "priority",
    "due_at": "due date",
    "at_m": "metre",
    "first": "what it keeps",
    "amount": "amount",
    "minutes": "minutes",
    "why": "why",
    "operation": "operation",
    "place": "place",
    "not_before": "earliest start",
}
"""What people call the fields they fill in."""


def create_app(state: App, dist: Path = DIST) -> FastAPI:
    """Return the application for a running controller.

    Parameters
    ----------
    state
        What the routes work with.
    dist
        The built browser app; without it `/` says how to build it.
    """
    app = FastAPI(title="Foulard", version="0.1.0", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.foulard = state
    app.include_router(router)
    app.include_router(job_api.router)
    app.include_router(resume_api.router)
    app.include_router(alarm_api.router)
    app.include_router(trace_api.router)
    app.include_router(plan_api.router)
    app.include_router(figures_api.router)
    app.include_router(history_api.router)
    app.include_router(metrics_router)
    app.add_api_route("/api/{path:path}", _no_such_route, methods=["GET", "HEAD"], include_in_schema=False)
    for kind, status in STATUS.items():
        app.add_exception_handler(kind, _refusal(status))
    for kind in CUT_OFF:
        app.add_exception_handler(kind, _cut_off)
    app.add_exception_handler(RequestValidationError, _invalid)
    if (dist / "index.html").exists():
        app.frontend("/", directory=dist, fallback="index.html")
    else:
        app.add_api_route("/", lambda: HTMLResponse(NOT_BUILT, 503), include_in_schema=False)
    app.add_middleware(SecurityHeaders)
    return app


class SecurityHeaders:
    """Adds `HEADERS` and cache rules to every answer; plain ASGI, so that streams pass untouched."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        cache = b"max-age=31536000, immutable" if scope["path"].startswith("/assets/") else b"no-cache"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                extra = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                extra.append((b"cache-control", cache))
                message["headers"] = [*message["headers"], *(item for item in extra if item[0] not in present)]
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _no_such_route(path: str) -> None:
    raise HTTPException(404, f"there is no /api/{path[:80]}")


def _refusal(status: int) -> Callable[[Request, Exception], Awaitable[JSONResponse]]:
    async def refuse(_: Request, error: Exception) -> JSONResponse:
        field = error.field if isinstance(error, Refused) else None
        return JSONResponse({"detail": str(error)} | ({"field": field} if field else {}), status)

    return refuse


async def _cut_off(_: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": f"{passing(error)}; nothing was changed, try again"}, 503)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {"loc": (), "msg": str(error)}
    where = ".".join(str(part) for part in first["loc"] if part not in ("body", "query", "path"))
    problem = {"detail": f"{WORDS.get(where, where) or 'request'}: {first['msg']}"}
    return JSONResponse(problem | ({"field": where} if where in WORDS else {}), 422)
