"""Which references an index holds: each has a slot, a number of 32 bits that stands for it in every row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

NOBODY = np.uint64(2**64 - 1)  # no reference has this id
NO_SLOT = 0  # of nobody
SPARE = 8  # arrays leave room for an eighth of what they hold
LEAST = 1024  # entries of that room

Slots = NDArray[np.uint32]


class SlotTable:
    """Ids by slot and slots by id. A slot is never used again; whoever changes the table does so alone.

    Attributes:
        minutiae: of all references that are held.
    """

    def __init__(self) -> None:
        self.minutiae = 0
        self._slot_of: dict[int, int] = {}
        self._own = OwnLists()
        self._end = 1
        self._ids = np.full(LEAST, NOBODY, np.uint64)
        self._counts = np.zeros(LEAST, np.uint16)

    def __len__(self) -> int:
        """The number of references."""
        return len(self._slot_of)

    def __contains__(self, one: int) -> bool:
        """Whether a reference is held."""
        return one in self._slot_of

    def slot(self, one: int) -> int | None:
        """Of a reference; None if it is not held."""
        return self._slot_of.get(one)

    def alive(self, slots: Slots) -> NDArray[np.bool_]:
        """Which slots stand for somebody."""
        return np.asarray(self._ids[slots] != NOBODY)

    def ids_of(self, slots: Slots) -> NDArray[np.uint64]:
        """Whose slots these are."""
        return np.asarray(self._ids[slots])

    def ids(self) -> list[int]:
        """Of all references."""
        return list(self._slot_of)

    def of(self, ids: NDArray[np.uint64]) -> Slots:
        """The slots of some references; `NO_SLOT` of those that are not held."""
        return np.array([self._slot_of.get(one, NO_SLOT) for one in ids.tolist()], np.uint32)

    def with_minutiae(self) -> list[int]:
        """Ids of all references that have any."""
        held = self._ids[: self._end][self._counts[: self._end] > 0]
        return [int(one) for one in held[held != NOBODY]]

    def own_lists(self, slot: int) -> NDArray[np.uint16] | None:
        """The lists that were kept with a reference; None if none were."""
        return self._own.of(slot)

    def add_own(self, lists: Mapping[int, NDArray[np.uint16]]) -> Slots:
        """Gives slots to references that are not held, and keeps the lists of their minutiae."""
        counts = np.array([len(one) for one in lists.values()], np.uint16)
        slots = self._new(np.array(list(lists), np.uint64), counts)
        for slot, one in zip(slots.tolist(), lists.values(), strict=True):
            self._own.keep(slot, one)
        return slots

    def add_many(self, ids: NDArray[np.uint64], counts: NDArray[np.uint16]) -> Slots:
        """Gives slots to references whose lists are kept elsewhere; `NO_SLOT` to nobody, and to those that have one."""
        fresh = ids != NOBODY
        if not self._slot_of.keys().isdisjoint(given := ids.tolist()):
            fresh &= np.array([one not in self._slot_of for one in given], bool)
        slots = np.full(len(ids), NO_SLOT, np.uint32)
        slots[fresh] = self._new(ids[fresh], counts[fresh])
        return slots

    def forget_lists(self) -> None:
        """Gives up the lists that were kept with references: they can be had elsewhere."""
        self._own = OwnLists()

    def remove(self, one: int) -> None:
        """Gives up a reference that is held."""
        slot = self._slot_of.pop(one)
        self.minutiae -= int(self._counts[slot])
        self._ids[slot], self._counts[slot] = NOBODY, 0
        self._own.drop(slot)

    def _new(self, ids: NDArray[np.uint64], counts: NDArray[np.uint16]) -> Slots:
        start, self._end = self._end, self._end + len(ids)
        if self._end > len(self._ids):
            self._ids, self._counts = grown(self._ids, self._end, int(NOBODY)), grown(self._counts, self._end, 0)
        self._ids[start : self._end], self._counts[start : self._end] = ids, counts
        slots = np.arange(start, self._end, dtype=np.uint32)
        self._slot_of.update(zip(ids.tolist(), slots.tolist(), strict=True))
        self.minutiae += int(counts.sum(dtype=np.int64))
        return slots


class OwnLists:
    """The lists of references' minutiae by slot, one after the other in one array: 100 bytes a reference."""

    def __init__(self) -> None:
        self._flat = np.zeros(LEAST, np.uint16)
        self._end = self._kept = 0  # entries that were ever put in, and those of references that are still there
        self._first = np.full(LEAST, -1, np.int64)  # by slot: where its entries begin, -1 for none
        self._sizes = np.zeros(LEAST, np.uint16)

    def of(self, slot: int) -> NDArray[np.uint16] | None:
        """Those of a reference; None if none were kept."""
        if slot >= len(self._first) or self._first[slot] < 0:
            return None
        start = int(self._first[slot])
        return self._flat[start : start + int(self._sizes[slot])]

    def keep(self, slot: int, lists: NDArray[np.uint16]) -> None:
        """Keeps those of a reference."""
        if slot >= len(self._first):
            self._first, self._sizes = grown(self._first, slot + 1, -1), grown(self._sizes, slot + 1, 0)
        if self._end + len(lists) > len(self._flat):
            self._make_room(len(lists))
        self._first[slot], self._sizes[slot] = self._end, len(lists)
        self._flat[self._end : self._end + len(lists)] = lists
        self._end += len(lists)
        self._kept += len(lists)

    def drop(self, slot: int) -> None:
        """Gives up those of a reference."""
        own = self.of(slot)
        if own is not None:
            own[:] = 0
            self._first[slot] = -1
            self._kept -= len(own)

    def _make_room(self, coming: int) -> None:
        """Closes the gaps if they are more than half, and makes room for so many entries."""
        if 2 * self._kept < self._end:
            slots = np.flatnonzero(self._first >= 0)
            parts = [self._flat[start : start + size] for start, size in zip(*self._spans(slots), strict=True)]
            packed = np.concatenate([np.zeros(0, np.uint16), *parts])
            self._first[slots] = np.cumsum(self._sizes[slots], dtype=np.int64) - self._sizes[slots]
            self._flat, self._end = packed, len(packed)
        self._flat = grown(self._flat, self._end + coming, 0)

    def _spans(self, slots: NDArray[np.intp]) -> tuple[list[int], list[int]]:
        return self._first[slots].tolist(), self._sizes[slots].tolist()


Number = TypeVar("Number", bound=np.generic)


def grown(array: NDArray[Number], size: int, fill: int) -> NDArray[Number]:
    """An array with room for so many entries and an eighth more; the new ones hold `fill`."""
    more = max(size - len(array) + max(size // SPARE, LEAST), 0)
    return np.concatenate([array, np.full(more, fill, array.dtype)])
