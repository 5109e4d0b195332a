"""Fingers of a hand as long ellipses: which of the places where there is print belong together.

For many turns of the hand, and for fingers that spread less or more, what shows is counted in columns, and the columns
are parted where least shows. From the best of these partings ellipses are fitted by expectation and maximisation
(Dempster, Laird and Rubin, 1977). Of the fits whose ellipses can be fingers the one with the highest completed
likelihood is taken (Biernacki, Celeux and Govaert, 2000), less what speaks against a hand turned far, against fingers
that lie over each other, and against tips that reach out otherwise than a hand's (`hand_shapes`): a fit that cuts
through prints is unsure of many places, and one that takes joints for fingers is another hand's, or none's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from fpverify.errors import FailureToAcquire
from fpverify.features.hand_shapes import reach_cost
from fpverify.vocabulary import BoolArray, Finger, FloatArray

TURNS_DEG = (range(-50, -20, 5), range(-20, -5, 5), range(-5, 10, 5), range(10, 25, 5), range(25, 55, 5))  # of the hand
SPREADS = (0.0, 0.003, 0.006)  # radians that a finger leans outwards per millimetre from the middle: 0 to 10 degrees
COLUMN_MM = 1.0
SMOOTH_COLUMNS = 1.0  # deviation of a Gaussian
BESIDE_COLUMNS = 12  # of a light finger less shows than between two others: a valley is one against what is beside it
COLUMNS = (9, 28)  # of a finger, at least and at most: little ones to rolled thumbs
LEAST_SHOWN = 0.12  # in a column of a finger, of what shows in the mean one: a finger that is all but dry
TRIED = 2  # partings of each range of turns, that are fitted: where joints fill the gaps hardly one is the best
TURN_COST = 0.6  # mean log likelihood, for a turn of 50 degrees: of two fits alike the upright one
WIDTH_COST = 0.5  # for widths whose deviation is their mean
CROWD_COST = 0.3  # mean log likelihood, for each width by which neighbours lie closer than side by side ...
SIDE_BY_SIDE = 0.9  # ... which is so many mean widths, as they touch
FEWER_WORTH = 0.1  # mean log likelihood, by which one finger fewer has to be better: a joint stands for one ...
WIDER = 1.4  # ... with fingers not much wider: one that stands for both of two is twice as wide ...
SAME_WORTH, SAME_WIDTH = 0.03, 1.05  # ... and by less where they are as wide: the others are the same fingers
TWO_JOINTS_MM, TIP_SHARE = 36.0, 1.0  # a fingertip and its next joint, from the tip: one per cent of it is before that
LEFT_COST = (
    0.7  # mean log likelihood, for the share of what lies behind those: of short ellipses each place is likelier
)
REACH_COST = (
    0.05  # mean log likelihood, for each unit of log likelihood by which tips reach out otherwise than a hand's
)
LOST_COST, BEHIND = 5.0, 0.5  # for the share of what lies behind those and behind no finger: farther aside, in widths
TURNED_AGAIN = 2  # a hand is turned less than it is by what was parted while it lay otherwise
ROUNDS = 60  # of expectation and maximisation
ENOUGH = 1e-4  # mean log likelihood: less is no progress
MOST_SLOPE = 0.4  # of a finger against the hand: 22 degrees
ALIKE = 0.5  # share of the mean of all in each finger's variance across
LEAST_ACROSS_MM2 = 0.3  # variance: a ridge or two
MOST_PLACES = 1500  # that are fitted: of more every second or third
WIDTH_DEVIATIONS = 3.8  # width of a finger in deviations across: 4 of an ellipse, 3.5 of a rectangle
NARROWEST = 0.58  # of the median width of the others
WIDEST_MM, WIDEST_OF_ALL_MM = 27.0, 40.0  # of a finger, where some are not found; of a thumb rolled a little
LEAST_ACROSS, LEAST_APART = 0.55, 0.75  # of two neighbours' mean width


@dataclass(frozen=True, slots=True, eq=False)
class FingerEllipses:
    """Ellipses that stand for fingers, in an upright hand.

    Attributes:
        weights: (k,) share of what shows.
        means: (k, 2) mm, across and down.
        covariances: (k, 2, 2) square millimetres.
        turn_deg: of the hand, clockwise, that is taken out of the places.
    """

    weights: FloatArray
    means: FloatArray
    covariances: FloatArray
    turn_deg: float = 0.0

    def shares(self, places: FloatArray) -> tuple[FloatArray, FloatArray]:
        """(n, k) of each place in each ellipse, and (n,) log likelihoods; `places` are upright, in mm."""
        logs = np.stack([self._log_density(places, k) for k in range(len(self.means))], axis=1)
        top = logs.max(1, keepdims=True)
        shares = np.exp(logs - top)
        total = shares.sum(1, keepdims=True)
        return shares / total, (np.log(total) + top)[:, 0]

    def owners(self, places: FloatArray) -> np.ndarray:
        """(n,) the number of each place's finger, from left to right."""
        rank = np.argsort(np.argsort(self.means[:, 0]))
        return np.asarray(rank[self.shares(places)[0].argmax(1)])

    @property
    def widths(self) -> FloatArray:
        """(k,) mm, across each."""
        return np.asarray([WIDTH_DEVIATIONS * np.sqrt(np.linalg.eigvalsh(one)[0]) for one in self.covariances])

    def are_fingers(self) -> bool:
        """Whether they lie side by side and none is a part of a finger."""
        widths = self.widths
        if len(widths) == 1:
            return True
        if (widths < NARROWEST * np.median(widths)).any():
            return False
        across, down = self._steps()
        away = np.hypot(across, down / 2)  # one tip behind another: the fingers may lie closer side by side
        return bool((across >= LEAST_ACROSS).all() and (away >= LEAST_APART).all())

    def tips(self, places: FloatArray) -> FloatArray:
        """(k,) mm, how far down each finger begins, from left to right; `places` are upright, in mm."""
        owner = self.owners(places)
        begins = [self.means[:, 1].min()] * len(self.means)
        for finger in np.unique(owner):
            begins[finger] = np.percentile(places[owner == finger, 1], TIP_SHARE)
        return np.asarray(begins, np.float32)

    def are_beside(self, behind: FloatArray) -> BoolArray:
        """(n,) which places behind the fingers' joints lie behind none of them; `behind` are upright, in mm."""
        slopes = self.covariances[:, 0, 1] / self.covariances[:, 1, 1]
        axes = self.means[:, 0] + slopes * (behind[:, 1:] - self.means[:, 1])
        return np.asarray((np.abs(behind[:, :1] - axes) > BEHIND * self.widths).all(1))

    @property
    def crowding(self) -> float:
        """By how many widths, in all, neighbours lie closer than side by side."""
        return 0.0 if len(self.means) < 2 else float(np.maximum(SIDE_BY_SIDE - self._steps()[0], 0).sum())

    def _steps(self) -> tuple[FloatArray, FloatArray]:
        """From each finger to the next, across and down, in their mean widths."""
        order = np.argsort(self.means[:, 0])
        widths = self.widths[order]
        across, down = np.diff(self.means[order], axis=0).T / ((widths[1:] + widths[:-1]) / 2)
        return across, down

    def _log_density(self, places: FloatArray, k: int) -> FloatArray:
        centred = places - self.means[k]
        covariance = self.covariances[k]
        distance = (centred @ np.linalg.inv(covariance) * centred).sum(1)
        constant = np.log(self.weights[k]) - 0.5 * np.log(np.linalg.det(covariance))
        return np.asarray(constant - 0.5 * distance, np.float32)


def rotated(places: FloatArray, turn_deg: float) -> FloatArray:
    """(n, 2) places in millimetres with the hand's turn taken out."""
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    return np.asarray(places @ np.array([[c, -s], [s, c]], np.float32), np.float32)


def finger_ellipses(places: FloatArray, fingers: Sequence[Finger], source: str) -> FingerEllipses:
    """As many ellipses as fingers show, at most as many as are expected.

    Args:
        places: (n, 2) mm, across and down, where print shows.
        fingers: who is expected, from left to right.
        source: name for messages.

    Raises:
        FailureToAcquire: fingers lie over each other, or are none.
    """
    sample = places[:: max(1, len(places) // MOST_PLACES)]
    found, most = _likeliest(sample, fingers, two_joints=True)
    if most < len(fingers):
        whole, more = _likeliest(sample, fingers, two_joints=False)
        found = whole if more > most else found
    if found is None:
        raise FailureToAcquire(f"{source}: fingers lie over each other, or are none: they cannot be told apart")
    if float(found.widths.max()) > (WIDEST_MM if len(found.means) < len(fingers) else WIDEST_OF_ALL_MM):
        raise FailureToAcquire(f"{source}: overlapping fingers cannot be told apart: lay them down side by side")
    return found


def _likeliest(sample: FloatArray, fingers: Sequence[Finger], *, two_joints: bool) -> tuple[FingerEllipses | None, int]:
    """The fingers that show, by fingertips and their next joints alone, or by all of them; and how many could be.

    Fewer fingers are tried always: where some are missing, joints of others can stand for them.
    """
    found, worth, most = None, -float("inf"), 0
    for count in range(len(fingers), 0, -1):
        fit, its_worth = _fitted(sample, count, fingers, two_joints=two_joints)
        if fit is None:
            continue
        if found is None:
            found, worth, most = fit, its_worth, count
        elif _is_better(its_worth - worth, float(fit.widths.mean() / found.widths.mean())):
            found, worth = fit, its_worth
    return found, most


def _is_better(by: float, wider: float) -> bool:
    """Whether one finger fewer is, that is worth so much more and whose fingers are so many times as wide."""
    return (by > FEWER_WORTH and wider < WIDER) or (by > SAME_WORTH and wider < SAME_WIDTH)


def _fitted(
    places: FloatArray, count: int, fingers: Sequence[Finger], *, two_joints: bool
) -> tuple[FingerEllipses | None, float]:
    """The best of the fits from some partings that can be fingers, and what it is worth; None where none can be."""
    best: FingerEllipses | None = None
    most = -float("inf")
    for turn_deg, owners in _partings(places, count):
        upright = rotated(places, turn_deg)
        near = _near_tips(upright, owners, count) if two_joints else np.ones(len(upright), bool)
        fit = _fit(upright[near], owners[near], count, turn_deg)
        if fit is None or not fit.are_fingers():
            continue
        worth = _worth(fit, upright[near], upright[~near], fingers)
        if worth > most:
            best, most = fit, worth
    return best and _upright(places, best, two_joints=two_joints), most


def _worth(fit: FingerEllipses, near: FloatArray, behind: FloatArray, fingers: Sequence[Finger]) -> float:
    """The completed log likelihood of a place in the mean, less what speaks against such a hand.

    Args:
        fit: the ellipses.
        near: (n, 2) upright, mm, that they were fitted to.
        behind: (m, 2) what was left out.
        fingers: who is expected.
    """
    shares, likelihoods = fit.shares(near)
    unsure = -(shares * np.log(np.maximum(shares, 1e-6))).sum(1)
    unlikely = TURN_COST * (fit.turn_deg / 50) ** 2 + CROWD_COST * fit.crowding
    unlikely += REACH_COST * reach_cost(fit.tips(near), fingers)
    unlikely += (LEFT_COST * len(behind) + LOST_COST * float(fit.are_beside(behind).sum())) / (len(near) + len(behind))
    return float((likelihoods - unsure).mean()) - unlikely


def _near_tips(upright: FloatArray, owners: np.ndarray, count: int) -> np.ndarray:
    """(n,) bool: of each column what is a fingertip's or the next joint's, without what is farther behind."""
    near = np.ones(len(upright), bool)
    for finger in range(count):
        mine = owners == finger
        if mine.any():
            near[mine] = upright[mine, 1] < np.percentile(upright[mine, 1], TIP_SHARE) + TWO_JOINTS_MM
    return near


def _upright(places: FloatArray, found: FingerEllipses, *, two_joints: bool) -> FingerEllipses:
    """The same fingers with the hand's turn as they lie, and not as it was tried."""
    for _ in range(TURNED_AGAIN):
        tried = rotated(places, found.turn_deg)
        owners = found.owners(tried)
        slopes = _slopes(tried, owners, len(found.means))
        turn_deg = found.turn_deg - float(np.degrees(np.arctan(np.average(slopes, weights=found.weights))))
        near = np.ones(len(places), bool)
        if two_joints:
            near = _near_tips(rotated(places, turn_deg), owners, len(found.means))
        again = _fit(rotated(places[near], turn_deg), owners[near], len(slopes), turn_deg)
        if again is None or not again.are_fingers():
            break
        found = again
    return found


def _slopes(upright: FloatArray, owners: np.ndarray, count: int) -> FloatArray:
    """(k,) how far each finger goes across for each millimetre down, by all of it."""
    found = np.zeros(count, np.float32)
    for finger in range(count):
        mine = upright[owners == finger]
        if len(mine) > 2:
            centred = mine - mine.mean(0)
            found[finger] = (centred[:, 0] * centred[:, 1]).sum() / max(float((centred[:, 1] ** 2).sum()), 1e-6)
    return np.clip(found, -MOST_SLOPE, MOST_SLOPE)


def _partings(places: FloatArray, count: int) -> Iterator[tuple[float, np.ndarray]]:
    """The turn, and (n,) the column of fingers of each place, of the best partings of each range of turns."""
    for turns in TURNS_DEG:
        found = list[tuple[float, float, np.ndarray]]()
        for turn_deg in turns:
            upright = rotated(places, turn_deg)
            parted = [_parted(upright - upright.mean(0), spread, count) for spread in SPREADS]
            cost, owners = min(parted, key=lambda one: one[0])
            if np.isfinite(cost):
                found.append((cost, turn_deg, owners))
        for _, turn, owners in sorted(found, key=lambda one: one[0])[:TRIED]:
            yield turn, owners


def _parted(centred: FloatArray, spread: float, count: int) -> tuple[float, np.ndarray]:
    """What shows where the columns of fingers part, of what shows beside, and each place's column."""
    across = centred[:, 0] / np.maximum(1 - spread * centred[:, 1], 0.5)
    columns = np.floor((across - across.min()) / COLUMN_MM).astype(int)
    counted = np.bincount(columns).astype(np.float32)
    profile = cv2.GaussianBlur(counted[None], (0, 0), SMOOTH_COLUMNS)[0] / counted.mean()
    cost, borders = _cheapest(profile, count)
    return cost, np.searchsorted(borders, columns, side="right")


def _cheapest(profile: FloatArray, count: int) -> tuple[float, np.ndarray]:
    """The least cost of so many columns, and the borders between them, by dynamic programming."""
    length = len(profile)
    mean = length / count
    valleys = _valleys(profile)
    shown = np.concatenate([[0.0], np.cumsum(profile)])
    least = LEAST_SHOWN * shown[-1] / count
    cost = np.full((count + 1, length + 1), np.inf)
    came = np.zeros((count + 1, length + 1), int)
    cost[0, 0] = 0.0
    for number in range(1, count + 1):
        for end in range(number * COLUMNS[0] if number < count else length, length + 1):
            low, high = max(0, end - COLUMNS[1] - length // 4), max(0, end - COLUMNS[0] + 1)
            if low >= high:
                continue
            widths = end - np.arange(low, high)
            own = cost[number - 1, low:high] + WIDTH_COST * ((widths - mean) / mean) ** 2 / count
            own = np.where(shown[end] - shown[low:high] < least, np.inf, own)
            at = int(own.argmin())
            cost[number, end] = own[at] + (float(valleys[end]) if end < length else 0.0)
            came[number, end] = low + at
    borders, end = [], length
    for number in range(count, 1, -1):
        end = int(came[number, end])
        borders.append(end)
    return float(cost[count, length]), np.array(borders[::-1])


def _valleys(profile: FloatArray) -> FloatArray:
    """How much shows in each column, of the most within a finger's width on its left or right, whichever is less."""
    padded = np.pad(profile, BESIDE_COLUMNS)
    before, after = (
        np.lib.stride_tricks.sliding_window_view(part, BESIDE_COLUMNS).max(1)[: len(profile)]
        for part in (padded[1:], padded[BESIDE_COLUMNS:])
    )
    return np.asarray(profile / np.maximum(np.minimum(before, after), 1e-3), np.float32)


def _fit(places: FloatArray, owners: np.ndarray, count: int, turn_deg: float) -> FingerEllipses | None:
    """Ellipses by expectation and maximisation; None where one of them gets lost."""
    shares = np.eye(count, dtype=np.float32)[owners]
    before = -np.inf
    for _ in range(ROUNDS):
        sums = shares.sum(0)
        if (sums < 0.02 * len(places)).any():
            return None
        means = (shares.T @ places) / sums[:, None]
        own = np.stack([_covariance(places - mean, share) for mean, share in zip(means, shares.T, strict=True)])
        found = FingerEllipses(sums / len(places), means, _alike(own), turn_deg)
        shares, likelihoods = found.shares(places)
        now = float(likelihoods.mean())
        if now - before < ENOUGH:
            break
        before = now
    return found


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
