"""Records of pictures in files, read and written."""

from __future__ import annotations

import stat
from dataclasses import replace
from pathlib import Path

from fpverify.errors import UnreadableRecord, UnwritableRecord, WrongKind
from fpverify.folders import path_of, private
from fpverify.formats.codes import IMPRESSION_NAMES
from fpverify.formats.containers.codes import POSITION_NAMES
from fpverify.formats.containers.image_records import numbered
from fpverify.formats.containers.kinds import TYPE_4, decoded, image_format_named, image_format_of
from fpverify.formats.containers.transaction import NAME
from fpverify.vocabulary.images import FingerImage, ImageRecord

MOST_BYTES = 200_000_000  # a card of 14 pictures at 1000 ppi without compression has 40 MB
TRAITS = (  # of a picture, that a format may have no room for
    ("the quality of pictures", "ratings"),
    ("which fingers are missing", "missing"),
    ("where the fingers are", "segments"),
    ("the resolution", "ppi"),
    ("the impression type", "impression"),
)


def read_images(path: str | Path) -> ImageRecord:
    """The pictures in a file, as they are stored: ANSI/NIST-ITL, ISO/IEC 19794-4 or ANSI/INCITS 381-2004.

    Args:
        path: of a regular file.

    Raises:
        UnreadableRecord: no such file, none of these, truncated, or against its own lengths; names the place.
    """
    return images_from_bytes(_content(path), source=str(path))


def images_from_bytes(content: bytes, *, source: str = "memory") -> ImageRecord:
    """The pictures in bytes, as `read_images` reads them; errors as there."""
    if not isinstance(content, bytes | bytearray | memoryview):
        raise WrongKind("the bytes of a record were expected", content)
    if len(content) > MOST_BYTES:
        raise UnreadableRecord(f"{source}: {len(content) / 1e6:.0f} MB, at most {MOST_BYTES / 1e6:.0f} are read")
    return decoded(bytes(content), source)


def write_images(record: ImageRecord, path: str | Path, *, format: str | None = None) -> tuple[str, ...]:
    """Writes a record; an existing file is replaced.

    Args:
        record: what to write.
        path: of the file.
        format: a name of `IMAGE_FORMATS`; None takes it from the ending.

    Returns:
        What the format does not keep of the record, a few words each.

    Raises:
        UnwritableRecord: the format cannot hold the record, or the ending says none.
        OSError: the file cannot be written.
    """
    target = path_of(path)
    if format is None:
        found = image_format_of(target)
        if found is None:
            raise UnwritableRecord(f"{path}: its ending names no format of pictures; name one, such as an2")
        format = found.name
    content, missing = images_to_bytes(record, format=format)
    private(target).write_bytes(content)
    return missing


def images_to_bytes(record: ImageRecord, *, format: str) -> tuple[bytes, tuple[str, ...]]:
    """A record in a format, and what of it that does not keep; arguments and errors as in `write_images`."""
    chosen = image_format_named(format)
    if not isinstance(record, ImageRecord):
        raise WrongKind("an ImageRecord was expected", record)
    try:
        _require_sound(record)
        kept = replace(record, images=tuple(_as_written(record.images, format)))
        content = chosen.encode(kept)
        again = decoded(content, record.source)
    except (UnwritableRecord, UnreadableRecord) as error:
        raise UnwritableRecord(f"{record.source}: {error}") from None
    return content, _lost(kept, again)


def _as_written(images: tuple[FingerImage, ...], format: str) -> list[FingerImage]:
    """Pictures with the numbers and types of the records that they become."""
    if format in {NAME, TYPE_4}:
        kind = 4 if format == TYPE_4 else 14
        return [replace(one, number=number, type=kind) for number, one in enumerate(images, 1)]
    return [replace(one, type=0) for one in numbered(images)]


def _require_sound(record: ImageRecord) -> None:
    if not record.images:
        raise UnwritableRecord("no picture, a record holds at least one")
    for number, one in enumerate(record.images, 1):
        if one.finger not in POSITION_NAMES or one.impression not in IMPRESSION_NAMES:
            raise UnwritableRecord(f"picture {number}: no finger {one.finger}, or no impression type {one.impression}")
        if not one.data:
            raise UnwritableRecord(f"picture {number} has no bytes")


def _lost(before: ImageRecord, after: ImageRecord) -> tuple[str, ...]:
    """What is not in the record that was written."""
    pairs = list(zip(before.images, after.images, strict=True))
    missing = [words for words, trait in TRAITS if any(getattr(a, trait) != getattr(b, trait) for a, b in pairs)]
    if before.minutiae:
        missing.append("the minutiae")
    if before.others:
        missing.append("records without fingers")
    return tuple(missing)


def _content(path: str | Path) -> bytes:
    path = path_of(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableRecord(f"{path}: not a regular file")
        if status.st_size > MOST_BYTES:
            raise UnreadableRecord(f"{path}: {status.st_size / 1e6:.0f} MB, at most {MOST_BYTES / 1e6:.0f} are read")
        return path.read_bytes()
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror or "cannot be read"
        raise UnreadableRecord(f"{path}: {reason}") from None
    except ValueError as error:
        raise error if isinstance(error, UnreadableRecord) else UnreadableRecord(f"{str(path)!r}: no file") from None
