"""The exact index: a first look at every reference, some dozens at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import count as numbers
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.prepared import prepare_template
from fpverify.search.index.first_look import Block, first_look
from fpverify.vocabulary import Template

BLOCK = 64  # references at a time: their tables of pairs then stay in a core's cache (150 KB each)


class ExactIndex:
    """References of a `minutiae` model, 5 KB each, and 0.02 ms of each search.

    All blocks but one are full. A change makes two of them anew: 0.3 ms.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._blocks: dict[int, Block] = {}
        self._place: dict[int, int] = {}  # of an id: the number of its block, -1 without minutiae
        self._numbers = numbers()
        self._open = -1  # number of the block that takes the next reference

    @property
    def name(self) -> str:
        """Of this kind of index."""
        return "exact"

    def __len__(self) -> int:
        """The number of references."""
        return len(self._place)

    def add(self, ids: Sequence[int], templates: Sequence[Template]) -> None:
        """Takes references in, as `Index.add` says."""
        with self._lock:
            given = zip(ids, templates, strict=True)
            new = {one: template for one, template in given if one not in self._place}
            waiting = [one for one, template in new.items() if len(template.minutiae)]
            self._place |= dict.fromkeys(new, -1)
            for start in range(0, len(waiting), BLOCK):
                taken = waiting[start : start + BLOCK]
                self._settle(Block.of(taken, [new[one] for one in taken]))

    def remove(self, ids: Collection[int]) -> None:
        """Gives references up, as `Index.remove` says."""
        with self._lock:
            gone: dict[int, set[int]] = defaultdict(set)
            for one in ids:
                gone[self._place.pop(one, -1)].add(one)
            gone.pop(-1, None)
            for number, leaving in gone.items():
                block = self._blocks.pop(number)
                self._settle(block.kept(np.array([one not in leaving for one in block.ids])))

    def likeliest(self, probe: Template, count: int) -> list[int]:
        """The references that look most like a probe, as `Index.likeliest` says."""
        blocks = self.blocks()
        ids = [one for block in blocks for one in block.ids]
        one = prepare_template(probe)
        if not ids or one.descriptors.shape[1] != blocks[0].descriptors.shape[1] or not len(one):
            return []
        if len(ids) <= count:
            return ids
        look = np.concatenate([first_look(one, block) for block in blocks])
        return _best(np.array(ids, np.uint64), look, count)

    def blocks(self) -> tuple[Block, ...]:
        """All references with minutiae, at this moment."""
        with self._lock:
            return tuple(self._blocks.values())

    def bare(self) -> list[int]:
        """Ids of the references without minutiae."""
        with self._lock:
            return [one for one, number in self._place.items() if number < 0]

    def _settle(self, block: Block) -> None:
        """Fills the block that is not full yet, and begins the next with the rest."""
        while len(block):
            before = self._blocks.get(self._open)
            if before is None or len(before) == BLOCK:
                before, self._open = None, next(self._numbers)
            room = np.arange(len(block)) < BLOCK - (len(before) if before else 0)
            taken, block = block.kept(room), block.kept(~room)
            self._blocks[self._open] = before.and_(taken) if before else taken
            self._place |= dict.fromkeys(taken.ids, self._open)


def _best(ids: NDArray[np.uint64], merit: NDArray[np.floating], count: int) -> list[int]:
    """The ids of highest merit, the highest first; of equal merit, those of lower ids."""
    least = np.partition(merit, -count)[-count]
    near = np.flatnonzero(merit >= least)
    order = np.lexsort((ids[near], -merit[near]))
    return [int(one) for one in ids[near[order[:count]]]]
