"""The file that says which shards of a model count, and which point of the audit trail they follow.

    magic "FPVM"     4 bytes
    version          uint8, now 1
    name             16 random bytes: another for each manifest that is written
    length           uint32 of the head's text
    text             JSON: key (id), model, codebook, lists, width
    block 0          JSON: point (null while references are missing), shards (names)

The head is in the clear, so that whoever erases or seals anew needs no model; it is bound to the block.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fpverify.errors import CorruptRecord
from fpverify.store.changes import Point
from fpverify.store.shards.files import new_file
from fpverify.store.shards.seals import BlockSeal, Owner

VERSION = 1
FILE = "manifest"

_MAGIC = b"FPVM"
_HEAD = struct.Struct("<4sB16sI")
_KINDS = {"key": str, "model": str, "codebook": str, "lists": int, "width": int}  # of the head's text


@dataclass(frozen=True, slots=True)
class Manifest:
    """What counts.

    Attributes:
        owner: whose references they are.
        key_id: of the store's key that the secret of all these files followed from.
        point: the references are those that the store had then; None while some are missing.
        shards: names of the files, without their ending.
        name: of the manifest, random.
    """

    owner: Owner
    key_id: str
    point: Point | None
    shards: tuple[str, ...]
    name: str = ""

    def write(self, folder: Path, secret: bytes) -> Manifest:
        """Puts it in the place of the one before; as it was written. Raises OSError."""
        name, owner = os.urandom(16), self.owner
        said = {"key": self.key_id, "model": owner.model_id, "codebook": owner.codebook}
        text = json.dumps({**said, "lists": owner.lists, "width": owner.width}).encode()
        head = _HEAD.pack(_MAGIC, VERSION, name, len(text)) + text
        point = None if self.point is None else asdict(self.point)
        content = json.dumps({"point": point, "shards": self.shards}).encode()
        with new_file(folder / FILE) as file:
            file.write(head + BlockSeal(secret, name, _bound(owner, head)).close(content, 0))
        return Manifest(owner, self.key_id, self.point, self.shards, name.hex())


def read_manifest(folder: Path, store_id: str, secret_of: Callable[[str], bytes | None]) -> Manifest:
    """The manifest of a folder.

    Args:
        folder: of one model.
        store_id: of the store.
        secret_of: the secret that follows from the key of an id; None if that key is unknown.

    Raises:
        CorruptRecord: there is none, it is damaged, or another store's or key's.
        OSError: it is there and cannot be read.
    """
    try:
        content = (folder / FILE).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _unsound(folder) from error
    try:
        magic, version, name, length = _HEAD.unpack_from(content)
        if (magic, version) != (_MAGIC, VERSION):
            raise _unsound(folder)
        end = _HEAD.size + length
        said = json.loads(content[_HEAD.size : end])
        if [type(said[key]) for key in _KINDS] != list(_KINDS.values()):
            raise _unsound(folder)
        owner = Owner(store_id, said["model"], said["codebook"], said["lists"], said["width"])
        key_id: str = said["key"]
        secret = secret_of(key_id)
        if secret is None:
            raise _unsound(folder)
        kept = json.loads(BlockSeal(secret, name, _bound(owner, content[:end])).open(content[end:], 0))
        point = None if kept["point"] is None else Point(**kept["point"])
        return Manifest(owner, key_id, point, tuple(kept["shards"]), name.hex())
    except (ValueError, KeyError, TypeError, RecursionError, struct.error) as error:
        raise _unsound(folder) from error


def _bound(owner: Owner, head: bytes) -> bytes:
    return b"manifest" + owner.bound + head


def _unsound(folder: Path) -> CorruptRecord:
    return CorruptRecord(f"the index at {folder} is damaged, or another's")


def names(shards: Sequence[Path]) -> tuple[str, ...]:
    """Of shards' files."""
    return tuple(one.stem for one in shards)
