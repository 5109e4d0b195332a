"""A folder as a reader."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fpverify.errors import NoReader, NothingCaptured, ReaderUnplugged, UnusableCapture
from fpverify.readers import Reader, best_capture, opened_reader
from fpverify.testing import ReaderContract
from fpverify.testing.reader_contract import made_up_print
from fpverify.vocabulary import ByteArray


class TestFolderReader(ReaderContract):
    @pytest.fixture(autouse=True)
    def inbox(self, tmp_path: Path) -> None:
        self.folder = tmp_path / "inbox"
        self.folder.mkdir()
        self.count = 0

    def new_reader(self, ppi: float | None) -> Reader:
        return opened_reader(f"folder:{self.folder}", ppi=ppi)

    def put_finger(self, reader: Reader, pixels: ByteArray) -> None:
        self.count += 1
        renamed(pixels, self.folder / f"{self.count}.png")

    def source_of(self, reader: Reader) -> str:
        return str(self.folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def save(pixels: ByteArray, path: Path) -> None:
    Image.fromarray(pixels).save(path, dpi=(500, 500))


def renamed(pixels: ByteArray, path: Path) -> None:
    """Written under another name, and then renamed."""
    part = path.with_name(f".{path.name}")
    save(pixels, part)
    part.replace(path)


def captured(folder: Path, act: Callable[[], object], timeout_s: float = 20, ppi: float | None = None) -> ByteArray:
    timer = threading.Timer(0.3, act)
    timer.start()
    try:
        return opened_reader(f"folder:{folder}", ppi=ppi).capture(timeout_s).pixels
    finally:
        timer.join()


def test_a_file_that_was_there_before_is_never_taken(folder: Path) -> None:
    save(made_up_print(1), folder / "a.png")
    with pytest.raises(NothingCaptured):
        captured(folder, lambda: None, 1)
    assert np.array_equal(captured(folder, lambda: save(made_up_print(2), folder / "b.png")), made_up_print(2))


def test_what_comes_after_the_reader_is_prepared_counts(folder: Path) -> None:
    reader = opened_reader(f"folder:{folder}")
    save(made_up_print(1), folder / "a.png")
    best = best_capture(reader, 20, ready=lambda: save(made_up_print(2), folder / "b.png"))
    assert np.array_equal(best.pixels, made_up_print(2))
    with pytest.raises(NothingCaptured):
        reader.capture(0.5)


def test_a_file_that_takes_the_place_of_another_is_new(folder: Path) -> None:
    save(made_up_print(1), folder / "a.png")
    assert np.array_equal(captured(folder, lambda: renamed(made_up_print(2), folder / "a.png")), made_up_print(2))


def test_a_file_that_is_written_anew_after_a_rest_is_new(folder: Path) -> None:
    save(made_up_print(1), folder / "a.png")

    def after_a_rest() -> None:
        time.sleep(1.5)
        save(made_up_print(2), folder / "a.png")

    assert np.array_equal(captured(folder, after_a_rest), made_up_print(2))


def test_a_file_that_was_being_written_before_is_not_taken(folder: Path) -> None:
    save(made_up_print(1), folder / "whole.png")
    content = (folder / "whole.png").read_bytes()
    (folder / "a.png").write_bytes(content[:1000])

    def finish() -> None:
        with (folder / "a.png").open("ab") as file:
            file.write(content[1000:])

    with pytest.raises(NothingCaptured, match=r"a\.png was there before"):
        captured(folder, finish, 1.2)


def test_a_file_that_is_written_slowly_is_read_when_it_is_whole(folder: Path, tmp_path: Path) -> None:
    Image.fromarray(made_up_print(1)).save(tmp_path / ".whole", "BMP", dpi=(500, 500))
    content = (tmp_path / ".whole").read_bytes()

    def slowly() -> None:
        with (folder / "a.bmp").open("wb", buffering=0) as file:
            for start in range(0, len(content), len(content) // 4 + 1):
                file.write(content[start : start + len(content) // 4 + 1])
                time.sleep(0.4)

    assert np.array_equal(captured(folder, slowly), made_up_print(1))


@pytest.mark.parametrize("name", [".hidden.png", "a.png.part", "a.tmp", "notes.txt"])
def test_other_files_are_left_alone(folder: Path, name: str) -> None:
    with pytest.raises(NothingCaptured):
        captured(folder, lambda: (folder / name).write_bytes(b"x" * 100), 1)


def test_garbage_is_an_error_of_its_own(folder: Path) -> None:
    began = time.monotonic()
    with pytest.raises(UnusableCapture, match=r"folder:.*a\.png"):
        captured(folder, lambda: (folder / "a.png").write_bytes(os.urandom(2000)), 20)
    assert time.monotonic() - began < 10


def test_garbage_within_a_short_time_is_told_from_nothing(folder: Path) -> None:
    with pytest.raises(UnusableCapture):
        captured(folder, lambda: (folder / "a.png").write_bytes(b"no picture"), 1)


def test_a_folder_that_goes_away_is_a_reader_that_was_unplugged(folder: Path) -> None:
    inbox = folder / "inbox"
    inbox.mkdir()
    with pytest.raises(ReaderUnplugged, match="went away"):
        captured(inbox, inbox.rmdir)


def test_a_folder_that_is_not_there_is_no_reader(folder: Path) -> None:
    with pytest.raises(NoReader, match="no such folder"):
        opened_reader(f"folder:{folder}/nowhere")


def test_each_file_states_its_own_resolution(folder: Path) -> None:
    timer = threading.Timer(0.3, save, (made_up_print(1), folder / "a.png"))
    timer.start()
    scan = opened_reader(f"folder:{folder}").capture(20)
    timer.join()
    assert (scan.ppi, scan.ppi_source) == (500, "file")
