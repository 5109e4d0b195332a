"""All shards of one model: opened, added to, merged, put right.

Nothing here is needed, so what cannot be read is left out, and `point` is None then: whoever uses the folder
looks up what is missing. Only who knows the newest manifest writes the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from pathlib import Path

from fpverify.errors import CorruptRecord, FpverifyError
from fpverify.store.changes import Point
from fpverify.store.shards.files import FOLDER_MODE, PART, held
from fpverify.store.shards.manifest import FILE, Manifest, names, read_manifest
from fpverify.store.shards.seals import Owner
from fpverify.store.shards.shard import SUFFIX, Content, Shard, write_shard

FULL = 16_384  # references of a shard: 50 MB, written in a quarter of a second; a list is then some 10 KB of it
PATIENCE_S = 2.0  # with another process that writes: what waits to be written can wait for longer than a search

SecretOf = Callable[[str], bytes | None]


class OutdatedError(FpverifyError):
    """Another process has written meanwhile, or the store's key is another: open the folder again."""


class ShardFolder:
    """Shards as this process knows them.

    Attributes:
        shards: all that could be opened.
        point: the references are those that the store had then; None while some are missing.
    """

    def __init__(self, root: Path, owner: Owner, key_id: str, secret_of: SecretOf) -> None:
        """Opens what is there.

        Args:
            root: of the store; holds the lock.
            owner: whose references they are.
            key_id: of the key that seals in the store now.
            secret_of: the secret that follows from a key, by its id; None if it is unknown.
        """
        self._root = root
        self._owner = owner
        self._secret_of = secret_of
        self._path = root / owner.name
        self._key_id = key_id
        self._manifest = Manifest(owner, key_id, None, ())
        self.shards: list[Shard] = []
        with suppress(CorruptRecord, OSError):
            self._load()

    @property
    def point(self) -> Point | None:
        """The references are those that the store had then; None while some are missing."""
        return None if self.lacking else self._manifest.point

    @property
    def lacking(self) -> int:
        """How many shards count and could not be opened."""
        return len(self._manifest.shards) - len(self.shards)

    @property
    def key_id(self) -> str:
        """Of the store's key when this was opened."""
        return self._key_id

    def to_merge(self, coming: int) -> list[Shard]:
        """Shards that are best written anew with so many that come: small ones at the end, and those mostly gone."""
        chosen = [shard for shard in self.shards if 2 * shard.alive < len(shard.ids)]
        for shard in reversed(self.shards):
            if shard.alive > coming or shard.alive >= FULL:
                break
            if shard not in chosen:
                chosen.append(shard)
                coming += shard.alive
        return chosen

    def save(
        self,
        new: Content | None,
        merged: Collection[Shard],
        gone: Collection[int],
        point: Point | None,
        gone_since: Callable[[], Collection[int]],
    ) -> list[Shard]:
        """Adds references, erases others, and says which point is followed now.

        Args:
            new: that no shard holds yet; None for none.
            merged: shards that are written anew with them.
            gone: what was removed since the point that was followed before.
            point: that the references are those of from now on.
            gone_since: what the store gave up since that point; asked while nobody else writes.

        Returns:
            The shards that were written: of what is new, and of what small ones held.

        Raises:
            OutdatedError: another process wrote meanwhile, or the key is another.
            CorruptRecord: a shard is damaged.
            OSError: it cannot be written.
            StoreError: another process holds the lock for too long, or the store cannot be read.
        """
        with held(self._root, PATIENCE_S):
            self._require_newest()
            self._path.mkdir(mode=FOLDER_MODE, exist_ok=True)
            unwanted = {*gone, *gone_since()}
            parts = [shard.content() for shard in merged] + ([] if new is None else [new])
            kept = [shard for shard in self.shards if shard not in merged]
            if unwanted:
                parts = [part.without(unwanted) for part in parts]
                for shard in kept:
                    shard.erase(unwanted)
            written = self._write(parts)
            self._take(kept + written, point)
            self._sweep()
            return written

    def erase(self, ids: Collection[int]) -> None:
        """Overwrites references that a process left which was killed before it could.

        Raises:
            CorruptRecord: a shard is damaged, or was written anew by another process.
            OSError, StoreError: nothing can be written.
        """
        with held(self._root, PATIENCE_S):
            for shard in self.shards:
                shard.erase(ids)

    def put_right(self) -> None:
        """Leaves out what cannot be read, after something could not, and opens the rest again.

        Raises:
            OSError, StoreError: nothing can be written.
        """
        with held(self._root):
            self._manifest, self.shards = Manifest(self._owner, self._key_id, None, ()), []
            with suppress(CorruptRecord):
                self._load()
            before = len(self.shards)
            self.shards = [shard for shard in self.shards if _is_sound(shard)]
            if self._path.exists() and (self.point is None or len(self.shards) < before):
                self._take(self.shards, None)
                self._sweep()

    def _load(self) -> None:
        self._manifest = read_manifest(self._path, self._owner.store_id, self._secret_of)
        if self._manifest.owner != self._owner:
            self._manifest = Manifest(self._owner, self._key_id, None, ())
            return
        for name in self._manifest.shards:
            with suppress(CorruptRecord):
                self.shards.append(Shard(self._path / (name + SUFFIX), self._owner, self._secret))

    @property
    def _secret(self) -> bytes:
        secret = self._secret_of(self._manifest.key_id)
        if secret is None:
            raise OutdatedError(f"the key of the index at {self._path} is gone")
        return secret

    def _require_newest(self) -> None:
        name = ""
        with suppress(CorruptRecord):
            name = read_manifest(self._path, self._owner.store_id, self._secret_of).name
        if name != self._manifest.name or self._manifest.key_id != self._key_id:
            raise OutdatedError(f"the index at {self._path} was written by another process")

    def _write(self, parts: list[Content]) -> list[Shard]:
        content = Content.joined(parts) if parts else None
        if content is None or not len(content):
            return []
        paths = [write_shard(self._path, one, self._owner, self._secret) for one in content.split(FULL)]
        return [Shard(path, self._owner, self._secret) for path in paths]

    def _take(self, shards: list[Shard], point: Point | None) -> None:
        listed = names([one.path for one in shards])
        manifest = Manifest(self._owner, self._manifest.key_id, point, listed)
        self._manifest, self.shards = manifest.write(self._path, self._secret), shards

    def _sweep(self) -> None:
        """Removes what does not count, and folders of another store that was here, or of a key that is gone."""
        with suppress(OSError):
            sweep(self._path, self._manifest.shards)
            for folder in self._root.iterdir():
                if folder.is_dir() and folder != self._path:
                    try:
                        read_manifest(folder, self._owner.store_id, self._secret_of)
                    except CorruptRecord:
                        remove(folder)


def sweep(folder: Path, listed: Iterable[str]) -> None:
    """Removes what does not count: replaced shards, and what a process left that was killed."""
    wanted = {FILE, *(name + SUFFIX for name in listed)}
    for path in folder.iterdir():
        if path.name not in wanted and path.suffix in {SUFFIX, PART}:
            with suppress(OSError):  # another system lets nobody remove what a process reads; the next sweep does it
                path.unlink()


def remove(folder: Path) -> None:
    """Removes all of a model's files, and the folder if nothing else is in it."""
    sweep(folder, ())
    with suppress(OSError):
        (folder / FILE).unlink(missing_ok=True)
        folder.rmdir()


def _is_sound(shard: Shard) -> bool:
    try:
        return len(shard.content()) == shard.alive
    except CorruptRecord:
        return False
