"""Network B: one tower of the Siamese pair that tells whether two minutia neighbourhoods are the same skin."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from fpverify.networks.blocks import conv_block, folded, residual_block

PATCH_PX = 64
DIMENSIONS = 64  # of a descriptor: one byte each in a template


def patch_tower(channels: Sequence[int] = (48, 80, 112), dimensions: int = DIMENSIONS) -> keras.Model:
    """The tower both sides share.

    Small enough for a processor without a GPU: 27 million multiplications a neighbourhood, of which there are about 50
    in a print. Squares of 4 x 4 px, about a ridge wide, come in as one place of 16 channels; then a residual block at
    each of the strides 4, 8 and 16.

    Args:
        channels: at strides 4, 8 and 16.
        dimensions: of the descriptor.

    Returns:
        (n, 64, 64, 1) normalised patches, turned upright -> (n, dimensions) float32 of unit length.
    """
    return tower(PATCH_PX, channels, dimensions, "descriptor")


def tower(side_px: int, channels: Sequence[int], dimensions: int, name: str) -> keras.Model:
    """(n, side_px, side_px, 1) -> (n, dimensions) float32 of unit length; arguments as of `patch_tower`."""
    first, *others = channels
    patch = keras.Input((side_px, side_px, 1), name="patch")
    x = residual_block(conv_block(folded(patch, 4), first))
    for width in others:
        x = residual_block(conv_block(x, width, stride=2))
    x = layers.Dense(dimensions, use_bias=False, dtype="float32")(layers.Flatten()(x))
    return keras.Model(patch, layers.UnitNormalization(axis=-1, dtype="float32")(x), name=name)
