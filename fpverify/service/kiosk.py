"""What a kiosk's session is told: yes or no. Whoever stands there may look at more than the page shows.

Who is refused does not learn why: an id that nobody has, a finger that does not match, a person who is locked and a
suspected cast are one answer, which takes one time; and whether a scan can be used is said before anybody is looked up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse

from fpverify.errors import PresentationAttackSuspected
from fpverify.service.refusals import Refused

LEAST_S = 0.6  # until an answer; looking somebody up and comparing takes a tenth of it
SAME = frozenset({"NotEnrolled", "Locked"})  # refusals that are no other answer than a non-match
NO = {"decision": "non-match"}


def is_kiosk(request: Request) -> bool:
    """Whether a request comes from a session that was narrowed to a kiosk's."""
    session = request.state.session
    return session is not None and session.kiosk


async def told(work: Awaitable[dict[str, Any]]) -> JSONResponse:
    """The answer to a kiosk.

    Args:
        work: the answer of `fpverify.answers`.

    Raises:
        Refused, FpverifyError: of the scan, the key or the service.
    """
    end_s = asyncio.get_running_loop().time() + LEAST_S
    try:
        answer = _of(await work)
    except PresentationAttackSuspected:
        answer = NO
    except Refused as refused:
        if refused.name not in SAME:
            raise
        answer = NO
    await asyncio.sleep(end_s - asyncio.get_running_loop().time())
    return JSONResponse(answer)


def _of(answer: dict[str, Any]) -> dict[str, Any]:
    if answer["decision"] != "match":
        return NO
    if "candidates" in answer:
        return {"decision": "match", "candidates": [{"subject": answer["candidates"][0]["subject"]}]}
    return {"decision": "match", "subject": answer["subject"]}
