"""Touches of one finger, laid on each other where they show the same skin: one reference instead of many.

Every two are aligned by their places. An alignment that the pictures bear out, once bent to fit, joins them; the best
ones make a tree, all touches of which get one frame. There they are bent together, and what does not agree with the
others after that is taken out again. Each place of the common lattice gets the mean of the descriptors that the touches
have of it. Touches that join nothing lie apart; the least telling are left out where the bytes would not do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.touches.alignment import ANYHOW, Upright, aligned
from fpverify.comparison.touches.bending import ROUNDS, BentTouch, Canvas, agreements, bent_together, summed
from fpverify.comparison.touches.prepared import STEP_PX, Ground, Touch
from fpverify.comparison.touches.worths import PlaceWorths
from fpverify.vocabulary import FloatArray, Minutiae

LEAST_WORTH = 3.0  # of an alignment whose pictures are looked at
AGREE = (
    0.35  # correlation from which on touches show the same skin: rightly laid ones have 0.5 to 0.95, others below 0.3
)
PROPOSALS = 30  # of the alignment of two touches
LEAST_COMMON_PX = 300  # pixels of two touches that must be common to tell whether they agree
MARGIN_PX = 2.0  # of a touch's picture, where its places say nothing
SAME_WAY = 0.92  # cosine of a touch's ridges with the common ones; where it has less, the common ones hold

Describe = Callable[[FloatArray, FloatArray, FloatArray, FloatArray], FloatArray]  # picture, x, y, angle -> (n, d)


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A touch to be joined.

    Attributes:
        touch: as a probe.
        ground: what others are laid on: all places of its lattice.
        picture: (h, w) float32, normalised.
        angle: (h, w) float32, along the ridges, rad.
        minutiae: that it shows; and ...
        descriptors: ... theirs, (m, d) int8.
    """

    touch: Touch
    ground: Ground
    picture: FloatArray
    angle: FloatArray
    minutiae: Minutiae
    descriptors: NDArray[np.int8]

    def bent(self, pose: Pose) -> BentTouch:
        """In a common frame."""
        return BentTouch(self.picture, self.touch.shown.astype(np.float32), self.angle, *pose)


class Pose(NamedTuple):
    """Of a frame in another: rad and px."""

    turn: float = 0.0
    x: float = 0.0
    y: float = 0.0

    def then(self, other: Pose) -> Pose:
        """First this, then the other."""
        cos, sin = np.cos(other.turn), np.sin(other.turn)
        x, y = cos * self.x - sin * self.y + other.x, sin * self.x + cos * self.y + other.y
        return Pose(self.turn + other.turn, float(x), float(y))

    @property
    def inverse(self) -> Pose:
        """Back again."""
        cos, sin = np.cos(self.turn), np.sin(self.turn)
        return Pose(-self.turn, float(-cos * self.x - sin * self.y), float(sin * self.x - cos * self.y))


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Touches in one frame; (given, bent) of each."""

    members: tuple[tuple[Given, BentTouch], ...]

    def __len__(self) -> int:
        return len(self.members)


def groups(given: Sequence[Given], worths: PlaceWorths, upright: Upright = ANYHOW) -> list[Group]:
    """Touches that came together, the most first; each in one group, turned as they were put down on average."""
    found: list[Group] = []
    for poses in _frames(given, _links(given, worths, upright)):
        level = Pose() if upright == ANYHOW else Pose(-_mean_turn(poses.values()))
        found += _agreeing([(given[k], given[k].bent(pose.then(level))) for k, pose in poses.items()])
    return sorted(found, key=lambda group: -len(group))


class _Link(NamedTuple):
    """An alignment of touch `one` on touch `other`."""

    worth: float
    one: int
    other: int
    pose: Pose


def _links(given: Sequence[Given], worths: PlaceWorths, upright: Upright) -> list[_Link]:
    """Of all two touches that have enough in common, the best first."""
    links = []
    for one, other in combinations(range(len(given)), 2):
        lain = aligned(given[one].touch, given[other].ground, worths, upright, PROPOSALS)
        if lain is not None and lain.worth >= LEAST_WORTH:
            links.append(_Link(lain.worth, one, other, Pose(lain.turn, lain.x, lain.y)))
    return sorted(links, key=lambda link: -link.worth)


def _frames(given: Sequence[Given], links: Sequence[_Link]) -> list[dict[int, Pose]]:
    """The poses of touches in common frames: trees of the best links that the pictures bear out.

    Source: Kruskal, "On the shortest spanning subtree of a graph", 1956.
    """
    frame = {k: {k: Pose()} for k in range(len(given))}
    for link in links:
        mine, theirs = frame[link.one], frame[link.other]
        if mine is theirs or not _agree(given[link.one], given[link.other], link.pose):
            continue
        onto = mine[link.one].inverse.then(link.pose).then(theirs[link.other])
        theirs |= {k: pose.then(onto) for k, pose in mine.items()}
        frame |= dict.fromkeys(mine, theirs)
    return list({id(one): one for one in frame.values()}.values())


def _mean_turn(poses: Iterable[Pose]) -> float:
    return float(np.angle(sum(np.exp(1j * pose.turn) for pose in poses)))


def _agree(one: Given, other: Given, pose: Pose) -> bool:
    """Whether the pictures bear an alignment out, once the one touch is bent to fit."""
    moved, base = one.bent(pose), other.bent(Pose())
    canvas = Canvas(0.0, 0.0, *base.picture.shape)
    shown = base.layer(canvas)
    for _ in range(ROUNDS):
        moved.refit(shown.mean, canvas)
    layer = moved.layer(canvas)
    if np.count_nonzero((layer.weight > 0) & (shown.weight > 0)) < LEAST_COMMON_PX:
        return False
    return layer.agreement(shown) >= AGREE


def _agreeing(members: list[tuple[Given, BentTouch]]) -> list[Group]:
    """What was laid wrongly taken out again: the touches that agree, and each other by itself."""
    apart = []
    while len(members) > 1:
        bent = [one for _, one in members]
        found = agreements(bent_together(bent, Canvas.around(bent), 1))
        if np.isnan(found).all() or np.nanmin(found) >= AGREE:
            break
        given, _ = members.pop(int(np.nanargmin(found)))
        apart.append(Group(((given, given.bent(Pose())),)))
        for _, one in members:
            one.bend = None
    return [Group(tuple(members)), *apart]


@dataclass(frozen=True, slots=True, eq=False)
class Mosaic:
    """A group on one lattice, in a frame that begins at 0.

    Attributes:
        x, y, angle: (n,) float32 of the places.
        descriptors: (n, d) float32, means of unit vectors.
        count: (n,) of touches that show each.
        picture: (h, w) float32, the mean of what the touches show.
        minutiae, owners, minutia_descriptors: of all touches, and which touch each is of.
        touches: how many.
    """

    x: FloatArray
    y: FloatArray
    angle: FloatArray
    descriptors: FloatArray
    count: NDArray[np.int_]
    picture: FloatArray
    minutiae: Minutiae
    owners: NDArray[np.int_]
    minutia_descriptors: NDArray[np.int8]
    touches: int


def mosaic(group: Group, describe: Describe) -> Mosaic:
    """Bends a group together, and puts what it shows on one lattice."""
    bent = [one for _, one in group.members]
    canvas = Canvas.around(bent)
    picture = summed(bent_together(bent, canvas)).mean
    down, across = (np.arange(0, side, STEP_PX, dtype=np.float32) for side in picture.shape)
    y, x = (part.ravel() for part in np.meshgrid(down, across, indexing="ij"))
    seen = [_seen(one, x + np.float32(canvas.left), y + np.float32(canvas.top)) for one in bent]
    field, count = np.zeros(len(x), complex), np.zeros(len(x), int)
    for one, part in zip(bent, seen, strict=True):
        field[part.place] += np.exp(2j * (part.angle + one.turn))
        count[part.place] += 1
    angle = (np.angle(field) / 2 % np.pi).astype(np.float32)
    kept = np.flatnonzero(count)
    descriptors = _means(bent, seen, angle, describe, len(x))[kept]
    minutiae, owners, own = _minutiae(group, canvas)
    return Mosaic(x[kept], y[kept], angle[kept], descriptors, count[kept], picture, minutiae, owners, own, len(group))


class _Seen(NamedTuple):
    """Which places of a lattice a touch shows, where in its own frame, and its own ridges' direction there."""

    place: NDArray[np.intp]
    u: FloatArray
    v: FloatArray
    angle: FloatArray


def _seen(one: BentTouch, x: FloatArray, y: FloatArray) -> _Seen:
    u, v = one.own(x, y)
    height, width = one.picture.shape
    inside = (u >= MARGIN_PX) & (u <= width - 1 - MARGIN_PX) & (v >= MARGIN_PX) & (v <= height - 1 - MARGIN_PX)
    row, column = (np.clip(np.rint(part), 0, side - 1).astype(int) for part, side in ((v, height), (u, width)))
    place = np.flatnonzero(inside & (one.shown[row, column] > 0))
    return _Seen(place, u[place], v[place], one.angle[row[place], column[place]])


def _means(
    bent: Sequence[BentTouch], seen: Sequence[_Seen], angle: FloatArray, describe: Describe, places: int
) -> FloatArray:
    """(places, d) of unit length, the mean of what the touches have; 0 where none shows a place."""
    total: FloatArray | None = None
    for one, part in zip(bent, seen, strict=True):
        if not len(part.place):
            continue
        off = np.cos(part.angle + np.float32(one.turn) - angle[part.place])
        own = np.where(off < 0, part.angle + np.float32(np.pi), part.angle)
        own = np.where(np.abs(off) < SAME_WAY, angle[part.place] - np.float32(one.turn), own)
        found = describe(one.picture, part.u, part.v, own)
        total = np.zeros((places, found.shape[1]), np.float32) if total is None else total
        total[part.place] += found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-6)
    if total is None:
        return np.zeros((places, 0), np.float32)
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-6), np.float32)


def _minutiae(group: Group, canvas: Canvas) -> tuple[Minutiae, NDArray[np.int_], NDArray[np.int8]]:
    """Of all touches in the common frame, which touch each is of, and their descriptors."""
    parts, owners = [], []
    for number, (given, one) in enumerate(group.members):
        x, y = one.common(given.minutiae.x_px, given.minutiae.y_px)
        angle = np.angle(np.exp(1j * (given.minutiae.angle_rad + one.turn))).astype(np.float32)
        parts.append(np.stack([x - np.float32(canvas.left), y - np.float32(canvas.top), angle, given.minutiae.quality]))
        owners += [number] * len(x)
    widths = [given.descriptors for given, _ in group.members if len(given.minutiae)]
    descriptors = np.concatenate(widths) if widths else np.zeros((0, 0), np.int8)
    return Minutiae(*np.concatenate(parts, 1).astype(np.float32)), np.array(owners, int), descriptors
