"""From a file or an array to a scan that the rest can rely on."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.errors import FailureToAcquire, ScanTooLarge, UnsupportedResolution
from fpverify.scans.files import file_bytes, not_a_scan
from fpverify.scans.images import decode, decode_with
from fpverify.scans.levels import grey_from_array
from fpverify.scans.pictures import Decode, Picture
from fpverify.scans.polarity import is_inverted
from fpverify.scans.resolution import (
    GIVEN_PPI,
    MM_PER_INCH,
    PLACEHOLDERS_PPI,
    PLAUSIBLE_PPI,
    Resolution,
    estimated_resolution,
    given_resolution,
    ridges_at,
    stated_resolution,
    tidy_ppi,
)
from fpverify.scans.ridges import Ridges, find_ridges
from fpverify.scans.skeleton import is_skeleton
from fpverify.scans.work import check_size
from fpverify.vocabulary import ByteArray, Scan, ScanSource

LEAST_SIDE_MM = 3.2  # of the narrowest sensors that take touches; what it has to show of a finger is up to the model
MOST_SIDE_MM = 100.0  # a finger is a quarter of it; more is a page, a palm, or a wrong resolution
FAINTEST_DEVIATION = 2.0  # grey levels of 255, over the image; below there is only a sensor's noise
SQUARE = 0.01  # relative difference of the resolutions across and down that is still rounding
LEAST_SIDE_PX = round(LEAST_SIDE_MM / MM_PER_INCH * GIVEN_PPI[0])  # too small at any resolution


def read_scan(scan: ScanSource, *, ppi: float | None = None) -> Scan:
    """The scan in an image file: BMP, PNG, TIFF, JPEG, JPEG 2000, PGM and its kin, or WSQ; or in what else holds one.

    So does a record that holds one picture: ANSI/NIST-ITL, ISO/IEC 19794-4, ANSI/INCITS 381. Its resolution is the
    record's.

    Colours become grey, transparent parts white, 16 bits 8, bright ridges on dark are inverted. A file with several
    images is refused, but of a photograph with previews the first picture is taken.

    Args:
        scan: path of a regular file; the bytes of one; a binary file, which is read as a whole and left open;
            a picture of Pillow; an array as `scan_from_pixels` takes it; or a scan, which is what is returned.
        ppi: resolution, 100 to 2000; None takes the file's own, and where it states none or one that cannot be, or
            for an array, an estimate from the ridges (`Scan.ppi_source`, `Scan.ppi_note`).

    Raises:
        NotAScan: none of these was given.
        UnreadableScan: no such file, not a regular file, damaged, or not one image of a known kind.
        ScanTooLarge: more than 4000 px or 100 mm a side.
        UnsupportedResolution: `ppi` out of range, or none stated and no ridges to estimate it from.
        FailureToAcquire: blank, less than 5 mm a side, or ridges thinned to lines.
    """
    if isinstance(scan, Scan):
        return _of_its_own(scan, ppi)
    if isinstance(scan, str | Path):
        source = str(scan)
        check_given_ppi(ppi, source)
        return _acquired(decode(file_bytes(scan), source), ppi, source)
    from fpverify.scans.given import given_picture

    check_given_ppi(ppi, "ppi")
    picture, source = given_picture(scan)
    return _acquired(picture, ppi, source)


def scan_of(given: ScanSource, ppi: float | None, default_ppi: float | None) -> Scan:
    """The scan that a caller means.

    Args:
        given: what it is read from, as in `read_scan`.
        ppi: resolution that the caller states; None states none.
        default_ppi: that of all files where the caller states none; a scan keeps its own.

    Raises:
        ScanError: as `read_scan` does.
    """
    if isinstance(given, Scan):
        return _of_its_own(given, ppi)
    return read_scan(given, ppi=default_ppi if ppi is None else ppi)


def _of_its_own(scan: Scan, ppi: float | None) -> Scan:
    """The scan, unless another resolution than its own is stated."""
    check_given_ppi(ppi, scan.source)
    if ppi is not None and ppi != scan.ppi:
        raise UnsupportedResolution(
            f"{scan.source}: this Scan has {scan.ppi:g} ppi already, {ppi:g} were given: read the file with ppi={ppi:g}"
        )
    return scan


def scan_from_bytes(
    content: bytes, *, ppi: float | None = None, source: str = "memory", decode: Decode = decode
) -> Scan:
    """The scan in the bytes of an image file, treated as `read_scan` treats one.

    Args:
        content: the whole file.
        ppi: resolution, as in `read_scan`.
        source: name for messages.
        decode: who decodes it, such as a `Decoder` that waits for images.

    Raises:
        ScanError: as `read_scan` does.
    """
    check_given_ppi(ppi, source)
    if not isinstance(content, bytes | bytearray | memoryview):
        raise not_a_scan(content, "the bytes of an image file were expected")
    return _acquired(decode_with(decode, bytes(content), source), ppi, source)


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
    check_given_ppi(ppi, source)
    return _acquired(Picture(grey_from_array(pixels, source), None), ppi, source)


def scan_from_picture(picture: Picture, ppi: float | None, source: str) -> Scan:
    """The scan in a picture that was decoded, treated as `read_scan` treats one.

    Args:
        picture: with the resolution that its file states.
        ppi: resolution, as in `read_scan`.
        source: name for messages.

    Raises:
        ScanError: as `read_scan` does.
    """
    check_given_ppi(ppi, source)
    return _acquired(picture, ppi, source)


class Surveyed(NamedTuple):
    """What tells a file's resolution: its own statement, if a scanner can have it, and its ridges, if any are clear.

    `sides_px` are the height and the width of the picture.
    """

    stated_ppi: float | None
    ridges: Ridges | None
    sides_px: tuple[int, int] | None = None


def survey_scan(path: str | Path, *, ppi: float | None = None, content: bytes | None = None) -> Surveyed:
    """What tells the resolution of an image file, for whoever has many of one sensor.

    Args:
        path: of a regular file.
        ppi: resolution that is thought to be right, which makes it quicker; None takes the file's own.
        content: of the file; None reads it.

    Raises:
        ScanError: as `read_scan` does, of files that no resolution makes a scan.
    """
    source = str(path)
    picture = decode(file_bytes(path) if content is None else content, source)
    _check_side_px(picture.pixels, source)
    stated = picture.stated_ppi if ppi is None or _is_square(picture.stated_ppi) else None
    stated_ppi = _plausible(stated, source)
    known = stated_ppi if ppi is None else ppi
    ridges = find_ridges(picture.pixels) if known is None else ridges_at(picture.pixels, known)
    height, width = picture.pixels.shape
    return Surveyed(stated_ppi, ridges, (height, width))


def _acquired(picture: Picture, given_ppi: float | None, source: str) -> Scan:
    pixels = picture.pixels
    _check_side_px(pixels, source)
    _check_contrast(pixels, source)
    _check_scanned(pixels, source)
    ppi, ppi_source, note = _resolution(picture, given_ppi, source)
    _check_side_mm(pixels, ppi, source)
    inverted = is_inverted(pixels, ppi)
    upright = 255 - pixels if inverted else pixels
    return Scan(upright, ppi, source, ppi_source == "estimated", inverted, ppi_source, note)


def _resolution(picture: Picture, given_ppi: float | None, source: str) -> Resolution:
    if given_ppi is not None:
        return given_resolution(picture.pixels, float(given_ppi))
    stated_ppi = _plausible(picture.stated_ppi, source)
    if stated_ppi is not None:
        return stated_resolution(picture.pixels, stated_ppi, certain=picture.certain)
    states = _states(picture.stated_ppi)
    estimated = estimated_resolution(picture.pixels, states)
    if estimated is None:
        raise UnsupportedResolution(
            f"{source}: {states}, and shows too few clear ridges to estimate it from: give it with --ppi, such as 500, "
            "or crop the picture to the print"
        )
    return estimated


def check_given_ppi(ppi: float | None, source: str) -> None:
    """Refuses a resolution that no caller may insist on.

    Raises:
        UnsupportedResolution: below 100 or above 2000, or no number.
    """
    least, most = GIVEN_PPI
    if ppi is None:
        return
    number = _number(ppi)
    if math.isnan(number):
        raise UnsupportedResolution(f"{source}: {ppi!r:.60} is no resolution: give {least:.0f} to {most:.0f} ppi")
    if not least <= number <= most:
        raise UnsupportedResolution(f"{source}: {ppi:g} ppi is out of range: give {least:.0f} to {most:.0f}")


def _number(value: object) -> float:
    """A number as one; NaN for what is none, such as its digits as text."""
    try:
        return math.nan if isinstance(value, str) else float(value)  # type: ignore[arg-type]  # that is what is tried
    except (TypeError, ValueError):
        return math.nan


def _check_side_px(pixels: ByteArray, source: str) -> None:
    height, width = pixels.shape
    check_size((width, height), source)
    if min(height, width) < LEAST_SIDE_PX:
        least = f"at least {LEAST_SIDE_MM:g} mm a side needed"
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
        raise FailureToAcquire(f"{source}: too small: {size}, at least {LEAST_SIDE_MM:g} mm a side needed")
    if max(height, width) > MOST_SIDE_MM:
        raise ScanTooLarge(
            f"{source}: {size}, at most {MOST_SIDE_MM:.0f} mm a side: give one print, or the right --ppi"
        )


def _plausible(stated: tuple[float, float] | None, source: str) -> float | None:
    """The stated resolution, if a scanner can have it."""
    if stated is None or not all(PLAUSIBLE_PPI[0] <= ppi <= PLAUSIBLE_PPI[1] for ppi in stated):
        return None
    across, down = stated
    if not _is_square(stated):
        raise UnsupportedResolution(
            f"{source}: states {across:.4g} ppi across and {down:.4g} down: scans need square pixels"
        )
    ppi = tidy_ppi(across)
    return None if ppi in PLACEHOLDERS_PPI else ppi


def _is_square(stated: tuple[float, float] | None) -> bool:
    return stated is None or abs(stated[0] - stated[1]) <= SQUARE * stated[0]


def _states(stated: tuple[float, float] | None) -> str:
    """What a file states that is no resolution, in words."""
    if stated is None:
        return "states no resolution"
    return f"states {stated[0]:.0f} ppi, which no print is scanned at"
