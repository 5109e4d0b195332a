from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.train


def small_network() -> object:
    numbers = keras.Input((3,))
    return keras.Model(numbers, keras.layers.BatchNormalization()(keras.layers.Dense(2)(numbers)))


def batch(number: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, number])
    return rng.normal(size=(4, 3)).astype(np.float32), rng.normal(size=(4, 2)).astype(np.float32)


def make(seed: int) -> object:
    from fpverify.training.loop import Schedule, Training

    def training(network: object, folder: Path, workers: int) -> Training:
        loss = keras.losses.MeanSquaredError()
        return Training(network, partial(batch, seed=seed), loss, Schedule(2, learning_rate=0.5), folder, (), workers)

    return training


@pytest.mark.parametrize("averaged", [1, 2, 3])
def test_the_weights_are_the_mean_of_the_last_rounds(tmp_path: Path, averaged: int) -> None:
    from fpverify.training.stages import Stage

    stage = Stage("small", small_network, rounds=tuple(make(seed) for seed in range(3)), averaged=averaged)
    network, after = small_network(), []
    for number, one in enumerate(stage.rounds):
        after.append(one(network, stage.folder(tmp_path, number), 0).run(progress=False).get_weights())
    assert any((left != right).any() for left, right in zip(after[1], after[2], strict=True))
    for index, part in enumerate(stage.trained(tmp_path).get_weights()):
        expected = sum(weights[index].astype(float) for weights in after[-averaged:]) / averaged
        np.testing.assert_allclose(part, expected, rtol=1e-5, atol=1e-7)
