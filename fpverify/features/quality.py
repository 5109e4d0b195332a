"""How good a scan is: a number between 0 and 1 that rises with what a comparison can lean on."""

from __future__ import annotations

from fpverify.vocabulary import Minutiae

# Of an enrolled scan. References of unseen synthetic fingers with less were refused more often than believed at FMR
# 0.1 %, against good probes of the same finger; from 0.6 on one in nine is refused, from 0.85 on next to none.
LEAST_QUALITY = 0.45

FULL_AREA_MM2 = 150.0  # a good flat print covers 12 x 16 mm
ENOUGH_MINUTIAE = 30.0  # more add little: a comparison leans on the 12 best pairs
FULL_TOUCH_MM2 = 60.0  # nearly all of an 8 mm sensor


def touch_quality(area_mm2: float) -> float:
    """How much of the finger a small sensor's picture shows: the root of its share of 60 mm², in [0, 1].

    A touch of 4.1 mm square has 0.5.
    """
    return float(min(1.0, area_mm2 / FULL_TOUCH_MM2) ** 0.5)


def scan_quality(minutiae: Minutiae, area_mm2: float) -> float:
    """The geometric mean of three fractions: area, number of minutiae, and how sure the network is of them.

    Args:
        minutiae: found in the scan, quality being their probability.
        area_mm2: of the foreground.

    Returns:
        In [0, 1].
    """
    if len(minutiae) == 0:
        return 0.0
    area = min(1.0, area_mm2 / FULL_AREA_MM2)
    number = min(1.0, len(minutiae) / ENOUGH_MINUTIAE)
    return float((area * number * float(minutiae.quality.mean())) ** (1 / 3))
