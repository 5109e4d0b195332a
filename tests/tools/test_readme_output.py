"""Output below the calls of a document."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest
from tool_modules import tool


@pytest.fixture(scope="module")
def readme_output() -> ModuleType:
    return tool("readme_output")


def test_output_replaces_what_stood_below_each_call_and_nothing_else(readme_output: ModuleType) -> None:
    text = "a\n\n```console\n$ fpverify x 'y z'\nold\nlines\n$ fpverify w\n```\n\n```python\n$ fpverify no\n```\n"
    filled = readme_output.with_output(text, lambda words: f"{len(words)} words\n")
    assert filled == text.replace("old\nlines", "3 words").replace("fpverify w\n", "fpverify w\n2 words\n")
    assert readme_output.with_output(filled, lambda words: f"{len(words)} words\n") == filled


def test_a_call_prints_what_its_process_prints(readme_output: ModuleType, tmp_path: Path) -> None:
    assert readme_output.output_of(["fpverify", "--version"], tmp_path).startswith("fpverify ")
    with pytest.raises(SystemExit, match="missing"):
        readme_output.output_of(["fpverify", "verify", "missing.bmp", "--id", "A"], tmp_path)
    with pytest.raises(SystemExit, match="only fpverify"):
        readme_output.output_of(["rm", "-r", "x"], tmp_path)
