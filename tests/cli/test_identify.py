from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@pytest.fixture
def identify(call: Call, stripes: Path, edges_model: Path) -> Call:
    return lambda scan, *words: call("identify", stripes / scan, "--model", edges_model, *words)


def test_a_match_names_the_finger(enrolled: Path, enroll: Call, identify: Call) -> None:
    enroll("B_00.bmp", "--finger", "left-index", subject="B")
    ended = identify("A_01.bmp")
    assert (ended.code, ended.err) == (0, "")
    lines = ended.out.splitlines()
    assert lines[0] == "match"
    assert lines[1].split() == ["searched", "2", "impressions"]
    assert "at FPIR 1 %" in lines[2]
    assert [line.split()[:2] for line in lines[-3:]] == [
        ["subject", "finger"],
        ["A", "right-index"],
        ["B", "left-index"],
    ]
    assert [line.split()[-1] == "match" for line in lines[-2:]] == [True, False]


def test_nobody_matches_with_exit_code_1(enrolled: Path, identify: Call) -> None:
    ended = identify("B_01.bmp", "--top", "1")
    assert (ended.code, ended.out.splitlines()[0]) == (1, "non-match")
    answer = identify("B_01.bmp", "--json").answer
    assert (answer["decision"], answer["searched"], answer["fpir"]) == ("non-match", 1, 0.01)
    assert [(one["subject"], one["match"]) for one in answer["candidates"]] == [("A", False)]


def test_what_is_not_searched_is_said(
    call: Call, enrolled: Path, stripes: Path, make_edges_model: Callable[..., Path], tmp_path: Path
) -> None:
    newer = make_edges_model(tmp_path / "newer", "edges-2")
    words = ("identify", stripes / "A_01.bmp", "--model", newer)
    assert (call(*words).code, call(*words).err.count("\n")) == (3, 1)
    assert call("enroll", stripes / "B_01.bmp", "--id", "B", "--model", newer).code == 0
    said = "without 1 impression of edges-1, which is not installed"
    ended = call(*words)
    assert (ended.code, said in ended.out) == (1, True)
    assert call(*words, "--json").answer["note"] == said


@pytest.mark.parametrize("index", ["exact", "none", "auto", "milvus://127.0.0.1:1/fingers"])
def test_whole_prints_are_compared_exactly_with_every_index(enrolled: Path, identify: Call, index: str) -> None:
    answer = identify("A_01.bmp", "--index", index, "--json").answer
    assert (answer["decision"], answer["preselection_error"]) == ("match", None)


def test_a_password_in_the_url_of_an_index_is_not_repeated(enrolled: Path, identify: Call) -> None:
    ended = identify("A_01.bmp", "--index", "milvus://user:sesame@127.0.0.1:1/fingers")
    assert (ended.code, ended.err.count("\n"), "sesame" in ended.err) == (2, 1, False)


@pytest.mark.parametrize(
    "words",
    [("--index", "quick"), ("--index", "milvus://"), ("--fpir", "0"), ("--fpir", "2"), ("--top", "0"), ("--top", "x")],
)
def test_wrong_use_says_so(enrolled: Path, identify: Call, words: tuple[str, str]) -> None:
    ended = identify("A_01.bmp", *words)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)


def test_without_a_store_there_is_no_decision(identify: Call) -> None:
    ended = identify("A_01.bmp")
    assert ended.code == 3
    assert "there is no enrollment store" in ended.err


def test_several_scans_are_one_search(
    enrolled: Path, enroll: Call, call: Call, stripes: Path, edges_model: Path
) -> None:
    enroll("B_00.bmp", "--finger", "left-index")
    enroll("A_03.bmp", "--unchecked", subject="B")
    scans = [stripes / "B_01.bmp", stripes / "A_01.bmp"]
    ended = call("identify", *scans, "--model", edges_model)
    assert (ended.code, ended.err) == (0, "")
    table = [line.split() for line in ended.out.splitlines()[-2:]]
    assert (table[0][0], table[0][1:3], table[0][-1]) == ("A", ["left-index,", "right-index"], "match")
    assert table[1][0] == "B"
    answer = call("identify", *scans, "--model", edges_model, "--json").answer
    assert (answer["decision"], answer["searched"]) == ("match", 3)
    assert [(one["file"], one["finger"]) for one in answer["probes"]] == [
        (str(scans[0]), "left-index"),
        (str(scans[1]), "right-index"),
    ]
    assert answer["score"] == answer["candidates"][0]["score"]


def test_a_search_that_finds_nobody_says_so_of_each_scan(
    enrolled: Path, call: Call, stripes: Path, edges_model: Path
) -> None:
    call("delete", "--id", "A")
    answer = call("identify", stripes / "B_01.bmp", stripes / "A_01.bmp", "--model", edges_model, "--json").answer
    assert (answer["decision"], answer["score"], answer["candidates"]) == ("non-match", None, [])
    assert [(one["score"], one["finger"]) for one in answer["probes"]] == [(None, None), (None, None)]


@pytest.mark.parametrize(
    ("words", "wanted"), [([], "auto"), (["--index", "none"], "none"), (["--index", "ivf"], "ivf")]
)
def test_the_index_is_the_one_that_was_asked_for(
    enrolled: Path, identify: Call, monkeypatch: pytest.MonkeyPatch, words: list[str], wanted: str
) -> None:
    from fpverify.search.index import choice

    asked: list[str] = []
    chosen = choice.chosen_index
    monkeypatch.setattr(
        "fpverify.search.register.chosen_index", lambda one, *more: asked.append(one) or chosen(one, *more)
    )
    identify("A_01.bmp", *words)
    assert asked == [wanted]
