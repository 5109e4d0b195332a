from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_a_crowd_loses_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    monkeypatch.delitem(sys.modules, "crowd", raising=False)
    import crowd

    assert crowd.main([str(tmp_path / "db"), "--processes", "3", "--seconds", "1"]) == 0
    assert "nothing lost" in capsys.readouterr().out
