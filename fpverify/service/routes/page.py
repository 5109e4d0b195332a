"""A web page over the same routes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files

from fastapi import FastAPI, Request, Response

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
KINDS = {".css": "text/css", ".js": "text/javascript"}
OTHERS = "docs."  # files of the page of all routes
LANGUAGES = ("en", "de")  # that page/words.js has, the first where a browser wants neither
AS_WRITTEN = b'<html lang="en">'


def add_routes(app: FastAPI) -> None:
    """Adds the files of the page to an application."""
    folder = files("fpverify.service") / "page"
    headers = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-cache"}

    @app.get("/", include_in_schema=False)
    async def page(request: Request) -> Response:
        asked = request.query_params.get("lang")
        language = asked if asked in LANGUAGES else wanted_language(request.headers.get("accept-language", ""))
        content = (folder / "index.html").read_bytes().replace(AS_WRITTEN, f'<html lang="{language}">'.encode(), 1)
        own = {"Vary": "Accept-Language", "Content-Language": language}
        return Response(content, media_type="text/html; charset=utf-8", headers=headers | own)

    def shown(name: str, kind: str) -> Callable[[], Awaitable[Response]]:
        async def part() -> Response:
            return Response((folder / name).read_bytes(), media_type=f"{kind}; charset=utf-8", headers=headers)

        return part

    for name in sorted(one.name for one in folder.iterdir()):
        kind = KINDS.get(name[name.rfind(".") :])
        if kind and not name.startswith(OTHERS):
            app.get(f"/page/{name}", include_in_schema=False)(shown(name, kind))


def wanted_language(accepted: str) -> str:
    """The language that a browser would rather have, of those there are (RFC 9110, 12.5.4)."""
    weights = dict.fromkeys(LANGUAGES, 0.0)
    for part in accepted.split(","):
        tag, _, weight = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        if language in weights:
            weights[language] = max(weights[language], _weight(weight))
    return max(LANGUAGES, key=lambda one: weights[one])


def _weight(text: str) -> float:
    name, _, value = text.replace(" ", "").partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 0.0
