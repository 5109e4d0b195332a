"""Resolution and polarity, measured on sets of real prints at 500 ppi.

FPVERIFY_REAL_PRINTS names a folder with a folder of images for each set.
"""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from fpverify.scans import read_scan
from fpverify.scans.polarity import is_inverted
from fpverify.scans.resolution import estimate_ppi
from fpverify.vocabulary import ByteArray

FOLDER = os.environ.get("FPVERIFY_REAL_PRINTS", "")
pytestmark = [
    pytest.mark.real_prints,
    pytest.mark.slow,
    pytest.mark.skipif(not FOLDER, reason="FPVERIFY_REAL_PRINTS names no folder of real prints"),
]
IMAGES = {".png", ".bmp", ".tif"}


@pytest.fixture(scope="module")
def sets() -> dict[str, list[ByteArray]]:
    """Every other print of every set."""
    folders = sorted(path for path in Path(FOLDER).iterdir() if path.is_dir())
    files = {folder.name: sorted(file for file in folder.iterdir() if file.suffix in IMAGES) for folder in folders}
    return {name: [np.asarray(Image.open(file)) for file in islice(found, 0, None, 2)] for name, found in files.items()}


def resampled(pixels: ByteArray, factor: float) -> ByteArray:
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=method), np.uint8)


@pytest.mark.parametrize(("ppi", "share"), [(500, 0.99), (1000, 0.97), (250, 0.9)])
def test_resolutions_are_estimated_within_a_quarter(ppi: int, share: float, sets: dict[str, list[ByteArray]]) -> None:
    good = []
    for name, prints in sets.items():
        estimates = np.array([estimate_ppi(resampled(pixels, ppi / 500)) or 0 for pixels in prints])
        good += list(np.abs(estimates / ppi - 1) <= 0.25)
        print(f"{name} at {ppi} ppi: {np.sum(np.abs(estimates / ppi - 1) > 0.25)} of {len(prints)} wrong")
    assert np.mean(good) >= share


def test_no_real_print_is_inverted(sets: dict[str, list[ByteArray]]) -> None:
    for name, prints in sets.items():
        assert [number for number, pixels in enumerate(prints) if is_inverted(pixels, 500)] == [], name


def test_negatives_of_real_prints_are_recognised(sets: dict[str, list[ByteArray]]) -> None:
    missed = {name: sum(not is_inverted(255 - pixels, 500) for pixels in prints) for name, prints in sets.items()}
    print(missed)
    assert sum(missed.values()) <= 0.2 * sum(map(len, sets.values()))


def test_files_without_resolution_are_read() -> None:
    for folder in (path for path in Path(FOLDER).iterdir() if path.is_dir()):
        scan = read_scan(min(file for file in folder.iterdir() if file.suffix in IMAGES))
        assert not scan.inverted
        assert scan.ppi == 500
