"""What PostgreSQL and psycopg report, as errors that say which store and what would be right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlsplit

from fpverify.errors import CorruptRecord, StoreError, StoreLocked, StoreReadOnly

_LOCKED = frozenset({"55P03", "40P01", "40001", "57014"})  # lock timeout, deadlock, serialization, cancelled
_REFUSED = frozenset({"42501", "25006"})  # no privilege, read-only
_FULL = frozenset({"53100", "53200", "53300"})  # disk, memory, connections
_DAMAGED = frozenset({"XX001", "XX002", "42P01", "42703"})  # data, index, a table or column that is gone


_NAMED = re.compile(
    r"(?P<word>\b(?:server at|on socket|host name|hostaddr:?|host:?|address|server on|certificate for)) "
    r"(?P<quote>[\"'])[^\"']*(?P=quote)(?: \([^)]*\))?(?:,? port:? '?\d+'?)?"
)
_ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b|\b[0-9a-fA-F]{1,4}(?::[0-9a-fA-F]{0,4}){3,7}")


def without_hosts(said: str, place: str) -> str:
    """What a server or its driver said, without the machines that it names: messages go to whoever asks a service.

    Args:
        said: on one line.
        place: URL of the store, whose hosts are known by it.
    """
    parts = urlsplit(place)
    hosts = [one.rpartition(":")[0] or one for one in parts.netloc.rpartition("@")[2].split(",")]
    hosts += [one for name, value in parse_qsl(parts.query) if name in {"host", "hostaddr"} for one in value.split(",")]
    said = _ADDRESS.sub("...", _NAMED.sub(r"\g<word> ...", said))
    for host in sorted(filter(None, hosts), key=len, reverse=True):
        said = re.sub(rf"(?<![\w.]){re.escape(host)}(?![\w.-])", "...", said)
    return said


@contextmanager
def server_failures(place: str) -> Iterator[None]:
    """Turns what psycopg raises inside the block into a `StoreError` that names the store.

    Misuse by the program itself (`psycopg.ProgrammingError` without a code of the server's: a closed store) passes
    unchanged.

    Args:
        place: the URL without its password.
    """
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise store_error(error, place) from error


def store_error(error: Exception, place: str) -> StoreError:
    """The error for what the server reported."""
    code = getattr(error, "sqlstate", None) or ""
    said = without_hosts(" ".join(str(error).split()), place)
    if code in _LOCKED:
        return StoreLocked(f"the store {place} is held by another process; try again when that has finished")
    if code in _REFUSED:
        return StoreReadOnly(f"the store {place} cannot be written; check the privileges of its user ({said})")
    if code in _FULL:
        return StoreError(f"the server of the store {place} has no room; nothing was changed ({said})")
    if code in _DAMAGED:
        return CorruptRecord(f"the store {place} is damaged; restore it from a backup ({said})")
    return StoreError(f"the store {place} cannot be used: {said or type(error).__name__}")
