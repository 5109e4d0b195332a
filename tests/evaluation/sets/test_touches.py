"""Touches: every probe by itself against all touches of a finger together."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from fpverify.comparison import fuse
from fpverify.errors import ScanError
from fpverify.evaluation import read_scores, write_scores
from fpverify.evaluation.rates.error_rates import fvc_indicators
from fpverify.evaluation.rates.touch_rates import touch_rates
from fpverify.evaluation.runner import evaluate
from fpverify.evaluation.sets.layout import find_sets, list_prints, list_touches, read_set
from fpverify.evaluation.sets.protocol import make_plans, set_plan
from fpverify.evaluation.sets.touches import fused_touches
from fpverify.synthesis.dataset import synthesise
from fpverify.vocabulary import Evaluation, Score

ORACLE = os.environ.get("FPVERIFY_ORACLE")
TOUCHES = [
    f"{f}_{kind}{n:02d}.png" for f in (9, 10, 101) for kind, most in (("r", 3), ("p", 2)) for n in range(1, most + 1)
]


def folder_of(path: Path, names: list[str]) -> Path:
    path.mkdir(exist_ok=True)
    for name in names:
        (path / name).touch()
    return path


def measured(tmp_path: Path, seed: int = 1) -> Evaluation:
    """Scores of each probe touch against each reference touch, as a runner gives them."""
    plan = set_plan(read_set(folder_of(tmp_path / "set", TOUCHES), touches=True), "touches")
    pairs, rng = plan.comparisons, np.random.default_rng(seed)
    scores = rng.normal(10, 8, len(pairs)) + 15 * pairs.mated
    area = rng.choice([16.8, 37.2], len(plan.scans)).astype(np.float32)
    sides = pairs.probe, pairs.reference, pairs.mated
    return Evaluation(plan.scans, plan.fingers, *sides, scores, "set", "touches", "", "m", area_mm2=area)


def test_every_probe_meets_every_reference_and_nothing_else(tmp_path: Path) -> None:
    plan = make_plans([folder_of(tmp_path / "set", TOUCHES)], "touches")[0]
    sides = plan.comparisons.probe.tolist(), plan.comparisons.reference.tolist(), plan.comparisons.mated.tolist()
    found = {(plan.scans[p], plan.scans[r], mated) for p, r, mated in zip(*sides, strict=True)}
    stems = [name.removesuffix(".png") for name in TOUCHES]
    probes, references = ([one for one in stems if f"_{kind}" in one] for kind in "pr")
    assert found == {(p, r, p.split("_")[0] == r.split("_")[0]) for p in probes for r in references}
    assert len(plan.comparisons) == 6 * 9


def test_touches_are_in_natural_order(tmp_path: Path) -> None:
    names = [one.name for one in list_touches(folder_of(tmp_path / "set", [*TOUCHES, "9_p10.png"]))]
    assert names[:6] == ["9_p01", "9_p02", "9_p10", "9_r01", "9_r02", "9_r03"]
    assert [one.split("_")[0] for one in names[6:]] == ["10"] * 5 + ["101"] * 5


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "no touches"),
        (["1_1.png"], "is no touch"),
        (["1_r00.png"], "from 1"),
        (["1_p1.png", "1_p01.png"], "same touch"),
    ],
)
def test_folders_that_hold_no_touches_are_refused(tmp_path: Path, names: list[str], said: str) -> None:
    with pytest.raises(ScanError, match=said):
        list_touches(folder_of(tmp_path / "set", names))


def test_other_protocols_say_which_takes_touches(tmp_path: Path) -> None:
    with pytest.raises(ScanError, match="protocol touches"):
        list_prints(folder_of(tmp_path / "set", TOUCHES))


def test_a_folder_of_sets_of_touches_is_found(tmp_path: Path) -> None:
    for name in ("optical", "thermal"):
        folder_of(tmp_path / name, TOUCHES)
    assert [one.name for one in find_sets([tmp_path])] == ["optical", "thermal"]


def test_the_score_is_the_best_one_corrected_for_the_touches_that_were_acquired(tmp_path: Path) -> None:
    each = measured(tmp_path)
    table = {(p, r): s for p, r, s in zip(each.probes, each.references, each.scores.tolist(), strict=True)}
    table["9_p01", "10_r02"] = -np.inf
    names = zip(each.probes, each.references, strict=True)
    fused = fused_touches(replace(each, scores=np.array([table[pair] for pair in names])))
    assert len(fused.scores) == 6 * 3
    for probe, reference, score in zip(fused.probes, fused.references, fused.scores.tolist(), strict=True):
        finger = reference.removesuffix("_r00")
        made = [table[probe, f"{finger}_r{n:02d}"] for n in (1, 2, 3)]
        expected = fuse([Score(one) for one in made if np.isfinite(one)]).value
        assert score == pytest.approx(expected, abs=1e-12)
    assert fused.mated.tolist() == [
        p.split("_")[0] == r.split("_")[0] for p, r in zip(fused.probes, fused.references, strict=True)
    ]


def test_refused_touches_fail_where_nothing_is_left_of_them(tmp_path: Path) -> None:
    each = measured(tmp_path)
    failed = ["9_p01", "10_r01", "101_r01", "101_r02", "101_r03"]
    gone = [p in failed or r in failed for p, r in zip(each.probes, each.references, strict=True)]
    scores = np.where(gone, -np.inf, each.scores)
    fused = fused_touches(replace(each, scores=scores, failures=dict.fromkeys(failed, "too faint")))
    assert fused.failures == {"9_p01": "too faint", "101_r00": "none of 3 touches: too faint"}
    lost = [p == "9_p01" or r == "101_r00" for p, r in zip(fused.probes, fused.references, strict=True)]
    assert np.isfinite(fused.scores).tolist() == [not one for one in lost]
    assert fused.notes[-1].startswith("4 of 9 reference touches failed to acquire: 10_r01 (too faint); ")


def test_rates_are_told_by_touches_and_area(tmp_path: Path) -> None:
    each = measured(tmp_path)
    rows = touch_rates(each)
    assert {row["references"] for row in rows} == {1, 2, 3}
    whole = next(row for row in rows if row["references"] == 3 and row["from_mm2"] is None)
    assert whole["eer"] == fvc_indicators(fused_touches(each))["eer"]
    for count in (1, 2, 3):
        parts = [row for row in rows if row["references"] == count]
        assert [(row["from_mm2"], row["to_mm2"]) for row in parts] == [(None, None), (0.0, 20.0), (30.0, 50.0)]
        assert sum(row["mated"] for row in parts[1:]) == parts[0]["mated"] == 6
    first = fused_touches(each, 1)
    assert rows[0]["eer"] == fvc_indicators(first)["eer"]
    alone = {(p, r[:-2] + "01"): s for p, r, s in zip(first.probes, first.references, first.scores, strict=True)}
    pairs = zip(each.probes, each.references, each.scores, strict=True)
    assert alone == {(p, r): s for p, r, s in pairs if r.endswith("01")}


def test_scores_are_written_and_read_back(tmp_path: Path) -> None:
    fused = fused_touches(measured(tmp_path))
    failed = replace(fused, scores=np.where(fused.probe == 0, -np.inf, fused.scores))
    write_scores(failed, tmp_path / "scores.csv")
    lines = (tmp_path / "scores.csv").read_text().splitlines()
    assert lines[1] == "9_p01,9_r00,1,"
    assert fvc_indicators(read_scores(tmp_path / "scores.csv")) == fvc_indicators(failed)


@pytest.mark.skipif(not ORACLE, reason="FPVERIFY_ORACLE names no other evaluation")
@pytest.mark.parametrize("seed", range(5))
def test_the_scores_file_agrees_with_the_oracle(tmp_path: Path, seed: int) -> None:
    spec = importlib.util.spec_from_file_location("oracle", str(ORACLE))
    assert spec is not None
    assert spec.loader is not None
    oracle = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(oracle)
    fused = fused_touches(measured(tmp_path, seed))
    failed = replace(fused, scores=np.where(fused.probe == 0, -np.inf, fused.scores))
    write_scores(failed, tmp_path / "scores.csv")
    theirs, ours = oracle.evaluate(str(tmp_path / "scores.csv")), fvc_indicators(failed)
    assert (theirs["n_genuine"], theirs["n_impostor"], theirs["failed_genuine"]) == (6, 12, 1)
    for name in ("eer", "fmr100", "fmr1000", "zerofmr"):
        assert ours[name] == pytest.approx(theirs[name], abs=1e-12)


def test_touches_cut_from_prints_are_told_apart(tmp_path: Path, release_model: str) -> None:
    folder = tmp_path / "cuts"
    folder.mkdir()
    for one in synthesise(fingers=2, impressions=3, seed=5):
        kind, number = ("p", 1) if one.impression == 3 else ("r", one.impression)
        height, width = one.scan.pixels.shape
        cut = one.scan.pixels[height // 2 - 80 : height // 2 + 80, width // 2 - 80 : width // 2 + 80]
        cv2.imwrite(str(folder / f"{one.finger}_{kind}{number}.png"), cut)
    found = evaluate(folder, protocol="touches", ppi=500, model=release_model, workers=1)
    assert [(p, r) for p, r in zip(found.probes, found.references, strict=True)] == [
        (p, r) for p in ("1_p1", "2_p1") for r in ("1_r00", "2_r00")
    ]
    assert found.mated_scores.min() > found.non_mated_scores.max()
    assert found.area_mm2 is not None
    assert found.area_mm2.tolist() == pytest.approx([66.1] * 4, abs=0.1)
