"""Pictures out of what callers of the library have in hand, other than a path."""

from __future__ import annotations

import sys
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np

from fpverify.errors import ScanTooLarge, UnreadableScan
from fpverify.scans.decoding import one_clear_line, stated_ppi_of, upright
from fpverify.scans.files import MOST_BYTES, file_bytes, not_a_scan
from fpverify.scans.images import decode
from fpverify.scans.levels import grey_from_array
from fpverify.scans.pictures import Picture, picture_of
from fpverify.scans.work import check_size

if TYPE_CHECKING:
    from PIL.Image import Image

EXPECTED = "a scan was expected: a path, bytes, a binary file, a PIL image, a NumPy array or a Scan"
NAMELESS = "memory"


def given_picture(given: object) -> tuple[Picture, str]:
    """The picture in what was given, and its name for messages.

    Args:
        given: the bytes of an image file, a binary file, a picture of Pillow, or an array of grey levels or colours.

    Raises:
        NotAScan: none of these.
        UnreadableScan: empty, damaged, a file that is closed or open as text, or not one image of a known kind.
        ScanTooLarge: more than 200 MB, or 4000 px a side.
    """
    if isinstance(given, bytes | bytearray | memoryview):
        return _decoded(bytes(given), NAMELESS), NAMELESS
    if isinstance(given, np.ndarray):
        return Picture(grey_from_array(given, NAMELESS), None), NAMELESS
    if _is_pillow(given):
        name = str(getattr(given, "filename", "") or NAMELESS)
        return _of_pillow(given, name), name
    if callable(getattr(given, "read", None)):
        name = _name_of(given)
        return _decoded(_content(given, name), name), name
    if isinstance(given, PathLike):
        path = fspath(given)
        if isinstance(path, str):
            return decode(file_bytes(path), path), path
    raise not_a_scan(given, EXPECTED)


def _decoded(content: bytes, name: str) -> Picture:
    if not content:
        raise UnreadableScan(f"{name}: there are no bytes in it; give those of an image file")
    if len(content) > MOST_BYTES:
        raise ScanTooLarge(f"{name}: at most {MOST_BYTES / 1e6:.0f} MB are read")
    return decode(content, name)


def _content(file: Any, name: str) -> bytes:
    """All of a file, whatever was read of it before; of one that knows no way back, what is left."""
    try:
        if callable(getattr(file, "seekable", None)) and file.seekable():
            file.seek(0)
        content = file.read(MOST_BYTES + 1)
    except UnicodeDecodeError:
        content = ""
    except (OSError, ValueError) as error:  # closed, or not open for reading
        raise UnreadableScan(f"{name}: the file cannot be read: {error}") from error
    except TypeError:
        raise not_a_scan(file, EXPECTED) from None
    if isinstance(content, str):
        raise UnreadableScan(f"{name}: the file is open as text: open(path, 'rb') opens it as bytes")
    if not isinstance(content, bytes | bytearray | memoryview):
        raise not_a_scan(file, EXPECTED)
    return bytes(content)


def _name_of(file: object) -> str:
    name = getattr(file, "name", None)
    return str(name) if isinstance(name, str | Path) and str(name) else NAMELESS


def _is_pillow(given: object) -> TypeGuard[Image]:
    """Whether it is a picture of Pillow: where that is not loaded, nothing is."""
    pillow = sys.modules.get("PIL.Image")
    return pillow is not None and isinstance(given, pillow.Image)


def _of_pillow(image: Image, name: str) -> Picture:
    """The frame that the picture stands at, with the resolution that it states."""
    with one_clear_line(name):
        check_size(image.size, name)
        whole, stated_ppi = upright(image, name), stated_ppi_of(image.info)
    return picture_of(np.asarray(whole), stated_ppi, name)
