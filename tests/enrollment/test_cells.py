from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fpverify.enrollment import EnrollmentRow, RowOutcome, read_rows
from fpverify.enrollment.cells import guarded, plain
from fpverify.enrollment.report import report_file

FORMULA = "=+-@\t\r\n＝＋－＠"


@given(st.text(alphabet="=+-@'\t\r\n;, aö＝") | st.text())
@example("\t=1")
@example("''=1;'=2")
def test_a_cell_says_what_it_said_and_is_no_formula(text: str) -> None:
    cell = guarded(text)
    assert plain(cell) == text
    for part in (cell, *cell.split(";"), *cell.split("\t"), *cell.split("\n")):
        assert not part or part[0] not in FORMULA


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("'=1", "''=1"),
        ("+49", "'+49"),
        ("-A", "'-A"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("A;=1+1", "A;'=1+1"),
        ("'t Hooft", "'t Hooft"),
        ("A-1", "A-1"),
        ("O'Hara;B", "O'Hara;B"),
        ("", ""),
    ],
)
def test_only_what_would_be_a_formula_is_changed(text: str, cell: str) -> None:
    assert guarded(text) == cell


def test_a_report_is_a_list_again(tmp_path: Path) -> None:
    names = ["=1+1", "'=1", "-A", "'t Hooft", "+49;=2", "@x"]
    with report_file(tmp_path / "rows.csv") as tell:
        for name in names:
            row = EnrollmentRow(name, "unknown", tmp_path / f"{name}.png", f"{name}.png")
            tell(RowOutcome(row, "duplicate", f"{name}.png: enrolled", other_subject=name, score=31.0))
    with (tmp_path / "rows.csv").open(newline="") as file:
        cells = [cell for line in csv.reader(file) for cell in line]
    assert not [cell for cell in cells if cell[:1] in set(FORMULA)]
    rows = read_rows(tmp_path / "rows.csv")
    assert [(one.subject, one.file, one.flaw) for one in rows] == [(name, f"{name}.png", "") for name in names]


def test_a_list_that_is_no_report_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("id,file\n'=1,a.png\n")
    assert read_rows(tmp_path / "people.csv")[0].subject == "'=1"
