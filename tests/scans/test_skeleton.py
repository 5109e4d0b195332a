"""Ridges thinned to lines are no scan; scans in black and white are."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawn import draw_print, encoded
from skimage.morphology import skeletonize

from fpverify.errors import FailureToAcquire
from fpverify.scans import scan_from_bytes, scan_from_pixels
from fpverify.synthesis.dataset import synthesise
from fpverify.vocabulary import ByteArray


@pytest.fixture(scope="module")
def prints() -> list[ByteArray]:
    return [made.scan.pixels for made in synthesise(fingers=5, impressions=2, seed=41)]


def in_black_and_white(pixels: ByteArray) -> ByteArray:
    around = cv2.GaussianBlur(pixels.astype(np.float32), (0, 0), 5)
    return np.where(pixels < around - 4, 0, 255).astype(np.uint8)


def thinned(pixels: ByteArray) -> ByteArray:
    return np.where(skeletonize(in_black_and_white(pixels) == 0), 0, 255).astype(np.uint8)


def test_thinned_ridges_are_refused_in_both_polarities(prints: list[ByteArray]) -> None:
    for pixels in prints:
        for drawing in (thinned(pixels), 255 - thinned(pixels)):
            with pytest.raises(FailureToAcquire, match="a processed picture, not a scan"):
                scan_from_pixels(drawing, ppi=500)


def test_compression_does_not_hide_thinned_ridges(prints: list[ByteArray]) -> None:
    with pytest.raises(FailureToAcquire, match="a processed picture"):
        scan_from_bytes(encoded(thinned(prints[0]), "JPEG", quality=95, dpi=(500, 500)))


@pytest.mark.parametrize("ppi", [250, 500])
def test_scans_in_black_and_white_are_read(ppi: int, prints: list[ByteArray]) -> None:
    for pixels in (draw_print(), *prints):
        resized = cv2.resize(pixels, None, fx=ppi / 500, fy=ppi / 500, interpolation=cv2.INTER_AREA)
        scan_from_pixels(in_black_and_white(np.asarray(resized, np.uint8)), ppi=ppi)


def test_scans_of_few_levels_are_read(prints: list[ByteArray]) -> None:
    for pixels in prints:
        scan_from_bytes(encoded(cv2.threshold(pixels, 0, 255, cv2.THRESH_OTSU)[1] > 0, "PNG", dpi=(500, 500)))
