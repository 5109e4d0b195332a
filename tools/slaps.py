"""How well slaps are taken apart: fingers cut and named rightly, and how separated fingers match single prints.

    python tools/slaps.py [--slaps 500] [--fingers 60] [--seed N] [--wide] [--model NAME|DIR]
    python tools/slaps.py --missing 1 [--slaps 50] [--seed N] [--wide]

Slaps of unseen synthetic fingers are composed, of each kind in turn, and taken apart; `--wide` ones show whole fingers,
palms, lines and words of cards, dirt, damp, uneven light, faint prints, and hands of all sizes that reach the border. A
finger is right if it has its own name, four fifths of its fingertip are in the cut, and no other fingertip is with more
than a seventh. Printed is a line for each kind, then the equal error rates of single prints with each other, and of
separated fingers with single prints, over the same pairs of fingers.

With `--missing` so many fingers of each slap of four are not put down, and nobody says which. Printed is on how many
slaps those that are missing were told, how many were refused since nothing tells, and on which others were named.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from tqdm import tqdm

from fpverify.errors import FpverifyError
from fpverify.evaluation.rates.error_rates import equal_error_rate
from fpverify.features.slaps import Piece, separated
from fpverify.matching import Matcher
from fpverify.synthesis.finger import draw_finger
from fpverify.synthesis.slaps import SHAPES, WIDE, Slap, SlapSettings, draw_slap, enlarged
from fpverify.vocabulary import Finger, FloatArray, Scan, Template

SEED = 35_001  # neither training nor calibration draws from it
MASTERS = 32
FOURS = [kind for kind, fingers in SHAPES.items() if len(fingers) == 4]
LEAST_COVERED, MOST_OF_OTHERS = 0.8, 1 / 7
PPI = 500.0


@dataclass(slots=True)
class Counted:
    """How many fingers of a kind of slap there were, and how many were right."""

    fingers: int = 0
    right: int = 0
    wrong: list[str] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures, and prints."""
    given = _parsed(arguments)
    masters = [draw_finger(np.random.default_rng([given.seed, k])).ridges for k in range(max(MASTERS, given.fingers))]
    if given.missing:
        print_missing(masters, given)
        return 0
    counts = {kind: Counted() for kind in SHAPES}
    for number in tqdm(range(given.slaps), unit="slap", disable=None):
        kind = list(SHAPES)[number % len(SHAPES)]
        varied = WIDE if given.wide else None
        slap, _ = composed(np.random.default_rng([given.seed, 1, number]), masters[:MASTERS], kind, varied)
        judged(counts[kind], slap, f"{kind} {number}", kind)
    for kind, counted in counts.items():
        share = counted.right / max(1, counted.fingers)
        print(f"{kind}: {counted.right} of {counted.fingers} fingers right, {share:.2%}", *counted.wrong, sep="\n  ")
    total = sum(one.fingers for one in counts.values())
    right = sum(one.right for one in counts.values())
    print(f"all: {right} of {total} fingers right, {right / max(1, total):.2%}")
    if given.fingers:
        print_errors(*error_rates(Matcher.load(given.model), masters[: given.fingers], given.seed))
    return 0


def print_missing(masters: Sequence[FloatArray], given: argparse.Namespace) -> None:
    """How many slaps with missing fingers are named rightly, are refused, and are named wrongly: these by number."""
    told, refused, wrong = 0, 0, list[str]()
    for number in tqdm(range(given.slaps), unit="slap", disable=None):
        kind = FOURS[number % len(FOURS)]
        rng = np.random.default_rng([given.seed, 5, number])
        away = rng.choice(len(SHAPES[kind]), given.missing, replace=False)
        missing = tuple(SHAPES[kind][k] for k in sorted(away))
        slap, _ = composed(rng, masters, kind, WIDE if given.wide else None, missing)
        try:
            said = separated(Scan(enlarged(slap.image), PPI, f"{kind} {number}"), SHAPES[kind]).missing
        except FpverifyError:
            refused += 1
            continue
        told += said == missing
        if said != missing:
            wrong.append(f"{kind} {number}: missing {_listed(missing)}, not {_listed(said)}")
    print(
        f"of {given.slaps} slaps {told} named rightly, {refused} refused, {len(wrong)} named wrongly",
        *wrong,
        sep="\n  ",
    )


def _listed(fingers: Sequence[str]) -> str:
    return " and ".join(fingers) or "none"


def composed(
    rng: np.random.Generator,
    masters: Sequence[FloatArray],
    kind: str,
    settings: SlapSettings | None = None,
    missing: Sequence[Finger] = (),
) -> tuple[Slap, list[int]]:
    """A slap of some of the fingers, and which."""
    chosen = [int(k) for k in rng.choice(len(masters), len(SHAPES[kind]), replace=False)]
    return draw_slap(rng, [masters[k] for k in chosen], kind, settings, missing=missing), chosen


def judged(counted: Counted, slap: Slap, name: str, kind: str) -> None:
    """Takes a slap apart and counts what is right."""
    counted.fingers += len(slap.fingers)
    try:
        pieces = {one.finger: one for one in separated(Scan(enlarged(slap.image), PPI, name), SHAPES[kind]).pieces}
    except FpverifyError as error:
        counted.wrong.append(str(error))
        return
    for finger, tip in zip(slap.fingers, slap.tips, strict=True):
        fault = _fault(pieces.get(finger), tip, [one for one in slap.tips if one is not tip])
        counted.right += not fault
        if fault:
            counted.wrong.append(f"{name}: {finger}: {fault}")


def _fault(piece: Piece | None, tip: np.ndarray, others: Sequence[np.ndarray]) -> str:
    if piece is None:
        return "not found"
    shape = piece.mask.shape[::-1]

    def share(one: np.ndarray) -> float:
        whole = cv2.resize(one.astype(np.uint8), shape) > 0
        return float((piece.mask & whole).sum() / max(1, whole.sum()))

    if tip.any() and share(tip) < LEAST_COVERED:
        return f"{share(tip):.0%} of it cut out"
    most = max(map(share, others), default=0.0)
    return f"with {most:.0%} of another" if most > MOST_OF_OTHERS else ""


def error_rates(matcher: Matcher, masters: Sequence[FloatArray], seed: int) -> tuple[float, float]:
    """Equal error rates: of two slaps of single fingers each, and of fingers out of slaps of four with single ones."""
    single = [[one for _, one in _singles(matcher, masters, seed, number)] for number in (2, 3)]
    from_slaps: list[Template | None] = [None] * len(masters)
    for start in range(0, len(masters) - 3, 4):
        rng = np.random.default_rng([seed, 4, start])
        slap = draw_slap(rng, masters[start : start + 4], "right-four")
        try:
            found = separated(Scan(enlarged(slap.image), PPI), SHAPES["right-four"]).pieces
        except FpverifyError:
            continue
        for piece in found:
            from_slaps[start + SHAPES["right-four"].index(piece.finger)] = _template(matcher, piece.scan)
    count = len(masters) // 4 * 4
    return _eer(matcher, single[0][:count], single[1][:count]), _eer(matcher, from_slaps[:count], single[1][:count])


def _singles(
    matcher: Matcher, masters: Sequence[FloatArray], seed: int, number: int
) -> Iterator[tuple[int, Template | None]]:
    """A print of each finger alone, drawn as slaps are: the others are missing."""
    names = SHAPES["right-four"]
    for k, master in enumerate(masters):
        rng = np.random.default_rng([seed, number, k])
        missing = [name for name in names if name != names[k % 4]]
        slap = draw_slap(rng, [master] * 4, "right-four", missing=missing)
        yield k, _template(matcher, Scan(_cropped(slap), PPI))


def _cropped(slap: Slap) -> np.ndarray:
    """The fingertip alone, by its truth."""
    rows, columns = (np.flatnonzero(slap.tips[0].any(axis)) for axis in (1, 0))
    top, left = max(0, rows[0] - 12), max(0, columns[0] - 12)
    return enlarged(slap.image[top : rows[-1] + 12, left : columns[-1] + 12])


def _template(matcher: Matcher, scan: Scan) -> Template | None:
    try:
        return matcher.template(scan)
    except FpverifyError:
        return None


def _eer(matcher: Matcher, probes: Sequence[Template | None], references: Sequence[Template | None]) -> float:
    mated, non_mated = list[float](), list[float]()
    for k, probe in enumerate(probes):
        known = [one for one in references if one is not None]
        scores = iter([] if probe is None else [one.value for one in matcher.scores(probe, known)])
        for at, reference in enumerate(references):
            value = -np.inf if probe is None or reference is None else next(scores)
            (mated if at == k else non_mated).append(value)
    return float(equal_error_rate(np.array(mated), np.array(non_mated)))


def print_errors(single: float, separate: float) -> None:
    """Both rates, and by how much they differ."""
    print(f"EER of single prints with each other {single:.2%}, of separated fingers with single prints {separate:.2%}")


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n", 1)[0])
    parser.add_argument("--slaps", type=int, default=500)
    parser.add_argument("--fingers", type=int, default=MASTERS, help="for the equal error rates; 0 leaves them out")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--missing", type=int, default=0, choices=range(4), help="fingers of each slap of four")
    parser.add_argument("--wide", action="store_true", help="slaps as registers have them")
    parser.add_argument("--model", metavar="NAME|DIR")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    raise SystemExit(main())
