"""A recipe that begins with a model trains its networks on, and takes the others as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
pytestmark = [pytest.mark.train, pytest.mark.usefixtures("at_once")]

from fpverify.errors import RecipeError  # noqa: E402
from fpverify.models import Bundle, load_bundle, write_bundle  # noqa: E402
from fpverify.networks.minutia_map import minutia_map  # noqa: E402
from fpverify.networks.patch_siamese import patch_tower  # noqa: E402
from fpverify.training import read_recipe, release, train  # noqa: E402
from fpverify.training.export import take_weights  # noqa: E402
from fpverify.training.stages import stages  # noqa: E402

ROUND = {"steps": 1, "learning_rate": 1e-7, "fingers": 2, "minutiae": 2}


def written(folder: Path, **fields: Any) -> Path:
    recipe = {"kind": "minutiae", "name": "on", "seed": 3, "fingers": 2, **fields}
    (folder / "on.yaml").write_text(yaml.safe_dump(recipe))
    return folder / "on.yaml"


@pytest.mark.slow
def test_what_has_rounds_goes_on_and_the_rest_is_kept(
    tmp_path: Path, release_model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_it_is(bundle: Bundle, *_given: object, **_named: object) -> Bundle:
        return bundle

    monkeypatch.setattr(release, "calibrate", as_it_is)
    monkeypatch.setattr(release, "measure", as_it_is)
    monkeypatch.setattr(release, "learn_strangers", as_it_is)
    monkeypatch.setattr(release, "_strangers", lambda *_: [])
    monkeypatch.setattr("fpverify.training.touch_evidence.learn_touches", as_it_is)
    monkeypatch.setattr(release, "_evidence_sets", lambda *_: [])
    monkeypatch.setattr("fpverify.training.stages.DescriptorValidation", lambda _seed: None)
    monkeypatch.setattr(release, "_exported", lambda *_: b"as it is exported")
    recipe = written(tmp_path, begins=release_model, descriptor=[ROUND])
    made, begun = train(recipe, tmp_path / "out", workers=0, progress=False), load_bundle(release_model)
    assert made is not None
    assert made.card.training_data.endswith(
        f"going on from {release_model}. No real print was used for any weight, threshold or calibration."
    )
    networks = {name for name in begun.card.files if name.endswith((".tflite", ".weights.h5"))}
    assert set(made.card.files) == networks
    other = {name for name in networks if made.card.files[name] != begun.card.files[name]}
    assert other == {"descriptor.tflite", "descriptor.weights.h5"}
    weights = []
    for bundle in (made, begun):
        network = patch_tower()
        take_weights(network, bundle.content("descriptor.weights.h5"))
        weights.append(network.trainable_variables)
    for one, another in zip(*weights, strict=True):
        np.testing.assert_allclose(one.numpy(), another.numpy(), atol=1e-5)


def test_a_former_model_is_gone_on_from_whose_weights_lie_with_a_later_one(tmp_path: Path) -> None:
    former = load_bundle("ridgeline-12")
    assert not (former.folder / "minutia_map.weights.h5").exists()
    recipe = read_recipe(written(tmp_path, begins="ridgeline-12", minutia_map=[{"steps": 1}]))
    network = stages(recipe, tmp_path / "out", 0)[0].network()
    wanted = minutia_map()
    take_weights(wanted, former.content("minutia_map.weights.h5"))
    for one, another in zip(network.get_weights(), wanted.get_weights(), strict=True):
        np.testing.assert_array_equal(one, another)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"begins": "ridgeline-0"}, "begins: .*ridgeline-0"),
        ({"begins": "bare-2"}, "begins: bare-2 is a bare model, not a minutiae model"),
        ({"networks": {"descriptor": [16, 32, 48]}}, r"networks.descriptor: .* has \[48, 80, 112\]"),
        ({"begins": ""}, "minutia_map has no rounds, and no model that it begins with"),
        ({"descriptor": []}, "no network has rounds, so there is nothing to train"),
    ],
)
def test_a_beginning_that_does_not_fit_is_refused(
    tmp_path: Path, release_model: str, fields: dict[str, Any], said: str
) -> None:
    recipe = written(tmp_path, **({"begins": release_model, "descriptor": [ROUND]} | fields))
    with pytest.raises(RecipeError, match=said):
        train(recipe, tmp_path / "out", workers=0, progress=False)


def test_widths_that_only_weights_show_are_refused_too(tmp_path: Path, release_model: str) -> None:
    recipe = written(tmp_path, begins=release_model, places=[{"steps": 1, "channels": [8, 16, 24]}])
    with pytest.raises(RecipeError, match=f"the network places of {release_model} is not of the widths"):
        stages(read_recipe(recipe), tmp_path / "out", 0)[0].network()


def test_a_card_names_the_model_that_training_went_on_from_by_its_id(tmp_path: Path, release_model: str) -> None:
    bundle = load_bundle(release_model)
    write_bundle(tmp_path / "copy", bundle.card, {name: bundle.content(name) for name in bundle.card.files})
    recipe = read_recipe(written(tmp_path, begins=str(tmp_path / "copy"), descriptor=[ROUND]))
    assert f"going on from {release_model}." in release.training_data(recipe)


def test_a_model_without_weights_is_no_beginning(tmp_path: Path, release_model: str) -> None:
    bundle = load_bundle(release_model)
    files = {name: bundle.content(name) for name in bundle.card.files if name != "descriptor.weights.h5"}
    write_bundle(tmp_path / "bare", bundle.card, files)
    recipe = written(tmp_path, begins=str(tmp_path / "bare"), descriptor=[ROUND])
    with pytest.raises(RecipeError, match=r"has no descriptor\.weights\.h5 to go on from"):
        train(recipe, tmp_path / "out", workers=0, progress=False)
