"""Headers that every answer bears: browsers guess no type, tell nobody where they were, keep nothing of a print."""

from __future__ import annotations

from types import MappingProxyType

from starlette.datastructures import MutableHeaders

NOT_KEPT = "no-store"
ALWAYS = MappingProxyType({"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"})
NO_PAGE = "default-src 'none'; frame-ancestors 'none'"  # of HTML that is not the page's own


def guard(headers: MutableHeaders, *, is_kept: bool) -> None:
    """Adds what an answer lacks of them.

    Args:
        headers: of the answer.
        is_kept: browsers and proxies may keep it; not what says anything about a print or a subject.
    """
    for name, value in ALWAYS.items():
        headers.setdefault(name, value)
    if not is_kept:
        headers.setdefault("Cache-Control", NOT_KEPT)
    if headers.get("Content-Type", "").startswith("text/html"):
        headers.setdefault("Content-Security-Policy", NO_PAGE)
