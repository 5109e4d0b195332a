"""The binary form of a scan that is kept: its pixels, compressed without loss.

Little endian: magic "FPVS", uint8 format version (1), uint8 notes (1 resolution estimated, 2 inverted), float64 ppi,
uint32 height, uint32 width, then the pixels row by row in zlib. It is sealed before it is stored, which guards it
against damage.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

from fpverify.errors import CorruptRecord
from fpverify.vocabulary import PpiSource, Scan

SCAN_VERSION = 1
LARGEST_SCAN_PX = 1 << 26  # pixels; a whole hand at 1000 ppi is about that, and nothing larger is unpacked

_MAGIC = b"FPVS"
_HEADER = struct.Struct("<4sBBdII")
_LEVEL = 6  # zlib's own choice between speed and size: 10 ms and a half for a print at 500 ppi


def encode_scan(scan: Scan) -> bytes:
    """The scan as bytes; its source's name is left out."""
    height, width = scan.pixels.shape
    notes = scan.ppi_estimated | scan.inverted << 1
    head = _HEADER.pack(_MAGIC, SCAN_VERSION, notes, scan.ppi, height, width)
    return head + zlib.compress(np.ascontiguousarray(scan.pixels).tobytes(), _LEVEL)


def decode_scan(record: bytes, source: str) -> Scan:
    """The scan that `encode_scan` wrote.

    Args:
        record: the bytes.
        source: what the scan is called in messages.

    Raises:
        CorruptRecord: the bytes are no scan, or of a format version that this fpverify cannot read.
    """
    if len(record) < _HEADER.size or not record.startswith(_MAGIC):
        raise CorruptRecord(f"{source}: the kept scan is none; enroll the finger again")
    _, version, notes, ppi, height, width = _HEADER.unpack_from(record)
    if version != SCAN_VERSION or not 0 < height * width <= LARGEST_SCAN_PX or not 0 < ppi < float("inf"):
        raise CorruptRecord(f"{source}: the kept scan has version {version}, this fpverify reads {SCAN_VERSION}")
    pixels = np.frombuffer(_unpacked(record[_HEADER.size :], height * width, source), np.uint8)
    estimated = bool(notes & 1)
    said_by: PpiSource = "estimated" if estimated else "given"
    return Scan(pixels.reshape(height, width), ppi, source, estimated, bool(notes & 2), said_by)


def _unpacked(packed: bytes, size: int, source: str) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        pixels = unpacker.decompress(packed, size)
    except zlib.error as error:
        raise CorruptRecord(f"{source}: the kept scan is damaged; enroll the finger again") from error
    if len(pixels) != size or unpacker.unconsumed_tail:
        raise CorruptRecord(f"{source}: the kept scan is damaged; enroll the finger again")
    return pixels
