"""What is measured of a design: accuracy at a fixed cutoff and at one from a curve, error rates, ranks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fpverify.evaluation.rates.error_rates import equal_error_rate, error_rates, fnmr_at_fmr
from fpverify.vocabulary import BoolArray, IndexArray, Scores

CANDIDATES = 20  # of one question: the mate and 19 strangers, as in the report
RANKS = (1, 2, 3, 4)


def accuracy(scores: Scores, mated: BoolArray, threshold: float) -> float:
    """Share of right decisions; a pair matches at and above the threshold."""
    return float(np.mean((scores >= threshold) == mated))


def fewest_errors_threshold(scores: Scores, mated: BoolArray) -> float:
    """The point of the ROC with the fewest errors: the threshold with the least FMR + FNMR.

    Between two scores the middle is taken, so that the threshold does not sit on one example.

    Args:
        scores: (n,) of both kinds.
        mated: (n,).
    """
    thresholds, fmr, fnmr = error_rates(scores[mated], scores[~mated])
    best = int(np.argmin(fmr + fnmr))
    below = scores[scores < thresholds[best]]
    if not len(below):
        return float(thresholds[best])
    if not np.isfinite(thresholds[best]):
        return float(np.nextafter(below.max(), np.inf))
    return float((thresholds[best] + below.max()) / 2)


def rates(scores: Scores, mated: BoolArray) -> dict[str, float]:
    """`eer` and `fmr100`, fractions."""
    sides = scores[mated], scores[~mated]
    return {"eer": equal_error_rate(*sides), "fmr100": fnmr_at_fmr(*sides, 0.01)}


def questions(
    owners: IndexArray, rng: np.random.Generator, candidates: int = CANDIDATES
) -> tuple[IndexArray, IndexArray]:
    """One question for each identity with two examples: which of the candidates is the mate?

    Args:
        owners: (n,) identities of the examples.
        rng: draws the examples, and the strangers without repetition.
        candidates: in all; fewer where there are fewer identities.

    Returns:
        probes (q,) and candidates (q, c), places; the mate is the first candidate, the others show one identity each.
    """
    places = [np.flatnonzero(owners == owner) for owner in np.unique(owners)]
    probes, rows = [], []
    for number, mine in enumerate(places):
        if len(mine) < 2:
            continue
        probe, mate = rng.choice(mine, 2, replace=False)
        others = rng.permutation([k for k in range(len(places)) if k != number])[: candidates - 1]
        probes.append(probe)
        rows.append([mate, *(rng.choice(places[k]) for k in others)])
    return np.array(probes, np.int32), np.array(rows, np.int32)


def top_ranks(scores: Scores, ranks: Sequence[int] = RANKS) -> dict[str, float]:
    """`top1`, `top2`, ...: share of questions whose mate is among so many best candidates.

    Args:
        scores: (q, c), the mate's in the first column; strangers with the same score come before the mate.
        ranks: how many candidates count.
    """
    before = (scores[:, 1:] >= scores[:, :1]).sum(axis=1)
    return {f"top{rank}": float(np.mean(before < rank)) for rank in ranks}
