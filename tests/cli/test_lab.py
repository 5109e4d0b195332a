"""The lab on the command line, as far as it goes without training."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


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


def test_a_page_about_no_results_says_so(call: Call, tmp_path: Path) -> None:
    ended = call("lab", "table", "--results", tmp_path / "none", "--docs", tmp_path / "lab.md")
    assert (ended.code, ended.out.split(" results")[0]) == (0, "0")
    assert "results of 0 of the table's" in (tmp_path / "lab.md").read_text()
