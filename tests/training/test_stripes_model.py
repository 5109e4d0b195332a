"""The smallest model there is, from its recipe to a decision, by the way that `make model` takes."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml
from tool_modules import tool

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
pytestmark = [pytest.mark.train, pytest.mark.slow]

from fpverify.evaluation import evaluate, fvc_indicators  # noqa: E402
from fpverify.models import Bundle, load_bundle  # noqa: E402
from fpverify.networks.whole_print import whole_print_tower  # noqa: E402
from fpverify.scans import read_scan  # noqa: E402
from fpverify.synthesis.stripes import write_stripes  # noqa: E402
from fpverify.training import read_recipe, train  # noqa: E402
from fpverify.verifier import Verifier  # noqa: E402

RECIPE = Path(__file__).parents[2] / "recipes" / "stripes.yaml"
LESS = {"steps": 60, "pairs": 16}  # a fifth of what the recipe asks for is enough already


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one for stripes, with less to do."""
    wanted = yaml.safe_load(RECIPE.read_text())
    wanted["whole_print"] |= LESS
    path = tmp_path_factory.mktemp("recipe") / "stripes.yaml"
    path.write_text(yaml.safe_dump(wanted))
    return path


@pytest.fixture(scope="module")
def model() -> ModuleType:
    return tool("model")


def words(recipe: Path, out: Path) -> list[str]:
    return ["--recipe", str(recipe), "--out", str(out), "--workers", "0"]


@pytest.fixture(scope="module")
def bundle(model: ModuleType, recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    out = tmp_path_factory.mktemp("model")
    assert model.main(words(recipe, out)) == 0
    return load_bundle(out)


def test_a_model_that_is_whole_is_not_made_again_and_agrees_with_itself(
    model: ModuleType, recipe: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(model, "train", None)
    assert model.main([*words(recipe, bundle.folder), "--against", str(bundle.folder)]) == 0
    said = capsys.readouterr().out
    assert f"{LESS['steps']} of them are done" in said
    assert "whole_print.tflite: the same bytes" in said
    assert "\n!" not in said


def test_a_model_of_another_recipe_does_not_agree(
    model: ModuleType, recipe: Path, bundle: Bundle, release_model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert model.main([*words(recipe, bundle.folder), "--against", release_model]) == 1
    assert "! kind: 'whole-print', not 'minutiae'" in capsys.readouterr().out


def test_it_tells_stripes_apart_whose_width_and_shift_it_never_saw(bundle: Bundle, tmp_path: Path) -> None:
    write_stripes(tmp_path, count=12, seed=99, width_px=(13, 18), shift_px=(14, 50), noise=(0.0, 0.4))
    evaluation = evaluate(tmp_path, model=bundle.folder, workers=1)
    assert fvc_indicators(evaluation)["eer"] == 0


def test_the_published_set_is_enrolled_and_verified(bundle: Bundle, tmp_path: Path) -> None:
    write_stripes(tmp_path / "stripes")
    with Verifier.open(tmp_path / "db", model=bundle.folder) as verifier:
        verifier.enroll(read_scan(tmp_path / "stripes" / "A_00.bmp"), "A")
        assert verifier.verify(read_scan(tmp_path / "stripes" / "A_07.bmp"), "A").match
        assert not verifier.verify(read_scan(tmp_path / "stripes" / "B_00.bmp"), "A").match


def test_the_card_states_operating_points_with_their_evidence(bundle: Bundle) -> None:
    rates = [point.target_fmr for point in bundle.card.operating_points]
    assert rates == [0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001]  # 3,600 comparisons support no lower one
    assert all("no training saw" in point.evidence for point in bundle.card.operating_points)


def test_litert_and_keras_agree(bundle: Bundle) -> None:
    side = bundle.card.input_px
    assert side is not None
    tower = whole_print_tower(side)
    tower.load_weights(bundle.folder / "whole_print.weights.h5")
    images = np.random.default_rng(0).normal(size=(3, side, side, 1)).astype(np.float32)
    np.testing.assert_allclose(bundle.network("whole_print")(images), np.asarray(tower(images)), atol=1e-4)


def test_training_again_changes_nothing(recipe: Path, bundle: Bundle) -> None:
    again = train(recipe, bundle.folder, workers=0, progress=False)
    assert again is not None
    assert again.card.files == bundle.card.files
    assert again.card.calibration == bundle.card.calibration
    assert again.card.operating_points == bundle.card.operating_points


def test_the_card_says_what_the_model_is_for_and_what_it_was_made_from(recipe: Path, bundle: Bundle) -> None:
    assert "not for prints of fingers" in bundle.card.limits
    assert bundle.card.recipe == read_recipe(recipe).model_dump(mode="json")
    assert len(set(bundle.card.seeds.values())) == 3


def test_the_course_of_the_training_is_drawn(bundle: Bundle) -> None:
    picture = bundle.folder / "training" / "whole_print" / "round-1" / "training.png"
    assert picture.read_bytes().startswith(b"\x89PNG")
