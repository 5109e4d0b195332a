"""A probe and the minutiae of it that have a partner in a reference of which only the template is known."""

from __future__ import annotations

import cv2
import numpy as np

from fpverify.comparison import Overlap
from fpverify.features import Acquired
from fpverify.vocabulary import ByteArray

ENLARGED = 2  # px of the picture for each of 250 ppi
RADIUS_PX, TAIL_PX = 7, 15  # of a minutia and its direction, px of the picture
PARTNER = (178, 114, 0)  # blue, green, red: the blue of `palette`
LONE = (152, 143, 138)
PAPER, INK = 255.0, 90.0  # grey levels of valleys and ridges: ridges stay behind what is drawn on them
CLEAREST = 1.5  # deviations of the normalised image at which grey ends


def probe_png(acquired: Acquired, laid: Overlap) -> bytes:
    """A probe, laid on a reference, as PNG of 500 ppi: minutiae with a partner are blue and filled, others grey."""
    picture = _paper(acquired)
    partners = set(laid.pairs[:, 0].tolist())
    minutiae = acquired.template.minutiae
    for number, (x, y, angle) in enumerate(zip(minutiae.x_px, minutiae.y_px, minutiae.angle_rad, strict=True)):
        _draw(picture, float(x), float(y), float(angle), number in partners)
    return bytes(cv2.imencode(".png", picture)[1].tobytes())


def _paper(acquired: Acquired) -> ByteArray:
    image = np.clip(acquired.prepared.image / CLEAREST, -1, 1)
    grey = np.asarray(PAPER - (PAPER - INK) * (1 - image) / 2, np.uint8)
    large = cv2.resize(grey, None, fx=ENLARGED, fy=ENLARGED, interpolation=cv2.INTER_CUBIC)
    return np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), np.uint8)


def _draw(picture: ByteArray, x: float, y: float, angle: float, partner: bool) -> None:
    centre = round(ENLARGED * x), round(ENLARGED * y)
    end = round(centre[0] + TAIL_PX * np.cos(angle)), round(centre[1] + TAIL_PX * np.sin(angle))
    colour = PARTNER if partner else LONE
    cv2.line(picture, centre, end, colour, 2, cv2.LINE_AA)
    cv2.circle(picture, centre, RADIUS_PX, colour, -1 if partner else 2, cv2.LINE_AA)
