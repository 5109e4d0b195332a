"""A descriptor trained beside a wide one that teaches it, and one without a teacher."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.train

from fpverify.networks import losses  # noqa: E402
from fpverify.networks.patch_siamese import PUPIL, TEACHER, patch_tower, taught_tower  # noqa: E402
from fpverify.synthesis import dataset  # noqa: E402
from fpverify.training.export import weights_bytes  # noqa: E402
from fpverify.training.recipe import MinutiaeRecipe, NetworksRecipe  # noqa: E402
from fpverify.training.stages import Stage, stages  # noqa: E402

RECIPE = MinutiaeRecipe.model_validate(
    {
        "kind": "minutiae",
        "name": "small",
        "seed": 3,
        "fingers": 2,
        "networks": {"taught": True},
        "minutia_map": [{"steps": 1, "images": 1}],
        "descriptor": [{"steps": 1, "fingers": 2, "minutiae": 6}],
    }
)


def patches() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(8, 64, 64, 1)).astype(np.float32)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "SHARD", 2)


def descriptor_stage(state: Path) -> Stage:
    made = {stage.name: stage for stage in stages(RECIPE, state, 0)}
    assert tuple(made) == RECIPE.stage_names
    return made["descriptor"]


def test_pupil_and_teacher_answer_to_the_same_patches() -> None:
    both = taught_tower()
    answers = np.asarray(both(patches(), training=False))
    assert answers.shape == (8, 2, 64)
    for place, name in enumerate((PUPIL, TEACHER)):
        alone = np.asarray(both.get_layer(name)(patches(), training=False))
        np.testing.assert_allclose(answers[:, place], alone, atol=1e-6)


def test_the_teacher_learns_nothing_from_its_pupil() -> None:
    """Its weights after a step do not depend on what the pupil is."""
    after = []
    for seed in (1, 2):
        keras.utils.set_random_seed(5)
        both = taught_tower()
        keras.utils.set_random_seed(seed)
        pupil = patch_tower()
        both.get_layer(PUPIL).set_weights(pupil.get_weights())
        both.compile(optimizer=keras.optimizers.SGD(0.1), loss=losses.taught())
        both.train_on_batch(patches(), np.zeros(8, np.float32))
        after.append((both.get_layer(PUPIL).get_weights(), both.get_layer(TEACHER).get_weights()))
    (one, one_teacher), (other, other_teacher) = after
    assert any(not np.allclose(a, b) for a, b in zip(one, other, strict=True))
    for a, b in zip(one_teacher, other_teacher, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_the_pupil_alone_is_shipped(tmp_path: Path) -> None:
    stage = descriptor_stage(tmp_path)
    both = stage.network()
    stage.rounds[0](both, stage.folder(tmp_path, 0), 0).run(progress=False)
    shipped = stage.trained(tmp_path)
    expected = np.asarray(both(patches(), training=False))[:, 0]
    np.testing.assert_allclose(np.asarray(shipped(patches(), training=False)), expected, atol=1e-6)
    (tmp_path / "alone.weights.h5").write_bytes(weights_bytes(shipped))
    alone = patch_tower()
    alone.load_weights(tmp_path / "alone.weights.h5")
    np.testing.assert_allclose(np.asarray(alone(patches(), training=False)), expected, atol=1e-6)


def test_the_validation_is_of_the_pupil(tmp_path: Path) -> None:
    stage = descriptor_stage(tmp_path)
    training = stage.rounds[0](stage.network(), tmp_path / "one", 0)
    rng = np.random.default_rng(4)
    projection = rng.normal(size=(64 * 64, 64)).astype(np.float32)  # knows neighbourhoods again, if not well
    assert training.validate is not None
    good, bad = (
        training.validate(lambda batch, place=place: answers(batch.reshape(len(batch), -1) @ projection, rng, place))
        for place in (0, 1)
    )
    assert good["eer"] < 0.3 < bad["eer"]


def test_without_a_teacher_the_tower_learns_alone(tmp_path: Path) -> None:
    alone = RECIPE.model_copy(update={"networks": NetworksRecipe(descriptor=(16, 16, 32), taught=False)})
    stage = {made.name: made for made in stages(alone, tmp_path, 0)}["descriptor"]
    tower = stage.network()
    training = stage.rounds[0](tower, stage.folder(tmp_path, 0), 0)
    training.run(progress=False)
    shipped = np.asarray(stage.trained(tmp_path)(patches(), training=False))
    assert shipped.shape == (8, 64)
    np.testing.assert_allclose(shipped, np.asarray(tower(patches(), training=False)), atol=1e-6)
    assert training.validate is not None
    assert set(training.validate(tower.predict_on_batch)) == {"eer"}
    assert tower.count_params() < patch_tower().count_params()


def answers(vectors: np.ndarray, rng: np.random.Generator, place: int) -> np.ndarray:
    """The vectors as the pupil's (0) or the teacher's (1) answers, chance as the other's; of unit length."""
    both = rng.normal(size=(len(vectors), 2, vectors.shape[1])).astype(np.float32)
    both[:, place] = vectors
    return both / np.linalg.norm(both, axis=-1, keepdims=True)
