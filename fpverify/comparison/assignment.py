"""Which probe is taken for which finger, and the false match rate of a decision by all of them together.

The score of one comparison states the rate p at which a stranger's finger reaches it, so that x = -ln p of strangers is
exponentially distributed. A pair of probe and finger has the evidence max(0, x - c): Fisher's sum of the x, softly
thresholded, so that one finger that is put down badly takes little from what the others say. What the likeliest of n
strangers reaches by chance, ln n, is none: c is that and `LEAST_EVIDENCE`. Of all ways to give each probe a finger of
its own, the one with the most evidence in sum counts.

Strangers' evidence reaches w only if some k pairs have any, these reach w together, and none of the probes and fingers
left over have any with each other. So the rate is at most

    B(w) = sum over k of M_k r^(k - 1) q^k (1 - q)^((g - k)(m - k)) Q_k(w),

with g probes, m fingers, M_k = C(g, k) C(m, k) k! ways to choose k pairs, q = exp(-c), and Q_k the tail of a sum of k
exponentials (Erlang). Where fingers are named there is one way alone: the k pairs are any k of the n, the power of
1 - q is n - k, and c is `LEAST_EVIDENCE`. The score is -10 log10 B(w), finite and strictly rising.

The fingers of a person are not independent: they often have one pattern, and where one resembles a stranger's, another
does sooner. r is `RESEMBLANCE`: as if one in r persons resembled a person at all, with every finger r times as often.

Source: H. Zhang, T. Tong, J. Landers, Z. Wu, "TFisher: a powerful truncation and weighting procedure for combining
p-values", Annals of Applied Statistics 14 (2020); the bound over assignments is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, exp, factorial, log, log1p

import numpy as np
from numpy.typing import NDArray

from fpverify.comparison.calibration import DECIBEL
from fpverify.vocabulary import Score

LEAST_EVIDENCE = 1.0  # nepers of a comparison's rate, beyond chance: what three strangers in eight reach says nothing
# How much oftener both of two fingers resemble a stranger's than independent ones would: 1.0 where persons are put
# together of synthetic fingers by chance, 1.9 at a rate of 3 % where both have one pattern (`tools/fingers.py`).
RESEMBLANCE = 2.0
MOST_PROBES = 10  # fingers of a person; the assignment is exact, and takes 2^probes steps
FULL = 1e-9  # evidence of a pair without any: where nothing else decides, the likelier pairs are chosen


@dataclass(frozen=True, slots=True)
class Assignment:
    """Probes and the fingers that they are taken for.

    Attributes:
        score: of the decision by all of them: -10 log10 of its false match rate.
        finger: of each probe, its column; None for a probe without evidence of any, or for which none is left.
    """

    score: Score
    finger: tuple[int | None, ...]


def assign(scores: Sequence[Sequence[Score]]) -> Assignment:
    """The assignment of probes to different fingers that has the most evidence.

    Args:
        scores: of g probes with m fingers each, both at least 2 (the best of several comparisons of one probe, or with
            one finger, is `fuse`'s), g at most `MOST_PROBES`.

    Raises:
        ValueError: fewer, or more.
    """
    probes, fingers = len(scores), min(map(len, scores), default=0)
    if min(probes, fingers) < 2 or probes > MOST_PROBES:
        raise ValueError(f"an assignment takes 2 to {MOST_PROBES} probes and at least 2 fingers")
    chance = _Chance.of_any(probes, fingers)
    evidence = np.array([[chance.evidence(score) for score in row] for row in scores])
    likely = np.maximum(evidence, 0) + FULL * (1 + evidence - evidence.min())
    chosen = _assigned(likely)
    used = [scores[probe][finger] for probe, finger in chosen]
    taken = {probe: finger for probe, finger in chosen if evidence[probe, finger] > 0}
    return Assignment(chance.score(used, float(evidence.max())), tuple(taken.get(probe) for probe in range(probes)))


def combine(scores: Sequence[Score]) -> Score:
    """The score of n >= 2 comparisons of different fingers that are named, each with its own.

    Raises:
        ValueError: fewer than two.
    """
    if len(scores) < 2:
        raise ValueError("there are at least two scores to combine")
    chance = _Chance.of_named(len(scores))
    return chance.score(scores, max(map(chance.evidence, scores)))


@dataclass(frozen=True, slots=True)
class _Chance:
    """What strangers reach by chance.

    Attributes:
        least: evidence begins above this; nepers.
        ways: M_k, to choose k pairs of a probe and a finger, for k from 0 to as many as there can be.
        left: number of pairs that could still be chosen then.
    """

    least: float
    ways: tuple[int, ...]
    left: tuple[int, ...]

    @classmethod
    def of_any(cls, probes: int, fingers: int) -> _Chance:
        """Of probes that may be taken for any finger each."""
        most = range(min(probes, fingers) + 1)
        return cls(
            LEAST_EVIDENCE + log(max(probes, fingers)),
            tuple(comb(probes, k) * comb(fingers, k) * factorial(k) for k in most),
            tuple((probes - k) * (fingers - k) for k in most),
        )

    @classmethod
    def of_named(cls, count: int) -> _Chance:
        """Of probes whose finger is named."""
        return cls(LEAST_EVIDENCE, tuple(comb(count, k) for k in range(count + 1)), tuple(range(count, -1, -1)))

    def evidence(self, score: Score) -> float:
        """Nepers beyond chance; negative if it is none."""
        return float(score.value / DECIBEL - self.least)

    def score(self, used: Sequence[Score], best: float) -> Score:
        """The score of the pairs that were chosen; without any evidence it goes on with the `best` that there is.

        Its likelihood ratio is that of all pairs, divided by the number of assignments: had each an equal chance to be
        the right one, that would be its least value.
        """
        evidence = [max(0.0, self.evidence(one)) for one in used]
        beyond = any(one.extrapolated and part > 0 for one, part in zip(used, evidence, strict=True))
        ratios = [one.llr for one in used if one.llr is not None]
        llr = sum(ratios) - float(np.log10(self.ways[-1])) if len(ratios) == len(used) else None
        return Score(float(-DECIBEL * self._log_rate(sum(evidence) or best)), beyond, llr)

    def _log_rate(self, w: float) -> float:
        """The logarithm of B(w); below w = 0 it goes on as a straight line."""
        none = log1p(-exp(-self.least))  # ln(1 - q)
        reached, rate = 0.0, 0.0
        for k in range(1, len(self.ways)):
            reached += max(w, 0.0) ** (k - 1) / factorial(k - 1)
            rate += self.ways[k] * RESEMBLANCE ** (k - 1) * exp(self.left[k] * none - k * self.least) * reached
        return log(rate) - w


def _assigned(evidence: NDArray[np.float64]) -> list[tuple[int, int]]:
    """The pairs of row and column with the greatest sum, as many as there can be; exact, over all sets of rows.

    Args:
        evidence: (g, m), all positive.
    """
    rows, columns = evidence.shape
    sets = np.arange(2**rows)
    best = np.where(sets == 0, 0.0, -np.inf)
    taken = np.full((columns, len(sets)), -1)
    for column in range(columns):
        before = best.copy()
        for row in range(rows):
            having = sets[(sets >> row) & 1 == 1]
            gained = before[having ^ (1 << row)] + evidence[row, column]
            better = gained > best[having]
            best[having[better]] = gained[better]
            taken[column, having[better]] = row
    return _traced(taken, int(best.argmax()))


def _traced(taken: NDArray[np.intp], rows: int) -> list[tuple[int, int]]:
    """The pairs by which the set of rows was reached, as bits, from the last column back."""
    pairs = []
    for column in range(len(taken) - 1, -1, -1):
        row = int(taken[column, rows])
        if row >= 0:
            pairs.append((row, column))
            rows ^= 1 << row
    return sorted(pairs)
