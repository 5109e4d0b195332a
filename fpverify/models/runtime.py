"""Networks run by LiteRT, on one thread, without TensorFlow."""

from __future__ import annotations

import threading

import numpy as np

from fpverify.errors import CorruptModel
from fpverify.vocabulary import FloatArray


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
            return np.array(self._interpreter.get_tensor(self._output), np.float32)

    def _fit(self, shape: tuple[int, ...]) -> None:
        if shape != self._shape:
            self._shape = ()  # none, should the next lines fail
            self._interpreter.resize_tensor_input(self._input, shape)
            self._interpreter.allocate_tensors()
            self._shape = shape
