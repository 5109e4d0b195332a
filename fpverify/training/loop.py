"""One network's training: steps, log, checkpoints; killed at any moment it goes on from the last checkpoint."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from fpverify.training.batches import Batches
from fpverify.training.prefetch import prefetched
from fpverify.vocabulary import FloatArray

WARMUP_STEPS = 50  # until the optimiser's running means have settled
FINAL_RATE = 0.02  # of the peak learning rate, where the cosine ends


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast a network learns.

    Attributes:
        steps: batches in all.
        learning_rate: AdamW's peak rate, after the warm-up and before the cosine decay.
        weight_decay: AdamW's.
        checkpoint_every: steps between checkpoints and lines of the log.
        validate_every: steps between validations, rounded up to the next checkpoint.
    """

    steps: int
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    checkpoint_every: int = 50
    validate_every: int = 500

    def optimizer(self) -> keras.optimizers.Optimizer:
        """A fresh AdamW (Loshchilov and Hutter 2019) with warm-up and cosine decay."""
        rate = keras.optimizers.schedules.CosineDecay(
            self.learning_rate / WARMUP_STEPS,
            max(1, self.steps - WARMUP_STEPS),
            alpha=FINAL_RATE,
            warmup_target=self.learning_rate,
            warmup_steps=WARMUP_STEPS,
        )
        return keras.optimizers.AdamW(rate, weight_decay=self.weight_decay)


@dataclass(slots=True)
class Training:
    """The training of one network in a folder of its own.

    Attributes:
        network: to be trained, uncompiled.
        batches: the batch of each number.
        loss: Keras loss function.
        metrics: Keras metric functions to log beside the loss.
        schedule: how long and how fast.
        folder: takes `checkpoint.weights.h5` and `log.jsonl`.
        workers: processes that make batches.
        validate: figures of the network on data it never learns from; takes the network.
    """

    network: keras.Model
    batches: Batches
    loss: Callable[[Any, Any], Any]
    schedule: Schedule
    folder: Path
    metrics: Sequence[Callable[[Any, Any], Any]] = ()
    workers: int = 1
    validate: Callable[[Any], dict[str, float]] | None = None

    def run(self, progress: bool = True) -> keras.Model:
        """Trains what is left to train and returns the network."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.network.compile(optimizer=self.schedule.optimizer(), loss=self.loss, metrics=list(self.metrics))
        start = self._restore()
        numbers = range(start, self.schedule.steps)
        source = prefetched(self.batches, numbers, workers=self.workers)
        bar = tqdm(numbers, initial=start, total=self.schedule.steps, disable=None if progress else True)
        for rows in self._measured(zip(bar, source, strict=True)):
            bar.set_postfix(rows)
        return self.network

    def _measured(self, steps: Iterator[tuple[int, tuple[FloatArray, FloatArray]]]) -> Iterator[dict[str, float]]:
        """Takes every step; yields the means since the last checkpoint at each checkpoint."""
        since, seen = time.monotonic(), []
        for number, (x, y) in steps:
            seen.append(self.network.train_on_batch(x, y, return_dict=True))
            self.network.reset_metrics()
            done = number + 1
            if done % self.schedule.checkpoint_every == 0 or done == self.schedule.steps:
                means = {name: float(np.mean([row[name] for row in seen])) for name in seen[0]}
                self._save()
                figures = self._validated(done)
                self._log({"step": done, "seconds": round(time.monotonic() - since, 1), **means, **figures})
                since, seen = time.monotonic(), []
                yield means | figures

    @property
    def checkpoint(self) -> Path:
        """Weights, optimiser state and step number."""
        return self.folder / "checkpoint.weights.h5"

    def _save(self) -> None:
        part = self.folder / "part.weights.h5"
        self.network.save_weights(part)
        part.replace(self.checkpoint)

    def _validated(self, done: int) -> dict[str, float]:
        """The validation's figures, when it is their turn."""
        every, step = self.schedule.validate_every, self.schedule.checkpoint_every
        due = done % every < step or done == self.schedule.steps
        return self.validate(self.network) if self.validate is not None and due else {}

    def _restore(self) -> int:
        """The number of the next step."""
        if not self.checkpoint.exists():
            return 0
        self.network.optimizer.build(self.network.trainable_variables)
        self.network.load_weights(self.checkpoint)
        return int(self.network.optimizer.iterations)

    def _log(self, row: dict[str, float]) -> None:
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
