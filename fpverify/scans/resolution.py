"""Pixels per inch: as stated, unless the ridges show that it cannot be; else estimated from them.

Ridges lie 0.46 mm apart on average, 9 px at 500 ppi (Maltoni et al., Handbook of Fingerprint Recognition; H. Cummins
et al., American Journal of Anatomy 68 (1941) have 0.48 mm for young men). From print to print the mean goes from 0.30
to 0.69 mm, so an estimate is good to a factor of 1.6. That cannot tell 400 from 500 ppi, but scanners for prints come
at 500, a few at 1000 or 250, and between these it decides, together with the size that the print then has.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from fpverify.scans.ridges import Ridges, find_ridges, quick_period_px
from fpverify.vocabulary import ByteArray, PpiSource

MM_PER_INCH = 25.4
GIVEN_PPI = (100.0, 2000.0)  # what a caller may insist on
PLAUSIBLE_PPI = (150.0, 2000.0)  # what a header may say; below are the 1, 72 and 96 of software that does not know
PLACEHOLDERS_PPI = (255.0,)  # within that range, yet no resolution: the largest that a byte holds
ROUNDING = 1e-3  # relative; headers count whole pixels per metre or centimetre: 500 ppi reads 499.9987, or 500.38
RIDGE_PERIOD_MM = 0.46
PERIODS_MM = (0.30, 0.69)  # of single prints
UNDOUBTED_MM = (0.345, 0.60)  # twice and half of these are no ridges: nothing else needs to be looked at
STANDARDS_PPI = {
    500.0: 0.0,
    1000.0: 1.5,
    250.0: 2.0,
}  # and -ln of how common they are beside the first: a fifth, a seventh
NEAR = 1.6  # factor by which the ridge period of a print may differ from the mean
PERIOD_DEVIATION = 0.15  # of the logarithm: 0.30 to 0.69 mm is 2.8 times that, on either side of the mean
# The shorter side of what a finger leaves. Scanners for one finger capture 12.7 mm with FAP 10, 20.3 with FAP 30, 25.4
# at most (NIST SP 500-280, Mobile ID Best Practice). Parts of prints are common: less says little.
SIDE_MM = 16.0
SIDE_DEVIATIONS = (0.6, 0.35)  # of the logarithm, below and above
LEAST_SIDE_MM = 6.0  # below it is a part in any case, too small to overrule anybody
LEAST_SIDE_PX = 128  # likewise: the ridges of a small sensor's picture are too few to tell 250 ppi from 500
OVERRULED = 1.5  # least factor between a file's statement and the ridges'; scanners differ by 2, fingers by less
# -ln of how seldom a file errs: where it states what nearly all scanners have, and where it states something else
TRUSTED = {True: 4.5, False: 2.5}
COMMON_PPI = (450.0, 600.0)


class Resolution(NamedTuple):
    """How many pixels an inch has, who says so, and what there is to say about it, if anything."""

    ppi: float
    source: PpiSource
    note: str | None = None


def given_resolution(pixels: ByteArray, ppi: float) -> Resolution:
    """What the caller gives, which nothing overrules; the note says whether the ridges contradict it."""
    ridges = ridges_at(pixels, ppi)
    if ridges is None or _may_be(ridges, ppi):
        return Resolution(ppi, "given")
    return Resolution(ppi, "given", f"{_lie(ridges, ppi)}: is the resolution that was given right?{_fits(ridges)}")


def stated_resolution(pixels: ByteArray, ppi: float, *, certain: bool = False) -> Resolution:
    """What a file states, unless the ridges show that it can only be an error.

    Args:
        pixels: (height, width) uint8, of either polarity.
        ppi: stated, plausible.
        certain: that nothing overrules; the note says whether the ridges contradict it.
    """
    ridges = ridges_at(pixels, ppi)
    if ridges is None:
        return Resolution(ppi, "file")
    better = None if certain else better_ppi(ridges, ppi)
    if better is not None:
        note = f"the file states {ppi:g} ppi, but {_lie(ridges, ppi)}: {better:g} ppi estimated (else give --ppi)"
        return Resolution(better, "estimated", note)
    if _may_be(ridges, ppi):
        return Resolution(ppi, "file")
    return Resolution(ppi, "file", f"{_lie(ridges, ppi)}: is the file's resolution right? (else give --ppi)")


def estimated_resolution(pixels: ByteArray, states: str) -> Resolution | None:
    """What the ridges say; None without clear ones.

    Args:
        pixels: (height, width) uint8, of either polarity.
        states: what is known instead, for the note: "states no resolution".
    """
    ppi = estimate_ppi(pixels)
    if ppi is None:
        return None
    return Resolution(ppi, "estimated", f"the scan {states}, {ppi:g} ppi estimated from the ridges (else give --ppi)")


def tidy_ppi(ppi: float) -> float:
    """The nearest whole number, where that is within a header's rounding."""
    whole = float(round(ppi))
    return whole if abs(ppi - whole) <= ROUNDING * ppi else float(ppi)


def estimate_ppi(pixels: ByteArray) -> float | None:
    """The resolution at which the ridges have their usual period, and the print its usual size.

    Args:
        pixels: (height, width) uint8, of either polarity.

    Returns:
        As `ppi_of`; None also without clear ridges.
    """
    ridges = find_ridges(pixels)
    return None if ridges is None else ppi_of(ridges)


def ppi_of(ridges: Ridges) -> float | None:
    """The likeliest resolution.

    Returns:
        500, 1000 or 250 where the estimate by the period is within a factor 1.6 of it, so that impressions of a finger
        agree; of two, the likelier one by period, size and how common it is. Else the estimate as a whole number, or
        None outside 150 to 2000.
    """
    ppi = ridges.period_px * MM_PER_INCH / RIDGE_PERIOD_MM
    fitting = [standard for standard in STANDARDS_PPI if standard / NEAR <= ppi <= standard * NEAR]
    if fitting:
        return min(fitting, key=lambda one: STANDARDS_PPI[one] + _oddness(ridges, one))
    return float(round(ppi)) if PLAUSIBLE_PPI[0] <= ppi <= PLAUSIBLE_PPI[1] else None


def better_ppi(ridges: Ridges, stated: float) -> float | None:
    """The resolution that the ridges have instead of a stated one that can only be an error; None if it can be right.

    It can only be an error if it is off by half as much again at least, and the period and size that the print would
    have are odder than an error is rare.
    """
    if UNDOUBTED_MM[0] <= _mm(ridges.period_px, stated) <= UNDOUBTED_MM[1]:
        return None
    ppi = ppi_of(ridges)
    if ppi is None or max(ppi / stated, stated / ppi) < OVERRULED:
        return None
    if ridges.side_px < LEAST_SIDE_PX or _mm(ridges.side_px, ppi) < LEAST_SIDE_MM:
        return None
    trusted = TRUSTED[COMMON_PPI[0] <= stated <= COMMON_PPI[1]]
    return ppi if _oddness(ridges, stated) - _oddness(ridges, ppi) > trusted else None


def ridges_at(pixels: ByteArray, ppi: float) -> Ridges | None:
    """The ridges, looked for in a few places if they are usual at a resolution; the side is then the image's.

    Args:
        pixels: (height, width) uint8, of either polarity.
        ppi: of `pixels`, as far as is known.
    """
    period_px = quick_period_px(pixels, ppi)
    if period_px is not None and UNDOUBTED_MM[0] <= _mm(period_px, ppi) <= UNDOUBTED_MM[1]:
        return Ridges(period_px, float(min(pixels.shape)))
    return find_ridges(pixels)


def _may_be(ridges: Ridges, ppi: float) -> bool:
    usual = PERIODS_MM[0] <= _mm(ridges.period_px, ppi) <= PERIODS_MM[1]
    return usual and better_ppi(ridges, ppi) is None


def _oddness(ridges: Ridges, ppi: float) -> float:
    """-ln of how likely such a period and size are at a resolution, against the likeliest ones."""
    period = math.log(_mm(ridges.period_px, ppi) / RIDGE_PERIOD_MM) / PERIOD_DEVIATION
    side = math.log(max(LEAST_SIDE_MM, _mm(ridges.side_px, ppi)) / SIDE_MM)
    return (period**2 + (side / SIDE_DEVIATIONS[side > 0]) ** 2) / 2


def _mm(length_px: float, ppi: float) -> float:
    return length_px / ppi * MM_PER_INCH


def _lie(ridges: Ridges, ppi: float) -> str:
    """What would follow from a resolution, in words: the period, or the size where the period alone could be."""
    period_mm, side_mm = _mm(ridges.period_px, ppi), _mm(ridges.side_px, ppi)
    if PERIODS_MM[0] <= period_mm <= PERIODS_MM[1]:
        return f"the ridges would lie {period_mm:.2f} mm apart and the print be {side_mm:.0f} mm wide at {ppi:g} ppi"
    return f"the ridges would lie {period_mm:.2f} mm apart at {ppi:g} ppi, usual is {RIDGE_PERIOD_MM:.2f}"


def _fits(ridges: Ridges) -> str:
    ppi = ppi_of(ridges)
    return "" if ppi is None else f" {ppi:g} would fit"
