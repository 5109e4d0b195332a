"""From a trained network to the file that LiteRT runs."""

from __future__ import annotations

import tempfile
from pathlib import Path

import keras

from fpverify.errors import ModelError

EXPORTING_BACKEND = "tensorflow"  # the one Keras backend with a converter to LiteRT


def weights_bytes(network: keras.Model) -> bytes:
    """The weights alone, in Keras' `.weights.h5` format, without the optimiser's state."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.weights.h5"
        keras.Model(network.inputs, network.outputs).save_weights(path)
        return path.read_bytes()


def litert_bytes(network: keras.Model) -> bytes:
    """The network as a LiteRT file in float32, input sizes left open.

    Raises:
        ModelError: Keras does not run on TensorFlow, which alone can export.
    """
    if keras.backend.backend() != EXPORTING_BACKEND:
        raise ModelError(f"exporting to LiteRT needs TensorFlow: run it with KERAS_BACKEND={EXPORTING_BACKEND}")
    import tensorflow as tf

    with tempfile.TemporaryDirectory() as folder:
        network.export(folder, verbose=False)
        content: bytes = tf.lite.TFLiteConverter.from_saved_model(folder).convert()
    return content
