"""The names of the ten fingers, and their codes.

Source: ISO/IEC 19794-2:2005, finger position.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fpverify.errors import CorruptRecord, EnrollmentError
from fpverify.vocabulary import FINGERS, Finger

UNKNOWN_FINGER = FINGERS[0]

FINGER_CODES: Mapping[str, int] = MappingProxyType({name: code for code, name in enumerate(FINGERS)})  # ISO, 0 to 10


def finger_code(name: str) -> int:
    """The ISO code of a finger, 0 to 10.

    Raises:
        EnrollmentError: no finger has this name.
    """
    code = FINGER_CODES.get(name) if isinstance(name, str) else None
    if code is None:
        raise EnrollmentError(
            f"no finger is called {name!r}; the names are {', '.join(FINGERS[1:])} and {UNKNOWN_FINGER}"
        )
    return code


def finger_name(code: int) -> Finger:
    """The name of the finger with an ISO code.

    Raises:
        CorruptRecord: no finger has this code; only a damaged record can hold such a one.
    """
    if not 0 <= code < len(FINGERS):
        raise CorruptRecord(f"a record holds the finger code {code}; the codes are 0 to {len(FINGERS) - 1}")
    return FINGERS[code]
