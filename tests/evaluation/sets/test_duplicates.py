"""Files that are the same, and pictures that are the same in another format, are named."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest
from PIL import Image

from fpverify.evaluation import evaluate
from fpverify.evaluation.sets.duplicates import SHOWN_GROUPS, duplicate_notes
from fpverify.evaluation.sets.layout import list_prints
from fpverify.evaluation.templates import TemplateCache
from fpverify.matching import Matcher
from fpverify.scans import read_scan


@pytest.fixture
def folder(stripes: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(stripes, tmp_path / "stripes"))


def test_a_set_without_copies_has_no_notes(folder: Path, edges_model: Path) -> None:
    assert evaluate(folder, model=edges_model, workers=1).notes == ()


def test_copies_are_named_with_the_fingers_they_go_under(folder: Path, edges_model: Path) -> None:
    shutil.copy(folder / "A_00.bmp", folder / "A_07.bmp")
    shutil.copy(folder / "A_01.bmp", folder / "C_01.bmp")
    shutil.copy(folder / "A_01.bmp", folder / "D_01.bmp")
    assert evaluate(folder, model=edges_model, workers=1).notes == (
        "A_00 and A_07 are the same file",
        "A_01, C_01 and D_01 are the same file, under the fingers A, C and D",
    )


def test_a_picture_in_another_format_is_the_same_picture(folder: Path, edges_model: Path, tmp_path: Path) -> None:
    with Image.open(folder / "B_02.bmp") as image:
        image.save(folder / "C_00.png", dpi=(500, 500))
        image.save(folder / "C_01.tif", dpi=(500, 500))
    said = ("B_02, C_00 and C_01 show the same picture, under the fingers B and C",)
    for _ in range(2):  # the second time with kept templates
        assert evaluate(folder, model=edges_model, workers=1, cache=TemplateCache(tmp_path / "kept")).notes == said


def test_pictures_that_only_gave_the_same_template_are_not_called_the_same(folder: Path, edges_model: Path) -> None:
    prints = list_prints(folder)[:2]
    template = Matcher.load(edges_model).template(read_scan(prints[0].path))
    assert duplicate_notes(prints, ["a", "b"], [template, template]) == []
    assert duplicate_notes(prints, ["a", "a"], [template, template]) == ["A_00 and A_01 are the same file"]


def test_files_that_could_not_be_read_are_not_called_the_same(folder: Path) -> None:
    assert duplicate_notes(list_prints(folder)[:2], [hashlib.sha256().hexdigest()] * 2, ["gone", "gone"]) == []


def test_a_set_that_was_copied_whole_does_not_fill_the_page(folder: Path, edges_model: Path) -> None:
    for path in list(folder.iterdir()):
        shutil.copy(path, folder / f"copy_of_{path.name}")
    notes = evaluate(folder, model=edges_model, workers=1).notes
    assert len(notes) == SHOWN_GROUPS + 1
    assert notes[-1] == "3 more groups of prints are the same"
