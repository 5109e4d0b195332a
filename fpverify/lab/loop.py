"""The training of a design: epochs over its pairs, curves, early stopping. Runs on every Keras backend."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fpverify.errors import ModelError
from fpverify.lab.design import Design, Stopping
from fpverify.lab.examples import Examples
from fpverify.lab.learners import Batch
from fpverify.lab.pairs import Pairs
from fpverify.lab.towers import Network

CURVE_POINTS = 60  # kept of a curve: what a figure of two inches can show


@dataclass(slots=True)
class Curves:
    """Losses by epoch.

    Attributes:
        epochs: numbers, from 1.
        training: mean loss of the epoch's steps.
        validation: loss on pairs that are not trained on; empty without such.
        seconds: of all steps, validation left out.
        steps: batches in all.
    """

    epochs: list[int] = field(default_factory=list)
    training: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    seconds: float = 0.0
    steps: int = 0

    def thinned(self) -> dict[str, list[float]]:
        """The curves, with at most `CURVE_POINTS` of them."""
        every = max(1, -(-len(self.epochs) // CURVE_POINTS))
        kept = [k for k in range(len(self.epochs)) if k % every == 0 or k == len(self.epochs) - 1]
        named: dict[str, list[float]] = {
            "epoch": [float(number) for number in self.epochs],
            "training": self.training,
            "validation": self.validation,
        }
        return {name: [round(row[k], 5) for k in kept] for name, row in named.items() if row}


def trained(
    design: Design,
    network: Network,
    training: Examples,
    validation: Examples,
    rng: np.random.Generator,
    *,
    progress: bool = False,
) -> tuple[Curves, Pairs]:
    """Trains a design's network.

    Args:
        design: what is trained.
        network: of its learner; may hold weights already.
        training: what it learns from.
        validation: for early stopping; may be empty.
        rng: draws pairs, changes and order.
        progress: show a bar on standard error when it is a terminal.

    Returns:
        The curves, and the pairs of the last epoch.

    Raises:
        ModelError: the loss is no longer a number.
    """
    from tqdm import tqdm

    network.compile(optimizer=optimizer(design.stopping), loss=design.learner.loss(), jit_compile=False)
    checked = _validation_batches(design, validation, rng)
    curves, pairs, best = Curves(), design.pairs.draw(training.owners, rng), _Best(design.stopping.patience)
    for epoch in tqdm(
        range(design.stopping.epochs), desc=design.name, unit="epoch", disable=None if progress else True
    ):
        if epoch and design.pairs.fresh:
            pairs = design.pairs.draw(training.owners, rng)
        losses = [_timed_step(network, batch, curves) for batch in batches(design, training, pairs, rng)]
        curves.epochs.append(epoch + 1)
        curves.training.append(_number(float(np.mean(losses)), design.name))
        if checked:
            curves.validation.append(float(np.mean([_loss(network, batch) for batch in checked])))
            if best.is_past(curves.validation[-1], network):
                break
    best.restore(network)
    return curves, pairs


def batches(design: Design, examples: Examples, pairs: Pairs, rng: np.random.Generator) -> Iterator[Batch]:
    """All pairs once, in a new order; a last batch that is not full is left out unless it is the only one."""
    order, size = rng.permutation(len(pairs)), design.stopping.batch
    ends = max(size, len(order) // size * size)
    for start in range(0, ends, size):
        yield design.learner.batch(examples, pairs.taken(order[start : start + size]), design.change, rng)


def optimizer(stopping: Stopping) -> Any:
    """A fresh optimiser."""
    import keras

    made = keras.optimizers.get(stopping.optimizer)
    if stopping.rate is not None:
        made.learning_rate = stopping.rate
    return made


@dataclass(slots=True)
class _Best:
    """The best weights so far, for early stopping."""

    patience: int | None
    loss: float = np.inf
    since: int = 0
    weights: list[Any] | None = None

    def is_past(self, loss: float, network: Network) -> bool:
        """Takes note of an epoch; whether patience is at its end."""
        if self.patience is None:
            return False
        if loss < self.loss:
            self.loss, self.since, self.weights = loss, 0, network.get_weights()
        else:
            self.since += 1
        return self.since >= self.patience

    def restore(self, network: Network) -> None:
        if self.weights is not None:
            network.set_weights(self.weights)


def _validation_batches(design: Design, validation: Examples, rng: np.random.Generator) -> list[Batch]:
    """The same batches after every epoch; none for a design that never stops early."""
    if not len(validation) or design.stopping.patience is None:
        return []
    return list(batches(design, validation, design.pairs.draw(validation.owners, rng), rng))


def _timed_step(network: Network, batch: Batch, curves: Curves) -> float:
    from keras import ops

    since = time.perf_counter()
    network.reset_metrics()
    loss = float(np.asarray(network.train_on_batch(*(ops.convert_to_tensor(part) for part in batch))).ravel()[0])
    curves.seconds += time.perf_counter() - since
    curves.steps += 1
    return loss


def _loss(network: Network, batch: Batch) -> float:
    from keras import ops

    network.reset_metrics()
    return float(np.asarray(network.test_on_batch(*(ops.convert_to_tensor(part) for part in batch))).ravel()[0])


def _number(loss: float, name: str) -> float:
    if not np.isfinite(loss):
        raise ModelError(f"{name}: the loss is {loss}; train with another seed or learning rate")
    return loss
