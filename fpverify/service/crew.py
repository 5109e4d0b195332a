"""Worker threads, each with a verifier and a decoder of its own: no connection, network or process is shared."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import TypeVar

from fpverify.errors import ScanError, UnreadableRecord
from fpverify.executors import Workforce
from fpverify.formats.containers import images_from_bytes, is_image_record
from fpverify.hands import MOST_PICTURES
from fpverify.scans import Decoder
from fpverify.scans.contained import PALMS
from fpverify.scans.isolation import SLOWEST_S
from fpverify.scans.pictures import Decode, Picture
from fpverify.scans.work import is_light
from fpverify.service.deadlines import Deadlines
from fpverify.verifier import Verifier

Answer = TypeVar("Answer")
START_S = 60.0  # in which all that the threads need is there, on a slow machine


def heavy_pictures(content: bytes) -> list[bytes]:
    """What of a file is no light work to decode: the file, or compressed pictures of fingers in a card."""
    if not is_image_record(content):
        return [] if is_light(content) else [content]
    try:
        images = images_from_bytes(content).images
    except UnreadableRecord:  # whoever reads it is told
        return []
    if len(images) > MOST_PICTURES:
        return []
    coded = [one.data for one in images if one.finger not in PALMS and one.compression not in {"none", "packed"}]
    return [one for one in coded if not is_light(one)]


class _Allowance:
    """What one request may take to decode; it begins with the first file."""

    def __init__(self) -> None:
        self._end_s: float | None = None

    @property
    def left_s(self) -> float:
        """Seconds."""
        if self._end_s is None:
            self._end_s = time.monotonic() + SLOWEST_S
        return self._end_s - time.monotonic()


class Crew:
    """Threads that do the work of requests, as many that decode what is no light work, and one that says how it goes.

    Attributes:
        threads: how many.
        deadlines: of those who wait for them.
    """

    def __init__(self, open_verifier: Callable[[], Verifier], threads: int, deadlines: Deadlines | None = None) -> None:
        self.threads = threads
        self.deadlines = Deadlines() if deadlines is None else deadlines
        self._open = open_verifier
        self._own = threading.local()
        self._decoders: list[Decoder] = []
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="fpverify")
        self._slow = ThreadPoolExecutor(threads, thread_name_prefix="fpverify-slow")
        self._attendant = ThreadPoolExecutor(1, thread_name_prefix="fpverify-attendant")

    def single(self) -> Crew:
        """Another of one thread, which opens a verifier when it is first needed."""
        return Crew(self._open, 1, self.deadlines)

    @property
    def workforce(self) -> Workforce:
        """Half of the threads, for the rows of a list: other requests find the other half."""
        return Workforce(self._pool, max(1, self.threads // 2))

    async def run(self, job: Callable[[Verifier], Answer], timeout_s: float | None, *, aside: bool = False) -> Answer:
        """The answer of a job; what was begun is done to its end even if nobody waits any longer, other jobs are not.

        Args:
            job: what to do.
            timeout_s: how long is waited; None is as long as it takes.
            aside: by the attendant, who is free when all others are busy.

        Raises:
            TimeoutError: it took longer.
        """
        loop = asyncio.get_running_loop()
        end_s = None if timeout_s is None else loop.time() + timeout_s
        async with self.deadlines.by(end_s):  # it cancels, which a thread that runs does not notice
            return await loop.run_in_executor(self._attendant if aside else self._pool, self._done, job)

    async def decoding(self, contents: Sequence[bytes], timeout_s: float) -> Decode:
        """What decodes the files of one request, called by its job: 4.5 s for all of them together.

        What is not light work is decoded now, by threads for that alone: they may be busy with it as long as they may,
        and whoever sends ordinary files is answered meanwhile.

        Raises:
            TimeoutError: it took longer.
        """
        heavy = [one for one in contents if is_image_record(one) or not is_light(one)]
        known: dict[bytes, Picture | ScanError] = {}
        if heavy:
            loop = asyncio.get_running_loop()
            async with self.deadlines.by(loop.time() + timeout_s):
                known = await loop.run_in_executor(self._slow, self._pictures, heavy)
        return partial(self._decoded, known, _Allowance())

    def _pictures(self, contents: Sequence[bytes]) -> dict[bytes, Picture | ScanError]:
        """Of files, and of pictures in cards, that are no light work."""
        allowance = _Allowance()
        found: dict[bytes, Picture | ScanError] = {}
        for one in (picture for content in contents for picture in heavy_pictures(content)):
            try:
                found[one] = self._decoder().decode(one, "", allowance.left_s)
            except ScanError as error:
                found[one] = error
        return found

    def _decoded(
        self, known: Mapping[bytes, Picture | ScanError], allowance: _Allowance, data: bytes, source: str
    ) -> Picture:
        picture = known.get(data) if known else None
        if isinstance(picture, ScanError):
            raise type(picture)(f"{source}{picture}")
        return picture or self._decoder().decode(data, source, allowance.left_s)

    def warm(self) -> None:
        """Opens every thread's verifier and decoder, so that the first requests do not wait, and trouble shows."""
        together = threading.Barrier(self.threads, timeout=START_S)

        def opened() -> None:
            try:
                self._verifier()
                self._decoder().wait(START_S)
            except BaseException:
                together.abort()  # the others wait for nobody
                raise
            together.wait()

        works: list[Future[None]] = [self._pool.submit(opened) for _ in range(self.threads)]
        self._attendant.submit(self._verifier).result()
        for work in works:
            work.result()

    def close(self, within_s: float = START_S) -> bool:
        """Waits for all that was begun, then closes every verifier; decoding is not waited for.

        Returns:
            Whether all is closed; what takes longer than this time is left alone.
        """
        end_s = time.monotonic() + within_s
        for decoder in list(self._decoders):
            decoder.close()
        together = threading.Barrier(self.threads, timeout=within_s)

        def closed(barrier: threading.Barrier | None) -> None:
            verifier = getattr(self._own, "verifier", None)
            if verifier is not None:
                verifier.close()
                del self._own.verifier
            if barrier is not None:
                barrier.wait()

        ended: list[Future[None]] = [self._pool.submit(closed, together) for _ in range(self.threads)]
        ended.append(self._attendant.submit(closed, None))
        wait(ended, max(0.0, end_s - time.monotonic()))
        together.abort()
        for pool in (self._pool, self._slow, self._attendant):
            pool.shutdown(wait=False, cancel_futures=True)
        return all(work.done() and not work.cancelled() and work.exception() is None for work in ended)

    def _done(self, job: Callable[[Verifier], Answer]) -> Answer:
        return job(self._verifier())

    def _verifier(self) -> Verifier:
        """This thread's own."""
        if not hasattr(self._own, "verifier"):
            self._own.verifier = self._open()
        verifier: Verifier = self._own.verifier
        return verifier

    def _decoder(self) -> Decoder:
        """This thread's own."""
        if not hasattr(self._own, "decoder"):
            self._own.decoder = Decoder()
            self._decoders.append(self._own.decoder)
        decoder: Decoder = self._own.decoder
        return decoder
