"""The records of an ANSI/NIST transaction, found in its bytes; nothing is interpreted but lengths and separators.

Records that are text begin with their type and field 001, their length in bytes; fields are kept apart by GS, their
parts by RS, the parts of these by US, and a record ends with FS. Field 999 holds a picture, in whatever bytes it has.
Types 3 to 8 are binary: four bytes of length, and one of the number that field 003 of the first record knows them by.

What real files get wrong, and what is taken: a length that is wrong where the record ends as its content says, a
separator that is missing, records in another order than the first one lists. What was taken is told of.

Source: ANSI/NIST-ITL 1-2011 (NIST Special Publication 500-290), annex B; NIST Special Publication 500-245.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from fpverify.errors import UnreadableRecord
from fpverify.formats.containers.codes import ENDS, NIST_COMPRESSIONS, compression_seen
from fpverify.vocabulary.images import Compression

FS, GS, RS, US = b"\x1c", b"\x1d", b"\x1e", b"\x1f"
HEAD = re.compile(rb"(\d{1,2})\.0{0,2}1:(\d{1,12})(?=[\x1c\x1d])")  # a record of text, up to its length
FIELD = re.compile(rb"(\d{1,2})\.(\d{1,9}):")
MISNUMBERED = re.compile(rb"[\x1e\x1f -~]{0,200}\x1d(\d{1,2})\.999:")
BINARY = (3, 4, 5, 6, 7, 8)  # types without tags
TEXT = (1, 2, 9, *range(10, 23), 98, 99)
PICTURE_FIELD = 999
BINARY_HEAD = 18  # bytes of types 3 to 6 before their picture
MOST_RECORDS = 1000  # in a transaction; a card has 15
MOST_FIELDS = 20_000  # in a record; minutiae take one for all of them
MOST_LIST = 10_000  # bytes of the list of records


class Piece(NamedTuple):
    """A record in its file's bytes.

    Attributes:
        type: 1, 2, 4, 9, ...
        start, end: in the file.
        fields: of text records the value of each, by number; of binary ones none.
    """

    type: int
    start: int
    end: int
    fields: dict[int, bytes]


class Listed(NamedTuple):
    """A record as the first one lists it: its type and its number; None where that is no number."""

    type: int
    number: int | None


def is_transaction(data: bytes) -> bool:
    """Whether bytes begin as a transaction does."""
    head = HEAD.match(data[:64])
    return head is not None and int(head[1]) == 1


class Pieces:
    """Finds the records of a transaction.

    Attributes:
        notes: what was not as the standard has it.
    """

    def __init__(self, data: bytes, source: str) -> None:
        self._data = data
        self._source = source
        self.notes: list[str] = []

    def found(self) -> list[Piece]:
        """All of them, the first of type 1.

        Raises:
            UnreadableRecord: a record is truncated, or ends nowhere; or some that are listed are not there.
        """
        head = HEAD.match(self._data[:64])
        if head is None or int(head[1]) != 1:
            raise self._wrong(0, "no record of type 1, with which a transaction begins")
        self._binary: list[int] = []
        first = self._text(0, head)
        listed = self._listed(first)
        self._binary = [one.type for one in listed if one.type in BINARY]
        pieces, at = [first], first.end
        while at < len(self._data) and len(pieces) <= len(listed):
            piece = self._next(at)
            pieces.append(piece)
            at = piece.end
        pieces += self._more(at)
        self._check(pieces, listed)
        return pieces

    def _listed(self, first: Piece) -> list[Listed]:
        """The records that come after the first one, as it lists them."""
        value = first.fields.get(3, b"")
        if len(value) > MOST_LIST:
            raise self._wrong(first.start, "its list of records (1.003) is too long for any transaction")
        entries = [[number(part) for part in entry.split(US)] for entry in value.split(RS)]
        listed = [Listed(kind[0], kind[1] if len(kind) > 1 else None) for kind in entries[1:] if kind[0] is not None]
        count = entries[0][1] if len(entries[0]) > 1 else None
        if count is None or count != len(listed):
            self.notes.append(f"the first record counts {count} others and lists {len(listed)}")
        if not listed:
            raise self._wrong(first.start, "its list of records (1.003) is empty")
        if len(listed) > MOST_RECORDS:
            raise self._wrong(first.start, f"it lists {len(listed)} records, at most {MOST_RECORDS} are read")
        return listed

    def _next(self, at: int) -> Piece:
        """The record that begins at a place."""
        head = HEAD.match(self._data, at, at + 32)
        if head is not None and int(head[1]) in TEXT:
            return self._text(at, head)
        if not self._binary:
            raise self._wrong(at, "no record begins here, but more are listed")
        return self._untagged(at)

    def _more(self, at: int) -> Iterator[Piece]:
        """Records beyond those that are listed; nothing but zeros and blanks may follow them."""
        extra = 0
        while head := HEAD.match(self._data, at, at + 32):
            if int(head[1]) == 1:
                raise self._wrong(at, "a second transaction begins here: give one in a file")
            extra += 1
            if extra > MOST_RECORDS:
                raise self._wrong(at, f"more than {MOST_RECORDS} records")
            piece = self._text(at, head)
            yield piece
            at = piece.end
        if extra:
            self.notes.append(f"{extra} more than the first record lists")
        rest = self._data[at:]
        if rest.strip(b"\0 \r\n\t\x1a"):
            raise self._wrong(at, f"{len(rest)} bytes follow that belong to no record")

    def _check(self, pieces: list[Piece], listed: list[Listed]) -> None:
        """The records that are there against those that are listed."""
        there = [piece.type for piece in pieces[1:]]
        if len(there) < len(listed):
            gone = ", ".join(f"type {one.type}" for one in listed[len(there) :][:3])
            raise self._wrong(pieces[-1].end, f"the file ends after {len(there)} of {len(listed)} records: {gone} next")
        if sorted(there[: len(listed)]) != sorted(one.type for one in listed):
            self.notes.append("the records are not those that the first one lists")
        elif there[: len(listed)] != [one.type for one in listed]:
            self.notes.append("the records are in another order than the first one lists")
        told = sorted(one.number for one in listed if one.number is not None)
        own = sorted(number for piece in pieces[1:] if (number := self._number(piece)) is not None)
        if told != own:
            self.notes.append("the records' numbers (IDC) are not those that the first one lists")

    def _number(self, piece: Piece) -> int | None:
        return number(piece.fields.get(2, b"")) if piece.fields else self._data[piece.start + 4]

    # --- records of text --------------------------------------------------------------------------------------------

    def _text(self, at: int, head: re.Match[bytes]) -> Piece:
        kind, length = int(head[1]), int(head[2])
        end = self._stated_end(at, kind, length, head.end())
        if end is None:
            end = self._own_end(at, kind, head.end())
            if end is None and head.end() < at + length <= len(self._data) and self._data[at + length - 1] == FS[0]:
                return Piece(kind, at, at + length, self._fields(at, at + length, kind))  # what follows is no record
            if end is None:
                left = len(self._data) - at
                raise self._wrong(at, f"a record of type {kind} of {length} bytes, and {left} are left: truncated")
            self.notes.append(f"a record of type {kind} states a wrong length, {length} for {end - at} bytes")
        return Piece(kind, at, end, self._fields(at, end, kind))

    def _stated_end(self, at: int, kind: int, length: int, behind: int) -> int | None:
        """Where the record ends as it says, if it does end there."""
        end = at + length
        if not behind <= end <= len(self._data):
            return None
        if self._data[end - 1 : end] == FS and (kind == 1 or self._begins(end)):
            return end
        if self._begins(end) and (end != len(self._data) or self._is_complete(at, kind, behind)):
            self.notes.append(f"a record of type {kind} has no separator at its end")
            return end
        return None

    def _is_complete(self, at: int, kind: int, behind: int) -> bool:
        """Whether the last record, which ends with the file and without a separator, is whole by its content."""
        picture = self._picture_at(behind)
        return picture is not None and self._picture_end(at, picture, kind) == len(self._data)

    def _own_end(self, at: int, kind: int, behind: int) -> int | None:
        """Where a record ends by its content, whatever it says: with a separator, behind which another begins."""
        if kind == 1:
            return self._data.find(FS, behind, behind + MOST_LIST) + 1 or None
        picture = self._picture_at(behind)
        place, whole = behind, None
        if picture is not None:
            whole = self._picture_end(at, picture, kind)
            if whole is None:
                return None
            place = whole
        for _ in range(MOST_RECORDS):
            place = self._data.find(FS, place)
            if place < 0:
                return len(self._data) if whole == len(self._data) else None
            if whole is not None and self._data[whole:place].strip(b"\0"):
                return None
            if self._begins(place + 1):
                return place + 1
            place += 1
        return None

    def _picture_at(self, behind: int) -> int | None:
        """Where the picture of a record begins; None if it has none."""
        end = self._data.find(FS, behind)
        tag = re.compile(rb"\x1d\d{1,2}\.999:").search(self._data, behind, end if end >= 0 else len(self._data))
        return tag.end() if tag else None

    def _picture_end(self, at: int, picture: int, kind: int) -> int | None:
        """Where a picture ends by its own content; None where that cannot be told."""
        fields = self._fields(at, picture, kind)
        seen = compression_seen(self._data[picture : picture + 16])
        if seen is None:
            sides = [number(fields.get(one, b"")) for one in (6, 7)]
            bits = number(fields.get(12, b"8")) or 8
            if None in sides or compression_named(fields.get(11, b"NONE")) != "none":
                return None
            size = (sides[0] or 0) * (sides[1] or 0) * bits // 8
            return picture + size if 0 < size <= len(self._data) - picture else None
        return self._coded_end(picture, seen)

    def _coded_end(self, picture: int, kind: Compression) -> int | None:
        end, behind = ENDS[kind]
        place = picture
        for _ in range(MOST_RECORDS):
            place = self._data.find(end, place)
            if place < 0:
                return None
            place += len(end) + behind
            if place == len(self._data) or self._data[place : place + 1] == FS or self._begins(place):
                return place
        return None

    def _fields(self, start: int, end: int, kind: int) -> dict[int, bytes]:
        """The fields of a record, the first of each number; what belongs to none is left out."""
        fields: dict[int, bytes] = {}
        at = start
        for _ in range(MOST_FIELDS):
            tag = FIELD.match(self._data, at, min(end, at + 16))
            if tag is None:
                if self._data[at:end].strip(FS + GS + b"\0 \r\n"):
                    self.notes.append(f"a record of type {kind} has text that is no field")
                return fields
            code = int(tag[2])
            if int(tag[1]) != kind:
                self.notes.append(f"a record of type {kind} has a field of type {int(tag[1])}")
            if code == PICTURE_FIELD:
                fields[code] = self._data[self._last_picture(tag.end(), end, kind) : self._body_end(end)]
                return fields
            stop = self._stop(tag.end(), end)
            fields.setdefault(code, self._data[tag.end() : stop])
            if stop >= end:
                return fields
            at = stop + 1
        raise self._wrong(start, f"a record of type {kind} has more than {MOST_FIELDS} fields")

    def _last_picture(self, at: int, end: int, kind: int) -> int:
        """Where the picture begins behind fields of text that were given its number, too."""
        for _ in range(MOST_FIELDS):
            again = MISNUMBERED.match(self._data, at, min(end, at + 256))
            if again is None or int(again[1]) != kind:
                return at
            at = again.end()
            self.notes.append(f"a record of type {kind} has text in field 999, which is that of the picture")
        raise self._wrong(at, f"a record of type {kind} has more than {MOST_FIELDS} fields")

    def _stop(self, at: int, end: int) -> int:
        """Where a field ends: at the next GS, or with the record."""
        stop = self._data.find(GS, at, end)
        return stop if stop >= 0 else self._body_end(end)

    def _body_end(self, end: int) -> int:
        """Where a record ends without its separator."""
        return end - (self._data[end - 1 : end] == FS)

    # --- records of bytes -------------------------------------------------------------------------------------------

    def _untagged(self, at: int) -> Piece:
        kind, data = self._binary.pop(0), self._data
        if len(data) - at < BINARY_HEAD:
            raise self._wrong(at, f"a record of type {kind} begins here, and only {len(data) - at} bytes are left")
        length = int.from_bytes(data[at : at + 4], "big")
        end = at + length
        if length >= BINARY_HEAD and end <= len(data) and self._begins(end):
            return Piece(kind, at, end, {})
        if end == len(data) - 1 and data[end:] == FS:
            return Piece(kind, at, end + 1, {})
        own = self._untagged_end(at) if kind in BINARY[:4] else None
        if own is None:
            raise self._wrong(
                at, f"a record of type {kind} of {length} bytes, and {len(data) - at} are left: truncated"
            )
        self.notes.append(f"a record of type {kind} states a wrong length, {length} for {own - at} bytes")
        return Piece(kind, at, own, {})

    def _untagged_end(self, at: int) -> int | None:
        """Where a picture ends by its own content, if another record begins there."""
        picture = at + BINARY_HEAD
        width, height = (int.from_bytes(self._data[at + n : at + n + 2], "big") for n in (13, 15))
        code = self._data[at + 17]
        seen = compression_seen(self._data[picture : picture + 16])
        if seen is None and code == 0 and width * height > 0:
            end: int | None = picture + width * height
        else:
            end = None if seen is None else self._coded_end(picture, seen)
        return end if end is not None and end <= len(self._data) and self._begins(end) else None

    def _begins(self, at: int) -> bool:
        """Whether a record can begin at a place, or nothing follows there."""
        data = self._data
        if at == len(data) or HEAD.match(data, at, at + 32) is not None:
            return True
        if len(data) - at <= 64 and not data[at:].strip(b"\0 \r\n\t\x1a"):
            return True
        if not self._binary or at + BINARY_HEAD > len(data):
            return False
        length, code = int.from_bytes(data[at : at + 4], "big"), data[at + 17]
        return length <= len(data) - at + BINARY_HEAD and (length >= BINARY_HEAD or code < len(NIST_COMPRESSIONS))

    def _wrong(self, at: int, message: str) -> UnreadableRecord:
        return UnreadableRecord(f"{self._source}: byte {at}: {message}")


def number(value: bytes) -> int | None:
    """A number as text has it; None if it is none."""
    text = value.strip(b" \0\r\n")
    return int(text) if text.isdigit() and len(text) <= 9 else None


def compression_named(value: bytes) -> Compression | None:
    """What types 13 to 15 name a compression; None if nothing has this name."""
    text = value.strip(b" \0").upper().decode("ascii", "replace")
    if text.isdigit() and int(text) < len(NIST_COMPRESSIONS):
        return NIST_COMPRESSIONS[int(text)][1]
    if text in {"WSQ", "JPEG", "JPG", "JPEG2000", "JPEG2K"}:
        return {"WSQ": "wsq", "JPEG": "jpeg", "JPG": "jpeg"}.get(text, "jpeg2000")  # type: ignore[return-value]
    return dict(NIST_COMPRESSIONS).get(text)
