"""The user's own folders and files: where the platform wants them to lie, and who may read them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from fpverify.errors import SettingsError, UntrustedFile, WrongKind

PRIVATE = 0o600  # the owner only
ROOT = 0  # who may write everything anyway
TRUST = "--trust-permissions"  # and the setting of that name
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


def path_of(given: object) -> Path:
    """The path that a caller of the library gave.

    Raises:
        WrongKind: it is none.
    """
    if not isinstance(given, str | os.PathLike) or not isinstance(path := os.fspath(given), str) or "\0" in path:
        raise WrongKind("a path was expected", given)
    return Path(path)


def first_bytes(path: str | Path, count: int) -> bytes:
    """How a file begins; nothing of what is no regular file (a pipe would wait for a writer) or cannot be read."""
    try:
        if not Path(path).is_file():
            return b""
        with Path(path).open("rb") as file:
            return file.read(count)
    except (OSError, ValueError):  # a zero byte in the name
        return b""


def private(path: str | Path) -> Path:
    """A path at which a file for its owner alone lies now, empty: whoever writes it by its name keeps the mode.

    Pictures of prints, reports on them and templates are about people who did not choose the folder's readers.
    """
    os.close(_for_owner(str(path), os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
    return Path(path)


def _for_owner(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, PRIVATE)
    if hasattr(os, "fchmod") and stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fchmod(descriptor, PRIVATE)  # a file that was there keeps its mode otherwise
    return descriptor


def require_own(path: Path, what: str) -> None:
    """Returns if nobody but this user and root can change a file, or put another in its place.

    Looked at are the file and its folder, where a link leads and where the link lies; what is not there yet is not. A
    folder that is sticky, as /tmp is, lets nobody replace what is another's. A group that has no other member than the
    owner is the owner. Root may use the files of others, as with sudo, or in a container on the host's files; Windows
    has no such modes.

    Args:
        path: of the file.
        what: it is, as messages begin: "the store".

    Raises:
        UntrustedFile: somebody else can; names the path, and what to do.
    """
    if os.name != "posix":
        return
    real = Path(os.path.realpath(path))
    for place in dict.fromkeys((real, real.parent, path.absolute().parent)):
        try:
            found = place.stat()
        except OSError:  # who opens it says so
            continue
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):  # a device, a pipe: likewise
            return
        if why := _strangers(found, place):
            lies = "" if place == real else f", in whose folder {what} {real.name} lies"
            subject = f"{what} {place}" if place == real else f"the folder {place}"
            raise UntrustedFile(f"{subject} {why}{lies}; {_remedy(found, place)}, or allow it with {TRUST}")


def _strangers(found: os.stat_result, place: Path) -> str:
    """Who else could change a file or a folder, in words; empty for nobody."""
    me = os.geteuid()
    if me != ROOT and found.st_uid not in (me, ROOT):
        return f"belongs to {_user(found.st_uid)}, and not to {_user(me)}"
    if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX:
        return ""
    if found.st_mode & stat.S_IWOTH:
        return "may be written by everybody"
    if found.st_mode & stat.S_IWGRP and (_has_list(place) or not _is_of_owner_alone(found)):
        return f"may be written by the group {_group(found.st_gid)}"
    return ""


def _remedy(found: os.stat_result, place: Path) -> str:
    me = os.geteuid()
    return f"say `chmod go-w {place}`" if me == ROOT or found.st_uid in (me, ROOT) else "use a copy of your own"


def _has_list(place: Path) -> bool:
    """Whether an access control list says more than the mode, whose bits for the group are then those of all of it."""
    try:
        return bool(os.getxattr(place, "system.posix_acl_access"))
    except (AttributeError, OSError):  # Linux alone has them, and there not every disk
        return False


def _is_of_owner_alone(found: os.stat_result) -> bool:
    """Whether a group is the private one of a file's owner, as most Linux systems make for each user."""
    import grp
    import pwd

    try:
        owner, group = pwd.getpwuid(found.st_uid), grp.getgrgid(found.st_gid)
    except KeyError:
        return False
    return (group.gr_name, group.gr_gid) == (owner.pw_name, owner.pw_gid) and not set(group.gr_mem) - {owner.pw_name}


def _user(number: int) -> str:
    import pwd

    try:
        return f"{pwd.getpwuid(number).pw_name!r}"
    except KeyError:
        return f"user {number}"


def _group(number: int) -> str:
    import grp

    try:
        return f"{grp.getgrgid(number).gr_name!r}"
    except KeyError:
        return f"{number}"


@contextmanager
def _home_needed(otherwise: str) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:  # of pathlib and of platformdirs
        raise SettingsError(f"this user has no home folder; {otherwise}") from error
