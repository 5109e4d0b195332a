"""ANSI/NIST-ITL transactions in traditional encoding: the fingers of types 4, 13, 14 and 15, the minutiae of type 9.

A type 4 states no resolution of its own: 0 stands for the 19.69 pixels per millimetre (500 ppi) that the standard asks
for at least, 1 for the scanner's own, which the first record has. The others state theirs, per inch or centimetre.

Source: ANSI/NIST-ITL 1-2011 (NIST Special Publication 500-290), records of types 1, 4, 13, 14 and 15.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from fpverify.errors import UnreadableRecord
from fpverify.formats.containers.codes import (
    AMPUTATIONS,
    LARGEST_FINGER,
    NIST_COMPRESSIONS,
    UNKNOWN_IMPRESSION,
    known_impression,
    known_position,
)
from fpverify.formats.containers.minutiae import minutiae_views
from fpverify.formats.containers.pictures import Checked, Stated, checked_picture
from fpverify.formats.containers.tagged import (
    BINARY_HEAD,
    PICTURE_FIELD,
    RS,
    US,
    Piece,
    Pieces,
    compression_named,
    number,
)
from fpverify.vocabulary import FingerView, Rating
from fpverify.vocabulary.images import FingerImage, ImageRecord, Segment

NAME = "an2"
LEAST_PPMM = 19.69  # pixels per millimetre that a type 4 has at least: 500 ppi
MM_PER_INCH, CM_PER_INCH = 25.4, 2.54
ROUNDING_PPMM = 0.0051  # two digits are stated
PLAUSIBLE_PPMM = (3.0, 160.0)  # 76 to 4000 ppi: beyond, nothing was meant
PER_INCH, PER_CM = 1, 2  # codes of the unit of a resolution
IMAGE_TYPES = (4, 13, 14, 15)
LIKE_4 = (3, 4, 5, 6)  # binary records of pictures; only type 4 has grey levels at full resolution
FACTS = (  # of the first record, by field
    (2, "version"),
    (4, "type"),
    (5, "date"),
    (7, "to"),
    (8, "from"),
    (9, "number"),
    (10, "reference"),
    (13, "domain"),
)
AMPUTATIONS_OF_2 = 84  # field of the FBI's type 2: fingers that cannot be taken
NO_QUALITY = (254, 255)


class Resolutions(NamedTuple):
    """Pixels per millimetre of the first record: of the scanner, and of what is transmitted; None where not stated."""

    native: float | None
    nominal: float | None


def decode_transaction(data: bytes, source: str) -> ImageRecord:
    """A transaction; raises UnreadableRecord."""
    pieces = Pieces(data, source)
    found = pieces.found()
    return _Transaction(data, source, pieces.notes).record(found)


class _Transaction:
    def __init__(self, data: bytes, source: str, notes: list[str]) -> None:
        self._data, self._source, self._notes = data, source, notes

    def record(self, pieces: list[Piece]) -> ImageRecord:
        first = pieces[0]
        self._resolutions = Resolutions(_decimal(first.fields.get(11)), _decimal(first.fields.get(12)))
        images: list[FingerImage] = []
        missing: dict[int, str] = {}
        for piece in pieces[1:]:
            image = self._image(piece)
            if image is not None:
                images.append(image)
            missing |= self._missing(piece)
        views = tuple(view for piece in pieces[1:] if piece.type == 9 for view in self._views(piece, images))
        others = Counter(piece.type for piece in pieces[1:] if piece.type not in (*IMAGE_TYPES, 9))
        if not images and not views and not others:
            raise UnreadableRecord(f"{self._source}: the transaction holds nothing but its first record")
        return ImageRecord(
            tuple(images),
            views,
            NAME,
            tuple((name, _text(first.fields[field])) for field, name in FACTS if _text(first.fields.get(field, b""))),
            tuple(sorted(others.items())),
            tuple(sorted(missing.items())),
            self._source,
            tuple(dict.fromkeys(self._notes)),
        )

    def _image(self, piece: Piece) -> FingerImage | None:
        if piece.type == 4:
            return self._of_type_4(piece)
        if piece.type not in IMAGE_TYPES or PICTURE_FIELD not in piece.fields:
            return None  # a finger that could not be taken has a record without a picture
        return self._of_fields(piece)

    def _of_type_4(self, piece: Piece) -> FingerImage:
        head = self._data[piece.start : piece.start + BINARY_HEAD]
        image = self._data[piece.start + BINARY_HEAD : piece.end]
        width, height = (int.from_bytes(head[at : at + 2], "big") for at in (13, 15))
        stated = NIST_COMPRESSIONS[head[17]][1] if head[17] < len(NIST_COMPRESSIONS) else None
        position = self._position(piece, head[6])
        checked = self._checked(piece, image, Stated(stated, width, height, 8))
        ppi = self._ppi_of_type_4(head[12])
        return FingerImage(*checked, ppi, position, self._impression(piece, head[5]), number=head[4], type=4)

    def _ppi_of_type_4(self, code: int) -> tuple[float, float]:
        native, nominal = self._resolutions
        if code == 1 and native is not None:
            return _square(native)
        if code not in {0, 1}:
            self._notes.append(f"a record of type 4 has the resolution code {code}, taken as 0")
        if nominal is not None and abs(nominal - LEAST_PPMM) > ROUNDING_PPMM:
            self._notes.append(
                f"a record of type 4 has the least resolution, 500 ppi, where the first record states "
                f"{nominal * MM_PER_INCH:.0f}"
            )
        return _square(LEAST_PPMM)

    def _of_fields(self, piece: Piece) -> FingerImage:
        fields = piece.fields
        sides = [number(fields.get(field, b"")) for field in (6, 7)]
        bits = number(fields.get(12, b"")) or 8
        stated = Stated(compression_named(fields.get(11, b"NONE")), sides[0] or 0, sides[1] or 0, bits)
        code = next((number(one) for one in fields.get(13, b"").replace(US, RS).split(RS)), None)
        position = self._position(piece, 0 if code is None else code)
        impression = number(fields.get(3, b""))
        return FingerImage(
            *self._checked(piece, fields[PICTURE_FIELD], stated),
            self._ppi(piece),
            position,
            self._impression(piece, UNKNOWN_IMPRESSION if impression is None else impression),
            bits,
            _ratings(fields.get(24, b"")),
            tuple(_amputations(fields.get(18, b"")).items()),
            self._segments(fields.get(21, b"")),
            number(fields.get(2, b"")) or 0,
            piece.type,
        )

    def _ppi(self, piece: Piece) -> tuple[float, float] | None:
        unit = number(piece.fields.get(8, b""))
        across, down = (_decimal(piece.fields.get(field)) for field in (9, 10))
        if across is None or down is None or unit not in {PER_INCH, PER_CM}:
            return None
        factor = 1.0 if unit == PER_INCH else CM_PER_INCH
        return across * factor, down * factor

    def _checked(self, piece: Piece, image: bytes, stated: Stated) -> Checked:
        record = f"a record of type {piece.type}"
        return checked_picture(image, stated, record, self._notes, partial(self._wrong, piece))

    def _position(self, piece: Piece, code: int) -> int:
        known = known_position(code)
        if known is None:
            self._notes.append(f"a record of type {piece.type} has the position {code}, which stands for no finger")
            return 0
        return known

    def _impression(self, piece: Piece, code: int) -> int:
        known = known_impression(code)
        if known != code:
            self._notes.append(f"a record of type {piece.type} has the impression type {code}, which stands for none")
        return known

    def _segments(self, value: bytes) -> tuple[Segment, ...]:
        segments = []
        for one in value.split(RS):
            numbers = [number(part) for part in one.split(US)]
            if len(numbers) >= 5 and None not in numbers[:5]:
                finger, left, right, top, bottom = (n or 0 for n in numbers[:5])
                if known_position(finger) and left <= right and top <= bottom:
                    segments.append(Segment(finger, left, right, top, bottom))
        return tuple(segments)

    def _missing(self, piece: Piece) -> dict[int, str]:
        if piece.type == 2:
            return _amputations(piece.fields.get(AMPUTATIONS_OF_2, b""))
        if piece.type == 14 and PICTURE_FIELD not in piece.fields:
            return _amputations(piece.fields.get(18, b""))
        return {}

    def _views(self, piece: Piece, images: list[FingerImage]) -> tuple[FingerView, ...]:
        own = number(piece.fields.get(2, b""))
        pictures = [one for one in images if one.number == own]
        try:
            return minutiae_views(piece.fields, pictures[0] if pictures else None)
        except UnreadableRecord as error:
            self._notes.append(f"the minutiae of a record of type 9 are not read: {error}")
            return ()

    def _wrong(self, piece: Piece, message: str) -> UnreadableRecord:
        return UnreadableRecord(f"{self._source}: byte {piece.start}: a record of type {piece.type}: {message}")


def _square(ppmm: float) -> tuple[float, float]:
    """Pixels per inch of a resolution in millimetres, a whole number where that is what was rounded."""
    ppi = ppmm * MM_PER_INCH
    whole = round(ppi)
    ppi = float(whole) if abs(whole - ppi) <= ROUNDING_PPMM * MM_PER_INCH else ppi
    return ppi, ppi


def _decimal(value: bytes | None) -> float | None:
    """A positive number as text has it, within what is plausible; None if it is none."""
    with suppress(ValueError):
        text = (value or b"").strip(b" \0").decode("ascii", "replace").replace(",", ".")
        if text and len(text) <= 12 and text.replace(".", "", 1).isdigit():
            return float(text) or None
    return None


def _amputations(value: bytes) -> dict[int, str]:
    """Fingers that could not be taken, and why."""
    missing = {}
    for one in value.split(RS):
        parts = one.split(US)
        finger = number(parts[0])
        reason = AMPUTATIONS.get(parts[1].strip().decode("ascii", "replace")) if len(parts) > 1 else None
        if finger and reason and finger <= LARGEST_FINGER:
            missing[finger] = reason
    return missing


def _ratings(value: bytes) -> tuple[Rating, ...]:
    """Field 24: finger, quality, vendor (hexadecimal), algorithm."""
    ratings = []
    for one in value.split(RS):
        parts = one.split(US)
        quality = number(parts[1]) if len(parts) > 1 else None
        if quality is not None and quality <= 100:
            vendor = _hexadecimal(parts[2]) if len(parts) > 2 else 0
            ratings.append(Rating(quality, vendor, (number(parts[3]) or 0) & 0xFFFF if len(parts) > 3 else 0))
    return tuple(ratings)


def _hexadecimal(value: bytes) -> int:
    try:
        return int(value, 16) & 0xFFFF
    except ValueError:
        return 0


def _text(value: bytes) -> str:
    """What a field says, on one line."""
    words = value.decode("utf-8", "replace").replace("\x1e", " ").replace("\x1f", " ")
    return " ".join("".join(one if one.isprintable() else " " for one in words).split())[:200]
