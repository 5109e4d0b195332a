"""What the stages of a recipe are trained on."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytestmark = [pytest.mark.train, pytest.mark.usefixtures("at_once")]

from fpverify.errors import RecipeError  # noqa: E402
from fpverify.networks.patch_siamese import patch_tower  # noqa: E402
from fpverify.synthesis import dataset  # noqa: E402
from fpverify.training.recipe import MinutiaeRecipe  # noqa: E402
from fpverify.training.stages import stages  # noqa: E402
from fpverify.training.validation import DescriptorValidation  # noqa: E402

ROUND = {"steps": 1, "fingers": 2, "minutiae": 6}
RECIPE = {
    "kind": "minutiae",
    "name": "small",
    "seed": 3,
    "fingers": 2,
    "networks": {"descriptor": [16, 16, 32]},
    "minutia_map": [{"steps": 1, "images": 1}],
    "descriptor": [ROUND, {**ROUND, "flow": "calm"}],
}


@pytest.fixture(autouse=True)
def little_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "SHARD", 2)
    few = partial(DescriptorValidation, fingers=3, impressions=2)
    monkeypatch.setattr("fpverify.training.stages.DescriptorValidation", few)


def test_the_descriptor_learns_and_is_validated_and_what_it_learnt_is_shipped(tmp_path: Path) -> None:
    _, stage = stages(MinutiaeRecipe.model_validate(RECIPE), tmp_path, 0)
    tower = stage.network()
    trainings = [make(tower, stage.folder(tmp_path, number), 0) for number, make in enumerate(stage.rounds)]
    for training in trainings:
        training.run(progress=False)
    patches = np.random.default_rng(1).normal(size=(8, 64, 64, 1)).astype(np.float32)
    shipped = np.asarray(stage.trained(tmp_path)(patches, training=False))
    np.testing.assert_allclose(shipped, np.asarray(tower(patches, training=False)), atol=1e-6)
    assert set(trainings[-1].validate(tower.predict_on_batch)) == {"eer"}
    assert tower.count_params() < patch_tower().count_params()


@pytest.mark.parametrize(
    ("name", "part", "made"),
    [
        ("seam_map", {"steps": 2, "fingers": 9, "pictures": 2}, {"prints": 9}),
        ("drawn_map", {"steps": 2, "pictures": 2}, {"masters": 1}),
    ],
)
def test_a_map_learns_where_a_recipe_has_it(
    name: str, part: dict[str, int], made: dict[str, int], tmp_path: Path
) -> None:
    recipe = MinutiaeRecipe.model_validate({**RECIPE, name: [part]})
    assert recipe.stage_names == ("minutia_map", "descriptor", name)
    *_, stage = stages(recipe, tmp_path, 0)
    network = stage.network()
    before = [weights.copy() for weights in network.get_weights()]
    stage.rounds[0](network, stage.folder(tmp_path, 0), 0).run(progress=False)
    assert any((one != other).any() for one, other in zip(before, network.get_weights(), strict=True))
    assert {folder: len(list((tmp_path / folder).iterdir())) for folder in made} == made
    image = np.random.default_rng(1).normal(size=(1, 6, 8, 16)).astype(np.float32)
    shipped = np.asarray(stage.trained(tmp_path)(image, training=False))
    np.testing.assert_allclose(shipped, np.asarray(network(image, training=False)), atol=1e-6)


def test_a_round_goes_on_from_the_mean_of_the_rounds_it_follows(tmp_path: Path) -> None:
    once = {"steps": 1, "fingers": 9, "pictures": 2}
    rounds = [once, once, {**once, "follows": 2, "fingers": 10, "across_px": 50}]
    *_, stage = stages(MinutiaeRecipe.model_validate({**RECIPE, "seam_map": rounds}), tmp_path, 0)
    network, ended = stage.network(), []
    for number in range(2):
        stage.begin(network, tmp_path, number)
        stage.rounds[number](network, stage.folder(tmp_path, number), 0).run(progress=False)
        ended.append(network.get_weights())
    stage.begin(network, tmp_path, 2)
    assert any((one != other).any() for one, other in zip(*ended, strict=True))
    for mean, *both in zip(network.get_weights(), *ended, strict=True):
        np.testing.assert_allclose(mean, np.mean(both, axis=0), atol=1e-6)
    stage.rounds[2](network, stage.folder(tmp_path, 2), 0).run(progress=False)
    assert len(list((tmp_path / "prints").glob("*.npz"))) == 10
    with pytest.raises(ValueError, match="more than the rounds before it"):
        MinutiaeRecipe.model_validate({**RECIPE, "seam_map": [{**once, "follows": 2}]})


def test_a_round_does_not_go_on_from_one_by_another_recipe(tmp_path: Path) -> None:
    _, stage = stages(MinutiaeRecipe.model_validate(RECIPE), tmp_path, 0)
    stage.rounds[1](stage.network(), stage.folder(tmp_path, 1), 0).run(progress=False)
    changed = {**RECIPE, "descriptor": [{**ROUND, "learning_rate": 0.5}, RECIPE["descriptor"][1]]}
    _, other = stages(MinutiaeRecipe.model_validate(changed), tmp_path, 0)
    with pytest.raises(RecipeError, match="another recipe"):
        other.rounds[1](other.network(), other.folder(tmp_path, 1), 0).run(progress=False)


def test_calm_fingers_are_drawn_for_the_rounds_that_ask_for_them(tmp_path: Path) -> None:
    minutia_map, descriptor = stages(MinutiaeRecipe.model_validate(RECIPE), tmp_path, 0)
    pools = tmp_path / "masters"
    assert not pools.exists()
    for make, of in ((minutia_map.rounds[0], "usual-3"), (descriptor.rounds[0], "usual-3")):
        assert make(None, tmp_path / "round", 0).batches.masters.folder == pools / of
    assert [folder.name for folder in pools.iterdir()] == ["usual-3"]
    assert descriptor.rounds[1](None, tmp_path / "round", 0).batches.masters.folder == pools / "calm-3"


def test_every_round_of_every_recipe_has_batches_of_its_own(tmp_path: Path) -> None:
    seeds = [
        make(None, tmp_path / "round", 0).batches.seed
        for seed in (3, 1_003)
        for stage in stages(MinutiaeRecipe.model_validate({**RECIPE, "seed": seed}), tmp_path, 0)
        for make in stage.rounds
    ]
    assert len(seeds) == 6
    assert len(set(seeds)) == 6


def test_places_learn_where_a_recipe_has_them_and_look_alikes_are_found_when_a_round_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fpverify.training.place_batches.BANK_PLACES", 30)
    monkeypatch.setattr("fpverify.training.place_batches.IMPRESSIONS", 2)
    part = {"steps": 1, "pairs": 8, "channels": [16, 16, 16]}
    recipe = MinutiaeRecipe.model_validate({**RECIPE, "places": [part, {**part, "alike": 0.5, "creased": 1.0}]})
    assert recipe.stage_names == ("minutia_map", "descriptor", "places")
    *_, stage = stages(recipe, tmp_path, 0)
    network = stage.network()
    for number, make in enumerate(stage.rounds):
        folder = stage.folder(tmp_path, number)
        stage.begin(network, tmp_path, number)
        assert (folder / "bank.npz").exists() == (number == 1)
        make(network, folder, 0).run(progress=False)
    assert sorted(one.name for one in (tmp_path / "impressions").iterdir()) == ["1", "2"]  # without creases, and with
    assert stage.trained(tmp_path).output_shape == (None, 48)
