"""The bytes of a scan's file, and scans written to files."""

from __future__ import annotations

import stat
from pathlib import Path

from fpverify.errors import NotAScan, ScanError, ScanTooLarge, UnreadableScan, kind_of
from fpverify.folders import path_of, private
from fpverify.vocabulary import Scan

MOST_BYTES = 200_000_000  # 4000 x 4000 px of four channels of 16 bits take 128 MB
WRITTEN_SUFFIXES = (".bmp", ".png", ".tif", ".tiff")  # without loss, and with room for the resolution
WSQ_SUFFIX = ".wsq"  # with loss, by the extra `wsq`


def file_bytes(path: str | Path) -> bytes:
    """All of a regular file.

    Raises:
        UnreadableScan: missing, empty, not to be read, or a folder, pipe or device (which are not opened: a pipe
            would wait for a writer).
        ScanTooLarge: more than 200 MB.
    """
    if not str(path):
        raise UnreadableScan("the path of the scan is empty")
    try:
        size = _size(path)
        if size > MOST_BYTES:
            raise ScanTooLarge(f"{path}: {size / 1e6:.0f} MB, at most {MOST_BYTES / 1e6:.0f} MB are read")
        data = Path(path).read_bytes()
    except ScanError:
        raise
    except OSError as error:
        raise UnreadableScan(f"{path}: {_reason(error)}") from None
    except ValueError:  # a zero byte in the name
        raise UnreadableScan(f"{str(path)!r}: no file can have this name") from None
    if not data:
        raise UnreadableScan(f"{path}: the file is empty")
    return data


def write_scan(scan: Scan, path: str | Path, *, states_ppi: bool = True) -> None:
    """Writes a scan, with its resolution in the header: without loss, or as WSQ.

    Args:
        scan: to write; its pixels are written as they are, ridges dark.
        path: ending in .bmp, .png, .tif or .tiff, or in .wsq; an existing file is replaced.
        states_ppi: write the resolution; one that was estimated would be taken for a statement.

    Raises:
        NotAScan, WrongKind: it is no `Scan`, or the path is none.
        ScanError: another ending.
        MissingExtra: WSQ is to be written, and the extra `wsq` is not installed.
        OSError: the file cannot be written.
    """
    if not isinstance(scan, Scan):
        raise not_a_scan(scan, "a Scan was expected: read_scan(...)")
    target = path_of(path)
    if target.suffix.lower() == WSQ_SUFFIX:
        from fpverify.scans.wsq_writing import wsq_bytes

        private(target).write_bytes(wsq_bytes(scan.pixels, scan.ppi if states_ppi else None, scan.source))
        return
    if target.suffix.lower() not in WRITTEN_SUFFIXES:
        raise ScanError(f"{path}: scans are written as {', '.join((*WRITTEN_SUFFIXES, WSQ_SUFFIX))}")
    from PIL import Image  # which takes 10 ms to load, and to read a file may not be needed

    picture = Image.fromarray(scan.pixels)
    if states_ppi:
        picture.save(private(target), dpi=(scan.ppi, scan.ppi))
    else:
        picture.save(private(target))


def not_a_scan(given: object, expected: str) -> NotAScan:
    """The error for what is no scan; says what was expected and what was given, but nothing of its content."""
    return NotAScan(f"{expected}, not {kind_of(given)}")


def _size(path: str | Path) -> int:
    status = Path(path).stat()
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableScan(f"{path}: {_kind(status.st_mode)}, not an image file")
    return status.st_size


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "no permission to read the file"
    return f"the file cannot be read: {error.strerror or type(error).__name__}"
