"""Minutiae records in files, read and written."""

from __future__ import annotations

import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from fpverify.errors import UnreadableRecord, UnwritableRecord, WrongKind
from fpverify.folders import path_of, private
from fpverify.formats.checks import require_sound
from fpverify.formats.grids import CM_PER_INCH
from fpverify.formats.kinds import Format, decoded, format_named, format_of_suffix, with_own_length
from fpverify.formats.losses import lost
from fpverify.formats.mina import FORMAT as MINA_FORMAT
from fpverify.formats.mina import NAME as MINA
from fpverify.formats.mina import in_mina, left_out
from fpverify.formats.xyt import NAME as XYT
from fpverify.formats.xyt import UNSIZED
from fpverify.vocabulary import FingerView, MinutiaRecord

MOST_BYTES = 64_000_000  # 255 views of 255 minutiae in JSON are 8 MB
PROFILES = (MINA,)
WRONG_LENGTH = "the record states a wrong length; it was read as far as its counts go"

Decode = Callable[[bytes, str], MinutiaRecord]


def read_minutiae(
    path: str | Path,
    *,
    format: str | None = None,
    ppi: float | None = None,
    size: tuple[int, int] | None = None,
    lenient: bool = False,
) -> MinutiaRecord:
    """The record in a file: ISO/IEC 19794-2, ANSI/INCITS 378, xyt, CSV or JSON.

    Args:
        path: of a regular file.
        format: a name of `FORMATS`; None takes it from the content. The card forms have no header, so that it takes
            this, or the endings .isonc and .isocc.
        ppi: resolution, for files that state none.
        size: width and height of the picture in pixels, likewise; in an xyt file y is counted from its bottom.
        lenient: take a record whose stated length is wrong, but that ends where its counts say; a note tells of it.

    Raises:
        UnreadableRecord: no such file, no record, truncated, or against its own lengths; names the place.
    """
    content = record_bytes(path)
    return minutiae_from_bytes(content, format=format, ppi=ppi, size=size, lenient=lenient, source=str(path))


def minutiae_from_bytes(
    content: bytes,
    *,
    format: str | None = None,
    ppi: float | None = None,
    size: tuple[int, int] | None = None,
    lenient: bool = False,
    source: str = "memory",
) -> MinutiaRecord:
    """The record in bytes, as `read_minutiae` reads it.

    Raises:
        UnreadableRecord: as there.
        UnwritableRecord: no format has this name.
    """
    if not isinstance(content, bytes | bytearray | memoryview):
        raise WrongKind("the bytes of a record were expected", content)
    content = bytes(content)
    decode = decoded if format is None else format_named(format).decode
    record = _decoded_leniently(decode, content, source) if lenient else decode(content, source)
    try:
        require_sound(record)
    except UnwritableRecord as error:
        raise UnreadableRecord(f"{source}: {error}") from None
    return _completed(record, ppi, size)


def write_minutiae(
    record: MinutiaRecord, path: str | Path, *, format: str | None = None, profile: str | None = None
) -> tuple[str, ...]:
    """Writes a record; an existing file is replaced.

    Args:
        record: what to write.
        path: of the file.
        format: a name of `FORMATS`; None takes it from the ending: .iso and .fmr are ISO/IEC 19794-2:2005, .ansi is
            ANSI/INCITS 378-2004, .xyt, .csv and .json themselves.
        profile: "mina" keeps to what MINEX asks.

    Returns:
        What the format does not keep of the record, a few words each.

    Raises:
        UnwritableRecord: the format cannot hold the record, or the ending says none.
        OSError: the file cannot be written.
    """
    chosen = written_format(path_of(path), format, profile)
    content, missing = minutiae_to_bytes(record, format=chosen.name, profile=profile)
    private(path).write_bytes(content)
    return missing


def minutiae_to_bytes(
    record: MinutiaRecord, *, format: str, profile: str | None = None
) -> tuple[bytes, tuple[str, ...]]:
    """A record in a format, and what of it that does not keep; arguments and errors as in `write_minutiae`."""
    chosen = format_named(format)
    if not isinstance(record, MinutiaRecord):
        raise WrongKind("a MinutiaRecord was expected", record)
    try:
        require_sound(record)
        kept = _profiled(record, chosen, profile)
        content = chosen.encode(kept)
    except UnwritableRecord as error:
        raise UnwritableRecord(f"{record.source}: {error}") from None
    missing = lost(kept, chosen.decode(content, record.source))
    return content, missing if profile is None else (*left_out(record), *missing)


def written_format(path: str | Path, format: str | None, profile: str | None = None) -> Format:
    """The format of a file to be written.

    Raises:
        UnwritableRecord: none is named, and the ending says none.
    """
    if format is not None:
        return format_named(format)
    if profile == MINA:
        return format_named(MINA_FORMAT)
    found = format_of_suffix(Path(path))
    if found is None:
        raise UnwritableRecord(f"{path}: its ending names no format of minutiae; name one, such as iso2005")
    return found


def record_bytes(path: str | Path) -> bytes:
    """All of a regular file.

    Raises:
        UnreadableRecord: missing, empty, not to be read, too large, or a folder, pipe or device.
    """
    path = path_of(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableRecord(f"{path}: not a regular file")
        if status.st_size > MOST_BYTES:
            raise UnreadableRecord(
                f"{path}: {status.st_size / 1e6:.0f} MB, a record has at most {MOST_BYTES / 1e6:.0f}"
            )
        data = path.read_bytes()
    except OSError as error:
        reason = "there is no such file" if isinstance(error, FileNotFoundError) else error.strerror or "cannot be read"
        raise UnreadableRecord(f"{path}: {reason}") from None
    except ValueError as error:  # a zero byte in the name
        raise error if isinstance(error, UnreadableRecord) else UnreadableRecord(f"{str(path)!r}: no file") from None
    if not data:
        raise UnreadableRecord(f"{path}: the file is empty")
    return data


def joined(records: list[MinutiaRecord], source: str) -> MinutiaRecord:
    """The views of several records as one, numbered anew within each finger, in this order."""
    views: list[FingerView] = []
    for view in (view for record in records for view in record.views):
        views.append(replace(view, view=sum(other.finger == view.finger for other in views)))
    notes = tuple(dict.fromkeys(note for record in records for note in record.notes))
    return replace(records[0], views=tuple(views), source=source, notes=notes)


def _decoded_leniently(decode: Decode, content: bytes, source: str) -> MinutiaRecord:
    try:
        return decode(content, source)
    except UnreadableRecord:
        record = decode(with_own_length(content), source)
        return replace(record, notes=(*record.notes, WRONG_LENGTH))


def _profiled(record: MinutiaRecord, chosen: Format, profile: str | None) -> MinutiaRecord:
    if profile is None:
        return record
    if profile not in PROFILES:
        raise UnwritableRecord(f"no profile is called {profile!r}; there is {', '.join(PROFILES)}")
    if chosen.name != MINA_FORMAT:
        raise UnwritableRecord(f"the profile {MINA} is one of {MINA_FORMAT}, not of {chosen.name}")
    return in_mina(record)


def _completed(record: MinutiaRecord, ppi: float | None, size: tuple[int, int] | None) -> MinutiaRecord:
    """The record with what its file does not state, where the caller says it."""
    views = record.views
    if ppi is not None:
        ppcm = ppi / CM_PER_INCH
        views = tuple(replace(view, ppcm_x=view.ppcm_x or ppcm, ppcm_y=view.ppcm_y or ppcm) for view in views)
    if size is None:
        return replace(record, views=views)
    if record.format == XYT:
        return replace(record, views=(_from_bottom(views[0], size),), notes=_without(record.notes, UNSIZED))
    return replace(
        record,
        views=tuple(
            view if view.width_px and view.height_px else replace(view, width_px=size[0], height_px=size[1])
            for view in views
        ),
    )


def _from_bottom(view: FingerView, size: tuple[int, int]) -> FingerView:
    """The view of an xyt file in a picture of this size, at whose bottom its y begin."""
    moved = (view.y_px + np.float32(size[1] - view.height_px)).astype(np.float32)
    return replace(view, y_px=moved, width_px=size[0], height_px=size[1])


def _without(notes: tuple[str, ...], note: str) -> tuple[str, ...]:
    return tuple(one for one in notes if one != note)
