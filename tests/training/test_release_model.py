"""The shipped networks: LiteRT answers as Keras does."""

from __future__ import annotations

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
from fpverify.networks.minutia_map import minutia_map  # noqa: E402
from fpverify.networks.patch_siamese import patch_tower  # noqa: E402
from fpverify.networks.seams import seam_map  # noqa: E402
from fpverify.synthesis.dataset import ORDINARY, master  # noqa: E402
from fpverify.synthesis.impression import draw_impression  # noqa: E402
from fpverify.training.export import litert_bytes  # noqa: E402


@pytest.mark.parametrize("shape", [(1, 192, 192, 1), (1, 176, 240, 1)])
def test_the_minutia_map_agrees_in_float32(release_model: str, shape: tuple[int, ...]) -> None:
    assert_agrees(release_model, "minutia_map", minutia_map(), shape)


@pytest.mark.parametrize("count", [1, 37])
def test_the_descriptor_agrees_in_float32(release_model: str, count: int) -> None:
    assert_agrees(release_model, "descriptor", patch_tower(), (count, 64, 64, 1))


@pytest.mark.parametrize("shape", [(1, 48, 48, 16), (1, 44, 60, 16)])
def test_the_seam_map_agrees_in_float32(release_model: str, shape: tuple[int, ...]) -> None:
    assert_agrees(release_model, "seam_map", seam_map(), shape)


def assert_agrees(model: str, name: str, network: object, shape: tuple[int, ...]) -> None:
    network.load_weights(load_bundle(model).folder / f"{name}.weights.h5")
    batch = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    exported = LiteRtNetwork(litert_bytes(network))
    np.testing.assert_allclose(exported(batch), np.asarray(network(batch, training=False)), atol=1e-4, rtol=1e-4)


def answers(model: str, name: str, network: object, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    bundle = load_bundle(model)
    network.load_weights(bundle.folder / f"{name}.weights.h5")
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
