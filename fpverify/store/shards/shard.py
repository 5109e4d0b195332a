"""One shard: a file of some thousand references, the rows of their minutiae sorted by list.

Little endian, no padding; k references, m minutiae, l lists, descriptors of d numbers:

    head     magic "FPVI"     4 bytes
             version          uint8, now 1
             name             16 random bytes, those of the file
             k, m, l, d       uint32, uint32, uint32, uint16
    block 0  members          k ids (uint64; all ones for one that is gone), k numbers of minutiae (uint16)
    block 1  sizes            rows of each list, l times uint32
    block 2  lists            m times uint16: the list of each minutia, reference by reference; all ones if it is gone
    block 3 + number          rows of each list that has any: places (uint16; all ones for a row that is gone), then the
                              descriptors (int8, d each)

Each block is sealed for itself (`fpverify.store.shards.seals`), the head is bound to all of them. So a list is read
alone, and a reference is erased where it lies: the blocks of its lists, then those that name it, are sealed anew over
the old ones.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from fpverify.errors import CorruptRecord
from fpverify.store.shards.files import new_file
from fpverify.store.shards.seals import OVERHEAD, BlockSeal, Owner

VERSION = 1
MOST_REFERENCES = 2**16 - 1  # places are numbers of 16 bits, of which one means nobody
GONE_ID, GONE_PLACE, GONE_LIST = 2**64 - 1, 2**16 - 1, 2**16 - 1
OVERWRITTEN_S = 0.02  # from one reading of a block that does not open to the next
SUFFIX = ".shard"
NAME_BYTES = 16

_MAGIC = b"FPVI"
_HEAD = struct.Struct("<4sB16sIIIH")
_MEMBERS, _SIZES, _LISTS, _FIRST = 0, 1, 2, 3  # numbers of blocks

Codes = NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """References and the rows of their minutiae, reference by reference.

    Attributes:
        ids: (k,) uint64.
        minutiae: (k,) uint16, how many each has.
        lists: (m,) uint16, of each minutia.
        codes: (m, d) int8, its descriptor.
    """

    ids: NDArray[np.uint64]
    minutiae: NDArray[np.uint16]
    lists: NDArray[np.uint16]
    codes: Codes

    def __len__(self) -> int:
        """The number of references."""
        return len(self.ids)

    @classmethod
    def joined(cls, parts: Sequence[Content]) -> Content:
        """All of some, in order; at least one."""
        return cls(
            np.concatenate([one.ids for one in parts]),
            np.concatenate([one.minutiae for one in parts]),
            np.concatenate([one.lists for one in parts]),
            np.concatenate([one.codes for one in parts]),
        )

    def without(self, ids: Collection[int]) -> Content:
        """The others."""
        kept = np.array([one not in ids for one in self.ids.tolist()], bool)
        rows = np.repeat(kept, self.minutiae)
        return Content(self.ids[kept], self.minutiae[kept], self.lists[rows], self.codes[rows])

    def split(self, size: int) -> Iterator[Content]:
        """The same in parts of at most so many references."""
        first = np.concatenate([[0], np.cumsum(self.minutiae, dtype=np.int64)])
        for start in range(0, len(self), size):
            end = min(start + size, len(self))
            rows = slice(int(first[start]), int(first[end]))
            yield Content(self.ids[start:end], self.minutiae[start:end], self.lists[rows], self.codes[rows])


class Shard:
    """A shard that was opened: its members were read, its lists are when they are asked for.

    Attributes:
        path: of the file.
        ids: (k,) of the references; `GONE_ID` for one that is gone.
        minutiae: (k,) how many each has, or had.
    """

    def __init__(self, path: Path, owner: Owner, secret: bytes) -> None:
        """Opens a shard.

        Raises:
            CorruptRecord: it is missing, damaged, or another's.
        """
        self.path = path
        self._owner = owner
        with self._opened() as file:
            self._head = file.read(_HEAD.size)
            self._references, self._rows = self._checked_head()
            self._seal = BlockSeal(secret, bytes.fromhex(path.stem), b"shard" + owner.bound + self._head)
            self.ids, self.minutiae = self._members(file)

    @property
    def alive(self) -> int:
        """References that are not gone."""
        return int((self.ids != GONE_ID).sum())

    def rows(self, lists: Sequence[int]) -> list[tuple[Codes, NDArray[np.uint16]]]:
        """Of each of some lists its rows: descriptors (n, d), and places among `ids`.

        Raises:
            CorruptRecord: the shard is damaged, or not there any more.
        """
        with self._opened() as file:
            return [self._list(file, number) for number in lists]

    def keep_lists(self) -> None:
        """Reads the lists of all minutiae now: of what is erased they cannot be read later; errors as in `rows`."""
        _ = self._all_lists

    def lists_of(self, place: int) -> NDArray[np.uint16]:
        """The lists of the minutiae of one reference; errors as in `rows`.

        Raises:
            CorruptRecord: also where they were erased before they were read.
        """
        lists = self._all_lists[self._span(place)]
        if (lists == GONE_LIST).any():
            raise self._unsound()
        return lists

    def content(self) -> Content:
        """Everything but what is gone; errors as in `rows`."""
        numbers = np.flatnonzero(self._sizes)
        found = self.rows(numbers.tolist())
        width = self._owner.width
        codes = np.concatenate([np.zeros((0, width), np.int8), *(part for part, _ in found)])
        places = np.concatenate([np.zeros(0, np.uint16), *(part for _, part in found)])
        lists = np.repeat(numbers, [len(part) for _, part in found]).astype(np.uint16)
        order = np.argsort(places, kind="stable")
        whole = np.bincount(places, minlength=self._references) == self.minutiae
        kept = whole & (self.ids != GONE_ID)
        order = order[kept[places[order]]]
        return Content(self.ids[kept], self.minutiae[kept], lists[order], codes[order])

    def erase(self, ids: Collection[int]) -> bool:
        """Overwrites references where they lie; whether there were any. When this returns, that is on disk.

        Whoever does it holds the lock of the folder. Cut off in between, what is left of them goes the next time.

        Raises:
            CorruptRecord: the shard is damaged, or not there any more.
            OSError: it cannot be written.
        """
        wanted = np.array(sorted(ids), np.uint64)
        if not np.isin(self.ids, wanted).any():  # whoever was not there when it was opened never comes
            return False
        with self._writable() as file:
            self.ids, self.minutiae = self._members(file)
            places = np.flatnonzero(np.isin(self.ids, wanted))
            if not len(places):
                return False
            lists = self._block(file, _LISTS, np.uint16)
            spans = [self._span(place) for place in places.tolist()]
            for number in np.unique(np.concatenate([lists[span] for span in spans])).tolist():
                self._strike(file, number, places)
            for span in spans:
                lists[span] = GONE_LIST
            self.ids[places] = GONE_ID
            self._overwrite(file, _LISTS, lists.tobytes())
            self._overwrite(file, _MEMBERS, self.ids.tobytes() + self.minutiae.tobytes())
            file.flush()
            os.fsync(file.fileno())
        self._all_lists = lists
        return True

    def _strike(self, file: IO[bytes], number: int, gone: NDArray[np.intp]) -> None:
        content = self._raw(file, _FIRST + number)
        places, codes = self._parts(content, number)
        struck = np.isin(places, gone)
        places, codes = places.copy(), codes.copy()
        places[struck], codes[struck] = GONE_PLACE, 0
        self._overwrite(file, _FIRST + number, places.tobytes() + codes.tobytes())

    def _list(self, file: IO[bytes], number: int) -> tuple[Codes, NDArray[np.uint16]]:
        if not self._sizes[number]:
            return np.zeros((0, self._owner.width), np.int8), np.zeros(0, np.uint16)
        places, codes = self._parts(self._raw(file, _FIRST + number), number)
        there = places != GONE_PLACE
        return (codes, places) if there.all() else (codes[there], places[there])

    def _parts(self, content: bytes, number: int) -> tuple[NDArray[np.uint16], Codes]:
        """Places and descriptors of a list's rows, as views."""
        size = int(self._sizes[number])
        places = np.frombuffer(content, np.uint16, size)
        return places, np.frombuffer(content, np.int8, offset=2 * size).reshape(size, self._owner.width)

    def _span(self, place: int) -> slice:
        return slice(int(self._starts[place]), int(self._starts[place + 1]))

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(self.minutiae, dtype=np.int64)])

    @cached_property
    def _sizes(self) -> NDArray[np.uint32]:
        with self._opened() as file:
            sizes = self._block(file, _SIZES, np.uint32)
        if int(sizes.sum(dtype=np.int64)) != self._rows:
            raise self._unsound()
        return sizes

    @cached_property
    def _all_lists(self) -> NDArray[np.uint16]:
        with self._opened() as file:
            return self._block(file, _LISTS, np.uint16)

    @cached_property
    def _offsets(self) -> NDArray[np.int64]:
        """Where each block begins, and where the last one ends."""
        small = [10 * self._references, 4 * self._owner.lists, 2 * self._rows]
        rows = self._sizes.astype(np.int64) * (2 + self._owner.width) + OVERHEAD * (self._sizes > 0)
        lengths = np.concatenate([np.array(small) + OVERHEAD, rows])
        return _HEAD.size + np.concatenate([[0], np.cumsum(lengths)])

    def _members(self, file: IO[bytes]) -> tuple[NDArray[np.uint64], NDArray[np.uint16]]:
        file.seek(_HEAD.size)
        content = self._seal.open(file.read(10 * self._references + OVERHEAD), _MEMBERS)
        ids = np.frombuffer(content, np.uint64, self._references).copy()
        minutiae = np.frombuffer(content, np.uint16, offset=8 * self._references).copy()
        if int(minutiae.sum(dtype=np.int64)) != self._rows:
            raise self._unsound()
        return ids, minutiae

    def _block(self, file: IO[bytes], number: int, kind: type[np.generic]) -> NDArray:  # type: ignore[type-arg]
        """A block of numbers, which may be changed."""
        if number == _SIZES:  # the only one that is looked up before all offsets are known
            file.seek(_HEAD.size + 10 * self._references + OVERHEAD)
            return np.frombuffer(self._seal.open(file.read(4 * self._owner.lists + OVERHEAD), number), kind).copy()
        return np.frombuffer(self._raw(file, number), kind).copy()

    def _raw(self, file: IO[bytes], number: int) -> bytes:
        """The content of a block; one that is just being overwritten is read once more."""
        try:
            return self._raw_at_once(file, number)
        except CorruptRecord:
            time.sleep(OVERWRITTEN_S)
            return self._raw_at_once(file, number)

    def _raw_at_once(self, file: IO[bytes], number: int) -> bytes:
        start, end = int(self._offsets[number]), int(self._offsets[number + 1])
        file.seek(start)
        return self._seal.open(file.read(end - start), number)

    def _overwrite(self, file: IO[bytes], number: int, content: bytes) -> None:
        block = self._seal.close(content, number)
        start, end = int(self._offsets[number]), int(self._offsets[number + 1])
        if len(block) != end - start:
            raise self._unsound()
        file.seek(start)
        file.write(block)

    def _checked_head(self) -> tuple[int, int]:
        """(k, m) of a head that is one of ours; whether it is as it was written shows with the first block."""
        if len(self._head) < _HEAD.size:
            raise self._unsound()
        magic, version, name, references, rows, lists, width = _HEAD.unpack(self._head)
        said = (magic, version, name.hex(), lists, width)
        if said != (_MAGIC, VERSION, self.path.stem, self._owner.lists, self._owner.width):
            raise self._unsound()
        if self.path.stat().st_size < _HEAD.size + 10 * references + rows * (2 + width):
            raise self._unsound()
        return references, rows

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        try:
            with self.path.open("rb", buffering=0) as file:
                yield file
        except OSError as error:
            raise self._unsound() from error

    def _writable(self) -> IO[bytes]:
        try:
            return self.path.open("r+b", buffering=0)
        except FileNotFoundError as error:
            raise self._unsound() from error

    def _unsound(self) -> CorruptRecord:
        return CorruptRecord(f"{self.path} is damaged or gone")


def write_shard(folder: Path, content: Content, owner: Owner, secret: bytes) -> Path:
    """Writes a shard; when this returns, it is on disk under its name.

    Args:
        folder: that it lies in.
        content: at most `MOST_REFERENCES`.
        owner: whose they are.
        secret: that of `seals.PURPOSE`.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    name = os.urandom(NAME_BYTES)
    head = _HEAD.pack(_MAGIC, VERSION, name, len(content), len(content.lists), owner.lists, owner.width)
    seal = BlockSeal(secret, name, b"shard" + owner.bound + head)
    path = folder / (name.hex() + SUFFIX)
    with new_file(path) as file:
        file.write(head)
        for number, block in _blocks(content, owner):
            file.write(seal.close(block, number))
    return path


def _blocks(content: Content, owner: Owner) -> Iterator[tuple[int, bytes]]:
    """Numbers and contents of the blocks, in order."""
    places = np.repeat(np.arange(len(content), dtype=np.uint16), content.minutiae)
    order = np.argsort(content.lists, kind="stable")
    sizes = np.bincount(content.lists, minlength=owner.lists).astype(np.uint32)
    yield _MEMBERS, content.ids.astype(np.uint64).tobytes() + content.minutiae.astype(np.uint16).tobytes()
    yield _SIZES, sizes.tobytes()
    yield _LISTS, content.lists.tobytes()
    ends = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).tolist()
    for number, (start, end) in enumerate(pairwise(ends)):
        if end > start:
            rows = order[start:end]
            yield _FIRST + number, places[rows].tobytes() + content.codes[rows].tobytes()
