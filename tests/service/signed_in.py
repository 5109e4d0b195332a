"""A browser that is signed in, as the tests of the page's sessions and of its reader have one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

PAGE = {"X-Fpverify-Page": "1"}
ELSEWHERE = "https://desk.example.org"


@contextmanager
def signed_in(service: Any, scope: str = "admin", *, reader: bool = False) -> Iterator[httpx.Client]:
    """A browser that has signed in with a key, and has forgotten it."""
    with httpx.Client(base_url=service.url, headers=PAGE | {"Origin": service.url}, timeout=60) as browser:
        answer = browser.post("/v1/session", headers={"Authorization": f"Bearer {service.keys[scope]}"})
        assert answer.status_code == 201
        assert answer.json() == {"key": scope, "scope": scope, "kiosk": False, "reader": reader}
        yield browser
