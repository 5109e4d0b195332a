"""How a design learns from pairs and compares them: network, batch, loss and comparison as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from fpverify.lab.changes import Change
from fpverify.lab.examples import Examples
from fpverify.lab.losses import Loss, mined_triplet, triplet
from fpverify.lab.losses import contrastive as contrastive_loss
from fpverify.lab.pairs import Pairs, strangers
from fpverify.lab.towers import Network, Shape, Tower, Twin, autoencoder
from fpverify.vocabulary import FloatArray, IndexArray, Scores

Batch = tuple[FloatArray, FloatArray]
Sides = tuple[FloatArray, FloatArray]

TINY = 1e-20  # a length, squared: of a code without any feature
ANSWERED_AT_A_TIME = 64  # images: bounds the memory of the widest feature maps


class Learner(Protocol):
    """What a design trains, and what it then answers."""

    def network(self, shape: Shape) -> Network:
        """A fresh network for images of this shape (h, w, c)."""
        ...

    def loss(self) -> Any:
        """Keras' loss of (truth, answer)."""
        ...

    def batch(self, examples: Examples, pairs: Pairs, change: Change, rng: np.random.Generator) -> Batch:
        """What the network is shown for these pairs, and the truth."""
        ...

    def scores(self, network: Network, sides: Sides) -> Scores:
        """Similarities of left and right images, (n,); higher is more similar."""
        ...

    def scores_among(self, network: Network, images: FloatArray, left: IndexArray, right: IndexArray) -> Scores:
        """The same of pairs among images, by place."""
        ...


def seen_sides(examples: Examples, pairs: Pairs, change: Change, rng: np.random.Generator) -> Sides:
    """Left and right images of pairs, changed as the design says."""
    right = np.stack([change(examples.images[k], rng) for k in pairs.right])
    if change.both:
        return np.stack([change(examples.images[k], rng) for k in pairs.left]), right
    return examples.images[pairs.left], right


def answers(network: Network, images: FloatArray, training: bool = False) -> FloatArray:
    """The network's answers, a part at a time; (n, ...) float32."""
    from keras import ops

    parts = [
        ops.convert_to_numpy(network(images[start : start + ANSWERED_AT_A_TIME], training=training))
        for start in range(0, len(images), ANSWERED_AT_A_TIME)
    ]
    return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class Siamese:
    """One tower for both sides; codes are compared by their distance.

    Attributes:
        tower: the network.
        margin: of the loss.
        kind: contrastive, triplet, triplet with the hardest stranger of the batch, or `networks.losses.info_nce`, which
            sets every stranger of the batch against the mate.
        factor: before the contrastive loss.
        at_zero: of the distance, see `losses.distance`.
    """

    tower: Tower
    margin: float = 1.0
    kind: Literal["contrastive", "triplet", "mined", "nce"] = "contrastive"
    factor: float = 1.0
    at_zero: Literal["clamped", "smooth"] = "clamped"

    def network(self, shape: Shape) -> Network:
        """(n, *shape) -> (n, d)."""
        return self.tower.build(shape)

    def loss(self) -> Loss:
        """Of stacked sides."""
        from fpverify.networks.losses import info_nce

        if self.kind == "contrastive":
            return contrastive_loss(self.margin, factor=self.factor, at_zero=self.at_zero)
        if self.kind == "nce":
            return info_nce()
        return triplet(self.margin) if self.kind == "triplet" else mined_triplet(self.margin)

    def batch(self, examples: Examples, pairs: Pairs, change: Change, rng: np.random.Generator) -> Batch:
        """Left over right sides, and over strangers for triplets; the truth is mated or not, or the identity."""
        sides = list(seen_sides(examples, pairs, change, rng))
        truth = examples.owners[pairs.left] if self.kind in {"mined", "nce"} else pairs.mated
        if self.kind == "triplet":
            other = strangers(examples.owners, pairs.left, rng)
            sides.append(
                np.stack([change(examples.images[k], rng) if change.both else examples.images[k] for k in other])
            )
        return np.concatenate(sides), np.tile(truth.astype(np.float32), len(sides))

    def scores(self, network: Network, sides: Sides) -> Scores:
        """Minus the Euclidean distance: 0 for identical codes."""
        left, right = (answers(network, side) for side in sides)
        return _closeness(left, right)

    def scores_among(self, network: Network, images: FloatArray, left: IndexArray, right: IndexArray) -> Scores:
        """The same; every image is embedded once."""
        codes = answers(network, images)
        return _closeness(codes[left], codes[right])


@dataclass(frozen=True, slots=True)
class TwinImage:
    """Both images side by side in one, and the probability that they show the same."""

    twin: Twin

    def network(self, shape: Shape) -> Network:
        """(n, h, 2 w, c) -> (n, 1)."""
        return self.twin.build((shape[0], 2 * shape[1], *shape[2:]))

    def loss(self) -> str:
        """Keras' own."""
        return "binary_crossentropy"

    def batch(self, examples: Examples, pairs: Pairs, change: Change, rng: np.random.Generator) -> Batch:
        """Twin images; 1 for mated."""
        sides = seen_sides(examples, pairs, change, rng)
        return np.concatenate(sides, axis=2), pairs.mated.astype(np.float32)[:, None]

    def scores(self, network: Network, sides: Sides) -> Scores:
        """The probability."""
        return np.asarray(answers(network, np.concatenate(sides, axis=2))[:, 0], np.float64)

    def scores_among(self, network: Network, images: FloatArray, left: IndexArray, right: IndexArray) -> Scores:
        """The same; every pair is an image of its own."""
        starts = range(0, len(left), ANSWERED_AT_A_TIME)
        places = [slice(start, start + ANSWERED_AT_A_TIME) for start in starts]
        return np.concatenate([self.scores(network, (images[left[one]], images[right[one]])) for one in places])


@dataclass(frozen=True, slots=True)
class Autoencoder:
    """Draws one impression from another; codes are compared by their cosine.

    Attributes:
        channels: of the encoder.
        decoder_channels: of the decoder.
    """

    channels: int = 32
    decoder_channels: int = 16

    def network(self, shape: Shape) -> Network:
        """(n, *shape) -> (n, *shape)."""
        return autoencoder(shape, self.channels, self.decoder_channels)

    def loss(self) -> str:
        """Keras' own."""
        return "binary_crossentropy"

    def batch(self, examples: Examples, pairs: Pairs, change: Change, rng: np.random.Generator) -> Batch:
        """Right images, and the left ones to be drawn from them."""
        left, right = seen_sides(examples, pairs, change, rng)
        return right, left

    def scores(self, network: Network, sides: Sides) -> Scores:
        """Cosine similarity of the codes."""
        encoder = encoder_of(network)
        left, right = (answers(encoder, side) for side in sides)
        return _cosine(left, right)

    def scores_among(self, network: Network, images: FloatArray, left: IndexArray, right: IndexArray) -> Scores:
        """The same; every image is encoded once."""
        codes = answers(encoder_of(network), images)
        codes = codes / np.maximum(np.linalg.norm(codes, axis=-1, keepdims=True), TINY)
        return np.asarray(np.einsum("nd,nd->n", codes[left], codes[right]), np.float64)


def encoder_of(network: Network) -> Network:
    """The encoder of an autoencoder: (n, h, w, c) -> (n, d) features before the first transposed convolution."""
    import keras

    first = next(layer for layer in network.layers if layer.__class__.__name__ == "Conv2DTranspose")
    return keras.Model(network.input, keras.layers.Flatten()(first.input))


def _closeness(left: FloatArray, right: FloatArray) -> Scores:
    """Minus the Euclidean distance of rows."""
    return np.asarray(-np.sqrt(np.sum((left.astype(np.float64) - right) ** 2, axis=-1)))


def _cosine(left: FloatArray, right: FloatArray) -> Scores:
    lengths = np.linalg.norm(left, axis=-1) * np.linalg.norm(right, axis=-1)
    return np.asarray(np.sum(left * right, axis=-1) / np.maximum(lengths, TINY), np.float64)
