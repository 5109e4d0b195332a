"""Whether a picture in colours shows skin itself, as a camera sees it, and not the print that it leaves.

Of a print in coloured ink, or on yellowed paper, either ridges or valleys are without colour, or the hue is another. On
a photograph of a finger all of it has the hue of skin, between red and orange, whatever the light's brightness.
"""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.errors import FailureToAcquire
from fpverify.vocabulary import ByteArray

STEP = 3  # every third pixel is looked at
LEAST_CHROMA = 0.13  # of the brightest channel, from the strongest to the weakest; grey sensors have 0
HUES = (0.12, 0.62)  # from the weakest channel, of the way to red at which green lies: skin, from rosy to brown
LEAST_RED = 40  # of 255: below it is shadow, whose hue is noise
AROUND = 5  # looked-at pixels, a ridge and a valley: all of them have the hue
LEAST_SHARE = 0.08  # of the picture; a finger that is photographed fills a tenth at least


def require_no_photograph(pixels: ByteArray, source: str) -> None:
    """Refuses a picture of skin.

    Args:
        pixels: (height, width, 3 or 4) uint8: red, green, blue, perhaps alpha.
        source: name for messages.

    Raises:
        FailureToAcquire: it is one; the message says what to do.
    """
    share = skin_share(pixels)
    if share >= LEAST_SHARE:
        raise FailureToAcquire(
            f"{source}: a photograph of skin ({share:.0%} of it), not a print: capture the finger on a reader, or give "
            "it unrolled to the scale of contact, in grey, with --ppi"
        )


def skin_share(pixels: ByteArray) -> float:
    """How much of a picture has the hue of skin all over, ridges and valleys, in [0, 1]."""
    seen = pixels[::STEP, ::STEP, :3].astype(np.int16)
    red, green, blue = seen[..., 0], seen[..., 1], seen[..., 2]
    chroma = red - blue
    skin = (red >= LEAST_RED) & (red >= green) & (green >= blue) & (chroma > LEAST_CHROMA * red)
    skin &= (green - blue >= HUES[0] * chroma) & (green - blue <= HUES[1] * chroma)
    whole = cv2.erode(skin.astype(np.uint8), np.ones((AROUND, AROUND), np.uint8), borderValue=0)
    return float(whole.mean())
