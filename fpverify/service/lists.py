"""Lists of fingers that come as lines of JSON, and outcomes that go back as lines while others still come.

One list is enrolled at a time, by a thread with a verifier of its own, and the crew reads its scans. Few lines wait to
be begun, and few answers to be read: who sends without reading is made to wait, and memory stays bounded.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from queue import Empty, Full, Queue

from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from fpverify.answers import Answer, row_answer
from fpverify.enrollment import EnrollmentRow
from fpverify.errors import FpverifyError
from fpverify.service.lines import lines_of, row_of
from fpverify.service.refusals import Refused
from fpverify.service.service import Service
from fpverify.verifier import Verifier

LINES_WAITING = 4  # that came and are not begun: the next is there when its turn comes
ANSWERS_WAITING = 1000  # that nobody has read: 300 kB
TICK_S = 0.05  # after which what came before is told, if nothing comes
POLL_S = 0.005  # for a place among the lines that wait: a fraction of what a row takes

_Line = tuple[int, bytes | None]


class Duplex(StreamingResponse):
    """An answer that is written while the request is still read; Starlette's own would swallow that."""

    patience_s: float

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Writes it, unless whoever asked does not read for longer than that."""

        async def patient(message: Message) -> None:
            await asyncio.wait_for(send(message), self.patience_s)

        try:
            with suppress(TimeoutError):
                await self.stream_response(patient)
        finally:
            await self.body_iterator.aclose()  # type: ignore[attr-defined]  # it is a generator


class ListStream:
    """A list under way.

    Attributes:
        service: which enrolls it.
        unchecked: as in `Verifier.enroll`.
    """

    def __init__(self, service: Service, *, unchecked: bool = False) -> None:
        self.service = service
        self.unchecked = unchecked
        self._patience_s = service.limits.timeout_s
        self._lines: Queue[_Line | Refused | None] = Queue(LINES_WAITING)
        self._answers: Queue[Answer | None] = Queue(ANSWERS_WAITING)
        self._loop = asyncio.get_running_loop()
        self._has_begun = asyncio.Event()
        self._has_answers = asyncio.Event()
        self._gone = False  # nobody reads the answers

    async def response(self, request: Request) -> Duplex:
        """The answer, once it is this list's turn.

        Raises:
            Refused: 503, others have not come to their ends.
            FpverifyError: the store or the model cannot be used.
        """
        work = asyncio.ensure_future(self.service.lister.run(self._enroll, None))
        begun = asyncio.ensure_future(self._has_begun.wait())
        try:
            await asyncio.wait((work, begun), timeout=self._patience_s, return_when=asyncio.FIRST_COMPLETED)
            if work.done():  # before it began
                await work
            if not begun.done():
                raise Refused.after(503, "Busy", "another list is being enrolled; try again later", self._patience_s)
        finally:
            if not begun.done():
                begun.cancel()
                work.cancel()
                self._end_lines()
        made = Duplex(self._told(request), media_type="application/x-ndjson")
        made.patience_s = self._patience_s
        return made

    async def _told(self, request: Request) -> AsyncIterator[bytes]:
        """An outcome for each line of a request, and a last one if something ended it before its end."""
        reading = asyncio.create_task(self._read(request))
        try:
            while True:
                await self._has_answers.wait()
                self._has_answers.clear()
                with suppress(Empty):
                    while (answer := self._answers.get_nowait()) is not None:
                        yield json.dumps(answer).encode() + b"\n"
                    return
        finally:
            self._gone = True
            reading.cancel()
            self._end_lines()

    async def _read(self, request: Request) -> None:
        """Takes lines in until there are no more, or none has come for as long as an answer may take."""
        end: Refused | None = None
        try:
            async for line in lines_of(
                request, self.service.limits.most_bytes, self._patience_s, self.service.crew.deadlines
            ):
                await self._put(line)
        except ClientDisconnect:
            pass
        except TimeoutError:
            ending = self.service.crew.deadlines.are_ending
            why = "the service ends" if ending else f"no line came within {self._patience_s:g} s"
            end = Refused(503, "Timeout", why)
        await self._put(end)

    async def _put(self, line: _Line | Refused | None) -> None:
        while True:
            try:
                return self._lines.put_nowait(line)
            except Full:
                await asyncio.sleep(POLL_S)

    def _end_lines(self) -> None:
        """No more lines come; those that wait give way, if need be."""
        while True:
            with suppress(Full):
                return self._lines.put_nowait(None)
            with suppress(Empty):
                self._lines.get_nowait()

    def _enroll(self, verifier: Verifier) -> None:
        """In the lister's thread: the whole list."""
        self._call(self._has_begun)
        workforce, journal = self.service.crew.workforce, self.service.journal
        try:
            for one in verifier.enroll_many(self._rows(), unchecked=self.unchecked, workforce=workforce):
                journal.note_row(one.outcome)
                self._tell(row_answer(one))
        except Refused as refused:
            self._tell(refused.body)
        except FpverifyError as error:
            self._tell(Refused.of(error).body)
        except Exception as error:
            self._tell(Refused.unforeseen(error).body)
        finally:
            self._tell(None)

    def _tell(self, answer: Answer | None) -> None:
        while not self._gone:
            with suppress(Full):
                self._answers.put(answer, timeout=TICK_S)
                break
        self._call(self._has_answers)

    def _call(self, event: asyncio.Event) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(event.set)

    def _rows(self) -> Iterator[EnrollmentRow | None]:
        """The rows of the lines; None where the next has not come."""
        came = time.monotonic()
        while True:
            try:
                line = self._lines.get(timeout=TICK_S)
            except Empty:
                yield None
                if time.monotonic() > came + 2 * self._patience_s:  # whoever reads them has ended
                    return
                continue
            came = time.monotonic()
            if line is None:
                return
            if isinstance(line, Refused):
                yield None  # what came before is told
                raise line
            yield row_of(*line, self.service.limits.most_bytes)
