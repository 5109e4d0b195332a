"""How a touch lies best on some ground, by the places of both.

The most alike pairs of places each propose a turn and a shift. A place's worth is that of the most alike place of the
ground within reach; an alignment's is the sum of those that lie on the ground.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from fpverify.comparison.highest import least_of_highest
from fpverify.comparison.touches.prepared import Ground, Touch
from fpverify.comparison.touches.worths import FINE, PlaceWorths
from fpverify.vocabulary import BoolArray, FloatArray, IndexArray, Scores

PROPOSALS = 60  # pairs of places; 30 lose one mate in a hundred
LOOKED_AT = 16  # of the proposals, by a quick look at the nearest place alone
REFITTED, REFITS = 4, 2  # of these, the best, are fitted to all partners so many times
SAME_WAY = np.float32(np.cos(0.5))  # ridges that run the same way within 29 degrees
LEAST_WORTH = np.float32(-0.3)  # of a place while alignments are chosen: else the best has hardly anything in common
CHANCE = 0.35  # cosine of a partner from which on a fit leans on it
LEAST_PARTNERS = 3  # for a fit
NOTHING, OTHER_WAY = np.float32(-3.0), np.float32(-2.0)  # in place of a cosine
TURN_WORTH = np.float32(3.0)  # of places, that a nat of turns counts as: what chance alignments exceed by, on average


@dataclass(frozen=True, slots=True)
class Upright:
    """How fingers come down on a sensor: mostly turned about as when they were enrolled, now and then anyhow.

    Attributes:
        deviation_rad: of the turns of most of them.
        anyhow: share of the others, whose turns are all alike likely; more than 0, at most 1.
    """

    deviation_rad: float
    anyhow: float

    def evidence(self, turn_rad: FloatArray) -> FloatArray:
        """How much likelier turns are with the same finger than by chance, in nats; (k,) float32."""
        off = np.angle(np.exp(1j * np.asarray(turn_rad, np.float64))) / self.deviation_rad
        density = np.exp(-off * off / 2) * np.sqrt(2 * np.pi) / self.deviation_rad  # over that of any turn
        return np.asarray(np.log((1 - self.anyhow) * density + self.anyhow), np.float32)

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Upright:
        """Of its attributes as plain numbers; ValueError if they are none that can be."""
        deviation, anyhow = float(plain["deviation_rad"]), float(plain["anyhow"])
        if not (0 < deviation < np.inf and 0 < anyhow <= 1):
            raise ValueError("how fingers come down was expected: a deviation above 0 and a share in (0, 1]")
        return cls(deviation, anyhow)


ANYHOW = Upright(1.0, 1.0)  # of what nothing is known


class Poses(NamedTuple):
    """Turns and shifts that lay a touch on some ground: (k,) each, rad and px."""

    turn: FloatArray
    x: FloatArray
    y: FloatArray

    def laid(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Points (n,) of the touch on the ground; (k, n) each."""
        cos, sin = np.cos(self.turn)[:, None], np.sin(self.turn)[:, None]
        across, down = cos * x - sin * y + self.x[:, None], sin * x + cos * y + self.y[:, None]
        return np.asarray(across, np.float32), np.asarray(down, np.float32)

    def at(self, which: IndexArray | BoolArray) -> Poses:
        """Some of them."""
        return Poses(self.turn[which], self.x[which], self.y[which])


@dataclass(frozen=True, slots=True, eq=False)
class Lain:
    """A touch on some ground.

    Attributes:
        turn, x, y: its pose; rad, px.
        worth: of all places in common.
        cosines: (n,) of the touch's places: `NOTHING` beyond the ground, `OTHER_WAY` where ridges run another way.
        rank: what it was chosen by: the same, no place counted below `LEAST_WORTH`, and the turn.
    """

    turn: float
    x: float
    y: float
    worth: float
    rank: float
    cosines: FloatArray

    @property
    def common(self) -> BoolArray:
        """(n,) which places lie on the ground."""
        return np.asarray(self.cosines > NOTHING)


def aligned(
    touch: Touch, ground: Ground, worths: PlaceWorths, upright: Upright = ANYHOW, proposals: int = PROPOSALS
) -> Lain | None:
    """The best alignment; None if there is nothing to lay, or nothing to lay it on."""
    if not len(touch) or not len(ground):
        return None
    pairs = _Pairs.of(touch, ground, worths, upright)
    poses = pairs.proposed(proposals)
    poses = poses.at(_best(pairs.glance(poses), LOOKED_AT))
    found = pairs.looked(poses)
    best = _best(found.rank, REFITTED)
    poses, found = poses.at(best), found.at(best)
    for _ in range(REFITS):
        fitted = pairs.refitted(poses, found)
        again = pairs.looked(fitted)
        better = again.rank > found.rank
        poses = Poses(*(np.where(better, new, old) for new, old in zip(fitted, poses, strict=True)))
        found = found.where(better, again)
    k = int(found.rank.argmax())
    turn, x, y = (float(part[k]) for part in poses)
    return Lain(turn, x, y, float(found.worth[k]), float(found.rank[k]), found.cosines[k])


class _Looked(NamedTuple):
    """What k poses bring together: (k,) rank and worth, (k, n) cosines and partners."""

    rank: FloatArray
    worth: FloatArray
    cosines: FloatArray
    partner: IndexArray

    def at(self, which: IndexArray) -> _Looked:
        return _Looked(self.rank[which], self.worth[which], self.cosines[which], self.partner[which])

    def where(self, better: BoolArray, again: _Looked) -> _Looked:
        chosen = (better.reshape(-1, *([1] * (old.ndim - 1))) for old in self)
        return _Looked(*(np.where(mask, new, old) for mask, new, old in zip(chosen, again, self, strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class _Pairs:
    """All pairs of places of a touch (n, of two senses) and some ground (m)."""

    touch: Touch
    ground: Ground
    cosines: FloatArray  # (2, n, m)
    rows: FloatArray  # (n, 201) worth by cosine, see `PlaceWorths.rows`
    missed: FloatArray  # (n,) worth where ridges run another way
    upright: Upright

    @classmethod
    def of(cls, touch: Touch, ground: Ground, worths: PlaceWorths, upright: Upright) -> _Pairs:
        cosines = (touch.descriptors @ ground.descriptors.T).reshape(2, len(touch), len(ground))
        return cls(touch, ground, cosines, *worths.rows(touch.common), upright)

    def worth(self, sense: IndexArray, place: IndexArray, other: IndexArray) -> FloatArray:
        """Of pairs of places; of the shape that the arguments have together."""
        cosine = self.cosines[sense, place, other]
        step = np.clip((cosine + np.float32(1)) * np.float32(1 / FINE) + np.float32(0.5), 0, self.rows.shape[1] - 1)
        return np.asarray(self.rows[place, step.astype(np.intp)])

    def proposed(self, count: int) -> Poses:
        """By the most alike pairs."""
        flat = self.cosines.ravel()
        count = min(count, len(flat))
        top = np.flatnonzero(flat >= least_of_highest(flat[None], count))
        top = top[np.argpartition(flat[top], -count)[-count:]]
        sense, place, other = np.unravel_index(top, self.cosines.shape)
        turn = self.ground.angle[other] - self.touch.angle[place] - np.float32(np.pi) * sense.astype(np.float32)
        cos, sin = np.cos(turn), np.sin(turn)
        x, y = self.touch.x[place], self.touch.y[place]
        moved = self.ground.x[other] - cos * x + sin * y, self.ground.y[other] - sin * x - cos * y
        return Poses(turn, *(np.asarray(part, np.float32) for part in moved))

    def glance(self, poses: Poses) -> FloatArray:
        """The rank of each pose by every place's nearest alone; (k,)."""
        x, y = poses.laid(self.touch.x, self.touch.y)
        found = self.ground.nearest(x, y)
        along = np.cos(self.touch.angle + poses.turn[:, None] - self.ground.angle[found])
        worth = self.worth((along < 0).astype(np.int32), np.arange(len(self.touch), dtype=np.int32), found)
        worth = np.where(np.abs(along) < SAME_WAY, self.missed, worth)
        rank = np.where(found < 0, np.float32(0), np.maximum(worth, LEAST_WORTH)).sum(1)
        return np.asarray(rank + self._turned(poses), np.float32)

    def looked(self, poses: Poses) -> _Looked:
        """What poses bring together."""
        x, y = poses.laid(self.touch.x, self.touch.y)
        found = self.ground.near(x, y)
        along = np.cos((self.touch.angle + poses.turn[:, None])[..., None] - self.ground.angle[found])
        sense, place = (along < 0).astype(np.int32), np.arange(len(self.touch), dtype=np.int32)[:, None]
        cosine = self.cosines[sense, place, found]
        cosine = np.where(found < 0, NOTHING, np.where(np.abs(along) < SAME_WAY, OTHER_WAY, cosine))
        best = cosine.argmax(-1)[..., None]
        chosen, partner, sense = (np.take_along_axis(part, best, -1)[..., 0] for part in (cosine, found, sense))
        worth = self.worth(sense, place[:, 0], partner)
        worth = np.where(chosen > OTHER_WAY, worth, np.where(chosen > NOTHING, self.missed, np.float32(0)))
        rank = np.maximum(worth, LEAST_WORTH).sum(1) + self._turned(poses)
        return _Looked(rank, worth.sum(1), chosen, partner)

    def _turned(self, poses: Poses) -> FloatArray:
        return TURN_WORTH * self.upright.evidence(poses.turn)

    def refitted(self, poses: Poses, found: _Looked) -> Poses:
        """Rigid fits to the partners, weighted by how alike they are; a pose with few of them stays as it is."""
        weight = np.maximum(found.cosines - np.float32(CHANCE), 0)
        enough = (weight > 0).sum(1) >= LEAST_PARTNERS
        weight = weight / np.maximum(weight.sum(1, keepdims=True), np.float32(1e-6))
        x, y = self.touch.x, self.touch.y
        u, v = self.ground.x[found.partner], self.ground.y[found.partner]
        mx, my, mu, mv = (weight @ x, weight @ y, (weight * u).sum(1), (weight * v).sum(1))
        x, y, u, v = x - mx[:, None], y - my[:, None], u - mu[:, None], v - mv[:, None]
        turn = np.arctan2((weight * (x * v - y * u)).sum(1), (weight * (x * u + y * v)).sum(1))
        cos, sin = np.cos(turn), np.sin(turn)
        fitted = turn, mu - cos * mx + sin * my, mv - sin * mx - cos * my
        return Poses(*(np.where(enough, new, old) for new, old in zip(fitted, poses, strict=True)))


def _best(rank: Scores | FloatArray, count: int) -> IndexArray:
    return np.asarray(np.argsort(-rank, kind="stable")[:count], np.int32)
