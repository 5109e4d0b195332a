"""Worker threads, each with a verifier of its own: neither a connection to the store nor a network is shared."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from fpverify.executors import Workforce
from fpverify.verifier import Verifier

Answer = TypeVar("Answer")


class Crew:
    """Threads that do the work of requests.

    Attributes:
        threads: how many.
    """

    def __init__(self, open_verifier: Callable[[], Verifier], threads: int) -> None:
        self.threads = threads
        self._open = open_verifier
        self._own = threading.local()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="fpverify")

    def single(self) -> Crew:
        """Another of one thread, which opens a verifier when it is first needed."""
        return Crew(self._open, 1)

    @property
    def workforce(self) -> Workforce:
        """Half of the threads, for the rows of a list: other requests find the other half."""
        return Workforce(self._pool, max(1, self.threads // 2))

    async def run(self, job: Callable[[Verifier], Answer], timeout_s: float | None) -> Answer:
        """The answer of a job; what was begun is done to its end even if nobody waits any longer, other jobs are not.

        Raises:
            TimeoutError: it took longer.
        """
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._pool, self._done, job)
        return await asyncio.wait_for(work, timeout_s)  # it cancels, which a thread that runs does not notice

    def warm(self) -> None:
        """Opens every thread's verifier, so that the first requests do not wait, and trouble shows at the start."""
        together = threading.Barrier(self.threads, timeout=60)

        def opened() -> None:
            try:
                self._verifier()
            except BaseException:
                together.abort()  # the others wait for nobody
                raise
            together.wait()

        for work in [self._pool.submit(opened) for _ in range(self.threads)]:
            work.result()

    def close(self) -> None:
        """Waits for all that was begun, then closes every verifier."""
        together = threading.Barrier(self.threads, timeout=60)

        def closed() -> None:
            verifier = getattr(self._own, "verifier", None)
            if verifier is not None:
                verifier.close()
                del self._own.verifier
            together.wait()

        for work in [self._pool.submit(closed) for _ in range(self.threads)]:
            work.result()
        self._pool.shutdown(wait=True)

    def _done(self, job: Callable[[Verifier], Answer]) -> Answer:
        return job(self._verifier())

    def _verifier(self) -> Verifier:
        """This thread's own."""
        if not hasattr(self._own, "verifier"):
            self._own.verifier = self._open()
        verifier: Verifier = self._own.verifier
        return verifier
