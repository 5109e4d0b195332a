"""Trains those who judge an alignment by what all minutiae of two prints say, and writes their weights.

    python tools/bare_witnesses.py PRINTS WORK [--judges 5] [--steps 6000]

PRINTS is what `tools/bare_prints.py` makes. Every alignment that is tried for two prints is an example: it is right if
it brings the minutiae that are there in both onto each other. The last files are held back, and say every five hundred
steps how well mated and non-mated prints are told apart. NumPy alone; WORK keeps the examples, four seconds of CPU for
a file, and the training of each takes three minutes. The judges are those of `bare-3`; each begins otherwise and sees
the examples in another order.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy comes

import numpy as np
from bare_networks import Adam, Layers
from bare_prints import SeenPrint, read

from fpverify.comparison import Overlap, PreparedTemplate, prepare_template, witnesses
from fpverify.comparison.overlap import laid_on_each_other
from fpverify.evaluation.rates.error_rates import equal_error_rate, fnmr_at_fmr
from fpverify.vocabulary import FloatArray

SEED = 9
MATES, STRANGERS = 6, 5  # comparisons of each finger
RIGHT_PX, WRONG_PX = 7.0, 14.0  # median distance of minutiae that are one: below it is right, above it is wrong
LEAST_SHARED = 4  # minutiae that are there in both; of fewer nobody knows
RIGHT, WRONG, UNKNOWN = 1, 0, -1
BATCH = 256  # examples, half of them right
RATE, DECAY = 3e-3, 1e-3
UNHEARD = 0.3  # most of the witnesses of an example that are not heard in a step, so that none is learnt by heart
HELD_BACK = 3  # files
NOTHING = -20.0  # log odds of two prints that cannot be laid on each other


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Alignments, k of them.

    Attributes:
        counts: (k,) how many witnesses each has.
        witnesses: of all of them, one after the other.
        prints: (k, numbers).
        right: (k,) `RIGHT`, `WRONG` or `UNKNOWN`.
        mated: (k,) whether the prints are of one finger.
        pair: (k,) number of the comparison.
    """

    counts: np.ndarray
    witnesses: FloatArray
    prints: FloatArray
    right: np.ndarray
    mated: np.ndarray
    pair: np.ndarray

    @property
    def starts(self) -> np.ndarray:
        """Where the witnesses of each begin, (k,)."""
        return np.asarray(np.cumsum(self.counts) - self.counts)

    @classmethod
    def of_files(cls, paths: Sequence[Path]) -> Examples:
        """Those of all files."""
        parts = [dict(np.load(path, allow_pickle=False)) for path in paths]
        for number, one in enumerate(parts):
            one["pair"] = one["pair"] + number * 10**10
        return cls(
            *(np.concatenate([one[name] for one in parts]) for name in ("n", "F", "S", "right", "mated", "pair"))
        )


def write_examples(prints: Path, kept: Path) -> None:
    """What is heard about the prints of a file."""
    rng = np.random.default_rng([SEED, int(prints.stem)])
    seen = [(one, prepare_template(one.template)) for one in read(prints)]
    rows = [
        (heard, right, mated, i * 100_000 + j)
        for i, j, mated in _pairs(seen, rng)
        for heard, right in _heard(seen[i], seen[j], mated=mated)
    ]
    heard, right, mated, pair = zip(*rows, strict=True)
    np.savez(
        kept,
        n=np.array([len(one.witnesses) for one in heard]),
        F=np.concatenate([one.witnesses for one in heard]),
        S=np.stack([one.prints for one in heard]),
        right=np.array(right),
        mated=np.array(mated),
        pair=np.array(pair),
    )


Seen = tuple[SeenPrint, PreparedTemplate]


def _pairs(seen: Sequence[Seen], rng: np.random.Generator) -> Iterator[tuple[int, int, bool]]:
    """Of each finger some comparisons of its impressions, by whichever detector, and some with other fingers."""
    of = dict[int, list[int]]()
    for number, (one, _) in enumerate(seen):
        of.setdefault(one.finger, []).append(number)
    fingers = list(of)
    for finger, mine in of.items():
        mates = [
            (i, j) for k, i in enumerate(mine) for j in mine[k + 1 :] if seen[i][0].impression != seen[j][0].impression
        ]
        for chosen in rng.permutation(len(mates))[:MATES].tolist():
            yield *mates[chosen], True
        for _ in range(STRANGERS):
            other = fingers[int(rng.integers(len(fingers)))]
            if other != finger:
                yield int(rng.choice(mine)), int(rng.choice(of[other])), False


def _heard(probe: Seen, reference: Seen, *, mated: bool) -> Iterator[tuple[witnesses.Heard, int]]:
    """Each alignment that is tried, and whether it is right."""
    (one, first), (other, second) = (probe, reference) if probe[1].order <= reference[1].order else (reference, probe)
    tried = dict[int, Overlap]()

    def noted(_one: PreparedTemplate, _other: PreparedTemplate, laid: Overlap) -> float:
        tried[id(laid)] = laid
        return laid.similarity

    (best,) = laid_on_each_other(first, [second], witnesses.ALIGNING, noted)
    for laid in tried.values() or [best]:
        heard = witnesses.hear(first, second, laid)
        if heard is not None and len(heard.witnesses):
            yield heard, _right(one, other, laid) if mated else WRONG


def _right(one: SeenPrint, other: SeenPrint, laid: Overlap) -> int:
    assert laid.alignment is not None  # noqa: S101 - something was heard of it
    shared, first, second = np.intersect1d(one.ids, other.ids, return_indices=True)
    if len(shared) < LEAST_SHARED:
        return UNKNOWN
    apart = float(np.median(np.abs(laid.alignment.laid(one.places[first]) - other.places[second])))
    return RIGHT if apart < RIGHT_PX else WRONG if apart > WRONG_PX else UNKNOWN


def train(known: Examples, held_back: Examples, steps: int, rng: np.random.Generator) -> FloatArray:
    """The weights in one row, by the cross entropy of right or not."""
    right, wrong = np.flatnonzero(known.right == RIGHT), np.flatnonzero(known.right == WRONG)
    every = np.concatenate([right, wrong])
    mean, deviation = known.prints[every].mean(0), known.prints[every].std(0) + 1e-6
    layers, starts = _begun(rng), known.starts
    optimiser = Adam(layers, RATE, steps)
    for step in range(1, steps + 1):
        chosen = np.concatenate([rng.choice(right, BATCH // 2), rng.choice(wrong, BATCH // 2)])
        heard = [_some(known.counts[k], rng) + starts[k] for k in chosen]
        counts = np.array([len(one) for one in heard])
        flat = known.witnesses[np.concatenate(heard)]
        prints = (known.prints[chosen] - mean) / deviation
        loss, gradients = judgement(layers, (flat, counts, prints), (known.right[chosen] == RIGHT).astype(np.float32))
        optimiser.take(gradients, DECAY)
        if step % 250 == 0:
            print(f"{step}: {loss:.3f}", flush=True)
        if step % 500 == 0 or step == steps:
            _check(layers, held_back, (mean, deviation))
    return np.concatenate([one.ravel() for one in (mean, deviation, *layers)]).astype(np.float32)


def _some(count: int, rng: np.random.Generator) -> np.ndarray:
    """Places of the witnesses that are heard of so many, at least one."""
    heard = np.flatnonzero(rng.random(count) >= UNHEARD * rng.random())
    return heard if len(heard) else np.arange(1)


Batch = tuple[FloatArray, np.ndarray, FloatArray]  # witnesses, how many each example has, numbers of the prints


def _forward(layers: Layers, batch: Batch) -> tuple[np.ndarray, ...]:
    flat, counts, prints = batch
    first, first_bias, second, second_bias, third, third_bias, last, bias = layers
    one = np.maximum(flat @ first + first_bias, 0)
    two = np.maximum(one @ second + second_bias, 0)
    summed = np.add.reduceat(two, np.cumsum(counts) - counts, axis=0)
    unit = np.float32(witnesses.SURE_UNIT)
    both = np.concatenate([summed / unit, summed / (counts[:, None] + 4), prints], 1).astype(np.float32)
    three = np.maximum(both @ third + third_bias, 0)
    return one, two, both, three, (three @ last + bias)[:, 0]


def judgement(layers: Layers, batch: Batch, right: FloatArray) -> tuple[float, Layers]:
    """The cross entropy of a batch and its gradients."""
    flat, counts, _ = batch
    _, _, second, _, third, _, last, _ = layers
    one, two, both, three, odds = _forward(layers, batch)
    by_odds = ((1 / (1 + np.exp(-odds)) - right) / len(odds)).astype(np.float32)[:, None]
    by_three = (by_odds @ last.T) * (three > 0)
    by_both, width = by_three @ third.T, two.shape[1]
    of_mean = by_both[:, width : 2 * width] / (counts[:, None] + 4)
    by_sum = (by_both[:, :width] / np.float32(witnesses.SURE_UNIT) + of_mean).astype(np.float32)
    by_two = np.repeat(by_sum, counts, axis=0) * (two > 0)
    by_one = (by_two @ second.T) * (one > 0)
    loss = float(np.logaddexp(0, np.where(right > 0, -odds, odds)).mean())
    return loss, [
        *(flat.T @ by_one, by_one.sum(0), one.T @ by_two, by_two.sum(0)),
        *(both.T @ by_three, by_three.sum(0), three.T @ by_odds, by_odds.sum(0)),
    ]


def _check(layers: Layers, held_back: Examples, scale: tuple[FloatArray, FloatArray]) -> None:
    """Prints how well the best of each comparison's alignments tells mated prints from others."""
    prints = (held_back.prints - scale[0]) / scale[1]
    odds = _forward(layers, (held_back.witnesses, held_back.counts, prints))[-1]
    _, number = np.unique(held_back.pair, return_inverse=True)
    best, mated = np.full(number.max() + 1, NOTHING), np.zeros(number.max() + 1, bool)
    np.maximum.at(best, number, odds)
    mated[number] = held_back.mated
    sides = best[mated], best[~mated]
    rates = equal_error_rate(*sides), fnmr_at_fmr(*sides, 0.01), fnmr_at_fmr(*sides, 0.001)
    print("   held back: EER {:.2f}, FMR100 {:.2f}, FMR1000 {:.2f} %".format(*(100 * one for one in rates)), flush=True)


def _begun(rng: np.random.Generator) -> Layers:
    return [
        rng.normal(0, np.sqrt(2 / min(one[0], 60)), one).astype(np.float32) * (0.3 if one[-1] == 1 else 1)
        if len(one) > 1
        else np.zeros(one, np.float32)
        for one in witnesses.SHAPES["bounded"][2:]
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes the examples that are missing, trains the judges, and writes their weights beside the module."""
    given = _parsed(arguments)
    given.work.mkdir(parents=True, exist_ok=True)
    paths = [given.work / path.name for path in sorted(given.prints.glob("*.npz"))]
    for path in paths:
        if not path.exists():
            write_examples(given.prints / path.name, path)
    known, held_back = Examples.of_files(paths[:-HELD_BACK]), Examples.of_files(paths[-HELD_BACK:])
    seeds = range(SEED, SEED + given.judges)
    np.save(given.out, np.stack([train(known, held_back, given.steps, np.random.default_rng(seed)) for seed in seeds]))
    return 0


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("prints", type=Path, help="folder of tools/bare_prints.py")
    parser.add_argument("work", type=Path, help="folder for what is kept")
    parser.add_argument("--judges", type=int, default=5)
    parser.add_argument("--steps", type=int, default=6000, help="of each")
    parser.add_argument("--out", type=Path, default=witnesses.WEIGHTS["bounded"], help="file for the weights")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
