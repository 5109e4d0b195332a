"""Network C: where one finger's print borders on another's."""

from __future__ import annotations

import keras
from keras import layers

from fpverify.networks.blocks import conv_block, residual_block

FOLDED = 16  # pixels of a square of 4 x 4 px, about a ridge wide
DILATIONS = (1, 2, 4, 8)  # at stride 8: a cell weighs the ridges 12 mm around it, as far as a border can be told


def seam_map(fine: int = 32, coarse: int = 48) -> keras.Model:
    """A fully convolutional network with one answer for each cell of 8 x 8 px.

    Squares of 4 x 4 px come in as one place of 16 channels: most of the time of a network that begins with pixels goes
    into its first layer.

    Args:
        fine: channels at stride 4.
        coarse: channels at stride 8.

    Returns:
        (b, h/4, w/4, 16) normalised image, ridges negative, the squares row by row, h and w multiples of 8
        -> (b, h/8, w/8, 1) float32: the logit of a border.
    """
    image = keras.Input((None, None, FOLDED), name="image")
    x = conv_block(conv_block(image, fine), fine)
    x = conv_block(x, coarse, stride=2)
    for dilation in DILATIONS:
        x = conv_block(x, coarse, dilation=dilation)
    x = residual_block(x)
    return keras.Model(image, layers.Conv2D(1, 1, dtype="float32", name="border")(x), name="seam_map")
