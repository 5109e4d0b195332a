"""Scans and records made into records: by content, file by file and folder by folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fpverify import extract_minutiae, read_minutiae, read_scan, write_minutiae
from fpverify.conversion import Converter
from fpverify.errors import ModelError, UnreadableRecord, UnwritableRecord
from fpverify.synthesis.dataset import write_ridges
from fpverify.vocabulary import FINGERS


@pytest.fixture(scope="module")
def prints(tmp_path_factory: pytest.TempPathFactory, release_model: str) -> Path:
    folder = tmp_path_factory.mktemp("prints")
    write_ridges(folder, fingers=1, impressions=2, labels=True)
    return folder


def test_a_scan_goes_through_every_format_by_its_ending(prints: Path, tmp_path: Path) -> None:
    scan = read_scan(prints / "1_1.bmp")
    made = extract_minutiae(scan, "right-index")
    for ending in ("fmr", "iso", "ansi", "iso2011", "ansi2009", "ansi2009am1", "isonc", "isocc", "xyt", "csv", "json"):
        path = tmp_path / f"finger.{ending}"
        write_minutiae(made, path)
        back = read_minutiae(path, ppi=500, size=(scan.pixels.shape[1], scan.pixels.shape[0])).views[0]
        scale = made.views[0].ppcm_x / back.ppcm_x
        step = 2.0 if ending == "isocc" else 1.0
        assert np.abs(back.x_px * scale - made.views[0].x_px).max() <= step / 2 + 0.3
        assert np.abs(back.y_px * scale - made.views[0].y_px).max() <= step / 2 + 0.3
        if ending not in {"isonc", "isocc", "xyt"}:
            assert FINGERS[back.finger] == "right-index"


def test_what_a_file_is_is_seen_by_its_content(prints: Path, tmp_path: Path) -> None:
    written = Converter().convert([prints / "1_1.bmp"], tmp_path / "a.fmr")
    named_otherwise = tmp_path / "a.dat"
    named_otherwise.write_bytes((tmp_path / "a.fmr").read_bytes())
    again = Converter().convert([named_otherwise], tmp_path / "b.fmr")
    assert (tmp_path / "b.fmr").read_bytes() == (tmp_path / "a.fmr").read_bytes()
    assert written.record is not None
    assert again.record is not None
    scan = tmp_path / "scan.dat"
    scan.write_bytes((prints / "1_1.bmp").read_bytes())
    Converter().convert([scan], tmp_path / "c.fmr")
    assert (tmp_path / "c.fmr").read_bytes() == (tmp_path / "a.fmr").read_bytes()


def test_several_files_become_views_of_one_record(prints: Path, tmp_path: Path) -> None:
    Converter(finger=2).convert([prints / "1_1.bmp", prints / "1_2.bmp"], tmp_path / "both.fmr")
    assert [(one.finger, one.view) for one in read_minutiae(tmp_path / "both.fmr").views] == [(2, 0), (2, 1)]


def test_a_folder_becomes_a_folder_and_a_file_that_fails_is_told_of(prints: Path, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for path in prints.iterdir():  # scans, and labels in JSON that are no records
        (mixed / path.name).write_bytes(path.read_bytes())
    (mixed / "broken.fmr").write_bytes(b"FMR\0 20\0" + bytes(40))
    done = list(Converter("iso2011").convert_folder(mixed, tmp_path / "out"))
    assert [one.path.name for one in done] == ["1_1.iso2011", "1_2.iso2011", "broken.iso2011"]
    assert [one.error is None for one in done] == [True, True, False]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["1_1.iso2011", "1_2.iso2011"]


def test_two_files_of_one_name_are_refused(prints: Path, tmp_path: Path) -> None:
    (tmp_path / "1.fmr").write_bytes(b"FMR\0")
    (tmp_path / "1.bmp").write_bytes(b"BM")
    with pytest.raises(UnreadableRecord, match="shares its name"):
        list(Converter("json").convert_folder(tmp_path, tmp_path / "out"))
    with pytest.raises(UnwritableRecord, match="name one"):
        list(Converter().convert_folder(tmp_path, tmp_path / "out"))


def test_a_model_without_minutiae_says_so(edges_model: Path, stripes: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="finds no minutiae"):
        Converter(model=edges_model).convert([stripes / "A_00.bmp"], tmp_path / "a.fmr")


def test_verifying_loads_nothing_of_all_this() -> None:
    code = "import sys, fpverify.cli.verify, fpverify.verifier, fpverify.scans; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "fpverify.features.extraction" in loaded
    names = ("fpverify.formats", "fpverify.conversion", "fpverify.features.views", "fpverify.features.minutia_types")
    assert [name for name in loaded if name.startswith(names)] == []


def test_a_finger_has_a_name(prints: Path) -> None:
    with pytest.raises(UnwritableRecord, match="right-index"):
        extract_minutiae(read_scan(prints / "1_1.bmp"), "index")
