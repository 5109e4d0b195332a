"""Which references an index holds: each has a slot, a number of 32 bits that stands for it in every row."""

from __future__ import annotations

from collections.abc import Mapping

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
        self._own: dict[int, NDArray[np.uint16]] = {}  # lists of a reference's minutiae, by slot
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
        return self._own.get(slot)

    def add_own(self, lists: Mapping[int, NDArray[np.uint16]]) -> Slots:
        """Gives slots to references that are not held, and keeps the lists of their minutiae."""
        counts = np.array([len(one) for one in lists.values()], np.uint16)
        slots = self._new(np.array(list(lists), np.uint64), counts)
        self._own |= dict(zip(slots.tolist(), (one.copy() for one in lists.values()), strict=True))
        return slots

    def add_many(self, ids: NDArray[np.uint64], counts: NDArray[np.uint16]) -> Slots:
        """Gives slots to references whose lists are kept elsewhere; `NO_SLOT` to nobody, and to those that have one."""
        fresh = ids != NOBODY
        if not self._slot_of.keys().isdisjoint(given := ids.tolist()):
            fresh &= np.array([one not in self._slot_of for one in given], bool)
        slots = np.full(len(ids), NO_SLOT, np.uint32)
        slots[fresh] = self._new(ids[fresh], counts[fresh])
        return slots

    def forget_lists(self, slots: Slots) -> None:
        """Gives up the lists that were kept with some references: they can be had elsewhere."""
        for slot in slots.tolist():
            self._own.pop(slot, None)

    def remove(self, one: int) -> None:
        """Gives up a reference that is held."""
        slot = self._slot_of.pop(one)
        self.minutiae -= int(self._counts[slot])
        self._ids[slot], self._counts[slot] = NOBODY, 0
        self._own.pop(slot, None)

    def _new(self, ids: NDArray[np.uint64], counts: NDArray[np.uint16]) -> Slots:
        start, self._end = self._end, self._end + len(ids)
        if self._end > len(self._ids):
            more = self._end - len(self._ids) + max(self._end // SPARE, LEAST)
            self._ids = np.concatenate([self._ids, np.full(more, NOBODY, np.uint64)])
            self._counts = np.concatenate([self._counts, np.zeros(more, np.uint16)])
        self._ids[start : self._end], self._counts[start : self._end] = ids, counts
        slots = np.arange(start, self._end, dtype=np.uint32)
        self._slot_of.update(zip(ids.tolist(), slots.tolist(), strict=True))
        self.minutiae += int(counts.sum(dtype=np.int64))
        return slots
