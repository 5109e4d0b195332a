"""Network B: one tower of the Siamese pair that tells whether two minutia neighbourhoods are the same skin."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from fpverify.networks.blocks import conv_block

PATCH_PX = 64
DIMENSIONS = 64  # of a descriptor: one byte each in a template


def patch_tower(channels: Sequence[int] = (24, 32, 48, 64, 96, 96), dimensions: int = DIMENSIONS) -> keras.Model:
    """The tower both sides share.

    Args:
        channels: of the six convolutions, two at each of strides 2, 4 and 8.
        dimensions: of the descriptor.

    Returns:
        (n, 64, 64, 1) normalised patches, turned upright -> (n, dimensions) float32 of unit length.
    """
    patch = keras.Input((PATCH_PX, PATCH_PX, 1), name="patch")
    x = conv_block(patch, channels[0], kernel=5, stride=2)
    x = layers.AveragePooling2D(2)(conv_block(x, channels[1]))
    x = layers.AveragePooling2D(2)(conv_block(conv_block(x, channels[2]), channels[3]))
    x = layers.AveragePooling2D(2)(conv_block(conv_block(x, channels[4]), channels[5]))
    x = layers.Dense(dimensions, use_bias=False, dtype="float32")(layers.Flatten()(x))
    return keras.Model(patch, layers.UnitNormalization(axis=-1, dtype="float32")(x), name="descriptor")
