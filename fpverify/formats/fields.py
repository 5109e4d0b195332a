"""Fields that several record formats have: fingers, impressions, ratings, and what is the same for all views."""

from __future__ import annotations

import numpy as np

from fpverify.errors import UnwritableRecord
from fpverify.formats.codes import (
    CONTACTLESS,
    CONTACTLESS_OF_2004,
    FINGER_NAMES,
    IMPRESSION_NAMES,
    LARGEST_OF_4_BITS,
    LARGEST_OF_2005,
    UNKNOWN_ALGORITHM,
    UNKNOWN_VENDOR,
)
from fpverify.formats.cursor import Cursor
from fpverify.formats.grids import (
    BEST,
    LARGEST_UINT16,
    quality_of_2005,
    quality_of_2009,
    resolution_steps,
    side_steps,
    stored_2005,
    stored_2009,
)
from fpverify.vocabulary import NOT_STATED, FingerView, MinutiaRecord, Rating

MOST_VIEWS = 255  # their number is a uint8


def decode_finger(cursor: Cursor, largest: int = max(FINGER_NAMES)) -> int:
    """The code of a finger.

    Args:
        cursor: at it.
        largest: that the format knows.

    Raises:
        UnreadableRecord: none has this code.
    """
    code = cursor.number(1, "a finger's code")
    if code not in FINGER_NAMES or code > largest:
        raise cursor.wrong(f"the finger code {code} stands for none", 1)
    return code


def finger_of_2005(view: FingerView) -> int:
    """The code for a format that knows single fingers only; others become unknown."""
    return view.finger if view.finger <= LARGEST_OF_2005 else 0


def decode_view(cursor: Cursor) -> int:
    """The number of a view in a byte of its own.

    Raises:
        UnreadableRecord: above 15.
    """
    number = cursor.number(1, "a view's number")
    if number > LARGEST_OF_4_BITS:
        raise cursor.wrong(f"view {number} of a finger, 0 to {LARGEST_OF_4_BITS} are possible", 1)
    return number


def decode_view_and_impression(cursor: Cursor, *, ansi: bool) -> tuple[int, int]:
    """Both from one byte, as until 2005."""
    both = cursor.number(1, "a view's number and impression type")
    view, impression = both >> 4, both & LARGEST_OF_4_BITS
    if ansi and impression == CONTACTLESS_OF_2004:
        return view, CONTACTLESS
    return view, require_impression(cursor, impression)


def require_impression(cursor: Cursor, code: int) -> int:
    """The code, if it stands for something.

    Raises:
        UnreadableRecord: it stands for nothing.
    """
    if code not in IMPRESSION_NAMES:
        raise cursor.wrong(f"the impression type {code} stands for none", 1)
    return code


def view_and_impression(view: FingerView, *, ansi: bool) -> int:
    """Both in one byte; an impression that has no code of four bits becomes plain.

    Raises:
        UnwritableRecord: more than 16 views of a finger.
    """
    require_view(view)
    impression = CONTACTLESS_OF_2004 if ansi and view.impression == CONTACTLESS else view.impression
    taken = ansi and view.impression == CONTACTLESS_OF_2004  # a vertical roll, whose number means something else
    return view.view << 4 | (0 if taken or impression > LARGEST_OF_4_BITS else impression)


def require_view(view: FingerView) -> None:
    """Returns if a view's number fits four bits.

    Raises:
        UnwritableRecord: it does not.
    """
    if not 0 <= view.view <= LARGEST_OF_4_BITS:
        raise UnwritableRecord(f"view {view.view} of a finger, the standards number them 0 to {LARGEST_OF_4_BITS}")


def decode_rating_of_2005(cursor: Cursor) -> tuple[Rating, ...]:
    """The quality of a view in one byte; 0 says that none is given."""
    stored = _quality_byte(cursor)
    value = int(quality_of_2005(np.array([stored]))[0])
    return () if value == NOT_STATED else (Rating(value),)


def rating_of_2005(view: FingerView) -> int:
    """The first rating of a view in one byte."""
    value = view.ratings[0].value if view.ratings else NOT_STATED
    return int(stored_2005(np.array([value], np.int16))[0])


def decode_rating_of_2009(cursor: Cursor) -> Rating:
    """A rating of five bytes: its value, and who measured it."""
    value = int(quality_of_2009(np.array([_quality_byte(cursor)]))[0])
    return Rating(value, *decode_makers(cursor, "a rating's vendor and algorithm"))


def rating_of_2009(rating: Rating) -> bytes:
    """A rating in five bytes."""
    value = int(stored_2009(np.array([rating.value], np.int16))[0])
    return value.to_bytes(1, "big") + makers((rating.vendor, rating.algorithm))


def decode_makers(cursor: Cursor, what: str) -> tuple[int, int]:
    """A vendor and what of it, four bytes; (0, 0) if it is nobody in particular."""
    made_by = cursor.number(2, what), cursor.number(2, what)
    return (0, 0) if made_by == (UNKNOWN_VENDOR, UNKNOWN_ALGORITHM) else made_by


def makers(made_by: tuple[int, int]) -> bytes:
    """A vendor and what of it in four bytes."""
    vendor, what = made_by if made_by != (0, 0) else (UNKNOWN_VENDOR, UNKNOWN_ALGORITHM)
    return vendor.to_bytes(2, "big") + what.to_bytes(2, "big")


def size_of(view: FingerView) -> tuple[int, int]:
    """Width and height that a record states of a view.

    Raises:
        UnwritableRecord: more than 65,535 px.
    """
    size = side_steps(view.width_px, view.x_px), side_steps(view.height_px, view.y_px)
    if max(size) > LARGEST_UINT16:
        raise UnwritableRecord(
            f"a picture of {size[0]} x {size[1]} px, a record states at most {LARGEST_UINT16} a side"
        )
    return size


def resolution_of(view: FingerView) -> tuple[int, int]:
    """Pixels per centimetre across and down; raises UnwritableRecord."""
    return resolution_steps(view.ppcm_x), resolution_steps(view.ppcm_y)


def common_size(record: MinutiaRecord) -> tuple[int, int]:
    """Of a format that states one for all views: the smallest that holds each of them."""
    widths, heights = zip(*map(size_of, record.views), strict=True)
    return max(widths), max(heights)


def common_resolution(record: MinutiaRecord) -> tuple[int, int]:
    """Of a format that states one for all views.

    Raises:
        UnwritableRecord: they differ.
    """
    stated = {resolution_of(view) for view in record.views}
    if len(stated) > 1:
        raise UnwritableRecord(
            "the views have different resolutions, this format states one; iso2011 and ansi2009 state one for each"
        )
    return stated.pop()


def require_views(cursor: Cursor, count: int) -> int:
    """The number of views, if there are any.

    Raises:
        UnreadableRecord: there is none.
    """
    if count == 0:
        raise cursor.wrong("the record holds no view of a finger", 1)
    return count


def require_writable_views(record: MinutiaRecord) -> None:
    """Returns if a format can number the views.

    Raises:
        UnwritableRecord: there is none, or too many.
    """
    if not 1 <= len(record) <= MOST_VIEWS:
        raise UnwritableRecord(f"{len(record)} views, a record holds 1 to {MOST_VIEWS}")


def _quality_byte(cursor: Cursor) -> int:
    stored = cursor.number(1, "a view's quality")
    if BEST < stored < 254:
        raise cursor.wrong(f"a quality of {stored}, 0 to {BEST} are possible", 1)
    return stored
