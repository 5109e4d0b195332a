from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Call = Callable[..., Any]


def test_deleting_a_finger_keeps_the_others(call: Call, enrolled: Path, enroll: Call) -> None:
    enroll("A_02.bmp", "--finger", "left-index", "--unchecked")
    ended = call("delete", "--id", "A", "--finger", "right-index")
    assert (ended.code, ended.out) == (0, f"deleted A, finger right-index: 1 impression gone from {enrolled}\n")
    assert call("show", "--id", "A", "--json").answer["impressions"][0]["finger"] == "left-index"
    gone = call("delete", "--id", "A", "--json").answer
    assert gone == {"store": str(enrolled), "subject": "A", "finger": None, "deleted": 1}
