"""The tool that flips bits, with a few."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest
from tool_modules import tool


@pytest.fixture(scope="module")
def flips() -> ModuleType:
    return tool("flips")


def test_every_flip_is_found_or_harmless(
    flips: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "")  # set back afterwards: the tool sets it for itself
    assert flips.main(["--flips", "150", "--subjects", "4", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["archive, passphrase"] == result["archive, plain"] == {"found": 150}
    assert sum(result["store"].values()) == 150
    assert result["store"]["found"] > 0


def test_a_flip_that_nobody_notices_is_counted(flips: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"abc")
    assert flips.flipped(tmp_path / "file", 10, 0, lambda path: "unnoticed") == {"unnoticed": 10}
    assert flips.flipped(tmp_path / "file", 30, 0, lambda path: str(1 // 0)) == {"crashed": 30}
    assert (tmp_path / "file").read_bytes() == b"abc"
