from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from fpverify.service.crew import Crew
from fpverify.service.deadlines import Deadlines


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
    assert crew.close()
    assert done == ["begun"]


def test_what_hangs_is_left_alone_when_the_crew_ends() -> None:
    opened: Any = SimpleNamespace(close=lambda: None)
    go_on, crew = threading.Event(), Crew(lambda: opened, threads=2)

    async def ask() -> None:
        with pytest.raises(TimeoutError):
            await crew.run(lambda _: go_on.wait(60), 0.1)

    asyncio.run(ask())
    begun = time.monotonic()
    assert not crew.close(0.3)
    assert time.monotonic() - begun < 5
    go_on.set()


def test_what_is_waited_for_ends_sooner_when_the_service_ends() -> None:
    async def ends_after(seconds: float) -> float:
        deadlines, loop = Deadlines(), asyncio.get_running_loop()
        loop.call_later(0.05, lambda: deadlines.end_by(loop.time() + seconds))
        begun = loop.time()
        with pytest.raises(TimeoutError):
            async with deadlines.by(begun + 60):
                await asyncio.sleep(90)
        assert deadlines.are_ending
        with pytest.raises(TimeoutError):
            async with deadlines.by(begun + 60):
                await asyncio.sleep(90)
        return loop.time() - begun

    assert asyncio.run(ends_after(0.1)) < 5
