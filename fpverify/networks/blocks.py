"""Layers that every network here is made of."""

from __future__ import annotations

import keras
from keras import layers


def conv_block(
    x: keras.KerasTensor, channels: int, *, kernel: int = 3, stride: int = 1, dilation: int = 1
) -> keras.KerasTensor:
    """Convolution, batch normalisation, ReLU; the normalisation's shift takes the place of a bias."""
    x = layers.Conv2D(channels, kernel, strides=stride, dilation_rate=dilation, padding="same", use_bias=False)(x)
    return layers.ReLU()(layers.BatchNormalization()(x))
