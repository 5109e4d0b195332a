"""The index that grows with what it holds: exact as long as that costs no more than inverted lists."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise
from threading import Lock

import numpy as np

from fpverify.search.index.codebook import Codebook
from fpverify.search.index.exact import ExactIndex
from fpverify.search.index.inverted import InvertedIndex
from fpverify.search.index.protocol import Index
from fpverify.vocabulary import Template

EXACT_UP_TO = 1000  # references: there a look at all of them takes as long as the lists of an inverted index


class GrowingIndex:
    """References of a `minutiae` model with a codebook; once it has gone over to lists it stays with them."""

    def __init__(self, codebook: Codebook, *, lists: InvertedIndex | None = None) -> None:
        """Holds nothing, or what lists hold.

        Args:
            codebook: of the model.
            lists: to begin with.
        """
        self.codebook = codebook
        self._keeps_unsaved = False
        self._lock = Lock()
        self._now: Index = ExactIndex() if lists is None else lists

    @property
    def lists(self) -> InvertedIndex | None:
        """What it has gone over to; None as long as it has not."""
        return self._now if isinstance(self._now, InvertedIndex) else None

    @property
    def name(self) -> str:
        """Of the index that it is by now."""
        return self._now.name

    def __len__(self) -> int:
        """The number of references."""
        return len(self._now)

    def add(self, ids: Sequence[int], templates: Sequence[Template]) -> None:
        """Takes references in, as `Index.add` says."""
        with self._lock:
            self._now.add(ids, templates)
            if isinstance(self._now, ExactIndex) and len(self._now) > EXACT_UP_TO:
                self._now = inverted(self._now, self._empty_lists())

    def keep_unsaved(self) -> None:
        """As `InvertedIndex.keep_unsaved`, of the lists that there are or will be."""
        self._keeps_unsaved = True
        if self.lists is not None:
            self.lists.keep_unsaved()

    def _empty_lists(self) -> InvertedIndex:
        lists = InvertedIndex(self.codebook)
        if self._keeps_unsaved:
            lists.keep_unsaved()
        return lists

    def remove(self, ids: Collection[int]) -> None:
        """Gives references up, as `Index.remove` says."""
        with self._lock:
            self._now.remove(ids)

    def likeliest(self, probe: Template, count: int) -> list[int]:
        """The references that look most like a probe, as `Index.likeliest` says."""
        return self._now.likeliest(probe, count)


def inverted(exact: ExactIndex, made: InvertedIndex) -> InvertedIndex:
    """The same references in lists, which are empty yet."""
    bare = exact.bare()
    made.add_rows(bare, [np.zeros((0, made.codebook.centres.shape[1]), np.int8)] * len(bare))
    for block in exact.blocks():
        made.add_rows(block.ids, [block.descriptors[start:end] for start, end in pairwise(block.first.tolist())])
    return made
