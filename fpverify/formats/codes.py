"""What codes in records stand for.

Sources: ISO/IEC 19794-2:2005 and :2011, ANSI/INCITS 378-2004 and -2009, finger positions and impression types.
"""

from __future__ import annotations

from types import MappingProxyType

from fpverify.vocabulary import FINGERS

FINGER_NAMES = MappingProxyType(  # by code
    dict(enumerate(FINGERS))
    | {
        13: "right-four",
        14: "left-four",
        15: "both-thumbs",
        40: "right-index-middle",
        41: "right-middle-ring",
        42: "right-ring-little",
        43: "left-index-middle",
        44: "left-middle-ring",
        45: "left-ring-little",
        46: "both-index",
        47: "right-index-middle-ring",
        48: "right-middle-ring-little",
        49: "left-index-middle-ring",
        50: "left-middle-ring-little",
    }
)
FINGER_CODES = MappingProxyType({name: code for code, name in FINGER_NAMES.items()})
LARGEST_OF_2005 = 10  # single fingers only

IMPRESSION_NAMES = MappingProxyType(  # by code
    {
        0: "live plain",
        1: "live rolled",
        2: "not live plain",
        3: "not live rolled",
        4: "latent impression",
        5: "latent tracing",
        6: "latent photo",
        7: "latent lift",
        8: "live swipe",
        9: "vertical roll",
        10: "live palm",
        11: "not live palm",
        20: "live optical contact plain",
        21: "live optical contact rolled",
        22: "live non-optical contact plain",
        23: "live non-optical contact rolled",
        24: "live optical contactless plain",
        25: "live optical contactless rolled",
        26: "live non-optical contactless plain",
        27: "live non-optical contactless rolled",
        28: "other",
        29: "unknown",
    }
)
CONTACTLESS = 24  # ISO/IEC 19794-2:2011; ANSI/INCITS 378-2004 has 9 for it, which is a vertical roll elsewhere
CONTACTLESS_OF_2004 = 9
LARGEST_OF_4_BITS = 15

UNKNOWN_VENDOR = 0x0103  # IBIA's number for nobody in particular; the later standards forbid 0
UNKNOWN_ALGORITHM = 0x0001  # likewise, of an algorithm or a product
