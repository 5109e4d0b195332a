"""The user's own folders and files: where the platform wants them to lie, and who may read them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from fpverify.errors import SettingsError

PRIVATE = 0o600  # the owner only
FOLDER = "fpverify"  # in the folders that all programs of the user share


def cache_folder(*, otherwise: str) -> Path:
    """Of what can be made again.

    Args:
        otherwise: what a user without a home folder can do, for the message.

    Raises:
        SettingsError: this user has no home folder.
    """
    from platformdirs import user_cache_path

    with _home_needed(otherwise):
        return user_cache_path(FOLDER, appauthor=False)


def data_folder(*, otherwise: str) -> Path:
    """Of what belongs to the user's data but lies in no place of its own.

    Args:
        otherwise: what a user without a home folder can do, for the message.

    Raises:
        SettingsError: this user has no home folder.
    """
    from platformdirs import user_data_path

    with _home_needed(otherwise):
        return user_data_path(FOLDER, appauthor=False)


def config_file(name: str, *, otherwise: str) -> Path:
    """A file of the user's configuration.

    Fpverify once kept it in `$XDG_CONFIG_HOME` or `~/.config` on every platform. What lies there stays in use: a key
    that is not found is as good as lost.

    Args:
        name: path within the folder.
        otherwise: what a user without a home folder can do, for the message.

    Raises:
        SettingsError: this user has no home folder.
    """
    with _home_needed(otherwise):
        earlier = Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / FOLDER / name
        if os.path.lexists(earlier):
            return earlier
        from platformdirs import user_config_path  # here: on Linux, what exists is found without

        return user_config_path(FOLDER, appauthor=False) / name


def open_private(path: Path) -> TextIO:
    """A text file to be written anew, which its owner alone may read: it says who is enrolled."""
    return open(path, "w", newline="", encoding="utf-8", opener=_for_owner)  # Path has no opener


def _for_owner(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, PRIVATE)
    if hasattr(os, "fchmod"):  # a file that was there keeps its mode otherwise
        os.fchmod(descriptor, PRIVATE)
    return descriptor


@contextmanager
def _home_needed(otherwise: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # of pathlib and of platformdirs
        raise SettingsError(f"this user has no home folder; {otherwise}") from error
