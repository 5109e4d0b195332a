"""A page that describes the routes and tries them, by Swagger UI; all of it comes from this service."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import FastAPI, Response

from fpverify.extras import install_line
from fpverify.service.refusals import Refused

ASSETS = "fastapi_offline"  # the package that carries Swagger UI
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
OWN = {"/docs": ("docs.html", "text/html"), "/docs/docs.js": ("docs.js", "text/javascript")}
THEIRS = {
    "/docs/swagger-ui-bundle.js": ("swagger-ui-bundle.js", "text/javascript"),
    "/docs/swagger-ui.css": ("swagger-ui.css", "text/css"),
}
KEPT = "max-age=3600"  # Swagger UI is 1.7 MB


def add_routes(app: FastAPI) -> None:
    """Adds the files of the page to an application."""

    def shown(folder: Callable[[], Traversable], name: str, kind: str, kept: str) -> Callable[[], Awaitable[Response]]:
        async def part() -> Response:
            headers = {"Content-Security-Policy": DOCS_POLICY, "Cache-Control": kept}
            return Response((folder() / name).read_bytes(), media_type=f"{kind}; charset=utf-8", headers=headers)

        return part

    for path, (name, kind) in OWN.items():
        app.get(path, include_in_schema=False)(
            shown(lambda: files("fpverify.service") / "page", name, kind, "no-cache")
        )
    for path, (name, kind) in THEIRS.items():
        app.get(path, include_in_schema=False)(shown(_assets, name, kind, KEPT))


def _own() -> Traversable:
    return files("fpverify.service") / "page"


def _assets() -> Traversable:
    try:
        return files(ASSETS) / "static"
    except ModuleNotFoundError as error:
        raise Refused(404, "HttpError", f"Swagger UI is not installed; {install_line('service')}") from error
