"""The lists of an inverted index, in memory: rows of minutiae in compact blocks, 68 bytes each, an eighth to spare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WHOLE = 2**15  # rows, up to which a list is one block: moved as it grows, 2 MB in 0.3 ms
SPARE = 8  # a block leaves room for an eighth of what its list holds
LEAST, MOST = 8, 512  # rows of that room

Codes = NDArray[np.int8]
Bytes = NDArray[np.uint8]
Slots = NDArray[np.uint32]


def as_bytes(codes: Codes) -> Bytes:
    """Descriptors, each number 128 higher: distances stay, and OpenCV measures them in bytes without a sign."""
    return codes.view(np.uint8) ^ np.uint8(128)


def joined_bytes(parts: Sequence[Codes]) -> Bytes:
    """The same of several, (n, d) each, one after the other; at least one."""
    joined = np.empty((sum(map(len, parts)), parts[0].shape[1]), np.uint8)
    start = 0
    for one in parts:
        end = start + len(one)
        np.bitwise_xor(one.view(np.uint8), np.uint8(128), out=joined[start:end])
        start = end
    return joined


@dataclass(slots=True, eq=False)
class Rows:
    """Some rows of a list, and room for more.

    Attributes:
        codes: (room, d) uint8, descriptors as bytes.
        slots: (room,) uint32, whose they are.
        size: rows that are there; changed by `put` and `cut` alone.
        low, high: no slot is below or above.
    """

    codes: Bytes
    slots: Slots
    size: int
    low: int = 2**32
    high: int = -1
    _held: tuple[Bytes, Slots] | None = None

    @classmethod
    def empty(cls, room: int, width: int) -> Rows:
        """Room for so many."""
        return cls(np.zeros((room, width), np.uint8), np.zeros(room, np.uint32), 0)

    @property
    def room(self) -> int:
        """Rows that can still be put in."""
        return len(self.slots) - self.size

    def put(self, codes: Bytes, slots: Slots) -> None:
        """Takes rows in, for which there is room; their slots do not fall."""
        self.spread(slots)
        end = self.size + len(slots)
        self.codes[self.size : end] = codes
        self.slots[self.size : end] = slots
        self.size, self._held = end, None

    def cut(self) -> None:
        """Gives up the last row, whose bytes become 0."""
        self.size, self._held = self.size - 1, None
        self.codes[self.size], self.slots[self.size] = 0, 0

    def spread(self, slots: Slots) -> None:
        """Notes that slots that do not fall are among its rows."""
        if len(slots):
            self.low, self.high = min(self.low, int(slots[0])), max(self.high, int(slots[-1]))

    def held(self) -> tuple[Bytes, Slots]:
        """The rows that are there, as views, which are made once: most are asked for many times between two changes."""
        if self._held is None:
            self._held = self.codes[: self.size], self.slots[: self.size]
        return self._held


class Lists:
    """Rows by the number of their list. Whoever changes it does so alone."""

    def __init__(self, count: int, width: int) -> None:
        self._width = width
        self._blocks: list[list[Rows]] = [[] for _ in range(count)]

    def __len__(self) -> int:
        """The number of lists."""
        return len(self._blocks)

    def append(self, lists: NDArray[np.integer], codes: Bytes, slots: Slots) -> None:
        """Takes rows in.

        Args:
            lists: (n,) the list of each.
            codes: (n, d).
            slots: (n,) that do not fall.
        """
        order = np.argsort(lists, kind="stable")
        numbers, first = np.unique(lists[order], return_index=True)
        codes, slots = codes[order], slots[order]
        ends = np.append(first, len(order))[1:].tolist()
        for number, start, end in zip(numbers.tolist(), first.tolist(), ends, strict=True):
            self.put(number, codes[start:end], slots[start:end])

    def put(self, number: int, codes: Bytes, slots: Slots) -> None:
        """Takes rows into one list."""
        blocks = self._blocks[number]
        if blocks:
            fitting = min(blocks[-1].room, len(slots))
            blocks[-1].put(codes[:fitting], slots[:fitting])
            codes, slots = codes[fitting:], slots[fitting:]
        if len(slots):
            self._grow(blocks, len(slots))
            blocks[-1].put(codes, slots)

    def put_whole(self, number: int, codes: Bytes, slots: Slots) -> None:
        """Takes the rows of a list in as a block of their own, before the others; the arrays are kept, not copied."""
        if len(slots):
            self._blocks[number].insert(0, Rows(codes, slots, len(slots), int(slots.min()), int(slots.max())))

    def strike(self, number: int, slot: int) -> None:
        """Takes a reference's rows out of a list: the last ones take their places."""
        blocks = self._blocks[number]
        for block in [one for one in blocks if one.low <= slot <= one.high]:
            for place in np.flatnonzero(block.slots[: block.size] == slot)[::-1].tolist():
                last = blocks[-1]
                block.codes[place], block.slots[place] = last.codes[last.size - 1], last.slots[last.size - 1]
                block.spread(block.slots[place : place + 1])
                last.cut()
                if not last.size:
                    blocks.pop()

    def rows(self, numbers: Sequence[int]) -> tuple[list[Bytes], list[Slots]]:
        """Views of all rows of some lists."""
        held = [block.held() for number in numbers for block in self._blocks[number]]
        return [codes for codes, _ in held], [slots for _, slots in held]

    def _grow(self, blocks: list[Rows], coming: int) -> None:
        """Makes room at the end for so many rows, and some to spare."""
        size = sum(block.size for block in blocks)
        spare = min(max((size + coming) // SPARE, LEAST), MOST)
        if size and size + coming <= WHOLE and len(blocks) == 1:
            moved = Rows.empty(size + coming + spare, self._width)
            moved.put(*blocks[0].held())
            moved.low, moved.high = blocks[0].low, blocks[0].high  # rows that were moved may have changed their order
            blocks[0].codes[:] = 0
            blocks[0] = moved
        else:
            blocks.append(Rows.empty(coming + spare, self._width))
