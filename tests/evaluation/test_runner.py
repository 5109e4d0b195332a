"""Evaluating a folder with the shipped model."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fpverify.comparison import similarities
from fpverify.errors import ModelError, ScanError
from fpverify.evaluation import evaluate, runner
from fpverify.evaluation.rates.summary import metrics
from fpverify.evaluation.report.plots import plot_roc
from fpverify.evaluation.runner import Runner
from fpverify.evaluation.sets.layout import Print, PrintSet, read_set
from fpverify.evaluation.sets.protocol import Plan, finger_comparisons, set_plan
from fpverify.evaluation.surveys import survey
from fpverify.evaluation.templates import TemplateCache
from fpverify.matching import Matcher
from fpverify.models import load_bundle
from fpverify.scans import read_scan
from fpverify.scans.acquisition import Surveyed
from fpverify.store import decode_template, encode_template
from fpverify.synthesis.dataset import write_ridges
from fpverify.vocabulary import Evaluation, Minutiae, Template


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


@pytest.mark.slow
def test_raw_similarities_do_not_depend_on_how_comparisons_are_divided(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(4)
    made = [drawn_template(rng) for _ in range(14)]
    outcomes = [*made[:5], "too faint", *made[5:]]
    fingers = tuple("aabbbccddeeffgg"[: len(outcomes)])
    plan = Plan("drawn", "dense", tuple(map(str, range(15))), fingers, finger_comparisons(fingers))
    expected = [
        -np.inf
        if 5 in (p, r)
        else float(similarities(outcomes[p], [outcomes[r]], alignment=load_bundle().alignment)[0])
        for p, r in zip(plan.comparisons.probe, plan.comparisons.reference, strict=True)
    ]
    for kept, largest, per_process in ((500, 500, 16), (4, 3, 1), (1, 500, 1), (100, 7, 1)):
        monkeypatch.setattr(runner, "KEPT_REFERENCES", kept)
        monkeypatch.setattr(runner, "LARGEST_BLOCK", largest)
        monkeypatch.setattr(runner, "BLOCKS_PER_PROCESS", per_process)
        raw = Runner(workers=1).compare_templates(plan, outcomes, "hash")
        assert raw.scores.tolist() == expected
    assert raw.failures == {"5": "too faint"}
    assert len(set(expected)) > 20


def drawn_template(rng: np.random.Generator) -> Template:
    """Random minutiae, some of them where other drawn templates have theirs."""
    count = 30
    grid = np.random.default_rng(0).integers(0, 1500, (2, count)) / 8
    place = grid + rng.integers(-16, 17, (2, count)) / 8
    minutiae = Minutiae(
        *(np.abs(place)).astype(np.float32),
        rng.uniform(-0.3, 0.3, count).astype(np.float32),
        np.ones(count, np.float32),
    )
    descriptors = np.random.default_rng(1).integers(-90, 90, (count, 16)) + rng.integers(-30, 30, (count, 16))
    return decode_template(encode_template(Template("m", 1.0, minutiae, descriptors.astype(np.int8))))


def test_a_process_keeps_no_more_templates_prepared_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "KEPT_REFERENCES", 4)
    made = [drawn_template(np.random.default_rng(seed)) for seed in range(12)]
    pairs = finger_comparisons("aabbccddeeff")
    gallery = runner._Gallery([encode_template(one) for one in made])
    for places in runner._blocks(pairs, np.ones(12, bool), 1):
        gallery.compared(runner._Block(pairs.probe[places], pairs.reference[places]))
        assert len(gallery._prepared) <= 4


def test_kept_templates_give_the_same_evaluation_and_no_scan_is_read_again(
    folder: Path, evaluation: Evaluation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = TemplateCache(tmp_path / "cache")
    first = evaluate(folder, workers=1, cache=cache)
    assert cache.content().entries == len(evaluation.scans)

    def unwanted(*_: object, **__: object) -> None:
        raise AssertionError("a scan was read")

    monkeypatch.setattr(runner, "scan_from_bytes", unwanted)
    again = evaluate(folder, workers=1, cache=cache)
    for one in (first, again):
        assert one.scores.tolist() == evaluation.scores.tolist()
        assert one.failures == evaluation.failures
        assert np.array_equal(one.quality, evaluation.quality, equal_nan=True)
        assert one.data_hash == evaluation.data_hash


def test_a_template_is_kept_for_one_content_and_one_resolution(folder: Path, tmp_path: Path) -> None:
    cache = TemplateCache(tmp_path / "cache")
    prints = read_set(folder, ppi=500.0).prints
    run = Runner(workers=1, cache=cache)
    run.evaluate(set_plan(PrintSet(folder, "set", prints)))
    before = cache.content().entries
    run.evaluate(set_plan(PrintSet(folder, "set", tuple(replace(one, ppi=490.0) for one in prints))))
    assert cache.content().entries == 2 * before
    copies = tmp_path / "copies"
    copies.mkdir()
    for number, one in enumerate(prints):
        (copies / f"{9 - int(one.finger)}_{number}.bmp").write_bytes(one.path.read_bytes())
    run.evaluate(set_plan(read_set(copies, ppi=490.0)))
    assert cache.content().entries == 2 * before


def test_a_damaged_entry_is_made_again(folder: Path, evaluation: Evaluation, tmp_path: Path) -> None:
    cache = TemplateCache(tmp_path / "cache")
    evaluate(folder, workers=1, cache=cache)
    kept = sorted(path for path in cache.folder.rglob("*.fpvt"))
    whole = [path.read_bytes() for path in kept]
    kept[0].write_bytes(whole[0][:-9])
    kept[1].write_bytes(b"")
    assert evaluate(folder, workers=1, cache=cache).scores.tolist() == evaluation.scores.tolist()
    assert [path.read_bytes() for path in kept] == whole


def test_a_file_that_changes_during_an_evaluation_is_no_entry(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = tmp_path / "copies"
    shutil.copytree(folder, copies)

    def surveyed(prints: Sequence[Print], *given: Any) -> list[Surveyed | str]:
        found = survey(prints, *given)
        prints[0].path.write_bytes(prints[0].path.read_bytes() + b" ")
        return found

    monkeypatch.setattr(runner, "survey", surveyed)
    cache = TemplateCache(tmp_path / "cache")
    with pytest.raises(ScanError, match="changed during"):
        evaluate(copies, workers=1, cache=cache)
    assert cache.content().entries == 0


EVALUATING = """
import sys
from fpverify.evaluation.runner import evaluate
from fpverify.evaluation.surveys import survey
from fpverify.evaluation.templates import TemplateCache
from pathlib import Path
if __name__ == "__main__":
    evaluate(sys.argv[1], workers=2, cache=TemplateCache(Path(sys.argv[2])))
    print("done")
"""


@pytest.mark.slow
def test_a_killed_evaluation_goes_on_where_it_was(tmp_path: Path, release_model: str) -> None:
    prints, cache = tmp_path / "prints", TemplateCache(tmp_path / "cache")
    write_ridges(prints, fingers=8, impressions=3, seed=3)
    script = tmp_path / "evaluating.py"
    script.write_text(EVALUATING)
    started = subprocess.Popen([sys.executable, script, prints, cache.folder], stdout=subprocess.PIPE)
    end = time.monotonic() + 60
    while cache.content().entries < 3 and time.monotonic() < end:
        time.sleep(0.01)
    started.kill()
    assert started.communicate()[0] == b""
    time.sleep(1.0)  # the workers notice, and end
    kept = cache.content().entries
    assert 3 <= kept < 24
    time.sleep(0.5)
    assert cache.content().entries == kept
    whole = {path: path.stat().st_mtime_ns for path in cache.folder.rglob("*.fpvt")}
    evaluate(prints, workers=1, cache=cache)
    assert cache.content().entries == 24
    assert {path: path.stat().st_mtime_ns for path in whole} == whole


def test_verifying_does_not_load_what_only_evaluating_needs() -> None:
    code = "import sys, fpverify.verifier; print(*[name for name in sys.modules if 'fpverify.evaluation' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_reason_does_not_name_the_file_whose_content_may_have_many_names(evaluation: Evaluation) -> None:
    (reason,) = evaluation.failures.values()
    assert "4_1" not in reason
    assert reason.startswith("no ") or reason.startswith("too ")


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


def test_a_file_that_cannot_be_read_is_a_counted_failure(folder: Path, tmp_path: Path) -> None:
    for name in ("1_1", "1_2", "2_1"):
        (tmp_path / f"{name}.bmp").write_bytes((folder / f"{name}.bmp").read_bytes())
    (tmp_path / "2_2.bmp").write_text("not an image")
    done = evaluate(tmp_path, workers=1)
    assert list(done.failures) == ["2_2"]
    assert "not an image" in done.failures["2_2"]
    assert np.isfinite(done.scores).sum() == 3


def test_a_rate_without_evidence_is_refused_with_those_there_are() -> None:
    with pytest.raises(ModelError, match="lies outside it"):
        Matcher.load().operating_point(1e-9)
