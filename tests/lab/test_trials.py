"""Trials, their files, the table, the page and the picture, on tiny data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fpverify.errors import ModelError
from fpverify.lab import table, trials
from fpverify.lab.design import Design, Stopping
from fpverify.lab.designs import find_design
from fpverify.lab.document import write_document
from fpverify.lab.examples import Examples, View
from fpverify.lab.product import PRODUCT
from fpverify.lab.results import Result, Trial, read_result, read_results
from fpverify.lab.table import run_table, stored_result, table_trials
from fpverify.lab.trials import run_trial

pytestmark = [pytest.mark.train, pytest.mark.usefixtures("at_once")]


@pytest.fixture
def quick() -> dict[str, Design]:
    """Two designs that are trained in a moment."""
    dense = replace(find_design("stripes-dense1"), stopping=Stopping(3), probes=("stripes-shifted",), variants={})
    digits = replace(find_design("mnist-siamese"), stopping=Stopping(2, batch=128))
    return {one.name: one for one in (dense, digits)}


def made_up(design: str, variant: str = "", seed: int = 0, **figures: object) -> Result:
    trial = Trial(design, "stripes", "images", variant, seed)
    curves = {"epoch": [1.0, 2.0], "training": [1.0, 0.21]}
    return Result(trial=trial, declared="", parameters=7, steps=2, seconds=1.0, curves=curves, figures=dict(figures))


def test_a_trial_says_what_it_measured_and_what_with(quick: dict[str, Design], tmp_path: Path) -> None:
    result = run_trial(quick["stripes-dense1"], Trial("stripes-dense1", "stripes", "images"), tmp_path)
    assert result.figures["train_accuracy"] == 1.0
    assert result.figures["accuracy"] == 1.0
    assert result.figures["identical_score"] == 0
    assert set(result.figures["stripes-shifted"]) >= {"accuracy", "accuracy_roc", "eer"}
    assert {"fpverify", "python", "backend", "keras", "numpy"} <= set(result.versions)
    assert len(result.data_sha256) == 64


def test_the_same_seed_gives_the_same_figures(quick: dict[str, Design], tmp_path: Path) -> None:
    trial = Trial("mnist-siamese", "digits", "identities", seed=5)
    one, again = (run_trial(quick["mnist-siamese"], trial, tmp_path).figures for _ in range(2))
    assert {**one, "step_ms": 0} == pytest.approx({**again, "step_ms": 0}, abs=1e-3)


@pytest.mark.parametrize("name", ["siamese-hard-negatives", "autoencoder", "autoencoder-siamese", "twin-194"])
def test_designs_for_prints_are_measured_on_candidates_resolutions_and_real_prints(
    name: str, stripes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(trials.REAL_PRINTS, str(stripes))
    monkeypatch.setattr(trials, "read_examples", lambda data, cache: noise_prints())
    view = {"": View(crop_px=32, side_px=32, colours=1)}
    short = {"stopping": Stopping(1, batch=8), "view": view, "shares": (0.3, 0.2), "scales": (0.5,)}
    design = replace(find_design(name), pairs=replace(find_design(name).pairs, count=16), **short)
    if design.start is not None:
        design = replace(design, start=replace(design.start, stopping=Stopping(1, batch=8)))
    figures = run_trial(design, Trial(name, "ridges"), tmp_path).figures
    assert {"eer", "top1", "top4", "impressions", "scale_0.5", "real"} <= set(figures)
    assert list(figures["real"]["sets"]) == [stripes.name]
    assert ("mining" in figures) == (name == "siamese-hard-negatives")


def noise_prints() -> Examples:
    """40 identities of two noisy impressions each."""
    rng = np.random.default_rng(6)
    faces = rng.random((40, 32, 32, 1), np.float32).repeat(2, axis=0)
    images = np.clip(faces + rng.normal(0, 0.1, faces.shape), 0, 1).astype(np.float32)
    return Examples("ridges", images, np.repeat(np.arange(40), 2).astype(np.int32), "prints")


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    result = made_up("stripes-dense3", "no dropout", 3, eer=0.25, deep={"eer": 0.5})
    path = result.write(tmp_path)
    assert path.name == "stripes-dense3_stripes_images_no-dropout_seed3.json"
    assert read_result(path) == result
    assert list(read_results(tmp_path)) == [result]


def test_a_damaged_result_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"trial": 1}')
    with pytest.raises(ModelError, match="no result"):
        list(read_results(tmp_path))


def test_a_table_goes_on_where_it_was_and_forgets_changed_designs(
    quick: dict[str, Design], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def run(trial: Trial, designs: dict[str, Design], folder: Path, progress: bool) -> Result:
        ran.append(trial.name)
        declared = "" if trial.design == PRODUCT else designs[trial.design].variant(trial.variant).fingerprint
        result = replace(made_up(trial.design), trial=trial, declared=declared)
        result.write(folder)
        if len(ran) == 2:
            raise KeyboardInterrupt
        return result

    monkeypatch.setattr(table, "all_designs", lambda: quick)
    monkeypatch.setattr(table, "run_one", run)
    with pytest.raises(KeyboardInterrupt):
        run_table(tmp_path)
    results = run_table(tmp_path)
    assert ran == [trial.name for trial in table_trials(quick)]
    assert [one.trial for one in results] == table_trials(quick)
    changed = {**quick, "stripes-dense1": replace(quick["stripes-dense1"], stopping=Stopping(4))}
    assert stored_result(tmp_path, Trial("stripes-dense1", "stripes", "images"), changed) is None
    assert stored_result(tmp_path, Trial("stripes-dense1", "stripes", "images"), quick) is not None


def test_the_page_has_a_verdict_counted_from_the_results(tmp_path: Path) -> None:
    stuck = {"train_accuracy": 0.54, "train_always_same": 0.54}
    for result in (
        made_up("stripes-dense3", **stuck),
        made_up("stripes-dense3", seed=1, **stuck),
        made_up("stripes-dense3", "no dropout", train_accuracy=1.0, train_always_same=0.54),
        made_up("stripes-dense3", "adam", **stuck),
    ):
        result.write(tmp_path / "results")
    assert write_document(tmp_path / "lab.md", tmp_path / "results") == 4
    page = (tmp_path / "lab.md").read_text()
    assert "solved on 0 of 2 seeds" in page
    assert "Always cured by: no dropout." in page
    assert "Never: adam." in page
    assert "Real prints" not in page
    assert (tmp_path / "images" / "lab-curves.png").stat().st_size > 1000


@pytest.mark.parametrize("name", ["stripes-dense1", "stripes-conv"])
def test_six_columns_are_drawn_for_a_tower_with_places_and_for_one_without(
    name: str, stripes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    design = replace(find_design(name), stopping=Stopping(1), probes=())
    monkeypatch.setattr(table, "all_designs", lambda: {name: design})
    trial = Trial(name, "stripes", "images")
    paths = (stripes / "A_00.bmp", stripes / "B_01.bmp")
    first = table.draw_figure(trial, paths, tmp_path / "six.png", tmp_path)
    again = table.draw_figure(trial, paths, tmp_path / "again.png", tmp_path)
    assert first == again < 0
    with Image.open(tmp_path / "six.png") as picture:
        assert picture.width > 4 * picture.height
        assert np.asarray(picture).std() > 10
