"""An index and the state of the store that it shows: what others change is taken up."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from itertools import islice
from typing import TYPE_CHECKING, Never, TypeVar

import numpy as np

from fpverify.errors import CorruptRecord, StoreError
from fpverify.search.index import EngineIndex, Index
from fpverify.search.index.growing import GrowingIndex
from fpverify.search.index.inverted import InvertedIndex
from fpverify.store import Changes, Point, Store
from fpverify.store.shards.folder import FULL, OutdatedError, ShardFolder
from fpverify.store.shards.shard import Content
from fpverify.vocabulary import Reference

if TYPE_CHECKING:
    from tqdm import tqdm

TAKEN_UP = 500  # references at a time: 2 MB of templates
NOTED_EVERY = 200  # changes, after which an engine is told how far it follows the store: taken up in a second
SAVED_EVERY = 128  # references that no shard holds, from which on they are written: read by a new process in 0.1 s
FOLLOWED_EVERY = 5000  # entries of the audit trail that a new process looks through at most: 20 ms
SHOWN_FROM = 1000  # references to be taken up, a second's work, from which on a bar is shown

One = TypeVar("One")


class Kept:
    """An index in memory.

    Attributes:
        key: what it is an index of.
        index: the index.
        point: the state of the store that it shows; None if it shows none yet.
        is_outdated: what it has on disk is not what lies there by now; it is to be opened anew.
    """

    def __init__(self, key: tuple[str | int, ...], index: Index) -> None:
        self.key = key
        self.index = index
        self.point: Point | None = None
        self.is_outdated = False

    def take_up(self, changes: Changes, store: Store, model_id: str) -> None:
        """Makes the index show the state that changes lead to."""
        if changes.everything:
            self._add(store.enrolled(model_id))
        elif changes:
            self._add(of_model(store, changes.added, model_id))
            self.index.remove([int(one, 16) for one in changes.removed])
        self.point = changes.point

    def put_right(self, store: Store, model_id: str) -> None:
        """Gives up what is damaged of what is kept on disk.

        Raises:
            OSError, StoreError: it cannot be written.
        """

    def _add(self, records: Iterable[tuple[str, Reference]]) -> None:
        for block in blocks(iter(records), TAKEN_UP):
            self.index.add([int(number, 16) for number, _ in block], [one.template for _, one in block])


class KeptByEngine(Kept):
    """An index that outlives this process and is shared with others, and the state that this process knows it has.

    Whoever uses it makes it follow the store, and notes how far from time to time: another process begins there. What
    is done twice changes nothing, so it does not matter who was first.
    """

    def __init__(self, key: tuple[str | int, ...], index: EngineIndex) -> None:
        super().__init__(key, index)
        self._engine = index
        self.point = self._noted = point_of(index.note)

    def take_up(self, changes: Changes, store: Store, model_id: str) -> None:
        """Makes the index show the state that changes lead to."""
        if changes.everything:
            self._follow(store, model_id)
            self.point = changes.point
        else:
            super().take_up(changes, store, model_id)
        if self._noted is None or changes.everything or changes.point.revision >= self._noted.revision + NOTED_EVERY:
            self._engine.keep_note(json.dumps(asdict(changes.point)))
            self._engine.drop_kin()
            self._noted = changes.point

    def _follow(self, store: Store, model_id: str) -> None:
        """Removes what the store does not have, and adds what is missing; nobody who searches meanwhile loses more."""
        held = set(self._engine.ids())  # first: what others add from here on is in the store
        wanted = {int(one, 16) for one in store.record_ids(model_id)}
        self._engine.remove(held - wanted)
        self._add(of_model(store, [f"{one:016x}" for one in wanted - held], model_id))


class KeptInShards(Kept):
    """Lists of which most lie in shards beside the store, shared with other processes.

    What came since the shards were written is taken from the store by each process, until it is enough for a shard:
    then whoever finds it so writes one. Nothing is lost with a process that is killed: the store has it all.
    """

    def __init__(
        self,
        key: tuple[str | int, ...],
        index: GrowingIndex | InvertedIndex,
        folder: ShardFolder,
        *,
        progress: bool = False,
    ) -> None:
        """Begins with what the shards hold.

        Args:
            key: what it is an index of.
            index: empty.
            folder: of the shards.
            progress: show a bar on standard error, if that is a terminal, while much is read from the store.
        """
        if folder.shards and isinstance(index, GrowingIndex):
            index = GrowingIndex(index.codebook, lists=InvertedIndex(index.codebook))
        super().__init__(key, index)
        self._folder = folder
        self._progress = progress
        self._trouble = 0  # how many more references are waited for, after they could not be written
        self._looked_after = False
        self._writes = True
        index.keep_unsaved()
        for shard in folder.shards:
            self._lists.attach(shard)
        self.point = self._noted = folder.point

    def take_up(self, changes: Changes, store: Store, model_id: str) -> None:
        """Makes the index show the state that changes lead to; what cannot be written stays in memory."""
        if changes.everything:
            self._follow(store, model_id, changes.point)
        elif changes:
            self.index.remove([int(one, 16) for one in changes.removed])
            added = of_model(store, changes.added, model_id)
            self._add_all(added, len(changes.added), store, model_id, changes.point)
        self.point = changes.point
        if not self._looked_after:
            self._erase_what_was_left()
        if self._is_due(changes.point):
            self._save(store, model_id, changes.point, changes.point)

    def put_right(self, store: Store, model_id: str) -> None:
        """Gives up what is damaged of the shards, as they are by now, under the key that the store has by now."""
        folder = opened_folder(store, model_id, self._lists)
        if folder is not None:
            folder.put_right()

    @property
    def _lists(self) -> InvertedIndex:
        lists = self.index.lists if isinstance(self.index, GrowingIndex) else self.index
        assert isinstance(lists, InvertedIndex)  # noqa: S101 - asked for where there are some
        return lists

    def _is_due(self, point: Point) -> bool:
        """Whether the shards have fallen behind so far that they are to be written."""
        if not self._writes or (isinstance(self.index, GrowingIndex) and self.index.lists is None):
            return False
        behind = len(self._lists.unsaved) + len(self._lists.gone)
        if self._noted is None:
            return behind >= SAVED_EVERY + self._trouble or bool(self._folder.shards and not self._trouble)
        far = point.sequence >= self._noted.sequence + FOLLOWED_EVERY and point.revision > self._noted.revision
        return behind >= SAVED_EVERY + self._trouble or (far and not self._trouble)

    def _follow(self, store: Store, model_id: str, point: Point) -> None:
        """Removes what the store does not have, and adds what is missing, a full shard at a time."""
        self._noted = None
        held = set(self._lists.ids() if self._folder.shards else ())
        if not held:
            self._add_all(store.enrolled(model_id), store.count(model_id), store, model_id, point)
            return
        wanted = {int(one, 16) for one in store.record_ids(model_id)}
        self.index.remove(held - wanted)
        missing = [f"{one:016x}" for one in wanted - held]
        self._add_all(of_model(store, missing, model_id), len(missing), store, model_id, point)

    def _add_all(
        self, records: Iterable[tuple[str, Reference]], count: int, store: Store, model_id: str, point: Point
    ) -> None:
        """Takes references in, and writes when there are enough for a full shard; the point stays what it was."""
        with _bar(count, self._progress) as bar:
            for block in blocks(iter(records), TAKEN_UP):
                self._add(block)
                if bar is not None:
                    bar.update(len(block))
                if self._writes and len(self.index) >= FULL and len(self._lists.unsaved) >= FULL + self._trouble:
                    self._save(store, model_id, point, self._noted)

    def _save(self, store: Store, model_id: str, point: Point, noted: Point | None) -> None:
        """Writes what no shard holds.

        Args:
            store: opened by the calling thread.
            model_id: of the references.
            point: the state that the index shows, or from which on changes are still to be taken up.
            noted: what the shards are said to follow.
        """
        lists = self._lists
        try:
            merged = self._folder.to_merge(len(lists.unsaved))
            lists.read_whole(merged)
            new = content_of(lists)
            written = self._folder.save(new, merged, lists.gone, noted, lambda: self._gone_since(store, point))
        except OutdatedError:
            self._give_up(is_outdated=True)
        except CorruptRecord:
            self._give_up(is_outdated=True)
            with suppress(OSError, StoreError):
                self.put_right(store, model_id)
        except (OSError, StoreError):
            self._trouble = 1 + len(lists.unsaved)
            if self._trouble > FULL:  # a disk that takes nothing; what waits for it takes memory
                self._give_up(is_outdated=False)
        else:
            lists.saved(merged, written)
            self._noted, self._trouble = noted, 0

    def _erase_what_was_left(self) -> None:
        """Overwrites what was removed before this process began, where another was killed that should have done so."""
        self._looked_after = True
        if isinstance(self.index, GrowingIndex) and self.index.lists is None:
            return
        if self._lists.gone:
            try:
                self._folder.erase(self._lists.gone)
            except CorruptRecord:
                self._give_up(is_outdated=True)
            except (OSError, StoreError):
                return  # whoever may write does it

    def _give_up(self, *, is_outdated: bool) -> None:
        """Writes nothing any more."""
        self.is_outdated = is_outdated
        self._writes = False
        self._lists.keep_unsaved(keep=False)

    def _gone_since(self, store: Store, point: Point) -> Collection[int]:
        changes = store.changes(point)
        if changes.everything or store.current_key_id() != self._folder.key_id:
            raise OutdatedError("the store is another by now, or its key")
        return [int(one, 16) for one in changes.removed]


def of_model(store: Store, record_ids: Sequence[str], model_id: str) -> Iterator[tuple[str, Reference]]:
    """Those of some records that are there and that a model made, with their ids; some hundred at a time in memory."""
    for block in blocks(iter(record_ids), TAKEN_UP):
        yield from (pair for pair in store.by_record_ids(block).items() if pair[1].model_id == model_id)


def opened_folder(store: Store, model_id: str, index: GrowingIndex | InvertedIndex) -> ShardFolder | None:
    """The shards of a model's references beside a store; None where there is no place for them."""
    codebook = index.codebook
    lists, width = codebook.centres.shape
    return store.shard_folder(model_id, codebook.digest, lists, width)


def content_of(lists: InvertedIndex) -> Content | None:
    """What no shard holds."""
    unsaved = lists.unsaved
    if not unsaved:
        return None
    return Content(
        np.array(list(unsaved), np.uint64),
        np.array([len(numbers) for numbers, _ in unsaved.values()], np.uint16),
        np.concatenate([numbers for numbers, _ in unsaved.values()]).astype(np.uint16),
        np.concatenate([codes for _, codes in unsaved.values()]).astype(np.int8),
    )


@contextmanager
def _bar(count: int, progress: bool) -> Iterator[tqdm[Never] | None]:
    """A bar for so many references; None where none is wanted."""
    if not progress or count < SHOWN_FROM:
        yield None
        return
    from tqdm import tqdm

    with tqdm(total=count, desc="building the index", unit="", disable=None) as bar:
        yield bar


def point_of(note: str) -> Point | None:
    """The point that was noted; None if none was, or something else."""
    try:
        return Point(**json.loads(note))
    except (ValueError, TypeError):
        return None


def blocks(those: Iterator[One], size: int) -> Iterator[list[One]]:
    """Some at a time, so many."""
    while block := list(islice(those, size)):
        yield block
