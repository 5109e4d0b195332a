"""`.xyt`, which NIST's mindtct writes and bozorth3 reads: a line "x y theta quality" for each minutia.

Whole pixels from the bottom left corner, y up: a y of the picture is its height less that of the file. Theta is in
whole degrees counterclockwise from the x axis and points out of the ridge that ends, the other way than in every
standard.
Neither size nor resolution, type nor finger is kept.

Source: NIST Biometric Image Software, user's guide, "NIST internal" representation of minutiae.
"""

from __future__ import annotations

import re

import numpy as np

from fpverify.errors import UnreadableRecord, UnwritableRecord
from fpverify.formats.grids import BEST, direction, direction_steps, position_steps, side_steps
from fpverify.vocabulary import NOT_STATED, FingerView, MinutiaRecord

NAME = "xyt"
DEGREES = 360
HALF_TURN = 180
MOST_ROWS = 1000  # that bozorth3 reads of a file
LARGEST_PX = 65535  # of a record's picture
LINE = re.compile(rb"\s*(\d{1,5})\s+(\d{1,5})\s+(-?\d{1,3})(?:\s+(\d{1,3}))?\s*")
UNSIZED = "an xyt file states no picture size: taken is the smallest that holds its minutiae"


def decode_xyt(data: bytes, source: str) -> MinutiaRecord:
    """The minutiae of an xyt file, in the smallest picture that holds them; raises UnreadableRecord."""
    lines = [(number, line) for number, line in enumerate(data.splitlines(), 1) if line.strip()]
    if not 1 <= len(lines) <= MOST_ROWS:
        raise UnreadableRecord(f"{source}: {len(lines)} lines, an xyt file has 1 to {MOST_ROWS}")
    x, up, theta, quality = np.array([_row(line, f"{source}: line {number}") for number, line in lines]).T
    height = int(up.max())
    view = FingerView(
        x.astype(np.float32),
        (height - up).astype(np.float32),
        direction(theta + HALF_TURN, DEGREES),
        np.zeros(len(x), np.uint8),
        quality.astype(np.int16),
        width_px=int(x.max()) + 1,
        height_px=height,
    )
    return MinutiaRecord((view,), NAME, source=source, notes=(UNSIZED,))


def encode_xyt(record: MinutiaRecord) -> bytes:
    """The one view as an xyt file; raises UnwritableRecord."""
    if len(record) != 1:
        raise UnwritableRecord(f"{len(record)} views, an xyt file holds one")
    view = record.views[0]
    if not 1 <= len(view) <= MOST_ROWS:
        raise UnwritableRecord(f"{len(view)} minutiae, an xyt file holds 1 to {MOST_ROWS}")
    height = side_steps(view.height_px, view.y_px)
    x = position_steps(view.x_px, view.width_px, LARGEST_PX, "x")
    up = height - position_steps(view.y_px, height + 1, LARGEST_PX, "y")
    theta = (direction_steps(view.angle_rad, DEGREES) + HALF_TURN) % DEGREES
    rows = zip(x, up, theta, view.quality, strict=True)
    return "".join(f"{a} {b} {c}{'' if q < 0 else f' {q}'}\n" for a, b, c, q in rows).encode()


def _row(line: bytes, place: str) -> tuple[int, int, int, int]:
    match = LINE.fullmatch(line)
    if match is None:
        raise UnreadableRecord(f'{place}: not "x y theta" or "x y theta quality" in whole numbers')
    x, up, theta = (int(match[k]) for k in (1, 2, 3))
    quality = NOT_STATED if match[4] is None else int(match[4])
    if max(x, up) > LARGEST_PX or not -HALF_TURN <= theta <= DEGREES or quality > BEST:
        ranges = f"x and y reach {LARGEST_PX}, theta from -{HALF_TURN} to {DEGREES}, quality from 0 to {BEST}"
        raise UnreadableRecord(f"{place}: out of range: {ranges}")
    return x, up, theta, quality
