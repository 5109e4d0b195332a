"""What a record has to be before it is written, and after it was read from text: whole, finite, within its ranges."""

from __future__ import annotations

import numpy as np

from fpverify.errors import UnwritableRecord
from fpverify.formats.codes import FINGER_NAMES, IMPRESSION_NAMES
from fpverify.formats.grids import BEST, LARGEST_UINT16
from fpverify.vocabulary import MINUTIA_TYPES, NOT_COMPUTED, Capture, FingerView, MinutiaRecord, Rating

LARGEST_UINT8 = 255
MOST_PPCM = float(LARGEST_UINT16)


def require_sound(record: MinutiaRecord) -> None:
    """Returns if every number of a record lies within its range.

    Raises:
        UnwritableRecord: one does not; names the view and the number.
    """
    if not record.views:
        raise UnwritableRecord("no view of a finger, a record holds at least one")
    if not all(0 <= number <= LARGEST_UINT16 for number in record.product):
        raise UnwritableRecord(f"the product {record.product} is out of range: two numbers of 0 to {LARGEST_UINT16}")
    for number, view in enumerate(record.views, 1):
        wrong = (
            _wrong_column(view) or _wrong_number(view) or _wrong_rating(view.ratings) or _wrong_capture(view.capture)
        )
        if wrong:
            raise UnwritableRecord(f"view {number} of {len(record)}: {wrong}")


def _wrong_column(view: FingerView) -> str:
    columns = (view.x_px, view.y_px, view.angle_rad, view.types, view.quality)
    if any(column.shape != (len(view),) for column in columns):
        return f"minutiae are five arrays of one length, got {[column.shape for column in columns]}"
    if not all(np.isfinite(column).all() for column in columns[:3]):
        return "a position or direction that is not finite"
    if (view.types >= len(MINUTIA_TYPES)).any():
        return f"a minutia's type is 0 to {len(MINUTIA_TYPES) - 1}"
    if ((view.quality < NOT_COMPUTED) | (view.quality > BEST)).any():
        return f"a minutia's quality is 0 to {BEST}, or not stated"
    return ""


def _wrong_number(view: FingerView) -> str:
    ppcm = view.ppcm_x, view.ppcm_y
    right = {
        f"no finger has the code {view.finger}": view.finger in FINGER_NAMES,
        f"no impression type has the code {view.impression}": view.impression in IMPRESSION_NAMES,
        f"a picture of {view.width_px} x {view.height_px} px": _are_uint16(view.width_px, view.height_px),
        f"a resolution of {ppcm[0]:g} x {ppcm[1]:g} pixels per centimetre": all(0 <= one <= MOST_PPCM for one in ppcm),
        f"a view's number is 0 to {LARGEST_UINT8}, this is {view.view}": 0 <= view.view <= LARGEST_UINT8,
        "a block of extended data has a type that is no uint16": _are_uint16(*(kind for kind, _ in view.extended)),
    }
    return next((said for said, is_right in right.items() if not is_right), "")


def _wrong_rating(ratings: tuple[Rating, ...]) -> str:
    for one in ratings:
        if not (NOT_COMPUTED <= one.value <= BEST and _are_uint16(one.vendor, one.algorithm)):
            return f"a rating of {one.value} by {one.vendor}/{one.algorithm}: a quality is 0 to {BEST}, or not stated"
    return ""


def _wrong_capture(capture: Capture) -> str:
    bytes_ = (capture.compliance, capture.technology, *(scheme for _, scheme in capture.certificates))
    words = (capture.device, capture.vendor, *(authority for authority, _ in capture.certificates), *capture.time)
    time_fits = len(capture.time) in {0, 7} and all(0 <= one <= LARGEST_UINT8 for one in capture.time[1:6])
    if not (time_fits and _are_uint16(*words) and all(0 <= one <= LARGEST_UINT8 for one in bytes_)):
        return "what it says of the capture is out of range"
    return ""


def _are_uint16(*numbers: int) -> bool:
    return all(0 <= number <= LARGEST_UINT16 for number in numbers)
