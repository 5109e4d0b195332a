"""The binary form of what touches of a small sensor show: a part of a template of version 3 or 4.

Little endian, no padding; n places with descriptors of d numbers, on a lattice of r x c fields, a picture of h x w px:

    touches                     uint8; 0 of a whole print
    n, d                        2 x uint16
    bits of a number            uint8, b: 8 of one touch, else 2 or 3
    r, c, first x, first y      4 x uint16; the lattice has a step of 5 px
    h, w                        2 x uint16
    bytes of fields, of picture     2 x uint32
    fields                      deflated: r x c bits, which of them have a place
    angle                       n uint8, in 1/256 of half a turn
    descriptors                 n x d numbers of b bits, without gaps, the highest bit first: of 2 bits k stands for
                                2 k - 3, of 3 bits for 2 k - 7, of 8 bits for k - 128
    opposite                    the same, of a single touch only
    picture                     deflated: of a single touch h x w int8; of several h x w bits of what is shown, and one
                                bit for each shown pixel, 1 for a valley; of a whole print h and w are 0

Such numbers come back bit for bit; others are refused.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpverify.errors import CorruptRecord
from fpverify.vocabulary import FloatArray, Skin

STEP_PX = 5  # of the lattice
ANGLE_STEPS = 256  # of half a turn
SEVERAL_BITS, SINGLE_BITS = (2, 3), 8
MOST_PLACES, MOST_NUMBERS = 4096, 512
MOST_PX = 1 << 21  # of a picture, and of the fields of a lattice: a finger of many touches that lie apart has 10^5
MOST_TOUCHES = 255

_HEADER = struct.Struct("<B2HB4H2H2I")


class _Header(NamedTuple):
    touches: int
    places: int
    numbers: int
    bits: int
    rows: int
    columns: int
    first_x: int
    first_y: int
    height: int
    width: int
    field_bytes: int
    picture_bytes: int

    @property
    def vector_bytes(self) -> int:
        return _bytes_of(self.places * self.numbers * self.bits)

    @property
    def senses(self) -> int:
        """Of the descriptors: a single touch has both."""
        return 2 if self.touches == 1 else 1

    @property
    def skin_bytes(self) -> int:
        """All of it."""
        arrays = self.places + self.senses * self.vector_bytes
        return _HEADER.size + self.field_bytes + arrays + self.picture_bytes


def encode_skin(skin: Skin) -> bytes:
    """Skin as bytes.

    Raises:
        ValueError: its numbers are not on the grid, or out of range.
    """
    _require_shapes(skin)
    bits = SINGLE_BITS if skin.touches == 1 else _fewest_bits(skin.descriptors)
    first, rows, columns, fields = _fields(skin)
    picture = zlib.compress(_picture_bytes(skin), 9)
    places, numbers = skin.descriptors.shape
    height, width = skin.picture.shape
    sizes = (rows, columns, *first, height, width, len(fields), len(picture))
    header = _Header(skin.touches, places, numbers, bits, *sizes)
    vectors = [_packed(one, bits) for one in (skin.descriptors, skin.opposite)[: header.senses]]
    return b"".join((_HEADER.pack(*header), fields, _angle_steps(skin.angle_rad).tobytes(), *vectors, picture))


def takes_fewest_bits(record: bytes) -> bool:
    """Whether places take 2 bits a number, which releases before 1.2 do not read."""
    return _Header(*_HEADER.unpack_from(record)).bits == SEVERAL_BITS[0]


def decode_skin(record: bytes) -> Skin:
    """The skin that `encode_skin` wrote.

    Raises:
        CorruptRecord: the bytes are none.
    """
    header = _checked_header(record)
    at = _HEADER.size

    def take(size: int) -> bytes:
        nonlocal at
        at += size
        return record[at - size : at]

    count = header.rows * header.columns
    bits = np.unpackbits(np.frombuffer(_inflated(take(header.field_bytes), _bytes_of(count)), np.uint8))[:count]
    if len(bits) != count:
        raise _damaged()
    row, column = np.nonzero(bits.reshape(header.rows, header.columns))
    if len(row) != header.places:
        raise _damaged()
    angle = np.frombuffer(take(header.places), np.uint8).astype(np.float64) * (np.pi / ANGLE_STEPS)
    vectors = [_unpacked(take(header.vector_bytes), header) for _ in range(header.senses)]
    return Skin(
        x_px=(column * STEP_PX + header.first_x).astype(np.float32),
        y_px=(row * STEP_PX + header.first_y).astype(np.float32),
        angle_rad=angle.astype(np.float32),
        descriptors=vectors[0],
        opposite=vectors[1] if header.senses > 1 else np.zeros((0, header.numbers), np.int8),
        picture=_picture(take(header.picture_bytes), header),
        touches=header.touches,
    )


def _checked_header(record: bytes) -> _Header:
    if len(record) < _HEADER.size:
        raise _damaged()
    header = _Header(*_HEADER.unpack_from(record))
    usual = (
        header.bits in ((SINGLE_BITS,) if header.touches == 1 else SEVERAL_BITS)
        and (header.touches > 0 or header.height * header.width == 0)
        and header.places <= MOST_PLACES
        and header.numbers <= MOST_NUMBERS
        and header.rows * header.columns <= MOST_PX
        and header.height * header.width <= MOST_PX
    )
    if not usual or header.skin_bytes != len(record):
        raise _damaged()
    return header


def _bytes_of(bits: int) -> int:
    return (bits + 7) // 8


def _damaged() -> CorruptRecord:
    return CorruptRecord("what the template shows of touches is damaged; enroll the finger again")


def _inflated(packed: bytes, most: int) -> bytes:
    """What was deflated, at most so many bytes."""
    opened = zlib.decompressobj()
    try:
        content = opened.decompress(packed, most + 1)
    except zlib.error as error:
        raise _damaged() from error
    if len(content) > most or not opened.eof:
        raise _damaged()
    return content


def _fields(skin: Skin) -> tuple[tuple[int, int], int, int, bytes]:
    """X and y of the first field, rows, columns, and which have a place, deflated."""
    if not len(skin):
        return (0, 0), 0, 0, zlib.compress(b"", 9)
    x, y = (part.astype(np.int64) for part in (skin.x_px, skin.y_px))
    first = int(x.min()), int(y.min())
    column, row = (x - first[0]) // STEP_PX, (y - first[1]) // STEP_PX
    order = np.lexsort((column, row))
    on_grid = (x == skin.x_px) & (y == skin.y_px) & ((x - first[0]) % STEP_PX == 0) & ((y - first[1]) % STEP_PX == 0)
    if min(first) < 0 or not on_grid.all() or (order != np.arange(len(skin))).any():
        raise ValueError("places lie on a lattice of 5 px from 0 on, row by row")
    rows, columns = int(row.max()) + 1, int(column.max()) + 1
    taken = np.zeros((rows, columns), bool)
    taken[row, column] = True
    if np.count_nonzero(taken) != len(skin):
        raise ValueError("a field of the lattice has one place at most")
    return first, rows, columns, zlib.compress(np.packbits(taken).tobytes(), 9)


def _angle_steps(angle_rad: FloatArray) -> NDArray[np.uint8]:
    steps = np.rint(angle_rad.astype(np.float64) * (ANGLE_STEPS / np.pi))
    if not ((steps >= 0) & (steps < ANGLE_STEPS)).all():
        raise ValueError("the angle of a place lies in [0, pi)")
    return steps.astype(np.uint8)


def _fewest_bits(vectors: NDArray[np.int8]) -> int:
    """Of what all the numbers of several touches can be written in."""
    few, many = SEVERAL_BITS
    return few if vectors.size and np.abs(vectors).max() <= _largest(few) else many


def _largest(bits: int) -> int:
    return (1 << bits) - 1


def _packed(vectors: NDArray[np.int8], bits: int) -> bytes:
    if bits == SINGLE_BITS:
        return (vectors.astype(np.int16) + 128).astype(np.uint8).tobytes()
    steps = (vectors.astype(np.int16) + _largest(bits)) // 2
    if (vectors % 2 == 0).any() or steps.min(initial=0) < 0 or steps.max(initial=0) >= 2**bits:
        raise ValueError("descriptors of several touches are odd numbers from -7 to 7")
    return np.packbits(np.unpackbits(steps.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - bits :]).tobytes()


def _unpacked(packed: bytes, header: _Header) -> NDArray[np.int8]:
    """(n, d)."""
    count, shape = header.places * header.numbers, (header.places, header.numbers)
    taken = np.frombuffer(packed, np.uint8)
    if header.bits == SINGLE_BITS:
        return (taken.astype(np.int16) - 128).astype(np.int8).reshape(shape)
    bits = np.unpackbits(taken)[: count * header.bits].reshape(count, header.bits)
    steps = bits @ np.array([4, 2, 1], np.uint8)[-header.bits :]
    return (2 * steps.astype(np.int8) - np.int8(_largest(header.bits))).reshape(shape)


def _picture_bytes(skin: Skin) -> bytes:
    if skin.touches == 1:
        return skin.picture.tobytes()
    shown = skin.picture != 0
    return np.packbits(shown).tobytes() + np.packbits(skin.picture[shown] > 0).tobytes()


def _picture(packed: bytes, header: _Header) -> NDArray[np.int8]:
    """(h, w)."""
    shape, count = (header.height, header.width), header.height * header.width
    if header.touches == 1:
        whole = _inflated(packed, count)
        if len(whole) != count:
            raise _damaged()
        return np.frombuffer(whole, np.int8).reshape(shape).copy()
    mask_bytes = _bytes_of(count)
    whole = _inflated(packed, 2 * mask_bytes)
    shown = np.unpackbits(np.frombuffer(whole[:mask_bytes], np.uint8))[:count].astype(bool)
    number = int(np.count_nonzero(shown))
    if len(shown) != count or len(whole) != mask_bytes + _bytes_of(number):
        raise _damaged()
    picture = np.zeros(count, np.int8)
    picture[shown] = 2 * np.unpackbits(np.frombuffer(whole[mask_bytes:], np.uint8))[:number].astype(np.int8) - 1
    return picture.reshape(shape)


def _require_shapes(skin: Skin) -> None:
    n, d = skin.descriptors.shape
    opposite = (n if skin.touches == 1 else 0), d
    if not (len(skin.x_px) == len(skin.y_px) == len(skin.angle_rad) == n and skin.opposite.shape == opposite):
        raise ValueError("the arrays of places are of one length")
    if skin.whole and skin.picture.size:
        raise ValueError("a whole print has no picture")
    if not (0 <= skin.touches <= MOST_TOUCHES and n <= MOST_PLACES and d <= MOST_NUMBERS):
        raise ValueError("too many touches, places or numbers")
    if (
        skin.picture.ndim != 2
        or skin.picture.size > MOST_PX
        or any(one.dtype != np.int8 for one in (skin.picture, skin.descriptors, skin.opposite))
    ):
        raise ValueError("pictures and descriptors are int8, and no larger than a finger")
