"""The inverted index: minutiae in lists by what they look like, of which each of a probe's asks a few.

What the lists hold of a minutia is its descriptor in steps of 1 / `codebook.STEPS` and the slot of its reference: 68
bytes. All is reckoned in whole numbers: squared distances of descriptors, which OpenCV finds without making them wider,
and products with centres, which are below 2^24, so that float32 holds them. Adding or removing a reference touches the
lists of its minutiae alone.

Part of the references may lie in shards on disk (`fpverify.store.shards`): a list is read when it is first asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.highest import GROUP, least_of_highest
from fpverify.errors import CorruptRecord
from fpverify.search.index.codebook import STEPS, Codebook, steps
from fpverify.search.index.lists import Bytes, Codes, Lists, Slots, as_bytes, joined_bytes
from fpverify.search.index.shared_lock import SharedLock
from fpverify.search.index.slots import NO_SLOT, SlotTable
from fpverify.search.index.votes import likeliest
from fpverify.vocabulary import FloatArray, Template

NEIGHBOURS = 100  # of each minutia: mates are nearly always among them, and the vote costs a millisecond
LISTS = (4, 256)  # that a minutia asks: at least, and at most
SCANNED = 10_000  # minutiae that it is compared with, if these lists allow it: 0.2 ms
MISSING = np.finfo(np.float32).min  # cosine where there is no neighbour
AT_ONCE = 1024  # minutiae whose lists are looked up together: 17 MB of products
JOINED = (
    2**14
)  # rows of small blocks that are looked at together: 1 MB, a core's second cache; `SCANNED` nearly always fit

ListNumbers = NDArray[np.uint16]


class Stored(Protocol):
    """References that lie on disk, as an index sees them."""

    @property
    def ids(self) -> NDArray[np.uint64]:
        """(k,) of them; `NOBODY` for one that is gone."""
        ...

    @property
    def minutiae(self) -> NDArray[np.uint16]:
        """(k,) how many each has."""
        ...

    def rows(self, lists: Sequence[int]) -> Sequence[tuple[Codes, NDArray[np.uint16]]]:
        """Of each of some lists its rows: descriptors (n, d), and places among `ids`, which may be past their end."""
        ...

    def keep_lists(self) -> None:
        """Has the lists of all minutiae at hand: they are asked for when a reference is gone from the disk."""

    def lists_of(self, place: int) -> ListNumbers:
        """The lists of the minutiae of one reference; CorruptRecord if they cannot be read any more."""
        ...


class InvertedIndex:
    """References of a `minutiae` model with a codebook, 3.4 KB each.

    Attributes:
        codebook: by which minutiae come into lists.
        unsaved: what no shard holds, by id: lists (n,) and descriptors in steps (n, d); empty unless it is asked for.
        gone: what shards held and was removed since.
    """

    def __init__(self, codebook: Codebook) -> None:
        self.codebook = codebook
        self.unsaved: dict[int, tuple[ListNumbers, Codes]] = {}
        self.gone: set[int] = set()
        self._keeps_unsaved = False
        self._lock = SharedLock()
        self._centres = np.ascontiguousarray(codebook.centres.T, np.float32)
        self._lists = Lists(len(codebook.centres), codebook.centres.shape[1])
        self._slots = SlotTable()
        self._shards: list[_Attached] = []

    @property
    def name(self) -> str:
        """Of this kind of index."""
        return "ivf"

    def __len__(self) -> int:
        """The number of references."""
        return len(self._slots)

    def add(self, ids: Sequence[int], templates: Sequence[Template]) -> None:
        """Takes references in, as `Index.add` says."""
        self.add_rows(ids, [one.descriptors for one in templates])

    def add_rows(self, ids: Sequence[int], descriptors: Sequence[Codes]) -> None:
        """The same with the templates' descriptors, (n, d) each."""
        given = dict(reversed(list(zip(ids, descriptors, strict=True))))  # the first of an id counts
        with self._lock.shared():
            given = {one: rows for one, rows in given.items() if one not in self._slots}
        if not given:
            return
        full = [rows for rows in given.values() if len(rows)]
        coded = steps(np.concatenate(full)) if full else np.zeros((0, len(self._centres)), np.int8)
        lists = self._nearest(coded)
        ends = np.cumsum([len(rows) for rows in given.values()])[:-1]
        parts = zip(given, np.split(lists, ends), np.split(coded, ends), strict=True)
        with self._lock.alone():
            new = {one: (part, rows) for one, part, rows in parts if one not in self._slots}
            if new:
                self._enter(new)

    def remove(self, ids: Collection[int]) -> None:
        """Gives references up, as `Index.remove` says; 0.5 ms each."""
        with self._lock.alone():
            for one in ids:
                self._strike(one)

    def likeliest(self, probe: Template, count: int) -> list[int]:
        """The references that look most like a probe, as `Index.likeliest` says.

        Raises:
            CorruptRecord: a shard that holds some of them is damaged, or gone.
        """
        rows = probe.descriptors
        if not len(rows) or rows.shape[1] != len(self._centres):
            return []
        coded = steps(rows)
        with self._lock.shared():
            few, minutiae = len(self) <= count, self._slots.minutiae
        asked = self._asked(coded, minutiae)
        if not few:
            self._fetch(np.unique(asked))
        with self._lock.shared():
            if len(self) <= count:
                return self._slots.with_minutiae()
            cosine, slots = self._neighbours(coded, asked)
            owners = self._slots.ids_of(slots)
        return likeliest(cosine, owners, count)

    def keep_unsaved(self, *, keep: bool = True) -> None:
        """From now on what comes is kept in `unsaved`, until shards hold it: 3 KB more for each; or not any more."""
        self._keeps_unsaved = keep
        if not keep:
            self.unsaved = {}

    def ids(self) -> list[int]:
        """Of all references."""
        with self._lock.shared():
            return self._slots.ids()

    def attach(self, shard: Stored) -> None:
        """Takes the references of a shard in, which are not held yet; a list of it is read when it is first asked."""
        with self._lock.alone():
            self._shards.append(_Attached(shard, self._slots.add_many(shard.ids, shard.minutiae), len(self._lists)))

    def read_whole(self, shards: Collection[Stored]) -> None:
        """Reads what was not read yet of some shards; errors as in `likeliest`."""
        with self._lock.alone():
            chosen = [shard for shard in self._shards if shard.stored in shards]
            self._read([(shard, np.flatnonzero(shard.unread).tolist()) for shard in chosen])

    def saved(self, merged: Collection[Stored], written: Collection[Stored]) -> None:
        """Notes that shards hold what was unsaved, and what some shards held that were read as a whole."""
        with self._lock.alone():
            self._shards = [shard for shard in self._shards if shard.stored not in merged]
            for stored in written:
                shard = _Attached(stored, self._slots.of(stored.ids), len(self._lists))
                shard.unread[:] = False
                self._shards.append(shard)
            self._slots.forget_lists()
            self.unsaved, self.gone = {}, set()

    def _nearest(self, coded: Codes) -> ListNumbers:
        """The list of each minutia, (n,): of two that are equally near, the first."""
        found = np.empty(len(coded), np.uint16)
        for start in range(0, len(coded), AT_ONCE):
            part = coded[start : start + AT_ONCE].astype(np.float32)
            found[start : start + AT_ONCE] = (part @ self._centres).argmax(axis=1)
        return found

    def _asked(self, coded: Codes, minutiae: int) -> NDArray[np.intp]:
        """The lists that each minutia of a probe asks, (n, a): fewer, the fuller they are."""
        count = asked_lists(minutiae, len(self._lists))
        return _largest_places(coded.astype(np.float32) @ self._centres, count)

    def _neighbours(self, coded: Codes, asked: NDArray[np.intp]) -> tuple[FloatArray, Slots]:
        """Cosines with each minutia's nearest neighbours, (n, k), none increases, and whose they are."""
        cosine = np.full((len(coded), NEIGHBOURS), MISSING, np.float32)
        owner = np.full(cosine.shape, NO_SLOT, np.uint32)
        room, probe = np.empty((JOINED, coded.shape[1]), np.uint8), as_bytes(coded)
        for number, lists in enumerate(asked.tolist()):
            codes, slots = self._lists.rows(lists)
            if slots:
                squared, whose = _nearest_rows(probe[number : number + 1], codes, slots, room)
                cosine[number, : len(squared)] = 1 - squared / np.float32(2 * STEPS**2)
                owner[number, : len(squared)] = whose
        return cosine, owner

    def _enter(self, new: dict[int, tuple[ListNumbers, Codes]]) -> None:
        counts = [len(part) for part, _ in new.values()]
        slots = np.repeat(self._slots.add_own({one: part for one, (part, _) in new.items()}), counts)
        lists, codes = (np.concatenate(parts) for parts in zip(*new.values(), strict=True))
        self._lists.append(lists, as_bytes(codes), slots)
        if self._keeps_unsaved:
            self.unsaved |= {one: (part.copy(), rows.copy()) for one, (part, rows) in new.items()}

    def _strike(self, one: int) -> None:
        slot = self._slots.slot(one)
        if slot is None:
            return
        own = self._slots.own_lists(slot)
        for number in np.unique(self._lists_on_disk(slot) if own is None else own).tolist():
            self._lists.strike(number, slot)
        self._slots.remove(one)
        if self.unsaved.pop(one, None) is None and self._shards:
            self.gone.add(one)

    def _lists_on_disk(self, slot: int) -> ListNumbers:
        """Of a reference that came from a shard; all lists if the shard is damaged, or gone by now."""
        for shard in self._shards:
            place = shard.place(slot)
            if place is not None:
                with suppress(CorruptRecord):
                    return shard.stored.lists_of(place)
        return np.arange(len(self._lists), dtype=np.uint16)

    def _fetch(self, numbers: NDArray[np.intp]) -> None:
        """Reads lists from the shards, as far as they have not been."""
        with self._lock.shared():
            if not any(shard.unread[numbers].any() for shard in self._shards):
                return
        with self._lock.alone():
            self._read([(shard, numbers[shard.unread[numbers]].tolist()) for shard in self._shards])

    def _read(self, wanted: Sequence[tuple[_Attached, Sequence[int]]]) -> None:
        """Takes some lists of some shards in; the rows of all of them lie together afterwards."""
        found: dict[int, list[tuple[Codes, Slots]]] = {}
        for shard, numbers in wanted:
            for number, (codes, places) in zip(numbers, shard.stored.rows(numbers), strict=True):
                found.setdefault(number, []).append((codes, shard.slots[places]))
        for number, parts in found.items():
            blocks, owners = zip(*parts, strict=True)
            block, slots = joined_bytes(blocks), np.concatenate(owners)
            there = self._slots.alive(slots)
            if not there.all():
                block, slots = block[there], slots[there]
            self._lists.put_whole(number, block, slots)
        for shard, numbers in wanted:
            shard.unread[numbers] = False


class _Attached:
    """A shard whose references an index holds.

    Attributes:
        stored: the shard.
        slots: (k,) of its references; none of those that are held otherwise, or gone.
        unread: (lists,) which of them were never read.
    """

    def __init__(self, stored: Stored, slots: Slots, lists: int) -> None:
        with suppress(CorruptRecord):
            stored.keep_lists()
        self.stored = stored
        self.slots = slots
        self.unread = np.ones(lists, bool)

    def place(self, slot: int) -> int | None:
        """Of a reference among those of the shard; None if it is not one of them."""
        found = np.flatnonzero(self.slots == slot)
        return int(found[0]) if len(found) else None


def asked_lists(minutiae: int, lists: int) -> int:
    """Lists that each minutia of a probe asks: fewer, the fuller they are.

    Args:
        minutiae: that the index holds.
        lists: that there are.
    """
    wanted = SCANNED * lists / max(minutiae, 1)
    return int(min(max(round(wanted), LISTS[0]), LISTS[1], lists))


def _nearest_rows(
    probe: Bytes, codes: Sequence[Bytes], slots: Sequence[Slots], room: Bytes
) -> tuple[NDArray[np.int32], Slots]:
    """The rows of some blocks that are nearest to a probe's descriptor: squared distances (k,), which rise, and whose.

    Args:
        probe: (1, d).
        codes: (n, d) of each block, at least one row.
        slots: (n,) of each block.
        room: (m, d), overwritten: smaller blocks are put together there.
    """
    squared, whose = list[NDArray[np.int32]](), list[Slots]()
    for portion in _portions([len(one) for one in slots], len(room)):
        some, owners = codes[portion.start], slots[portion.start]
        if len(portion) > 1:
            owners = np.concatenate(slots[portion.start : portion.stop])
            some = np.concatenate(codes[portion.start : portion.stop], out=room[: len(owners)])
        near = min(NEIGHBOURS, len(owners))
        found, places = cv2.batchDistance(probe, some, cv2.CV_32S, normType=cv2.NORM_L2SQR, K=near)
        squared.append(found[0])
        whose.append(owners[places[0]])
    if len(squared) == 1:
        return squared[0], whose[0]
    joined = np.concatenate(squared)
    order = np.argsort(joined, kind="stable")[:NEIGHBOURS]
    return joined[order], np.concatenate(whose)[order]


def _portions(sizes: Sequence[int], most: int) -> Iterator[range]:
    """Blocks that are looked at together: so many rows at most, or a single one."""
    start = rows = 0
    for number, size in enumerate(sizes):
        if rows + size > most and number > start:
            yield range(start, number)
            start, rows = number, 0
        rows += size
    if sizes:
        yield range(start, len(sizes))


def _largest_places(products: FloatArray, count: int) -> NDArray[np.intp]:
    """Places of the so many largest of each row, (n, count); of those as large as the last, what NumPy takes."""
    if products.shape[1] < 2 * count * GROUP:
        return np.asarray(np.argpartition(products, -count, axis=1)[:, -count:])
    row, place = np.nonzero(products >= least_of_highest(products, count)[:, None])
    order = np.lexsort((-products[row, place], row))
    end = np.searchsorted(row, np.arange(len(products)), side="right")
    first = np.append(0, end[:-1])
    chosen = place[order][first[:, None] + np.arange(count)]
    value = products[row, place][order]
    tied = (end - first > count) & (value[first + count - 1] == value[np.minimum(first + count, len(value) - 1)])
    chosen[tied] = np.argpartition(products[tied], -count, axis=1)[:, -count:]
    return np.asarray(chosen)
