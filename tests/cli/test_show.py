from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Call = Callable[..., Any]


def test_showing_a_subject_has_a_line_for_each_impression(call: Call, enrolled: Path, enroll: Call) -> None:
    enroll("A_01.bmp", "--finger", "right-index")
    enroll("A_02.bmp", "--finger", "left-index", "--unchecked")
    assert call("show", "--id", "A").out.startswith(f"A: 3 impressions in {enrolled}\n")
    shown = call("show", "--id", "A", "--finger", "right-index", "--json").answer["impressions"]
    assert [(one["finger"], one["impression"]) for one in shown] == [("right-index", 1), ("right-index", 2)]
