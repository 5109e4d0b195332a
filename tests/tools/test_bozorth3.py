"""Our minutiae matched by NIST's matcher, where it is there."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType

import pytest
from tool_modules import tool

SAMPLES = Path(__file__).parents[2] / "fpverify" / "samples"

# Says how many minutiae of the reference are in the probe: a matcher, if a poor one.
STAND_IN = """#!/bin/sh
shift 3; probe=$1; shift
for reference in "$@"; do grep -c -x -F -f "$probe" "$reference"; done
exit 0
"""


@pytest.fixture
def bozorth3() -> ModuleType:
    return tool("bozorth3")


def test_without_bozorth3_the_tool_says_so(
    bozorth3: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bozorth3.main([str(tmp_path)]) == 2
    assert "bozorth3 is not on the PATH" in capsys.readouterr().err


def test_every_set_has_a_line_and_the_mean_is_theirs(
    release_model: str,
    bozorth3: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    binary = tmp_path / "bin" / "bozorth3"
    binary.parent.mkdir()
    binary.write_text(STAND_IN)
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", f"{binary.parent}:/usr/bin:/bin")
    monkeypatch.setattr(bozorth3.shutil, "which", lambda name: str(binary) if name == "bozorth3" else None)
    prints = tmp_path / "sets" / "prints"
    prints.mkdir(parents=True)
    for name, source in (("A_1", "A_1"), ("A_2", "A_1"), ("B_1", "B_1")):
        shutil.copy(SAMPLES / f"{source}.bmp", prints / f"{name}.bmp")
    assert bozorth3.main([str(tmp_path / "sets"), "--work", str(tmp_path / "work")]) == 0
    said = capsys.readouterr()
    assert "mindtct is not on the PATH" in said.err
    assert said.out.splitlines() == [
        "| set | EER | FMR1000 |",
        "|---|---|---|",
        "| prints | 0.00 | 0.00 |",
        "| **mean** | 0.00 | 0.00 |",
    ]
    assert len(list((tmp_path / "work" / "prints" / "ours").glob("*.xyt"))) == 3


def test_a_picture_for_mindtct_has_a_header_of_288_bytes(bozorth3: ModuleType) -> None:
    import numpy as np

    made = bozorth3._ihead(np.full((3, 5), 7, np.uint8), 500)
    assert made[:8] == b"288" + bytes(5)
    assert made[8 + 106 :][:16] == b"5" + bytes(7) + b"3" + bytes(7)
    assert made[8 + 288 :] == bytes([7]) * 15
