"""Who may do what: keys of the HTTP interface, of which only hashes are kept."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

from fpverify.errors import SettingsError
from fpverify.folders import config_file, require_own
from fpverify.store.key_source import keep_owner

PREFIX = "fpv_"  # so that a key that leaked into a file or a log is found by searching for it
SECRET_BYTES = 32  # random: no dictionary helps, so a plain hash is enough to keep
DIGEST = re.compile(r"[0-9a-f]{64}")
FILE_MODE, FOLDER_MODE = 0o600, 0o700  # the owner only


class Scope(Enum):
    """What a key allows."""

    VERIFY = "verify"  # decisions: what a door has to know
    SCORES = "scores"  # scores, comparisons, candidates: what an attacker would climb by
    ENROLL = "enroll"
    ADMIN = "admin"

    @property
    def word(self) -> str:
        """As written in the file and on the command line."""
        return self.value

    def includes(self, other: Scope) -> bool:
        """Whether a key of this scope allows the other."""
        return self in {other, Scope.ADMIN} or other is Scope.VERIFY


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept.

    Attributes:
        name: of who holds it; unique.
        scope: word of a `Scope`.
        sha256: of the key, in hex.
        created_at: UTC, ISO 8601.
    """

    name: str
    scope: str
    sha256: str
    created_at: str

    def allows(self, scope: Scope) -> bool:
        """Whether its scope includes another."""
        return Scope(self.scope).includes(scope)


class ApiKeys:
    """The keys in a file; read anew when it changes, so that a revoked key stops working at once.

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
    def default(cls, *, trusts: bool = False) -> ApiKeys:
        """In the user's configuration folder.

        Raises:
            SettingsError: this user has no home folder.
        """
        return cls(
            config_file("api-keys.json", otherwise="name the file of the API keys with --api-keys"), trusts=trusts
        )

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

    def holder(self, secret: str) -> ApiKey | None:
        """Whose key this is; None for nobody's. Takes the same time whichever it is."""
        digest, found = _digest(secret), None
        for key in self.all():
            if hmac.compare_digest(key.sha256, digest):
                found = key
        return found

    def new(self, name: str, scope: Scope) -> str:
        """Makes a key and returns it; it is shown this once.

        Raises:
            SettingsError: the name is taken or empty, or the file cannot be written.
        """
        if not name or not name.isprintable():
            raise SettingsError("an API key needs a name on one line, such as door-3")
        secret = PREFIX + secrets.token_urlsafe(SECRET_BYTES)
        with self._changing() as keys:
            if any(key.name == name for key in keys):
                raise SettingsError(
                    f"{self.path}: there is a key {name!r} already; revoke it first, or give another name"
                )
            keys.append(ApiKey(name, scope.word, _digest(secret), datetime.now(UTC).isoformat(timespec="seconds")))
        return secret

    def revoke(self, name: str) -> None:
        """Removes a key.

        Raises:
            SettingsError: there is none of that name, or the file cannot be written.
        """
        with self._changing() as keys:
            if all(key.name != name for key in keys):
                raise SettingsError(f"{self.path}: there is no key {name!r}")
            keys[:] = [key for key in keys if key.name != name]

    @contextmanager
    def _changing(self) -> Iterator[list[ApiKey]]:
        """The keys, to be changed by nobody else meanwhile; they are written when the block ends."""
        if not self._trusts:
            require_own(self.path, "the file of API keys")
        try:
            self.path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            with _alone(self.path.parent):
                keys = list(self.all())
                yield keys
                self._write(keys)
        except OSError as error:
            raise SettingsError(f"{self.path}: cannot be written: {error.strerror}") from error

    def _write(self, keys: list[ApiKey]) -> None:
        text = json.dumps({"keys": [asdict(key) for key in keys]}, indent=1) + "\n"
        path = self.path.resolve()  # where a link leads
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        keep_owner(part, path)
        part.replace(path)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process is in such a block for the same folder."""
    if os.name != "posix":
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


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


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
