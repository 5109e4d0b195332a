from __future__ import annotations

import json
from pathlib import Path

import pytest
import streaming
from streaming import Level, Process


def test_memory_at_a_million_follows_the_slope() -> None:
    found = [Level(size, {"list": Process(0, 0, mb)}) for size, mb in ((10_000, 50.0), (100_000, 59.0))]
    assert streaming.at_a_million(found, "list") == pytest.approx(59 + 0.0001 * 900_000)
    assert streaming.at_a_million(found[:1], "list") == 50


@pytest.mark.slow
def test_every_command_is_measured_at_every_size(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(streaming, "MILLION", 100)
    out = tmp_path / "figures.json"
    assert streaming.main(["--sizes", "30", "60", "--work", str(tmp_path), "--json", str(out)]) == 0
    said = capsys.readouterr().out
    assert "| `audit verify` |" in said
    assert "| one deletion |" in said
    first, last = json.loads(out.read_text())["SQLite"]
    assert (first["enrolled"], last["enrolled"]) == (30, 60)
    assert first["commands"].keys() >= {"list", "export", "import", "audit verify", "keys rotate", "delete --wipe"}
    assert all(20 < one["peak_mb"] < 500 for one in last["commands"].values())


def test_too_much_memory_ends_with_1(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(streaming, "MOST_MB", 1.0)
    monkeypatch.setattr(streaming, "measured_run", lambda _: {"wall_s": 1.0, "cpu_s": 1.0, "peak_mib": 1.0})
    assert streaming.main(["--sizes", "30", "--work", str(tmp_path)]) == 1
