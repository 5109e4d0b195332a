"""deduplicate: on stripes, all of which are one of two fingers."""

from __future__ import annotations

import csv
import json
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fpverify.cli import deduplicate

Call = Callable[..., Any]


@pytest.fixture
def twice(enroll: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store in which A's finger is B's, too, and C's is another; with their scans."""
    monkeypatch.setenv("FPVERIFY_KEEP_SCANS", "yes")
    for scan, subject in (("A_00.bmp", "A"), ("A_01.bmp", "A"), ("A_02.bmp", "B"), ("B_00.bmp", "C")):
        assert enroll(scan, "--unchecked", subject=subject).code == 0


@pytest.fixture
def search(call: Call, edges_model: Path) -> Call:
    return lambda *words: call("deduplicate", "--model", edges_model, "--workers", 1, *words)


@pytest.mark.usefixtures("twice")
def test_a_finger_under_two_ids_is_found(search: Call) -> None:
    ended = search("--pairs", "0.001")
    assert ended.code == 0
    assert ended.out.splitlines()[0] == "1 pair among 4 references, 0.001 expected by chance"
    assert ended.out.splitlines()[-1].split()[0] in {"A", "B"}


@pytest.mark.usefixtures("twice")
def test_the_report_has_each_pair_of_fingers_once_with_a_picture(search: Call) -> None:
    answer = search("--pairs", "0.001", "--report", "doubles.csv", "--pictures", "pictures", "--json").answer
    with Path("doubles.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert {row["id"], row["other_id"]} == {"A", "B"}
    assert answer["searched"] == 4
    assert [f"{value}" for value in answer["pairs"][0].values()] == list(row.values())
    assert answer["pictures"] == ["pictures/pair-0001.png"]
    assert Path("pictures/pair-0001.png").stat().st_size > 10_000
    assert stat.S_IMODE(Path("doubles.csv").stat().st_mode) == 0o600
    assert not list(Path().glob("*.part*"))


@pytest.mark.usefixtures("twice")
def test_what_two_models_made_is_not_compared_which_is_said(
    call: Call, enroll: Call, edges_model: Path, make_edges_model: Callable[..., Path], tmp_path: Path
) -> None:
    newer = make_edges_model(tmp_path / "newer", "edges-2")
    words = ("deduplicate", "--model", newer, "--workers", 1, "--pairs", "0.001")
    missing = call(*words).out
    assert missing.startswith("0 pairs among 0 references")
    assert "without 4 impressions of edges-1, which is not installed" in missing
    shutil.copytree(edges_model, "former/edges-1")
    Path("fpverify.yaml").write_text("models: former\n")
    assert call(*words, "--json").answer["note"] is None
    enroll("A_03.bmp", "--unchecked", "--model", newer, subject="D")
    answer = call(*words, "--json", "--pictures", "pictures").answer
    assert (answer["searched"], answer["note"]) == (5, "not between those of edges-2, edges-1")
    assert {answer["pairs"][0]["id"], answer["pairs"][0]["other_id"]} == {"A", "B"}
    assert len(answer["pictures"]) == 1
    assert "not between those of edges-2, edges-1" in call(*words).out


@pytest.mark.usefixtures("twice")
def test_what_was_interrupted_goes_on(search: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deduplicate, "KEPT_EVERY", 1)
    keep = deduplicate.Part.keep

    def kept(part: Any, done: list[str]) -> None:
        keep(part, done)
        if len(part.done) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(deduplicate.Part, "keep", kept)
        assert search("--pairs", "0.001", "--report", "doubles.csv").code == 130
    part = Path("doubles.csv.part")
    assert len(json.loads(part.read_text())["done"]) == 3
    assert not Path("doubles.csv").exists()
    searched: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(deduplicate.Part, "keep", lambda _, done: searched.extend(done))
        ended = search("--pairs", "0.001", "--report", "doubles.csv", "--json")
    assert len(searched) == 1
    assert len(ended.answer["pairs"]) == 1
    part.write_text('{"store": "another"}')
    assert len(search("--pairs", "0.001", "--report", "doubles.csv", "--json").answer["pairs"]) == 1


def test_an_empty_store_has_none(search: Call, enroll: Call) -> None:
    assert enroll("A_00.bmp").code == 0
    assert search().out.startswith("0 pairs among 1 reference, 0.1 expected by chance")
