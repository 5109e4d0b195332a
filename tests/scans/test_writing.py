"""What is written is read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from drawn import draw_print

from fpverify.errors import ScanError
from fpverify.scans import read_scan, write_scan
from fpverify.vocabulary import Scan


@pytest.mark.parametrize("ending", ["bmp", "png", "tif", "tiff", "BMP"])
@pytest.mark.parametrize("ppi", [250.0, 500.0, 508.0, 1000.0])
def test_written_scans_come_back(ending: str, ppi: float, tmp_path: Path) -> None:
    scan = Scan(draw_print(9 * ppi / 500), ppi)
    path = tmp_path / f"scan.{ending}"
    write_scan(scan, path)
    again = read_scan(path)
    np.testing.assert_array_equal(again.pixels, scan.pixels)
    assert (again.ppi, again.ppi_estimated) == (ppi, False)


@pytest.mark.parametrize("name", ["scan.jpg", "scan", "scan.gif"])
def test_lossy_and_unknown_endings_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ScanError, match=r"scans are written as \.bmp, \.png"):
        write_scan(Scan(draw_print(), 500.0), tmp_path / name)
    assert not list(tmp_path.iterdir())
