"""How much work an image file is to decode, by its structure and without decoding it.

Some structures are work beyond all proportion to the size of file and picture: a progressive JPEG goes over all of its
pixels once for each scan, of which a kilobyte can hold thirty; run lengths and numbers in text are read one by one;
tags of a TIFF may share their megabytes. Where it can be told, such files are refused here. All that is not known to be
light is decoded where time and memory have limits (`fpverify.scans.isolation`).

Sources: ITU-T T.81, annex B (JPEG); TIFF 6.0, sections 2 and 3; ISO/IEC 15948, clause 5 (PNG); Netpbm's ppm(5);
Windows' BITMAPINFOHEADER.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator

from fpverify.errors import ScanTooLarge, UnreadableScan

MOST_SIDE_PX = 4000  # two inches at 2000 ppi, twice a finger; 16 million pixels at most
MOST_SCANS = 100  # of a JPEG; progressive ones have about ten
MOST_ONE_BY_ONE = 4_000_000  # bytes of run lengths or of numbers as text, which take half a second each million
MOST_HEADER = 65_536  # bytes of a PGM's header with its comments; usual are 40

# What is decoded in the process that asks; a print has 0.2 to 1 million pixels.
LIGHT_BYTES = 4_000_000  # of a file with compression: some 0.1 s
LIGHT_PIXELS = 4_000_000  # likewise
LIGHT_PASSES = 40_000_000  # pixels times scans of a JPEG: some 0.3 s
LIGHT_SCALED = 500_000  # bytes of a PGM whose white is not 255: some 0.3 s
LIGHT_NOTES = 16_384  # bytes of a file that are no pixels: entries of EXIF can be as many, each of all of them
LIGHT_CHUNKS = 2000  # of a PNG: 8 kB of pixels each, usually
LIGHT_TAGS = 64  # of a TIFF
LIGHT_PIECES = 65_536  # bytes of a TIFF that are no pixels: places and lengths of a strip for each row

BMP_STARTS = struct.Struct("<14xI12xI")  # length of the second header, and its compression
BMP_PLAIN = {0, 3}  # none, and none with masks of colours
BMP_RUNS = {1, 2}  # run lengths of 8 and of 4 bits
PNG_START = b"\x89PNG\r\n\x1a\n"
PNG_PIXELS = {b"IHDR", b"PLTE", b"IDAT", b"IEND"}
JPEG_START, END, SCAN = b"\xff\xd8\xff", 0xD9, 0xDA
JPEG_MARKER = re.compile(rb"\xff+([^\x00\xff])")
JPEG_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
JPEG_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # a picture's header, and its kind of coding
JPEG_LIGHT_FRAMES = {0xC0, 0xC1, 0xC2}  # Huffman codes, sequential or progressive
TIFF_TYPES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}  # bytes of each
TIFF_COMPRESSION, TIFF_FOLDERS = 259, {330, 34665, 34853, 40965}  # tags of more tags
PNM_HEADER = re.compile(  # its kind, width, height, and of greys and colours the brightest; comments between them
    rb"P(?:[14]|([2356]))(?:\s|#[^\r\n]*[\r\n])+\d+(?:\s|#[^\r\n]*[\r\n])+\d+(?(1)(?:\s|#[^\r\n]*[\r\n])+(\d+))\b"
)
PNM_PLAIN = (b"P1", b"P2", b"P3")
PNM_BINARY = (b"P4", b"P5", b"P6")
PILLOWS = (b"BM", b"\x89P", b"II", b"MM", b"\xff\xd8", b"P0", b"P1", b"P2", b"P3", b"P4", b"P5", b"P6", b"Pf", b"Py")
DIB_STARTS = tuple(bytes([length, 0, 0, 0]) for length in (12, 16, 40, 52, 56, 64, 108, 124))
APART = (b"\xff\xa0", b"\0\0\0\x0cjP", b"\xff\x4f")  # WSQ and JPEG 2000: their decoders have been crashed by files


def check_size(size: tuple[int, int], source: str) -> None:
    """Refuses images that are too large to decode.

    Args:
        size: (width, height) in pixels.
        source: name for messages.

    Raises:
        ScanTooLarge: more than 4000 px a side.
    """
    width, height = size
    if max(size) > MOST_SIDE_PX:
        raise ScanTooLarge(f"{source}: {width} x {height} px, at most {MOST_SIDE_PX} a side are read")


def check_work(data: bytes, source: str) -> None:
    """Refuses files that are more work than any scan.

    Args:
        data: of the file.
        source: name for messages.

    Raises:
        UnreadableScan: a JPEG of more than 100 scans, more than 4 MB of run lengths or of numbers as text, or a PGM
            whose header does not end.
    """
    if data.startswith(JPEG_START):
        if data.count(b"\xff\xda") > MOST_SCANS and sum(1 for _ in _scans(data)) > MOST_SCANS:
            raise UnreadableScan(f"{source}: a JPEG of more than {MOST_SCANS} scans: save it anew")
    elif data.startswith(PNM_PLAIN) and len(data) > MOST_ONE_BY_ONE:
        raise UnreadableScan(f"{source}: {_megabytes(data)} of numbers as text: save it as binary PGM")
    elif data.startswith(PNM_PLAIN + PNM_BINARY) and len(data) > MOST_HEADER and not _has_pnm_header(data):
        raise UnreadableScan(f"{source}: no PGM whose header ends within {MOST_HEADER // 1024} kB")
    elif _bmp_compression(data) in BMP_RUNS and len(data) > MOST_ONE_BY_ONE:
        raise UnreadableScan(f"{source}: {_megabytes(data)} of run lengths: save the BMP without compression")


def is_light(data: bytes) -> bool:
    """Whether decoding a file takes no more time and memory than the sizes of file and picture tell.

    A file of no known kind is light: it is refused by its first bytes.
    """
    for starts, light in LIGHT_KINDS:
        if data.startswith(starts):
            return light(data)
    return not data.startswith(APART + PILLOWS + DIB_STARTS)


def _megabytes(data: bytes) -> str:
    return f"{len(data) / 1e6:.0f} MB"


def _bmp_compression(data: bytes) -> int | None:
    """Of a BMP, or of one without its first header; None where it is neither."""
    whole = data[:34] if data.startswith(b"BM") else bytes(14) + data[:20] if data.startswith(DIB_STARTS) else b""
    if len(whole) < BMP_STARTS.size:
        return None
    length, compression = BMP_STARTS.unpack(whole)
    return 0 if length == 12 else compression  # OS/2's, which knows of none


def _has_pnm_header(data: bytes) -> bool:
    return PNM_HEADER.match(data[:MOST_HEADER]) is not None


def _is_light_pnm(data: bytes) -> bool:
    """Whether its values can be taken as they are; Pillow scales others one by one, in Python."""
    header = PNM_HEADER.match(data[:MOST_HEADER])
    if header is None:
        return False
    scaled = header[2] is not None and int(header[2]) != 255 and (header[1], int(header[2])) != (b"5", 65535)
    return not scaled or len(data) <= LIGHT_SCALED


def _is_light_png(data: bytes) -> bool:
    if len(data) > LIGHT_BYTES or len(data) < 33:
        return False
    at, chunks, notes = len(PNG_START), 0, 0
    width, height = _numbers(">II", data, at + 8)
    while at + 8 <= len(data):
        length, kind = *_numbers(">I", data, at), data[at + 4 : at + 8]
        chunks += 1
        notes += 0 if kind in PNG_PIXELS else length + 12
        if chunks > LIGHT_CHUNKS or notes > LIGHT_NOTES or (kind == b"IHDR" and chunks > 1):
            return False
        at += length + 12
    return width * height <= LIGHT_PIXELS


def _scans(data: bytes) -> Iterator[int]:
    """Where each scan of a JPEG begins, found as libjpeg finds it: by marker after marker up to the picture's end."""
    at = 2
    while found := JPEG_MARKER.search(data, at):
        code, at = found[1][0], found.end()
        if code == END:
            return
        if code == SCAN:
            yield at
        if code not in JPEG_ALONE:
            at += int.from_bytes(data[at : at + 2], "big")


def _is_light_jpeg(data: bytes) -> bool:
    if len(data) > LIGHT_BYTES:
        return False
    at, pixels = 2, None
    while data[at : at + 1] == b"\xff" and at + 9 <= len(data):
        code, length = _numbers(">xBH", data, at)
        if code == SCAN:
            break
        if code in JPEG_ALONE or code == END or length < 2 or at > LIGHT_NOTES:
            return False
        if code in JPEG_FRAMES:
            if pixels is not None or code not in JPEG_LIGHT_FRAMES:
                return False
            height, width = _numbers(">HH", data, at + 5)
            pixels = height * width
        at += 2 + length
    # However a decoder reads the file, it meets no more scans than there are such bytes.
    return pixels is not None and pixels * data.count(b"\xff\xda") <= LIGHT_PASSES


def _is_light_tiff(data: bytes) -> bool:
    order = "<" if data.startswith(b"II") else ">"
    (start,) = _numbers(f"{order}I", data.ljust(8, b"\0"), 4)
    if not 8 <= start <= len(data) - 6:
        return False
    (tags,) = _numbers(f"{order}H", data, start)
    end = start + 2 + 12 * tags
    if tags > LIGHT_TAGS or data[end : end + 4] != bytes(4):  # another picture follows
        return False
    notes = 0
    for tag, kind, count, value in struct.iter_unpack(f"{order}HHI4s", data[start + 2 : end]):
        notes += TIFF_TYPES.get(kind, MOST_HEADER) * count
        if tag in TIFF_FOLDERS or (tag == TIFF_COMPRESSION and _numbers(f"{order}H", value, 0) != (1,)):
            return False
    return notes <= LIGHT_PIECES


def _numbers(layout: str, data: bytes, at: int) -> tuple[int, ...]:
    return struct.unpack_from(layout, data, at)


LIGHT_KINDS: tuple[tuple[bytes | tuple[bytes, ...], Callable[[bytes], bool]], ...] = (
    (b"BM", lambda data: _bmp_compression(data) in BMP_PLAIN),
    (PNG_START, _is_light_png),
    (JPEG_START, _is_light_jpeg),
    ((b"II*\0", b"MM\0*"), _is_light_tiff),
    (PNM_BINARY, _is_light_pnm),
)
