"""The tool that holds decisions after an upgrade against those before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest
from tool_modules import tool

from fpverify.comparison import Calibration
from fpverify.matching import matchers
from fpverify.models import load_bundle


@pytest.fixture
def upgrade() -> ModuleType:
    return tool("upgrade")


def test_every_decision_is_as_before(
    upgrade: ModuleType, edges_model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert upgrade.main(["--references", "6", "--model", str(edges_model)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "6 references of edges-1, read by another-release"
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in said[4:]]
    assert [(row[0], row[1], row[3]) for row in rows] == [
        ("its own subject", "9", "0"),
        ("another subject", "9", "0"),
        ("two scans of two fingers", "3", "0"),
        ("whose finger it is", "3", "0"),
    ]


def test_a_former_model_with_another_calibration_is_a_difference(
    upgrade: ModuleType, edges_model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = load_bundle(edges_model)
    moved = Calibration((0.5, 1.0), (0.1, 60.0), 120.0, 120.0, 0.95, 1000).to_dict()
    another = replace(bundle, card=replace(bundle.card, calibration=moved))
    monkeypatch.setattr(matchers, "installed_bundle", lambda *_: another)
    assert upgrade.main(["--references", "4", "--model", str(edges_model)]) == 1
    assert "| its own subject | 6 | 6 | 6 |" in capsys.readouterr().out
