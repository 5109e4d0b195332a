"""What an evaluation in Python says: the figures that `fpverify evaluate` prints; and evaluations by any matcher."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fpverify
from fpverify.errors import (
    FailureToAcquire,
    MissingExtra,
    ModelError,
    ScanError,
    SettingsError,
    TooFewComparisons,
    UnsupportedRate,
)
from fpverify.evaluation import read_scores
from fpverify.matching import Matcher
from fpverify.vocabulary import Scan


@pytest.fixture(scope="module")
def evaluation(stripes: Path, edges_model: Path) -> fpverify.Evaluation:
    return fpverify.evaluate(stripes, model=edges_model, fmr=0.01)


def printed(*words: object) -> dict[str, Any]:
    """What a command prints as JSON."""
    import contextlib
    import io

    from fpverify.cli import main

    with contextlib.redirect_stdout(io.StringIO()) as said:
        main([*map(str, words), "--json"])
    return dict(json.loads(said.getvalue()))


def mean_grey(probe: Scan, reference: Scan) -> float:
    return -abs(float(probe.pixels.mean()) - float(reference.pixels.mean()))


class Own:
    """The model of the tests, as somebody else's matcher."""

    def __init__(self, model: Path) -> None:
        self._matcher = Matcher.load(model)

    def template(self, scan: Scan) -> Any:
        return self._matcher.template(scan)

    def score(self, probe: Any, reference: Any) -> Any:
        return self._matcher.score(probe, reference)


def test_figures_are_those_of_the_command_line(
    evaluation: fpverify.Evaluation, stripes: Path, edges_model: Path
) -> None:
    told = printed("evaluate", stripes, "--model", edges_model, "--fmr", 0.01, "--no-cache", "--workers", 1)
    assert evaluation.to_dict() == told
    assert "cutoffs" in told
    assert evaluation.indicators() == {name: told[name] for name in ("eer", "fmr100", "fmr1000", "fmr10000", "zerofmr")}
    assert evaluation.eer == told["eer"]
    assert (evaluation.threshold, evaluation.fmr, evaluation.fnmr) == (told["threshold"], told["fmr"], told["fnmr"])
    assert {name: [one.low, one.high] for name, one in evaluation.intervals().items()} == {
        name: list(told[f"{name}_interval"].values()) for name in evaluation.intervals()
    }
    at_one_percent = evaluation.threshold_at(0.01, unsupported=True)
    assert (None if np.isinf(at_one_percent) else at_one_percent) == told["thresholds"]["fmr100"]
    assert evaluation.det().fnmr.tolist() == told["curve"]["fnmr"]
    assert evaluation.roc().fmr.tolist() == told["curve"]["fmr"]
    assert evaluation.roc().tmr.tolist() == [1 - one for one in told["curve"]["fnmr"]]


def test_rates_are_counts_at_every_threshold(evaluation: fpverify.Evaluation) -> None:
    for threshold in (-100.0, *sorted(set(evaluation.scores.tolist())), 10**6):
        assert evaluation.fmr_at(threshold) == np.mean(evaluation.non_mated_scores >= threshold)
        assert evaluation.fnmr_at(threshold) == np.mean(evaluation.mated_scores < threshold)
        point = evaluation.rates_at(threshold)
        assert (point.fmr, point.fnmr) == (evaluation.fmr_at(threshold), evaluation.fnmr_at(threshold))
        assert point.fmr_interval.low <= point.fmr <= point.fmr_interval.high
    threshold = evaluation.threshold_at(0.2)
    assert evaluation.fmr_at(threshold) <= 0.2


def test_a_rate_that_the_comparisons_do_not_support_is_refused(evaluation: fpverify.Evaluation) -> None:
    with pytest.raises(TooFewComparisons, match=r"16 non-mated comparisons cannot support FMR 0\.001: at least 3000"):
        evaluation.threshold_at(0.001)
    with pytest.raises(UnsupportedRate):
        evaluation.threshold_at(2)
    for wrong in ("high", None, float("nan")):
        with pytest.raises(SettingsError, match="is no threshold"):
            evaluation.fmr_at(wrong)  # type: ignore[arg-type]


def test_what_was_not_measured_has_no_rates(evaluation: fpverify.Evaluation) -> None:
    from dataclasses import replace

    nothing = replace(evaluation, scores=np.full(len(evaluation.scores), -np.inf))
    for call in (nothing.indicators, nothing.intervals, nothing.det, lambda: nothing.eer, lambda: nothing.fmr_at(3)):
        with pytest.raises(TooFewComparisons):
            call()
    assert nothing.to_dict()["eer"] is None
    assert "nothing measured" in repr(nothing)
    assert "not measured" in nothing._repr_html_()
    assert nothing._repr_png_() is None


def test_comparisons_as_a_table(evaluation: fpverify.Evaluation, monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas

    frame = evaluation.to_frame()
    assert isinstance(frame, pandas.DataFrame)
    assert frame["score"].tolist() == evaluation.scores.tolist()
    assert (frame["mated"] == (frame["probe_finger"] == frame["reference_finger"])).all()
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match=r"pip install '\.\[frames\]'"):
        evaluation.to_frame()


def test_a_report_and_files_are_written(evaluation: fpverify.Evaluation, tmp_path: Path) -> None:
    evaluation.report(tmp_path / "report.html", title="Ours")
    evaluation.report(tmp_path / "report.json")
    assert "Ours" in (tmp_path / "report.html").read_text()
    (one,) = json.loads((tmp_path / "report.json").read_text())["sets"]
    assert {name: one[name] for name in evaluation.to_dict()} == evaluation.to_dict()
    for name in ("scores.csv", "figures.json", "roc.png", "roc.svg"):
        evaluation.save(tmp_path / name)
    again = fpverify.read_scores(tmp_path / "scores.csv", fmr=0.01)
    assert again.indicators() == evaluation.indicators()
    assert read_scores(tmp_path / "scores.csv").scores.tolist() == evaluation.scores.tolist()
    assert json.loads((tmp_path / "figures.json").read_text()) == evaluation.to_dict()
    assert (tmp_path / "roc.png").read_bytes().startswith(b"\x89PNG")
    for call in (evaluation.save, evaluation.report):
        with pytest.raises(SettingsError, match="ending in"):
            call(tmp_path / "roc.doc")


def test_a_verifier_evaluates_what_it_has_enrolled(tmp_path: Path, stripes: Path, edges_model: Path) -> None:
    with fpverify.Verifier.open(tmp_path / "db", model=edges_model, key="none", fmr=0.01) as verifier:
        for path in sorted(stripes.glob("*.bmp")):
            verifier.enroll(path, path.stem[0], unchecked=True)
        measured = verifier.evaluate()
    words = ("--store", "--db", tmp_path / "db", "--key", "none", "--model", edges_model, "--fmr", 0.01)
    assert measured.to_dict() == printed("evaluate", *words, "--workers", 1)


# --- any matcher ------------------------------------------------------------------------------------------------------


def test_a_matcher_of_ones_own_gives_the_scores(
    evaluation: fpverify.Evaluation, stripes: Path, edges_model: Path
) -> None:
    own = fpverify.evaluate(stripes, matcher=Own(edges_model), fmr=0.01)
    assert own.model_id == "Own"
    assert own.scores.tolist() == pytest.approx(evaluation.scores.tolist())
    assert own.indicators() == evaluation.indicators()
    assert (own.data_hash, own.resolution) == (evaluation.data_hash, evaluation.resolution)
    loaded = fpverify.evaluate(stripes, matcher=Matcher.load(edges_model), fmr=0.01)
    assert loaded.to_dict() == evaluation.to_dict()


def test_a_function_of_two_scans_is_a_matcher(stripes: Path, tmp_path: Path) -> None:
    own = fpverify.evaluate(stripes, matcher=mean_grey, fmr=0.25)
    assert own.model_id == "mean_grey"
    assert len(own.scores) == 28
    assert own.fmr <= 0.25
    assert "which chose the threshold" in own.point.evidence
    assert own.to_dict()["threshold"] == own.threshold
    own.report(tmp_path / "own.html")
    assert "mean_grey" in (tmp_path / "own.html").read_text()
    assert np.isfinite(fpverify.evaluate(stripes, matcher=mean_grey, fmr=1e-9).threshold)


def test_what_a_matcher_refuses_is_a_failure(stripes: Path) -> None:
    class Picky:
        def template(self, scan: Scan) -> Scan:
            if "A_00" in scan.source:
                raise FailureToAcquire(f"{scan.source}: too dry")
            return scan

        def score(self, probe: Scan, reference: Scan) -> float:
            if "A_01" in probe.source and "A_02" in reference.source:
                raise ScanError("cannot tell")
            return mean_grey(probe, reference)

    own = fpverify.evaluate(stripes, matcher=Picky())
    assert own.failures == {"A_00": "too dry"}
    assert int(np.isinf(own.scores).sum()) == 7 + 1


@pytest.mark.parametrize(
    ("matcher", "said"),
    [
        (5, "was expected, not of type int"),
        (Own, "Own is a class; give an object of it"),
        (lambda a, b: "high", "give a number"),
        (lambda a, b: float("nan"), "give a number"),
        (lambda a, b: None, "give a number"),
    ],
)
def test_what_is_no_matcher_is_one_error(matcher: Callable[..., Any], said: str, stripes: Path) -> None:
    with pytest.raises(ModelError, match=said):
        fpverify.evaluate(stripes, matcher=matcher)


def test_what_cannot_be_evaluated_is_an_error_of_the_tree(stripes: Path, edges_model: Path) -> None:
    with pytest.raises(SettingsError, match="give one"):
        fpverify.evaluate(stripes, matcher=mean_grey, model=edges_model)
    with pytest.raises(SettingsError, match="is unknown"):
        fpverify.evaluate(stripes, model=edges_model, protocol="all")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="takes a list of pairs"):
        fpverify.evaluate(stripes, model=edges_model, protocol="pairs")
    with pytest.raises(ScanError, match="a folder of prints was expected"):
        fpverify.evaluate(None)  # type: ignore[arg-type]
