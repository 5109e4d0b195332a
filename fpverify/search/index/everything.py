"""No index: every reference is proposed, and so compared in full."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from threading import Lock

from fpverify.vocabulary import Template


class Everything:
    """Which references there are: for small stores, and to measure what an index misses."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ids: dict[int, None] = {}

    @property
    def name(self) -> str:
        """Of this kind of index."""
        return "none"

    def __len__(self) -> int:
        """The number of references."""
        return len(self._ids)

    def add(self, ids: Sequence[int], templates: Sequence[Template]) -> None:
        """Takes references in, as `Index.add` says."""
        with self._lock:
            self._ids |= dict.fromkeys(ids[: len(templates)])

    def remove(self, ids: Collection[int]) -> None:
        """Gives references up, as `Index.remove` says."""
        with self._lock:
            for one in ids:
                self._ids.pop(one, None)

    def likeliest(self, probe: Template, count: int) -> list[int]:
        """All references, however many are asked for."""
        with self._lock:
            return list(self._ids)
