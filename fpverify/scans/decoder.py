"""Decodes images that come on standard input, under limits. A program of its own, see `fpverify.scans.isolation`.

    python decoder.py ONE_FORK FOLDER...

With 0 it answers one question on standard output. Else it answers many, one after the other, on the socket that is its
standard input; what is not light work it gives to a fork of itself, which meets so many images at most, and none after
one that it refuses. It says by a byte that it is ready, and ends when the socket does, or with the signal that ended a
fork. The folders are those to import from.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, NoReturn

if TYPE_CHECKING:
    from PIL import Image

    from fpverify.scans.decoding import Raster

QUESTION = struct.Struct(">Q")  # bytes of the file, which follow
ANSWER = struct.Struct(">8sIIdd")  # mode of Pillow, width, height, pixels per inch across and down; the rows follow
REFUSED, TOO_LARGE = b"refused", b"large"  # in place of a mode: a message follows, as long as the width says
READY = b"+"
MOST_CPU_S = 4  # the largest picture in the slowest format, JPEG 2000 in colours, takes 2
MOST_MEMORY = 256_000_000  # bytes, besides the file: a picture of 64 MB, once as coefficients and once turned
POLITE = 10  # how much a fork of a process that waits gives way to ordinary images, as in `nice`
BAND = 256  # rows that are sent at a time
COMPLAINT = b"ERROR"  # NIST's decoder of WSQ goes on after an error, with whatever it has
WSQ_START = b"\xff\xa0"
SOCKET = 0


def answer(target: int, data: bytes, complaints: tuple[int, int]) -> bool:
    """Writes the answer to a question; whether it is a picture.

    Args:
        target: descriptor to write to.
        data: of an image file.
        complaints: both ends of the pipe that decoders complain into.
    """
    is_picture = True
    for number, part in enumerate(_answer(data, complaints)):
        is_picture &= number > 0 or not part.startswith((REFUSED, TOO_LARGE))
        rest = memoryview(part)
        while rest:
            rest = rest[os.write(target, rest) :]
    return is_picture


def _answer(data: bytes, complaints: tuple[int, int]) -> Iterator[bytes]:
    from fpverify.errors import ScanError, ScanTooLarge
    from fpverify.scans.decoding import raster

    is_wsq = data.startswith(WSQ_START)
    if is_wsq:
        _said(complaints)  # about other files
    try:
        decoded = raster(data, "")
    except ScanError as error:
        yield from _refusal(TOO_LARGE if isinstance(error, ScanTooLarge) else REFUSED, str(error))
        return
    if is_wsq and COMPLAINT in _said(complaints):
        yield from _refusal(REFUSED, ": damaged or truncated: its pixels cannot be decoded")
        return
    yield from _picture(decoded)


def _refusal(word: bytes, message: str) -> Iterable[bytes]:
    text = message.encode(errors="replace")
    return ANSWER.pack(word, len(text), 1, 0.0, 0.0), text


def _picture(decoded: Raster) -> Iterator[bytes]:
    image: Image.Image = decoded.image
    nothing = float("nan")
    yield ANSWER.pack(image.mode.encode(), *image.size, *(decoded.stated_ppi or (nothing, nothing)))
    for top in range(0, image.height, BAND):  # never all of it twice
        yield image.crop((0, top, image.width, min(top + BAND, image.height))).tobytes()


def _caught_complaints() -> tuple[int, int]:
    """A pipe that standard output and error now lead to: decoders in C write to them."""
    end, start = os.pipe()
    if hasattr(os, "set_blocking"):
        os.set_blocking(start, False)  # what is beyond 64 kB is lost, and nobody waits
    os.dup2(start, 1)
    os.dup2(start, 2)
    return end, start


def _said(complaints: tuple[int, int]) -> bytes:
    end, start = complaints
    with suppress(BlockingIOError):
        os.write(start, b"\n")  # so that there is something to read
    return os.read(end, 1 << 16)


def _question(stream: BinaryIO) -> bytes | None:
    """The file that somebody asks about; None if nobody does any more."""
    head = stream.read(QUESTION.size)
    if len(head) < QUESTION.size:
        return None
    (length,) = QUESTION.unpack(head)
    limit("AS", MOST_MEMORY + length)
    data = stream.read(length)
    return data if len(data) == length else None


def limit(kind: str, most: int, *, for_good: bool = False) -> None:
    """Limits this process, as far as the system knows of such a limit.

    Args:
        kind: as in RLIMIT_.
        most: seconds, bytes, or how many.
        for_good: so that it cannot be raised again.
    """
    with suppress(ImportError, AttributeError, ValueError, OSError):
        import resource

        which = getattr(resource, f"RLIMIT_{kind}")
        resource.setrlimit(which, (most, most if for_good else resource.getrlimit(which)[1]))


def _close_world() -> None:
    """From here on there is no file to be opened or written, and no core."""
    for kind in ("NOFILE", "FSIZE", "CORE"):
        limit(kind, 0, for_good=True)


def _once() -> None:
    """Answers one question."""
    target = os.dup(1)
    complaints = _caught_complaints()
    _close_world()
    limit("NPROC", 0, for_good=True)
    limit("CPU", MOST_CPU_S, for_good=True)
    with open(0, "rb", closefd=False) as stream:
        data = _question(stream)
    if data is not None:
        answer(target, data, complaints)


def _serve(one_fork: int) -> None:
    """Answers questions until nobody asks any more; a fork meets so many images."""
    import gc

    from fpverify.scans.work import is_light

    complaints = _caught_complaints()
    stream = open(SOCKET, "rb", closefd=False)  # noqa: SIM115 - as long as the process
    _close_world()
    gc.freeze()
    os.write(SOCKET, READY)
    while (data := _question(stream)) is not None:
        if is_light(data):
            _limit_cpu(1 + MOST_CPU_S)
            answer(SOCKET, data, complaints)
        elif code := _forked(partial(_answer_some, stream, data, complaints, one_fork), one_fork * MOST_CPU_S):
            sys.exit(abs(code))


def _answer_some(stream: BinaryIO, first: bytes, complaints: tuple[int, int], most: int) -> None:
    """Answers a question and those that follow, as many as a fork may, until one is refused."""
    data: bytes | None = first
    for number in range(1, most + 1):
        _limit_cpu(MOST_CPU_S)
        if data is None or not answer(SOCKET, data, complaints):
            return
        data = _question(stream) if number < most else None


def _limit_cpu(most_s: int) -> None:
    """Limits what this process may take from now on, to the second below."""
    import time

    limit("CPU", int(time.process_time()) + most_s)


def _forked(work: Callable[[], None], most_cpu_s: int) -> int:
    """What a fork that does some work ended with: 0, or the signal below 0. SIGTERM ends it, too."""
    import signal

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    fork = os.fork()
    if fork:
        signal.signal(signal.SIGTERM, lambda *_: os.kill(fork, signal.SIGKILL))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    if not fork:
        _end_after(work, most_cpu_s)
    code = os.waitstatus_to_exitcode(os.waitpid(fork, 0)[1])
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return code


def _end_after(work: Callable[[], None], most_cpu_s: int) -> NoReturn:
    code = 1
    try:
        os.nice(POLITE)
        limit("NPROC", 0, for_good=True)
        limit("CPU", most_cpu_s, for_good=True)
        work()
        code = 0
    finally:
        os._exit(code)


def main() -> None:
    """Reads, decodes, writes."""
    one_fork, *folders = sys.argv[1:]
    sys.path[:] = folders
    from fpverify.scans.decoding import load_plugins

    load_plugins()
    if int(one_fork):
        _serve(int(one_fork))
    else:
        _once()


if __name__ == "__main__":
    main()
