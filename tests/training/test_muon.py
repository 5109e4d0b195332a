"""Muon: what a step of it is, and what of a network it leaves to AdamW."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.train

from fpverify.networks.minutia_map import minutia_map  # noqa: E402
from fpverify.networks.patch_siamese import patch_tower  # noqa: E402
from fpverify.training.muon import VECTORS_SHARE, Muon  # noqa: E402

RATE = 0.02
RMS = 0.2  # of a step's numbers over the rate


def stepped(shape: tuple[int, ...], *, weight_decay: float = 0.0, start: float = 0.0) -> np.ndarray:
    """What one step of a random gradient adds to weights of this shape."""
    weights = keras.Variable(np.full(shape, start, np.float32))
    gradient = np.random.default_rng(5).normal(size=shape).astype(np.float32)
    Muon(RATE, weight_decay).apply([keras.ops.convert_to_tensor(gradient)], [weights])
    return keras.ops.convert_to_numpy(weights) - start


@pytest.mark.parametrize("shape", [(3, 3, 8, 16), (1, 1, 16, 12), (40, 12), (5, 5, 1, 24)])
def test_a_step_moves_every_direction_of_a_convolution_alike(shape: tuple[int, ...]) -> None:
    step = stepped(shape).reshape(-1, shape[-1])
    lengths = np.linalg.svd(step, compute_uv=False)
    assert lengths.max() < 2 * lengths.min()  # those of the gradient 2.3 to 30 times
    assert np.sqrt((step**2).mean()) == pytest.approx(RATE * RMS, rel=0.25)


def test_scales_and_shifts_take_the_steps_of_adamw() -> None:
    np.testing.assert_allclose(np.abs(stepped((7,))), RATE * VECTORS_SHARE, rtol=1e-3)


def test_so_does_the_layer_that_answers_in_the_minutia_map_and_no_other() -> None:
    optimizer, network = Muon(RATE, 0.0), minutia_map(8, 8, 8)
    left = {one.path for one in network.trainable_variables if optimizer._should_use_adamw(one) and len(one.shape) > 1}
    assert left == {network.get_layer("map").kernel.path}


def test_all_of_the_descriptors_matrices_take_the_steps_of_muon() -> None:
    optimizer = Muon(RATE, 0.0)
    matrices = [one for one in patch_tower((8, 8, 8)).trainable_variables if len(one.shape) > 1]
    assert matrices
    assert not any(optimizer._should_use_adamw(one) for one in matrices)


def test_scales_and_shifts_do_not_decay() -> None:
    decay = 0.5
    lost = stepped((3, 3, 4, 6), start=1.0) - stepped((3, 3, 4, 6), start=1.0, weight_decay=decay)
    np.testing.assert_allclose(lost, RATE * decay, rtol=1e-3)
    np.testing.assert_array_equal(stepped((7,), start=1.0), stepped((7,), start=1.0, weight_decay=decay))


def test_its_configuration_makes_the_same_again() -> None:
    configuration = Muon(RATE, 0.1).get_config()
    again = Muon.from_config(configuration)
    assert again.get_config() == configuration
    assert again._should_use_adamw(minutia_map(8, 8, 8).get_layer("map").kernel)
