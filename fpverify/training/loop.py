"""One network's training: steps, log, checkpoints; killed at any moment it goes on from the last checkpoint."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
from keras import ops
from tqdm import tqdm

from fpverify.errors import ModelError, RecipeError
from fpverify.features.extraction import Network
from fpverify.training.batches import Batch, Batches
from fpverify.training.muon import Muon
from fpverify.training.prefetch import prefetched
from fpverify.vocabulary import FloatArray

OptimizerName = Literal["adamw", "muon"]

OPTIMIZERS = {"adamw": keras.optimizers.AdamW, "muon": Muon}
WARMUP_STEPS = 50  # until the optimiser's running means have settled
FINAL_RATE = 0.02  # of the peak learning rate, where the cosine ends


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast a network learns.

    Attributes:
        steps: batches in all.
        optimizer: AdamW, or Muon for networks of convolutions, at about ten times its rate and a decay of 0.02.
        learning_rate: the peak, after the warm-up and before the decay.
        weight_decay: what the weights (of Muon: its own) lose in a step, as a fraction of them and of the rate.
        held: share of the steps until which the rate stays at its peak, and then falls to nothing along a line; 0 for a
            cosine from the warm-up on.
        checkpoint_every: steps between checkpoints and lines of the log.
        validate_every: steps between validations, rounded up to the next checkpoint.
    """

    steps: int
    optimizer: OptimizerName = "adamw"
    learning_rate: float = 2e-3
    weight_decay: float = 1e-4
    held: float = 0.0
    checkpoint_every: int = 50
    validate_every: int = 500

    def fresh_optimizer(self) -> keras.optimizers.Optimizer:
        """AdamW (Loshchilov and Hutter 2019) or Muon, with warm-up and decay."""
        return OPTIMIZERS[self.optimizer](self._rate(), weight_decay=self.weight_decay)

    def _rate(self) -> keras.optimizers.schedules.LearningRateSchedule:
        if self.held > 0:
            return HeldRate(self.learning_rate, self.steps, self.held)
        return keras.optimizers.schedules.CosineDecay(
            self.learning_rate / WARMUP_STEPS,
            max(1, self.steps - WARMUP_STEPS),
            alpha=FINAL_RATE,
            warmup_target=self.learning_rate,
            warmup_steps=WARMUP_STEPS,
        )


@keras.saving.register_keras_serializable("fpverify")
class HeldRate(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]  # Keras states no types
    """A rate that stays at its peak after the warm-up, and then falls to nothing along a line.

    As good as a cosine, and a training can be looked at, or ended, at any step of it.

    Source: Hägele et al., "Scaling laws and compute-optimal training beyond fixed training durations", NeurIPS 2024.
    """

    def __init__(self, peak: float, steps: int, held: float) -> None:
        self.peak, self.steps, self.held = peak, steps, held

    def __call__(self, step: Any) -> Any:
        """The rate of a step, from 0."""
        taken, falls = ops.cast(step, "float32"), max(1.0, (1 - self.held) * self.steps)
        return self.peak * ops.minimum(
            ops.minimum((taken + 1) / WARMUP_STEPS, 1.0), ops.maximum((self.steps - taken) / falls, 0.0)
        )

    def get_config(self) -> dict[str, Any]:
        """What makes it anew."""
        return {"peak": self.peak, "steps": self.steps, "held": self.held}


@dataclass(slots=True)
class Training:
    """The training of one network in a folder of its own.

    Attributes:
        network: to be trained, uncompiled.
        batches: the batch of each number.
        loss: Keras loss function.
        metrics: Keras metric functions to log beside the loss.
        schedule: how long and how fast.
        folder: takes `checkpoint.weights.h5`, `log.jsonl` and `recipe.json`.
        workers: processes that make batches.
        validate: figures of the network on data it never learns from; takes the network as a function of arrays.
        recipe: all that the weights depend on, as plain values; a folder trained by another recipe is refused.
    """

    network: keras.Model
    batches: Batches
    loss: Callable[[Any, Any], Any]
    schedule: Schedule
    folder: Path
    metrics: Sequence[Callable[[Any, Any], Any]] = ()
    workers: int = 1
    validate: Callable[[Network], dict[str, float]] | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)

    def run(self, progress: bool = True) -> keras.Model:
        """Trains what is left to train and returns the network.

        Raises:
            RecipeError: the folder holds a training by another recipe.
            ModelError: the loss is no longer a number.
        """
        start = self._restore()
        self._forget_rows_after(start)
        numbers = range(start, self.schedule.steps)
        batches = prefetched(self.batches, numbers, workers=self.workers)
        bar = tqdm(numbers, initial=start, total=self.schedule.steps, disable=None if progress else True)
        for rows in self._measured(zip(bar, batches, strict=True)):
            bar.set_postfix(rows)
        return self.network

    def finished(self) -> keras.Model:
        """The network as this training left it.

        Raises:
            RecipeError: it has not come to its end yet, or the folder holds a training by another recipe.
        """
        if self._restore() < self.schedule.steps:
            raise RecipeError(f"{self.folder}: has to be trained to the end first")
        return self.network

    def _measured(self, steps: Iterator[tuple[int, Batch]]) -> Iterator[dict[str, float]]:
        """Takes every step; yields the means since the last checkpoint at each checkpoint."""
        since, seen = time.monotonic(), []
        for number, (x, y) in steps:
            seen.append(self._step(x, y))
            done = number + 1
            if done % self.schedule.checkpoint_every == 0 or done == self.schedule.steps:
                means = {name: float(np.mean([row[name] for row in seen])) for name in seen[0]}
                self._require_number(means["loss"], done)
                figures = self._validated(done)
                self._log({"step": done, "seconds": round(time.monotonic() - since, 1), **means, **figures})
                self._save()
                since, seen = time.monotonic(), []
                yield means | figures

    def _step(self, x: FloatArray, y: FloatArray) -> dict[str, float]:
        self.network.reset_metrics()
        tensors = ops.convert_to_tensor(x), ops.convert_to_tensor(y)  # PyTorch's metrics take nothing else
        row: dict[str, float] = self.network.train_on_batch(*tensors, return_dict=True)
        return row

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
        return self.validate(self.network.predict_on_batch) if self.validate is not None and due else {}

    def _restore(self) -> int:
        """The number of the next step; the network as the last checkpoint has it, ready to train on."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._claim_folder()
        self.network.compile(optimizer=self.schedule.fresh_optimizer(), loss=self.loss, metrics=list(self.metrics))
        if not self.checkpoint.exists():
            return 0
        self.network.optimizer.build(self.network.trainable_variables)
        self.network.load_weights(self.checkpoint)
        return int(self.network.optimizer.iterations)

    def _claim_folder(self) -> None:
        path, mine = self.folder / "recipe.json", json.dumps(self.recipe, sort_keys=True, indent=1)
        if path.exists() and path.read_text(encoding="utf-8") != mine:
            raise RecipeError(f"{self.folder}: was trained by another recipe; take another folder, or delete this one")
        _replace(path, mine)

    def _require_number(self, loss: float, step: int) -> None:
        if not np.isfinite(loss):
            raise ModelError(f"{self.folder}: the loss is {loss} at step {step}; train anew with a lower learning_rate")

    @property
    def _log_path(self) -> Path:
        return self.folder / "log.jsonl"

    def _log(self, row: dict[str, float]) -> None:
        with self._log_path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def _forget_rows_after(self, step: int) -> None:
        """Drops what was logged and then lost for want of a checkpoint."""
        if self._log_path.exists():
            lines = self._log_path.read_text(encoding="utf-8").splitlines(keepends=True)
            kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
            _replace(self._log_path, "".join(kept))


def _replace(path: Path, text: str) -> None:
    """The whole text or what was there before, whatever happens meanwhile."""
    part = path.with_name(f"part-{path.name}")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
