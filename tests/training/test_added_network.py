"""A network trained by itself is added to a model that was made without it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from tool_modules import tool

keras = pytest.importorskip("keras")
pytest.importorskip("tensorflow")
pytestmark = [pytest.mark.train, pytest.mark.usefixtures("at_once")]

from fpverify.models import load_bundle  # noqa: E402
from fpverify.training import train  # noqa: E402

RECIPE = {
    "kind": "minutiae",
    "name": "small",
    "seed": 3,
    "minutia_map": [{"steps": 1}],
    "descriptor": [{"steps": 1}],
    "seam_map": [{"steps": 1, "fingers": 9, "pictures": 2}],
}


@pytest.mark.slow
def test_nothing_else_of_the_model_changes(
    tmp_path: Path, release_model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe, out, model = tmp_path / "small.yaml", tmp_path / "out", tmp_path / "model"
    recipe.write_text(yaml.safe_dump(RECIPE))
    shutil.copytree(load_bundle(release_model).folder, model)
    before = load_bundle(model)
    assert train(recipe, out, workers=0, only=["seam_map"], progress=False) is None
    assert tool("add_network").main(["seam_map", str(recipe), str(out), str(model)]) == 0
    assert "seam_map.tflite" in capsys.readouterr().out
    after = load_bundle(model)
    added = {"seam_map.tflite", "seam_map.weights.h5"}
    assert {name for name, digest in after.card.files.items() if before.card.files.get(name) != digest} == added
    assert after.card.recipe["seam_map"][0]["fingers"] == 9
    same = replace(after.card, files=before.card.files, recipe=before.card.recipe)
    assert same == before.card
    answer = after.network("seam_map")(np.zeros((1, 12, 8, 16), np.float32))
    assert answer.shape == (1, 6, 4, 1)
    assert tool("add_network").main(["palm", str(recipe), str(out), str(model)]) == 2
    assert "no stage 'palm'" in capsys.readouterr().err
