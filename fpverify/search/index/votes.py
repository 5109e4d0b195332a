"""What the nearest neighbours of a probe's minutiae say about whose they are.

Local naive Bayes nearest neighbour: a minutia votes for the references among its nearest neighbours, each by how much
nearer it is than the last of them, where strangers are.

Source: McCann and Lowe, Local Naive Bayes Nearest Neighbor for Image Classification, CVPR 2012.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fpverify.vocabulary import FloatArray

LEAST_ALIKE = 0.3  # cosine of two neighbourhoods that says nothing, where there are few neighbours


def likeliest(cosine: FloatArray, ids: NDArray[np.uint64], count: int) -> list[int]:
    """The references with most votes, the first with the most; of equal votes, the lower id.

    Args:
        cosine: (n, k) of each minutia's neighbours, none increases; the least float where there was none.
        ids: (n, k), whose they are.
        count: most references.
    """
    vote = cosine - np.maximum(cosine[:, -1:], np.float32(LEAST_ALIKE))
    minutia, place = np.nonzero(vote > 0)
    named, reference = np.unique(ids[minutia, place], return_inverse=True)
    _, first = np.unique(minutia * len(named) + reference, return_index=True)  # a minutia's nearest of each reference
    votes = np.bincount(reference[first], weights=vote[minutia[first], place[first]], minlength=len(named))
    order = np.lexsort((named, -votes))[:count]
    return [int(one) for one in named[order]]
