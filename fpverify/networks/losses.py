"""What the networks are trained to make small; `keras.ops` only, so every backend can."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops

Tensor = Any  # of whichever backend Keras runs on
Loss = Callable[[Tensor, Tensor], Tensor]

POSITIVE_WEIGHT = 4.0  # a cell with a minutia against one without: there are about 60 times fewer
FOCUS = 2.0  # exponent of the focal loss (Lin et al. 2017, eq. 4)
BORDER_WEIGHT = 3.0  # a cell of a border against one of none: there are fifteen times fewer
SEAM_CELLS = 12  # 8 mm of a border two cells wide
TINY = 1e-4


def minutia_map_loss(target: Tensor, answer: Tensor) -> Tensor:
    """The sum of the four parts below; scalar."""
    return (
        heat_loss(target, answer)
        + offset_loss(target, answer)
        + direction_loss(target, answer)
        + foreground_loss(target, answer)
    )


def heat_loss(target: Tensor, answer: Tensor) -> Tensor:
    """Focal loss on the heat map per minutia, cells of weight 0 left out (T.-Y. Lin et al., ICCV 2017).

    Args:
        target: (b, h, w, 8): heat, heat weight, dx, dy, cos, sin, foreground, foreground weight.
        answer: (b, h, w, 6) of `minutia_map`.
    """
    heat, logit = target[..., 0], answer[..., 0]
    probability = ops.sigmoid(logit)
    missed = POSITIVE_WEIGHT * heat * (1 - probability) ** FOCUS * ops.softplus(-logit)
    invented = (1 - heat) * probability**FOCUS * ops.softplus(logit)
    return _per_minutia(target, target[..., 1] * (missed + invented))


def offset_loss(target: Tensor, answer: Tensor) -> Tensor:
    """Mean city-block distance in cells at the minutiae."""
    error = ops.sum(ops.abs(ops.sigmoid(answer[..., 1:3]) - target[..., 2:4]), axis=-1)
    return _per_minutia(target, target[..., 0] * error)


def direction_loss(target: Tensor, answer: Tensor) -> Tensor:
    """Mean of 1 - cos of the angle between answer and truth at the minutiae."""
    direction = answer[..., 3:5]
    length = ops.sqrt(ops.sum(direction**2, axis=-1) + TINY**2)
    cosine = ops.sum(direction * target[..., 4:6], axis=-1) / length
    return _per_minutia(target, target[..., 0] * (1 - cosine))


def foreground_loss(target: Tensor, answer: Tensor) -> Tensor:
    """Mean cross entropy of the foreground."""
    logit = answer[..., 5]
    entropy = ops.softplus(logit) - target[..., 6] * logit
    return ops.sum(target[..., 7] * entropy) / ops.maximum(ops.sum(target[..., 7]), 1.0)


def info_nce(temperature: float = 0.07, margin: float = 0.0) -> Loss:
    """Symmetric cross entropy of telling the partner among all others (van den Oord et al. 2018, eq. 4).

    Args:
        temperature: of the softmax over cosine similarities.
        margin: what a neighbourhood of a finger and one of no finger count as more alike than they are, so that they
            have to be less alike by so much than those of two fingers; a cosine.

    Returns:
        A loss of (owners (2n,), embeddings (2n, d) of unit length); the first n correspond to the last n. Whose they
        are is not needed, as other minutiae of the same finger are the hardest negatives; of no finger are those of
        negative owners.
    """

    def loss(owners: Tensor, embeddings: Tensor) -> Tensor:
        left, right = ops.split(ops.cast(embeddings, "float32"), 2, axis=0)
        alike = ops.matmul(left, ops.transpose(right))  # (n, n)
        if margin:
            drawn = ops.split(ops.cast(ops.reshape(owners, (-1,)) < 0, "float32"), 2, axis=0)[0]
            alike += margin * ops.abs(drawn[:, None] - drawn[None])
        logits = alike / temperature
        partner = ops.diagonal(logits)
        among_right = ops.logsumexp(logits, axis=1) - partner
        among_left = ops.logsumexp(logits, axis=0) - partner
        return ops.mean(among_right + among_left) / 2

    return loss


def contrastive_loss(margin: float = 1.0) -> Loss:
    """Mated pairs together, non-mated ones apart by a margin (Hadsell, Chopra, LeCun 2006, eq. 4, without the halves).

    Args:
        margin: distance from which a non-mated pair costs nothing; unit vectors are at most 2 apart.

    Returns:
        A loss of (mated (2n,), embeddings (2n, d)); the first n are paired with the last n, and `mated` says 1 or 0 for
        each pair, twice over.
    """

    def loss(mated: Tensor, embeddings: Tensor) -> Tensor:
        left, right = ops.split(ops.cast(embeddings, "float32"), 2, axis=0)
        squared = ops.sum((left - right) ** 2, axis=-1)
        short = ops.maximum(margin - ops.sqrt(squared + TINY**2), 0.0)
        truth = ops.split(ops.reshape(mated, (-1,)), 2, axis=0)[0]
        return ops.mean(truth * squared + (1 - truth) * short**2)

    return loss


def first_rank(owners: Tensor, answers: Tensor) -> Tensor:
    """The fraction of patches whose partner is the most similar of all; a metric.

    Args:
        owners: anything.
        answers: (2n, d), as of `info_nce`.
    """
    left, right = ops.split(ops.cast(answers, "float32"), 2, axis=0)
    similarity = ops.matmul(left, ops.transpose(right))
    hits = ops.argmax(similarity, axis=1) == ops.arange(ops.shape(similarity)[0], dtype="int32")
    return ops.mean(ops.cast(hits, "float32"))


def seam_loss(target: Tensor, answer: Tensor) -> Tensor:
    """The sum of `border_loss` and `several_loss`; scalar."""
    return border_loss(target, answer) + several_loss(target, answer)


def border_loss(target: Tensor, answer: Tensor) -> Tensor:
    """Mean cross entropy of the cells, those of borders weighted `BORDER_WEIGHT`.

    Args:
        target: (b, h, w, 4): border, weight, several, weight; the last two the same all over a picture.
        answer: (b, h, w, 1) of `seam_map`.
    """
    border, weight, logit = target[..., 0], target[..., 1], answer[..., 0]
    entropy = BORDER_WEIGHT * border * ops.softplus(-logit) + (1 - border) * ops.softplus(logit)
    return ops.sum(weight * entropy) / ops.maximum(ops.sum(weight), 1.0)


def several_loss(target: Tensor, answer: Tensor) -> Tensor:
    """Mean cross entropy of the pictures: the mean logit of its `SEAM_CELLS` likeliest cells says if one shows several.

    Args:
        target: (b, h, w, 4), as of `border_loss`.
        answer: (b, h, w, 1).
    """
    several, weight = target[:, 0, 0, 2], target[:, 0, 0, 3]
    logit = ops.mean(ops.top_k(ops.reshape(answer, (ops.shape(answer)[0], -1)), SEAM_CELLS)[0], axis=-1)
    entropy = ops.softplus(logit) - several * logit
    return ops.sum(weight * entropy) / ops.maximum(ops.sum(weight), 1.0)


def drawn_loss(target: Tensor, answer: Tensor) -> Tensor:
    """Mean cross entropy of the cells, by their weight; scalar.

    Args:
        target: (b, h, w, 2): drawn, weight.
        answer: (b, h, w, 1) of `drawn_map`.
    """
    drawn, weight, logit = target[..., 0], target[..., 1], answer[..., 0]
    entropy = ops.softplus(logit) - drawn * logit
    return ops.sum(weight * entropy) / ops.maximum(ops.sum(weight), 1.0)


def _per_minutia(target: Tensor, cells: Tensor) -> Tensor:
    return ops.sum(cells) / ops.maximum(ops.sum(target[..., 0]), 1.0)
