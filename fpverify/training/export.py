"""From a trained network to the files of a bundle, and back."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import keras

from fpverify.errors import ModelError
from fpverify.vocabulary import FloatArray

EXPORTING_BACKEND = "tensorflow"  # the one Keras backend with a converter to LiteRT


def weights_bytes(network: keras.Model) -> bytes:
    """The weights alone, in Keras' `.weights.h5` format, without the optimiser's state."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.weights.h5"
        keras.Model(network.inputs, network.outputs).save_weights(path)
        return path.read_bytes()


def take_weights(network: keras.Model, content: bytes) -> None:
    """Gives a network the weights of such a file.

    Args:
        network: changed in place.
        content: of the file.

    Raises:
        ValueError, UserWarning: the network is not of the widths that they are of.
    """
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="error"):
        path = Path(folder) / "network.weights.h5"
        path.write_bytes(content)
        network.load_weights(path)  # of some layers that do not fit Keras only warns


def litert_bytes(network: keras.Model, examples: FloatArray | None = None) -> bytes:
    """The network as a LiteRT file, input sizes left open; input and output are float32.

    Args:
        network: in float32.
        examples: (n, ...) inputs, one by one, whose activations set the steps of int8: weights a step for each channel,
            activations one for each layer (B. Jacob et al., CVPR 2018). None leaves the network in float32.

    Raises:
        ModelError: Keras does not run on TensorFlow, which alone can export.
    """
    if keras.backend.backend() != EXPORTING_BACKEND:
        raise ModelError(f"exporting to LiteRT needs TensorFlow: run it with KERAS_BACKEND={EXPORTING_BACKEND}")
    import tensorflow as tf

    def representative() -> Iterator[list[FloatArray]]:
        yield from ([example[None]] for example in ([] if examples is None else examples))

    with tempfile.TemporaryDirectory() as folder:
        network.export(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if examples is not None:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = representative
        content: bytes = converter.convert()
    return content
