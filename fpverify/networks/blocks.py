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


def residual_block(x: keras.KerasTensor) -> keras.KerasTensor:
    """Two convolutions whose answer is added to what went in; at first it is nothing, and the block changes nothing.

    Args:
        x: (b, h, w, c), none negative, as after `conv_block`; what comes out has the same shape.

    Source: He et al., "Deep Residual Learning", CVPR 2016; the last scale beginning at zero: Goyal et al., "Accurate,
    Large Minibatch SGD", 2017, section 5.1.
    """
    channels = x.shape[-1]
    y = layers.Conv2D(channels, 3, padding="same", use_bias=False)(conv_block(x, channels))
    y = layers.BatchNormalization(gamma_initializer="zeros")(y)
    return layers.ReLU()(layers.Add()([x, y]))
