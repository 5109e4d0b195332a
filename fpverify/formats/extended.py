"""Extended data of a view: blocks of ridge counts, cores and deltas, or a vendor's own.

They are kept byte by byte where a record is written in the format that it was read from, and dropped otherwise: their
directions, and what they say of minutiae by number, are the format's own.
"""

from __future__ import annotations

from fpverify.errors import UnwritableRecord
from fpverify.formats.cursor import Cursor
from fpverify.formats.grids import LARGEST_UINT16
from fpverify.vocabulary import FingerView

HEAD = 4  # bytes of a block's type and length, which its length counts

Blocks = tuple[tuple[int, bytes], ...]


def decode_extended(cursor: Cursor) -> Blocks:
    """The blocks behind the minutiae of a view; (type, data) of each.

    Raises:
        UnreadableRecord: the lengths of the blocks do not add up to what is said of them all.
    """
    total = cursor.number(2, "the length of extended data")
    end, blocks = cursor.at + total, []
    if total > cursor.left:
        raise cursor.wrong(f"extended data of {total} bytes, but only {cursor.left} are left", 2)
    while cursor.at < end:
        if end - cursor.at < HEAD:
            raise cursor.wrong(f"a block of extended data takes {HEAD} bytes at least, {end - cursor.at} are left")
        kind, length = cursor.number(2, "a block's type"), cursor.number(2, "a block's length")
        if not HEAD <= length <= end - cursor.at + HEAD:
            room = f"{HEAD} to {end - cursor.at + HEAD} are possible"
            raise cursor.wrong(f"a block of extended data of {length} bytes, {room}", HEAD)
        blocks.append((kind, cursor.take(length - HEAD, "a block of extended data")))
    return tuple(blocks)


def encode_extended(view: FingerView, format_name: str) -> bytes:
    """The blocks of a view, with their length; none if they are of another format.

    Raises:
        UnwritableRecord: more than 65,535 bytes.
    """
    blocks = view.extended if view.extended_format == format_name else ()
    body = b"".join(kind.to_bytes(2, "big") + (HEAD + len(data)).to_bytes(2, "big") + data for kind, data in blocks)
    if len(body) > LARGEST_UINT16:
        raise UnwritableRecord(f"extended data of {len(body)} bytes, at most {LARGEST_UINT16} can be written")
    return len(body).to_bytes(2, "big") + body
