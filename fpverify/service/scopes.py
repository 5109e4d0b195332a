"""What a route asks of the key of a request, as its description says it, too."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request, Security
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

    async def allowed(request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]) -> None:
        await service.require_scope(request, scope)

    return Depends(allowed)
