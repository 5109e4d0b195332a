"""A print is compared with others wherever an executor does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass

import numpy as np

from fpverify.comparison import similarities
from fpverify.vocabulary import Scores, Template


@dataclass(frozen=True, slots=True, eq=False)
class Comparing:
    """Comparisons under way of one print with k others.

    Attributes:
        jobs: raw similarities that one model finds, and the places of these among the k.
        count: k.
    """

    jobs: tuple[tuple[Future[Scores], list[int]], ...]
    count: int

    @classmethod
    def begun(cls, executor: Executor, probes: Mapping[str, Template], others: Sequence[Template]) -> Comparing:
        """One job for each model.

        Args:
            executor: does it.
            probes: what each model makes of the print, by its id.
            others: of these models.
        """
        places: dict[str, list[int]] = {}
        for place, other in enumerate(others):
            places.setdefault(other.model_id, []).append(place)
        jobs = [
            (executor.submit(similarities, probes[model], [others[place] for place in own]), own)
            for model, own in places.items()
        ]
        return cls(tuple(jobs), len(others))

    @property
    def awaited(self) -> list[Future[Scores]]:
        """Those that are not done."""
        return [job for job, _ in self.jobs if not job.done()]

    def result(self) -> Scores:
        """Raw similarities, (k,) in [0, 1]; what a comparison raised."""
        found = np.zeros(self.count)
        for job, places in self.jobs:
            found[places] = job.result()
        return found
