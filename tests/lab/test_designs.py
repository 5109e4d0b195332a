"""The published shapes and counts, and that each design can learn at all."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fpverify.errors import SettingsError
from fpverify.lab.changes import Turned
from fpverify.lab.design import Design, Stopping
from fpverify.lab.designs import all_designs, find_design
from fpverify.lab.designs.report import with_weights
from fpverify.lab.examples import Examples
from fpverify.lab.learners import TwinImage
from fpverify.lab.loop import trained
from fpverify.lab.pairs import Balanced, MatedOnly
from fpverify.lab.table import table_trials
from fpverify.lab.towers import DenseTower, Encoder, Twin

SHAPES_OF_194 = [(126, 254, 3), (63, 127, 3), (61, 125, 3), (30, 62, 3), (30, 30, 3), (5, 5, 3), (5, 5), (25,), (1,)]
PUBLISHED = [
    *("stripes-dense3", "stripes-dense1", "stripes-conv", "mnist-siamese", "twin-194", "twin-170", "twin-flatten"),
    *("autoencoder", "siamese-contrastive", "siamese-triplet", "siamese-augmented", "siamese-transfer"),
    *("siamese-hard-negatives", "autoencoder-siamese"),
]


def faces(side: int = 32, identities: int = 6, each: int = 4) -> Examples:
    """Squares, each identity's elsewhere, with a little noise."""
    rng = np.random.default_rng(1)
    images = rng.uniform(0, 0.1, (identities * each, side, side, 1)).astype(np.float32)
    owners = np.repeat(np.arange(identities), each).astype(np.int32)
    for image, owner in zip(images, owners, strict=True):
        row, column = divmod(int(owner), 3)
        image[8 * row : 8 * row + 8, 8 * column : 8 * column + 8] += 0.8
    return Examples("faces", images, owners, "digits")


def test_every_published_design_is_there_with_its_source_and_report() -> None:
    designs = all_designs()
    assert set(PUBLISHED) <= set(designs)
    assert all(one.source and one.reported and one.shows and one.data for one in designs.values())


def test_an_unknown_design_or_variant_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingsError, match="twin-194"):
        find_design("twins")
    with pytest.raises(SettingsError, match="no dropout"):
        find_design("stripes-dense3").variant("no layers")
    with pytest.raises(SettingsError, match="siamese-transfer"):
        with_weights(find_design("twin-194"), Path("resnet.weights.h5"))


def test_no_two_trials_of_the_table_share_a_name() -> None:
    names = [trial.name for trial in table_trials(all_designs())]
    assert len(names) == len(set(names))


def test_another_declaration_has_another_fingerprint() -> None:
    design = find_design("stripes-dense3")
    prints = {design.variant(name).fingerprint for name in ("", *design.variants)}
    assert len(prints) == 1 + len(design.variants)
    assert design.fingerprint == find_design("stripes-dense3").fingerprint


@pytest.mark.train
@pytest.mark.parametrize(
    ("name", "variant"), [("twin-194", ""), ("twin-194", "signed"), ("twin-170", ""), ("twin-170", "elu")]
)
def test_twins_have_exactly_the_published_parameters(name: str, variant: str) -> None:
    network = find_design(name).variant(variant).learner.network((128, 128, 3))
    assert network.count_params() == int(name.removeprefix("twin-"))


@pytest.mark.train
def test_twin_194_has_the_published_shapes_in_the_published_order() -> None:
    network = Twin(difference="signed").build((128, 256, 3))
    shapes = [tuple(operation.output.shape[1:]) for operation in network.operations]
    wanted = iter(shapes)
    assert all(shape in wanted for shape in SHAPES_OF_194)


@pytest.mark.train
def test_an_absolute_difference_is_symmetric_in_the_halves_and_a_signed_one_is_not() -> None:
    rng = np.random.default_rng(2)
    sides = tuple(rng.random((4, 128, 128, 3), np.float32) for _ in range(2))
    gaps = {}
    for difference in ("absolute", "signed"):
        learner = TwinImage(Twin(difference=difference))  # type: ignore[arg-type]
        network = learner.network((128, 128, 3))
        gaps[difference] = np.abs(learner.scores(network, sides) - learner.scores(network, sides[::-1])).max()
    assert gaps["absolute"] < 1e-5 < gaps["signed"]


@pytest.mark.train
def test_the_dense_tower_is_the_published_one() -> None:
    network = DenseTower().build((160, 160, 1))
    assert [layer.__class__.__name__ for layer in network.layers[1:]] == ["Flatten", *["Dense", "Dropout"] * 2, "Dense"]
    assert network.count_params() == (25600 + 1) * 128 + 2 * (128 + 1) * 128


@pytest.mark.train
def test_the_autoencoder_narrows_to_sixteen_and_draws_in_the_unit_range() -> None:
    network = find_design("autoencoder").learner.network((128, 128, 1))
    assert network.output.shape[1:] == (128, 128, 1)
    assert (16, 16, 32) in [tuple(layer.output.shape[1:]) for layer in network.layers]
    answer = np.asarray(network(np.zeros((1, 128, 128, 1), np.float32)))
    assert 0 <= answer.min() <= answer.max() <= 1


@pytest.mark.train
@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    "name", ["stripes-dense1", "stripes-conv", "siamese-triplet", "siamese-hard-negatives", "twin-194", "autoencoder"]
)
def test_a_few_steps_make_the_loss_smaller_and_identical_images_are_nearest(name: str) -> None:
    import keras

    keras.utils.set_random_seed(3)
    design = small(find_design(name))
    examples = faces()
    network = design.learner.network(examples.images.shape[1:])
    curves, _ = trained(design, network, examples, examples.taken(np.arange(0)), np.random.default_rng(3))
    assert min(curves.training[-3:]) < curves.training[0]
    same, other = examples.images[:4], examples.images[20:]
    assert (
        design.learner.scores(network, (same, same)).min() > design.learner.scores(network, (same, other)).max() - 1e-3
    )
    among = design.learner.scores_among(network, examples.images, np.arange(4), np.arange(20, 24))
    assert np.allclose(among, design.learner.scores(network, (same, other)), atol=1e-4)


def small(design: Design) -> Design:
    pairs = (
        MatedOnly(24) if design.name in {"siamese-triplet", "siamese-hard-negatives", "autoencoder"} else Balanced(24)
    )
    learner = replace(design.learner, margin=1.9) if "siamese-" in design.name else design.learner  # codes are 2 apart
    return replace(design, learner=learner, pairs=pairs, stopping=Stopping(8, batch=12, optimizer="adam", rate=3e-3))


@pytest.mark.train
@pytest.mark.usefixtures("at_once")
def test_early_stopping_goes_back_to_the_best_weights() -> None:
    design = replace(small(find_design("stripes-dense1")), stopping=Stopping(40, batch=12, rate=1.0, patience=2))
    network = design.learner.network((32, 32, 1))
    curves, _ = trained(design, network, faces(), faces(), np.random.default_rng(4))
    best = int(np.argmin(curves.validation))
    assert len(curves.epochs) == best + 3 < 40


@pytest.mark.train
def test_a_trained_encoder_gives_its_weights_to_the_tower_of_the_same_names() -> None:
    names = [layer.name for layer in Encoder(units=8).build((32, 32, 1)).layers]
    first = find_design("autoencoder").learner.network((32, 32, 1))
    assert {"encode0", "encode1", "encode2"} <= set(names) & {layer.name for layer in first.layers}


def test_copies_in_the_twin_designs_are_changed_by_ten_degrees_and_ten_per_cent() -> None:
    assert find_design("twin-194").change == Turned(degrees=10.0, zoom=0.1)
