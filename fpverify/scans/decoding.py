"""Image files as rasters: the one way in which their bytes are interpreted, wherever that is done.

`fpverify.scans.images` decides where: in this process, or in one of its own (`fpverify.scans.decoder`). This module is
all that such a process loads, so it does without NumPy.
"""

from __future__ import annotations

import codecs
import io
import struct
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from PIL import Image, UnidentifiedImageError

from fpverify.errors import ScanError, ScanTooLarge, UnreadableScan
from fpverify.scans.jpeg2000 import is_jpeg2000, jpeg2000_header
from fpverify.scans.work import MOST_SIDE_PX, PNG_START, check_size, check_work
from fpverify.scans.wsq import check_wsq_installed, is_wsq, wsq_header

MOST_JPEG2000_VALUES = 40_000_000  # which OpenJPEG decodes as 4 bytes each; grey pictures have 16 million
FORMATS = ("BMP", "DIB", "PNG", "TIFF", "JPEG", "PPM")  # as Pillow calls them
JPEGS = {"JPEG", "MPO"}
ORIENTATION, TURNED = 0x0112, range(2, 9)  # a tag of EXIF, and what it says of a picture that is not upright
READ = "BMP, PNG, TIFF, JPEG, JPEG 2000, PGM and WSQ files are read"
COLOURED = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"}  # modes of Pillow that become grey
NUMBERS = {"I", "F", "I;16", "I;16B", "I;16L"}  # modes of Pillow with more than 8 bits, which stay as they are

Ppi = tuple[float, float]  # across and down


class Raster(NamedTuple):
    """A decoded image: upright, in one of the modes L, RGB, RGBA or `NUMBERS`; and the pixels per inch it states."""

    image: Image.Image
    stated_ppi: Ppi | None


def raster(data: bytes, source: str) -> Raster:
    """The one image in the bytes of a file.

    Args:
        data: of the file.
        source: name for messages.

    Raises:
        UnreadableScan: not an image of a known kind, damaged, truncated, several images, or too much work to decode.
        ScanTooLarge: more than 4000 px a side; found in the header, before anything is decoded.
    """
    if is_wsq(data):
        return _wsq_raster(data, source)
    if is_jpeg2000(data):
        header = jpeg2000_header(data, source)
        check_size((header.width, header.height), source)
        if header.width * header.height * header.components > MOST_JPEG2000_VALUES:
            raise UnreadableScan(f"{source}: so large a JPEG 2000 in colours takes too much memory: save it as grey")
        return _plugin_raster(data, "JPEG2000", header.stated_ppi, source)
    check_work(data, source)
    with one_clear_line(source), _opened(data, source) as image:
        _check_one(image, source)
        check_size(image.size, source)
        return Raster(upright(image, source), stated_ppi_of(image.info))


def load_plugins() -> None:
    """Loads all that decoding any file needs, for a process that soon can open no file any more."""
    from importlib.util import find_spec

    import PIL.ImageOps
    import PIL.Jpeg2KImagePlugin
    import PIL.MpoImagePlugin
    import PIL.TiffImagePlugin  # noqa: F401

    import fpverify.scans.kinds  # noqa: F401

    Image.preinit()
    for encoding in ("ascii", "latin-1", "utf-8-sig", "utf-16"):
        codecs.lookup(encoding)
    if find_spec("wsq") is not None:
        import wsq  # noqa: F401


def _wsq_raster(data: bytes, source: str) -> Raster:
    header = wsq_header(data, source)
    check_size((header.width, header.height), source)
    check_wsq_installed(source)
    import wsq  # noqa: F401 - teaches Pillow to read WSQ

    return _plugin_raster(data, "WSQ", header.stated_ppi, source)


def _plugin_raster(data: bytes, kind: str, stated_ppi: Ppi | None, source: str) -> Raster:
    if kind == "JPEG2000":
        import PIL.Jpeg2KImagePlugin  # noqa: F401

    with one_clear_line(source), Image.open(io.BytesIO(data), formats=(kind,)) as image:
        check_size(image.size, source)
        return Raster(upright(image, source), stated_ppi)


def _opened(data: bytes, source: str) -> Image.Image:
    try:
        return _png(data) if data.startswith(PNG_START) else _of_a_kind(data)
    except UnidentifiedImageError:
        from fpverify.scans.kinds import kind_of

        raise UnreadableScan(f"{source}: {kind_of(data) or f'not an image: {READ}'}") from None


def _png(data: bytes) -> Image.Image:
    """What `Image.open` makes of a PNG; that would load four kinds of files more, for 10 ms."""
    from PIL.PngImagePlugin import PngImageFile

    try:
        return PngImageFile(io.BytesIO(data))
    except (SyntaxError, IndexError, TypeError, struct.error):
        raise UnidentifiedImageError from None


def _of_a_kind(data: bytes) -> Image.Image:
    import PIL.TiffImagePlugin  # noqa: F401 - looking for it, Pillow would load all that it knows

    return Image.open(io.BytesIO(data), formats=FORMATS)


@contextmanager
def one_clear_line(source: str) -> Iterator[None]:
    """Turns whatever a decoder raises on broken data into one of our errors, and its warnings into silence."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")
            yield
    except ScanError:
        raise
    except Image.DecompressionBombError:
        raise ScanTooLarge(f"{source}: too many pixels, at most {MOST_SIDE_PX} a side are read") from None
    except MemoryError:
        raise UnreadableScan(f"{source}: decoding it takes too much memory: save the image as PNG") from None
    except Exception as error:  # decoders raise anything at all on broken data
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableScan(f"{source}: damaged or truncated: {reason}") from None


def _check_one(image: Image.Image, source: str) -> None:
    """Refuses several images; those behind the first of a JPEG are a phone's previews and depths of the same view."""
    if getattr(image, "is_animated", False) and image.format not in JPEGS:
        raise UnreadableScan(f"{source}: holds several images: give a file with one")


def upright(image: Image.Image, source: str) -> Image.Image:
    """The image decoded, turned as its header says, in a mode of `Raster`."""
    image.load()
    if image.getexif().get(ORIENTATION) in TURNED:
        from PIL import ImageOps

        image = ImageOps.exif_transpose(image)
    if image.mode in NUMBERS:
        return image.copy()
    if image.mode not in COLOURED:
        raise UnreadableScan(f"{source}: colours as {image.mode} are not read: save the image as grey")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in {"1", "L"} else "RGB")


def stated_ppi_of(info: Mapping[Any, Any]) -> Ppi | None:
    """What Pillow made of the header's resolution, in whatever unit; None where it has none."""
    try:
        across, down = (float(ppi) for ppi in info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):  # rationals over 0, words
        return None
    return across, down
