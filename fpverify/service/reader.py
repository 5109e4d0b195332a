"""The reader that is connected to the server: one for all pages, and one capture at a time.

It has a thread of its own, so that nothing waits for a finger but whoever asked for one. It is opened with the first
capture and kept; one that fails is closed, and looked for again with the next.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress

from fpverify.errors import (
    FpverifyError,
    NoReader,
    NothingCaptured,
    ReaderError,
    ReaderUnplugged,
    ScanError,
    SeveralReaders,
    UnusableCapture,
)
from fpverify.readers import Reader, StoppableReader, best_capture, opened_reader
from fpverify.readers.captures import Quality
from fpverify.service.refusals import Refused
from fpverify.vocabulary import Scan

TICK_S = 0.1  # between two words to a reader that nobody waits for it any more
RETRY_S = 5.0  # after which a reader that is in use may be free
SAID: tuple[tuple[type[ReaderError], str], ...] = (  # to pages, which need not know the reader's name or place
    (NoReader, "no reader is connected to the server"),
    (SeveralReaders, "several readers are connected to the server, and none was named when it was started"),
    (ReaderUnplugged, "the server's reader was unplugged; plug it in, and try again"),
    (NothingCaptured, "no finger was put on the reader"),
    (UnusableCapture, "what the server's reader gave is no picture"),
    (ReaderError, "the server's reader failed; whoever runs the server finds out why by `fpverify capture`"),
)


class ConnectedReader:
    """The server's reader."""

    def __init__(
        self,
        open_reader: Callable[[], Reader] = opened_reader,
        quality: Callable[[], Quality] | None = None,
    ) -> None:
        """Opens nothing yet.

        Args:
            open_reader: opens it.
            quality: what makes the judge of live pictures, asked when there is one to judge; None takes the reader's
                own choice.
        """
        self._open = open_reader
        self._quality = quality
        self._judge: Quality | None = None
        self._reader: Reader | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="fpverify-reader")
        self._given_up: threading.Event | None = None  # of the capture under way

    def open(self) -> None:
        """Opens it, to see whether that goes.

        Raises:
            FpverifyError: it does not.
        """

        def opened() -> None:
            self._reader = self._reader or self._open()

        self._pool.submit(opened).result()

    @asynccontextmanager
    async def capturing(self, timeout_s: float, ready: Callable[[], None]) -> AsyncIterator[asyncio.Future[Scan]]:
        """A capture; whoever leaves the block before it is there ends it.

        Args:
            timeout_s: seconds to wait for a finger.
            ready: called in the loop when the finger may be put down.

        Raises:
            Refused: 409, the reader is in use.
        """
        if self._given_up is not None:
            message = "the server's reader is in use by another page; try again in a moment"
            raise Refused.after(409, "ReaderBusy", message, RETRY_S)
        loop = asyncio.get_running_loop()
        given_up = self._given_up = threading.Event()

        def captured() -> Scan:
            return self._captured(timeout_s, lambda: _called(loop, ready), given_up)

        work = loop.run_in_executor(self._pool, captured)
        work.add_done_callback(self._free)
        try:
            yield work
        finally:
            given_up.set()
            self._stop(work)

    def close(self, within_s: float) -> bool:
        """Ends a capture and closes the reader.

        Returns:
            Whether that was done within the time (s).
        """
        if self._given_up is not None:
            self._given_up.set()
            if isinstance(self._reader, StoppableReader):
                self._reader.stop()
        closing = self._pool.submit(self._forget)
        self._pool.shutdown(wait=False)
        with suppress(TimeoutError):
            closing.result(within_s)
        return closing.done()

    def _stop(self, work: asyncio.Future[Scan]) -> None:
        """Tells the reader that nobody waits any more, until it has heard."""
        if work.done():
            return
        if isinstance(self._reader, StoppableReader):
            self._reader.stop()
        asyncio.get_running_loop().call_later(TICK_S, self._stop, work)

    def _free(self, work: asyncio.Future[Scan]) -> None:
        self._given_up = None
        if not work.cancelled():
            work.exception()  # it is not lost if nobody asks any more

    def _captured(self, timeout_s: float, ready: Callable[[], None], given_up: threading.Event) -> Scan:
        try:
            self._reader = self._reader or self._open()
            if given_up.is_set():
                raise NothingCaptured(f"{self._reader.name}: nobody waits any more")
            return best_capture(self._reader, timeout_s, self._judging(given_up), ready)
        except (NothingCaptured, UnusableCapture, ScanError):
            raise
        except FpverifyError:
            self._forget()
            raise

    def _judging(self, given_up: threading.Event) -> Quality | None:
        """What judges live pictures, and ends them when nobody waits any more."""
        if self._quality is None:
            return None

        def judged(scan: Scan) -> float:
            if given_up.is_set():
                raise NothingCaptured("nobody waits any more")
            assert self._quality is not None  # noqa: S101 - as above
            self._judge = self._judge or self._quality()
            return self._judge(scan)

        return judged

    def _forget(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            with suppress(Exception):  # it is somebody else's code, and gone
                reader.close()


def _called(loop: asyncio.AbstractEventLoop, ready: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(ready)


def refusal(error: FpverifyError) -> Refused:
    """What a page is told of an error of the reader: which of a few, not where it is nor what it is called."""
    if isinstance(error, ReaderError):
        said = next(words for kind, words in SAID if isinstance(error, kind))
        return Refused(503, type(error).__name__, said)
    return Refused.of(error)
