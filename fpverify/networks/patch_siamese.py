"""Network B: one tower of the Siamese pair that tells whether two minutia neighbourhoods are the same skin.

`patch_tower` is the one that is used; it learns alone, or as `taught_tower` beside a wide one that teaches it.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers

from fpverify.networks.blocks import conv_block, folded, residual_block

PATCH_PX = 64
DIMENSIONS = 64  # of a descriptor: one byte each in a template
PUPIL, TEACHER = "descriptor", "teacher"  # the towers in `taught_tower`


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
    first, *others = channels
    patch = _patch()
    x = residual_block(conv_block(folded(patch, 4), first))
    for width in others:
        x = residual_block(conv_block(x, width, stride=2))
    return _tower(patch, x, dimensions, PUPIL)


def wide_patch_tower(channels: Sequence[int] = (64, 96, 128), dimensions: int = DIMENSIONS) -> keras.Model:
    """A tower of three times the work, to teach the one that is used.

    A bank of filters about two ridges wide, then most of the work at strides 4 and 8, residual blocks at 8 and 16.

    Args:
        channels: of the filter bank, of the convolutions at stride 4, of those at strides 8 and 16.
        dimensions: of the descriptor.

    Returns:
        As `patch_tower`.
    """
    bank, middle, coarse = channels
    patch = _patch()
    x = conv_block(patch, bank, kernel=8, stride=4)
    x = layers.AveragePooling2D(2)(conv_block(conv_block(x, middle), middle))
    x = layers.AveragePooling2D(2)(residual_block(conv_block(conv_block(x, coarse), coarse)))
    return _tower(patch, residual_block(x), dimensions, TEACHER)


def taught_tower(channels: Sequence[int] = (48, 80, 112)) -> keras.Model:
    """Pupil and teacher on the same patches, to be trained together by `losses.taught`.

    Args:
        channels: of the pupil, as for `patch_tower`.

    Returns:
        (n, 64, 64, 1) patches as of `patch_tower` -> (n, 2, DIMENSIONS) float32: the answer of `patch_tower`, which is
        the layer `PUPIL`, and that of `wide_patch_tower`.
    """
    patch = _patch()
    towers = patch_tower(channels), wide_patch_tower()
    answers = [layers.Reshape((1, DIMENSIONS), dtype="float32")(tower(patch)) for tower in towers]
    return keras.Model(patch, layers.Concatenate(axis=1, dtype="float32")(answers), name="taught")


def _patch() -> keras.KerasTensor:
    return keras.Input((PATCH_PX, PATCH_PX, 1), name="patch")


def _tower(patch: keras.KerasTensor, x: keras.KerasTensor, dimensions: int, name: str) -> keras.Model:
    x = layers.Dense(dimensions, use_bias=False, dtype="float32")(layers.Flatten()(x))
    return keras.Model(patch, layers.UnitNormalization(axis=-1, dtype="float32")(x), name=name)
