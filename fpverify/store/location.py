"""Where a store lies: which file a folder, a file name or nothing at all stand for, and how that file is made."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from fpverify.errors import StoreError

DEFAULT_FOLDER = "enroll_db"  # in the working directory
STORE_FILE = "enrollments.sqlite"

_SERVER_SCHEMES = frozenset({"postgresql", "postgres"})
_FILE_SUFFIXES = frozenset({".sqlite", ".sqlite3", ".db"})
_FOLDER_MODE = 0o700  # templates are personal data: nobody but the owner
_FILE_MODE = 0o600


def is_server_url(location: str | Path) -> bool:
    """Whether a location is the URL of a database server."""
    scheme, separator, _ = str(location).partition("://")
    return bool(separator) and scheme.lower() in _SERVER_SCHEMES


def store_file(location: str | Path) -> Path:
    """The absolute path of the file that holds the store.

    An existing folder holds it as `enrollments.sqlite`; so does one that is still to be made, unless the name ends
    in .sqlite, .sqlite3 or .db, which names the file itself.

    Raises:
        StoreError: the location is a URL, no possible path, or in a folder that may not be searched.
    """
    text = str(location)
    scheme, separator, _ = text.partition("://")
    if separator:
        raise StoreError(f"a store at a {scheme}:// URL is not supported; give a folder, a file or a postgresql:// URL")
    if not text or "\0" in text:
        raise StoreError("the location of the store is empty or no path; give a folder or a file")
    path = Path(text).absolute()
    status = _status(path)
    is_folder = path.suffix not in _FILE_SUFFIXES if status is None else stat.S_ISDIR(status.st_mode)
    return path / STORE_FILE if is_folder else path


def is_vacant(location: str | Path) -> bool:
    """Whether a store would be made in a new file; `location` is as in `store_file`, errors as there."""
    status = _status(store_file(location))
    return status is None or (stat.S_ISREG(status.st_mode) and not status.st_size)


def printable(path: Path) -> str:
    """The path on one line, escaped where it could not be printed."""
    text = str(path)
    return text if text.isprintable() else ascii(text)


def require_file(path: Path, *, may_be_empty: bool) -> None:
    """Returns if there is a store file to open.

    Args:
        path: of the file.
        may_be_empty: take a file without content, which an enrollment leaves that was ended before it wrote anything.

    Raises:
        StoreError: nothing is there, or something that is no regular file.
    """
    status = _status(path)
    if status is None:
        raise no_store(printable(path))
    if not stat.S_ISREG(status.st_mode):
        raise StoreError(f"{printable(path)} is not a file; give another location (--db)")
    if not (status.st_size or may_be_empty):
        raise no_store(printable(path))


def no_store(place: str) -> StoreError:
    """The error for a store that is to be read and was never made.

    Args:
        place: where it was looked for, as messages name it.
    """
    return StoreError(f"there is no enrollment store at {place}; enroll a finger first, or give its location (--db)")


def create_file(path: Path) -> None:
    """Makes an empty file, and the folder it lies in, for the owner only; one that exists stays as it is.

    Raises:
        StoreError: there is no folder to make it in, or no permission, or no room.
    """
    if _status(path.parent.parent) is None:
        raise StoreError(
            f"the folder {printable(path.parent.parent)} does not exist; create it, or give another location (--db)"
        )
    try:
        path.parent.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        _create_empty(path)
    except OSError as error:
        raise _refused(path, error) from error


def _status(path: Path) -> os.stat_result | None:
    """What is there, None for nothing."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refused(path, error) from error


def _create_empty(path: Path) -> None:
    """The file, unless it exists; an existing one is not opened, as closing it would drop SQLite's locks on it."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _FILE_MODE))
    except FileExistsError:
        return


def _refused(path: Path, error: OSError) -> StoreError:
    return StoreError(f"the store {printable(path)} cannot be opened: {error.strerror or error}")
