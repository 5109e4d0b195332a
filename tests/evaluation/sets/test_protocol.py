"""Which prints are compared with which, and scores on disk."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fpverify.errors import ScanError
from fpverify.evaluation.scores_file import read_scores, write_scores
from fpverify.evaluation.sets.layout import list_prints, read_set
from fpverify.evaluation.sets.protocol import (
    ONE_SET,
    Plan,
    comparisons,
    cross_sensor_plan,
    finger_comparisons,
    listed_plan,
    make_plans,
    set_plan,
)
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


def named(plan: Plan) -> list[tuple[str, str, bool]]:
    sides = plan.comparisons.probe.tolist(), plan.comparisons.reference.tolist(), plan.comparisons.mated.tolist()
    return [(plan.scans[probe], plan.scans[reference], mated) for probe, reference, mated in zip(*sides, strict=True)]


@pytest.mark.parametrize("protocol", ONE_SET)
@given(fingers=st.lists(st.sampled_from("abcde"), min_size=2, max_size=14))
@settings(max_examples=60)
def test_no_pair_comes_twice_and_mated_means_the_same_finger(protocol: Any, fingers: list[str]) -> None:
    try:
        pairs = finger_comparisons(fingers, protocol)
    except ScanError:
        assert len(set(fingers)) in {1, len(fingers)}
        return
    sides = list(zip(pairs.probe.tolist(), pairs.reference.tolist(), strict=True))
    assert all(probe != reference for probe, reference in sides)
    assert len({frozenset(pair) for pair in sides}) == len(sides)
    assert pairs.mated.tolist() == [fingers[probe] == fingers[reference] for probe, reference in sides]
    assert sides == sorted(sides)


def test_first_reference_compares_later_impressions_with_every_first_one(tmp_path: Path) -> None:
    prints = read_set(folder_of(tmp_path, ["1_1.png", "1_2.png", "1_3.png", "2_4.png", "2_5.png", "3_1.png"]))
    assert named(set_plan(prints, "first-reference")) == [
        (probe, reference, probe[0] == reference[0])
        for probe in ("1_2", "1_3", "2_5")
        for reference in ("1_1", "2_4", "3_1")
    ]


def test_first_reference_of_a_competition_set_has_seventy_mated_pairs() -> None:
    pairs = finger_comparisons([str(f) for f in range(10) for _ in range(8)], "first-reference")
    assert (int(pairs.mated.sum()), int((~pairs.mated).sum())) == (70, 630)


def test_cross_sensor_compares_every_probe_with_every_reference_and_fingers_by_name(tmp_path: Path) -> None:
    for folder, names in (("x/db", ["1_1.png", "2_1.png"]), ("y/db", ["2_1.bmp", "2_2.bmp", "9_1.bmp"])):
        (tmp_path / folder).mkdir(parents=True)
        folder_of(tmp_path / folder, names)
    plan = make_plans([tmp_path / "x/db", tmp_path / "y/db"], "cross-sensor")[0]
    assert named(plan) == [
        (f"x-db/{probe}", f"y-db/{reference}", probe[0] == reference[0])
        for probe in ("1_1", "2_1")
        for reference in ("2_1", "2_2", "9_1")
    ]
    assert plan.name == "x-db-y-db"


def test_cross_sensor_without_a_common_finger_is_refused(tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / name).mkdir()
        folder_of(tmp_path / name, [f"{name}_1.png"])
    with pytest.raises(ScanError, match="0 mated"):
        cross_sensor_plan(read_set(tmp_path / "1"), read_set(tmp_path / "2"))


PAIRED = ["1_1.png", "1_2.png", "2_1.png", "2_2.png", "3_1.png"]


def test_listed_pairs_keep_their_order_and_leave_out_prints_that_are_not_named(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("probe,reference,mated\n2_2,1_1,0\n1_2.png,1_1.png,1\n\n1_1,2_1,\n")
    plan = listed_plan(read_set(folder_of(tmp_path, PAIRED)), pairs)
    assert named(plan) == [("2_2", "1_1", False), ("1_2", "1_1", True), ("1_1", "2_1", False)]
    assert plan.scans == ("1_1", "1_2", "2_1", "2_2")
    pairs.write_text("probe,reference\n2_2,1_1\n1_2,1_1\n")
    assert [mated for _, _, mated in named(listed_plan(read_set(tmp_path), pairs))] == [False, True]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("probe,reference\n1_1,2_1\n1_1,9_9\n", "pairs.csv:3: '9_9' is no print of the set"),
        ("probe,reference\n1_1,\n", "pairs.csv:2: '' is no print"),
        ("probe,reference\n1_1,1_1\n", "pairs.csv:2: 1_1 is compared with itself"),
        ("probe,reference\n1_1,2_1\n1_1,1_2\n2_1.png,1_1\n", "pairs.csv:4: this pair was compared in line 2"),
        ("probe,reference,mated\n1_1,1_2,1\n1_1,2_1,1\n", "pairs.csv:3: mated is 1, but 1_1 and 2_1"),
        ("probe,reference,mated\n1_1,1_2,0\n", "pairs.csv:2: mated is 0"),
        ("probe,reference,mated\n1_1,1_2,yes\n", "pairs.csv:2: mated is 'yes'"),
        ("1_1,1_2\n", "pairs.csv:1: a header"),
        ("probe,reference\n", "no pairs"),
        ("probe,reference\n1_1,2_1\n", "0 mated and 1 non-mated"),
    ],
)
def test_a_wrong_list_of_pairs_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(ScanError) as raised:
        listed_plan(read_set(folder_of(tmp_path, PAIRED)), tmp_path / "pairs.csv")
    assert said in str(raised.value)


def test_a_missing_list_of_pairs_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScanError, match=r"nowhere\.csv"):
        listed_plan(read_set(folder_of(tmp_path, PAIRED)), tmp_path / "nowhere.csv")


def test_protocols_take_the_sets_and_the_list_they_need(tmp_path: Path) -> None:
    folder_of(tmp_path, PAIRED)
    for folders, protocol, pairs in (
        ([tmp_path], "cross-sensor", None),
        ([tmp_path], "pairs", None),
        ([tmp_path], "dense", "pairs.csv"),
        ([tmp_path, tmp_path], "pairs", "pairs.csv"),
        ([tmp_path], "best", None),
    ):
        with pytest.raises(ValueError, match=r"takes|unknown"):
            make_plans(folders, protocol, pairs=pairs)  # type: ignore[arg-type]


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
    "scans",
    [
        ("101_1", "101_2", "102_1", "102_2"),
        ("101/left 1", "101/left 2", "102/a_1", "102/b_1"),
        ("optical/101_1", "capacitive/101_2", "optical/102_1", "capacitive/102_2"),
        ("optical/101/x", "capacitive/101/y", "optical/102/x", "capacitive/102/y"),
        ("A/right-index/1", "A/right-index/2", "B/right-index/1", 'B, "the/2nd"/right-index/2'),
    ],
    ids=["files", "folders", "sensors", "sensors and folders", "store"],
)
def test_names_of_every_layout_come_back_with_their_fingers(tmp_path: Path, scans: tuple[str, ...]) -> None:
    fingers = ("1", "1", "2", "3" if '"' in scans[3] else "2")
    probe, reference = (side.astype(np.int32) for side in np.triu_indices(4, 1))
    mated = np.array([fingers[p] == fingers[r] for p, r in zip(probe, reference, strict=True)])
    data = Evaluation(scans, fingers, probe, reference, mated, np.arange(6.0), "set", "dense", "", "m")
    write_scores(data, tmp_path / "scores.csv")
    back = read_scores(tmp_path / "scores.csv")
    assert (back.scans, back.scores.tolist()) == (scans, data.scores.tolist())
    same = [[one == other for other in fingers] for one in fingers]
    assert [[one == other for other in back.fingers] for one in back.fingers] == same


def test_fingers_of_impressions_that_no_line_connects_are_read_off_their_names(tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text("probe,reference,mated,score\n1_1,1_2,1,3\n1_3,2_1,0,1\n")
    assert read_scores(tmp_path / "few.csv").fingers == ("1", "1", "1", "2")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("a,b,1,3\nb,a,1,3\na,b,1,3", "scores.csv:4: repeats the comparison of line 2"),
        ("a,b,1,3\nb,c,1,2\n\na,c,0,1", "scores.csv:5: a and c are not mated"),
        ("a,a,1,3", "scores.csv:2: a is compared with itself"),
        ("a,b,1,inf", "scores.csv:2: malformed"),
    ],
)
def test_lines_that_repeat_or_contradict_others_are_named(tmp_path: Path, lines: str, said: str) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(f"probe,reference,mated,score\n{lines}\n")
    with pytest.raises(ScanError) as raised:
        read_scores(path)
    assert said in str(raised.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [("1_1,1_2,2,5", ":2: malformed"), ("1_1,1_2,1,five", ":2: malformed"), (",1_2,1,5", ":2: probe"), ("", "no comp")],
)
def test_a_malformed_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(f"probe,reference,mated,score\n{line}\n")
    with pytest.raises(ScanError, match=said):
        read_scores(path)


RIGHT = "probe,reference,mated,score\n1_1,1_2,1,38.5\n1_1,2_1,0,2\n1_2,2_1,0,nan\n"


@pytest.mark.parametrize(
    "text",
    [
        RIGHT.replace("probe", "Probe").replace("mated", "MATED"),
        RIGHT.replace(",", ", "),
        RIGHT.replace(",", " ,").replace("score", " score "),
        "\ufeff" + RIGHT.replace("\n", "\r\n"),
        RIGHT.replace("score", "score,time").replace("38.5", "38.5,12").replace("0,2", "0,2,3").replace("nan", "NaN,3"),
    ],
    ids=["capitals", "blanks", "blanks before commas", "Windows", "one more column"],
)
def test_capitals_blanks_and_more_columns_change_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "scores.csv").write_text(text, encoding="utf-8", newline="")
    read = read_scores(tmp_path / "scores.csv")
    assert (read.scans, read.fingers) == (("1_1", "1_2", "2_1"), ("1", "1", "2"))
    assert read.scores.tolist() == [38.5, 2, -np.inf]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            RIGHT.partition("\n")[2].encode(),
            ":1: a header probe,reference,mated,score was expected; found '1_1, 1_2, 1",
        ),
        (RIGHT.partition("\n")[2].encode(), "so there is no header"),
        (b"image1,image2,label,similarity\n1_1,1_2,1,3\n", "found 'image1, image2, label, similarity'"),
        (b"probe,reference,score\n1_1,1_2,3\n", ":1: a header probe,reference,mated,score was expected"),
        (RIGHT.replace(",", ";").encode(), ":1: a header .* separated by ; instead of commas"),
        (RIGHT.replace(",", "\t").encode(), ":1: a header .* separated by tabs"),
        (RIGHT.encode("utf-16"), ":1: this is UTF-16 or no text: save as UTF-8"),
        (RIGHT.encode("utf-16-le"), "UTF-16"),
        (RIGHT.replace("2_1", "M\u00fcller_1").encode("latin-1"), ":3: byte 0xfc is no UTF-8"),
        (b"probe,reference,mated,score\n1_1,1_2,1\n", ":2: malformed line"),
        (b"probe,reference,mated,score\n1_1,1_2,1,1_1\n", ":2: malformed line; the score 1_1 is no number"),
        (b"", "no comparisons"),
    ],
)
def test_a_file_of_another_make_is_told_what_was_found(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "scores.csv").write_bytes(content)
    with pytest.raises(ScanError, match=said) as raised:
        read_scores(tmp_path / "scores.csv")
    assert "\n" not in str(raised.value)
