"""How sets of prints lie on disk, and what they say of themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpverify.errors import ScanError
from fpverify.evaluation.sets.layout import apart, distinct, find_sets, list_prints, read_set
from fpverify.evaluation.sets.protocol import make_plans
from fpverify.scans import IMAGE_SUFFIXES


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


def test_every_ending_that_is_read_is_a_print(tmp_path: Path) -> None:
    endings = [*IMAGE_SUFFIXES, ".JP2", ".Bmp"]
    prints = list_prints(files(tmp_path, *(f"{k}_1{ending}" for k, ending in enumerate(endings))))
    assert [one.path.suffix for one in prints] == endings


def test_what_is_left_out_is_counted_in_a_line(tmp_path: Path) -> None:
    folder = files(tmp_path, "1_1.png", "1_2.png", "2_1.png", "fpverify-set.yaml", ".hidden", "._1_1.png")
    assert read_set(folder).notes == ()
    files(folder, "notes.txt", "Thumbs.db", "README")
    assert read_set(folder).notes == ("left out: 3 files of another kind (.db, .txt, no ending)",)
    nested = files(tmp_path / "nested", "1/a.png", "1/b.png", "2/a.png", "2/more/c.png", "2/list.csv")
    assert read_set(nested).notes == (
        "left out: 1 file of another kind (.csv); 1 image in folders further down, such as 2/more/c.png",
    )
    (plan,) = make_plans([nested])
    assert plan.notes == read_set(nested).notes


HANDS = ("001/L/001_L0_0.png", "001/L/001_L0_1.png", "001/R/001_R0_0.png", "002/L/002_L0_0.png", "002/L/002_L0_1.png")


def test_folders_of_hands_in_folders_of_people_are_one_set(tmp_path: Path) -> None:
    folder = files(tmp_path, *HANDS)
    assert find_sets([folder]) == [folder]
    assert [(one.name, one.finger, one.impression) for one in list_prints(folder)] == [
        ("001/L/001_L0_0", "001/L", 1),
        ("001/L/001_L0_1", "001/L", 2),
        ("001/R/001_R0_0", "001/R", 1),
        ("002/L/002_L0_0", "002/L", 1),
        ("002/L/002_L0_1", "002/L", 2),
    ]


def test_several_fingers_in_the_folder_of_a_hand_are_told_apart_by_name(tmp_path: Path) -> None:
    folder = files(tmp_path, *HANDS, "002/L/002_L1_0.png")
    assert [one.finger for one in list_prints(folder)][-3:] == ["002/L/002_L0", "002/L/002_L0", "002/L/002_L1"]


@pytest.mark.parametrize("name", ["left-thumb", "Right_Index", "index finger", "l2", "F10", "thumb"])
def test_folders_called_as_fingers_are_fingers_of_people(tmp_path: Path, name: str) -> None:
    folder = files(tmp_path, f"anna/{name}/x.png", f"anna/{name}/y.png", f"bo/{name}/x.png")
    assert [one.finger for one in read_set(find_sets([folder])[0]).prints] == [f"anna/{name}"] * 2 + [f"bo/{name}"]


def test_a_person_alone_is_a_set_of_fingers(tmp_path: Path) -> None:
    folder = files(tmp_path, "anna/left/x.png", "anna/right/x.png")
    assert find_sets([folder]) == [folder / "anna"]
    assert [one.finger for one in list_prints(folder / "anna")] == ["left", "right"]


@pytest.mark.parametrize("name", ["101", "7", "session1", "scans"])
def test_other_folders_in_folders_are_sets(tmp_path: Path, name: str) -> None:
    folder = files(tmp_path, f"a/{name}/x.png", f"a/{name}/y.png", f"b/{name}/x.png")
    assert find_sets([folder]) == [folder / "a", folder / "b"]
    (folder / "fpverify-set.yaml").touch()
    assert [one.finger for one in read_set(folder).prints] == [f"a/{name}", f"a/{name}", f"b/{name}"]


def test_files_named_after_person_and_finger_in_the_persons_folder_are_one_set(tmp_path: Path) -> None:
    folder = files(tmp_path, "s1/s1_left_1.png", "s1/s1_left_2.png", "s1/s1_right_1.png", "s2/s2_left_1.png")
    folder = files(folder, "s2/s2_right_1.png")
    assert find_sets([folder]) == [folder]
    assert [one.finger for one in list_prints(folder)][1:] == [
        "s1/s1_left",
        "s1/s1_right",
        "s2/s2_left",
        "s2/s2_right",
    ]


def test_sets_that_may_be_people_are_asked_about(tmp_path: Path) -> None:
    folder = files(tmp_path, "A/left_1.png", "A/left_2.png", "A/right_1.png", "B/left_1.png", "B/left_2.png")
    files(folder, "B/right_1.png")
    for plan in make_plans([folder]):
        assert "comparisons stay within each of A, B; are they people of one set?" in plan.notes[0]
    assert not any(plan.notes for plan in make_plans([folder / "A", folder / "B"]))  # as they were asked for


def test_sets_of_the_same_numbered_fingers_are_not_asked_about(tmp_path: Path) -> None:
    sets = [read_set(files(tmp_path / name, "101_1.png", "102_1.png")) for name in ("db1", "db2")]
    assert apart(sets) is None
    assert apart([sets[0], read_set(files(tmp_path / "db3", "201_1.png", "202_1.png"))]) is not None


def test_a_set_without_pairs_is_named_with_its_folder(tmp_path: Path) -> None:
    folder = files(tmp_path, "a/7/x.png", "a/8/x.png", "b/7/x.png", "b/7/y.png")
    with pytest.raises(ScanError, match=r"/a: 2 prints of 2 fingers give 0 mated"):
        make_plans([folder])
