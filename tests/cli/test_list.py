from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Call = Callable[..., Any]


def test_the_list_has_a_line_for_each_finger(call: Call, enroll: Call) -> None:
    for subject, finger in (("B", "right-index"), ("A", "left-thumb"), ("A", "right-thumb"), ("A", "right-thumb")):
        enroll("A_00.bmp", "--unchecked", "--finger", finger, subject=subject)
    expected = [("A", "right-thumb", 2), ("A", "left-thumb", 1), ("B", "right-index", 1)]
    rows = [tuple(line.split()[:3]) for line in call("list").out.splitlines()]
    assert rows == [("subject", "finger", "impressions"), *((*names, str(count)) for *names, count in expected)]
    fingers = call("list", "--json").answer["fingers"]
    assert [(one["subject"], one["finger"], one["impressions"]) for one in fingers] == expected
    assert (fingers[0]["models"], fingers[0]["qualities"]) == (["edges-1"], [1.0, 1.0])


def test_an_empty_store_says_so(call: Call, enrolled: Path) -> None:
    assert call("delete", "--id", "A").code == 0
    assert call("list").out == f"nobody is enrolled in {enrolled}\n"
    assert call("list", "--json").answer == {"store": str(enrolled), "fingers": []}
