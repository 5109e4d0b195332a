"""Extended data of a view: blocks of ridge counts, cores and deltas, or a vendor's own.

They are kept byte by byte where a record is written in the format that it was read from, and dropped otherwise: their
directions, and what they say of minutiae by number, are the format's own.

A block is its type and its length, 2 bytes each, and its data. The length counts all of it. In ISO/IEC 19794-2:2005
some count the data alone, the standard's own example among them, so both are read there, and each is written as it was
read.
"""

from __future__ import annotations

from fpverify.errors import UnwritableRecord
from fpverify.formats.cursor import Cursor
from fpverify.formats.grids import LARGEST_UINT16
from fpverify.vocabulary import FingerView

HEAD = 4  # bytes of a block's type and length
DATA_COUNTED = "; lengths of data alone"  # behind the name of a format whose blocks were read so

Blocks = tuple[tuple[int, bytes], ...]


def decode_extended(cursor: Cursor, name: str, *, either: bool = False) -> tuple[Blocks, str]:
    """The blocks behind the minutiae of a view, and the name of their format.

    Args:
        cursor: at the length of them all.
        name: of the record's format.
        either: lengths may count the data alone.

    Returns:
        (type, data) of each, and the `FingerView.extended_format` of it.

    Raises:
        UnreadableRecord: the lengths of the blocks do not add up to what is said of them all.
    """
    total = cursor.number(2, "the length of extended data")
    body = cursor.take(total, "extended data")
    blocks = _blocks(body, HEAD)
    if blocks is not None:
        return blocks, name
    blocks = _blocks(body, 0) if either else None
    if blocks is None:
        raise cursor.wrong(f"the blocks of extended data do not add up to the {total} bytes said of them", total)
    return blocks, name + DATA_COUNTED


def encode_extended(view: FingerView, name: str) -> bytes:
    """The blocks of a view, with their length; none if they are of another format.

    Raises:
        UnwritableRecord: more than 65,535 bytes.
    """
    counted = 0 if view.extended_format == name + DATA_COUNTED else HEAD
    blocks = view.extended if view.extended_format in {name, name + DATA_COUNTED} else ()
    if sum(HEAD + len(data) for _, data in blocks) > LARGEST_UINT16:
        raise UnwritableRecord(f"extended data of more than {LARGEST_UINT16} bytes")
    body = b"".join(kind.to_bytes(2, "big") + (counted + len(data)).to_bytes(2, "big") + data for kind, data in blocks)
    return len(body).to_bytes(2, "big") + body


def _blocks(body: bytes, counted: int) -> Blocks | None:
    """The blocks, if their lengths add up; None if not.

    Args:
        body: all of them.
        counted: bytes of its head that a block's length counts.
    """
    at, blocks = 0, []
    while at < len(body):
        kind, length = (int.from_bytes(body[k : k + 2], "big") for k in (at, at + 2))
        end = at + HEAD + length - counted
        if length < counted or end > len(body):
            return None
        blocks.append((kind, body[at + HEAD : end]))
        at = end
    return tuple(blocks)
