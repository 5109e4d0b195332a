"""What an index is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol, runtime_checkable

from fpverify.vocabulary import Template


class Index(Protocol):
    """References of one model, and the likeliest of them for a probe.

    - An id stands for one template for good: a reference that gets another template gets another id.
    - Adding and removing cost what is added or removed, never the size, and never train anything.
    - What is proposed depends on what the index holds, not on how it came there.
    - Any number of threads may use it.
    """

    @property
    def name(self) -> str:
        """Of this kind of index, by which its pre-selection error was measured."""
        ...

    def add(self, ids: Sequence[int], templates: Sequence[Template]) -> None:
        """Takes references in; those that it holds already stay as they are.

        Args:
            ids: k of them, in [0, 2^64 - 1); the last number of 64 bits is what engines say for nobody.
            templates: k of them, of the index's model.
        """
        ...

    def remove(self, ids: Collection[int]) -> None:
        """Gives references up: no search that begins afterwards proposes them. Unknown ones are passed over."""
        ...

    def likeliest(self, probe: Template, count: int) -> list[int]:
        """The references that resemble a probe most, the likeliest first.

        Args:
            probe: of the references' model.
            count: most references.

        Returns:
            Ids. All there are, in no certain order, where there are no more than `count`. References without anything
            to compare may be left out, and a probe without it finds none.
        """
        ...

    def __len__(self) -> int:
        """The number of references, those without anything to compare among them."""
        ...


@runtime_checkable
class EngineIndex(Index, Protocol):
    """An index in an engine of its own, which outlives this process and which others use as well."""

    def ids(self) -> Iterator[int]:
        """Of all references, in no certain order."""
        ...

    @property
    def note(self) -> str:
        """What was noted last about it; empty if nothing was."""
        ...

    def keep_note(self, text: str) -> None:
        """Notes something about it, of at most 4,096 characters and nothing secret, for whoever opens it next."""
        ...

    def drop_kin(self) -> None:
        """Gives up what is kept of the same references as an earlier key of the store had it."""
        ...
