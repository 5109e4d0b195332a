"""Long answers in pages: as many entries as were asked for, and a cursor that the next page is asked for with."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, Any

from fastapi import Query

from fpverify.service.refusals import Refused

MOST = 1000  # of one page: some 300 kB
Limit = Annotated[int | None, Query(description="Most entries of a page; all if not given.", ge=1, le=MOST)]
Cursor = Annotated[str | None, Query(description="`next` of the page before.", max_length=2048)]


def cursor_after(*place: str | int) -> str:
    """A cursor behind an entry, by what it is ordered by."""
    return urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def place_of(cursor: str, *kinds: type) -> list[Any]:
    """What `cursor_after` was given.

    Args:
        cursor: as it came back.
        kinds: of its parts.

    Raises:
        Refused: 422, it is none of this list's.
    """
    try:
        place = json.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        place = None
    if not isinstance(place, list) or [type(one) for one in place] != list(kinds) or not all(map(_is_kept, place)):
        raise Refused(422, "InvalidRequest", "the cursor is none of this list; begin without one")
    return place


def _is_kept(part: str | int) -> bool:
    """Whether a database can be asked about it: no half of a character, and no end of a text within it."""
    return not isinstance(part, str) or ("\0" not in part and part.encode(errors="replace").decode() == part)
