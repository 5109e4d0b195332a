"""The highest of many numbers, without ordering all of them: most can be told to be lower at a glance."""

from __future__ import annotations

import numpy as np

from fpverify.vocabulary import FloatArray

GROUP = 8  # numbers, of which the highest stands for all


def least_of_highest(values: FloatArray, count: int) -> FloatArray:
    """What the highest of each row are at least, and few others unless many are equal; (n, m) -> (n,).

    Args:
        values: (n, m), finite.
        count: how many of a row are asked for; 1 to m.
    """
    rows, groups = len(values), values.shape[1] // GROUP
    if groups >= count:  # so many groups have one that is as high
        values = values[:, : GROUP * groups].reshape(rows, GROUP, groups).max(1)
    return np.asarray(np.partition(values, -count, axis=1)[:, -count])


def highest(values: FloatArray, count: int) -> FloatArray:
    """The highest of each row, the lowest of them first; (n, m) -> (n, count), arguments as of `least_of_highest`."""
    row, column = np.nonzero(values >= least_of_highest(values, count)[:, None])
    many = np.bincount(row, minlength=len(values))
    kept = np.full((len(values), many.max(initial=count)), -np.inf, values.dtype)
    kept[row, np.arange(len(row)) - (np.cumsum(many) - many)[row]] = values[row, column]
    return np.asarray(np.sort(kept, axis=1)[:, -count:])
