"""Decoding in processes of their own, which have limits: 4 s of CPU, 4.5 s by the clock, 256 MB besides the file.

Damaged files make decoders in C crash (NIST's for WSQ, OpenJPEG) and complain on standard error (libtiff); others keep
any decoder busy for an hour. Here they cost one process: it has a bare environment, and can open no file, start no
process and write nothing. It is no sandbox beyond that. One that is started for an image takes 0.1 s, one that waits
for images 2 ms.

Usually no process has met another file that is not light work. Whoever converts a folder of his own may let one decode
several, one after the other, which saves a fifth of the time. A file that makes a decoder overwrite its memory, and
passes for a picture all the same, could then change those after it: at most seven, of the same folder. A file that is
refused, crashes or takes too long is the last that its process meets; where others came before, it is decoded again by
a process that has met none, so that it is refused for nobody else's faults.
"""

from __future__ import annotations

import math
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fpverify.errors import ScanError, ScanTooLarge, UnreadableScan
from fpverify.scans.decoder import ANSWER, QUESTION, READY, REFUSED, TOO_LARGE
from fpverify.scans.pictures import Picture, picture_of
from fpverify.scans.work import MOST_SIDE_PX

DECODER = Path(__file__).with_name("decoder.py")
PACKAGE = Path(__file__).parents[2]  # the folder to import fpverify from
SLOWEST_S = 4.5  # by the clock, a busy machine included; an image takes 0.1 s
KILLED_S = 2.0  # in which a process that was killed is gone
MOST_WORDS = 500  # characters of a message
REUSE = {"MALLOC_MMAP_THRESHOLD_": "8388608", "MALLOC_TRIM_THRESHOLD_": "33554432"}  # bytes; glibc keeps what is freed
KEPT = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT")  # variables that Python may need to start
VALUES = {  # of a row, by Pillow's mode: their type, and how many a pixel has
    **{"L": ("u1", 1), "RGB": ("u1", 3), "RGBA": ("u1", 4), "I": ("i4", 1), "F": ("f4", 1)},
    **{"I;16": ("<u2", 1), "I;16L": ("<u2", 1), "I;16B": (">u2", 1), "I;16N": ("u2", 1)},
}
NOT_DECODED = "damaged or truncated: its pixels cannot be decoded"
TOO_SLOW = f"decoding it takes more than {SLOWEST_S:g} s: save the image anew, such as PNG"


def decoded_apart(data: bytes, source: str) -> Picture:
    """The one image in the bytes of a file, decoded by a process that is started for it.

    Args:
        data: of the file.
        source: name for messages.

    Raises:
        UnreadableScan, ScanTooLarge: as `fpverify.scans.images.decode`; or it went beyond a limit.
    """
    question = QUESTION.pack(len(data)) + data
    try:
        code, said = _run(_command(0), question, time.monotonic() + SLOWEST_S)
    except subprocess.TimeoutExpired:
        raise UnreadableScan(f"{source}: {TOO_SLOW}") from None
    except OSError as error:
        raise UnreadableScan(f"{source}: no process can be started to decode it: {error.strerror}") from None
    if code:
        raise UnreadableScan(f"{source}: {_reason(code)}")
    answer = memoryview(said)
    try:
        shape = _Answer(answer[: ANSWER.size], source)
        return shape.picture(answer[ANSWER.size :])
    except ValueError as error:
        if isinstance(error, ScanError):
            raise
        raise UnreadableScan(f"{source}: {NOT_DECODED}") from None


class Decoder:
    """A process that waits for images, for one thread at a time; where systems know no fork, one for each image.

    Attributes:
        one_fork: how many files that are not light work a fork of it meets; see the module.
    """

    def __init__(self, one_fork: int = 1) -> None:
        self.one_fork = one_fork
        self._met_others = False
        self._closed = False
        self._start()

    def decode(self, data: bytes, source: str, within_s: float = SLOWEST_S) -> Picture:
        """The one image in the bytes of a file.

        Args:
            data: of the file.
            source: name for messages.
            within_s: seconds that it may take, twice where forks meet several files.

        Raises:
            UnreadableScan, ScanTooLarge: as `decoded_apart`.
        """
        others, self._met_others = self._met_others, False
        try:
            picture = self._decoded(data, source, within_s)
        except UnreadableScan:
            if not others or self._closed:
                raise
            picture = self._decoded(data, source, within_s)
        self._met_others = self.one_fork > 1
        return picture

    def _decoded(self, data: bytes, source: str, within_s: float) -> Picture:
        if self._process is None:
            return decoded_apart(data, source)
        end = time.monotonic() + within_s
        if self._process.poll() is not None:
            self._renew()
        try:
            self._await_ready(end)
            self._send(QUESTION.pack(len(data)), end)
            self._send(data, end)
            answer = _Answer(self._received(ANSWER.size, end), source)
            return answer.picture(self._received(answer.length, end))
        except TimeoutError:
            self._renew()
            raise UnreadableScan(f"{source}: {TOO_SLOW}") from None
        except (OSError, EOFError):
            raise UnreadableScan(f"{source}: {_reason(self._renew())}") from None
        except ValueError as error:
            if isinstance(error, ScanError):
                raise
            self._renew()  # it answers what it should not
            raise UnreadableScan(f"{source}: {NOT_DECODED}") from None

    def wait(self, within_s: float) -> None:
        """Returns when the process is ready.

        Raises:
            OSError: it is not, within this time.
        """
        try:
            if self._process is not None:
                self._await_ready(time.monotonic() + within_s)
        except EOFError:
            raise OSError("the process that decodes images ended") from None

    def close(self) -> None:
        """Ends the process, whatever it does; another thread that waits for an image is told that it failed."""
        self._closed = True
        self._end()

    def _start(self) -> None:
        self._ready = False
        self._process: subprocess.Popen[bytes] | None = None
        if not hasattr(os, "fork"):
            return
        self._connection, other = socket.socketpair()
        with other:
            self._process = subprocess.Popen(  # noqa: S603
                _command(self.one_fork),
                stdin=other.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment() | (REUSE if self.one_fork > 1 else {}),
                start_new_session=True,  # Ctrl-C is for the one that asks
            )

    def _renew(self) -> int:
        """Another process in place of this one, and what it ended with: above 0 the signal of a fork."""
        code = self._end()
        if not self._closed:
            self._start()
        return code

    def _end(self) -> int:
        if self._process is None:
            return 0
        try:
            code = self._process.wait(0.05)  # after a crash it is about to end
        except subprocess.TimeoutExpired:
            self._process.terminate()  # its fork with it
            try:
                code = self._process.wait(KILLED_S)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                code = self._process.wait()
        self._connection.close()
        return code

    def _await_ready(self, end_s: float) -> None:
        if not self._ready:
            self._ready = self._received(len(READY), end_s) == READY

    def _send(self, data: bytes, end_s: float) -> None:
        self._connection.settimeout(_left(end_s))
        self._connection.sendall(data)

    def _received(self, length: int, end_s: float) -> bytearray:
        whole = bytearray(length)
        rest = memoryview(whole)
        while rest:
            self._connection.settimeout(_left(end_s))
            count = self._connection.recv_into(rest)
            if not count:
                raise EOFError
            rest = rest[count:]
        return whole


class _Answer:
    """The head of an answer, held against what can be: it comes from where hostile files are decoded.

    Raises:
        ValueError: it cannot be.
    """

    def __init__(self, head: bytearray | memoryview, source: str) -> None:
        if len(head) != ANSWER.size:
            raise ValueError("cut short")
        word, self.width, self.height, *self.ppi = ANSWER.unpack(head)
        self.word = bytes(word).rstrip(b"\0")
        self.source = source
        self.refusal = {REFUSED: UnreadableScan, TOO_LARGE: ScanTooLarge}.get(self.word)
        kind = VALUES.get(self.word.decode("ascii")) if self.refusal is None else ("u1", 1)
        if kind is None:
            raise ValueError("no mode")
        self.type, self.channels = kind
        if not (0 < self.width <= MOST_SIDE_PX and 0 < self.height <= MOST_SIDE_PX):
            raise ValueError("no picture")

    @property
    def length(self) -> int:
        """Bytes that follow."""
        return int(self.width * self.height * self.channels * np.dtype(self.type).itemsize)

    def picture(self, rows: bytearray | memoryview) -> Picture:
        """The picture of these rows.

        Raises:
            UnreadableScan, ScanTooLarge: the answer is a refusal.
            ValueError: it is neither.
        """
        if self.refusal is not None:
            words = bytes(rows).decode(errors="replace")[:MOST_WORDS]
            raise self.refusal(self.source + "".join(one if one.isprintable() else "?" for one in words))
        shape = (self.height, self.width) if self.channels == 1 else (self.height, self.width, self.channels)
        values: NDArray[Any] = np.frombuffer(rows, self.type).reshape(shape)
        across, down = self.ppi
        return picture_of(values, None if math.isnan(across) else (across, down), self.source)


def _command(one_fork: int) -> list[str]:
    """-P: the modules beside the program are not in the way; -S: it is told where to import from, which is quicker."""
    folders = dict.fromkeys([str(PACKAGE), *(one for one in sys.path if one and Path(one).is_absolute())])
    return [sys.executable, "-P", "-S", str(DECODER), str(one_fork), *folders]


def _run(command: list[str], question: bytes, end_s: float) -> tuple[int, bytes]:
    """The code that a program ends with, and what it says."""
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing, env=_environment()) as process:  # noqa: S603
        try:
            said = process.communicate(question, max(0.0, end_s - time.monotonic()))[0]
        finally:
            process.kill()
    return process.returncode, said


def _environment() -> dict[str, str]:
    return {name: os.environ[name] for name in KEPT if name in os.environ}


def _reason(code: int) -> str:
    """Why a process ended with this code, in words."""
    too_slow = {getattr(signal, name, None) for name in ("SIGXCPU", "SIGPROF")}
    return TOO_SLOW if abs(code) in too_slow else NOT_DECODED


def _left(end_s: float) -> float:
    left = end_s - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
