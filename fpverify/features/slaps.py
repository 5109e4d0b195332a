"""Pictures of several fingers of a hand taken apart: where each fingertip is, and whose it is.

Where there are ridges `slap_foreground` tells. As many long ellipses are fitted to it as fingers are expected
(`finger_ellipses`), so that fingers that touch or fan out, with the prints of their next joints behind them, are kept
apart. Of each the fingertip is taken, down to the crease of the first joint, with the patches of it that are too dry to
print. From left to right they are the hand's fingers; which one is missing is said by the caller, or by the gap that it
leaves and by how far out the others reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.errors import FailureToAcquire
from fpverify.features.finger_ellipses import FingerEllipses, finger_ellipses, rotated
from fpverify.features.hand_shapes import places_likelihood
from fpverify.features.preparation import resampled
from fpverify.features.slap_foreground import CELL_MM, points_of, print_cells
from fpverify.vocabulary import WORKING_PPI, BoolArray, Finger, FloatArray, Scan

LEAST_MM2 = 30.0  # of a fingertip
CREASE_FROM_MM, CREASE_TO_MM = 11.0, 34.0  # from the tip to the crease of the first joint
CREASE_SHARE = 0.6  # of the fingertip's width: where so little shows is the crease ...
USUAL_TIP, NARROW_TIP_MM = 1.5, 12.0  # from the tip to the crease, in widths of the fingertip; the narrowest, mm
JOINT_AREA = 0.3  # of the fingertip's, at least, of a joint's print
OFF_COST = 1.5  # for a crease that is e times as far behind the tip, in shares of the width that shows there
LEAST_TIP = 0.65  # of that, at least: a dip before it is a wet or a dry patch
JOINT_MM, JOINT_SHARE = 14, 0.62  # ... if within so far behind it more shows again
WIDEST_BY_MM = 19  # behind the tip a print is at its widest
NARROW_SHARE, STAYS_NARROW = 0.72, 0.8  # of the fingertip's width: a joint's print is narrower, and stays so ...
GOES_ON, JOINT_ROWS_MM = 0.75, 6  # ... and hardly narrows over so many millimetres, as the end of a tip does
SOLID_CELLS = 7  # across, 2.8 mm: a fingertip is wider, a stroke of a pen or a line is not
LEAST_POINTS = 10  # of a finger, to have a direction
MOST_LEAN_DEG = 40  # of a finger against the hand
TIP_MM = 30.0  # where no crease shows
DRY_MM = 3.0  # at the edge of a fingertip that may be too dry to show; of one smaller than the others more
MARGIN_MM = 1.2  # of paper around a fingertip that is cut out
FEATHER_MM = 0.5
PAPER_STEP = 4  # every fourth pixel tells what grey paper is
TOUCH_MM = 2.5  # of a common border
SURE = 2.0  # log likelihood by which an assignment has to be better than the next


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A fingertip in a picture of several.

    Attributes:
        finger: whose.
        scan: it alone, on the paper's grey, upright as it lay.
        box: (top, left, bottom, right) in pixels of the picture.
        mask: (height, width) bool of the picture, where it is.
        touches: neighbours that it touches.
    """

    finger: Finger
    scan: Scan
    box: tuple[int, int, int, int]
    mask: BoolArray
    touches: tuple[Finger, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Separated:
    """What a picture of several fingers shows.

    Attributes:
        pieces: fingertips, from left to right.
        missing: fingers that were expected and are not there.
        notes: what there is to say, a sentence each: which are missing, touch, or lie over each other.
        turn_deg: of the hand, clockwise.
    """

    pieces: tuple[Piece, ...]
    missing: tuple[Finger, ...]
    notes: tuple[str, ...]
    turn_deg: float


def separated(scan: Scan, fingers: Sequence[Finger]) -> Separated:
    """The fingertips in a picture of several fingers of a hand, or of two thumbs.

    Args:
        scan: of all of them, tips up.
        fingers: who is expected, from left to right; without those that are known to be missing.

    Raises:
        FailureToAcquire: nothing shows, or fewer fingers that cannot be told apart, or lie over each other.
    """
    grey = resampled(np.asarray(scan.pixels, np.float32) / np.float32(255), WORKING_PPI / scan.ppi)
    cells, clear = print_cells(grey)
    if CELL_MM**2 * clear.sum() < LEAST_MM2:
        raise FailureToAcquire(f"{scan.source}: no fingers found in it")
    shapes = finger_ellipses(points_of(clear), fingers, scan.source)
    labels, tips = _parted(cells, clear, shapes)
    found = len(tips)
    names, notes = _named(tips, fingers, scan.source)
    missing = tuple(one for one in fingers if one not in names)
    shown = names if len(set(names)) == found else tuple(f"finger {k}" for k in range(1, found + 1))
    notes += [f"missing: {one}" for one in missing]
    touching = _touching(labels, found)
    sides_mm = [_side_mm(labels == number) for number in range(found)]
    pieces = []
    for number, name in enumerate(names):
        near = tuple(names[b if a == number else a] for a, b in touching if number in {a, b})
        dry_mm = DRY_MM + max(0.0, _usual(sides_mm) - sides_mm[number])
        mine = _filled(labels == number, (labels >= 0) & (labels != number), cells & (labels < 0), dry_mm)
        pieces.append(_piece(scan, mine, (name, shown[number]), near))
    notes += [f"touching: {shown[a]} and {shown[b]}" for a, b in touching]
    return Separated(tuple(pieces), missing, tuple(notes), shapes.turn_deg)


# --- fingers apart ---------------------------------------------------------------------------------------------------


def _parted(
    cells: BoolArray, clear: BoolArray, shapes: FingerEllipses
) -> tuple[NDArray[np.int8], list[tuple[float, float]]]:
    """The number of the finger at each cell, -1 for none, and where each tip is (across, down), upright, in mm."""
    upright = rotated(points_of(cells), shapes.turn_deg)
    is_clear = clear[cells]
    owner = shapes.owners(upright)
    places = np.argwhere(cells)
    labels = np.full(cells.shape, -1, np.int8)
    tips: list[tuple[float, float]] = []
    for finger in range(len(shapes.means)):
        mine = owner == finger
        kept = _tip(upright[mine], is_clear[mine], _is_solid(places[mine], cells.shape))
        mask = np.zeros(cells.shape, bool)
        mask[tuple(places[mine][kept].T)] = True
        mask = _largest(mask)
        if CELL_MM**2 * mask.sum() < LEAST_MM2:
            continue
        labels[mask] = len(tips)
        own = rotated(points_of(mask), shapes.turn_deg)
        tips.append((float(own[:, 0].mean()), float(np.percentile(own[:, 1], 2))))
    return labels, tips


def _is_solid(places: NDArray[np.int64], shape: tuple[int, ...]) -> BoolArray:
    """(n,) bool: which cells of a finger are of its print, and not of a stroke or a spot before it."""
    mask = np.zeros(shape, np.uint8)
    mask[tuple(places.T)] = 1
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (SOLID_CELLS, SOLID_CELLS))
    solid = _largest(cv2.morphologyEx(mask, cv2.MORPH_OPEN, ball) > 0)
    return np.asarray(solid[tuple(places.T)])


def _tip(points: FloatArray, clear: BoolArray, solid: BoolArray) -> BoolArray:
    """Which points of a finger are of its last joint: down to the crease, or to where that has to be.

    Args:
        points: (n, 2) of the finger, upright, mm.
        clear: (n,) which of them are clear: among these a crease between strong prints shows best.
        solid: (n,) which of them are print and nothing else: the tip is where these begin.
    """
    if solid.sum() < LEAST_POINTS:
        return np.ones(len(points), bool)
    axis = np.linalg.eigh(np.cov(points.T))[1][:, 1]
    axis = axis if axis[1] > 0 else -axis
    if axis[1] < np.cos(np.radians(MOST_LEAN_DEG)):  # a print as wide as it is long has no direction of its own
        axis = np.array([0.0, 1.0])
    along = points @ axis
    along = along - np.percentile(along[solid], 0.5)
    of_all = _rows(along)
    usual = USUAL_TIP * max(NARROW_TIP_MM, float(of_all[:WIDEST_BY_MM].max()) * CELL_MM**2)
    places = (_dip(_rows(along[clear]), usual), _dip(of_all, usual), _narrows(of_all))
    ends = next((place for place in places if place is not None), TIP_MM)
    return np.asarray(along <= ends)


def _rows(along: FloatArray) -> FloatArray:
    """How much of a finger shows at each millimetre behind its tip."""
    rows = np.bincount(np.clip(along, 0, None).astype(int), minlength=int(CREASE_TO_MM) + JOINT_MM).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(rows[None], (0, 0), 0.8)[0], np.float32)


def _dip(rows: FloatArray, usual_mm: float) -> float | None:
    """Where the crease is that parts a fingertip from its next joint, mm behind the tip; None where none shows.

    A print that fades away looks like a crease, but no joint follows. Of several dips, as dry patches leave them, it is
    the deepest about where creases are; `usual_mm` behind the tip they are mostly.
    """
    widest = int(rows[:WIDEST_BY_MM].argmax())
    most = rows[widest]
    before = np.cumsum(rows)
    costs = {
        place: float(rows[place] / most) + OFF_COST * abs(log(place / usual_mm))
        for place in range(max(int(CREASE_FROM_MM), widest + 3, int(LEAST_TIP * usual_mm)), int(CREASE_TO_MM))
        if rows[place] < CREASE_SHARE * most
        and rows[place : place + JOINT_MM].max() > JOINT_SHARE * most
        and before[-1] - before[place] > JOINT_AREA * before[place]
    }
    return float(min(costs, key=costs.__getitem__)) if costs else None


def _narrows(rows: FloatArray) -> float | None:
    """Where a fingertip goes over into a joint that is narrower and as long as a joint; None where none follows."""
    widest = int(rows[:WIDEST_BY_MM].argmax())
    most = rows[widest]
    for place in range(max(int(CREASE_FROM_MM), widest + 3), int(CREASE_TO_MM)):
        if rows[place] < NARROW_SHARE * most and rows[place:].max() < STAYS_NARROW * most:
            return float(place) if rows[place + JOINT_ROWS_MM] > GOES_ON * rows[place] else None
    return None


def _largest(mask: BoolArray) -> BoolArray:
    """The largest connected part, with others that are near it and not small."""
    number, labels, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if number < 2:
        return mask
    areas = statistics[1:, cv2.CC_STAT_AREA]
    return np.asarray(np.isin(labels, 1 + np.flatnonzero(areas >= 0.2 * areas.max())))


# --- whose they are --------------------------------------------------------------------------------------------------


def _named(
    tips: list[tuple[float, float]], fingers: Sequence[Finger], source: str
) -> tuple[tuple[Finger, ...], list[str]]:
    """The names of fingertips, from left to right; where some are missing, the likeliest, if that is sure."""
    found, expected = len(tips), len(fingers)
    if found == expected or len(set(fingers)) == 1:
        return tuple(fingers[:found]), []
    options = [tuple(fingers[k] for k in kept) for kept in combinations(range(expected), found)]
    scored = sorted(((places_likelihood(tips, one, fingers), one) for one in options), reverse=True)
    if len(scored) > 1 and scored[0][0] - scored[1][0] < SURE:
        raise FailureToAcquire(
            f"{source}: shows {found} of {expected} fingers, and it does not show which of them are missing: "
            "name them (--missing)"
        )
    return scored[0][1], [f"{found} of {expected} fingers found; named by the gap that is left and by their reach"]


def _touching(labels: NDArray[np.int8], count: int) -> list[tuple[int, int]]:
    """Pairs of neighbours with a common border."""
    pairs = []
    for number in range(count - 1):
        grown = cv2.dilate((labels == number).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        if CELL_MM * (grown & (labels == number + 1)).sum() >= TOUCH_MM:
            pairs.append((number, number + 1))
    return pairs


# --- cut out ---------------------------------------------------------------------------------------------------------


def _hull(mine: BoolArray) -> NDArray[np.uint8]:
    """The convex hull of some cells, as cells."""
    outlines, _ = cv2.findContours(mine.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = np.zeros(mine.shape, np.uint8)
    cv2.fillConvexPoly(whole, cv2.convexHull(np.concatenate(outlines)), 1)
    return whole


def _side_mm(mine: BoolArray) -> float:
    """Of a square as large as a fingertip's hull."""
    return CELL_MM * float(np.sqrt(_hull(mine).sum()))


def _usual(sides_mm: Sequence[float]) -> float:
    """What the hand's fingertips measure: of two thumbs the larger one."""
    return float(np.median(sides_mm)) if len(sides_mm) > 2 else max(sides_mm)


def _filled(mine: BoolArray, others: BoolArray, joints: BoolArray, dry_mm: float) -> BoolArray:
    """A fingertip with what is too dry or too light to show in it and about it, as far as nothing else shows there."""
    whole = _hull(mine)
    side = 2 * round(dry_mm / CELL_MM) + 1
    about = cv2.dilate(whole, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))) > 0
    from_mine, from_others, from_joints = (
        CELL_MM * cv2.distanceTransform((~one).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        for one in (mine, others, joints)
    )
    return np.asarray(mine | (about & (from_mine <= from_others) & (from_joints > MARGIN_MM)))


def _piece(scan: Scan, mine: BoolArray, named: tuple[Finger, str], touches: tuple[Finger, ...]) -> Piece:
    """A fingertip alone, the rest as the paper is; `mine` are its cells."""
    pixels, px_per_mm = scan.pixels, scan.ppi / 25.4
    margin = round(MARGIN_MM * px_per_mm)
    grown = cv2.resize(mine.astype(np.uint8), pixels.shape[::-1], interpolation=cv2.INTER_NEAREST)
    empty = pixels[::PAPER_STEP, ::PAPER_STEP][grown[::PAPER_STEP, ::PAPER_STEP] == 0]
    paper = float(np.median(empty)) if empty.size else 255.0
    rows, columns = np.flatnonzero(grown.any(1)), np.flatnonzero(grown.any(0))
    top, bottom = max(0, rows[0] - 2 * margin), min(pixels.shape[0], rows[-1] + 1 + 2 * margin)
    left, right = max(0, columns[0] - 2 * margin), min(pixels.shape[1], columns[-1] + 1 + 2 * margin)
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    part = cv2.dilate(grown[top:bottom, left:right], ball, iterations=margin // 3)
    mask = np.zeros(pixels.shape, np.bool_)
    mask[top:bottom, left:right] = part > 0
    share = cv2.GaussianBlur(part.astype(np.float32), (0, 0), FEATHER_MM * px_per_mm)
    cut = np.rint(share * pixels[top:bottom, left:right] + (1 - share) * paper)
    taken = Scan(
        np.asarray(cut, np.uint8),
        scan.ppi,
        f"{scan.source}, {named[1]}",
        scan.ppi_estimated,
        scan.inverted,
        scan.ppi_source,
        scan.ppi_note,
    )
    return Piece(named[0], taken, (int(top), int(left), int(bottom), int(right)), mask, touches)
