"""Evaluating a folder with the shipped model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fpverify.errors import ModelError, ScanError
from fpverify.evaluation import Matcher, evaluate
from fpverify.evaluation.plots import plot_roc
from fpverify.evaluation.summary import metrics
from fpverify.scans import read_scan
from fpverify.synthesis.dataset import write_ridges
from fpverify.vocabulary import Evaluation


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("prints")
    write_ridges(out, fingers=3, impressions=2, seed=21)
    texture = np.random.default_rng(0).integers(0, 255, (300, 300), dtype=np.uint8)
    Image.fromarray(texture).save(out / "4_1.bmp", dpi=(500, 500))
    return out


@pytest.fixture(scope="module")
def evaluation(folder: Path) -> Evaluation:
    return evaluate(folder, workers=1)


def test_the_number_of_workers_changes_nothing(folder: Path, evaluation: Evaluation) -> None:
    parallel = evaluate(folder, workers=2)
    assert parallel.scores.tolist() == evaluation.scores.tolist()
    assert parallel.probe.tolist() == evaluation.probe.tolist()
    assert parallel.data_hash == evaluation.data_hash


def test_scores_are_those_of_single_comparisons(folder: Path, evaluation: Evaluation) -> None:
    matcher = Matcher.load()
    templates = {name: matcher.template(read_scan(folder / f"{name}.bmp")) for name in ("1_1", "1_2", "2_1")}
    pairs = zip(evaluation.probes, evaluation.references, strict=True)
    stored = dict(zip(pairs, evaluation.scores, strict=True))
    for pair in (("1_1", "1_2"), ("1_2", "2_1")):
        assert matcher.score(templates[pair[0]], templates[pair[1]]).value == stored[pair]


def test_a_scan_without_a_print_is_a_counted_failure(evaluation: Evaluation) -> None:
    assert list(evaluation.failures) == ["4_1"]
    failed = np.array(["4_1" in pair for pair in zip(evaluation.probes, evaluation.references, strict=True)])
    assert np.isneginf(evaluation.scores[failed]).all()
    assert np.isfinite(evaluation.scores[~failed]).all()


def test_mated_scores_lie_above_non_mated_ones(evaluation: Evaluation) -> None:
    made = np.isfinite(evaluation.scores)
    assert evaluation.scores[evaluation.mated & made].min() > evaluation.scores[~evaluation.mated & made].max()


def test_metrics_are_plain_and_complete(evaluation: Evaluation) -> None:
    numbers = metrics(evaluation, Matcher.load().operating_point(0.001))
    assert numbers["mated"] == 3
    assert numbers["fta"] == pytest.approx(1 / 7)
    assert not numbers["fmr1000_supported"]
    assert {"eer", "fmr100", "fmr1000", "zerofmr", "fmr", "fnmr", "threshold"} <= set(numbers)


def test_the_roc_is_drawn(tmp_path: Path, evaluation: Evaluation) -> None:
    plot_roc(evaluation, 30.0, tmp_path / "roc.png")
    with Image.open(tmp_path / "roc.png") as picture:
        assert min(picture.size) > 400


def test_a_file_that_cannot_be_read_is_an_error_and_no_failure_to_acquire(folder: Path, tmp_path: Path) -> None:
    for name in ("1_1", "1_2", "2_1"):
        (tmp_path / f"{name}.bmp").write_bytes((folder / f"{name}.bmp").read_bytes())
    (tmp_path / "2_2.bmp").write_text("not an image")
    with pytest.raises(ScanError, match="2_2"):
        evaluate(tmp_path, workers=1)


def test_a_rate_without_evidence_is_refused_with_those_there_are() -> None:
    with pytest.raises(ModelError, match="lies outside it"):
        Matcher.load().operating_point(1e-9)
