"""The losses of the designs, each in its source's convention; `keras.ops` only.

Embeddings come stacked: the left sides of all pairs, then the right ones (then the wrong candidates, for triplets), and
the truth comes once for each embedding.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

Tensor = Any  # of whichever backend Keras runs on
Loss = Callable[[Tensor, Tensor], Tensor]
AtZero = Literal["clamped", "smooth"]

EPSILON = 1e-7  # of a squared distance; Keras' own default, which the sources' code takes


def distance(left: Tensor, right: Tensor, at_zero: AtZero = "clamped") -> Tensor:
    """Euclidean distances of rows, (n,).

    Args:
        left: (n, d).
        right: (n, d).
        at_zero: "clamped", as the forum question and the article have it: sqrt(max(d^2, eps)), without gradient below;
            "smooth": sqrt(d^2 + eps), with one everywhere.
    """
    from keras import ops

    squared = ops.sum(ops.square(left - right), axis=-1)
    return ops.sqrt(ops.maximum(squared, EPSILON) if at_zero == "clamped" else squared + EPSILON)


def contrastive_terms(mated: Tensor, distances: Tensor, margin: float) -> Tensor:
    """The terms y d^2 + (1 - y) max(margin - d, 0)^2 with y = 1 for mated; (n,).

    Source: the forum question and the article. The report's figure 1 prints y on the other term, though its text says
    y = 1 for similar; the text is followed, and its factor 1/2 is that of `contrastive`.
    """
    from keras import ops

    short = ops.maximum(margin - distances, 0.0)
    return mated * ops.square(distances) + (1 - mated) * ops.square(short)


def contrastive(margin: float, *, factor: float = 1.0, at_zero: AtZero = "clamped") -> Loss:
    """Mated pairs together, non-mated ones apart by a margin.

    Args:
        margin: distance from which a non-mated pair costs nothing.
        factor: before both terms.
        at_zero: of `distance`.

    Returns:
        A loss of (mated (2n,), embeddings (2n, d)).
    """

    def loss(mated: Tensor, embeddings: Tensor) -> Tensor:
        from keras import ops

        left, right = ops.split(embeddings, 2, axis=0)
        truth = ops.split(ops.reshape(mated, (-1,)), 2, axis=0)[0]
        return factor * ops.mean(contrastive_terms(truth, distance(left, right, at_zero), margin))

    return loss


def triplet(margin: float) -> Loss:
    """max(D(a, p) - D(a, n) + margin, 0); a loss of (anything (3n,), embeddings (3n, d)): anchors, mates, strangers.

    Source: the report, figure 2; distances, not squared ones.
    """

    def loss(owners: Tensor, embeddings: Tensor) -> Tensor:
        from keras import ops

        anchor, mate, stranger = ops.split(embeddings, 3, axis=0)
        gap = distance(anchor, mate, "smooth") - distance(anchor, stranger, "smooth")
        return ops.mean(ops.maximum(gap + margin, 0.0))

    return loss


def hardest_strangers(owners: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """For each left embedding the place of the most similar right one of somebody else, (n,) int32.

    Args:
        owners: (n,) identity of each pair.
        left: (n, d) of unit length.
        right: (n, d) of unit length.
    """
    from keras import ops

    similarity = ops.matmul(left, ops.transpose(right))  # (n, n)
    same = ops.cast(ops.equal(owners[:, None], owners[None, :]), similarity.dtype)
    return ops.argmax(similarity - 4.0 * same, axis=1)  # cosines are 2 apart at most


def neighbour_triplet(margin: float) -> Loss:
    """The triplet loss with the next pair's right side for a stranger: `mined_triplet` without its search."""

    def loss(owners: Tensor, embeddings: Tensor) -> Tensor:
        from keras import ops

        left, right = ops.split(embeddings, 2, axis=0)
        gap = distance(left, right, "smooth") - distance(left, ops.roll(right, 1, axis=0), "smooth")
        return ops.mean(ops.maximum(gap + margin, 0.0))

    return loss


def mined_triplet(margin: float) -> Loss:
    """The triplet loss with the hardest stranger of the batch.

    One matrix product finds it: no candidate is embedded twice, and none outside the batch.

    Returns:
        A loss of (owners (2n,), embeddings (2n, d) of unit length); the first n are mates of the last n.
    """

    def loss(owners: Tensor, embeddings: Tensor) -> Tensor:
        from keras import ops

        left, right = ops.split(embeddings, 2, axis=0)
        identity = ops.split(ops.reshape(owners, (-1,)), 2, axis=0)[0]
        stranger = ops.take(right, hardest_strangers(identity, left, right), axis=0)
        gap = distance(left, right, "smooth") - distance(left, stranger, "smooth")
        return ops.mean(ops.maximum(gap + margin, 0.0))

    return loss
