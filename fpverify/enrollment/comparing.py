"""A print is compared with others wherever an executor does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass

import numpy as np

from fpverify.comparison import similarities
from fpverify.matching import Matchers
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
    def begun(
        cls, executor: Executor, matchers: Matchers, probes: Mapping[str, Template], others: Sequence[Template]
    ) -> Comparing:
        """One job for each model; a touch of a small sensor, which takes the model itself, is compared here.

        Args:
            executor: does it.
            matchers: of these models.
            probes: what each model makes of the print, by its id.
            others: of these models.
        """
        places: dict[str, list[int]] = {}
        for place, other in enumerate(others):
            places.setdefault(other.model_id, []).append(place)
        jobs = list[tuple[Future[Scores], list[int]]]()
        for model, own in places.items():
            probe, those = probes[model], [others[place] for place in own]
            here = probe.of_touches
            job = (
                _done(matchers.of(model).similarities(probe, those))
                if here
                else executor.submit(similarities, probe, those, alignment=matchers.of(model).bundle.alignment)
            )
            jobs.append((job, own))
        return cls(tuple(jobs), len(others))

    @property
    def awaited(self) -> list[Future[Scores]]:
        """Those that are not done."""
        return [job for job, _ in self.jobs if not job.done()]

    def result(self) -> Scores:
        """Similarities as they lie, (k,) in [0, 1]; what a comparison raised."""
        found = np.zeros(self.count)
        for job, places in self.jobs:
            found[places] = job.result()
        return found


def _done(scores: Scores) -> Future[Scores]:
    done = Future[Scores]()
    done.set_result(scores)
    return done
