from __future__ import annotations

import csv
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from fpverify.evaluation import read_scores

Call = Callable[..., Any]


def test_people_get_a_small_table(evaluate: Call, stripes: Path) -> None:
    ended = evaluate()
    assert (ended.code, ended.err) == (0, "")
    table, cutoffs = ended.out.split("\n\n")
    first, *rest = table.splitlines()
    assert first == f"{stripes}: 8 scans, 12 mated and 16 non-mated comparisons (dense)"
    facts = {line.split()[0]: line.split(maxsplit=1)[1] for line in rest}
    assert list(facts) == [
        "EER",
        "FMR100",
        "FMR1000",
        "ZeroFMR",
        "FTA",
        "threshold",
        "FMR",
        "FNMR",
        "model",
        "resolution",
    ]
    assert facts["EER"] == "0 % (0 to 26.5 %)"
    assert facts["FMR1000"] == "0 % (too few comparisons to support it)"
    assert facts["threshold"] == "30.0, for a false match rate of 0.1 %"
    assert facts["resolution"] == "500 ppi, as the files state"
    assert [line.split("  ")[0] for line in cutoffs.splitlines()][1:] == [
        "fixed 0.5",
        "model's evidence, FMR 0.1 %",
        "this set's ROC, FMR 1 %",
    ]


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
    assert "FTA         11.1 %: A_04 (ridges too faint" in call(*words).out
    answer = call(*words, "--json").answer
    assert answer["fta"] == pytest.approx(1 / 9)
    assert list(answer["failures"]) == ["A_04"]


def test_a_set_that_was_refused_whole_has_no_rates(call: Call, stripes: Path, edges_model: Path) -> None:
    Path("faint").mkdir()
    for name in ("1_1", "1_2", "2_1"):
        Image.new("L", (300, 300), 255).save(f"faint/{name}.png", dpi=(500, 500))
    words = ("--model", edges_model, "--workers", 1, "--metrics", "metrics.json", "--report", "report.html")
    ended = call("evaluate", "faint", *words, "--roc", "roc.png")
    assert ended.code == 3
    assert ended.err.count("\n") == 1
    assert "is the resolution (--ppi) right?" in ended.err
    facts = {line.split()[0]: line.split(maxsplit=1)[1] for line in ended.out.splitlines()[1:] if len(line.split()) > 1}
    rates = ("EER", "FMR100", "FMR1000", "ZeroFMR", "FMR", "FNMR")
    assert {facts[rate] for rate in rates} == {"not measured"}
    assert "3 comparisons" not in ended.out.splitlines()[0]
    assert "1 mated and 2 non-mated comparisons, 3 of them failed" in ended.out
    figures = json.loads(Path("metrics.json").read_text())
    assert {figures[one] for one in ("eer", "fmr100", "auc", "fmr", "fnmr", "far", "curve")} == {None}
    assert (figures["fta"], figures["failed"]) == (1.0, 3)
    assert "not measured" in Path("report.html").read_text()
    shutil.copytree(stripes, "both/stripes")
    shutil.copytree("faint", "both/faint")
    ended = call("evaluate", "both", "--model", edges_model, "--workers", 1, "--json")
    assert ended.code == 3
    assert ended.err.startswith("fpverify: faint: not measured")
    assert ended.answer["mean"]["eer"] is None
    assert [one["eer"] for one in ended.answer["sets"]] == [None, 0.0]


def test_what_is_to_be_known_of_a_set_is_printed_and_in_the_json(call: Call, stripes: Path, edges_model: Path) -> None:
    shutil.copytree(stripes, "set")
    shutil.copy("set/A_00.bmp", "set/A_09.bmp")
    Path("set/list.txt").touch()
    words = ("evaluate", "set", "--model", edges_model, "--workers", 1)
    notes = ["left out: 1 file of another kind (.txt)", "A_00 and A_09 are the same file"]
    assert call(*words, "--json").answer["notes"] == notes
    said = call(*words).out
    assert all(re.search(rf"note +{re.escape(note)}", said) for note in notes)


def test_a_finger_where_the_impression_should_be_is_asked_about(call: Call, stripes: Path, edges_model: Path) -> None:
    Path("set").mkdir()
    for scan in stripes.glob("*.bmp"):
        finger, impression = scan.stem.split("_")
        shutil.copy(scan, f"set/{impression}_{'AB'.index(finger)}.bmp")
    ended = call("evaluate", "set", "--model", edges_model, "--workers", 1)
    assert "does the last number of the names mean the impression?" in " ".join(ended.out.split())
    assert "12 false matches come from 6 of 6 pairs of fingers" in ended.out


def test_the_curve_is_in_the_metrics_and_in_the_report(evaluate: Call) -> None:
    evaluate("--metrics", "metrics.json", "--report", "report.json", "--scores", "scores.csv")
    read, figures = read_scores("scores.csv"), json.loads(Path("metrics.json").read_text())
    curve = figures["curve"]
    assert curve["threshold"] == [*sorted(set(read.scores.tolist())), None]
    for threshold, fmr, fnmr in zip(*curve.values(), strict=True):
        match = [threshold is not None and score >= threshold for score in read.scores.tolist()]
        pairs = list(zip(match, read.mated.tolist(), strict=True))
        assert fmr == sum(hit and not mated for hit, mated in pairs) / 16
        assert fnmr == sum(mated and not hit for hit, mated in pairs) / 12
    assert figures["thresholds"].keys() == {"eer", "fmr100", "fmr1000", "fmr10000"}
    (reported,) = json.loads(Path("report.json").read_text())["sets"]
    assert {name: reported[name] for name in figures} == figures


def test_the_number_of_workers_changes_nothing(evaluate: Call) -> None:
    evaluate("--scores", "one.csv")
    evaluate("--workers", 2, "--scores", "two.csv")
    assert Path("one.csv").read_bytes() == Path("two.csv").read_bytes()


@pytest.fixture
def two_sets(stripes: Path, call: Call) -> Path:
    """A folder of two sets: the stripes in files of their usual names, and in a folder for each finger."""
    shutil.copytree(stripes, "sets/flat")
    for scan in stripes.glob("*.bmp"):
        finger, impression = scan.name.split("_")
        target = Path("sets/nested") / finger / impression
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(scan, target)
    return Path("sets")


def test_several_sets_get_a_row_each_their_mean_and_a_pool(call: Call, two_sets: Path, edges_model: Path) -> None:
    words = ("--model", edges_model, "--workers", 1)
    ended = call("evaluate", two_sets, *words)
    assert (ended.code, ended.err) == (0, "")
    first, heads, *rows = ended.out.splitlines()
    assert first == "sets: 2 sets, 16 scans, 24 mated and 32 non-mated comparisons (dense), rates in per cent"
    assert heads.split() == ["set", "EER", "FMR100", "FMR1000", "ZeroFMR", "FTA", "FMR", "FNMR"]
    assert [row.split()[0] for row in rows] == [
        "flat",
        "nested",
        "mean",
        "pooled",
        "EER",
        "threshold",
        "model",
        *["resolution"] * 2,
    ]
    assert call("evaluate", two_sets / "flat", two_sets / "nested", *words).out.splitlines()[1:] == [heads, *rows]


def test_programs_get_the_sets_their_mean_and_the_pool(call: Call, two_sets: Path, edges_model: Path) -> None:
    words = ("--model", edges_model, "--workers", 1, "--json")
    shutil.copy(two_sets / "flat/A_00.bmp", two_sets / "flat/B_99.bmp")  # an error
    answer = call("evaluate", two_sets, "--metrics", "metrics.json", *words).answer
    assert json.loads(Path("metrics.json").read_text()) == answer
    assert list(answer) == ["sets", "mean", "pooled"]
    single = call("evaluate", two_sets / "flat", *words).answer
    assert answer["sets"][0] == {"name": "flat", **single}
    assert single["fnmr"] > 0
    for rate, mean in answer["mean"].items():
        assert mean == pytest.approx(sum(one[rate] for one in answer["sets"]) / 2), rate
    pool = answer["pooled"]
    assert set(pool) == set(single) - {"cutoffs"}
    assert (pool["scans"], pool["mated"]) == (17, 16 + 12)
    assert pool["fnmr"] == pytest.approx(4 / 28)


def test_failures_of_several_sets_are_named_with_their_reasons(call: Call, two_sets: Path, edges_model: Path) -> None:
    Image.new("L", (300, 300), 255).save(two_sets / "nested/A/blank.png", dpi=(500, 500))
    words = ("evaluate", two_sets, "--model", edges_model, "--workers", 1)
    assert "failed in nested A/blank (ridges too faint" in " ".join(call(*words).out.split())
    answer = call(*words, "--json").answer
    assert list(answer["sets"][1]["failures"]) == ["A/blank"]
    assert answer["sets"][1]["failures"]["A/blank"].startswith("ridges too faint")
    assert list(answer["pooled"]["failures"]) == ["nested/A/blank"]


def test_several_sets_write_a_scores_file_each(call: Call, two_sets: Path, edges_model: Path) -> None:
    words = ("evaluate", two_sets, "--model", edges_model, "--workers", 1, "--scores")
    assert call(*words, "new").code == 0
    files = sorted(Path("new").iterdir())
    assert [file.name for file in files] == ["flat.csv", "nested.csv"]
    flat, nested = (file.read_text() for file in files)
    assert nested == flat.replace("_", "/")
    assert call(*words, "new").code == 0  # a folder that is there is taken
    assert [read_scores(file).fingers for file in files] == [("A",) * 4 + ("B",) * 4] * 2
    for wrong in ("scores.csv", files[0]):
        ended = call(*words, wrong)
        assert (ended.code, ended.out) == (2, "")
        assert "is no folder; 2 sets are written to a file each" in ended.err
    assert call("evaluate", two_sets / "flat", "--model", edges_model, "--workers", 1, "--scores", "new").code == 0
    assert files[0].read_text() == flat


def test_cross_sensor_takes_probes_and_references(call: Call, two_sets: Path, edges_model: Path) -> None:
    words = ("--model", edges_model, "--workers", 1, "--protocol", "cross-sensor", "--scores", "scores.csv", "--json")
    answer = call("evaluate", two_sets / "flat", two_sets / "nested", *words).answer
    assert (answer["protocol"], answer["mated"], answer["non_mated"]) == ("cross-sensor", 32, 32)
    read = read_scores("scores.csv")
    assert (read.probes[0], read.references[0]) == ("flat/A_00", "nested/A/00")
    assert call("evaluate", two_sets / "flat", "--protocol", "cross-sensor", "--model", edges_model).code == 2


def test_listed_pairs_are_compared_and_no_others(evaluate: Call) -> None:
    Path("pairs.csv").write_text("probe,reference,mated\nA_01,A_00,1\nB_02,A_00,0\n")
    answer = evaluate("--pairs", "pairs.csv", "--scores", "scores.csv", "--json").answer
    assert (answer["protocol"], answer["mated"], answer["non_mated"], answer["scans"]) == ("pairs", 1, 1, 3)
    assert [line.rpartition(",")[0] for line in Path("scores.csv").read_text().splitlines()[1:]] == [
        "A_01,A_00,1",
        "B_02,A_00,0",
    ]
    assert evaluate("--protocol", "pairs", "--pairs", "pairs.csv", "--json").answer == answer


def test_a_set_says_its_resolution_and_the_option_overrules_it(call: Call, two_sets: Path, edges_model: Path) -> None:
    common = ("evaluate", two_sets / "flat", "--model", edges_model, "--workers", 1)
    said = two_sets / "flat/fpverify-set.yaml"
    said.write_text("ppi: 50")
    ended = call(*common)
    assert (ended.code, ended.out) == (3, "")
    assert "50" in ended.err
    said.write_text("ppi: 400")
    scores = {}
    for words in ((), ("--ppi", 400), ("--ppi", 500)):
        assert call(*common, "--scores", "s.csv", *words).code == 0
        scores[words] = Path("s.csv").read_text()
    assert scores[()] == scores["--ppi", 400] != scores["--ppi", 500]


def test_the_enrolled_impressions_are_evaluated(
    call: Call, evaluate: Call, enroll: Call, edges_model: Path, make_edges_model: Callable[..., Path]
) -> None:
    for subject, letter in (("anna", "A"), ("bo", "B")):
        for number in range(3):
            enroll(f"{letter}_0{number}.bmp", "--finger", "left-thumb", subject=subject)
    words = ("evaluate", "--store", "--model", edges_model, "--workers", 1)
    answer = call(*words, "--db", "enroll_db", "--scores", "scores.csv", "--json").answer
    assert (answer["mated"], answer["non_mated"], answer["scans"], answer["fta"]) == (6, 9, 6, 0)
    read = read_scores("scores.csv")
    assert read.scans[0] == "anna/left-thumb/1"
    assert set(read.fingers) == {"anna/left-thumb", "bo/left-thumb"}
    evaluate("--scores", "files.csv")
    lines = Path("scores.csv").read_text().replace("anna/left-thumb/", "A_0").replace("bo/left-thumb/", "B_0")
    for number in (1, 2, 3):
        lines = lines.replace(f"_0{number}", f"_0{number - 1}")
    assert set(lines.splitlines()) < set(Path("files.csv").read_text().splitlines())
    assert call(*words, "--protocol", "first-reference", "--json").answer["mated"] == 4
    said = call(*words).out
    assert "6 scans, 6 mated and 9 non-mated comparisons (dense)" in said
    assert "FTA        not known" in said
    other = make_edges_model(Path("other"), "other-1")
    ended = call("evaluate", "--store", "--model", other, "--workers", 1)
    assert (ended.code, ended.err.count("\n")) == (3, 1)
    assert "the 6 impressions" in ended.err


def test_touches_are_put_together_by_finger(call: Call, stripes: Path, edges_model: Path) -> None:
    Path("touches").mkdir()
    for scan in stripes.glob("*.bmp"):
        finger, impression = scan.stem.split("_")
        kind = "p" if int(impression) == 0 else "r"
        shutil.copy(scan, f"touches/{finger}_{kind}{int(impression) or 1}.bmp")
    words = ("evaluate", "touches", "--protocol", "touches", "--model", edges_model, "--workers", 1)
    ended = call(*words, "--scores", "scores.csv", "--report", "report.html", "--metrics", "metrics.json", "--json")
    with Path("scores.csv").open() as file:
        rows = [(row["probe"], row["reference"], row["mated"]) for row in csv.DictReader(file)]
    assert rows == [(f"{p}_p1", f"{r}_r00", str(int(p == r))) for p in "AB" for r in "AB"]
    answer = json.loads(Path("metrics.json").read_text())
    assert answer == ended.answer
    assert (answer["protocol"], answer["mated"], answer["non_mated"], answer["eer"]) == ("touches", 2, 2, 0.0)
    assert [row["references"] for row in answer["touches"] if row["from_mm2"] is None] == [1, 2, 3]
    assert "touches" in Path("report.html").read_text()
