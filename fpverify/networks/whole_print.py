"""The Siamese tower over a whole print: one vector for one scan."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from fpverify.networks.blocks import conv_block


def whole_print_tower(side_px: int, channels: Sequence[int] = (16, 32, 64), dimensions: int = 32) -> keras.Model:
    """Convolutions with average pooling, and the mean over the whole print: where a pattern lies does not matter.

    Args:
        side_px: of the square input.
        channels: of one convolution at each scale.
        dimensions: of the vector.

    Returns:
        (n, side_px, side_px, 1) normalised prints -> (n, dimensions) float32 of unit length.
    """
    image = keras.Input((side_px, side_px, 1), name="print")
    x = image
    for width in channels:
        x = layers.AveragePooling2D(2)(conv_block(x, width))
    x = layers.GlobalAveragePooling2D()(x)
    x = layers.Dense(dimensions, use_bias=False, dtype="float32")(x)
    return keras.Model(image, layers.UnitNormalization(axis=-1, dtype="float32")(x), name="whole_print")
