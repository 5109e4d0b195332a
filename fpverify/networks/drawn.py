"""Network E: where lines are drawn, and are not those of skin."""

from __future__ import annotations

import keras
from keras import layers

from fpverify.networks.blocks import conv_block, residual_block
from fpverify.networks.seams import FOLDED

DILATIONS = (1, 2)  # at stride 8: a cell weighs the lines 6 mm around it; skin tells itself by less


def drawn_map(fine: int = 32, coarse: int = 48) -> keras.Model:
    """A fully convolutional network with one answer for each cell of 8 x 8 px.

    Args:
        fine: channels at stride 4.
        coarse: channels at stride 8.

    Returns:
        (b, h/4, w/4, 16) normalised image, ridges negative, the squares row by row, h and w multiples of 8
        -> (b, h/8, w/8, 1) float32: the logit of lines that no skin has left.
    """
    image = keras.Input((None, None, FOLDED), name="image")
    x = residual_block(conv_block(image, fine))
    x = conv_block(x, coarse, stride=2)
    for dilation in DILATIONS:
        x = conv_block(x, coarse, dilation=dilation)
    return keras.Model(image, layers.Conv2D(1, 1, dtype="float32", name="drawn")(x), name="drawn_map")
