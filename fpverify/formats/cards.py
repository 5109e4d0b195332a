"""ISO/IEC 19794-2:2005 in its two card forms: minutiae alone, one after the other, no header.

    normal card     5 bytes each: type 2 bits, x 14, reserved 2, y 14, direction 8 (1.40625 degrees); 0.01 mm
    compact card    3 bytes each: x 8 bits, y 8, type 2, direction 6 (5.625 degrees); 0.1 mm

Positions are lengths, so the card's "pixel" is 0.01 mm or 0.1 mm wide; the size of the picture, the finger and all
qualities are not kept. A print that lies too far from the corner, but is small enough, is moved.
"""

from __future__ import annotations

import numpy as np

from fpverify.errors import UnreadableRecord, UnwritableRecord
from fpverify.formats.cursor import Cursor
from fpverify.formats.grids import Steps, direction, direction_steps
from fpverify.formats.points import (
    ISO_ANGLES,
    LARGEST_14_BITS,
    MOST,
    TYPE_SHIFT,
    Layout,
    decode_points,
    require_count,
)
from fpverify.vocabulary import MINUTIA_TYPES, NOT_STATED, FingerView, FloatArray, MinutiaRecord

NORMAL, COMPACT = "iso2005-normal-card", "iso2005-compact-card"
NORMAL_BYTES, COMPACT_BYTES = 5, 3  # of a minutia
NORMAL_PPCM, COMPACT_PPCM = 1000.0, 100.0  # steps per centimetre
COMPACT_ANGLES = 64  # 5.625 degrees
COMPACT_TYPE_SHIFT = 6  # two bits above the direction
LARGEST_8_BITS = 0xFF

_LAYOUT = Layout(ISO_ANGLES, quality=False)


def decode_normal_card(data: bytes, source: str) -> MinutiaRecord:
    """Minutiae of a normal card; raises UnreadableRecord."""
    count = _count(data, NORMAL_BYTES, source)
    points = decode_points(Cursor(data, source), count, _LAYOUT)
    return MinutiaRecord((FingerView(*points, ppcm_x=NORMAL_PPCM, ppcm_y=NORMAL_PPCM),), NORMAL, source=source)


def decode_compact_card(data: bytes, source: str) -> MinutiaRecord:
    """Minutiae of a compact card; raises UnreadableRecord."""
    count = _count(data, COMPACT_BYTES, source)
    x, y, last = np.frombuffer(data, np.uint8).reshape(count, COMPACT_BYTES).T
    types = last >> COMPACT_TYPE_SHIFT
    if (types >= len(MINUTIA_TYPES)).any():
        first = int(np.flatnonzero(types >= len(MINUTIA_TYPES))[0])
        place = f"byte {COMPACT_BYTES * first}: minutia {first + 1} of {count}"
        raise UnreadableRecord(f"{source}: {place} has the type 3, which is reserved")
    view = FingerView(
        x.astype(np.float32),
        y.astype(np.float32),
        direction((last & (COMPACT_ANGLES - 1)).astype(np.int64), COMPACT_ANGLES),
        types.astype(np.uint8),
        np.full(count, NOT_STATED, np.int16),
        ppcm_x=COMPACT_PPCM,
        ppcm_y=COMPACT_PPCM,
    )
    return MinutiaRecord((view,), COMPACT, source=source)


def encode_normal_card(record: MinutiaRecord) -> bytes:
    """The minutiae of the one view for a normal card; raises UnwritableRecord."""
    view = _only_view(record)
    rows = np.zeros(len(view), [("x", ">u2"), ("y", ">u2"), ("angle", "u1")])
    rows["x"] = _lengths(view.x_px, view.ppcm_x, NORMAL_PPCM, LARGEST_14_BITS) | view.types.astype(int) << TYPE_SHIFT
    rows["y"] = _lengths(view.y_px, view.ppcm_y, NORMAL_PPCM, LARGEST_14_BITS)
    rows["angle"] = direction_steps(view.angle_rad, ISO_ANGLES)
    return rows.tobytes()


def encode_compact_card(record: MinutiaRecord) -> bytes:
    """The minutiae of the one view for a compact card; raises UnwritableRecord."""
    view = _only_view(record)
    rows = np.zeros((len(view), COMPACT_BYTES), np.uint8)
    rows[:, 0] = _lengths(view.x_px, view.ppcm_x, COMPACT_PPCM, LARGEST_8_BITS)
    rows[:, 1] = _lengths(view.y_px, view.ppcm_y, COMPACT_PPCM, LARGEST_8_BITS)
    turn = direction_steps(view.angle_rad, COMPACT_ANGLES)
    rows[:, 2] = turn | view.types.astype(int) << COMPACT_TYPE_SHIFT
    return rows.tobytes()


def _count(data: bytes, size: int, source: str) -> int:
    count, rest = divmod(len(data), size)
    if rest or not 1 <= count <= MOST:
        raise UnreadableRecord(
            f"{source}: {len(data)} bytes are no minutiae of a card: {size} each, and 1 to {MOST} of them"
        )
    return count


def _only_view(record: MinutiaRecord) -> FingerView:
    if len(record) != 1:
        raise UnwritableRecord(f"{len(record)} views, a card form holds one")
    view = record.views[0]
    require_count(view)
    if len(view) == 0:
        raise UnwritableRecord("no minutiae, a card form holds nothing else")
    if not (view.ppcm_x > 0 and view.ppcm_y > 0):
        raise UnwritableRecord("no resolution is known: give it, such as 500 ppi; a card form has positions in mm")
    return view


def _lengths(position: FloatArray, ppcm: float, per_cm: float, most: int) -> Steps:
    """Positions in the card's steps, moved towards the corner if they would be too large.

    Raises:
        UnwritableRecord: they lie too far apart.
    """
    steps = np.rint(position.astype(np.float64) * (per_cm / ppcm)).astype(np.int64)
    steps -= max(int(steps.max()) - most, 0) + min(int(steps.min()), 0)
    if steps.min() < 0 or steps.max() > most:
        apart = f"{np.ptp(steps) / per_cm * 10:.1f} mm"
        raise UnwritableRecord(f"minutiae {apart} apart, this card form holds {most / per_cm * 10:.1f} mm at most")
    return steps
