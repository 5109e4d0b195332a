"""Trains the two small networks that compare prints by their minutiae alone, and writes their weights.

    python tools/bare_networks.py CACHE WORK [--steps 1050] [--judge-steps 1500]

CACHE is what `tools/gallery.py` makes. Of its blocks with further impressions the release model says which minutiae of
two impressions are one; these are minutiae of synthetic fingers as a detector finds them. WORK keeps that and what the
judge learns from, so that the same call goes on. Every print is spoilt anew when it is seen: minutiae missed, false
ones along the ridges, moved and turned, and a part of the print gone. NumPy alone; half an hour on one core.
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
from gallery import PROBED, GalleryCache

from fpverify.comparison import bare as judge
from fpverify.comparison import neighbourhoods, overlap, prepare_template
from fpverify.comparison.prepared import PreparedTemplate
from fpverify.features.bare import bare
from fpverify.features.grid import minutiae_on_grid
from fpverify.features.minutiae import MOST_MINUTIAE, selected
from fpverify.models import load_bundle
from fpverify.vocabulary import FloatArray, Minutiae, Template

SEED = 1
PAIRS = 512  # of minutiae in a batch
OF_A_PRINT = 24  # at most
TEMPERATURE = 0.1  # of the softmax over a batch
RATE, DECAY = 2e-3, 1e-2
LEAST_SURE = 0.2  # strength of the release model's partners that are taken for one minutia
LEAST_PAIRS = 6
JUDGED = 512  # comparisons in a batch
SPOILT = 0.6  # of the prints that the judge learns from
OTHERS = 4  # non-mated comparisons of each finger

Layers = list[FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Impressions:
    """Two impressions of a finger; the rows of `same` (k, 2) are places of one minutia in each."""

    one: Minutiae
    other: Minutiae
    same: np.ndarray


class Adam:
    """Steps of D. P. Kingma and J. Ba, "Adam", ICLR 2015, on a cosine from a rate to nothing."""

    def __init__(self, layers: Layers, rate: float, steps: int) -> None:
        self.layers, self.rate, self.steps, self.step = layers, rate, steps, 0
        self.means, self.squares = ([np.zeros_like(one) for one in layers] for _ in range(2))

    def take(self, gradients: Layers, decay: float) -> None:
        """One step against the gradients; matrices also shrink."""
        self.step += 1
        rate = self.rate * min(1, self.step / 50) * (1 + np.cos(np.pi * self.step / self.steps)) / 2
        for layer, gradient, mean, square in zip(self.layers, gradients, self.means, self.squares, strict=True):
            mean[...] += 0.1 * (gradient - mean)
            square[...] += 0.01 * (gradient**2 - square)
            move = mean / (1 - 0.9**self.step) / (np.sqrt(square / (1 - 0.99**self.step)) + 1e-8)
            layer[...] -= (rate * (move + decay * layer * (layer.ndim > 1))).astype(layer.dtype)


def spoilt(template: Template, rng: np.random.Generator) -> Template:
    """A template of minutiae alone as another detector might have made it."""
    minutiae, _ = spoilt_minutiae(template.minutiae, rng)
    return bare(Template(template.model_id, template.quality, minutiae, template.descriptors), template.model_id)


def spoilt_minutiae(minutiae: Minutiae, rng: np.random.Generator) -> tuple[Minutiae, np.ndarray]:
    """The minutiae that are left and come to it, and what place each had, -1 for the false ones."""
    x, y, angle = (one.astype(np.float64) for one in (minutiae.x_px, minutiae.y_px, minutiae.angle_rad))
    hard, place = rng.random(), np.arange(len(x))
    kept = rng.random(len(x)) > rng.uniform(0, 0.45) * hard
    if rng.random() < 0.3:
        way = rng.uniform(0, 2 * np.pi)
        along = x * np.cos(way) + y * np.sin(way)
        kept &= along <= np.quantile(along, rng.uniform(0.5, 1))
    if kept.sum() < 4:
        return minutiae, place
    x, y, angle, place = x[kept], y[kept], angle[kept], place[kept]
    false = rng.poisson(len(x) * 0.6 * rng.random() * hard)
    if false:
        one, other, share = rng.integers(len(x), size=false), rng.integers(len(x), size=false), rng.random(false)
        at_x = x[one] * share + x[other] * (1 - share) + rng.normal(0, 12, false)
        at_y = y[one] * share + y[other] * (1 - share) + rng.normal(0, 12, false)
        near = np.argmin((at_x[:, None] - x) ** 2 + (at_y[:, None] - y) ** 2, 1)
        turned = angle[near] + np.pi * rng.integers(0, 2, false) + rng.normal(0, 0.3, false)
        x, y, angle = (np.concatenate(pair) for pair in ((x, at_x), (y, at_y), (angle, turned)))
        place = np.concatenate([place, np.full(false, -1)])
    along, apart = rng.normal(0, 2 * hard, len(x)), rng.uniform(0, 1.5) * hard
    x = np.rint(2 * (x + rng.normal(0, apart, len(x)) + along * np.cos(angle))) / 2  # whole pixels at 500 ppi
    y = np.rint(2 * (y + rng.normal(0, apart, len(x)) + along * np.sin(angle))) / 2
    angle = angle + rng.normal(0, 0.12 * hard + 0.02, len(x)) + np.pi * (rng.random(len(x)) < 0.06 * hard)
    x, y, angle = x - min(x.min(), 0), y - min(y.min(), 0), np.angle(np.exp(1j * angle))
    quality = np.ones(len(x))
    columns = (np.asarray(one, np.float32) for one in (x, y, angle, quality))
    return selected(minutiae_on_grid(Minutiae(*columns)), np.arange(min(len(x), MOST_MINUTIAE))), place[:MOST_MINUTIAE]


def pairs_of(cache: GalleryCache, work: Path) -> Iterator[tuple[np.ndarray, list[Minutiae], np.ndarray]]:
    """Of each block with further impressions the finger and impression of each print, minutiae, and which are one."""
    work.mkdir(parents=True, exist_ok=True)
    for block in (one for one in cache.blocks() if one % PROBED == 0):
        kept = work / f"{block:06d}.npz"
        if not kept.exists():
            _write_pairs(cache, block, kept)
        with np.load(kept) as stored:
            columns = np.split(stored["minutiae"], stored["end"][:-1])
            yield stored["owner"], [Minutiae(*np.ascontiguousarray(one.T)) for one in columns], stored["pairs"]


def _write_pairs(cache: GalleryCache, block: int, kept: Path) -> None:
    made = [(one, one.template) for one in cache.read(block) if one.template is not None]
    pairs = []
    for i, (one, template) in enumerate(made):
        for j in range(i + 1, len(made)):
            if made[j][0].finger != one.finger:
                break
            laid = overlap(template, made[j][1])
            pairs += [(i, j, *pair) for pair in laid.pairs[laid.strengths > LEAST_SURE]]
    found = [template.minutiae for _, template in made]
    np.savez(
        kept,
        owner=np.array([(one.finger, one.impression) for one, _ in made]),
        minutiae=np.concatenate([np.stack([m.x_px, m.y_px, m.angle_rad, m.quality], 1) for m in found]),
        end=np.cumsum([len(one) for one in found]),
        pairs=np.array(pairs, np.int32),
    )


def train_neighbourhoods(pairs: Sequence[Impressions], steps: int, rng: np.random.Generator) -> FloatArray:
    """The weights in one row: minutiae that are one shall have the same vector, and all others of a batch another."""
    layers = _begun(neighbourhoods.SHAPES, rng)
    optimiser = Adam(layers, RATE, steps)
    for step in range(1, steps + 1):
        seen = _neighbourhood_batch(pairs, rng)
        loss, gradients = _contrast(layers, seen)
        optimiser.take(gradients, DECAY)
        if step % 50 == 0:
            print(f"neighbourhoods {step}: {loss:.3f}", flush=True)
    return np.concatenate([one.ravel() for one in layers]).astype(np.float16)


def _neighbourhood_batch(pairs: Sequence[Impressions], rng: np.random.Generator) -> FloatArray:
    sides: tuple[list[FloatArray], list[FloatArray]] = [], []
    while sum(map(len, sides[0])) < PAIRS:
        shown = pairs[int(rng.integers(len(pairs)))]
        (one, at), (other, other_at) = (spoilt_minutiae(each, rng) for each in (shown.one, shown.other))
        first, second = ({int(was): now for now, was in enumerate(places)} for places in (at, other_at))
        both = [(first[i], second[j]) for i, j in shown.same.tolist() if i in first and j in second]
        if len(both) < 3:
            continue
        chosen = np.array([both[k] for k in rng.permutation(len(both))[:OF_A_PRINT]])
        for side, minutiae, places in zip(sides, (one, other), chosen.T, strict=True):
            side.append(neighbourhoods.neighbourhoods(minutiae)[places])
    return np.concatenate([np.concatenate(side)[:PAIRS] for side in sides])


def _contrast(layers: Layers, seen: FloatArray) -> tuple[float, Layers]:
    """Cross entropy of each finding its partner in the batch, both ways, and its gradients."""
    inwards, bias, outwards, offset = layers
    before = seen @ inwards + bias
    hidden = np.maximum(before, 0)
    made = hidden @ outwards + offset
    length = np.linalg.norm(made, axis=1, keepdims=True) + 1e-9
    unit = made / length
    one, other = unit[:PAIRS], unit[PAIRS:]
    alike = one @ other.T / TEMPERATURE
    there, back = _softmax(alike), _softmax(alike.T).T
    slope = (there + back - 2 * np.eye(PAIRS, dtype=np.float32)) / (2 * PAIRS * TEMPERATURE)
    by_unit = np.concatenate([slope @ other, slope.T @ one])
    by_made = (by_unit - unit * (by_unit * unit).sum(1, keepdims=True)) / length
    by_before = (by_made @ outwards.T) * (before > 0)
    loss = -float(np.log(np.maximum(np.diag(there), 1e-12)).mean())
    return loss, [seen.T @ by_before, by_before.sum(0), hidden.T @ by_made, by_made.sum(0)]


def train_judge(seen: Sequence[judge.Seen], mated: np.ndarray, steps: int, rng: np.random.Generator) -> FloatArray:
    """The judge's weights in one row, by the cross entropy of mated or not."""
    prints = np.stack([one.prints for one in seen])
    mean, deviation = prints.mean(0), prints.std(0) + 1e-6
    layers = _begun(judge.SHAPES[2:], rng)
    optimiser = Adam(layers, 3e-3, steps)
    for step in range(1, steps + 1):
        chosen = rng.choice(len(seen), JUDGED)
        loss, gradients = _judgement(
            layers, [seen[k].partners for k in chosen], (prints[chosen] - mean) / deviation, mated[chosen]
        )
        optimiser.take(gradients, 2e-4)
        if step % 100 == 0:
            print(f"judge {step}: {loss:.3f}", flush=True)
    return np.concatenate([one.ravel() for one in (mean, deviation, *layers)]).astype(np.float32)


def _judgement(
    layers: Layers, partners: Sequence[FloatArray], prints: FloatArray, mated: np.ndarray
) -> tuple[float, Layers]:
    first, first_bias, second, second_bias, third, third_bias, last, bias = layers
    flat, of = np.concatenate(partners), np.repeat(np.arange(len(partners)), [len(one) for one in partners])
    one = np.maximum(flat @ first + first_bias, 0)
    two = np.maximum(one @ second + second_bias, 0)
    summed = np.zeros((len(partners), two.shape[1]), np.float32)
    np.add.at(summed, of, two / np.float32(judge.PARTNERS_UNIT))
    both = np.concatenate([summed, prints], 1).astype(np.float32)
    three = np.maximum(both @ third + third_bias, 0)
    odds = (three @ last + bias)[:, 0]
    by_odds = ((1 / (1 + np.exp(-odds)) - mated) / len(odds)).astype(np.float32)[:, None]
    by_three = (by_odds @ last.T) * (three > 0)
    by_two = (by_three @ third.T)[of, : two.shape[1]] / np.float32(judge.PARTNERS_UNIT) * (two > 0)
    by_one = (by_two @ second.T) * (one > 0)
    loss = float(np.logaddexp(0, np.where(mated > 0, -odds, odds)).mean())
    return loss, [
        *(flat.T @ by_one, by_one.sum(0), one.T @ by_two, by_two.sum(0)),
        *(both.T @ by_three, by_three.sum(0), three.T @ by_odds, by_odds.sum(0)),
    ]


def judge_examples(cache: GalleryCache, work: Path, rng: np.random.Generator) -> tuple[list[judge.Seen], np.ndarray]:
    """What the judge sees of mated and non-mated prints, and which are which; kept in a file."""
    kept = work / "judged.npz"
    if not kept.exists():
        seen, mated = [], []
        for owner, minutiae, _ in pairs_of(cache, work):
            prints = [_print(one, rng) for one in minutiae]
            place = {(int(f), int(i)): k for k, (f, i) in enumerate(owner)}
            for finger in np.unique(owner[:, 0]).tolist():
                strangers = [int(owner[rng.integers(len(owner)), 0]) for _ in range(OTHERS)]
                wanted = [((finger, i), (finger, j)) for i, j in ((3, 1), (3, 2), (2, 1))]
                wanted += [((finger, int(rng.integers(1, 4))), (other, int(rng.integers(1, 4)))) for other in strangers]
                for probe, reference in wanted:
                    if probe in place and reference in place and probe != reference:
                        found = _look(prints[place[probe]], prints[place[reference]])
                        if found is not None:
                            seen.append(found)
                            mated.append(probe[0] == reference[0])
        np.savez(
            kept,
            n=np.array([len(one.partners) for one in seen]),
            F=np.concatenate([one.partners for one in seen]),
            S=np.stack([one.prints for one in seen]),
            L=np.array(mated),
        )
    with np.load(kept) as stored:
        partners = np.split(stored["F"], np.cumsum(stored["n"])[:-1])
        return [judge.Seen(*both) for both in zip(partners, stored["S"], strict=True)], stored["L"].astype(np.float32)


def _print(minutiae: Minutiae, rng: np.random.Generator) -> PreparedTemplate:
    one = spoilt_minutiae(minutiae, rng)[0] if rng.random() < SPOILT else minutiae
    return prepare_template(bare(Template("bare", 1.0, one, np.zeros((len(one), 0), np.int8))))


def _look(probe: PreparedTemplate, reference: PreparedTemplate) -> judge.Seen | None:
    ((one, other, laid),) = judge.zip_laid(probe, [reference])
    return judge.look(one, other, laid)


def _begun(shapes: Sequence[tuple[int, ...]], rng: np.random.Generator) -> Layers:
    return [
        rng.normal(0, np.sqrt(2 / min(one[0], 60)), one).astype(np.float32) * (0.5 if one[0] > 60 else 1)
        if len(one) > 1
        else np.zeros(one, np.float32)
        for one in shapes
    ]


def _softmax(alike: FloatArray) -> FloatArray:
    risen = np.exp(alike - alike.max(1, keepdims=True))
    return np.asarray(risen / risen.sum(1, keepdims=True))


def main(arguments: Sequence[str] | None = None) -> int:
    """Trains what has no weights in WORK yet, and writes both files beside the modules."""
    given = _parsed(arguments)
    rng, cache = np.random.default_rng(SEED), GalleryCache.of(given.cache, load_bundle())
    if given.steps:
        pairs = []
        for _, minutiae, same in pairs_of(cache, given.work):
            for i, j in np.unique(same[:, :2], axis=0).tolist():
                chosen = same[(same[:, 0] == i) & (same[:, 1] == j), 2:]
                if len(chosen) >= LEAST_PAIRS:
                    pairs.append(Impressions(minutiae[i], minutiae[j], chosen))
        np.save(neighbourhoods.WEIGHTS, train_neighbourhoods(pairs, given.steps, rng))
        neighbourhoods.weights.cache_clear()
    np.save(judge.WEIGHTS, train_judge(*judge_examples(cache, given.work, rng), given.judge_steps, rng))
    return 0


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cache", type=Path, help="folder of tools/gallery.py")
    parser.add_argument("work", type=Path, help="folder for what is kept")
    parser.add_argument("--steps", type=int, default=1050, help="of the neighbourhoods; 0 leaves their weights")
    parser.add_argument("--judge-steps", type=int, default=1500)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
