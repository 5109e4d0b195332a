"""How sets of prints lie on disk, and what they say of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpverify.errors import ScanError
from fpverify.evaluation.sets.layout import distinct, find_sets, list_prints, read_set


def files(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_a_folder_for_each_finger_is_read_in_natural_order(tmp_path: Path) -> None:
    files(tmp_path, "10/a.png", "9/10.png", "9/2.bmp", "9/notes.txt", "thumb/x y.tif", ".hidden/1.png", "9/._2.bmp")
    prints = list_prints(tmp_path)
    assert [(one.name, one.finger, one.impression) for one in prints] == [
        ("9/2", "9", 1),
        ("9/10", "9", 2),
        ("10/a", "10", 1),
        ("thumb/x y", "thumb", 1),
    ]
    assert [one.file for one in prints] == ["9/2.bmp", "9/10.png", "10/a.png", "thumb/x y.tif"]


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["1_1.png", "1_2.png", "more/2_1.png"], "images beside the folder more"),
        (["1/a.png", "1/a.bmp"], "same impression"),
        (["1/sub/a.png"], "no images"),
    ],
)
def test_folders_that_could_be_understood_in_two_ways_are_refused(tmp_path: Path, names: list[str], said: str) -> None:
    with pytest.raises(ScanError, match=said):
        list_prints(files(tmp_path, *names))


def test_a_set_says_its_resolution_and_name(tmp_path: Path) -> None:
    folder = files(tmp_path / "db", "1_1.png", "2_1.png")
    (folder / "fpverify-set.yaml").write_text("ppi: 569\nname: FVC2002 DB2\n")
    read = read_set(folder, default_ppi=500.0)
    assert (read.name, {one.ppi for one in read.prints}) == ("FVC2002 DB2", {569.0})
    assert {one.ppi for one in read_set(folder, ppi=1000.0).prints} == {1000.0}


def test_a_set_that_says_nothing_has_the_folders_name_and_the_default_resolution(tmp_path: Path) -> None:
    read = read_set(files(tmp_path / "db", "1_1.png"), default_ppi=500.0)
    assert (read.name, read.prints[0].ppi) == ("db", 500.0)
    assert read_set(tmp_path / "db").prints[0].ppi is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dpi: 500", "'dpi' is no setting of a set; there are ppi and name"),
        ("ppi: fine", "ppi: 'fine' is no resolution"),
        ("name: ../up", "name: '../up' names no set"),
        ("name: .hidden", "names no set"),
        ("- 500", "holds no settings"),
        ("ppi: [", "cannot be read as YAML"),
        ("ppi: !!python/object/apply:os.getcwd []", "cannot be read as YAML"),
    ],
)
def test_a_sets_file_that_is_wrong_is_named_with_what_is_wrong(tmp_path: Path, text: str, said: str) -> None:
    folder = files(tmp_path / "db", "1_1.png")
    (folder / "fpverify-set.yaml").write_text(text)
    with pytest.raises(ScanError) as raised:
        read_set(folder)
    assert said in str(raised.value)
    assert "fpverify-set.yaml" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_folder_of_sets_stands_for_the_sets_in_it(tmp_path: Path) -> None:
    files(tmp_path, "all/b/1_1.png", "all/b/2_1.png", "all/a/7/x.png", "all/c/1_1.png", "all/c/fpverify-set.yaml")
    files(tmp_path, "all/readme/text.txt", "one/1/x.png", "one/2/1_1.png")
    assert find_sets([tmp_path / "all", tmp_path / "one"]) == [
        *(tmp_path / "all" / name for name in "abc"),
        tmp_path / "one",
    ]


def test_folders_of_fingers_are_a_set_if_the_folder_says_so(tmp_path: Path) -> None:
    files(tmp_path, "A/left_1.png", "A/right_1.png", "B/left_1.png", "B/right_1.png")
    assert find_sets([tmp_path]) == [tmp_path / "A", tmp_path / "B"]
    (tmp_path / "fpverify-set.yaml").touch()
    assert find_sets([tmp_path]) == [tmp_path]
    assert [one.finger for one in read_set(tmp_path).prints] == ["A", "A", "B", "B"]


def test_sets_and_fingers_in_one_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ScanError, match="a looks like a set of prints and b like the prints of one finger"):
        find_sets([files(tmp_path, "a/1_1.png", "a/2_1.png", "b/1_1.png", "b/1_2.png")])


def test_sets_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    sets = [read_set(files(tmp_path / name, "1_1.png")) for name in ("x/b", "y/b", "y/c")]
    assert [one.name for one in distinct(sets)] == ["x-b", "y-b", "c"]
    with pytest.raises(ScanError, match="once"):
        distinct([sets[0], sets[0]])


def test_two_sets_cannot_give_themselves_one_name(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (files(tmp_path / name, "1_1.png") / "fpverify-set.yaml").write_text("name: same")
    with pytest.raises(ScanError, match="'same'"):
        distinct([read_set(tmp_path / name) for name in ("x", "y")])
