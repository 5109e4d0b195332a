"""Where a store lies: which file a folder, a file name or nothing at all stand for, and how that file is made."""

from __future__ import annotations

import os
from pathlib import Path

from fpverify.errors import StoreError

DEFAULT_FOLDER = "enroll_db"  # in the working directory
STORE_FILE = "enrollments.sqlite"

_FILE_SUFFIXES = frozenset({".sqlite", ".sqlite3", ".db"})
_FOLDER_MODE = 0o700  # templates are personal data: nobody but the owner
_FILE_MODE = 0o600


def store_file(location: str | Path) -> Path:
    """The absolute path of the file that holds the store.

    An existing folder holds it as `enrollments.sqlite`; so does one that is still to be made, unless the name ends
    in .sqlite, .sqlite3 or .db, which names the file itself.

    Raises:
        StoreError: the location is a URL, or no possible path.
    """
    text = str(location)
    scheme, separator, _ = text.partition("://")
    if separator:
        raise StoreError(f"a store at a {scheme}:// URL is not supported; give a folder or a file")
    if not text or "\0" in text:
        raise StoreError("the location of the store is empty or no path; give a folder or a file")
    path = Path(text).absolute()
    if path.is_dir() or not (path.exists() or path.suffix in _FILE_SUFFIXES):
        return path / STORE_FILE
    return path


def printable(path: Path) -> str:
    """The path on one line, escaped where it could not be printed."""
    text = str(path)
    return text if text.isprintable() else ascii(text)


def require_file(path: Path) -> None:
    """Returns if there is a store file to open.

    Raises:
        StoreError: nothing is there, or something that is no regular file.
    """
    try:
        if path.is_file():
            empty = path.stat().st_size == 0  # left by an enrollment that was ended before it wrote anything
        elif path.exists():
            raise StoreError(f"{printable(path)} is not a file; give a folder or a file for the store")
        else:
            empty = True
    except OSError as error:
        raise _refused(path, error) from error
    if empty:
        raise StoreError(f"there is no enrollment store at {printable(path)}; enroll a finger first, or give its --db")


def create_file(path: Path) -> None:
    """Makes an empty file, and the folder it lies in, for the owner only; one that exists stays as it is.

    Raises:
        StoreError: there is no folder to make it in, or no permission, or no room.
    """
    if not path.parent.parent.is_dir():
        raise StoreError(f"the folder {printable(path.parent.parent)} does not exist; create it, or give another --db")
    try:
        path.parent.mkdir(mode=_FOLDER_MODE, exist_ok=True)
        _create_empty(path)
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
