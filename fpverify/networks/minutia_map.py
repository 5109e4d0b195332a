"""Network A: where the minutiae are, and where there is a finger at all."""

from __future__ import annotations

import keras
from keras import layers

from fpverify.networks.blocks import conv_block, residual_block

OUTPUTS = 6  # heat logit, offset x and y logits, direction cos and sin, foreground logit


def minutia_map(fine: int = 24, middle: int = 48, coarse: int = 96) -> keras.Model:
    """A fully convolutional network with one answer for each cell of 4 x 4 px.

    A coarse path at stride 8 reaches 95 px to each side of a cell, twenty ridges; a fine path at stride 4 keeps
    position. More context does harm: with more dilations, by which a cell weighs all of a large print, the network
    learnt what synthetic prints look like and took real ones for none.

    Args:
        fine: channels at stride 2.
        middle: channels at stride 4.
        coarse: channels at stride 8.

    Returns:
        (b, h, w, 1) normalised image, ridges negative, h and w multiples of 8 -> (b, h/4, w/4, OUTPUTS) float32:
        heat logit, offset logits (their sigmoid is the place in the cell, x then y), direction (cos, sin, of any
        length), foreground logit.
    """
    image = keras.Input((None, None, 1), name="image")
    x = conv_block(image, fine, kernel=5, stride=2)
    x = layers.AveragePooling2D(2)(conv_block(x, fine))
    skip = residual_block(conv_block(conv_block(x, middle), middle))
    x = layers.AveragePooling2D(2)(skip)
    for dilation in (1, 2, 4):
        x = conv_block(x, coarse, dilation=dilation)
    x = residual_block(x)
    x = layers.Conv2D(middle, 1, use_bias=False)(x)
    x = layers.Conv2DTranspose(middle, 2, strides=2, use_bias=False)(x)
    x = layers.Add()([x, skip])
    x = residual_block(conv_block(conv_block(x, middle), middle))
    return keras.Model(image, layers.Conv2D(OUTPUTS, 1, dtype="float32", name="map")(x), name="minutia_map")
