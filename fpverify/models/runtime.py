"""Networks run by LiteRT, on one thread, without TensorFlow."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import IO

import numpy as np

from fpverify.errors import CorruptModel
from fpverify.vocabulary import FloatArray

STANDARD_ERROR = 2  # file descriptor
GREETING = b"INFO: Created TensorFlow Lite XNNPACK delegate for CPU."  # of which no setting of LiteRT keeps it
_turning = threading.Lock()  # one thread at a time may turn standard error about


class LiteRtNetwork:
    """A network from the bytes of a `.tflite` file, called like a function.

    Calls from several threads are taken one after the other. A copy in another process (it can be pickled) is made
    from the bytes again.
    """

    def __init__(self, content: bytes, source: str = "memory") -> None:
        """Sets the network up.

        Args:
            content: of the file, already checked.
            source: where it came from, for messages.

        Raises:
            CorruptModel: the bytes are no network.
        """
        from ai_edge_litert.interpreter import Interpreter

        self._made_from = content, source
        try:
            self._interpreter = Interpreter(model_content=content, num_threads=1)
        except (ValueError, RuntimeError) as error:
            raise CorruptModel(f"{source}: not a LiteRT network") from error
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._shape: tuple[int, ...] = ()
        self._started = False
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[LiteRtNetwork], tuple[bytes, str]]:
        return LiteRtNetwork, self._made_from

    def __call__(self, batch: FloatArray) -> FloatArray:
        """The answer to a batch, float32.

        Args:
            batch: at least one item; its shape may change from call to call, which costs half a millisecond.
        """
        with self._lock:
            self._fit(batch.shape)
            self._interpreter.set_tensor(self._input, np.ascontiguousarray(batch, np.float32))
            self._interpreter.invoke()
            return np.asarray(self._interpreter.get_tensor(self._output), np.float32)  # a copy already

    def _fit(self, shape: tuple[int, ...]) -> None:
        if shape != self._shape:
            self._shape = ()  # none, should the next lines fail
            self._interpreter.resize_tensor_input(self._input, shape)
            with nullcontext() if self._started else _without_greeting():
                self._interpreter.allocate_tensors()
            self._started = True
            self._shape = shape


@contextmanager
def _without_greeting() -> Iterator[None]:
    """Keeps back what LiteRT writes to standard error when it starts; what else is written there comes a moment later.

    Where that cannot be done, standard error being closed or no temporary file to be had, it is left as it is.
    """
    with _turning:
        try:
            held, before = _nameless_file(), os.dup(STANDARD_ERROR)
        except OSError:
            yield
            return
        os.dup2(held.fileno(), STANDARD_ERROR)
        try:
            yield
        finally:
            os.dup2(before, STANDARD_ERROR)
            os.close(before)
            _pass_on(held)


def _nameless_file() -> IO[bytes]:
    if hasattr(os, "memfd_create"):  # in memory, without the dozen modules that `tempfile` brings along
        return os.fdopen(os.memfd_create("fpverify"), "w+b")
    from tempfile import TemporaryFile

    return TemporaryFile()


def _pass_on(held: IO[bytes]) -> None:
    with held:
        held.seek(0)
        lines = [line for line in held if line.rstrip() != GREETING]
    if lines:
        os.write(STANDARD_ERROR, b"".join(lines))
