from __future__ import annotations

import asyncio
import threading
from types import SimpleNamespace
from typing import Any

from fpverify.service.crew import Crew


def test_what_was_begun_is_finished_and_what_waits_too_long_is_not_done() -> None:
    done: list[str] = []
    opened: Any = SimpleNamespace(close=lambda: None)
    go_on, crew = threading.Event(), Crew(lambda: opened, threads=1)

    def slow(_: Any) -> None:
        go_on.wait(60)
        done.append("begun")

    async def ask() -> list[object]:
        jobs = (slow, lambda _: done.append("queued"))
        return await asyncio.gather(*(crew.run(job, 0.2) for job in jobs), return_exceptions=True)

    assert [type(one) for one in asyncio.run(ask())] == [TimeoutError, TimeoutError]
    go_on.set()
    crew.close()
    assert done == ["begun"]
