"""Notebooks run from nothing, and show what they make."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

pytest.importorskip("mkdocs")
nbformat = pytest.importorskip("nbformat")
notebooks = pytest.importorskip("notebooks")
docs_site = pytest.importorskip("docs_site")

FOLDER = Path(__file__).parents[2] / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
LARGEST = 400_000  # bytes of one with its pictures
TRAINS = FOLDER / "the-stripe-lesson.ipynb"
LESS = {"Stopping(100)": "Stopping(2)", "steps: 40,": "steps: 4,", "pairs: 32,": "pairs: 8,"}  # of its training


@pytest.mark.slow
@pytest.mark.train
@pytest.mark.parametrize(
    "path",
    [pytest.param(path, marks=[pytest.mark.thorough] if path == TRAINS else []) for path in PATHS],
    ids=lambda path: path.stem,
)
def test_a_notebook_shows_what_it_makes(path: Path, release_model: str) -> None:
    if path == TRAINS:
        needs_keras()
    shown = nbformat.read(path, as_version=4)
    assert list(notebooks.differences(shown, notebooks.executed(path))) == []


@pytest.mark.slow
@pytest.mark.train
def test_the_notebook_that_trains_says_the_same_words_when_it_trains_less(tmp_path: Path) -> None:
    needs_keras()
    text = TRAINS.read_text(encoding="utf-8")
    for much, little in LESS.items():
        assert text.count(much) == 1
        text = text.replace(much, little)
    less = tmp_path / TRAINS.name
    less.write_text(text, encoding="utf-8")
    cells = [book.cells for book in (nbformat.read(TRAINS, as_version=4), notebooks.executed(less))]
    for shown, made in zip(*cells, strict=True):
        if shown.cell_type == "code":
            assert notebooks.words(notebooks.said_by(made)) == notebooks.words(notebooks.said_by(shown))
            assert notebooks.pictures(made) == notebooks.pictures(shown)


def needs_keras() -> None:
    for library in ("keras", "sklearn"):
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
