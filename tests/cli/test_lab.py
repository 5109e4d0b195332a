"""The lab on the command line, as far as it goes without training."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fpverify.lab.results import SHIPPED

Call = Callable[..., Any]
OWN = SHIPPED / "twin-194_ridges_identities_seed0.json"


def test_the_designs_are_listed_with_what_was_reported(call: Call) -> None:
    said = call("lab", "list")
    assert said.code == 0
    assert "stripes-dense3" in said.out
    assert "training accuracy 0.54" in said.out


def test_the_list_is_one_json_object_for_programs(call: Call) -> None:
    designs = {one["name"]: one for one in json.loads(call("lab", "list", "--json").out)["designs"]}
    assert designs["twin-170"]["variants"] == ["elu"]
    assert designs["mnist-siamese"]["splits"] == ["images", "identities"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("run", "twins"), 2, "no design is named 'twins'"),
        (("run", "twin-170", "--variant", "relu"), 2, "no variant 'relu'; there are elu"),
        (("run", "twin-170", "--data", "nowhere"), 3, "nowhere: no such set or path"),
        (("run", "twin-170", "--split", "fingers"), 2, "--split"),
        (("figure", "twins", "a.bmp", "b.bmp", "--out", "six.png"), 2, "no design is named"),
        (("figure", "twin-170", "a.bmp", "b.bmp", "--out", "six.gif"), 2, "ends in none of .png"),
        (("table", "--docs", "page.txt"), 2, "ends in none of .md"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(call: Call, words: tuple[str, ...], code: int, said: str) -> None:
    ended = call("lab", *words)
    assert (ended.code, ended.err.count("\n")) == (code, 1)
    assert said in ended.err


@pytest.fixture
def no_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a plain installation."""
    for name in ("keras", "tensorflow"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.usefixtures("no_keras")
def test_the_table_shows_the_results_that_come_with_the_package(call: Call) -> None:
    shown = call("lab", "table")
    assert shown.code == 0
    assert any(line.split()[:2] == ["twin-194", "signed"] for line in shown.out.splitlines())
    *_, last = shown.out.splitlines()
    assert last == "61 results, which come with fpverify; runs/lab holds none"
    results = json.loads(call("lab", "table", "--json").out)["results"]
    assert len(results) == 61
    assert {"trial", "figures", "versions"} <= set(results[0])


def test_the_table_prefers_results_of_ones_own(call: Call) -> None:
    Path("own").mkdir()
    shutil.copy(OWN, "own")
    head, row, _, last = call("lab", "table", "--results", "own").out.splitlines()
    assert head.split()[0] == "design"
    assert row.split()[0] == "twin-194"
    assert last == "1 result, of own"


@pytest.mark.usefixtures("no_keras")
def test_running_the_table_says_what_it_needs(call: Call) -> None:
    ended = call("lab", "table", "--run")
    assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)
    assert "pip install '.[train]'" in ended.err
    assert not Path("runs").exists()  # said before anything is measured


PAGE = "# The lab\n\nall that was measured\n"


@pytest.mark.parametrize(
    ("results", "page", "said"),
    [
        ((), None, "runs/lab: holds no results, so no page is written"),
        ((), PAGE, "runs/lab: holds no results, so no page is written"),
        ((OWN,), PAGE, "runs/lab lacks 60 of the table's trials"),
        (tuple(SHIPPED.glob("*.json")), "# Read me\n", "another page"),
    ],
)
def test_a_page_is_left_as_it_is_unless_all_trials_have_results(
    call: Call, tmp_path: Path, results: tuple[Path, ...], page: str | None, said: str
) -> None:
    (tmp_path / "runs" / "lab").mkdir(parents=True)
    for one in results:
        shutil.copy(one, tmp_path / "runs" / "lab")
    path = tmp_path / "lab.md"
    if page is not None:
        path.write_text(page)
    ended = call("lab", "table", "--docs", path)
    assert (ended.code, ended.out, ended.err.count("\n")) == (3, "", 1)
    assert said in ended.err
    assert (path.read_text() if path.exists() else None) == page
    assert not (tmp_path / "images").exists()


def test_a_new_page_may_be_about_some_of_the_trials_and_all_of_them_replace_it(call: Call, tmp_path: Path) -> None:
    (tmp_path / "some").mkdir()
    shutil.copy(OWN, tmp_path / "some")
    page = tmp_path / "lab.md"
    assert call("lab", "table", "--results", tmp_path / "some", "--docs", page).code == 0
    assert "results of 1 of the table's 61" in page.read_text()
    assert call("lab", "table", "--results", SHIPPED, "--docs", page).code == 0
    assert "results of 61 of the table's 61" in page.read_text()
