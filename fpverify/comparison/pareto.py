"""The generalised Pareto distribution of excesses over a high value.

P(excess > x) = (1 + shape x / scale)^(-1 / shape), and exp(-x / scale) for shape 0. A negative shape ends at
-scale / shape.

Source: Coles, An Introduction to Statistical Modeling of Extreme Values (2001), chapter 4; fitted by the profile over
shape / scale (Grimshaw, Technometrics 35, 1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fpverify.vocabulary import Scores

MAX_SHAPE = 0.5  # beyond it a tail has no variance, and similarities in [0, 1] do
MIN_SHAPE = -0.5  # below it the maximum of the likelihood is not normal about the truth (Smith, Biometrika 72, 1985)
FLAT_SHAPE = 1e-6  # nearer to 0, the exponential distribution is the same to 1e-6 of itself
RATIOS = 200  # of shape to scale that are tried, on each side of 0


@dataclass(frozen=True, slots=True)
class Pareto:
    """A generalised Pareto distribution; scale > 0 in the unit of the excesses, shape without unit."""

    scale: float
    shape: float

    @classmethod
    def fit(cls, excesses: Scores) -> Pareto:
        """Of greatest likelihood, with a shape in [MIN_SHAPE, MAX_SHAPE].

        Args:
            excesses: (k,) positive, k >= 1.
        """
        rising = cls(*fit_rising(excesses))
        mean, top = float(excesses.mean()), float(excesses.max())
        ratios = -(1 - np.geomspace(1e-6, 1 - 1e-4, RATIOS)) / top
        shapes = np.log1p(ratios[:, None] * excesses).mean(1)  # (RATIOS,), negative
        inside = (shapes >= MIN_SHAPE) & (shapes < -FLAT_SHAPE)
        falling = [cls(float(s / r), float(s)) for s, r in zip(shapes[inside], ratios[inside], strict=True)]
        edge = cls(max(-MIN_SHAPE * top * (1 + 1e-9), mean * (1 - MIN_SHAPE)), MIN_SHAPE)
        return max([rising, *falling, edge], key=lambda one: one.log_likelihood(excesses))

    def log_likelihood(self, excesses: Scores) -> float:
        """Of (k,) excesses; -inf where one lies beyond the end."""
        if abs(self.shape) < FLAT_SHAPE:
            return float(-len(excesses) * np.log(self.scale) - excesses.sum() / self.scale)
        grown = 1 + self.shape * excesses / self.scale
        if grown.min() <= 0:
            return -np.inf
        return float(-len(excesses) * np.log(self.scale) - (1 + 1 / self.shape) * np.log(grown).sum())

    def exceedance(self, excess: Scores) -> Scores:
        """P(excess > x) for x >= 0, any shape of array."""
        if abs(self.shape) < FLAT_SHAPE:
            return np.asarray(np.exp(-excess / self.scale))
        return np.asarray(np.maximum(1 + self.shape * excess / self.scale, 0.0) ** (-1 / self.shape))

    def quantile(self, exceedance: Scores) -> Scores:
        """The x that is exceeded with a probability in (0, 1]; the inverse of `exceedance`."""
        if abs(self.shape) < FLAT_SHAPE:
            return np.asarray(-self.scale * np.log(exceedance))
        return np.asarray(self.scale * np.expm1(-self.shape * np.log(exceedance)) / self.shape)


def fit_rising(excesses: Scores) -> tuple[float, float]:
    """Scale and shape in [0, MAX_SHAPE] of greatest likelihood: of a tail that never ends.

    Args:
        excesses: (k,) positive, k >= 1.
    """
    mean = float(excesses.mean())
    ratios = np.geomspace(1e-3, 1e2, RATIOS) / mean  # of shape to scale
    shapes = np.log1p(ratios[:, None] * excesses).mean(1)  # (RATIOS,)
    shapes = np.minimum(shapes, MAX_SHAPE)
    scales = shapes / ratios
    likelihoods = -np.log(scales) - (1 + 1 / shapes) * np.log1p(ratios[:, None] * excesses).mean(1)
    best = int(np.argmax(likelihoods))
    if likelihoods[best] <= -np.log(mean) - 1:  # the exponential distribution's
        return mean, 0.0
    return float(scales[best]), float(shapes[best])
