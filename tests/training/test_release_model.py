"""The shipped networks: LiteRT answers as Keras does."""

from __future__ import annotations

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
pytestmark = pytest.mark.train

from fpverify.models import load_bundle  # noqa: E402
from fpverify.networks.minutia_map import minutia_map  # noqa: E402
from fpverify.networks.patch_siamese import patch_tower  # noqa: E402


@pytest.mark.parametrize("shape", [(1, 192, 192, 1), (1, 176, 240, 1)])
def test_the_minutia_map_agrees(release_model: str, shape: tuple[int, ...]) -> None:
    assert_agrees(release_model, "minutia_map", minutia_map(), shape)


@pytest.mark.parametrize("count", [1, 37])
def test_the_descriptor_agrees(release_model: str, count: int) -> None:
    assert_agrees(release_model, "descriptor", patch_tower(), (count, 64, 64, 1))


def assert_agrees(model: str, name: str, network: object, shape: tuple[int, ...]) -> None:
    bundle = load_bundle(model)
    network.load_weights(bundle.folder / f"{name}.weights.h5")
    batch = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    np.testing.assert_allclose(
        bundle.network(name)(batch), np.asarray(network(batch, training=False)), atol=1e-4, rtol=1e-4
    )
