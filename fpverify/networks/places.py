"""Network D: one tower of the Siamese pair that tells whether two places along the ridges are the same skin.

It sees half as far as that of minutiae: a touch of 5 mm has hardly a place whose 6.5 mm lie within it.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras

from fpverify.networks.patch_siamese import tower

SIDE_PX = 32
DIMENSIONS = 48  # of a descriptor: 18 bytes in the template of a finger from touches


def place_tower(channels: Sequence[int] = (48, 96, 128), dimensions: int = DIMENSIONS) -> keras.Model:
    """The tower both sides share: 8 million multiplications a place, of which a touch of 6 mm has 140 with both senses.

    Args:
        channels: at strides 4, 8 and 16.
        dimensions: of the descriptor.

    Returns:
        (n, 32, 32, 1) normalised neighbourhoods, turned along the ridges -> (n, dimensions) float32 of unit length.
    """
    return tower(SIDE_PX, channels, dimensions, "places")
