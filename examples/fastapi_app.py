"""An application of your own that verifies fingers: FastAPI, one store, one `Verifier` for all threads.

    pip install '.[service]'
    DOOR_DB=enroll_db uvicorn fastapi_app:app

    curl -F scan=@finger.bmp http://127.0.0.1:8000/people/A
    curl -F scan=@scan.bmp http://127.0.0.1:8000/people/A/opens

fpverify has a service already (`fpverify serve`), with keys, limits and a page. This is for who has an application and
wants a finger in it: put your own sign-in in front of both routes.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, HTTPException, Request, UploadFile
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool

from fpverify import Verifier
from fpverify.errors import FpverifyError, NotEnrolled

LARGEST = 5_000_000  # bytes of a scan


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Opens the store once; every thread gets a connection of its own."""
    with Verifier.open(os.environ.get("DOOR_DB", "enroll_db")) as verifier:
        app.state.verifier = verifier
        yield


app = FastAPI(title="door", lifespan=lifespan)


@app.exception_handler(FpverifyError)
async def no_decision(request: Request, error: FpverifyError) -> JSONResponse:
    """What went wrong, in one line; never an open door."""
    return JSONResponse({"error": type(error).__name__, "message": str(error)}, status_code=422)


async def content(scan: UploadFile) -> bytes:
    """The bytes of a scan."""
    read = await scan.read(LARGEST + 1)
    if len(read) > LARGEST:
        raise HTTPException(413, "too large")
    return read


@app.post("/people/{subject}", status_code=201)
async def enroll(subject: str, scan: UploadFile) -> dict[str, object]:
    """Keeps a finger."""
    reference = await run_in_threadpool(app.state.verifier.enroll, await content(scan), subject)
    return {"subject": reference.subject, "impression": reference.impression}


@app.post("/people/{subject}/opens")
async def opens(subject: str, scan: UploadFile) -> dict[str, bool]:
    """Whether the door opens: no score, which would tell an attacker whether the last try was warmer."""
    try:
        decision = await run_in_threadpool(app.state.verifier.verify, await content(scan), subject)
    except NotEnrolled:
        return {"opens": False}
    return {"opens": bool(decision)}
