"""Doddington's zoo: which fingers cause the errors.

Sheep behave like the average. Goats are refused more often than chance explains; lambs are easily imitated and wolves
imitate easily, which for comparisons that hardly tell a probe from a reference are the same fingers.

Source: G. Doddington et al., "Sheep, goats, lambs and wolves: a statistical analysis of speaker performance in the NIST
1998 speaker recognition evaluation", ICSLP 1998.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from fpverify.evaluation.rates.distributions import binomial_tail
from fpverify.vocabulary import Evaluation

SIGNIFICANCE = 0.05  # that a set of sheep alone shows an animal: divided by the number of fingers (Bonferroni)

Animal = Literal["sheep", "goat", "wolf", "goat and wolf"]
ANIMALS: Mapping[tuple[bool, bool], Animal] = MappingProxyType(  # by: is it a goat, is it a wolf
    {(False, False): "sheep", (True, False): "goat", (False, True): "wolf", (True, True): "goat and wolf"}
)


@dataclass(frozen=True, slots=True)
class FingerRow:
    """One finger's share in the errors at a threshold; comparisons with a failure to acquire left out.

    Attributes:
        finger: its name.
        mated, false_non_matches: numbers of comparisons.
        mean_mated: mean mated score; None if there was none.
        non_mated, false_matches: numbers of comparisons.
        highest_non_mated: score; None if there was none.
        animal: what the binomial test makes of it; "wolf" stands for wolves and lambs.
    """

    finger: str
    mated: int
    false_non_matches: int
    mean_mated: float | None
    non_mated: int
    false_matches: int
    highest_non_mated: float | None
    animal: Animal


def zoo(evaluation: Evaluation, threshold: float) -> list[FingerRow]:
    """A row for each finger, those that cause most errors first.

    A finger is a goat (or a wolf) if so many of its mated (non-mated) comparisons go wrong that chance, at the rate of
    the whole set, would bring it about with a probability below `SIGNIFICANCE` over the number of fingers.
    """
    names, finger = np.unique(evaluation.fingers, return_inverse=True)
    made = np.isfinite(evaluation.scores)
    match = evaluation.scores >= threshold
    rates = tuple(
        float(wrong[trials].mean()) if trials.any() else 0.0
        for wrong, trials in ((~match, made & evaluation.mated), (match, made & ~evaluation.mated))
    )
    probe, reference = finger[evaluation.probe], finger[evaluation.reference]
    rows = []
    for number, name in enumerate(names.tolist()):
        own = made & ((probe == number) | (reference == number))
        mated, non_mated = own & evaluation.mated, own & ~evaluation.mated
        goat = _beyond_chance(mated & ~match, mated, rates[0], len(names))
        wolf = _beyond_chance(non_mated & match, non_mated, rates[1], len(names))
        rows.append(
            FingerRow(
                finger=name,
                mated=int(mated.sum()),
                false_non_matches=int((mated & ~match).sum()),
                mean_mated=float(evaluation.scores[mated].mean()) if mated.any() else None,
                non_mated=int(non_mated.sum()),
                false_matches=int((non_mated & match).sum()),
                highest_non_mated=float(evaluation.scores[non_mated].max()) if non_mated.any() else None,
                animal=ANIMALS[goat, wolf],
            )
        )
    return sorted(rows, key=lambda row: (-row.false_non_matches - row.false_matches, row.mean_mated or 0.0))


def _beyond_chance(errors: np.ndarray, trials: np.ndarray, rate: float, fingers: int) -> bool:
    seen = int(errors.sum())
    return seen > 0 and binomial_tail(seen, int(trials.sum()), rate) < SIGNIFICANCE / fingers
