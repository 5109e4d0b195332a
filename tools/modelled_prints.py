"""Templates that a model of real ones draws: as many as one likes, for what time and memory cost, not for error rates.

Plain random descriptors are far too easy to tell apart and too evenly spread. These come from a mixture of normal
distributions, one for each kind of neighbourhood, fitted on extracted prints. Minutiae of one template are independent
of each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fpverify.features.grid import descriptors_on_grid
from fpverify.vocabulary import FloatArray, Minutiae, Template

KINDS = 256  # of neighbourhoods
MINUTIAE = (30, 62)  # of a template: 45.5 in the mean, as of real prints
SIDE_PX = 190.0  # of the area that they lie in
SEED = 63261124


@dataclass(frozen=True, slots=True, eq=False)
class DescriptorModel:
    """A mixture of `KINDS` normal distributions.

    Attributes:
        share: (k,) of the descriptors, sums to 1.
        mean: (k, d).
        spread: (k, d, d), lower triangles: a covariance's root.
    """

    share: FloatArray
    mean: FloatArray
    spread: FloatArray

    @classmethod
    def of(cls, templates: Sequence[Template]) -> DescriptorModel:
        """Fitted on the descriptors of extracted prints."""
        from sklearn.cluster import MiniBatchKMeans

        rows = np.concatenate([one.descriptors for one in templates]).astype(np.float32)
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1)
        kind = MiniBatchKMeans(KINDS, random_state=0, n_init=1).fit_predict(rows)
        parts = [rows[kind == k] for k in range(KINDS)]
        parts = [part for part in parts if len(part) > 1]
        size = rows.shape[1]
        roots = [np.linalg.cholesky(np.cov(part.T) + 1e-4 * np.eye(size)) for part in parts]
        share = np.array([len(part) for part in parts], np.float32)
        means = np.stack([part.mean(axis=0) for part in parts])
        return cls(share / share.sum(), means.astype(np.float32), np.stack(roots).astype(np.float32))

    def descriptors(self, rng: np.random.Generator, count: int) -> NDArray[np.int8]:
        """(count, d), on the grid of templates, of no order."""
        numbers = rng.multinomial(count, self.share / self.share.sum(dtype=np.float64))
        size = self.mean.shape[1]
        parts = [
            mean + rng.standard_normal((number, size), np.float32) @ root.T
            for number, mean, root in zip(numbers, self.mean, self.spread, strict=True)
        ]
        return rng.permutation(descriptors_on_grid(np.concatenate(parts)))

    def templates(self, model_id: str, count: int, seed: int = SEED, block: int = 1000) -> Iterator[list[Template]]:
        """So many templates, some at a time."""
        for start in range(0, count, block):
            rng = np.random.default_rng([seed, start])
            sizes = rng.integers(*MINUTIAE, size=min(block, count - start))
            rows = self.descriptors(rng, int(sizes.sum()))
            yield [_template(rng, model_id, part) for part in np.split(rows, np.cumsum(sizes)[:-1])]


def _template(rng: np.random.Generator, model_id: str, rows: NDArray[np.int8]) -> Template:
    x, y = rng.uniform(0, SIDE_PX, (2, len(rows))).astype(np.float32)
    angle = rng.uniform(-3.1, 3.1, len(rows)).astype(np.float32)
    return Template(model_id, 0.8, Minutiae(x, y, angle, np.ones(len(rows), np.float32)), rows)
