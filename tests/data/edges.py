"""Makes edges.tflite: a whole-print network without anything learnt, for tests that need a model and no TensorFlow.

Its answer is how much of the image's gradient points right, left, down and up: (1, 4) of unit length. Vertical stripes
are orthogonal to horizontal ones.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

EDGES = Path(__file__).with_name("edges.tflite")
SIDE_PX = 160


def edges_network() -> object:
    import keras

    inputs = keras.Input((SIDE_PX, SIDE_PX, 1))
    slopes = keras.layers.Conv2D(4, 3, activation="relu", use_bias=False, name="slopes")
    amounts = keras.layers.GlobalAveragePooling2D()(slopes(inputs))
    network = keras.Model(inputs, keras.layers.UnitNormalization()(amounts))
    right = np.outer([1, 2, 1], [-1, 0, 1]) / 8  # Sobel
    slopes.set_weights([np.stack([right, -right, right.T, -right.T], axis=-1)[:, :, None]])
    return network


if __name__ == "__main__":
    from fpverify.training.export import litert_bytes

    EDGES.write_bytes(litert_bytes(edges_network()))
