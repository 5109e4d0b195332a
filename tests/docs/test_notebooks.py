"""Notebooks run from nothing, and show what they make."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

pytest.importorskip("mkdocs")
nbformat = pytest.importorskip("nbformat")
notebooks = pytest.importorskip("notebooks")
docs_site = pytest.importorskip("docs_site")

FOLDER = Path(__file__).parents[2] / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
LARGEST = 400_000  # bytes of one with its pictures
NEEDS = {"the-stripe-lesson": ("keras", "sklearn")}
LESS = {  # of what takes longest
    "the-stripe-lesson": {"Stopping(100)": "Stopping(2)", "steps: 40,": "steps: 4,", "pairs: 32,": "pairs: 8,"},
    "what-an-attacker-can-do": {"fingers=100": "fingers=20", "range(200)": "range(20)"},
}


@pytest.mark.train
@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.thorough] if path.stem in LESS else []) for path in PATHS],
    ids=lambda path: path.stem,
)
def test_a_notebook_shows_what_it_makes(path: Path, release_model: str) -> None:
    needed(path.stem)
    shown = nbformat.read(path, as_version=4)
    assert list(notebooks.differences(shown, notebooks.executed(path))) == []


@pytest.mark.train
@pytest.mark.parametrize("name", LESS)
def test_a_notebook_says_the_same_words_and_draws_as_much_when_it_tries_less(
    name: str, release_model: str, tmp_path: Path
) -> None:
    needed(name)
    path = FOLDER / f"{name}.ipynb"
    text = path.read_text(encoding="utf-8")
    for much, little in LESS[name].items():
        assert text.count(much) == 1
        text = text.replace(much, little)
    (tmp_path / path.name).write_text(text, encoding="utf-8")
    shown, made = nbformat.read(path, as_version=4), notebooks.executed(tmp_path / path.name)
    assert [words_and_pictures(cell) for cell in made.cells] == [words_and_pictures(cell) for cell in shown.cells]


def words_and_pictures(cell: Any) -> tuple[str, int]:
    if cell.cell_type != "code":
        return "", 0
    return notebooks.words(notebooks.said_by(cell)), notebooks.pictures(cell)


def needed(name: str) -> None:
    for library in NEEDS.get(name, ()):
        pytest.importorskip(library)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_notebook_is_tidy_and_its_pictures_have_words(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    assert path.stat().st_size < LARGEST
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert any(cell.outputs for cell in code)
    for cell in code:
        tidy = copy.deepcopy(cell)
        notebooks.tidied(tidy)
        assert [one.get("text") for one in tidy.outputs] == [one.get("text") for one in cell.outputs]
        assert cell.execution_count is None
        if notebooks.pictures(cell):
            assert cell.source.startswith("# Picture: ")
            assert len(docs_site.alternative(cell)) > 20


def test_other_words_other_pictures_and_far_numbers_are_seen() -> None:
    book = nbformat.read(PATHS[0], as_version=4)
    other = copy.deepcopy(book)
    assert list(notebooks.differences(book, other)) == []
    spoken = next(cell for cell in other.cells if cell.cell_type == "code" and notebooks.said_by(cell).strip())
    spoken.outputs[0].text = "other words"
    drawn = next(cell for cell in other.cells if cell.cell_type == "code" and notebooks.pictures(cell))
    drawn.outputs = [one for one in drawn.outputs if "image/png" not in one.get("data", {})]
    assert len(list(notebooks.differences(book, other))) >= 2
    assert notebooks.alike("score 102.6, 40 of them", "score 101.9, 41 of them")
    assert not notebooks.alike("score 102.6", "score 62.6")
    assert not notebooks.alike("score 102.6", "score")


def test_a_notebook_becomes_a_page_with_words_for_its_pictures() -> None:
    page = docs_site.notebook_markdown(FOLDER / "an-operating-point.ipynb")
    assert page.startswith("# Choosing an operating point")
    assert "![the chance that a stranger gets in" in page
    assert "```text" in page
