from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

Call = Callable[..., Any]


@pytest.fixture
def evaluate(call: Call, stripes: Path, edges_model: Path) -> Call:
    """Evaluates the stripes by the model edges-1, in this process."""
    return lambda *words: call("evaluate", stripes, "--model", edges_model, "--workers", 1, *words)


def test_people_get_a_small_table(evaluate: Call, stripes: Path) -> None:
    ended = evaluate()
    assert (ended.code, ended.err) == (0, "")
    first, *rest = ended.out.splitlines()
    assert first == f"{stripes}: 8 scans, 12 mated and 16 non-mated comparisons (dense)"
    facts = {line.split()[0]: line.split(maxsplit=1)[1] for line in rest}
    assert list(facts) == ["EER", "FMR100", "FMR1000", "ZeroFMR", "FTA", "threshold", "FMR", "FNMR", "model"]
    assert facts["EER"] == "0 %"
    assert facts["FMR1000"] == "0 % (too few comparisons to support it)"
    assert facts["threshold"] == "30.0, for a false match rate of 0.1 %"


def test_programs_get_the_metrics_and_so_does_the_file(evaluate: Call) -> None:
    answer = evaluate("--json", "--metrics", "metrics.json").answer
    assert json.loads(Path("metrics.json").read_text()) == answer
    assert (answer["model"], answer["protocol"], answer["mated"], answer["eer"]) == ("edges-1", "dense", 12, 0.0)


def test_every_comparison_is_in_the_scores_file(evaluate: Call) -> None:
    evaluate("--scores", "scores.csv")
    with Path("scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["probe", "reference", "mated", "score"]
    assert [row["mated"] for row in rows].count("1") == 12
    assert len(rows) == 12 + 16
    for row in rows:
        assert (row["probe"][0] == row["reference"][0]) == (row["mated"] == "1") == (float(row["score"]) >= 30)


def test_the_protocol_chooses_the_comparisons(evaluate: Call) -> None:
    assert evaluate("--protocol", "fvc", "--json").answer["non_mated"] == 1


def test_the_rate_chooses_the_threshold(evaluate: Call) -> None:
    assert evaluate("--fmr", "1%", "--json").answer["threshold"] == pytest.approx(20)


def test_the_roc_is_a_picture(evaluate: Call) -> None:
    evaluate("--roc", "roc.png")
    with Image.open("roc.png") as picture:
        assert picture.width > 300


def test_a_scan_without_a_print_is_counted_and_named(
    evaluate: Call, call: Call, stripes: Path, edges_model: Path
) -> None:
    folder = Path("with-a-blank")
    folder.mkdir()
    for scan in stripes.glob("*.bmp"):
        (folder / scan.name).write_bytes(scan.read_bytes())
    Image.new("L", (300, 300), 255).save(folder / "A_04.bmp", dpi=(500, 500))
    words = ("evaluate", folder, "--model", edges_model, "--workers", 1)
    assert "FTA        11.1 %: A_04" in call(*words).out
    answer = call(*words, "--json").answer
    assert answer["fta"] == pytest.approx(1 / 9)
    assert list(answer["failures"]) == ["A_04"]


def test_the_number_of_workers_changes_nothing(evaluate: Call) -> None:
    evaluate("--scores", "one.csv")
    evaluate("--workers", 2, "--scores", "two.csv")
    assert Path("one.csv").read_bytes() == Path("two.csv").read_bytes()


def test_a_demo_enrolls_verifies_and_draws(call: Call, release_model: str) -> None:
    ended = call("demo", "--out", "tour", "--workers", 1)
    assert ended.code == 0, ended.err
    decisions = [line for line in ended.out.splitlines() if line in {"match", "non-match"}]
    assert decisions == ["match", "non-match"]
    with Image.open("tour/roc.png") as picture:
        assert picture.width > 300
    assert not Path("enroll_db").exists()
