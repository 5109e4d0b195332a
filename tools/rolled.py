"""Rolled prints against plain ones: error rates on unseen synthetic fingers, enrolled rolled and verified plain.

    python tools/rolled.py [--fingers 200] [--seed N] [--model NAME|DIR]

Of each finger a rolled impression is the reference and a plain one the probe; beside it, another plain one is the
reference. Printed is a line for each kind of reference: failures to acquire, FNMR and FMR at the model's threshold for
0.1 %, with failures counted as non-matches, and the equal error rate.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from fpverify.errors import FpverifyError
from fpverify.evaluation.rates.error_rates import equal_error_rate
from fpverify.matching import Matcher
from fpverify.synthesis.dataset import ORDINARY, ROLLED, labelled_scan, master
from fpverify.vocabulary import Scan, Template

SEED = 35_003  # neither training nor calibration draws from it
FMR = 0.001
OTHERS = 40  # fingers that each probe is compared with besides its own


def main(arguments: Sequence[str] | None = None) -> int:
    """Draws, compares, and prints."""
    given = _parsed(arguments)
    matcher = Matcher.load(given.model)
    prints: dict[str, list[Template | None]] = {"probe": [], "rolled": [], "plain": []}
    for finger in tqdm(range(1, given.fingers + 1), unit="finger", disable=None):
        drawn = master(given.seed, finger)
        for number, (kind, settings) in enumerate((("probe", ORDINARY), ("rolled", ROLLED), ("plain", ORDINARY)), 1):
            scan = labelled_scan(drawn, given.seed, finger, number, settings).scan
            prints[kind].append(template_of(matcher, scan))
    threshold = matcher.operating_point(FMR).threshold
    for kind in ("rolled", "plain"):
        print(line(kind, *scores(matcher, prints["probe"], prints[kind]), prints[kind], threshold))
    return 0


def template_of(matcher: Matcher, scan: Scan) -> Template | None:
    """The template; None where there is no usable print."""
    try:
        return matcher.template(scan)
    except FpverifyError:
        return None


def scores(
    matcher: Matcher, probes: Sequence[Template | None], references: Sequence[Template | None]
) -> tuple[list[float], list[float]]:
    """Mated and non-mated scores; the lowest where a print is missing."""
    mated, non_mated, count = [], [], len(probes)
    for k, probe in enumerate(probes):
        wanted = [references[(k + step) % count] for step in range(min(OTHERS + 1, count))]
        known = [one for one in wanted if one is not None]
        told = iter([] if probe is None else [one.value for one in matcher.scores(probe, known)])
        values = [-np.inf if probe is None or one is None else next(told) for one in wanted]
        mated.append(values[0])
        non_mated += values[1:]
    return mated, non_mated


def line(
    kind: str, mated: list[float], non_mated: list[float], references: Sequence[Template | None], threshold: float
) -> str:
    """What is printed of a kind of reference."""
    genuine, impostor = np.array(mated), np.array(non_mated)
    failed = sum(one is None for one in references)
    fnmr, fmr = (genuine < threshold).mean(), (impostor >= threshold).mean()
    eer = equal_error_rate(genuine, impostor)
    return (
        f"plain against {kind}: {failed} of {len(references)} references failed, at the threshold of FMR 0.1 % "
        f"FNMR {fnmr:.2%} and FMR {fmr:.3%} of {len(impostor)}, EER {eer:.2%}"
    )


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("--fingers", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--model", metavar="NAME|DIR")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
