"""One training of a design, measured: on its source's terms, on the project's, and on what no training showed."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from fpverify.lab.changes import at_scale
from fpverify.lab.design import Design
from fpverify.lab.examples import Examples, Kind, Split, prints, read_examples, split
from fpverify.lab.learners import Siamese, Sides, answers, seen_sides
from fpverify.lab.loop import Curves, trained
from fpverify.lab.measures import accuracy, fewest_errors_threshold, questions, rates, top_ranks
from fpverify.lab.mining_cost import mining_cost
from fpverify.lab.pairs import Copies, Pairs, measured_pairs
from fpverify.lab.results import Result, Trial, versions
from fpverify.lab.towers import Network
from fpverify.vocabulary import BoolArray, FloatArray, Scores

REAL_PRINTS = "FPVERIFY_REAL_PRINTS"  # names a folder of sets of real prints; measured on, never learned from
COPIES = 800  # pairs in a measurement of copies
REAL_PAIRS = 700  # of a side of each set: the twin designs look at every pair anew
LEAST_IDENTITIES = 20  # of a test, for questions of 20 candidates
IDENTICAL = 8  # images that are compared with themselves


@dataclass(frozen=True, slots=True, eq=False)
class TrainedDesign:
    """A design with its network.

    Attributes:
        design: with the changes of its variant.
        network: trained.
        kind: of the images it was trained on.
        threshold: of the ROC with the fewest errors, on images that are neither trained on nor tested.
    """

    design: Design
    network: Network
    kind: Kind
    threshold: float = np.nan

    def scores(self, examples: Examples, pairs: Pairs, rng: np.random.Generator) -> Scores:
        """Of pairs of examples as the design sees them; copies are changed."""
        if self.design.pairs.copies:
            return self.scores_of(seen_sides(examples, pairs, self.design.change, rng))
        return self.scores_unchanged(examples, pairs)

    def scores_unchanged(self, examples: Examples, pairs: Pairs) -> Scores:
        """Of pairs of examples as they are."""
        return self.design.learner.scores_among(self.network, examples.images, pairs.left, pairs.right)

    def scores_of(self, sides: Sides) -> Scores:
        """Of images as the design sees them."""
        return self.design.learner.scores(self.network, sides)


def train_design(
    design: Design, examples: Examples, kind: Split, seed: int, progress: bool = False
) -> tuple[TrainedDesign, tuple[Examples, Examples], Pairs, Curves]:
    """A design trained on a set.

    Returns:
        The design; training and test as it sees them; the pairs of the last epoch; the curves.
    """
    import keras

    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng([seed, 1])
    seen = design.view_of(examples.kind)(examples)
    training, thresholds, test = split(seen, kind, design.shares, np.random.default_rng([seed, 0]))
    network = design.learner.network(seen.images.shape[1:])
    if design.start is not None:
        _start_from(network, design.start, (training, thresholds), rng, progress=progress)
    curves, pairs = trained(design, network, training, thresholds, rng, progress=progress)
    raw = TrainedDesign(design, network, examples.kind)
    known = thresholds if len(thresholds) else training
    tried = trial_pairs(design, known, rng)
    threshold = fewest_errors_threshold(raw.scores(known, tried, rng), tried.mated)
    return TrainedDesign(design, network, examples.kind, threshold), (training, test), pairs, curves


def run_trial(design: Design, trial: Trial, cache: Path, progress: bool = False, weights: Path | None = None) -> Result:
    """Trains and measures; see `Trial` for what.

    Args:
        design: without the changes of a variant.
        trial: data, split, variant and seed.
        cache: folder for synthetic prints.
        progress: show bars on standard error when it is a terminal.
        weights: file that takes the trained weights.
    """
    since = time.monotonic()
    chosen = design.variant(trial.variant)
    examples = read_examples(trial.data, cache)
    made, (training, test), pairs, curves = train_design(chosen, examples, trial.split, trial.seed, progress)
    if weights is not None:
        weights.parent.mkdir(parents=True, exist_ok=True)
        made.network.save_weights(weights)
    rng = np.random.default_rng([trial.seed, 2])
    figures = {
        **_training_figures(made, training, pairs, rng),
        **_test_figures(made, test, rng),
        **_further_figures(made, (training, test), cache, rng),
    }
    figures["step_ms"] = 1000 * curves.seconds / max(curves.steps, 1)
    return Result(
        trial=trial,
        declared=design.variant(trial.variant).fingerprint,
        parameters=int(made.network.count_params()),
        steps=curves.steps,
        seconds=round(time.monotonic() - since, 1),
        curves=curves.thinned(),
        figures={name: _rounded(value) for name, value in figures.items()},
        data_sha256=examples.sha256,
        versions=versions(),
    )


def trial_pairs(design: Design, examples: Examples, rng: np.random.Generator) -> Pairs:
    """The pairs a design is measured with on a set: copies if it is about copies, else two examples each."""
    return Copies(COPIES).draw(examples.owners, rng) if design.pairs.copies else measured_pairs(examples.owners, rng)


def _training_figures(
    made: TrainedDesign, training: Examples, pairs: Pairs, rng: np.random.Generator
) -> dict[str, float]:
    """Accuracy on the pairs that were trained on, dropout off, beside always answering "same"."""
    if pairs.mated.all():
        return {}
    scores, cutoff = made.scores(training, pairs, rng), made.design.cutoff
    figures = {
        "train_always_same": float(pairs.mated.mean()),
        "train_accuracy_roc": accuracy(scores, pairs.mated, made.threshold),
    }
    if cutoff is not None:
        figures["train_accuracy"] = accuracy(scores, pairs.mated, cutoff)
    return figures | _noise_figures(made, training, pairs, rng)


def _noise_figures(made: TrainedDesign, training: Examples, pairs: Pairs, rng: np.random.Generator) -> dict[str, float]:
    """What dropout does to distances: the same pairs with it on and off."""
    if not isinstance(made.design.learner, Siamese) or made.design.cutoff is None:
        return {}
    images, codes = training.images, {}
    for on in (False, True):
        left, right = (answers(made.network, images[side], training=on) for side in (pairs.left, pairs.right))
        codes[on] = np.linalg.norm(left - right, axis=-1)
    return {
        "distance_mated": _mean(codes[False], pairs.mated),
        "distance_non_mated": _mean(codes[False], ~pairs.mated),
        "distance_mated_dropout": _mean(codes[True], pairs.mated),
        "distance_non_mated_dropout": _mean(codes[True], ~pairs.mated),
        **_activity(made.network, images),
    }


def _activity(network: Network, images: FloatArray) -> dict[str, float]:
    """`active1`, `active2`, ...: of each dense layer the share of units that any of the images makes positive."""
    import keras

    dense = [layer.output for layer in network.layers if layer.__class__.__name__ == "Dense"]
    codes = [answers(keras.Model(network.input, output), images) for output in dense]
    return {f"active{number}": float((code > 0).any(axis=0).mean()) for number, code in enumerate(codes, 1)}


def _test_figures(made: TrainedDesign, test: Examples, rng: np.random.Generator) -> dict[str, float]:
    """On images no training saw: the source's measures and the project's."""
    pairs = trial_pairs(made.design, test, rng)
    figures = _pair_figures(made, made.scores(test, pairs, rng), pairs.mated)
    some = test.images[:IDENTICAL]
    figures["identical_score"] = float(made.scores_of((some, some)).min())
    return figures


def _pair_figures(made: TrainedDesign, scores: Scores, mated: BoolArray) -> dict[str, float]:
    figures = {
        "always_same": float(mated.mean()),
        "accuracy_roc": accuracy(scores, mated, made.threshold),
        **rates(scores, mated),
    }
    if made.design.cutoff is not None:
        figures["accuracy"] = accuracy(scores, mated, made.design.cutoff)
    return figures


def _further_figures(
    made: TrainedDesign, parts: tuple[Examples, Examples], cache: Path, rng: np.random.Generator
) -> dict[str, Any]:
    """Candidates, other sets, other resolutions, real prints; each where it makes sense."""
    design, (training, test) = made.design, parts
    figures: dict[str, Any] = {}
    several = made.kind != "photos" and np.bincount(test.owners).max() > 1
    if several and len(np.unique(test.owners)) >= LEAST_IDENTITIES:
        figures |= _candidates(made, test, rng)
        pairs = measured_pairs(test.owners, rng)
        figures["impressions"] = rates(made.scores_unchanged(test, pairs), pairs.mated)
        figures |= {f"scale_{scale:g}": _at_scale(made, test, pairs, scale) for scale in design.scales}
    if isinstance(design.learner, Siamese) and design.learner.kind == "mined":
        figures["mining"] = mining_cost(design, training, rng)
    for probe in design.probes:
        figures[probe] = _probe(made, design.view_of("stripes")(read_examples(probe, cache)), rng)
    if made.kind == "prints" and os.environ.get(REAL_PRINTS):
        figures["real"] = real_figures(made, Path(os.environ[REAL_PRINTS]))
    return figures


def _probe(made: TrainedDesign, examples: Examples, rng: np.random.Generator) -> dict[str, float]:
    pairs = trial_pairs(made.design, examples, rng)
    return _pair_figures(made, made.scores(examples, pairs, rng), pairs.mated)


def _candidates(made: TrainedDesign, test: Examples, rng: np.random.Generator) -> dict[str, float]:
    probes, rows = questions(test.owners, rng)
    left = np.repeat(probes, rows.shape[1])
    asked = Pairs(left, rows.ravel(), test.owners[left] == test.owners[rows.ravel()])
    scores = made.scores_unchanged(test, asked)
    return top_ranks(scores.reshape(rows.shape))


def _at_scale(made: TrainedDesign, test: Examples, pairs: Pairs, factor: float) -> dict[str, float]:
    """Rates where the right image has another resolution, which the design is not told."""
    scaled = np.stack([at_scale(image, factor) for image in test.images])
    both = replace(test, images=np.concatenate([test.images, scaled]), owners=np.tile(test.owners, 2))
    right = (pairs.right + len(test)).astype(np.int32)
    return rates(made.scores_unchanged(both, Pairs(pairs.left, right, pairs.mated)), pairs.mated)


def real_figures(made: TrainedDesign, folder: Path) -> dict[str, Any]:
    """Rates on sets of real prints, each and their mean."""
    from fpverify.evaluation.sets.layout import find_sets

    view = made.design.view_of("prints")
    sets = {}
    for one in find_sets([folder]):
        examples = view(prints(one))
        pairs = measured_pairs(examples.owners, np.random.default_rng(0), REAL_PAIRS)
        scores = made.scores_unchanged(examples, pairs)
        sets[examples.name] = rates(scores, pairs.mated)
    return mean_rates(sets)


def mean_rates(sets: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """`eer` and `fmr100`, means over sets, and `sets` themselves."""
    means = {name: float(np.mean([one[name] for one in sets.values()])) for name in ("eer", "fmr100")}
    return {**means, "sets": {name: dict(one) for name, one in sets.items()}}


def _start_from(
    network: Network,
    start: Design,
    parts: tuple[Examples, Examples],
    rng: np.random.Generator,
    *,
    progress: bool,
) -> None:
    """Trains another design and gives its weights to the layers of the same name."""
    first = start.learner.network(parts[0].images.shape[1:])
    trained(start, first, *parts, rng, progress=progress)
    names = {layer.name for layer in network.layers}
    for layer in first.layers:
        if layer.name in names and layer.weights:
            network.get_layer(layer.name).set_weights(layer.get_weights())


def _mean(values: np.ndarray, chosen: BoolArray) -> float:
    return float(values[chosen].mean()) if chosen.any() else float("nan")


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    return round(float(value), 6) if isinstance(value, float | np.floating) else value
