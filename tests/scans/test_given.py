"""What a scan can be read from, and what it cannot."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fpverify.errors import NotAScan, ScanError, UnreadableScan, UnsupportedResolution
from fpverify.scans import read_scan, scan_from_bytes, write_scan
from fpverify.scans.acquisition import scan_of
from fpverify.vocabulary import Scan

SAMPLE = Path(__file__).parents[2] / "fpverify" / "samples" / "A_1.bmp"


class Somewhere:
    def __fspath__(self) -> str:
        return str(SAMPLE)


WAYS: dict[str, Callable[[], object]] = {
    "str": lambda: str(SAMPLE),
    "Path": lambda: SAMPLE,
    "PathLike": Somewhere,
    "bytes": SAMPLE.read_bytes,
    "bytearray": lambda: bytearray(SAMPLE.read_bytes()),
    "memoryview": lambda: memoryview(SAMPLE.read_bytes()),
    "BytesIO": lambda: io.BytesIO(SAMPLE.read_bytes()),
    "file": lambda: SAMPLE.open("rb"),
    "picture": lambda: Image.open(SAMPLE),
    "grey picture": lambda: Image.open(SAMPLE).convert("L"),
    "colours": lambda: Image.open(SAMPLE).convert("RGB"),
    "array": lambda: np.asarray(Image.open(SAMPLE).convert("L")),
    "Scan": lambda: read_scan(SAMPLE),
}
NONE: dict[str, tuple[object, str]] = {
    "None": (None, "not None"),
    "int": (5, "not of type int"),
    "list": ([SAMPLE], "not of type list"),
    "function": (read_scan, "not of type function"),
}
EMPTY: dict[str, tuple[object, str]] = {
    "bytes": (b"", "no bytes in it"),
    "BytesIO": (io.BytesIO(), "no bytes in it"),
    "path": ("", "is empty"),
    "text": (io.StringIO("print"), r"open\(path, 'rb'\)"),
    "array": (np.zeros((0, 0), np.uint8), "give"),
    "fractions": (np.zeros((300, 300)), "give uint8"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_scan_is_the_same_whatever_it_is_read_from(way: str) -> None:
    given = WAYS[way]()
    scan, known = read_scan(given, ppi=500), read_scan(SAMPLE)  # type: ignore[arg-type]
    assert np.array_equal(scan.pixels, known.pixels)
    assert (scan.ppi, scan.inverted) == (known.ppi, known.inverted)
    if hasattr(given, "close"):
        given.close()


def test_a_file_is_read_as_a_whole_and_left_open() -> None:
    with SAMPLE.open("rb") as file:
        file.seek(0, io.SEEK_END)  # as after writing a picture into it
        first, second = read_scan(file), read_scan(file)
        assert np.array_equal(first.pixels, second.pixels)
        assert first.source == str(SAMPLE)
    with pytest.raises(UnreadableScan, match="cannot be read"):
        read_scan(file)


def test_a_picture_of_pillow_states_its_resolution() -> None:
    with Image.open(SAMPLE) as picture:
        assert read_scan(picture).ppi_source == "file"
        picture.info["dpi"] = (1000, 1000)
        assert read_scan(picture, ppi=500).ppi_source == "given"
    array = np.asarray(Image.open(SAMPLE).convert("L"))
    assert read_scan(array).ppi_source == "estimated"


@pytest.mark.parametrize("kind", NONE)
def test_what_is_no_scan_is_one_error_that_says_what_was_expected(kind: str) -> None:
    given, said = NONE[kind]
    with pytest.raises(NotAScan, match=rf"^a scan was expected: a path, bytes, .* {said}$") as caught:
        read_scan(given)  # type: ignore[arg-type]
    assert isinstance(caught.value, ScanError | TypeError)
    with pytest.raises(NotAScan):
        scan_of(given, None, 500)  # type: ignore[arg-type]
    with pytest.raises(NotAScan):
        write_scan(given, "x.png")  # type: ignore[arg-type]
    with pytest.raises(NotAScan):
        scan_from_bytes(given)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", EMPTY)
def test_what_holds_no_scan_is_one_error_that_says_why(kind: str) -> None:
    given, said = EMPTY[kind]
    with pytest.raises(UnreadableScan, match=said):
        read_scan(given)  # type: ignore[arg-type]


def test_a_scan_keeps_its_resolution() -> None:
    scan = read_scan(SAMPLE)
    assert scan_of(scan, None, 250) is scan
    assert scan_of(SAMPLE, None, 250).ppi == 250
    with pytest.raises(UnsupportedResolution, match="has 500 ppi already"):
        read_scan(scan, ppi=1000)


@pytest.mark.parametrize("ppi", ["500", "wide", [500], 0, -500, float("nan"), 10**6])
def test_what_is_no_resolution_is_one_error(ppi: object) -> None:
    with pytest.raises(UnsupportedResolution, match="give"):
        read_scan(SAMPLE, ppi=ppi)  # type: ignore[arg-type]


def test_pillow_is_not_loaded_to_tell_what_is_none_of_its_pictures() -> None:
    code = (
        "import sys; import numpy as np; from fpverify.vocabulary import Scan; from fpverify.verifier import Verifier;"
        "Scan(np.zeros((9, 9), np.uint8), 500.0); print('PIL' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_wrong_scan_is_not_shown_in_the_message() -> None:
    with pytest.raises(NotAScan) as caught:
        read_scan({"pixels": np.full((3, 3), 77)})  # type: ignore[arg-type]
    assert "77" not in str(caught.value)
    assert isinstance(Scan, type)
