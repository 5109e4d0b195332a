"""Where the keys of a store are kept: in a file of their own, in the environment, or in the system's keyring.

Never beside the database: who copies one then does not have the other.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from fpverify.errors import StoreError, WrongKey
from fpverify.folders import config_file, require_own
from fpverify.store.keys import KeyRing

SUFFIX_BYTES = 4  # of the name of a file that is being written
FILE_MODE, FOLDER_MODE = 0o600, 0o700  # the owner only
OTHERS = stat.S_IRWXG | stat.S_IRWXO
NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}  # FAT and exFAT have none

Kind = Literal["file", "env", "keyring", "none"]


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where a ring is kept.

    Attributes:
        kind: of place.
        name: path of the file, name of the variable, or service of the keyring.
        store_id: whose ring it is, for a keyring that holds several.
        trusts: use a file that others may read or change.
    """

    kind: Kind
    name: str
    store_id: str = ""
    trusts: bool = False

    @classmethod
    def parse(cls, text: str | None, store_id: str, *, trusts: bool = False) -> KeySource:
        """The source that a text names.

        Args:
            text: `file:PATH` or a path, `env:NAME`, `keyring:SERVICE`, `none`; None is a file named for the store in
                the user's configuration folder.
            store_id: of the store.
            trusts: use a file that others may read or change.

        Raises:
            WrongKey: the text names no place.
            SettingsError: it is None, and this user has no home folder.
        """
        if text is None:
            path = config_file(f"keys/{store_id}.key", otherwise="name the key with --key")
            return cls("file", str(path), store_id, trusts)
        if text == "none":
            return cls("none", "none", store_id, trusts)
        kind, separator, name = text.partition(":")
        if separator and kind in {"file", "env", "keyring"}:
            if not name:
                raise WrongKey(f"{text!r} names no place for keys; give file:PATH, env:NAME, keyring:SERVICE or none")
            place = _path(name) if kind == "file" else name
            return cls(kind, place, store_id, trusts)  # type: ignore[arg-type]
        return cls("file", _path(text), store_id, trusts)

    @property
    def place(self) -> str:
        """As messages name it."""
        words = {"file": self.name, "env": f"the variable {self.name}", "keyring": f"the keyring {self.name!r}"}
        return words.get(self.kind, "none")

    def present(self) -> bool:
        """Whether anything is kept there."""
        if self.kind == "file":
            return os.path.lexists(self.name)
        if self.kind == "none":
            return True
        return self._text() is not None

    def require_usable(self) -> None:
        """Returns if a ring of this store is kept there, or one could be.

        Raises:
            WrongKey: what is there is something else.
            StoreError: nothing is there, and nothing can be put there.
        """
        if self.present():
            self.load()
        elif self.kind == "env":
            raise self._unchangeable()
        elif self.kind == "file":
            path = Path(self.name)
            self._require_own()
            try:
                path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
                _written(path, "").unlink()
            except OSError as error:
                reason = error.strerror or error
                raise StoreError(f"no key can be kept at {path}: {reason}; name another place with --key") from error

    def load(self) -> KeyRing:
        """The ring that is kept there.

        Raises:
            WrongKey: there is none, it cannot be read, others may read its file, or it is no ring.
            UntrustedFile: others could change its file.
        """
        if self.kind == "none":
            return KeyRing.none()
        text = self._text()
        if text is None:
            raise WrongKey(f"there is no key at {self.place}; restore it from a copy, or say where it is (--key)")
        ring = KeyRing.from_json(text, self.place)
        if ring.store not in {None, self.store_id or ring.store}:
            raise WrongKey(f"the keys at {self.place} are another store's; give this one keys of its own (--key)")
        return ring

    def claim(self, ring: KeyRing) -> KeyRing:
        """The ring, kept as this store's from now on; what lies in the environment stays as it is.

        Raises:
            StoreError: it cannot be written.
        """
        if self.kind in {"none", "env"} or ring.store == self.store_id:
            return ring
        claimed = replace(ring, store=self.store_id)
        self.save(claimed)
        return claimed

    def release(self, *, remove: bool) -> None:
        """Leaves a file's ring to another store again, or removes one that was made, as far as that can be written."""
        with suppress(StoreError, OSError):
            if self.kind == "file" and remove:
                Path(self.name).unlink(missing_ok=True)
            elif self.kind == "file":
                self.save(replace(self.load(), store=None))

    def create(self) -> KeyRing:
        """A new ring of no store yet, kept there before this returns.

        Raises:
            StoreError: something is there already, or it cannot be written.
        """
        if self.kind == "none":
            return KeyRing.none()
        if self.present():
            raise StoreError(f"there is something at {self.place} already; it was left as it is")
        ring = KeyRing.new(self.place)
        if self.kind != "file":
            self.save(ring)
            return ring
        path = Path(self.name)
        self._require_own()
        try:
            path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            part = _written(path, ring.to_json())
            try:
                _move_to_new(part, path)
            finally:
                part.unlink(missing_ok=True)
            _flush_folder(path.parent)
        except OSError as error:
            raise self._unwritable(error) from error
        return ring

    def save(self, ring: KeyRing) -> None:
        """Replaces the ring, where a link leads if it is one; whatever happens, the old one or the new one is there.

        Raises:
            StoreError: it cannot be written; a variable never can.
        """
        if self.kind == "env":
            raise self._unchangeable()
        if self.kind == "keyring":
            with _keyring_failures():
                _keyring().set_password(self.name, self.store_id, ring.to_json())
            return
        import glob

        try:
            path = Path(self.name).resolve()
            own = f".{glob.escape(path.name)}." + SUFFIX_BYTES * "[0-9a-f][0-9a-f]"
            for left in path.parent.glob(own):  # by a process that was killed: a secret
                left.unlink()
            part = _written(path, ring.to_json())
            keep_owner(part, path)
            part.replace(path)
            _flush_folder(path.parent)
        except OSError as error:
            raise self._unwritable(error) from error

    def _text(self) -> str | None:
        """What is kept there; None for nothing."""
        if self.kind == "env":
            return os.environ.get(self.name)
        if self.kind == "keyring":
            with _keyring_failures():
                found = _keyring().get_password(self.name, self.store_id)
            return None if found is None else str(found)
        return self._file_text()

    def _file_text(self) -> str | None:
        try:
            with Path(self.name).open(encoding="utf-8") as file:
                if os.name == "posix" and os.fstat(file.fileno()).st_mode & OTHERS and not self.trusts:
                    raise WrongKey(f"others may read the key at {self.place}; say `chmod 600 {self.name}`")
                self._require_own()
                return file.read()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            raise WrongKey(f"the key at {self.place} cannot be read: {reason}") from error

    def _require_own(self) -> None:
        if not self.trusts:
            require_own(Path(self.name), "the key")

    def _unchangeable(self) -> StoreError:
        return StoreError(
            f"fpverify cannot change {self.place}; set it to a key file's content yourself, or keep keys in a file"
        )

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(f"the key at {self.place} cannot be written: {error.strerror or error}")


def keep_owner(part: Path, path: Path) -> None:
    """Gives a file the owner of the one that it is about to replace, if this user may: root locks nobody out."""
    if os.name == "posix":
        with suppress(OSError):
            old = path.stat()
            os.chown(part, old.st_uid, old.st_gid)


def _path(text: str) -> str:
    """The path, `~` resolved.

    Raises:
        WrongKey: no file can have this name.
    """
    if "\0" in text:
        raise WrongKey(f"{text!r} is no path for a key")
    return os.path.expanduser(text)  # noqa: PTH111 - unlike Path's, it never raises


def _written(path: Path, text: str) -> Path:
    """A file beside the path that holds the text, for the owner only, on disk when this returns."""
    part = path.with_name(f".{path.name}.{os.urandom(SUFFIX_BYTES).hex()}")
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return part


def _move_to_new(part: Path, path: Path) -> None:
    """Moves a file, but unlike a rename never over what another process has made meanwhile."""
    try:
        os.link(part, path)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE_MODE))
        part.replace(path)


def _flush_folder(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _keyring() -> Any:
    try:
        import keyring
    except ImportError as error:
        from fpverify.extras import install_line

        raise WrongKey(f"keys in the system's keyring need {install_line('keyring')}") from error
    return keyring


@contextmanager
def _keyring_failures() -> Iterator[None]:
    try:
        yield
    except WrongKey:
        raise
    except Exception as error:  # its backends raise whatever the system gives them
        raise WrongKey(f"the system's keyring cannot be used: {type(error).__name__}") from error
