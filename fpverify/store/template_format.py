"""The binary form of a template, and the grid on which its numbers lie.

Little endian, no padding; n minutiae, descriptors of d numbers, a whole-print vector of m:

    magic "FPVT"                4 bytes
    format version              uint8: 3 or 4 of touches of a small sensor, otherwise 2
    bytes of the model id       uint8
    scan quality                uint8, in 1/255
    n, d, m                     3 x uint16; m is 0 without a vector
    bits of a descriptor's number   uint8, b: 5 where all are within -16 to 15, otherwise 8
    bytes of the skin           uint32, from version 3 on
    model id                    UTF-8
    x, y                        2 x n uint16, in 1/8 px at the working resolution
    angle                       n uint16, in 1/65536 turn, from 0 counted towards y
    minutia quality             n uint8, in 1/255
    descriptors                 n x d numbers of b bits, plus 2^(b-1), without gaps, the highest bit first
    vector                      m float32, as it is
    skin                        from version 3 on: what touches show, see `fpverify.store.skin_format`; in version 4
                                its places take 2 bits a number
    checksum                    CRC-32 of everything before it

Version 1, which is still read, lacks the number of bits and has n x d int8 for descriptors.

The grid. Whoever makes a template rounds its numbers first, so that it scores the same before and after storage.
With `k` the whole number that is stored, a template on the grid holds exactly

    x_px, y_px        float32(k) / 8                                k = rint(8 x), 0 to 65535
    angle_rad         float32(k * (2 pi / 65536)), in float64       k = rint(a 65536 / 2 pi), -32767 to 32768
    minutia quality   float32(k) / float32(255)                     k = rint(255 q), 0 to 255
    scan quality      k / 255                                       the same

(rint rounds halves to even; k = -32768 is the same direction as 32768 and is written as that, which keeps angles in
(-pi, pi]). Such a template comes back bit for bit; any other comes back rounded to it. 1/8 px is 13 µm and 1/65536
turn is 0.0055 degrees, both far below what a detector can tell.
"""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpverify.errors import CorruptRecord
from fpverify.vocabulary import FloatArray, Minutiae, Skin, Template

FORMAT_VERSION = 4
WITHOUT_SKIN = 2  # the version of a template without touches: it is written as ever
WITH_SKIN = 3  # of one with touches, unless its places take fewer bits than earlier releases read
POSITION_STEPS_PER_PX = 8  # 1/8 px is 13 µm at 250 ppi, a thirtieth of a ridge period
ANGLE_STEPS_PER_TURN = 65536  # all of a uint16
QUALITY_STEPS = 255  # all of a uint8
DESCRIPTOR_BITS = (5, 8)  # that a template chooses from: what the release model takes, and all of an int8
PER_GROUP = 8  # numbers that are unpacked together: of b bits they fill b bytes, and fit a word of 64 bits

MOST_MINUTIAE = 80  # of a template of ours; what compares them takes time and memory with their square
MOST_NUMBERS = 512  # of a descriptor; the release model has 64
LONGEST_VECTOR = 4096  # numbers, of a whole print; recipes have 32

_MAGIC = b"FPVT"
_HEADERS = {
    1: struct.Struct("<4sBBBHHH"),
    2: struct.Struct("<4sBBBHHHB"),
    3: struct.Struct("<4sBBBHHHBI"),
    4: struct.Struct("<4sBBBHHHBI"),
}  # by format version
_CHECKSUM = struct.Struct("<I")
_RADIANS_PER_STEP = 2.0 * np.pi / ANGLE_STEPS_PER_TURN
_LARGEST_UINT16 = 65535
_LARGEST_MODEL_ID = 255  # bytes of UTF-8: its length is a uint8


class _Header(NamedTuple):
    magic: bytes
    version: int
    model_id_bytes: int
    quality: int
    minutiae: int
    descriptor_size: int
    vector_size: int
    bits: int = 8
    skin_bytes: int = 0

    @property
    def size(self) -> int:
        """Bytes of the header itself."""
        return _HEADERS[self.version].size

    @property
    def descriptor_bytes(self) -> int:
        """Of all descriptors together."""
        return (self.minutiae * self.descriptor_size * self.bits + 7) // 8

    @property
    def record_bytes(self) -> int:
        """The length of the whole record, header and checksum included."""
        body = self.model_id_bytes + self.minutiae * 7 + self.descriptor_bytes + 4 * self.vector_size + self.skin_bytes
        return self.size + body + _CHECKSUM.size


def encode_template(template: Template) -> bytes:
    """The template as bytes, its numbers rounded to the grid.

    Returns:
        18 bytes, and those of the model id, and 7 + 5/8 d for each minutia, and 4 m: 2.8 KB for 60 minutiae with 64
        numbers each, 3.8 KB for 80, the most that extraction gives.

    Raises:
        ValueError: the template cannot be written: arrays of different lengths or the wrong type, numbers that are
            not finite or out of range, an empty model id or one of more than 255 bytes.
    """
    minutiae = template.minutiae
    model_id = _model_id_bytes(template.model_id)
    count, descriptor_size = _shape(template)
    vector, bits = _vector(template.vector), _bits(template.descriptors)
    quality = _quality_step(template.quality)
    version, skin = _skin_bytes(template.skin)
    fields = (len(model_id), quality, count, descriptor_size, len(vector), bits)
    header = _Header(_MAGIC, version, *fields, len(skin))
    payload = b"".join(
        (
            _HEADERS[header.version].pack(*header[: len(header) - (not skin)]),
            model_id,
            _position_steps(minutiae.x_px, "x_px").tobytes(),
            _position_steps(minutiae.y_px, "y_px").tobytes(),
            _angle_steps(minutiae.angle_rad).tobytes(),
            _quality_steps(minutiae.quality).tobytes(),
            _packed(template.descriptors, bits),
            vector.tobytes(),
            skin,
        )
    )
    return payload + _CHECKSUM.pack(zlib.crc32(payload))


def decode_template(record: bytes) -> Template:
    """The template that `encode_template` wrote.

    Raises:
        CorruptRecord: the bytes are no template, are damaged, or are of a format version that this fpverify cannot
            read.
    """
    header = _checked_header(record)
    parts = _Parts(record, header.size)
    count = header.minutiae
    model_id = _decoded_model_id(parts.take(header.model_id_bytes))
    minutiae = Minutiae(
        x_px=_positions(parts.numbers("<u2", count)),
        y_px=_positions(parts.numbers("<u2", count)),
        angle_rad=_angles(parts.numbers("<u2", count)),
        quality=_qualities(parts.numbers("u1", count)),
    )
    descriptors = _descriptors(parts.take(header.descriptor_bytes), header)
    vector = parts.numbers("<f4", header.vector_size).astype(np.float32)
    if not np.isfinite(vector).all():
        raise CorruptRecord("the template's vector holds numbers that are not finite; enroll the finger again")
    skin = _skin(parts.take(header.skin_bytes)) if header.version >= WITH_SKIN else None
    return Template(
        model_id=model_id,
        quality=header.quality / QUALITY_STEPS,
        minutiae=minutiae,
        descriptors=descriptors,
        vector=vector if header.vector_size else None,
        skin=skin,
    )


def require_usual(record: bytes) -> None:
    """Returns if a template that comes from outside is no larger than those that are made here; reads its header.

    Raises:
        CorruptRecord: it is, and says what a template has at most; or it is none.
    """
    header = _checked_header(record)
    for has, most, what in (
        (header.minutiae, MOST_MINUTIAE, "minutiae"),
        (header.descriptor_size, MOST_NUMBERS, "numbers in a descriptor"),
        (header.vector_size, LONGEST_VECTOR, "numbers in its vector"),
    ):
        if has > most:
            raise CorruptRecord(f"its template has {has:,} {what}, and a template has {most:,} at most")


class _Parts:
    """The pieces of a record whose length has been checked, one after the other."""

    def __init__(self, record: bytes, start: int) -> None:
        self._record = record
        self._at = start

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        piece = self._record[self._at : self._at + size]
        self._at += size
        return piece

    def numbers(self, dtype: str, count: int) -> NDArray[np.generic]:
        """The next `count` numbers, read only."""
        return np.frombuffer(self.take(count * np.dtype(dtype).itemsize), dtype=dtype)


def _checked_header(record: bytes) -> _Header:
    """The header, once everything about the record but the meaning of its numbers is known to be right."""
    if len(record) <= len(_MAGIC) or not record.startswith(_MAGIC):
        raise CorruptRecord("the stored bytes are not a template; enroll the finger again")
    version = record[len(_MAGIC)]
    if version not in _HEADERS:
        raise CorruptRecord(
            f"the template has format version {version}, this fpverify reads versions 1 to {FORMAT_VERSION}: "
            "use the fpverify that enrolled it, or enroll the finger again"
        )
    if len(record) < _HEADERS[version].size + _CHECKSUM.size:
        raise CorruptRecord("the template is damaged (it is cut short); enroll the finger again")
    header = _Header(*_HEADERS[version].unpack_from(record))
    (checksum,) = _CHECKSUM.unpack_from(record, len(record) - _CHECKSUM.size)
    if (
        header.bits not in DESCRIPTOR_BITS
        or header.record_bytes != len(record)
        or checksum != zlib.crc32(record[: -_CHECKSUM.size])
    ):
        raise CorruptRecord("the template is damaged (its checksum does not fit); enroll the finger again")
    return header


def _decoded_model_id(raw: bytes) -> str:
    try:
        model_id = raw.decode("utf-8")
    except UnicodeDecodeError:
        model_id = ""
    if not model_id:
        raise CorruptRecord("the template names no model; enroll the finger again")
    return model_id


def _model_id_bytes(model_id: str) -> bytes:
    raw = model_id.encode("utf-8")  # UnicodeEncodeError is a ValueError
    if not 1 <= len(raw) <= _LARGEST_MODEL_ID:
        raise ValueError(f"a model id has 1 to {_LARGEST_MODEL_ID} bytes of UTF-8, this one has {len(raw)}")
    return raw


def _shape(template: Template) -> tuple[int, int]:
    """Number of minutiae and size of a descriptor, when all arrays agree and fit the format."""
    minutiae, descriptors = template.minutiae, template.descriptors
    count = len(minutiae)
    columns = (minutiae.x_px, minutiae.y_px, minutiae.angle_rad, minutiae.quality)
    if any(column.shape != (count,) for column in columns):
        raise ValueError(f"minutiae are four arrays of one length, got {[column.shape for column in columns]}")
    if descriptors.ndim != 2 or len(descriptors) != count or descriptors.dtype != np.int8:
        raise ValueError(f"descriptors are ({count}, d) int8, got {descriptors.shape} {descriptors.dtype}")
    if max(descriptors.shape) > _LARGEST_UINT16:
        raise ValueError(f"a template has at most {_LARGEST_UINT16} minutiae and numbers in a descriptor")
    return count, descriptors.shape[1]


def _bits(descriptors: NDArray[np.int8]) -> int:
    """The fewest of `DESCRIPTOR_BITS` that hold all numbers."""
    lowest, highest = int(descriptors.min(initial=0)), int(descriptors.max(initial=0))
    return next(bits for bits in DESCRIPTOR_BITS if -(2 ** (bits - 1)) <= lowest and highest < 2 ** (bits - 1))


def _packed(numbers: NDArray[np.int8], bits: int) -> bytes:
    """Numbers of so many bits each, without gaps."""
    raised = (numbers.astype(np.int16) + 2 ** (bits - 1)).astype(np.uint8)
    return np.packbits(np.unpackbits(raised.reshape(-1, 1), axis=1)[:, 8 - bits :]).tobytes()


def _descriptors(packed: bytes, header: _Header) -> NDArray[np.int8]:
    """(n, d), as `_packed` took them; version 1 wrote the bytes of int8 as they are."""
    shape = header.minutiae, header.descriptor_size
    if header.version == 1:
        return np.frombuffer(packed, np.int8).reshape(shape).copy()
    count, bits = shape[0] * shape[1], header.bits
    groups = -(-count // PER_GROUP)
    words = np.zeros((groups, PER_GROUP), np.uint8)
    words[:, PER_GROUP - bits :] = np.frombuffer(packed.ljust(groups * bits, b"\0"), np.uint8).reshape(groups, bits)
    shifts = np.arange((PER_GROUP - 1) * bits, -1, -bits, dtype=np.uint64)
    raised = (words.view(">u8").astype(np.uint64) >> shifts) & np.uint64(2**bits - 1)
    return np.asarray(raised.astype(np.int16) - 2 ** (bits - 1), np.int8).ravel()[:count].reshape(shape)


def _skin_bytes(skin: Skin | None) -> tuple[int, bytes]:
    """The version, and what touches show; few templates have that, and what packs it is loaded when one does."""
    if skin is None:
        return WITHOUT_SKIN, b""
    from fpverify.store.skin_format import encode_skin, takes_fewest_bits

    packed = encode_skin(skin)
    return FORMAT_VERSION if takes_fewest_bits(packed) else WITH_SKIN, packed


def _skin(record: bytes) -> Skin:
    from fpverify.store.skin_format import decode_skin

    return decode_skin(record)


def _vector(vector: FloatArray | None) -> NDArray[np.float32]:
    if vector is None:
        return np.empty(0, "<f4")
    if vector.ndim != 1 or not 1 <= len(vector) <= _LARGEST_UINT16 or vector.dtype != np.float32:
        raise ValueError(f"a vector is (m,) float32 with m from 1 to 65535, got {vector.shape} {vector.dtype}")
    if not np.isfinite(vector).all():
        raise ValueError("a vector holds finite numbers")
    return vector.astype("<f4")


def _position_steps(position_px: FloatArray, name: str) -> NDArray[np.uint16]:
    steps = np.rint(position_px.astype(np.float64) * POSITION_STEPS_PER_PX)
    return _within(steps, _LARGEST_UINT16, name).astype("<u2")


def _angle_steps(angle_rad: FloatArray) -> NDArray[np.uint16]:
    with np.errstate(invalid="ignore"):  # infinity modulo anything is NaN, which is refused in the next line
        steps = np.rint(angle_rad.astype(np.float64) / _RADIANS_PER_STEP) % ANGLE_STEPS_PER_TURN
    return _within(steps, _LARGEST_UINT16, "angle_rad").astype("<u2")


def _quality_steps(quality: FloatArray) -> NDArray[np.uint8]:
    return _within(np.rint(quality.astype(np.float64) * QUALITY_STEPS), QUALITY_STEPS, "quality").astype(np.uint8)


def _quality_step(quality: float) -> int:
    return int(_quality_steps(np.array([quality], np.float64))[0])


def _within(steps: NDArray[np.float64], largest: int, name: str) -> NDArray[np.float64]:
    """The steps, unless one is out of range (NaN is: no comparison with it holds)."""
    if not ((steps >= 0) & (steps <= largest)).all():
        raise ValueError(f"{name} holds a number that is not finite or out of the format's range")
    return steps


def _positions(steps: NDArray[np.generic]) -> FloatArray:
    return steps.astype(np.float32) / np.float32(POSITION_STEPS_PER_PX)


def _angles(steps: NDArray[np.generic]) -> FloatArray:
    signed = steps.astype(np.float64)
    signed[signed > ANGLE_STEPS_PER_TURN // 2] -= ANGLE_STEPS_PER_TURN
    return (signed * _RADIANS_PER_STEP).astype(np.float32)


def _qualities(steps: NDArray[np.generic]) -> FloatArray:
    return steps.astype(np.float32) / np.float32(QUALITY_STEPS)
