"""How often the 95 % interval of the EER holds the true EER, by simulation with fingers that differ.

A mated score is normal about a mean that varies by finger, a non-mated one about one that both fingers shift, so the
true EER is known: both are of variance 1, and 1 - EER is the normal distribution at half the distance of the means.

    python tools/coverage.py --fingers 10 20 50 100 --eer 0.01 0.05 0.1
"""

from __future__ import annotations

import argparse
from statistics import NormalDist

import numpy as np

from fpverify.evaluation.rates.error_rates import equal_error_rate
from fpverify.evaluation.rates.intervals import Curves, interval_of
from fpverify.vocabulary import Evaluation, Interval

MATED_SHARE = 0.4  # of the variance of mated scores, between fingers
NON_MATED_SHARE = 0.05  # of the variance of non-mated scores, from either finger


def simulated(fingers: int, impressions: int, eer: float, rng: np.random.Generator) -> Evaluation:
    """All pairs of a set whose population has this EER."""
    finger = np.repeat(np.arange(fingers), impressions)
    probe, reference = (side.astype(np.int32) for side in np.triu_indices(len(finger), 1))
    mated = finger[probe] == finger[reference]
    ease, likeness = rng.normal(size=(2, fingers))
    noise = rng.normal(size=len(probe))
    far = 2 * NormalDist().inv_cdf(1 - eer)
    own = far + np.sqrt(MATED_SHARE) * ease[finger[probe]] + np.sqrt(1 - MATED_SHARE) * noise
    shifts = likeness[finger[probe]] + likeness[finger[reference]]
    other = np.sqrt(NON_MATED_SHARE) * shifts + np.sqrt(1 - 2 * NON_MATED_SHARE) * noise
    return Evaluation(
        scans=tuple(map(str, range(len(finger)))),
        fingers=tuple(map(str, finger.tolist())),
        probe=probe,
        reference=reference,
        mated=mated,
        scores=np.where(mated, own, other),
        name="simulated",
        protocol="dense",
        data_hash="",
        model_id="",
    )


def eer_interval(evaluation: Evaluation, resamples: int) -> Interval:
    """The interval as `summary.metrics` states it."""
    curves = Curves.of(evaluation, resamples)
    eer = equal_error_rate(evaluation.mated_scores, evaluation.non_mated_scores)
    return interval_of(eer, curves.eer, int(evaluation.mated.sum()), curves.fingers, crossing=True)


def coverage(fingers: int, impressions: int, eer: float, experiments: int, resamples: int) -> tuple[float, float]:
    """(share of intervals that hold the truth, their mean width)."""
    rng = np.random.default_rng(7)
    found = [eer_interval(simulated(fingers, impressions, eer, rng), resamples) for _ in range(experiments)]
    return float(np.mean([one.low <= eer <= one.high for one in found])), float(
        np.mean([one.high - one.low for one in found])
    )


def main() -> None:
    """Prints a line for every number of fingers and EER."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fingers", type=int, nargs="+", default=[10, 20, 50, 100])
    parser.add_argument("--eer", type=float, nargs="+", default=[0.01, 0.05, 0.1])
    parser.add_argument("--impressions", type=int, default=4)
    parser.add_argument("--experiments", type=int, default=500)
    parser.add_argument("--resamples", type=int, default=200)
    given = parser.parse_args()
    for fingers in given.fingers:
        for eer in given.eer:
            share, width = coverage(fingers, given.impressions, eer, given.experiments, given.resamples)
            print(f"{fingers} fingers, EER {eer:.0%}: covered {share:.1%}, mean width {width:.2%}", flush=True)


if __name__ == "__main__":
    main()
