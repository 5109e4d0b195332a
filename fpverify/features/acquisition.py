"""What a scan must show to be a print: each check raises `FailureToAcquire` with what was found and what is needed.

All but the last ask the minutia map network, which has learnt on images without a finger too.
"""

from __future__ import annotations

import numpy as np

from fpverify.errors import FailureToAcquire, SeveralPrints
from fpverify.features.minutiae import CELL_PX, foreground_certainty, largest_piece
from fpverify.features.prints_seen import Borders, prints_seen
from fpverify.vocabulary import WORKING_PPI, BoolArray, FloatArray, Minutiae, PreparedScan, Scan

LEAST_AREA_MM2 = 25.0  # 5 x 5 mm, an eighth of a fingertip: less shows too few ridges to tell fingers apart
SURE = 0.7  # probability of foreground that counts towards the least area
LEAST_MINUTIAE = 4  # fewer have no similarity to anything: three pairs agree by chance
BEST_MINUTIAE = 6  # at most, whose mean certainty counts: even a poor print has some that are plain
LEAST_CERTAINTY = 0.69  # 3 of 452 parts of pictures have it, and all of 250 ordinary impressions (tools/refusals.py)
CELL_MM2 = (CELL_PX * 25.4 / WORKING_PPI) ** 2


def area_mm2(cells: BoolArray) -> float:
    """The area of cells of the minutia map."""
    return float(cells.sum()) * CELL_MM2


def require_area(around: FloatArray, scan: Scan) -> None:
    """Refuses a scan without one wide piece of sure foreground.

    Args:
        around: (h/4, w/4) mean probability of a finger in each cell and its neighbours.
        scan: for the message.
    """
    found = area_mm2(largest_piece(np.asarray(around > SURE)))
    if found < LEAST_AREA_MM2:
        raise FailureToAcquire(
            f"{scan.source}: too little foreground: {found:.0f} mm² of print in one piece found, "
            f"at least {LEAST_AREA_MM2:.0f} mm² needed ({_at(scan)})"
        )


def require_minutiae(minutiae: Minutiae, scan: Scan) -> None:
    """Refuses a scan with too few minutiae."""
    if len(minutiae) < LEAST_MINUTIAE:
        raise FailureToAcquire(
            f"{scan.source}: too few minutiae: {len(minutiae)} found, at least {LEAST_MINUTIAE} needed"
        )


def require_certainty(answer: FloatArray, foreground: BoolArray, minutiae: Minutiae, scan: Scan) -> None:
    """Refuses a scan that the network takes for a print, but not surely: in all, foreground and minutiae together.

    Args:
        answer: (h/4, w/4, 6) of the minutia map network.
        foreground: (h/4, w/4) bool, found in it; some.
        minutiae: found in it, best first; some.
        scan: for the message.
    """
    place, best = foreground_certainty(answer, foreground), float(minutiae.quality[:BEST_MINUTIAE].mean())
    certain = (place + best) / 2
    if certain < LEAST_CERTAINTY:
        raise FailureToAcquire(
            f"{scan.source}: no clear print: what resembles one is {place:.0%} certain and its best minutiae "
            f"{best:.0%}: {certain:.0%} on average, at least {LEAST_CERTAINTY:.0%} needed ({_at(scan)})"
        )


def require_one_print(scan: Scan, prepared: PreparedScan, print_: BoolArray, borders: Borders | None) -> None:
    """Refuses a scan of several fingers, each of which it would match; for the arguments see `prints_seen`."""
    seen = prints_seen(scan, prepared, print_, borders)
    if seen > 1:
        raise SeveralPrints(f"{scan.source}: shows {seen} prints: give one finger", seen)


def _at(scan: Scan) -> str:
    """The resolution, which may be the cause, with the doubt about it."""
    return f"at {scan.ppi:.0f} ppi" + (f": {scan.ppi_note}" if scan.ppi_note else "")
