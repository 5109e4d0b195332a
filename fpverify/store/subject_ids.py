"""What may name a subject: Unicode text of 1 to 256 characters on one line, compared in normal form C."""

from __future__ import annotations

import unicodedata

from fpverify.errors import EnrollmentError

LONGEST_SUBJECT_ID = 256  # characters in normal form C; long enough for a distinguished name or a URL

# Control characters, halves of surrogate pairs, and the line and paragraph separators: none of them can be
# printed on one line, and surrogates cannot be stored as UTF-8.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


def subject_id(text: str) -> str:
    """The id in normal form C, so that two ways to write an accented letter name one subject.

    Case and spaces count: "a", "A" and "A " are three subjects.

    Raises:
        EnrollmentError: the id is empty, longer than 256 characters, or holds a control character, a line separator
            or half of a surrogate pair.
    """
    if len(text) > 4 * LONGEST_SUBJECT_ID:  # normal form C makes at most four characters one
        raise EnrollmentError(_too_long(len(text)))
    identifier = unicodedata.normalize("NFC", text)
    if not identifier:
        raise EnrollmentError("the subject id is empty; give 1 to 256 characters")
    if len(identifier) > LONGEST_SUBJECT_ID:
        raise EnrollmentError(_too_long(len(identifier)))
    _refuse_unprintable(identifier)
    return identifier


def _refuse_unprintable(identifier: str) -> None:
    for position, character in enumerate(identifier, start=1):
        if unicodedata.category(character) in _REFUSED_CATEGORIES:
            raise EnrollmentError(
                f"the subject id has the control character U+{ord(character):04X} at position {position}; "
                "give printable text"
            )


def _too_long(length: int) -> str:
    return f"the subject id has {length} characters; at most {LONGEST_SUBJECT_ID} are kept"
