"""What may name a subject: Unicode text of 1 to 256 characters on one line, compared in normal form C.

Whoever is new needs an id that can be told from others by eye as well: "A", "A " and "A" with a zero-width space would
be three people whom every list shows alike. Ids that were enrolled when this was allowed still name whom they named.
"""

from __future__ import annotations

import unicodedata

from fpverify.errors import EnrollmentError

LONGEST_SUBJECT_ID = 256  # characters in normal form C; long enough for a distinguished name or a URL

# Control characters, halves of surrogate pairs, and the line and paragraph separators: none of them can be
# printed on one line, and surrogates cannot be stored as UTF-8.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})

# What is not seen, of categories that are: the combining grapheme joiner, Hangul fillers, Khmer inherent vowels, the
# empty Braille pattern, variation selectors and Mongolian ones (Unicode's Default_Ignorable_Code_Point, and U+2800).
_UNSEEN = frozenset(
    chr(code)
    for span in (
        *((0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x2800, 0x2800), (0x3164, 0x3164)),
        *((0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0xE0100, 0xE01EF)),
    )
    for code in range(span[0], span[1] + 1)
)
_JOINERS = frozenset("\u200c\u200d")  # zero-width non-joiner and joiner: part of words in Persian and Indic scripts
_VIRAMA = 9  # combining class of the signs after which Indic scripts join


def subject_id(text: str) -> str:
    """The id in normal form C, so that two ways to write an accented letter name one subject.

    Case counts: "a" and "A" are two subjects.

    Raises:
        EnrollmentError: the id is no text, empty, longer than 256 characters, or holds a control character, a line
            separator or half of a surrogate pair.
    """
    if not isinstance(text, str):
        raise EnrollmentError(f"the subject id is {text!r:.60}; text was expected, such as {str(text)!r:.60}")
    if len(text) > 4 * LONGEST_SUBJECT_ID:  # normal form C makes at most four characters one
        raise EnrollmentError(_too_long(len(text)))
    identifier = unicodedata.normalize("NFC", text)
    if not identifier:
        raise EnrollmentError("the subject id is empty; give 1 to 256 characters")
    if len(identifier) > LONGEST_SUBJECT_ID:
        raise EnrollmentError(_too_long(len(identifier)))
    _refuse_unprintable(identifier)
    return identifier


def require_plain(identifier: str) -> None:
    """Returns if an id can be told from others by eye.

    Args:
        identifier: in normal form C.

    Raises:
        EnrollmentError: it begins or ends with a blank, has another blank than single spaces within, or a character
            that is not seen (as Unicode's format characters and fillers; joiners stay where a script needs them).
    """
    for position, character in enumerate(identifier):
        hidden = character in _UNSEEN or unicodedata.category(character) == "Cf"
        if hidden and not (_joins(identifier, position) or _shapes(identifier, position)):
            raise EnrollmentError(
                f"the subject id {identifier!r} has the invisible character U+{ord(character):04X} at position "
                f"{position + 1}; leave it out"
            )
    if identifier != " ".join(identifier.split()):
        raise EnrollmentError(
            f"the subject id {identifier!r} has blanks at an end, or others than single spaces; leave them out"
        )


def _joins(identifier: str, position: int) -> bool:
    """Whether the character is a joiner where a script has them: after a virama, or between Arabic letters.

    Source: the rules CONTEXTJ of RFC 5892, appendix A.1 and A.2.
    """
    before, after = identifier[position - 1 : position], identifier[position + 1 : position + 2]
    if identifier[position] not in _JOINERS or not before:
        return False
    between = all(unicodedata.name(one, "").startswith("ARABIC LETTER") for one in (before, after or " "))
    return unicodedata.combining(before) == _VIRAMA or (between and identifier[position] == "\u200c")


def _shapes(identifier: str, position: int) -> bool:
    """Whether the character asks for the picture of the symbol before it, as keyboards write emoji."""
    return identifier[position] == "\ufe0f" and unicodedata.category(identifier[position - 1]) == "So"


def _refuse_unprintable(identifier: str) -> None:
    for position, character in enumerate(identifier, start=1):
        if unicodedata.category(character) in _REFUSED_CATEGORIES:
            raise EnrollmentError(
                f"the subject id has the control character U+{ord(character):04X} at position {position}; "
                "give printable text"
            )


def _too_long(length: int) -> str:
    return f"the subject id has {length} characters; at most {LONGEST_SUBJECT_ID} are kept"
