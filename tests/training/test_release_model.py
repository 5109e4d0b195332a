"""The shipped networks: LiteRT answers as Keras does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
pytestmark = pytest.mark.train

from fpverify.features.borders import folded  # noqa: E402
from fpverify.features.patches import sample_patches  # noqa: E402
from fpverify.features.preparation import normalise  # noqa: E402
from fpverify.models import load_bundle  # noqa: E402
from fpverify.models.runtime import LiteRtNetwork  # noqa: E402
from fpverify.networks.drawn import drawn_map  # noqa: E402
from fpverify.networks.minutia_map import minutia_map  # noqa: E402
from fpverify.networks.patch_siamese import patch_tower  # noqa: E402
from fpverify.networks.seams import seam_map  # noqa: E402
from fpverify.synthesis.dataset import ORDINARY, master  # noqa: E402
from fpverify.synthesis.impression import draw_impression  # noqa: E402
from fpverify.training.export import litert_bytes, take_weights  # noqa: E402

Network = Callable[..., object]


def exported(model: str, name: str, network: Network) -> tuple[Network, LiteRtNetwork]:
    """The network with the model's weights, in Keras and exported in float32."""
    take_weights(network, load_bundle(model).content(f"{name}.weights.h5"))
    return network, LiteRtNetwork(litert_bytes(network))


@pytest.fixture(scope="module")
def both_maps(release_model: str) -> tuple[Network, LiteRtNetwork]:
    return exported(release_model, "minutia_map", minutia_map())


@pytest.fixture(scope="module")
def both_towers(release_model: str) -> tuple[Network, LiteRtNetwork]:
    return exported(release_model, "descriptor", patch_tower())


@pytest.fixture(scope="module")
def both_seam_maps(release_model: str) -> tuple[Network, LiteRtNetwork]:
    return exported(release_model, "seam_map", seam_map())


@pytest.fixture(scope="module")
def both_drawn_maps(release_model: str) -> tuple[Network, LiteRtNetwork]:
    return exported(release_model, "drawn_map", drawn_map())


@pytest.mark.parametrize("shape", [(1, 192, 192, 1), (1, 176, 240, 1)])
def test_the_minutia_map_agrees_in_float32(both_maps: tuple[Network, LiteRtNetwork], shape: tuple[int, ...]) -> None:
    assert_agrees(shape, *both_maps)


@pytest.mark.parametrize("count", [1, 37])
def test_the_descriptor_agrees_in_float32(both_towers: tuple[Network, LiteRtNetwork], count: int) -> None:
    assert_agrees((count, 64, 64, 1), *both_towers)


@pytest.mark.parametrize("shape", [(1, 48, 48, 16), (1, 44, 60, 16)])
def test_the_seam_map_agrees_in_float32(both_seam_maps: tuple[Network, LiteRtNetwork], shape: tuple[int, ...]) -> None:
    assert_agrees(shape, *both_seam_maps)


@pytest.mark.parametrize("shape", [(1, 48, 48, 16), (1, 44, 60, 16)])
def test_the_drawn_map_agrees_in_float32(
    both_drawn_maps: tuple[Network, LiteRtNetwork], shape: tuple[int, ...]
) -> None:
    assert_agrees(shape, *both_drawn_maps)


def assert_agrees(shape: tuple[int, ...], network: Network, exported: LiteRtNetwork) -> None:
    batch = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    np.testing.assert_allclose(exported(batch), np.asarray(network(batch, training=False)), atol=1e-4, rtol=1e-4)


def answers(model: str, name: str, network: object, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    bundle = load_bundle(model)
    take_weights(network, bundle.content(f"{name}.weights.h5"))
    return bundle.network(name)(batch), np.asarray(network(batch, training=False))


def test_int8_networks_agree_closely_on_prints(release_model: str) -> None:
    drawn = master(5, 1)
    made = draw_impression(np.random.default_rng(5), drawn.ridges, drawn.minutiae, ORDINARY)
    image, seen = normalise(made.image), made.visible
    places = (axis[seen] for axis in (made.minutiae.x_px, made.minutiae.y_px, made.minutiae.angle_rad))
    patches = sample_patches(image, *places)[..., None]
    rounded, exact = answers(release_model, "descriptor", patch_tower(), patches)
    assert (rounded * exact).sum(axis=1).min() > 0.97
    rounded, exact = answers(release_model, "minutia_map", minutia_map(), image[None, ..., None])
    heat, foreground = ((1 / (1 + np.exp(-one[..., k])) for one in (rounded, exact)) for k in (0, 5))
    assert np.abs(np.subtract(*heat)).mean() < 0.01
    assert np.abs(np.subtract(*foreground)).mean() < 0.02
    rounded, exact = answers(release_model, "seam_map", seam_map(), folded(image)[None])
    assert np.abs(rounded - exact).mean() < 0.5  # logits; a picture is told by the mean of twelve
    rounded, exact = answers(release_model, "drawn_map", drawn_map(), folded(image)[None])
    assert np.abs(rounded - exact).mean() < 0.5
