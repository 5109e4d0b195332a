from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.train


def small_network() -> object:
    numbers = keras.Input((3,))
    return keras.Model(numbers, keras.layers.BatchNormalization()(keras.layers.Dense(2)(numbers)))


@pytest.mark.parametrize("averaged", [1, 2, 3])
def test_the_weights_are_the_mean_of_the_last_rounds(tmp_path: Path, averaged: int) -> None:
    from fpverify.training.release import _trained
    from fpverify.training.stages import Stage

    stage = Stage("small", small_network, rounds=(None,) * 3, averaged=averaged)
    rng, rounds = np.random.default_rng(5), []
    for number in range(3):
        network = small_network()
        rounds.append([rng.uniform(0, 1, part.shape).astype(np.float32) for part in network.get_weights()])
        network.set_weights(rounds[-1])
        stage.folder(tmp_path, number).mkdir(parents=True)
        network.save_weights(stage.folder(tmp_path, number) / "checkpoint.weights.h5")
    made = _trained(stage, tmp_path).get_weights()
    for index, part in enumerate(made):
        expected = sum(weights[index].astype(float) for weights in rounds[-averaged:]) / averaged
        np.testing.assert_allclose(part, expected, rtol=1e-6)
