"""Positions, impressions and compressions, as records of pictures number them.

Sources: ANSI/NIST-ITL 1-2011 (NIST Special Publication 500-290), tables of friction ridge positions, impression types
and compression codes; ISO/IEC 19794-4:2005 and :2011, tables of the same.
"""

from __future__ import annotations

from types import MappingProxyType

from fpverify.formats.codes import FINGER_NAMES, IMPRESSION_NAMES
from fpverify.formats.cursor import Cursor
from fpverify.vocabulary.images import Compression

POSITION_NAMES = MappingProxyType(  # by code
    dict(FINGER_NAMES)
    | {16: "right-extra", 17: "left-extra", 18: "unknown-skin", 19: "joint-or-tip"}
    | {20: "unknown-palm", 21: "right-palm", 22: "right-writers-palm", 23: "left-palm", 24: "left-writers-palm"}
    | {25: "right-lower-palm", 26: "right-upper-palm", 27: "left-lower-palm", 28: "left-upper-palm"}
    | {29: "right-other", 30: "left-other", 31: "right-interdigital", 32: "right-thenar", 33: "right-hypothenar"}
    | {34: "left-interdigital", 35: "left-thenar", 36: "left-hypothenar", 37: "right-grasp", 38: "left-grasp"}
)
PLAIN_THUMBS = MappingProxyType({11: 1, 12: 6})  # ANSI/NIST numbers plain thumbs apart: their fingers' own codes
RIGHT_FOUR, LEFT_FOUR, BOTH_THUMBS = 13, 14, 15
MEMBERS = MappingProxyType(  # which fingers a picture of several shows, as they lie from left to right
    {
        RIGHT_FOUR: (2, 3, 4, 5),
        LEFT_FOUR: (10, 9, 8, 7),
        BOTH_THUMBS: (6, 1),
        40: (2, 3),
        41: (3, 4),
        42: (4, 5),
        43: (8, 7),
        44: (9, 8),
        45: (10, 9),
        46: (7, 2),
        47: (2, 3, 4),
        48: (3, 4, 5),
        49: (9, 8, 7),
        50: (10, 9, 8),
    }
)
LARGEST_FINGER = 10  # a single one
UNKNOWN_IMPRESSION = 29
PLAIN_IMPRESSIONS = (0, 2)
AMPUTATIONS = MappingProxyType({"XX": "amputated", "UP": "unprintable"})

NIST_COMPRESSIONS: tuple[tuple[str, Compression], ...] = (  # by number in type 4, by name in types 13 to 15
    ("NONE", "none"),
    ("WSQ20", "wsq"),
    ("JPEGB", "jpeg"),
    ("JPEGL", "jpeg"),
    ("JP2", "jpeg2000"),
    ("JP2L", "jpeg2000"),
    ("PNG", "png"),
)
ISO_COMPRESSIONS_2005: tuple[Compression, ...] = ("none", "packed", "wsq", "jpeg", "jpeg2000", "png")
ISO_COMPRESSIONS_2011: tuple[Compression, ...] = ("none", "packed", "wsq", "jpeg", "jpeg2000", "jpeg2000", "png")

STARTS: tuple[tuple[bytes, Compression], ...] = (
    (b"\xff\xa0", "wsq"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\0\0\0\x0cjP  ", "jpeg2000"),
    (b"\xff\x4f\xff\x51", "jpeg2000"),
)
ENDS: dict[Compression, tuple[bytes, int]] = {  # the last bytes of a whole picture, and how many follow them
    "wsq": (b"\xff\xa1", 0),
    "jpeg": (b"\xff\xd9", 0),
    "png": (b"IEND", 4),
    "jpeg2000": (b"\xff\xd9", 0),
}


def compression_seen(data: bytes) -> Compression | None:
    """What a picture is compressed with, by its first bytes; None if they say nothing."""
    return next((kind for start, kind in STARTS if data.startswith(start)), None)


def known_position(code: int) -> int | None:
    """The code of a position, plain thumbs as thumbs; None if it stands for nothing."""
    code = PLAIN_THUMBS.get(code, code)
    return code if code in POSITION_NAMES else None


def require_position(cursor: Cursor, code: int) -> int:
    """The code of a position; raises UnreadableRecord if it stands for nothing."""
    known = known_position(code)
    if known is None:
        raise cursor.wrong(f"the position {code} stands for no finger", 1)
    return known


def known_impression(code: int) -> int:
    """The code of an impression type; what stands for nothing is unknown."""
    return code if code in IMPRESSION_NAMES else UNKNOWN_IMPRESSION
