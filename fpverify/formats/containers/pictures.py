"""A picture in a record, held against what the record says of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from fpverify.errors import UnreadableRecord
from fpverify.formats.containers.coded import coded_size
from fpverify.formats.containers.codes import compression_seen
from fpverify.vocabulary.images import Compression

WHOLE_BYTES = (8, 16)  # bits of a grey level that is not packed


class Stated(NamedTuple):
    """What a record says of its picture: its compression, None if it names none; width and height in pixels; bits."""

    kind: Compression | None
    width: int
    height: int
    bits: int


class Checked(NamedTuple):
    """A picture, and what it is; the beginning of a `FingerImage`."""

    data: bytes
    kind: Compression
    width: int
    height: int


def checked_picture(
    data: bytes, stated: Stated, record: str, notes: list[str], wrong: Callable[[str], UnreadableRecord]
) -> Checked:
    """The picture.

    Args:
        data: its bytes.
        stated: what its record says.
        record: what that is, for notes.
        notes: is told what differs and was taken as the picture itself says it.
        wrong: makes an error of a message.

    Raises:
        UnreadableRecord: rows that are too few or too many, or a compression that it does not have.
    """
    seen = compression_seen(data)
    if seen is None:
        return _rows(data, stated, wrong)
    own = coded_size(data, seen)
    if own is None:
        raise wrong(f"a picture in {seen} has no header: damaged or truncated")
    if seen != stated.kind:
        notes.append(f"{record} says {stated.kind or 'nothing'} of a picture in {seen}")
    if own != (stated.width, stated.height):
        notes.append(f"{record} says {stated.width} x {stated.height} px of a picture of {own[0]} x {own[1]}")
    return Checked(data, seen, *own)


def _rows(data: bytes, stated: Stated, wrong: Callable[[str], UnreadableRecord]) -> Checked:
    """Rows of grey levels, as many as the size says; zeros may follow them."""
    kind, width, height, bits = stated
    if kind not in {"none", "packed"}:
        raise wrong(f"its picture is said to be {kind or 'compressed'}, and is not")
    if not width * height or not 1 <= bits <= 16:
        raise wrong(f"a picture of {width} x {height} px of {bits} bits")
    if kind == "none" and bits not in WHOLE_BYTES:
        raise wrong(f"grey levels of {bits} bits, 8 and 16 are read")
    wanted = -(-width * height * bits // 8)
    if len(data) < wanted or data[wanted:].strip(b"\0"):
        raise wrong(f"{width} x {height} px take {wanted} bytes, the picture has {len(data)}")
    return Checked(data[:wanted], kind, width, height)
