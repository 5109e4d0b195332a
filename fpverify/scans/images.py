"""Image files decoded: pixels, and the resolution they state."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError
from PIL.BmpImagePlugin import BmpImageFile, DibImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile

from fpverify.errors import ScanError, ScanTooLarge, UnreadableScan
from fpverify.scans.jpeg2000 import is_jpeg2000, jpeg2000_header
from fpverify.scans.levels import grey_from_array, grey_from_floats, grey_from_integers
from fpverify.scans.wsq import check_wsq_installed, is_wsq, wsq_header
from fpverify.vocabulary import ByteArray

MOST_SIDE_PX = 4000  # two inches at 2000 ppi, twice a finger; 16 million pixels at most
IN_PROCESS = (BmpImageFile, DibImageFile, PngImageFile, TiffImageFile, JpegImageFile, PpmImageFile)
FORMATS = tuple(str(kind.format) for kind in IN_PROCESS)
IMAGE_SUFFIXES = (  # of the files that are read, in lower case; the content decides what a file is
    *(".bmp", ".dib", ".png", ".tif", ".tiff", ".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    *(".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".pgm", ".ppm", ".pbm", ".pnm", ".wsq"),
)
READ = "BMP, PNG, TIFF, JPEG, JPEG 2000, PGM and WSQ files are read"
COLOURED = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"}  # modes of Pillow that become grey


class Picture(NamedTuple):
    """A decoded image: (height, width) uint8 grey levels, and the pixels per inch it states across and down."""

    pixels: ByteArray
    stated_ppi: tuple[float, float] | None


def decode(data: bytes, source: str) -> Picture:
    """The one image in the bytes of a file.

    Args:
        data: of the file.
        source: name for messages.

    Raises:
        UnreadableScan: not an image of a known kind, damaged, truncated, or several images.
        ScanTooLarge: more than 4000 px a side; found in the header, before anything is decoded.
    """
    if is_wsq(data):
        return _decoded_wsq(data, source)
    if is_jpeg2000(data):
        return _decoded_jpeg2000(data, source)
    with _one_clear_line(source), _opened(data, source) as image:
        _check_one(image, source)
        check_size(image.size, source)
        compressed_tiff = isinstance(image, TiffImageFile) and image.info.get("compression") != "raw"
        pixels = _decoded_apart(data, source) if compressed_tiff else _grey(image, source)
        return Picture(pixels, _stated_ppi(image.info))


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


def _decoded_wsq(data: bytes, source: str) -> Picture:
    header = wsq_header(data, source)
    check_size((header.width, header.height), source)
    check_wsq_installed(source)
    return Picture(_decoded_apart(data, source), header.stated_ppi)


def _decoded_jpeg2000(data: bytes, source: str) -> Picture:
    header = jpeg2000_header(data, source)
    check_size((header.width, header.height), source)
    return Picture(_decoded_apart(data, source), header.stated_ppi)


def _decoded_apart(data: bytes, source: str) -> ByteArray:
    from fpverify.scans.isolation import plain_tiff

    plain = plain_tiff(data)
    if plain is None:
        raise UnreadableScan(f"{source}: damaged or truncated: its pixels cannot be decoded")
    with _one_clear_line(source), _opened(plain, source) as image:
        return _grey(image, source)


def _opened(data: bytes, source: str) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data), formats=FORMATS)
    except UnidentifiedImageError:
        from fpverify.scans.kinds import kind_of

        raise UnreadableScan(f"{source}: {kind_of(data) or f'not an image: {READ}'}") from None


@contextmanager
def _one_clear_line(source: str) -> Iterator[None]:
    """Turns whatever a decoder raises on broken data into one of our errors, and its warnings into silence."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")
            yield
    except ScanError:
        raise
    except Image.DecompressionBombError:
        raise ScanTooLarge(f"{source}: too many pixels, at most {MOST_SIDE_PX} a side are read") from None
    except Exception as error:  # decoders raise anything at all on broken data
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableScan(f"{source}: damaged or truncated: {reason}") from None


def _check_one(image: Image.Image, source: str) -> None:
    """Refuses several images; those behind the first of a JPEG are a phone's previews and depths of the same view."""
    if getattr(image, "is_animated", False) and not isinstance(image, JpegImageFile):
        raise UnreadableScan(f"{source}: holds several images: give a file with one")


def _grey(image: Image.Image, source: str) -> ByteArray:
    """Grey levels of an image of any mode, turned as its header says."""
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):
        return grey_from_integers(np.asarray(image), source)
    if image.mode == "F":
        return grey_from_floats(np.asarray(image), source)
    if image.mode not in COLOURED:
        raise UnreadableScan(f"{source}: colours as {image.mode} are not read: save the image as grey")
    if image.has_transparency_data:
        return grey_from_array(np.asarray(image.convert("RGBA")), source)
    return grey_from_array(np.asarray(image if image.mode in {"1", "L"} else image.convert("RGB")), source)


def _stated_ppi(info: Mapping[Any, Any]) -> tuple[float, float] | None:
    """What Pillow made of the header's resolution, in whatever unit; None where it has none."""
    try:
        across, down = (float(ppi) for ppi in info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):  # rationals over 0, words
        return None
    return across, down
