"""From a file or an array to a scan that the rest can rely on."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.errors import FailureToAcquire, ScanTooLarge, UnsupportedResolution
from fpverify.scans.files import file_bytes
from fpverify.scans.images import Picture, check_size, decode
from fpverify.scans.levels import grey_from_array
from fpverify.scans.polarity import is_inverted
from fpverify.scans.resolution import GIVEN_PPI, PLAUSIBLE_PPI, estimate_ppi, tidy_ppi
from fpverify.scans.skeleton import is_skeleton
from fpverify.vocabulary import ByteArray, Scan

LEAST_SIDE_MM = 5.0  # below, too few ridges show to tell fingers apart
MOST_SIDE_MM = 100.0  # a finger is a quarter of it; more is a page, a palm, or a wrong resolution
FAINTEST_DEVIATION = 2.0  # grey levels of 255, over the image; below there is only a sensor's noise
SQUARE = 0.01  # relative difference of the resolutions across and down that is still rounding
MM_PER_INCH = 25.4
LEAST_SIDE_PX = round(LEAST_SIDE_MM / MM_PER_INCH * GIVEN_PPI[0])  # too small at any resolution


def read_scan(path: str | Path, *, ppi: float | None = None) -> Scan:
    """The scan in an image file: BMP, PNG, TIFF, JPEG, JPEG 2000, PGM and its kin, or WSQ.

    Colours become grey, transparent parts white, 16 bits 8, bright ridges on dark are inverted. A file with several
    images is refused, but of a photograph with previews the first picture is taken.

    Args:
        path: of a regular file.
        ppi: resolution, 100 to 2000; None takes the file's own, and where it states none or one outside 150 to 2000,
            an estimate from the ridges (`Scan.ppi_estimated`).

    Raises:
        UnreadableScan: no such file, not a regular file, damaged, or not one image of a known kind.
        ScanTooLarge: more than 4000 px or 100 mm a side.
        UnsupportedResolution: `ppi` out of range, or none stated and no ridges to estimate it from.
        FailureToAcquire: blank, less than 5 mm a side, or ridges thinned to lines.
    """
    source = str(path)
    _check_given(ppi, source)
    return _acquired(decode(file_bytes(path), source), ppi, source)


def scan_from_bytes(content: bytes, *, ppi: float | None = None, source: str = "memory") -> Scan:
    """The scan in the bytes of an image file, treated as `read_scan` treats one.

    Args:
        content: the whole file.
        ppi: resolution, as in `read_scan`.
        source: name for messages.

    Raises:
        ScanError: as `read_scan` does.
    """
    _check_given(ppi, source)
    return _acquired(decode(content, source), ppi, source)


def scan_from_pixels(pixels: NDArray[np.generic], *, ppi: float | None = None, source: str = "memory") -> Scan:
    """The scan in an array, checked and treated as one from a file.

    Args:
        pixels: (height, width), or (height, width, 3 or 4) in the order red, green, blue, alpha; uint8, uint16 or
            bool. It is not kept.
        ppi: resolution, 100 to 2000; None estimates it from the ridges.
        source: name for messages.

    Raises:
        UnreadableScan: another shape or type.
        ScanTooLarge: more than 4000 px or 100 mm a side.
        UnsupportedResolution: `ppi` out of range, or no ridges to estimate it from.
        FailureToAcquire: blank, less than 5 mm a side, or ridges thinned to lines.
    """
    _check_given(ppi, source)
    return _acquired(Picture(grey_from_array(pixels, source), None), ppi, source)


def _acquired(picture: Picture, given_ppi: float | None, source: str) -> Scan:
    pixels = picture.pixels
    _check_side_px(pixels, source)
    _check_contrast(pixels, source)
    _check_scanned(pixels, source)
    known = float(given_ppi) if given_ppi is not None else _plausible(picture.stated_ppi, source)
    ppi = known if known is not None else _estimated(picture, source)
    _check_side_mm(pixels, ppi, source)
    inverted = is_inverted(pixels, ppi)
    return Scan(255 - pixels if inverted else pixels, ppi, source, known is None, inverted)


def _check_given(ppi: float | None, source: str) -> None:
    least, most = GIVEN_PPI
    if ppi is not None and not least <= ppi <= most:
        raise UnsupportedResolution(f"{source}: {ppi:g} ppi is out of range: give {least:.0f} to {most:.0f}")


def _check_side_px(pixels: ByteArray, source: str) -> None:
    height, width = pixels.shape
    check_size((width, height), source)
    if min(height, width) < LEAST_SIDE_PX:
        least = f"at least {LEAST_SIDE_MM:.0f} mm a side needed"
        raise FailureToAcquire(f"{source}: too small: {width} x {height} px, {least}")


def _check_contrast(pixels: ByteArray, source: str) -> None:
    deviation = float(cv2.meanStdDev(pixels)[1][0, 0])
    if deviation < FAINTEST_DEVIATION:
        raise FailureToAcquire(
            f"{source}: ridges too faint: grey levels deviate by {deviation:.1f} of 255, "
            f"at least {FAINTEST_DEVIATION:.0f} needed"
        )


def _check_scanned(pixels: ByteArray, source: str) -> None:
    if is_skeleton(pixels):
        raise FailureToAcquire(f"{source}: lines one pixel wide: a processed picture, not a scan; give the scan itself")


def _check_side_mm(pixels: ByteArray, ppi: float, source: str) -> None:
    height, width = (side / ppi * MM_PER_INCH for side in pixels.shape)
    size = f"{width:.1f} x {height:.1f} mm at {ppi:g} ppi"
    if min(height, width) < LEAST_SIDE_MM:
        raise FailureToAcquire(f"{source}: too small: {size}, at least {LEAST_SIDE_MM:.0f} mm a side needed")
    if max(height, width) > MOST_SIDE_MM:
        raise ScanTooLarge(
            f"{source}: {size}, at most {MOST_SIDE_MM:.0f} mm a side: give one print, or the right --ppi"
        )


def _plausible(stated: tuple[float, float] | None, source: str) -> float | None:
    """The stated resolution, if a scanner can have it."""
    if stated is None or not all(PLAUSIBLE_PPI[0] <= ppi <= PLAUSIBLE_PPI[1] for ppi in stated):
        return None
    across, down = stated
    if abs(across - down) > SQUARE * across:
        raise UnsupportedResolution(
            f"{source}: states {across:.4g} ppi across and {down:.4g} down: scans need square pixels"
        )
    return tidy_ppi(across)


def _estimated(picture: Picture, source: str) -> float:
    ppi = estimate_ppi(picture.pixels)
    if ppi is None:
        stated = picture.stated_ppi
        states = (
            "states no resolution" if stated is None else f"states {stated[0]:.0f} ppi, which no print is scanned at"
        )
        raise UnsupportedResolution(
            f"{source}: {states}, and shows no ridges to estimate it from: give it with --ppi, such as 500"
        )
    return ppi
