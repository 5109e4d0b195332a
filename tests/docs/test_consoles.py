"""Consoles of the tutorials run as they stand, and print what they show."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import consoles
import pytest
import yaml

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TUTORIALS = [path for path in sorted((ROOT / "docs" / "tutorials").glob("*.md")) if path.stem != "README"]
LESS = {"steps": 30, "pairs": 12}  # of the training of stripes


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_a_tutorial_prints_what_it_shows(path: Path, release_model: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert list(consoles.differences(consoles.calls(text), consoles.run(text))) == []


@pytest.mark.train
@pytest.mark.skipif(find_spec("tensorflow") is None, reason="TensorFlow is not installed")
@pytest.mark.parametrize("less", [LESS, pytest.param({}, marks=pytest.mark.thorough)], ids=["less", "all"])
def test_the_page_about_training_prints_what_it_shows(less: dict[str, int], tmp_path: Path) -> None:
    """It trains: some 50 s of CPU, as it says, and a fifth of that with less to do."""
    recipe = yaml.safe_load((ROOT / "recipes" / "stripes.yaml").read_text(encoding="utf-8"))
    recipe["whole_print"] |= less
    (tmp_path / "stripes.yaml").write_text(yaml.safe_dump(recipe), encoding="utf-8")
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    assert any(call.line.startswith("fpverify train recipes/stripes.yaml ") for call in consoles.calls(text))
    assert list(consoles.differences(consoles.calls(text), consoles.run(text, tmp_path))) == []


def test_there_are_tutorials_and_each_has_consoles() -> None:
    assert {path.stem for path in TUTORIALS} == {"door", "your-sensor", "school"}


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_every_python_block_of_a_tutorial_is_a_file_that_is_run(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    files = [name for name, _ in consoles.FILE.findall(text)]
    assert len(files) == text.count("```python\n")
    typed = " ".join(call.line for call in consoles.calls(text))
    assert [name for name in files if f"python {name}" not in typed] == []


def test_lines_run_in_one_shell_with_what_was_saved() -> None:
    typed = "```console\n$ X=one\n$ python a.py\nmade 3\n$ echo $X; pwd\none\n/home/you\n```\n"
    text = f"```python\n# a.py\nprint('made', 3)\n```\n{typed}"
    printed = consoles.run(text)
    assert printed == ["", "made 3", "one\n/home/you"]
    assert list(consoles.differences(consoles.calls(text), printed)) == []
    assert consoles.filled(text.replace("made 3\n", "old\n"), printed) == text


def test_other_output_is_seen_and_numbers_may_differ() -> None:
    assert consoles.agrees("score 12.5 of   3", "score 1 of 30")
    assert not consoles.agrees("score 12.5", "shut")
    assert consoles.agrees('{..., "decision":"match", ...}', '{"a":1, "decision":"match", "b":2}')
    assert not consoles.agrees('{..., "decision":"match", ...}', '{"a":1, "decision":"non-match", "b":2}')


def test_a_line_that_fails_is_an_error() -> None:
    with pytest.raises(SystemExit, match="ended with 3"):
        consoles.run("```console\n$ (exit 3)\n```\n")
