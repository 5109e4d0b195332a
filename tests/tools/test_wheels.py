"""The table of wheels names what is missing, in the words of the tool that looks."""

from __future__ import annotations

import re

import pytest
from tool_modules import tool


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (
            "× No solution found when resolving dependencies:\n  ╰─▶ Because ai-edge-litert>=2.1.0 has no wheels with\n"
            "      a matching platform tag (e.g., `win_arm64`) and fpverify depends on ai-edge-litert>=2.1, we can",
            "ai-edge-litert",
        ),
        ("Because only faiss-cpu<=1.8 is available and fpverify depends on faiss-cpu>=1.9", "faiss-cpu"),
        ("something else", "solution"),
    ],
)
def test_what_is_missing_is_named(said: str, name: str) -> None:
    assert tool("wheels").missing(said) == name


def test_the_document_has_a_row_for_each_system_and_a_column_for_each_python() -> None:
    wheels = tool("wheels")
    found = wheels.PLACE.search(wheels.PAGE.read_text())
    assert found is not None
    head, _, *rows = found[0].splitlines()
    assert tuple(re.findall(r"3\.\d+", head)) == wheels.supported()
    assert [row.split("|")[1].strip() for row in rows] == list(wheels.SYSTEMS)
