"""Pictures of several fingers of a hand taken apart: where each fingertip is, and whose it is.

Where there are ridges is told by local contrast, and the hand's direction by the sides of its fingers. Then as many
long ellipses are fitted to it as fingers are expected, by expectation and maximisation (Dempster, Laird and Rubin,
1977), so that fingers that touch or fan out, with the prints of their next joints behind them, are kept apart. Of each
the fingertip is taken, down to the crease of the first joint. From left to right they are the hand's fingers; which one
is missing is said by the caller, or by the gap that it leaves and by how far out the others reach.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from fpverify.errors import FailureToAcquire
from fpverify.features.preparation import resampled
from fpverify.vocabulary import WORKING_PPI, BoolArray, Finger, FloatArray, Scan

CELL_PX = 4  # of the working resolution
CELL_MM = CELL_PX * 25.4 / WORKING_PPI
FINE_PX, BROAD_PX, AROUND_PX = 0.8, 5.0, 6.0  # deviations of Gaussians: a ridge's period is 4.5 px, its noise 1
LEAST_CONTRAST, CLEAR_CONTRAST = 0.11, 0.22  # of what is strongest: a light finger has a third of a firm one's
NEAR_CELLS, NEAR_CONTRAST = 13, 0.42  # within 5 mm: of less there is a gap between fingers that nearly touch
FAINTEST = 0.02  # deviation of grey in [0, 1]: below it there is noise
OPEN_CELLS = 5  # narrower than 2 mm is dirt, an edge or a crease
LEAST_MM2 = 30.0  # of a fingertip
MOST_TURN_DEG = 50  # of the hand
LEAST_DIRECTED = 0.1  # of outlines, that go one way more than others: a square has 0, a finger 0.3
OUTLINE_STEP = 8  # cells along an outline, over which its direction is taken: 3 mm
ROUNDS = 60  # of expectation and maximisation
MOST_SLOPE = 0.4  # of a finger against the hand: 22 degrees
ALIKE = 0.5  # share of the mean of all in each finger's variance across
LEAST_ACROSS_MM2 = 0.3  # variance: a ridge or two
MOST_CELLS = 2500  # that are fitted: of more every second or third
WIDTH_DEVIATIONS = 3.8  # width of a finger in deviations across: 4 of an ellipse, 3.5 of a rectangle
NARROWEST = 0.58  # of the median width of the others
WIDEST_MM, WIDEST_OF_ALL_MM = 27.0, 40.0  # of a finger, where some are not found; of a thumb rolled a little
LEAST_ACROSS, LEAST_APART = 0.55, 0.75  # of two neighbours' mean width
PITCH_MM = 20.0  # from finger to finger of an adult's hand
CREASE_FROM_MM, CREASE_TO_MM = 11.0, 34.0  # from the tip to the crease of the first joint
CREASE_SHARE = 0.6  # of the fingertip's width: where so little shows is the crease ...
JOINT_MM, JOINT_SHARE = 14, 0.62  # ... if within so far behind it more shows again
WIDEST_BY_MM = 19  # behind the tip a print is at its widest
NARROW_SHARE, STAYS_NARROW = 0.72, 0.8  # of the fingertip's width: a joint's print is narrower, and stays so ...
GOES_ON, JOINT_ROWS_MM = 0.75, 6  # ... and hardly narrows over so many millimetres, as the end of a tip does
LEAST_POINTS = 10  # of a finger, to have a direction
MOST_LEAN_DEG = 40  # of a finger against the hand
TIP_MM = 30.0  # where no crease shows
MARGIN_MM = 1.2  # around a fingertip that is cut out
FEATHER_MM = 0.5
TOUCH_MM = 2.5  # of a common border
REACH = {"index": -7.0, "middle": 0.0, "ring": -5.0, "little": -21.0, "thumb": 0.0}  # mm, against the middle finger
REACH_MM, GAP_MM = 6.0, 5.0  # deviations of that, and of the distance of two neighbours
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


class _Blobs:
    """Long ellipses fitted to points: (k,) weights, (k, 2) means, (k, 2, 2) covariances, in millimetres."""

    def __init__(self, weights: FloatArray, means: FloatArray, covariances: FloatArray) -> None:
        self.weights, self.means, self.covariances = weights, means, covariances

    def shares(self, points: FloatArray) -> tuple[FloatArray, float]:
        """(n, k) of each point in each, and the mean log likelihood."""
        logs = np.stack(
            [np.log(weight) + _log_density(points, mean, cov) for weight, mean, cov in self._each()], axis=1
        )
        top = logs.max(1, keepdims=True)
        shares = np.exp(logs - top)
        total = shares.sum(1, keepdims=True)
        return shares / total, float((np.log(total) + top).mean())

    def _each(self) -> list[tuple[float, FloatArray, FloatArray]]:
        return list(zip(self.weights, self.means, self.covariances, strict=True))

    @property
    def widths(self) -> FloatArray:
        """(k,) mm, across each."""
        return np.asarray([WIDTH_DEVIATIONS * np.sqrt(np.linalg.eigvalsh(one)[0]) for one in self.covariances])


def separated(scan: Scan, fingers: Sequence[Finger]) -> Separated:
    """The fingertips in a picture of several fingers of a hand, or of two thumbs.

    Args:
        scan: of all of them, tips up.
        fingers: who is expected, from left to right; without those that are known to be missing.

    Raises:
        FailureToAcquire: nothing shows, or fewer fingers that cannot be told apart, or lie over each other.
    """
    grey = resampled(np.asarray(scan.pixels, np.float32) / np.float32(255), WORKING_PPI / scan.ppi)
    cells, clear = _print_cells(grey)
    if CELL_MM**2 * clear.sum() < LEAST_MM2:
        raise FailureToAcquire(f"{scan.source}: no fingers found in it")
    turn_deg = _turn(clear)
    blobs = _blobs(_rotated(_points(clear), turn_deg), len(fingers), scan.source)
    labels, tips = _parted(cells, clear, turn_deg, blobs)
    found = len(tips)
    names, notes = _named(tips, fingers, scan.source)
    missing = tuple(one for one in fingers if one not in names)
    shown = names if len(set(names)) == found else tuple(f"finger {k}" for k in range(1, found + 1))
    notes += [f"missing: {one}" for one in missing]
    touching = _touching(labels, found)
    pieces = []
    for number, name in enumerate(names):
        near = tuple(names[b if a == number else a] for a, b in touching if number in {a, b})
        mine, others = labels == number, (labels >= 0) & (labels != number)
        pieces.append(_piece(scan, (mine, others), (name, shown[number]), near))
    notes += [f"touching: {shown[a]} and {shown[b]}" for a, b in touching]
    return Separated(tuple(pieces), missing, tuple(notes), turn_deg)


# --- where there is print --------------------------------------------------------------------------------------------


def _print_cells(grey: FloatArray) -> tuple[BoolArray, BoolArray]:
    """(h/4, w/4) bool: where ridges are by local contrast, and where they are clear against those beside them."""
    band = cv2.GaussianBlur(grey, (0, 0), FINE_PX) - cv2.GaussianBlur(grey, (0, 0), BROAD_PX)
    size = (max(1, grey.shape[1] // CELL_PX), max(1, grey.shape[0] // CELL_PX))
    power = cv2.resize(band * band, size, interpolation=cv2.INTER_AREA)
    contrast = np.sqrt(cv2.GaussianBlur(power, (0, 0), AROUND_PX / CELL_PX / 2))
    strongest = float(np.percentile(contrast, 97))
    around = cv2.dilate(contrast, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (NEAR_CELLS, NEAR_CELLS)))
    near = cv2.GaussianBlur(around, (0, 0), NEAR_CELLS / 4)
    weak = contrast > max(LEAST_CONTRAST * strongest, FAINTEST)
    clear = weak & (contrast > CLEAR_CONTRAST * strongest) & (contrast > NEAR_CONTRAST * near)
    return _without_dirt(weak), _without_dirt(clear)


def _without_dirt(cells: BoolArray) -> BoolArray:
    square = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (OPEN_CELLS, OPEN_CELLS))
    closed = cv2.morphologyEx(cells.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, square) > 0)


def _points(cells: BoolArray) -> FloatArray:
    """(n, 2) places of cells in millimetres, across and down."""
    down, across = np.nonzero(cells)
    return np.stack([across, down], axis=1).astype(np.float32) * np.float32(CELL_MM)


def _rotated(points: FloatArray, turn_deg: float) -> FloatArray:
    """Points with the hand's turn taken out."""
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    return np.asarray(points @ np.array([[c, -s], [s, c]], np.float32), np.float32)


def _turn(cells: BoolArray) -> float:
    """The turn of the hand in degrees: the direction of the sides of fingers, the long part of their outlines."""
    outlines, _ = cv2.findContours(cells.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    doubled, total = 0j, 0.0
    for outline in outlines:
        places = outline[:, 0].astype(np.float32)
        if len(places) < 2 * OUTLINE_STEP:
            continue
        step = np.roll(places, -OUTLINE_STEP, axis=0) - places
        middle = (places + np.roll(places, -OUTLINE_STEP, axis=0)) / 2
        last = np.array(cells.shape[::-1]) - 2
        inside = ((middle > 1) & (middle < last)).all(1)  # where the picture ends, nothing does
        squared = (step[:, 0] + 1j * step[:, 1])[inside] ** 2
        doubled += complex(squared.sum())
        total += float(np.abs(squared).sum())
    if abs(doubled) <= LEAST_DIRECTED * total:
        return 0.0  # as wide as long, and not turned as far as anybody can tell
    upright = np.angle(-doubled) / 2  # against straight down
    return float(np.clip(np.degrees(upright), -MOST_TURN_DEG, MOST_TURN_DEG))


# --- fingers apart ---------------------------------------------------------------------------------------------------


def _blobs(upright: FloatArray, expected: int, source: str) -> _Blobs:
    """As many ellipses as fingers show, at most as many as are expected."""
    for count in range(expected, 0, -1):
        blobs = _fitted(upright, count)
        if blobs is not None and _are_fingers(blobs, count):
            break
    else:
        raise FailureToAcquire(f"{source}: fingers lie over each other, or are none: they cannot be told apart")
    if float(blobs.widths.max()) > (WIDEST_MM if count < expected else WIDEST_OF_ALL_MM):
        raise FailureToAcquire(f"{source}: overlapping fingers cannot be told apart: lay them down side by side")
    return blobs


def _parted(
    cells: BoolArray, clear: BoolArray, turn_deg: float, blobs: _Blobs
) -> tuple[NDArray[np.int8], list[tuple[float, float]]]:
    """The number of the finger at each cell, -1 for none, and where each tip is (across, down), upright, in mm."""
    upright = _rotated(_points(cells), turn_deg)
    is_clear = clear[cells]
    order = np.argsort(blobs.means[:, 0])
    owner = np.argsort(order)[blobs.shares(upright)[0].argmax(1)]
    labels = np.full(cells.shape, -1, np.int8)
    tips: list[tuple[float, float]] = []
    for finger in range(len(blobs.means)):
        mine = owner == finger
        kept = _tip(upright[mine], is_clear[mine])
        mask = np.zeros(cells.shape, bool)
        places = np.argwhere(cells)[mine][kept]
        mask[places[:, 0], places[:, 1]] = True
        mask = _largest(mask)
        if CELL_MM**2 * mask.sum() < LEAST_MM2:
            continue
        labels[mask] = len(tips)
        own = _rotated(_points(mask), turn_deg)
        tips.append((float(own[:, 0].mean()), float(np.percentile(own[:, 1], 2))))
    return labels, tips


def _fitted(points: FloatArray, count: int) -> _Blobs | None:
    """The best of some fits of so many ellipses."""
    sample = points[:: max(1, len(points) // MOST_CELLS)]
    across = sample[:, 0]
    low, high = np.percentile(across, [1, 99])
    even = low + (high - low) * (np.arange(count) + 0.5) / count
    quantiles = np.percentile(across, 100 * (np.arange(count) + 0.5) / count)
    fits = [_fit(sample, start.astype(np.float32)) for start in (even, quantiles, *_gap_starts(across, count))]
    good = [one for one in fits if one is not None]
    plausible = [one for one in good if _are_fingers(one[0], count)]
    return max(plausible or good, key=lambda one: one[1])[0] if good else None


def _gap_starts(across: FloatArray, count: int) -> list[FloatArray]:
    """Starts between the deepest valleys of how much shows in each column."""
    columns = np.bincount(((across - across.min()) / CELL_MM).astype(int)).astype(np.float32)
    smooth = cv2.GaussianBlur(columns[None], (0, 0), 2.5)[0]
    inner = np.arange(1, len(smooth) - 1)
    valleys = inner[(smooth[inner] <= smooth[inner - 1]) & (smooth[inner] < smooth[inner + 1])]
    if len(valleys) < count - 1 or count == 1:
        return []
    deepest = np.sort(valleys[np.argsort(smooth[valleys])[: count - 1]])
    edges = np.concatenate([[0], deepest, [len(smooth)]])
    middles = [float(np.average(np.arange(a, b), weights=columns[a:b] + 1e-3)) for a, b in pairwise(edges)]
    return [np.asarray(middles) * CELL_MM + across.min()]


def _fit(points: FloatArray, starts: FloatArray) -> tuple[_Blobs, float] | None:
    """Ellipses by expectation and maximisation, from columns at some places; None where one of them gets lost."""
    count = len(starts)
    nearest = np.abs(points[:, :1] - starts[None]).argmin(1)
    shares = np.eye(count, dtype=np.float32)[nearest]
    likelihood = -np.inf
    for _ in range(ROUNDS):
        sums = shares.sum(0)
        if (sums < 0.02 * len(points)).any():
            return None
        means = (shares.T @ points) / sums[:, None]
        own = np.stack([_covariance(points - mean, share) for mean, share in zip(means, shares.T, strict=True)])
        blobs = _Blobs(sums / len(points), means, _alike(own))
        shares, now = blobs.shares(points)
        if now - likelihood < 1e-5:
            break
        likelihood = now
    return blobs, likelihood


def _covariance(centred: FloatArray, share: FloatArray) -> FloatArray:
    weighted = centred * share[:, None]
    covariance = weighted.T @ centred / share.sum()
    return np.asarray(covariance + LEAST_ACROSS_MM2 * np.eye(2), np.float32)


def _alike(covariances: FloatArray) -> FloatArray:
    """Covariances of fingers: nearly upright, and about as wide as each other."""
    down = covariances[:, 1, 1]
    slope = np.clip(covariances[:, 0, 1] / down, -MOST_SLOPE, MOST_SLOPE)
    across = np.maximum(covariances[:, 0, 0] - covariances[:, 0, 1] ** 2 / down, LEAST_ACROSS_MM2)
    across = (1 - ALIKE) * across + ALIKE * across.mean()
    mixed = slope * down
    both = np.stack([np.stack([across + slope * mixed, mixed], -1), np.stack([mixed, down], -1)], -2)
    return np.asarray(both, np.float32)


def _log_density(points: FloatArray, mean: FloatArray, covariance: FloatArray) -> FloatArray:
    centred = points - mean
    solved = centred @ np.linalg.inv(covariance)
    return np.asarray(-0.5 * (solved * centred).sum(1) - 0.5 * np.log(np.linalg.det(covariance)), np.float32)


def _are_fingers(blobs: _Blobs, count: int) -> bool:
    """Whether ellipses lie side by side and none is a part of a finger."""
    widths = blobs.widths
    if count == 1:
        return True
    if (widths < NARROWEST * np.median(widths)).any():
        return False
    order = np.argsort(blobs.means[:, 0])
    across, down = np.diff(blobs.means[order], axis=0).T
    mean = (widths[order][1:] + widths[order][:-1]) / 2
    away = np.hypot(across, down / 2)  # one tip behind another: the fingers may lie closer side by side
    return bool((across >= LEAST_ACROSS * mean).all() and (away >= LEAST_APART * mean).all())


def _tip(points: FloatArray, clear: BoolArray) -> BoolArray:
    """Which points of a finger are of its last joint: down to the crease, or to where that has to be.

    Args:
        points: (n, 2) of the finger, upright, mm.
        clear: (n,) which of them are clear: among these a crease between strong prints shows best.
    """
    if len(points) < LEAST_POINTS:
        return np.ones(len(points), bool)
    axis = np.linalg.eigh(np.cov(points.T))[1][:, 1]
    axis = axis if axis[1] > 0 else -axis
    if axis[1] < np.cos(np.radians(MOST_LEAN_DEG)):  # a print as wide as it is long has no direction of its own
        axis = np.array([0.0, 1.0])
    along = points @ axis
    along = along - np.percentile(along, 0.5)
    of_all = _rows(along)
    places = (_dip(_rows(along[clear])), _dip(of_all), _narrows(of_all))
    ends = next((place for place in places if place is not None), TIP_MM)
    return np.asarray(along <= ends)


def _rows(along: FloatArray) -> FloatArray:
    """How much of a finger shows at each millimetre behind its tip."""
    rows = np.bincount(np.clip(along, 0, None).astype(int), minlength=int(CREASE_TO_MM) + JOINT_MM).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(rows[None], (0, 0), 0.8)[0], np.float32)


def _dip(rows: FloatArray) -> float | None:
    """Where the crease is that parts a fingertip from its next joint, mm behind the tip; None where none shows.

    A print that fades away looks like a crease, but no joint follows.
    """
    widest = int(rows[:WIDEST_BY_MM].argmax())
    first = max(int(CREASE_FROM_MM), widest + 3)
    span = rows[first : int(CREASE_TO_MM)]
    place = first + int(span.argmin())
    if rows[place] < CREASE_SHARE * rows[widest] and rows[place : place + JOINT_MM].max() > JOINT_SHARE * rows[widest]:
        return float(place)
    return None


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
    scored = sorted(((_likelihood(tips, one, fingers), one) for one in options), reverse=True)
    if len(scored) > 1 and scored[0][0] - scored[1][0] < SURE:
        raise FailureToAcquire(
            f"{source}: shows {found} of {expected} fingers, and it does not show which of them are missing: name them"
        )
    return scored[0][1], [f"{found} of {expected} fingers found; named by the gap that is left and by their reach"]


def _likelihood(tips: list[tuple[float, float]], names: Sequence[Finger], fingers: Sequence[Finger]) -> float:
    """How well tips lie where those of these fingers are, whatever the hand's place and its own turn."""
    places = np.array([fingers.index(name) * PITCH_MM for name in names])
    across = np.array([tip[0] for tip in tips])
    down = np.array([tip[1] for tip in tips])
    reach = np.array([-REACH[name.split("-")[1]] for name in names])
    gaps = np.diff(across) - np.diff(places)
    off = down - reach
    off = off - off.mean()
    return float(-(gaps**2).sum() / (2 * GAP_MM**2) - (off**2).sum() / (2 * REACH_MM**2))


def _touching(labels: NDArray[np.int8], count: int) -> list[tuple[int, int]]:
    """Pairs of neighbours with a common border."""
    pairs = []
    for number in range(count - 1):
        grown = cv2.dilate((labels == number).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        if CELL_MM * (grown & (labels == number + 1)).sum() >= TOUCH_MM:
            pairs.append((number, number + 1))
    return pairs


# --- cut out ---------------------------------------------------------------------------------------------------------


def _piece(
    scan: Scan, cells: tuple[BoolArray, BoolArray], named: tuple[Finger, str], touches: tuple[Finger, ...]
) -> Piece:
    """A fingertip alone, the rest as the paper is; `cells` are its own, and those of the others."""
    pixels, px_per_mm = scan.pixels, scan.ppi / 25.4
    grown, others = (
        np.asarray(cv2.resize(one.astype(np.uint8), pixels.shape[::-1], interpolation=cv2.INTER_NEAREST), np.uint8)
        for one in cells
    )
    side = 2 * round(MARGIN_MM * px_per_mm) + 1
    ball = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    grown = np.asarray(cv2.dilate(grown, ball), np.uint8) * (1 - others)
    share = cv2.GaussianBlur(grown.astype(np.float32), (0, 0), FEATHER_MM * px_per_mm)
    paper = float(np.median(pixels[grown == 0])) if (grown == 0).any() else 255.0
    rows, columns = np.flatnonzero(grown.any(1)), np.flatnonzero(grown.any(0))
    margin = round(MARGIN_MM * px_per_mm)
    top, bottom = max(0, rows[0] - margin), min(pixels.shape[0], rows[-1] + 1 + margin)
    left, right = max(0, columns[0] - margin), min(pixels.shape[1], columns[-1] + 1 + margin)
    part = share[top:bottom, left:right]
    cut = np.rint(part * pixels[top:bottom, left:right] + (1 - part) * paper)
    taken = Scan(
        np.asarray(cut, np.uint8),
        scan.ppi,
        f"{scan.source}, {named[1]}",
        scan.ppi_estimated,
        scan.inverted,
        scan.ppi_source,
        scan.ppi_note,
    )
    return Piece(named[0], taken, (int(top), int(left), int(bottom), int(right)), grown > 0, touches)
