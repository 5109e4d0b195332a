"""What the service says of its routes: FastAPI's description, with forms as JSON and the former names of fields."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from fpverify.service.json_forms import FORMER, JSON
from fpverify.service.scopes import needed_by

MULTIPART = "multipart/form-data"


def describe(app: FastAPI) -> None:
    """Makes an application describe itself so."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = plain()
            _say_scopes(app, schema)
            for path, operations in schema["paths"].items():
                for operation in operations.values():
                    _complete(schema, FORMER.get(path, {}), operation.get("requestBody", {}).get("content", {}))
        assert app.openapi_schema is not None  # noqa: S101 - `plain` has kept it
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]  # as FastAPI has it


def _say_scopes(app: FastAPI, schema: dict[str, Any]) -> None:
    for route in app.routes:
        if isinstance(route, APIRoute) and route.include_in_schema and (scope := needed_by(route)) is not None:
            for method in route.methods or ():
                operation = schema["paths"][route.path][method.lower()]
                operation["description"] += f"\n\nTakes a key of the scope `{scope}`."


def _complete(schema: dict[str, Any], former: Mapping[str, str], content: dict[str, Any]) -> None:
    if MULTIPART not in content:
        return
    name = content[MULTIPART]["schema"]["$ref"].rpartition("/")[2]
    form = schema["components"]["schemas"][name]
    for old, new in former.items():
        words = f"The name that `{new}` had, which is still taken in its place."
        form["properties"][old] = form["properties"][new] | {"deprecated": True, "description": words, "title": old}
    coded = f"{name}_json"
    schema["components"]["schemas"][coded] = _as_json(deepcopy(form)) | {"title": coded}
    content[JSON] = {"schema": {"$ref": f"#/components/schemas/{coded}"}}


def _as_json(part: Any) -> Any:
    """The same in JSON: files in base64, and one value where there may be several."""
    if isinstance(part, list):
        return [_as_json(one) for one in part]
    if not isinstance(part, dict):
        return part
    if part.get("contentMediaType") == "application/octet-stream" or part.get("format") == "binary":
        return {"type": "string", "contentEncoding": "base64"} | {
            name: part[name] for name in ("title", "description", "deprecated") if name in part
        }
    made = {name: value if name == "examples" else _as_json(value) for name, value in part.items()}
    if made.get("type") == "array":
        several = {"type": made.pop("type"), "items": made.pop("items")}
        made["anyOf"] = [several["items"], several]
    return made
