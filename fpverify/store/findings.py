"""What an inspection found, in sentences, however much that is."""

from __future__ import annotations

from collections.abc import Iterable


class Findings:
    """Sentences of one kind; beyond so many they are counted.

    Attributes:
        what: in one word, in the plural.
        most: that are kept.
    """

    def __init__(self, what: str, most: int) -> None:
        self.what = what
        self.most = most
        self._kept: list[str] = []
        self._more = 0

    def add(self, sentences: Iterable[str]) -> None:
        """Takes sentences up."""
        for one in sentences:
            if len(self._kept) < self.most:
                self._kept.append(one)
            else:
                self._more += 1

    def told(self) -> list[str]:
        """The sentences, the last one for all that are too many."""
        return self._kept + ([f"... and {self._more:,} more such {self.what}"] if self._more else [])
