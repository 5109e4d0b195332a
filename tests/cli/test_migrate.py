from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@pytest.fixture
def newer_model(tmp_path: Path, make_edges_model: Callable[[Path, str], Path]) -> Path:
    return make_edges_model(tmp_path / "newer", "edges-2")


def test_templates_are_made_anew_from_the_scans_that_were_kept(
    call: Call, enroll: Call, stripes: Path, newer_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FPVERIFY_KEEP_SCANS", "yes")
    assert enroll("A_00.bmp", "--finger", "right-index").code == 0
    monkeypatch.delenv("FPVERIFY_KEEP_SCANS")
    assert enroll("B_00.bmp", "--finger", "left-index", subject="B").code == 0
    ended = call("migrate", "--model", newer_model)
    assert ended.code == 0
    assert ended.out.splitlines()[0].startswith("made 1 template of edges-2")
    assert ended.out.splitlines()[-1].split() == ["B", "left-index", "1", "edges-1"]
    assert call("verify", stripes / "A_01.bmp", "--id=A", "--model", newer_model).code == 0
    assert call("verify", stripes / "B_01.bmp", "--id=B", "--model", newer_model).code == 3
    assert call("audit", "verify").code == 0
    again = call("migrate", "--model", newer_model, "--json").answer
    assert (again["made"], again["left"]) == (0, [{"subject": "B", "finger": "left-index", "impression": 1}])


def test_who_has_come_back_is_not_asked_to_again(call: Call, enroll: Call, stripes: Path, newer_model: Path) -> None:
    for finger in ("right-index", "left-index"):
        enroll("A_00.bmp", "--unchecked", "--finger", finger)
    words = ("--id=A", "--finger=right-index", "--unchecked", "--model", newer_model)
    assert call("enroll", stripes / "A_01.bmp", *words).code == 0
    left = call("migrate", "--model", newer_model, "--json").answer["left"]
    assert left == [{"subject": "A", "finger": "left-index", "impression": 1}]
