"""What a scan must show to be a print: each check raises `FailureToAcquire` with what was found and what is needed."""

from __future__ import annotations

import numpy as np

from fpverify.errors import FailureToAcquire
from fpverify.features.minutiae import CELL_PX, foreground_cells, largest_piece
from fpverify.features.ridges import ridge_signs
from fpverify.vocabulary import WORKING_PPI, BoolArray, FloatArray, Minutiae, PreparedScan, Scan

LEAST_AREA_MM2 = 25.0  # 5 x 5 mm, an eighth of a fingertip: less shows too few ridges to tell fingers apart
# Of the power: all of 240 ordinary synthetic impressions lie above 0.11, one of these just below 0.10 when turned; a
# good print has 0.55.
LEAST_RIDGE_SHARE = 0.09
MOST_RIDGE_SHARE = 0.95  # a drawn grating has 0.97 and more, good prints up to 0.85; ridges swell, bend and end
# Where lines are as faint as `LEAST_RIDGE_SHARE` allows. Photographs have such faint lines and 0.2 to 0.6; impressions,
# turned, cut or dry, can have as little, but then of clearer lines, by a share of 0.2 and more.
LEAST_RIDGE_FLOW = 0.667
FLOW_BY_SHARE = -0.25  # power of the share: 0.55 at 0.2, 0.46 at 0.4; 998 of 1000 ordinary impressions have it
# Skin has some 25 a cm² (Stoney and Thornton, J. Forensic Sci. 32(5), 1987). Letters, whose strokes end everywhere,
# show 69 and more a cm² of what is surely print, and 145 with those around it, since only scraps are sure. A dotted
# print is as dense where it is sure, a faint one as sure in scraps, but ordinary synthetic ones are not both.
MOST_MINUTIAE_PER_CM2 = 60.0
MOST_WITH_THOSE_AROUND_PER_CM2 = 100.0
LEAST_MINUTIAE = 4  # fewer have no similarity to anything: three pairs agree by chance
BEST_MINUTIAE = 6
LEAST_CERTAINTY = 0.45  # mean probability of the six best minutiae: in a print at least these are plain
SURE = 0.7  # probability of foreground that counts towards the least area
CELL_MM2 = (CELL_PX * 25.4 / WORKING_PPI) ** 2


def area_mm2(cells: BoolArray) -> float:
    """The area of cells of the minutia map."""
    return float(cells.sum()) * CELL_MM2


def require_area(answer: FloatArray, scan: Scan) -> BoolArray:
    """Refuses a scan without one wide piece of sure foreground; returns the widest, (h/4, w/4) bool.

    Args:
        answer: (h/4, w/4, 6) of the minutia map network.
        scan: for the message.
    """
    piece = largest_piece(foreground_cells(answer, SURE))
    found = area_mm2(piece)
    if found < LEAST_AREA_MM2:
        raise FailureToAcquire(
            f"{scan.source}: too little foreground: {found:.0f} mm² of print in one piece found, "
            f"at least {LEAST_AREA_MM2:.0f} mm² needed (at {scan.ppi:.0f} ppi)"
        )
    return piece


def require_ridges(prepared: PreparedScan, foreground: BoolArray, scan: Scan) -> None:
    """Refuses a scan whose foreground, (h/4, w/4) bool, shows no ridges, or lines that no finger has."""
    signs = ridge_signs(prepared.image, foreground)
    if signs.share < LEAST_RIDGE_SHARE:
        raise FailureToAcquire(
            f"{scan.source}: no ridges: {signs.share:.0%} of the pattern is parallel lines of their period, "
            f"at least {LEAST_RIDGE_SHARE:.0%} needed (at {scan.ppi:.0f} ppi)"
        )
    if signs.share > MOST_RIDGE_SHARE:
        raise FailureToAcquire(f"{scan.source}: no finger: lines as regular as these are drawn or woven, not grown")
    if signs.flow < least_flow(signs.share):
        raise FailureToAcquire(
            f"{scan.source}: no ridges: the directions of neighbouring places agree to {signs.flow:.0%}, "
            f"at least {least_flow(signs.share):.0%} needed"
        )


def least_flow(share: float) -> float:
    """How well directions must agree where parallel lines have such a share of the power."""
    return float(LEAST_RIDGE_FLOW * (share / LEAST_RIDGE_SHARE) ** FLOW_BY_SHARE)


def require_minutiae(minutiae: Minutiae, sure: BoolArray, scan: Scan) -> None:
    """Refuses a scan with too few minutiae, with more than skin has, or with none that is clear.

    Args:
        minutiae: best first.
        sure: what `require_area` found.
        scan: for the message.
    """
    if len(minutiae) < LEAST_MINUTIAE:
        raise FailureToAcquire(
            f"{scan.source}: too few minutiae: {len(minutiae)} found, at least {LEAST_MINUTIAE} needed"
        )
    cells = ((at / CELL_PX).astype(int) for at in (minutiae.y_px, minutiae.x_px))
    row, column = (np.minimum(cell, side - 1) for cell, side in zip(cells, sure.shape, strict=True))
    inside = np.count_nonzero(sure[row, column])
    per_cm2, with_those_around = (100 * count / area_mm2(sure) for count in (inside, len(minutiae)))
    if per_cm2 > MOST_MINUTIAE_PER_CM2 and with_those_around > MOST_WITH_THOSE_AROUND_PER_CM2:
        raise FailureToAcquire(
            f"{scan.source}: no finger: {per_cm2:.0f} minutiae a cm² found, skin has less than "
            f"{MOST_MINUTIAE_PER_CM2:.0f}"
        )
    certainty = float(minutiae.quality[:BEST_MINUTIAE].mean())
    if certainty < LEAST_CERTAINTY:
        raise FailureToAcquire(
            f"{scan.source}: no clear minutiae: the best {BEST_MINUTIAE} are {certainty:.0%} certain, "
            f"at least {LEAST_CERTAINTY:.0%} needed"
        )
