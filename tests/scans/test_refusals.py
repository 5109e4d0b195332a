"""What is no scan is refused: with the right error, one line that names the file, and nothing on standard error."""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import struct
import tempfile
import warnings
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from drawn import draw_print, encoded
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fpverify.errors import (
    FailureToAcquire,
    ScanError,
    ScanTooLarge,
    UnreadableScan,
    UnsupportedResolution,
)
from fpverify.scans import Decoder, read_scan, scan_from_bytes, scan_from_pixels
from fpverify.scans.files import MOST_BYTES
from fpverify.scans.work import MOST_SIDE_PX, is_light

PRINT = draw_print(size_px=160, radius=1)
NOISE = np.random.default_rng(5).integers(0, 256, (300, 300)).astype(np.uint8)
AT_500 = {"dpi": (500, 500)}
FILES = {
    "bmp": encoded(PRINT, "BMP", **AT_500),
    "png": encoded(PRINT, "PNG", **AT_500),
    "tiff": encoded(PRINT, "TIFF", **AT_500),
    "packed tiff": encoded(PRINT, "TIFF", compression="tiff_lzw", **AT_500),
    "jpeg": encoded(PRINT, "JPEG", **AT_500),
    "progressive jpeg": encoded(PRINT, "JPEG", progressive=True, **AT_500),
    "mpo": encoded(PRINT, "MPO", save_all=True, append_images=[Image.fromarray(PRINT[::2, ::2].copy())], **AT_500),
    "pgm": encoded(PRINT, "PPM"),
    "jpeg 2000": encoded(PRINT, "JPEG2000"),
    "bare jpeg 2000": encoded(PRINT, "JPEG2000", no_jp2=True),
    "16 bit png": encoded(PRINT.astype(np.uint16) * 257, "PNG", **AT_500),
}
QUICK = [kind for kind in FILES if kind != "packed tiff" and "2000" not in kind]  # which take a process each

Make = Callable[[Path], object]  # writes something bad at a path


def content(data: bytes) -> Make:
    return lambda path: path.write_bytes(data)


def image(pixels: np.ndarray, kind: str = "PNG", **options: object) -> Make:
    return content(encoded(pixels, kind, **(options or AT_500)))


def png_claiming(width: int, height: int, *extra: tuple[bytes, bytes]) -> bytes:
    """A small PNG that states another size, with further chunks before its pixels."""
    header = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    chunks = [header, *extra, (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")]
    packed = (struct.pack(">I", len(b)) + n + b + struct.pack(">I", zlib.crc32(n + b)) for n, b in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def bmp_claiming(width: int, height: int) -> bytes:
    return FILES["bmp"][:18] + struct.pack("<ii", width, height) + FILES["bmp"][26:]


def jpeg2000_claiming(width: int, height: int, components: int = 1) -> bytes:
    """A JPEG 2000 file that states another size, in its box and in its codestream."""
    data = bytearray(FILES["jpeg 2000"])
    struct.pack_into(">II", data, data.index(b"ihdr") + 4, height, width)
    codestream = data.index(b"\xff\x4f\xff\x51")
    struct.pack_into(">II", data, codestream + 8, width, height)
    struct.pack_into(">H", data, codestream + 40, components)
    return bytes(data)


def several(kind: str) -> Make:
    return lambda path: Image.fromarray(PRINT).save(
        path, kind, save_all=True, append_images=[Image.fromarray(255 - PRINT)]
    )


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.write(FILES["png"])
        file.truncate(MOST_BYTES + 1)


def unreadable(path: Path) -> None:
    path.write_bytes(FILES["png"])
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as ended:  # its file stays
        ended.bind(str(path))


def looping(path: Path) -> None:
    path.symlink_to(path)


def dangling(path: Path) -> None:
    path.symlink_to(path.with_name("nothing"))


def under_a_file(path: Path) -> None:
    path.parent.rmdir()
    path.parent.write_bytes(b"x")


BAD: dict[str, tuple[Make, type[ScanError], str]] = {
    # what is there
    "nothing": (lambda path: None, UnreadableScan, "no such file"),
    "a file as folder": (under_a_file, UnreadableScan, "no such file"),
    "a folder": (Path.mkdir, UnreadableScan, "a folder"),
    "a pipe": (os.mkfifo, UnreadableScan, "a pipe"),
    "a socket": (listening, UnreadableScan, "a socket"),
    "a link to itself": (looping, UnreadableScan, "cannot be read"),
    "a link to nothing": (dangling, UnreadableScan, "no such file"),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), UnreadableScan, "a device"),
    "a forbidden file": (unreadable, UnreadableScan, "no permission"),
    "an empty file": (Path.touch, UnreadableScan, "empty"),
    "a file beyond all measure": (sparse, ScanTooLarge, "200 MB"),
    # no image
    "text": (lambda path: path.write_text("just a letter\n" * 99), UnreadableScan, "text, not an image"),
    "long text": (lambda path: path.write_text("ein größerer Brief\n" * 999), UnreadableScan, "text, not an image"),
    "base64": (content(base64.b64encode(FILES["png"])), UnreadableScan, "base64"),
    "base64 in lines": (content(base64.encodebytes(FILES["png"])), UnreadableScan, "base64"),
    "a data URI": (content(b"data:image/png;base64," + base64.b64encode(FILES["png"])), UnreadableScan, "base64"),
    "JSON": (content(b'{"scan": "101_3.bmp"}'), UnreadableScan, "JSON text, not an image"),
    "XML": (content(b"<?xml version='1.0'?><scan/>"), UnreadableScan, "XML or HTML text"),
    "an ANSI/NIST transaction in XML": (
        content(b"<?xml version='1.0'?>\n<!-- a card -->\n<itl:NISTBiometricInformationExchangePackage xmlns:itl=''>"),
        UnreadableScan,
        "an ANSI/NIST transaction in XML: only the traditional encoding is read",
    ),
    "a drawing": (content(b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>"), UnreadableScan, "SVG"),
    "one byte": (content(b"B"), UnreadableScan, "not an image"),
    "zeros": (content(bytes(5000)), UnreadableScan, "not an image"),
    "a document": (content(b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"), UnreadableScan, "a PDF document"),
    "an archive": (content(b"PK\x03\x04" + bytes(100)), UnreadableScan, "an archive, not an image"),
    "a GIF": (image(PRINT, "GIF"), UnreadableScan, "a GIF, which is not read: save it as PNG"),
    "a WebP": (image(PRINT, "WEBP"), UnreadableScan, "a WebP, which is not read: save it as PNG"),
    "an AVIF": (content(b"\0\0\0\x20ftypavif" + bytes(100)), UnreadableScan, "an AVIF"),
    "a HEIC": (content(b"\0\0\0\x18ftypheic" + bytes(100)), UnreadableScan, "a HEIC photograph"),
    "a JPEG XL": (content(b"\xff\x0a" + bytes(100)), UnreadableScan, "a JPEG XL"),
    "a DICOM file": (content(bytes(128) + b"DICM" + bytes(100)), UnreadableScan, "a DICOM file"),
    "PostScript": (content(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"), UnreadableScan, "PostScript"),
    "minutiae": (content(b"FMR\0 20\0" + bytes(100)), UnreadableScan, "a minutiae template (ISO/IEC 19794-2"),
    "an image record": (content(b"FIR\x00010\0" + bytes(100)), UnreadableScan, "the record's length is 0 bytes"),
    "an ANSI/NIST file": (content(b"1.001:60\x1d1.002:0300\x1c" + bytes(9)), UnreadableScan, "list of records"),
    "an older ANSI/NIST file": (content(b"1.01:151\x1d1.02:0201\x1c\xff"), UnreadableScan, "list of records"),
    # damaged
    **{f"half a {kind}": (content(data[: len(data) // 2]), UnreadableScan, "") for kind, data in FILES.items()},
    **{f"{kind}, header only": (content(data[:60]), UnreadableScan, "") for kind, data in FILES.items()},
    "a PNG with a hole": (
        content(FILES["png"][:2000] + bytes(64) + FILES["png"][2064:]),
        UnreadableScan,
        "damaged or truncated",
    ),
    "a PNG without pixels": (content(png_claiming(0, 300)), UnreadableScan, ""),
    "a PNG with a text that unfolds": (
        content(png_claiming(30, 30, (b"zTXt", b"a\0\0" + zlib.compress(bytes(90_000_000))))),
        UnreadableScan,
        "damaged",
    ),
    "a BMP of negative width": (content(bmp_claiming(-160, 160)), ScanTooLarge, ""),
    "a JPEG 2000 without pixels": (content(jpeg2000_claiming(0, 160)), UnreadableScan, "without pixels"),
    "a JPEG 2000 of many colours": (content(jpeg2000_claiming(160, 160, 9)), UnreadableScan, "9 colours"),
    "a JPEG 2000 of two sizes": (
        content(FILES["jpeg 2000"].replace(b"ihdr\0\0", b"ihdr\0\1")),
        UnreadableScan,
        "two sizes",
    ),
    "a PGM without end": (content(b"P5 " + b"9" * 5000), UnreadableScan, ""),
    # several images
    "a TIFF of two pages": (several("TIFF"), UnreadableScan, "several images"),
    "an animated PNG": (several("PNG"), UnreadableScan, "several images"),
    # too large
    "a decompression bomb": (content(png_claiming(60000, 60000)), ScanTooLarge, "4000"),
    "a bomb that only warns": (content(png_claiming(10000, 10000)), ScanTooLarge, "10000 x 10000"),
    "a BMP bomb": (content(bmp_claiming(30000, 30000)), ScanTooLarge, "4000"),
    "a JPEG 2000 bomb": (content(jpeg2000_claiming(60000, 60000)), ScanTooLarge, "60000 x 60000"),
    "a bare JPEG 2000 bomb": (
        content(jpeg2000_claiming(60000, 60000).partition(b"jp2c")[2]),
        ScanTooLarge,
        "60000 x 60000",
    ),
    "a PGM bomb": (content(b"P5 100000 100000 255\n"), ScanTooLarge, "4000"),
    "one row too wide": (image(np.zeros((100, MOST_SIDE_PX + 1), np.uint8)), ScanTooLarge, "4001 x 100"),
    "a page": (image(np.tile(PRINT, (14, 14))), ScanTooLarge, "113.8 x 113.8 mm"),
    # too little
    "one pixel": (image(NOISE[:1, :1]), FailureToAcquire, "too small: 1 x 1"),
    "a sliver": (image(NOISE[:5]), FailureToAcquire, "too small"),
    "a stamp": (image(PRINT[:50, :50]), FailureToAcquire, "too small: 2.5 x 2.5 mm"),
    "white": (image(np.full((300, 300), 255, np.uint8)), FailureToAcquire, "too faint"),
    "black": (image(np.zeros((300, 300), np.uint8), "BMP"), FailureToAcquire, "too faint"),
    "nearly grey": (image(NOISE % 4 + 100), FailureToAcquire, "too faint"),
    "all transparent": (image(np.dstack([NOISE] * 3 + [0 * NOISE])), FailureToAcquire, "too faint"),
    # levels
    "NaN": (image(np.full((300, 300), np.nan, np.float32), "TIFF"), UnreadableScan, "nan"),
    "infinity": (image(np.full((300, 300), np.inf, np.float32), "TIFF"), UnreadableScan, "inf"),
    "fractions above one": (image(NOISE.astype(np.float32), "TIFF"), UnreadableScan, "0 to 1"),
    "negative levels": (image(NOISE.astype(np.int32) - 9, "TIFF"), UnreadableScan, "-9"),
    "levels of 32 bits": (image(NOISE.astype(np.int32) << 20, "TIFF"), UnreadableScan, "65535"),
    # resolution
    "noise without resolution": (image(NOISE, optimize=True), UnsupportedResolution, "--ppi"),
    "noise at 72 ppi": (image(NOISE, dpi=(72, 72)), UnsupportedResolution, "states 72 ppi"),
    "oblong pixels": (image(PRINT, dpi=(500, 250)), UnsupportedResolution, "square"),
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder / "scan.bmp"


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_in_one_line(case: str, place: Path, capfd: pytest.CaptureFixture[str]) -> None:
    make, kind, words = BAD[case]
    make(place)
    with warnings.catch_warnings(action="error"), pytest.raises(ScanError) as caught:
        read_scan(place)
    message = str(caught.value)
    assert type(caught.value) is kind, message
    assert message.startswith(f"{place}: ")
    assert words in message
    assert message.isprintable()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["a\0b.png", "x" * 300 + ".png"])
def test_names_that_no_file_can_have_are_refused(name: str) -> None:
    with pytest.raises(UnreadableScan):
        read_scan(name)


def test_the_size_is_checked_before_anything_is_decoded(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def decoded(*_: object) -> None:
        pytest.fail("decoded")

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decoded)
    place.write_bytes(encoded(np.zeros((MOST_SIDE_PX + 1, 20), np.uint8), "PNG"))
    with pytest.raises(ScanTooLarge):
        read_scan(place)


def test_arrays_are_held_to_the_same_limits() -> None:
    for pixels, kind in (
        (np.zeros((MOST_SIDE_PX + 1, 100), np.uint8), ScanTooLarge),
        (np.tile(PRINT, (14, 14)), ScanTooLarge),
        (NOISE[:5], FailureToAcquire),
        (np.zeros((300, 300), np.uint8), FailureToAcquire),
    ):
        with pytest.raises(kind):
            scan_from_pixels(pixels, ppi=500)
    with pytest.raises(UnsupportedResolution):
        scan_from_pixels(NOISE)


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    """Decodes what is no light work; a process for each file would take minutes."""
    waiting = Decoder()
    yield waiting
    waiting.close()


def read_or_refuse(data: bytes, decoder: Decoder) -> None:
    """Reads a file with these bytes; whatever is wrong with them is a ScanError."""
    if data and not is_light(data):
        with contextlib.suppress(ScanError):
            scan_from_bytes(data, decode=decoder.decode)
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        refusal, scan = None, None
        try:
            scan = read_scan(file.name)
        except ScanError as error:
            refusal = str(error)
        assert refusal is None or (refusal.startswith(f"{file.name}: ") and refusal.isprintable())
        if scan is not None:
            assert scan.pixels.dtype == np.uint8
            assert scan.pixels.ndim == 2
            assert 100 <= scan.ppi <= 2000


MAGIC = [
    b"",
    b"BM",
    b"\x89PNG\r\n\x1a\n",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"\xff\xd8\xff",
    b"P5 ",
    b"P4 ",
    b"\xff\xa0\xff",
    b"\0\0\0\x0cjP  \r\n\x87\n",
    b"\xff\x4f\xff\x51",
]


@given(magic=st.sampled_from(MAGIC), rest=st.binary(max_size=400))
@settings(deadline=None, max_examples=200)
def test_random_bytes_are_refused_or_read(decoder: Decoder, magic: bytes, rest: bytes) -> None:
    read_or_refuse(magic + rest, decoder)


@pytest.mark.parametrize("kind", QUICK)
@given(share=st.floats(0, 1, exclude_max=True))
@settings(deadline=None, max_examples=20)
def test_truncated_files_are_refused_or_whole(decoder: Decoder, kind: str, share: float) -> None:
    read_or_refuse(FILES[kind][: int(share * len(FILES[kind]))], decoder)


@pytest.mark.parametrize("kind", QUICK)
@given(
    flips=st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 7)), min_size=1, max_size=8), in_header=st.booleans()
)
@settings(deadline=None, max_examples=50)
def test_files_with_flipped_bits_are_refused_or_read(
    decoder: Decoder, kind: str, flips: list[tuple[int, int]], in_header: bool
) -> None:
    data = bytearray(FILES[kind])
    for place, bit in flips:
        data[place % (120 if in_header else len(data))] ^= 1 << bit
    read_or_refuse(bytes(data), decoder)


@pytest.mark.parametrize("kind", FILES)
def test_damaged_files_leave_standard_error_alone(
    decoder: Decoder, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(11)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(40 if kind in QUICK else 8):
            data = bytearray(FILES[kind])
            for place in rng.integers(8, 400, 3):
                data[place] = rng.integers(256)
            read_or_refuse(bytes(data), decoder)
    assert capfd.readouterr() == ("", "")
