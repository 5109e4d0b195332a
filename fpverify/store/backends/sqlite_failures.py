"""What SQLite reports, as errors that say which store and what would be right."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import MappingProxyType

from fpverify.errors import CorruptRecord, StoreError, StoreLocked, StoreReadOnly


@contextmanager
def store_failures(place: str) -> Iterator[None]:
    """Turns what SQLite raises inside the block into a `StoreError` that names the store.

    Misuse by the program itself (`sqlite3.ProgrammingError`: a closed store) passes unchanged.

    Args:
        place: the store's file, as messages name it.
    """
    try:
        yield
    except sqlite3.ProgrammingError:
        raise
    except sqlite3.Error as error:
        raise store_error(error, place) from error
    except UnicodeDecodeError as error:  # SQLite quoted a damaged schema in its message
        raise _damaged(place) from error


def store_error(error: sqlite3.Error, place: str) -> StoreError:
    """The error for what SQLite reported; damage if it reported something that an intact store cannot cause."""
    extended = getattr(error, "sqlite_errorcode", None)  # missing when the Python module itself raised it
    if extended == sqlite3.SQLITE_READONLY_DBMOVED:
        return moved(place)
    code = sqlite3.SQLITE_CORRUPT if extended is None else extended & 0xFF  # the low byte is the primary code
    return _BY_CODE.get(code, _damaged)(place)


def moved(place: str) -> StoreError:
    """The error for a file that is not at its path any more.

    Args:
        place: the path, as messages name it.
    """
    return StoreError(
        f"the file of the store {place} was replaced, moved or deleted while it was open; restart to use what is there"
    )


def _locked(place: str) -> StoreError:
    return StoreLocked(f"the store {place} is held by another process; try again when that has finished")


def _read_only(place: str) -> StoreError:
    return StoreReadOnly(f"the store {place} cannot be written; check the permissions of the file and of its folder")


def _full(place: str) -> StoreError:
    return StoreError(f"the disk of the store {place} is full; nothing was changed, free some space and try again")


def _unreadable(place: str) -> StoreError:
    return StoreError(f"the store {place} cannot be opened; check that it exists and may be read")


def _input_output(place: str) -> StoreError:
    return StoreError(f"the disk of the store {place} failed to read or write; nothing was changed, check the disk")


def _no_memory(place: str) -> StoreError:
    return StoreError(f"there was not enough memory to use the store {place}")


def _not_a_database(place: str) -> StoreError:
    return CorruptRecord(
        f"{place} is not an enrollment store, or its first page is damaged; give another location (--db)"
    )


def _damaged(place: str) -> StoreError:
    return CorruptRecord(f"the store {place} is damaged; restore it from a backup")


_BY_CODE: MappingProxyType[int, Callable[[str], StoreError]] = MappingProxyType(
    {
        sqlite3.SQLITE_BUSY: _locked,
        sqlite3.SQLITE_LOCKED: _locked,
        sqlite3.SQLITE_PROTOCOL: _locked,
        sqlite3.SQLITE_READONLY: _read_only,
        sqlite3.SQLITE_PERM: _read_only,
        sqlite3.SQLITE_FULL: _full,
        sqlite3.SQLITE_CANTOPEN: _unreadable,
        sqlite3.SQLITE_IOERR: _input_output,
        sqlite3.SQLITE_NOMEM: _no_memory,
        sqlite3.SQLITE_NOTADB: _not_a_database,
    }
)
