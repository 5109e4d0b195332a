"""Every tool stands in the table of tools, and every one that stands there is there."""

from __future__ import annotations

import re
from pathlib import Path

TOOLS = Path(__file__).parents[2] / "tools"


def test_the_table_names_every_tool_once() -> None:
    rows = re.findall(r"^\| (`.+)$", (TOOLS / "README.md").read_text(), re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+\.py)`", row)]
    assert sorted(named) == sorted(path.name for path in TOOLS.glob("*.py"))
