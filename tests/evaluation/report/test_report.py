"""Reports: their numbers, their independence of names and networks, and how a browser takes them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fpverify.cli.program import main
from fpverify.errors import ScanError
from fpverify.evaluation import read_scores, write_scores
from fpverify.evaluation.rates.error_curve import error_curve
from fpverify.evaluation.rates.summary import metrics
from fpverify.evaluation.report.content import ReportContent, report_content
from fpverify.evaluation.report.figures import roc
from fpverify.evaluation.report.gallery import Pair
from fpverify.evaluation.report.matchers import matchers_content, read_matchers
from fpverify.evaluation.report.page import matchers_page, report_page, summary
from fpverify.evaluation.report.zoo import zoo
from fpverify.matching import Matcher
from fpverify.synthesis.dataset import write_ridges
from fpverify.vocabulary import Evaluation, Interval, OperatingPoint

POINT = OperatingPoint(0.01, 20.0, 0.01, 0.02, Interval(0, 1), Interval(0, 1), 0.0, 9, 9, "made up", "m")
CHROMIUM = os.environ.get("FPVERIFY_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="no chromium on the path, and none in FPVERIFY_CHROMIUM")


def made_up(name: str = "set", fingers: int = 8, impressions: int = 4, seed: int = 0, gap: float = 40) -> Evaluation:
    rng = np.random.default_rng(seed)
    finger = np.repeat(np.arange(fingers), impressions)
    probe, reference = (side.astype(np.int32) for side in np.triu_indices(len(finger), 1))
    mated = finger[probe] == finger[reference]
    scores = np.where(mated, rng.normal(gap, 10, len(mated)), rng.normal(2, 7, len(mated)))
    scans = tuple(f"{f}_{k % impressions}" for k, f in enumerate(finger.tolist()))
    return Evaluation(
        scans, tuple(map(str, finger.tolist())), probe, reference, mated, scores, name, "dense", "0" * 64, "m"
    )


def content_of(*evaluations: Evaluation, pairs: tuple[Pair, ...] = ()) -> ReportContent:
    figures = [metrics(one, POINT) for one in evaluations]
    return report_content("A report", evaluations, figures, POINT, pooled_figures=figures[0], pairs=pairs)


class Cells(HTMLParser):
    """The cells of tables by the table's id, tags dropped."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self._table, self._cell = "", False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self._table = dict(attrs).get("id") or ""
            self.rows[self._table] = []
        elif tag == "tr":
            self.rows[self._table].append([])
        elif tag in {"td", "th"}:
            self.rows[self._table][-1].append("")
            self._cell = True

    def handle_endtag(self, tag: str) -> None:
        self._cell = self._cell and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        if self._cell:
            self.rows[self._table][-1][-1] += data


# --- what it says ---------------------------------------------------------------------------------------------------


def test_the_table_has_the_figures_of_the_metrics() -> None:
    sets = made_up("optical"), made_up("thermal", seed=1, gap=25)
    content = content_of(*sets)
    heads, first, second, mean, _ = Cells(report_page(content)).rows["rates"]
    assert heads == ["set", "EER", "FMR100", "FMR1000", "ZeroFMR", "FTA", "FMR", "FNMR"]
    for row, one in ((first, sets[0]), (second, sets[1])):
        figures = metrics(one, POINT)
        shown = [float(cell.split()[0]) for cell in row[1:]]
        names = ("eer", "fmr100", "fmr1000", "zerofmr", "fta", "fmr", "fnmr")
        assert shown == [round(100 * figures[name], 2) for name in names]
        assert "unsupported" in row[3]
        assert f"({100 * figures['fnmr_interval']['low']:.2f} to" in row[7]
    assert float(mean[1]) == pytest.approx((float(first[1].split()[0]) + float(second[1].split()[0])) / 2, abs=0.006)


def test_the_summary_counts_attempts() -> None:
    said = " ".join(summary(content_of(made_up(gap=25))))
    figures = metrics(made_up(gap=25), POINT)
    assert f"about {1000 * figures['fnmr']:.0f} of 1,000 attempts by the right finger are refused" in said
    assert "48 comparisons within and 448 between 8 fingers: few" in said


def test_the_roc_shows_its_curve_even_where_refusals_are_all_that_fails() -> None:
    evaluation = made_up(gap=2000)
    mated = np.flatnonzero(evaluation.mated)
    evaluation.scores[mated[: len(mated) // 20]] = -np.inf
    (axes,) = roc([evaluation]).axes
    accepted = axes.lines[0].get_ydata()
    assert axes.get_ylim()[0] < max(accepted) < 0.96


def test_json_says_the_same_without_pictures() -> None:
    pair = Pair("set", "1_1", "1_2", mated=True, score=3.0, match=False, why="why not", png=b"png")
    plain = json.loads(json.dumps(content_of(made_up(), pairs=(pair,)).to_dict(), allow_nan=False))
    assert plain["sets"][0]["eer"] == metrics(made_up(), POINT)["eer"]
    assert plain["gallery"][0]["why"] == "why not"
    assert "png" not in plain["gallery"][0]
    assert {"operating_point", "mean", "pooled", "fingers", "provenance"} <= set(plain)


def test_a_finger_that_is_always_refused_is_a_goat_and_the_others_sheep() -> None:
    one = made_up(fingers=10)
    goat = np.array([finger == "3" for finger in one.fingers])
    one.scores[one.mated & goat[one.probe]] = 0.0
    rows = zoo(one, 20.0)
    assert (rows[0].finger, rows[0].animal, rows[0].false_non_matches, rows[0].mated) == ("3", "goat", 6, 6)
    assert {row.animal for row in rows[1:]} == {"sheep"}


def test_fingers_taken_for_each_other_are_wolves() -> None:
    one = made_up(fingers=12)
    pair = np.array([finger in {"3", "5"} for finger in one.fingers])
    one.scores[~one.mated & pair[one.probe] & pair[one.reference]] = 50.0
    assert {row.finger for row in zoo(one, 30.0) if row.animal == "wolf"} == {"3", "5"}


def test_every_set_says_how_many_comparisons_failed() -> None:
    one = made_up()
    one.scores[[3, 40]] = -np.inf
    rows = Cells(report_page(content_of(one))).rows["rates"]
    assert "496 comparisons, 2 failed" in rows[1][0]
    assert content_of(one).to_dict()["sets"][0]["failed"] == 2


def test_a_report_on_nothing_says_that_nothing_was_measured() -> None:
    one = made_up()
    empty = replace(one, scores=np.full(len(one.scores), -np.inf), failures=dict.fromkeys(one.scans, "too small"))
    content = content_of(empty)
    page, plain = report_page(content), json.loads(json.dumps(content.to_dict(), allow_nan=False))
    _, row = Cells(page).rows["rates"]
    assert [cell for cell in row[1:] if cell != "not measured"] == ["100.00"]  # FTA
    assert "<svg" not in page
    assert "No error rates were measured: 496 comparisons could not be made." in page
    assert plain["sets"][0]["eer"] is plain["sets"][0]["fmr"] is plain["mean"]["eer"] is None
    assert plain["mean"]["fta"] == 1.0
    assert plain["sets"][0]["curve"] is None
    assert "is the resolution (--ppi) right?" in page


def test_a_set_that_was_not_measured_is_left_out_of_the_curves_of_others() -> None:
    one, other = made_up("good"), made_up("bad", seed=1)
    other.scores[:] = -np.inf
    page = report_page(content_of(one, other))
    assert page.count(">A good</text>") > 0
    assert page.count("bad</text>") == 0
    assert "bad: no comparison was made" in page


@pytest.mark.slow
def test_false_matches_of_one_pair_of_fingers_are_said_to_be_that() -> None:
    one = made_up(fingers=12)
    pair = np.array([finger in {"3", "5"} for finger in one.fingers])
    one.scores[~one.mated & (one.scores >= POINT.threshold)] = 0.0
    one.scores[np.flatnonzero(~one.mated & pair[one.probe] & pair[one.reference])[:9]] = 50.0
    shown = Pair("set", "3_1", "5_1", mated=False, score=50.0, match=True, why="alike", png=b"png")
    content = content_of(one, pairs=(shown,))
    said = "9 false matches come from 1 of 66 pairs of fingers; 3 and 5 make 9 (100 %)."
    assert said in summary(content)
    assert said in report_page(content).partition("Non-mated pairs with the highest scores")[2]
    assert content.to_dict()["pooled"]["false_matches"]["worst"]["fingers"] == ["3", "5"]


@pytest.mark.slow
def test_notes_stand_on_the_page_and_in_the_json() -> None:
    sets = [
        replace(made_up(name), notes=("1 file left out", f"{name}_1 and {name}_2 are the same file")) for name in "ab"
    ]
    content = content_of(*sets)
    notes = ["a: a_1 and a_2 are the same file", "b: b_1 and b_2 are the same file", "1 file left out"]
    assert content.to_dict()["notes"] == notes
    assert [f"<li>{note}</li>" in report_page(content) for note in notes] == [True] * 3


# --- what it does not depend on -------------------------------------------------------------------------------------


def test_names_are_text_wherever_they_stand() -> None:
    evil = '<script>alert("1")</script>'
    one = replace(made_up(evil), fingers=tuple(evil + finger for finger in made_up().fingers), failures={evil: evil})
    pair = Pair(evil, evil, evil, mated=True, score=3.0, match=False, why=evil, png=b"png")
    page = report_page(content_of(one, pairs=(pair,)))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "<script" not in matchers_page(matchers_content(evil, {evil: {"": one}}))


@pytest.mark.slow
def test_the_same_evaluation_gives_the_same_page() -> None:
    assert report_page(content_of(made_up())) == report_page(content_of(made_up()))


def test_the_page_refers_to_nothing_outside() -> None:
    page = report_page(content_of(made_up(), made_up("other", seed=2)))
    assert re.findall(r"(?:src|href)=\"(?!data:|#)[^\"]*\"", page) == []
    assert "@import" not in page
    assert re.findall(r"url\((?!#)[^)]*\)", page) == []


# --- matchers -------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_matchers(tmp_path: Path) -> list[Path]:
    files = []
    for matcher, gap in (("good", 40.0), ("poor", 15.0)):
        for number, name in enumerate(("a", "b")):
            files.append(tmp_path / f"{matcher}__{name}.csv")
            write_scores(made_up(seed=number, gap=gap), files[-1])
    return files


def test_matchers_are_told_apart_on_the_same_pairs(two_matchers: list[Path]) -> None:
    content = matchers_content("Both", read_matchers(two_matchers))
    assert [row.name for row in content.rows] == ["good", "poor"]
    assert list(content.sets) == ["a", "b"]
    assert content.rows[0].against_best is None
    assert all(one.excludes_zero and one.value > 0 for one in (content.rows[1].against_best or {}).values())
    heads, good, poor = Cells(matchers_page(content)).rows["eer"]
    assert heads == ["matcher", "a", "b", "mean", "pooled"]
    assert float(good[3].split()[0]) < float(poor[3].split()[0])
    assert "*" in poor[1]


def test_the_command_writes_the_page_and_the_figures(
    two_matchers: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.html"
    assert main(["report", *map(str, two_matchers), "--out", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [one["name"] for one in answer["matchers"]] == ["good", "poor"]
    assert out.read_text().startswith("<!DOCTYPE html>")


def test_the_json_of_matchers_has_the_curve_of_each_on_each_set(two_matchers: list[Path], tmp_path: Path) -> None:
    assert main(["report", *map(str, two_matchers), "--out", str(tmp_path / "report.json")]) == 0
    content = json.loads((tmp_path / "report.json").read_text())
    for matcher in content["matchers"]:
        for name, figures in matcher["metrics"].items():
            read = read_scores(tmp_path / f"{matcher['name']}__{name}.csv")
            assert figures["curve"] == error_curve(read.mated_scores, read.non_mated_scores)
            at = figures["curve"]["threshold"].index(figures["thresholds"]["fmr100"])
            assert figures["curve"]["fnmr"][at] == figures["fmr100"]


def test_distances_are_asked_about_wherever_the_scores_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one = made_up()
    write_scores(replace(one, scores=-one.scores), tmp_path / "far.csv")
    write_scores(one, tmp_path / "near.csv")
    files, out = [str(tmp_path / f"{name}.csv") for name in ("near", "far")], tmp_path / "page.html"
    assert main(["report", *files, "--out", str(out)]) == 0
    asked = "far: mated scores are lower than the others: are they distances?"
    assert asked in " ".join(capsys.readouterr().out.split())
    assert asked in out.read_text()
    assert main(["report", *files, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == [asked]


def test_failures_in_scores_files_are_counted_in_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = made_up()
    one.scores[:7] = -np.inf
    write_scores(one, tmp_path / "some.csv")
    text = (tmp_path / "some.csv").read_text()
    (tmp_path / "other.csv").write_text(re.sub(r",\n", ",NaN\n", text))
    assert main(["report", str(tmp_path / "some.csv"), str(tmp_path / "other.csv")]) == 0
    heads, *rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert heads[-2:] == ["comparisons", "failed"]
    assert [row[-2:] for row in rows] == [["496", "7"], ["496", "7"]]


@pytest.mark.parametrize(("kind", "said"), [("", "no comparison was made (496 failed)"), ("mated", "no mated comp")])
def test_scores_of_which_none_was_made_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, said: str
) -> None:
    one = made_up()
    write_scores(replace(one, scores=np.where(one.mated | (not kind), -np.inf, one.scores)), tmp_path / "x.csv")
    assert main(["report", str(tmp_path / "x.csv"), "--out", str(tmp_path / "x.html")]) == 3
    assert said in capsys.readouterr().err
    assert not (tmp_path / "x.html").exists()


def test_hashes_are_called_what_they_are_taken_of(two_matchers: list[Path], tmp_path: Path, evaluated: Path) -> None:
    assert main(["report", *map(str, two_matchers), "--out", str(tmp_path / "report.json")]) == 0
    provenance = json.loads((tmp_path / "report.json").read_text())["provenance"]
    digest = hashlib.sha256(two_matchers[0].read_bytes()).hexdigest()
    assert provenance["SHA-256 of the scores file of good__a"] == digest
    assert "model" not in provenance
    assert "SHA-256 of names and files of the scans of prints" in (evaluated / "report.html").read_text()


def test_other_pairs_a_second_file_and_a_missing_set_are_refused(two_matchers: list[Path], tmp_path: Path) -> None:
    write_scores(made_up(fingers=7), tmp_path / "third__a.csv")
    write_scores(made_up(fingers=8), tmp_path / "third__b.csv")
    with pytest.raises(ScanError, match="same pairs"):
        matchers_content("", read_matchers([*two_matchers, tmp_path / "third__a.csv", tmp_path / "third__b.csv"]))
    with pytest.raises(ScanError, match="poor has no scores for b"):
        read_matchers(two_matchers[:3])
    with pytest.raises(ScanError, match="give each once"):
        read_matchers([*two_matchers, two_matchers[0]])


def test_a_missing_file_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "nothing.csv"]) == 3
    assert capsys.readouterr().err.count("\n") == 1


# --- in a browser ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a small synthetic set, gallery and all."""
    folder = tmp_path_factory.mktemp("reported")
    write_ridges(folder / "prints", fingers=4, impressions=3, seed=9)
    words = ["evaluate", str(folder / "prints"), "--report", str(folder / "report.html"), "--workers", "1"]
    assert main([*words, "--figures", str(folder / "figures")]) == 0
    return folder


def test_a_set_of_prints_gets_a_small_page_with_a_gallery(evaluated: Path) -> None:
    page = (evaluated / "report.html").read_text()
    assert len(page) < 2_000_000
    assert page.count('class="pair"') == 6 + 4  # of the non-mated pairs, two for each of four fingers
    assert Matcher.load().model_id in page
    assert {path.name for path in (evaluated / "figures").iterdir()} == {
        f"{name}.{ending}" for name in ("det", "roc", "histogram", "rates", "reliability") for ending in ("svg", "png")
    }


def browsed(page: Path, folder: Path) -> tuple[Path, list[str], list[str]]:
    """A screenshot, what the page complained about, and what it asked the network for."""
    shot, log = folder / "shot.png", folder / "net.json"
    done = subprocess.run(
        [
            str(CHROMIUM),
            *("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"),
            *("--enable-logging=stderr", f"--user-data-dir={folder / 'profile'}", f"--log-net-log={log}"),
            *(f"--screenshot={shot}", "--window-size=1200,5000", page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    asked = [event.get("params") or {} for event in json.loads(log.read_text())["events"]]
    its_own = [one["url"] for one in asked if "url" in one and "file://" in str(one.get("network_isolation_key"))]
    complaints = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return shot, complaints, [url for url in its_own if url.startswith("http")]


@needs_chromium
@pytest.mark.slow
def test_a_page_that_complains_and_asks_is_found_out(tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text('<img src="http://example.invalid/x.png"><script>console.error("no")</script>')
    _, complaints, requests = browsed(tmp_path / "bad.html", tmp_path)
    assert len(complaints) >= 1
    assert requests == ["http://example.invalid/x.png"]


@needs_chromium
@pytest.mark.slow
def test_a_browser_shows_it_without_errors_or_requests(evaluated: Path, tmp_path: Path) -> None:
    shot, complaints, requests = browsed(evaluated / "report.html", tmp_path)
    assert (complaints, requests) == ([], [])
    with Image.open(shot) as picture:
        pixels = np.asarray(picture.convert("L"), np.float32)
    ink = (pixels[:, 60:1140] < 200).mean(axis=1)  # share in each row of the page
    curves, gallery = ink[600:1500], ink[2400:3600]
    assert (curves > 0.002).mean() > 0.3
    assert (gallery > 0.05).mean() > 0.3


@needs_chromium
@pytest.mark.slow
def test_a_browser_shows_the_comparison_of_matchers(two_matchers: list[Path], tmp_path: Path) -> None:
    page = tmp_path / "matchers.html"
    page.write_text(matchers_page(matchers_content("Both", read_matchers(two_matchers))))
    shot, complaints, requests = browsed(page, tmp_path)
    assert (complaints, requests) == ([], [])
    with Image.open(shot) as picture:
        assert np.asarray(picture.convert("L"))[1000:3000].min() < 100
