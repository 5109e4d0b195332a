"""WSQ: read where the optional package is there, and a clear word where it is not."""

from __future__ import annotations

import io
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from drawn import draw_print
from PIL import Image

from fpverify.errors import ScanError, ScanTooLarge, UnreadableScan
from fpverify.scans import read_scan, write_scan
from fpverify.scans import wsq as wsq_files
from fpverify.scans.decoder import COMPLAINT, _answer
from fpverify.scans.decoding import raster
from fpverify.scans.images import decode
from fpverify.vocabulary import Scan

PRINT = draw_print(size_px=160, radius=1)


def header(width: int, height: int, comment: bytes = b"") -> bytes:
    """The beginning of a WSQ file: a comment and a frame."""
    frame = struct.pack(">BBHHBHBHBH", 0, 255, height, width, 0, 0, 0, 0, 2, 0)
    return (
        b"\xff\xa0"
        + b"\xff\xa8"
        + struct.pack(">H", len(comment) + 2)
        + comment
        + b"\xff\xa2"
        + struct.pack(">H", len(frame) + 2)
        + frame
    )


@pytest.fixture
def wsq_bytes() -> bytes:
    """PRINT as NIST's encoder writes it."""
    pytest.importorskip("wsq")
    stream = io.BytesIO()
    Image.fromarray(PRINT).save(stream, "WSQ")
    return stream.getvalue()


def test_wsq_gives_nearly_its_pixels_and_its_resolution(wsq_bytes: bytes, tmp_path: Path) -> None:
    path = tmp_path / "scan.wsq"
    path.write_bytes(wsq_bytes)
    scan = read_scan(path)
    assert (scan.ppi, scan.ppi_estimated) == (500, False)
    assert np.corrcoef(scan.pixels.ravel(), PRINT.ravel())[0, 1] > 0.97


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9])
def test_truncated_wsq_is_refused(wsq_bytes: bytes, share: float, tmp_path: Path) -> None:
    path = tmp_path / "scan.wsq"
    path.write_bytes(wsq_bytes[: int(share * len(wsq_bytes))])
    with pytest.raises(UnreadableScan, match="damaged or truncated"):
        read_scan(path)


@pytest.mark.slow
def test_damaged_wsq_never_takes_the_process_along(
    wsq_bytes: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path, rng = tmp_path / "scan.wsq", np.random.default_rng(3)
    for _ in range(30):
        data = bytearray(wsq_bytes)
        for place in rng.integers(2, len(data) if rng.random() < 0.5 else 700, 5):
            data[place] = rng.integers(256)
        path.write_bytes(data)
        try:
            read_scan(path)
        except ScanError as error:
            assert str(error).isprintable()  # noqa: PT017 - most, but not all damage is found
    assert capfd.readouterr() == ("", "")


def test_what_decoders_said_of_other_files_is_not_held_against_one(wsq_bytes: bytes) -> None:
    end, start = os.pipe()
    os.set_blocking(start, False)
    try:
        os.write(start, COMPLAINT + b" of another file")
        head = next(iter(_answer(wsq_bytes, (end, start))))
    finally:
        os.close(start)
        os.close(end)
    assert head.startswith(b"L\0")


def test_the_header_gives_size_and_resolution() -> None:
    read = wsq_files.wsq_header(header(300, 400, b"NIST_COM 9\nPPI 1000\nLOSSY 1"), "x")
    assert read == (300, 400, (1000.0, 1000.0))
    assert wsq_files.wsq_header(header(300, 400), "x") == (300, 400, None)
    assert wsq_files.wsq_header(header(300, 400, b"PPI -1"), "x") == (300, 400, None)


@pytest.mark.parametrize("length", range(2, 30))
def test_headers_cut_short_are_refused(length: int) -> None:
    whole = header(300, 400)
    if length < len(whole) - 11:
        with pytest.raises(UnreadableScan, match="x: damaged or truncated"):
            wsq_files.wsq_header(whole[:length], "x")


def test_wsq_bombs_are_refused_before_decoding(tmp_path: Path) -> None:
    path = tmp_path / "scan.wsq"
    path.write_bytes(header(65535, 65535))
    with pytest.raises(ScanTooLarge, match="65535 x 65535"):
        read_scan(path)


def test_without_the_package_the_message_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wsq_files, "find_spec", lambda name: None)
    with pytest.raises(UnreadableScan, match=r"pip install '\.\[wsq\]'"):
        raster(header(300, 400), "scan.wsq")


@pytest.mark.parametrize("ppi", [500.0, 1000.0])
def test_wsq_is_written_with_the_scans_own_resolution(ppi: float, tmp_path: Path) -> None:
    pytest.importorskip("wsq")
    path = tmp_path / "scan.wsq"
    write_scan(Scan(PRINT, ppi, "print"), path)
    stated = wsq_files.wsq_header(path.read_bytes(), "x").stated_ppi
    assert stated == (ppi, ppi)
    picture = decode(path.read_bytes(), "scan.wsq")
    assert np.corrcoef(picture.pixels.ravel(), PRINT.ravel())[0, 1] > 0.97


def test_a_resolution_that_was_estimated_is_not_written(tmp_path: Path) -> None:
    pytest.importorskip("wsq")
    write_scan(Scan(PRINT, 500, "print"), tmp_path / "scan.wsq", states_ppi=False)
    assert wsq_files.wsq_header((tmp_path / "scan.wsq").read_bytes(), "x").stated_ppi is None


def test_what_cannot_be_compressed_is_refused_in_one_line(tmp_path: Path) -> None:
    pytest.importorskip("wsq")
    with pytest.raises(ScanError, match="cannot be written as WSQ"):
        write_scan(Scan(PRINT[:20, :20], 500, "small"), tmp_path / "scan.wsq")
