"""All that indexes keep beside one store: what is deleted is erased there too, and a new key seals it anew."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from fpverify.errors import CorruptRecord, SettingsError, StoreError
from fpverify.store.backends import Database
from fpverify.store.shards.files import held
from fpverify.store.shards.folder import ShardFolder, remove, sweep
from fpverify.store.shards.manifest import Manifest, names, read_manifest
from fpverify.store.shards.seals import PURPOSE, Owner
from fpverify.store.shards.shard import GONE_ID, SUFFIX, Shard, write_shard
from fpverify.store.vault import Vault


class Beside:
    """The folders of indexes of one store."""

    def __init__(self, root: Path, vault: Vault) -> None:
        self._root = root
        self._vault = vault

    def folder(self, model_id: str, codebook: str, lists: int, width: int) -> ShardFolder:
        """The shards of a model, as far as they are there."""
        owner = Owner(self._vault.store_id, model_id, codebook, lists, width)
        return ShardFolder(self._root, owner, self._vault.key_id, self._secret)

    def erase(self, record_ids: Collection[str]) -> None:
        """Overwrites references wherever they are kept; what cannot be read is removed as a whole.

        Raises:
            StoreError: something cannot be written, or another process is at it for too long.
        """
        ids = {int(one, 16) for one in record_ids}
        self._erase(lambda _: ids)

    def erase_others(self, enrolled: Callable[[], Collection[int]]) -> None:
        """Overwrites all references but those of the store, such as a process left that was killed; as `erase`.

        Args:
            enrolled: asked while nobody writes: what is in a shard by then, and enrolled, is among them.
        """
        wanted: set[int] = set()

        def others(shard: Shard) -> set[int]:
            wanted.update(() if wanted else enrolled())
            return set(shard.ids.tolist()) - wanted - {GONE_ID}

        self._erase(others)

    def seal_anew(self) -> None:
        """Writes everything anew that another key than the present one sealed; what cannot be read is removed.

        Raises:
            StoreError: something cannot be written, or another process is at it for too long.
        """
        with _failures(self._root), held(self._root):
            for folder in self._folders():
                try:
                    manifest = self._read(folder)
                    if manifest.key_id != self._vault.key_id:
                        self._seal_anew(folder, manifest)
                except CorruptRecord:
                    remove(folder)

    def _seal_anew(self, folder: Path, manifest: Manifest) -> None:
        before, secret = self._secret(manifest.key_id), self._secret(self._vault.key_id)
        assert before is not None  # noqa: S101 - the manifest was opened with it
        assert secret is not None  # noqa: S101 - of the present key
        shards = (Shard(folder / (name + SUFFIX), manifest.owner, before) for name in manifest.shards)
        written = [write_shard(folder, shard.content(), manifest.owner, secret) for shard in shards]
        anew = Manifest(manifest.owner, self._vault.key_id, manifest.point, names(written))
        sweep(folder, anew.write(folder, secret).shards)

    def _erase(self, chosen: Callable[[Shard], set[int]]) -> None:
        with _failures(self._root), held(self._root):
            for folder in self._folders():
                try:
                    manifest = self._read(folder)
                except CorruptRecord:
                    remove(folder)
                    continue
                sweep(folder, manifest.shards)
                alive = [self._erase_in(folder / (name + SUFFIX), manifest, chosen) for name in manifest.shards]
                if not any(alive):
                    remove(folder)

    def _erase_in(self, path: Path, manifest: Manifest, chosen: Callable[[Shard], set[int]]) -> int:
        """How many references are left in a shard; none of one that cannot be read, which is removed."""
        secret = self._secret(manifest.key_id)
        assert secret is not None  # noqa: S101 - the manifest was opened with it
        try:
            shard = Shard(path, manifest.owner, secret)
            shard.erase(chosen(shard))
        except CorruptRecord:
            path.unlink(missing_ok=True)
            return 0
        return shard.alive

    def _folders(self) -> Iterator[Path]:
        return (path for path in sorted(self._root.iterdir()) if path.is_dir())

    def _read(self, folder: Path) -> Manifest:
        return read_manifest(folder, self._vault.store_id, self._secret)

    def _secret(self, key_id: str) -> bytes | None:
        return self._vault.derived_from(key_id, PURPOSE)


def place_of(database: Database, store_id: str) -> Path | None:
    """Where indexes of a store are kept; None if this user has no folder for those of a server's."""
    if database.beside is not None:
        return database.beside
    from fpverify.folders import data_folder

    try:
        return data_folder(otherwise="indexes are kept in memory alone") / "indexes" / store_id
    except SettingsError:
        return None


@contextmanager
def _failures(place: Path) -> Iterator[None]:
    """Turns what the system raises into a StoreError that names the place."""
    try:
        yield
    except OSError as error:
        raise StoreError(f"the index at {place} cannot be written: {error.strerror or error}") from error
