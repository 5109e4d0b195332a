"""What a route asks of the key of a request, as its description says it, too."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.routing import APIRoute
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from fpverify.service.api_keys import Scope
from fpverify.service.service import Service

BEARER = HTTPBearer(
    scheme_name="apiKey",
    bearerFormat="fpv_...",
    description="A key of `fpverify api-keys new`, in the header `Authorization: Bearer fpv_...`.",
    auto_error=False,  # refused is by the gate, in the shape of all other errors
)


def needing(service: Service, scope: Scope) -> Any:
    """What a route depends on that takes a key of some scope."""
    return Depends(_Needed(service, scope).ask)


class _Needed:
    """A key of some scope."""

    def __init__(self, service: Service, scope: Scope) -> None:
        self.service = service
        self.scope = scope

    async def ask(self, request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]) -> None:
        """Returns if a request has one."""
        await self.service.require_scope(request, self.scope)


def needed_by(route: APIRoute) -> str | None:
    """The scope that a route takes a key of, in a word; None for one without."""
    asked = (getattr(one.dependency, "__self__", None) for one in route.dependencies)
    return next((one.scope.word for one in asked if isinstance(one, _Needed)), None)
