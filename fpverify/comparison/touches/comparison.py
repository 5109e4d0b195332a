"""How alike a touch and a finger from touches are: places, blocks of the pictures and minutiae in one number.

Of a whole print that was enrolled there is no picture; places and minutiae have to do, on scales of their own.

Each opinion is taken as its distance from what a tenth of non-mated touches of its area exceed, in mean excesses beyond
that, and they are added up. What the sum is worth as a score depends on the touch's area: a calibration each for some
areas, between which scores are interpolated. All of it is learnt on synthetic touches, by
`fpverify.training.touch_evidence`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from fpverify.comparison.calibration import DECIBEL, Calibration
from fpverify.comparison.touches.alignment import ANYHOW, Upright, aligned
from fpverify.comparison.touches.blocks import block_correlations
from fpverify.comparison.touches.finger import FORMER, Keeping
from fpverify.comparison.touches.prepared import Ground, Touch
from fpverify.comparison.touches.worths import BlockWorths, PlaceWorths
from fpverify.errors import CorruptModel
from fpverify.vocabulary import FloatArray, Scores, Skin

PRIOR_PLACES = 8.0  # in common beyond those there are: a few that agree prove little
NO_MINUTIAE = 0.004  # added to the similarity of minutiae before the logarithm
NOTHING_COMMON = -3.0  # opinion of places and blocks that have nothing in common
NO_PICTURE = 0.0  # opinion of blocks on a whole print
LEARNT = 3  # opinions on scales of their own: places, blocks, minutiae


class Opinions(NamedTuple):
    """What a touch and some ground have in common; higher is more alike.

    Attributes:
        places: worth of the places in common, over the root of their number and 8.
        blocks: the same of the blocks of the pictures; `NO_PICTURE` where there is none.
        minutiae: the logarithm of their similarity.
        turn: how much likelier it is with the same finger than by chance, in nats.
    """

    places: float
    blocks: float
    minutiae: float
    turn: float = 0.0


@dataclass(frozen=True, slots=True)
class Doubt:
    """How far places are trusted to have laid a touch where it belongs.

    Where they have not, minutiae tell by themselves, which are laid where they lie best. And pictures that disagree say
    little, since skin bends.

    Attributes:
        astray: logarithm of the odds that places have laid a touch elsewhere, in the units of sums.
        minutiae: what their opinion is worth by itself, in what it is worth beside the others'; positive.
        least_blocks: what blocks say at least, on their scale.
    """

    astray: float
    minutiae: float
    least_blocks: float

    def total(self, opinions: Scores) -> Scores:
        """Of the three opinions on their scales, (..., 3) -> (...)."""
        places, blocks, minutiae = np.moveaxis(opinions, -1, 0)
        laid = places + np.maximum(blocks, self.least_blocks) + minutiae
        return np.asarray(np.logaddexp(laid, self.minutiae * minutiae + self.astray))

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Doubt:
        """Of its attributes as plain numbers; ValueError if they are none that can be."""
        astray, minutiae, blocks = (float(plain[name]) for name in ("astray", "minutiae", "least_blocks"))
        if not (np.isfinite([astray, minutiae, blocks]).all() and minutiae > 0):
            raise ValueError("how far places are trusted was expected: three numbers, what minutiae are worth above 0")
        return cls(astray, minutiae, blocks)


@dataclass(frozen=True, slots=True, eq=False)
class Scale:
    """What opinions are worth, and what their sum is, for touches of one area.

    Attributes:
        area_mm2: of the touches' foreground.
        places: on what ground it was learnt; how many there were on average, with those that are interpolated.
        start: (3,) opinions that a tenth of non-mated touches exceed; of the turn none, which is known.
        spread: (3,) their mean excess, positive.
        calibration: from the sum to the score.
    """

    area_mm2: float
    places: float
    start: tuple[float, ...]
    spread: tuple[float, ...]
    calibration: Calibration

    def sum_of(self, opinions: Scores, doubt: Doubt | None) -> Scores:
        """(..., 4) -> (...)."""
        return sum_of(opinions, np.array(self.start), np.array(self.spread), doubt)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers."""
        return {
            "area_mm2": self.area_mm2,
            "places": self.places,
            "start": list(self.start),
            "spread": list(self.spread),
            "calibration": self.calibration.to_dict(),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Scale:
        """What `to_dict` was called on; ValueError or CorruptModel if the numbers are none."""
        start, spread = (tuple(float(one) for one in plain[name]) for name in ("start", "spread"))
        if len(start) != LEARNT or len(spread) != LEARNT or min(spread) <= 0:
            raise ValueError("three opinions with positive spreads were expected")
        calibration = Calibration.from_dict(plain["calibration"])
        return cls(float(plain["area_mm2"]), float(plain["places"]), start, spread, calibration)


@dataclass(frozen=True, slots=True, eq=False)
class TouchModel:
    """What was learnt about comparing touches.

    Attributes:
        cohort: (c, d) float32, descriptors of unit length of places of other fingers.
        places, blocks: worths.
        scales: by area, the smallest first; none before they are learnt.
        print_scales: the same for touches on whole prints; none if the model does not compare them.
        upright: how fingers come down; former models know nothing of it.
        keeping: how fingers are kept.
        doubt: how far places are trusted; None is for good and all, as former models do.
    """

    cohort: FloatArray
    places: PlaceWorths
    blocks: BlockWorths
    scales: tuple[Scale, ...] = ()
    print_scales: tuple[Scale, ...] = ()
    upright: Upright = ANYHOW
    keeping: Keeping = FORMER
    doubt: Doubt | None = None

    def ground(self, skin: Skin) -> Ground:
        """What lies in a template that the model made."""
        return Ground.of(skin, interpolate=self.keeping.interpolate)

    def opinions(self, touch: Touch, ground: Ground, similarity: float) -> Opinions:
        """Of one comparison; `similarity` is that of the minutiae, in [0, 1]."""
        minutiae = float(np.log(max(similarity, 0.0) + NO_MINUTIAE))
        lain = aligned(touch, ground, self.places, self.upright)
        if lain is None or not lain.common.any():
            return Opinions(NOTHING_COMMON, NO_PICTURE if ground.whole else NOTHING_COMMON, minutiae)
        turn = float(self.upright.evidence(np.array([lain.turn]))[0])
        root = float(np.sqrt(np.count_nonzero(lain.common) + PRIOR_PLACES))
        if ground.whole:
            return Opinions(lain.worth / root, NO_PICTURE, minutiae, turn)
        blocks = self.blocks.of(block_correlations(touch, ground, lain))
        return Opinions(lain.worth / root, blocks / root, minutiae, turn)

    def score(
        self, opinions: Sequence[Opinions], area_mm2: float, places: Sequence[int], *, whole: bool = False
    ) -> Scores:
        """The scores of one touch with k fingers, -10 log10(FMR); (k,).

        A finger with more places than those that the scales were learnt on has more chances to be alike, and its score
        is lowered by as much; one with fewer keeps its own, which states too high a rate rather than too low a one.

        Args:
            opinions: of each finger.
            area_mm2: of the touch.
            places: of each finger.
            whole: they are whole prints.
        """
        scales = self.print_scales if whole else self.scales
        given, number = np.array(opinions, np.float64).reshape(-1, len(Opinions._fields)), np.array(places, np.float64)
        each = np.stack([_scored(scale, given, number, self.doubt) for scale in scales])
        at = np.interp(np.sqrt(area_mm2), [np.sqrt(one.area_mm2) for one in scales], np.arange(len(scales)))
        low = min(int(at), len(scales) - 1)
        high, share = min(low + 1, len(scales) - 1), at - int(at)
        return np.asarray(each[low] * (1 - share) + each[high] * share)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, without the cohort."""
        return {
            "places": self.places.to_dict(),
            "blocks": self.blocks.to_dict(),
            "scales": [one.to_dict() for one in self.scales],
            "print_scales": [one.to_dict() for one in self.print_scales],
            "upright": asdict(self.upright),
            "keeping": asdict(self.keeping),
            **({} if self.doubt is None else {"doubt": asdict(self.doubt)}),
        }

    @classmethod
    def from_dict(cls, plain: Any, cohort: FloatArray) -> TouchModel:
        """What `to_dict` was called on, and its cohort.

        Raises:
            CorruptModel: an entry is missing, or the numbers cannot be used.
        """
        try:
            places, blocks = PlaceWorths.from_dict(plain["places"]), BlockWorths.from_dict(plain["blocks"])
            scales, print_scales = (
                tuple(Scale.from_dict(one) for one in each)
                for each in (plain["scales"], plain.get("print_scales", ()))  # which former models have none of
            )
            upright = Upright.from_dict(plain["upright"]) if "upright" in plain else ANYHOW
            keeping = Keeping.from_dict(plain.get("keeping", asdict(FORMER) | {"bits": plain.get("bits", 3)}))
            doubt = Doubt.from_dict(plain["doubt"]) if "doubt" in plain else None
        except (KeyError, TypeError, ValueError) as wrong:
            raise CorruptModel(f"what the model knows about touches cannot be used: {wrong}") from wrong
        return cls(cohort, places, blocks, scales, print_scales, upright, keeping, doubt)


def sum_of(opinions: Scores, start: Scores, spread: Scores, doubt: Doubt | None) -> Scores:
    """Opinions added up, (..., 4) -> (...): those with scales in mean excesses, and a nat of turns as one of these."""
    scaled = (opinions[..., :LEARNT] - start) / spread
    total = scaled.sum(-1) if doubt is None else doubt.total(scaled)
    return np.asarray(total + opinions[..., LEARNT])


def _scored(scale: Scale, opinions: Scores, places: Scores, doubt: Doubt | None) -> Scores:
    more = np.maximum(places / scale.places, 1)
    return np.asarray(scale.calibration.scores(scale.sum_of(opinions, doubt)) - DECIBEL * np.log(more))
