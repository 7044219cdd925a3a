"""Writes the OpenAPI document the browser's types are made from: `python -m hmi.openapi [--check]`."""

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from hmi import alarm_api, figures_api, history_api, job_api, plan_api, resume_api, trace_api
from hmi.api import router

DOCUMENT = Path(__file__).parent / "web" / "openapi.json"


def document() -> dict[str, Any]:
    """Return the OpenAPI document of the API."""
    app = FastAPI(title="Foulard", version="0.1.0")
    app.include_router(router)
    app.include_router(job_api.router)
    app.include_router(resume_api.router)
    app.include_router(alarm_api.router)
    app.include_router(trace_api.router)
    app.include_router(plan_api.router)
    app.include_router(figures_api.router)
    app.include_router(history_api.router)
    return app.openapi()


def text() -> str:
    """Return the document as it is committed."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv:
        if DOCUMENT.read_text("utf-8") != text():
            sys.exit(f"{DOCUMENT} is not what the API says; run python -m hmi.openapi")
    else:
        DOCUMENT.write_text(text(), "utf-8")
