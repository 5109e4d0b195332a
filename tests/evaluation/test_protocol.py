"""Which prints are compared with which, and scores on disk."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from fpverify.errors import ScanError
from fpverify.evaluation.protocol import comparisons, list_prints
from fpverify.evaluation.scores_file import read_scores, write_scores
from fpverify.vocabulary import Evaluation


def folder_of(path: Path, names: list[str]) -> Path:
    for name in names:
        (path / name).touch()
    return path


def test_fingers_are_in_natural_order(tmp_path: Path) -> None:
    names = ["10_1.png", "9_2.bmp", "9_10.tif", "A_00.bmp", "left_index_3.png"]
    prints = list_prints(folder_of(tmp_path, [*names, "notes.txt"]))
    assert [one.name for one in prints] == ["9_2", "9_10", "10_1", "A_00", "left_index_3"]
    assert prints[-1].finger == "left_index"


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ([], "no images"),
        (["thumb.png"], "says no finger"),
        (["1_1.png", "1_1.bmp"], "same impression"),
        (["1_1.png", "1_01.png"], "same impression"),
    ],
)
def test_folders_that_cannot_be_understood_are_refused(tmp_path: Path, names: list[str], said: str) -> None:
    with pytest.raises(ScanError, match=said):
        list_prints(folder_of(tmp_path, names))


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScanError, match="nowhere"):
        list_prints(tmp_path / "nowhere")


@pytest.mark.parametrize(("protocol", "non_mated"), [("dense", 45 * 64), ("fvc", 45)])
def test_a_set_of_the_competitions_has_its_number_of_comparisons(tmp_path: Path, protocol: str, non_mated: int) -> None:
    prints = list_prints(folder_of(tmp_path, [f"{f}_{i}.png" for f in range(101, 111) for i in range(1, 9)]))
    pairs = comparisons(prints, protocol)
    assert pairs.mated.sum() == 280
    assert (~pairs.mated).sum() == non_mated
    assert len({frozenset(pair) for pair in zip(pairs.probe, pairs.reference, strict=True)}) == len(pairs)


def test_pairs_agree_with_a_loop_over_all_of_them(tmp_path: Path) -> None:
    prints = list_prints(folder_of(tmp_path, ["A_00.bmp", "A_03.bmp", "A_07.bmp", "B_01.bmp", "B_02.bmp", "C_05.bmp"]))
    expected = {(i, j, a.finger == b.finger) for (i, a), (j, b) in combinations(enumerate(prints), 2)}
    dense = comparisons(prints, "dense")
    assert set(zip(dense.probe.tolist(), dense.reference.tolist(), dense.mated.tolist(), strict=True)) == expected
    first = {"A_00", "B_01", "C_05"}
    kept = {(i, j, m) for i, j, m in expected if m or {prints[i].name, prints[j].name} <= first}
    fvc = comparisons(prints, "fvc")
    assert set(zip(fvc.probe.tolist(), fvc.reference.tolist(), fvc.mated.tolist(), strict=True)) == kept


@pytest.mark.parametrize("names", [["1_1.png", "1_2.png"], ["1_1.png", "2_1.png"]])
def test_without_mated_or_without_non_mated_comparisons_nothing_can_be_said(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(ScanError, match="at least two fingers"):
        comparisons(list_prints(folder_of(tmp_path, names)))


def test_scores_read_back_exactly(tmp_path: Path) -> None:
    scores = np.array([0.1 + 0.2, -np.inf, 1e-17])
    mated = np.array([True, False, False])
    sides = np.array([0, 0, 1], np.int32), np.array([1, 2, 2], np.int32)
    data = Evaluation(("1_1", "1_2", "2_1"), ("1", "1", "2"), *sides, mated, scores, "set", "dense", "", "m")
    write_scores(data, tmp_path / "scores.csv")
    back = read_scores(tmp_path / "scores.csv")
    assert back.scores.tolist() == scores.tolist()
    assert back.mated.tolist() == mated.tolist()
    assert (back.probes, back.references) == (data.probes, data.references)
    assert (back.scans, back.fingers) == (data.scans, data.fingers)


def test_fingers_of_any_names_are_what_mated_lines_connect(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("probe,reference,mated,score\na,b,1,3\nc,d,0,1\nb,c,1,2\na,d,0,\nb,d,0,\n")
    read = read_scores(tmp_path / "other.csv")
    assert dict(zip(read.scans, read.fingers, strict=True)) == {"a": "a", "b": "a", "c": "a", "d": "d"}


def test_a_scan_of_which_no_comparison_was_made_failed(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("probe,reference,mated,score\n1_1,1_2,1,3\n1_1,2_1,0,\n1_2,2_1,0,\n")
    assert list(read_scores(tmp_path / "other.csv").failures) == ["2_1"]


def test_scores_of_other_matchers_may_say_genuine(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("probe,reference,genuine,score\n1_1,1_2,1,38\n1_1,2_1,0,fail\n")
    read = read_scores(tmp_path / "other.csv")
    assert read.mated.tolist() == [True, False]
    assert read.scores.tolist() == [38, -np.inf]


@pytest.mark.parametrize(
    ("line", "said"),
    [("1_1,1_2,2,5", ":2: malformed"), ("1_1,1_2,1,five", ":2: malformed"), (",1_2,1,5", ":2: probe"), ("", "no comp")],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(f"probe,reference,mated,score\n{line}\n")
    with pytest.raises(ScanError, match=said):
        read_scores(path)
