"""Lists of fingers."""

from __future__ import annotations

from pathlib import Path

import pytest

from fpverify.enrollment import EnrollmentRow, read_rows
from fpverify.errors import ScanError


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "people.csv"
    path.write_bytes(text.encode(encoding))
    return path


def seen(rows: list[EnrollmentRow]) -> list[tuple[str, str, str]]:
    return [(one.subject, one.finger, one.file) for one in rows]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_table_says_whose_finger_a_file_shows(tmp_path: Path, separator: str, encoding: str) -> None:
    text = "ID,Finger,file,ppi\r\nZoë Ö,right-index,a/b.png,500\r\n\r\nB,,c.png,\r\n".replace(",", separator)
    rows = read_rows(table(tmp_path, text, encoding))
    assert seen(rows) == [("Zoë Ö", "right-index", "a/b.png"), ("B", "unknown", "c.png")]
    assert [one.path for one in rows] == [tmp_path / "a/b.png", tmp_path / "c.png"]
    assert [one.ppi for one in rows] == [500.0, None]
    assert not any(one.flaw for one in rows)


def test_finger_and_resolution_need_no_column(tmp_path: Path) -> None:
    assert seen(read_rows(table(tmp_path, "file,id\nx.png,A\n"))) == [("A", "unknown", "x.png")]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (",right-index,x.png,", "line 2 has no id"),
        ("A,right-index,,", "line 2 has no file"),
        ("A,big-toe,x.png,", "'big-toe' is no finger"),
        ("A,right-index,x.png,fine", "no resolution"),
        ("A", "line 2 has no file"),
    ],
)
def test_a_row_that_cannot_be_used_says_why_and_leaves_the_others(tmp_path: Path, line: str, words: str) -> None:
    flawed, other = read_rows(table(tmp_path, f"id,finger,file,ppi\n{line}\nB,unknown,y.png,\n"))
    assert words in flawed.flaw
    assert not other.flaw


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,picture\nA,x.png\n", "its first line is 'name,picture'"),
        ("id,finger,file\n", "no rows"),
        ("", "its first line is ''"),
    ],
)
def test_a_table_of_something_else_is_named(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ScanError, match=r"people\.csv") as refused:
        read_rows(table(tmp_path, text))
    assert words in str(refused.value)


def test_what_is_no_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScanError, match="no such file"):
        read_rows(tmp_path / "none.csv")
    with pytest.raises(ScanError, match="no text in UTF-8"):
        read_rows(table(tmp_path, "id,file\nÄ,x\n", "utf-16"))
    with pytest.raises(ScanError, match="no images"):
        read_rows(tmp_path / ".")


@pytest.mark.parametrize(
    ("name", "subject", "finger"),
    [
        ("A/right-index.png", "A", "right-index"),
        ("A/right-index_2.bmp", "A", "right-index"),
        ("A/scan_left-thumb 03.png", "A", "left-thumb"),
        ("A_B_left-little.tif", "A_B", "left-little"),
        ("A_left-little_7.tif", "A", "left-little"),
        ("7_unknown.png", "7", "unknown"),
    ],
)
def test_folders_and_names_say_whose_finger_a_file_shows(tmp_path: Path, name: str, subject: str, finger: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    (tmp_path / "Thumbs.db").touch()
    assert seen(read_rows(tmp_path)) == [(subject, finger, name)]
    assert read_rows(tmp_path)[0].path == path


@pytest.mark.parametrize("name", ["A.png", "A_1.png", "right-index.png", "A/1.png"])
def test_a_name_that_does_not_say_it_is_a_flaw(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    (row,) = read_rows(tmp_path)
    assert "named neither" in row.flaw


def test_slaps_and_cards_of_a_folder_name_no_finger(tmp_path: Path) -> None:
    for name in ("Ann/slap-right.png", "Bob_slap-thumbs.png", "Cid.an2", "Dot/card.an2", "Eve_right-index.an2"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    rows = {one.subject: (one.finger, one.slap, one.flaw) for one in read_rows(tmp_path)}
    assert rows == {
        "Ann": ("unknown", "right", ""),
        "Bob": ("unknown", "thumbs", ""),
        "Cid": ("unknown", "", ""),
        "Dot": ("unknown", "", ""),
        "Eve": ("right-index", "", ""),
    }


def test_a_slap_of_a_report_is_the_same_slap(tmp_path: Path) -> None:
    source = tmp_path / "rows.csv"
    source.write_text("id,finger,file,outcome\nAnn,right-ring,a.png#slap-right,enrolled\nBob,thumb,b#c.png,\n")
    first, second = read_rows(source)
    assert (first.finger, first.path, first.slap) == ("right-ring", tmp_path / "a.png", "right")
    assert (second.path, second.slap) == (tmp_path / "b#c.png", "")
