"""Folders of records, compared by their minutiae alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from tool_modules import tool

from fpverify.conversion import extract_minutiae
from fpverify.formats import read_minutiae, write_minutiae
from fpverify.scans import read_scan

SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"

pytestmark = pytest.mark.usefixtures("release_model")


def test_rows_of_both_detectors_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("A_1", "A_2", "B_1"):
        record = extract_minutiae(read_scan(SAMPLES / f"{name}.bmp"))
        for place in ("mindtct", "ours"):
            (tmp_path / "set" / place).mkdir(parents=True, exist_ok=True)
            write_minutiae(record, tmp_path / "set" / place / f"{name}.xyt")
    assert len(read_minutiae(tmp_path / "set" / "ours" / "A_1.xyt").views) == 1
    (tmp_path / "set" / "mindtct" / "B_2.xyt").write_text("1 1 1 1\n")
    assert tool("bare_rows").main([str(tmp_path), "--ours", str(tmp_path)]) == 0
    printed = capsys.readouterr()
    assert "B_2.xyt" in printed.err
    lines = printed.out.splitlines()
    for way in ("theirs with theirs", "ours with theirs", "ours with ours"):
        assert f"| {way} | EER | FMR1000 |" in lines
    assert lines.count("| set | 0.00 | 0.00 |") == 3
    assert lines.count("at the stated 0.1 %: FMR 0.000 %, FNMR 0.00 %") == 3
