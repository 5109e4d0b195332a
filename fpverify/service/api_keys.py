"""Who may do what: scopes of the keys in a store, and files of keys that earlier releases kept apart from it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from enum import Enum
from pathlib import Path

from fpverify.errors import SettingsError
from fpverify.folders import config_file, require_own
from fpverify.store import Store
from fpverify.store.api_keys import ApiKey

PREFIX = "fpv_"  # so that a key that leaked into a file or a log is found by searching for it
SECRET_BYTES = 32  # random: no dictionary helps, so a plain hash is enough to keep
DIGEST = re.compile(r"[0-9a-f]{64}")
FILE = "api-keys.json"  # in the user's configuration folder, in releases before keys lay in the store


class Scope(Enum):
    """What a key allows."""

    VERIFY = "verify"  # decisions: what a door has to know
    SCORES = "scores"  # scores, comparisons, candidates: what an attacker would climb by
    ENROLL = "enroll"
    ADMIN = "admin"

    @property
    def word(self) -> str:
        """As written in the store and on the command line."""
        return self.value

    def includes(self, other: Scope) -> bool:
        """Whether a key of this scope allows the other."""
        return self in {other, Scope.ADMIN} or other is Scope.VERIFY


def allows(key: ApiKey, scope: Scope) -> bool:
    """Whether the scope of a key includes another; a scope that nobody knows allows nothing."""
    return key.scope in {one.word for one in Scope} and Scope(key.scope).includes(scope)


def new_key(store: Store, name: str, scope: Scope) -> str:
    """Makes a key and returns it; it is shown this once.

    Raises:
        SettingsError: the name is taken or empty.
        StoreError: the store cannot be written.
    """
    secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    store.api_keys.add(name, scope.word, digest(secret))
    return secret


def digest(secret: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


class KeyFile:
    """The keys in a file of an earlier release; it is read, anew when it changes, and never written.

    Attributes:
        path: JSON, for the owner only.
    """

    def __init__(self, path: Path, *, trusts: bool = False) -> None:
        """Nothing is read yet.

        Args:
            path: of the file.
            trusts: use it although other users of the machine could change it.
        """
        self.path = path
        self._trusts = trusts
        self._state: tuple[int, ...] | None = None
        self._keys: tuple[ApiKey, ...] = ()

    @classmethod
    def found(cls, path: str | None, *, trusts: bool = False) -> KeyFile | None:
        """The file at a path, or where earlier releases kept it; None if there is none.

        Args:
            path: of the file; None is the one in the user's configuration folder.
            trusts: as at the start.
        """
        try:
            place = config_file(FILE, otherwise="") if path is None else Path(path)
        except SettingsError:  # no home folder
            return None
        return cls(place, trusts=trusts) if place.exists() else None

    def all(self) -> tuple[ApiKey, ...]:
        """All keys; none if there is no file.

        Raises:
            SettingsError: the file cannot be read, or holds something else.
            UntrustedFile: other users of the machine could change it.
        """
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise SettingsError(f"{self.path}: cannot be read: {error.strerror}") from error
        state = status.st_mtime_ns, status.st_ctime_ns, status.st_ino  # the second changes with owner and mode
        if self._state != state:
            if not self._trusts:
                require_own(self.path, "the file of API keys")
            self._keys = _parsed(self.path)
            self._state = state
        return self._keys

    def holder(self, sha256: str) -> ApiKey | None:
        """The key of this hash; None for nobody's. Takes the same time whichever it is."""
        found = None
        for key in self.all():
            if hmac.compare_digest(key.sha256, sha256):
                found = key
        return found


def take_over(store: Store, file: KeyFile) -> list[ApiKey]:
    """Keeps the keys of a file in a store, each of them once; the file is left as it is.

    One that the store has had before stays as the store has it: revoked, if it was revoked there.

    Returns:
        What was new. A name that another key has by now gets a number.

    Raises:
        SettingsError, UntrustedFile: the file cannot be used.
        StoreReadOnly: the store may only be read.
        StoreError: it cannot be written.
    """
    wanted = [key for key in file.all() if not store.api_keys.was_granted(key.sha256)]
    if not wanted:
        return []
    taken = []
    with store.batch():
        names = {key.name for key in store.api_keys.all()}
        for key in wanted:
            if store.api_keys.was_granted(key.sha256):
                continue  # by another process, or twice in the file
            numbered = (f"{key.name} ({number})" for number in range(2, len(names) + 3))
            name = key.name if key.name not in names else next(one for one in numbered if one not in names)
            names.add(name)
            taken.append(store.api_keys.add(name, key.scope, key.sha256, key.created_at, source="file"))
    return taken


def _parsed(path: Path) -> tuple[ApiKey, ...]:
    try:
        keys = tuple(ApiKey(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))["keys"])
        _ = [Scope(key.scope) for key in keys]
        if not all(isinstance(key.name, str) and DIGEST.fullmatch(key.sha256) for key in keys):
            raise ValueError("no name, or no hash")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{path}: is no file of API keys; delete it and make new keys") from error
    return keys
