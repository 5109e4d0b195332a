"""Networks run by LiteRT, on one thread, without TensorFlow."""

from __future__ import annotations

import threading

import numpy as np

from fpverify.vocabulary import FloatArray


class LiteRtNetwork:
    """A network from the bytes of a `.tflite` file, called like a function.

    Calls from several threads are taken one after the other.
    """

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter

        self._interpreter = Interpreter(model_content=content, num_threads=1)
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._shape: tuple[int, ...] = ()
        self._lock = threading.Lock()

    def __call__(self, batch: FloatArray) -> FloatArray:
        """The answer to a batch, float32; its shape may change from call to call. An empty batch is not allowed."""
        with self._lock:
            self._fit(batch.shape)
            self._interpreter.set_tensor(self._input, np.ascontiguousarray(batch, np.float32))
            self._interpreter.invoke()
            return np.array(self._interpreter.get_tensor(self._output), np.float32)

    def _fit(self, shape: tuple[int, ...]) -> None:
        if shape != self._shape:
            self._interpreter.resize_tensor_input(self._input, shape)
            self._interpreter.allocate_tensors()
            self._shape = shape
