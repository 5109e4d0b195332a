"""A wide network that teaches the one that is shipped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

keras = pytest.importorskip("keras")
pytestmark = pytest.mark.train

from fpverify.errors import RecipeError  # noqa: E402
from fpverify.networks.patch_siamese import patch_tower  # noqa: E402
from fpverify.training.recipe import MinutiaeRecipe  # noqa: E402
from fpverify.training.stages import Stage, stages  # noqa: E402

ROUND = {"steps": 1, "fingers": 2, "minutiae": 6}
REST = {"kind": "minutiae", "name": "small", "seed": 3, "fingers": 2, "minutia_map": [{"steps": 1, "images": 1}]}
ALONE = MinutiaeRecipe.model_validate(REST | {"descriptor": [ROUND]})
TAUGHT = MinutiaeRecipe.model_validate(REST | {"teacher": [ROUND], "descriptor": [ROUND]})


def planned(recipe: MinutiaeRecipe, state: Path) -> dict[str, Stage]:
    made = {stage.name: stage for stage in stages(recipe, state, 1)}
    assert tuple(made) == recipe.stage_names
    return made


def trained(stage: Stage, state: Path) -> keras.Model:
    """A network of random weights, kept as if it had been trained to the end."""
    training = stage.rounds[0](stage.network(), stage.folder(state, 0), 0)
    training._restore()
    training.network.optimizer.build(training.network.trainable_variables)
    training.network.optimizer.iterations.assign(training.schedule.steps)
    training._save()
    return training.network


def test_without_a_teacher_nothing_is_taught(tmp_path: Path) -> None:
    made = planned(ALONE, tmp_path)
    assert "teacher" not in made
    assert made["descriptor"].rounds[0](patch_tower(), tmp_path, 0).teacher is None


def test_a_teacher_comes_first_and_is_not_shipped(tmp_path: Path) -> None:
    made = planned(TAUGHT, tmp_path)
    assert [name for name, stage in made.items() if stage.shipped] == ["minutia_map", "descriptor"]
    with pytest.raises(RecipeError, match=r"teacher.*has to be trained to the end first"):
        made["descriptor"].rounds[0](patch_tower(), tmp_path / "pupil", 0).run(progress=False)


def test_the_teacher_of_a_round_has_the_weights_it_was_trained_to(tmp_path: Path) -> None:
    made = planned(TAUGHT, tmp_path)
    keras.utils.set_random_seed(8)
    teacher = trained(made["teacher"], tmp_path)
    training = made["descriptor"].rounds[0](patch_tower(), tmp_path / "pupil", 0)
    patches = np.random.default_rng(1).normal(size=(4, 64, 64, 1)).astype(np.float32)
    np.testing.assert_allclose(training.teacher()(patches), teacher(patches), atol=1e-5)


def test_a_teacher_of_another_recipe_teaches_nothing(tmp_path: Path) -> None:
    trained(planned(TAUGHT, tmp_path)["teacher"], tmp_path)
    other = planned(changed(teacher=[ROUND | {"temperature": 0.2}]), tmp_path)
    with pytest.raises(RecipeError, match="another recipe"):
        other["descriptor"].rounds[0](patch_tower(), tmp_path / "pupil", 0).teacher()


@pytest.mark.parametrize(
    ("change", "belongs"),
    [
        ({"averaged": {"teacher": 2}}, False),
        ({"teacher": [ROUND, ROUND | {"temperature": 0.2}]}, False),
        ({"averaged": {"descriptor": 2}, "descriptor": [ROUND, ROUND]}, True),
    ],
)
def test_a_pupil_belongs_to_its_teacher(tmp_path: Path, change: dict[str, object], belongs: bool) -> None:
    two = changed(teacher=[ROUND, ROUND])
    trained(planned(two, tmp_path)["descriptor"], tmp_path)
    later = planned(changed(**({"teacher": [ROUND, ROUND]} | change)), tmp_path)["descriptor"]
    first = later.rounds[0](patch_tower(), later.folder(tmp_path, 0), 0)
    if belongs:
        first.finished()
    else:
        with pytest.raises(RecipeError, match="another recipe"):
            first.finished()


def changed(**fields: object) -> MinutiaeRecipe:
    return MinutiaeRecipe.model_validate(TAUGHT.model_dump() | fields)
