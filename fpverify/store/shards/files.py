"""Files that appear whole or not at all, and a lock that one process holds at a time."""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from fpverify.errors import StoreLocked

PART = ".part"  # ends the name of a file that is being written
FILE_MODE, FOLDER_MODE = 0o600, 0o700  # the owner only
LOCK_FILE = "lock"
LOCK_S = 30.0  # waited for: who holds it merges shards, a second, or seals a million references anew
PAUSE_S = 0.01  # between tries


@contextmanager
def new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes its name when the block ends well, on disk, readable by its owner only.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb", buffering=1 << 20) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        flush_folder(path.parent)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def flush_folder(folder: Path) -> None:
    """Has the names in a folder on disk, where a system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def held(folder: Path, timeout_s: float = LOCK_S) -> Iterator[None]:
    """The lock of a folder, which is made if there is none.

    Raises:
        StoreLocked: another process or thread held it for longer than `timeout_s`.
        OSError: it cannot be made.
    """
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        end = time.monotonic() + timeout_s
        while not _locked(descriptor):
            if time.monotonic() > end:
                raise StoreLocked(f"the index at {folder} is being written by another process; try again later")
            time.sleep(PAUSE_S)
        yield
    finally:
        os.close(descriptor)  # which gives the lock up


def _locked(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
